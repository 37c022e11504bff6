//! Creations that refer to each other, RFC 7644 §3.7.1. Each resource is created without the references that cannot
//! be resolved yet, and completed afterwards. If one operation fails, all are rolled back, so that no dangling
//! reference remains.

use futures_util::StreamExt;
use futures_util::stream;
use scim_core::bulk::{BulkRequest, BulkTask};
use scim_core::error::{Context, Reason, reason};
use scim_core::{ErrorKind, ResourceId, ScimError};

use super::{Bulk, Completed, Ended, Made, known};
use crate::limits::{BULK_CONCURRENCY, BULK_START};
use crate::wire::Preconditions;

/// An operation of the cycle.
#[derive(Clone, Copy)]
struct CycleMember<'p> {
    index: usize,
    bulk_id: &'p str,
    task: &'p BulkTask,
}

impl Bulk<'_> {
    pub(super) async fn cycle(
        &self,
        request: &BulkRequest,
        indices: &[usize],
        mut made: Made,
    ) -> Vec<(usize, Ended)> {
        let members: Vec<CycleMember<'_>> = indices
            .iter()
            .filter_map(|index| {
                let operation = request.operations.get(*index)?;
                Some(CycleMember {
                    index: *index,
                    bulk_id: operation.bulk_id.as_deref()?,
                    task: operation.task.as_ref().ok()?,
                })
            })
            .collect();
        let mut created = Vec::new();
        match self.resolve(&members, &mut made, &mut created).await {
            Ok(()) => created
                .into_iter()
                .map(|(member, done)| (member.index, Ok(done)))
                .collect(),
            Err((failed, error)) => {
                let kept = self.undo(&created).await;
                let ended = members.iter().map(|member| {
                    let kept = kept.iter().find(|(index, _)| *index == member.index);
                    let error = error_of(*member, failed, &error, kept.map(|(_, id)| *id));
                    (member.index, Err(error))
                });
                ended.collect()
            }
        }
    }

    /// Creates all resources, then adds the references that could not be resolved at creation.
    async fn resolve<'p>(
        &self,
        members: &[CycleMember<'p>],
        made: &mut Made,
        created: &mut Vec<(CycleMember<'p>, Completed)>,
    ) -> Result<(), (CycleMember<'p>, ScimError)> {
        for member in members {
            let done = self.begin(*member, members, made).await;
            let done = done.map_err(|error| (*member, error))?;
            made.insert(member.bulk_id.to_owned(), done.id);
            created.push((*member, done));
        }
        let before: Vec<&str> = members.iter().map(|member| member.bulk_id).collect();
        for (at, (member, done)) in created.iter_mut().enumerate() {
            let lacked = before.get(at..).unwrap_or_default();
            let lacks = |bulk_id: &&str| lacked.contains(bulk_id);
            if member.task.references().iter().any(lacks) {
                let completed = self.complete(*member, done, made).await;
                done.version = completed.map_err(|error| (*member, error))?;
            }
        }
        Ok(())
    }

    async fn begin(
        &self,
        member: CycleMember<'_>,
        members: &[CycleMember<'_>],
        made: &Made,
    ) -> Ended {
        if self.is_over(BULK_START) {
            return Err(reason::not_tried());
        }
        for bulk_id in member.task.references() {
            if members.iter().all(|other| other.bulk_id != bulk_id) {
                known(bulk_id, made)?;
            }
        }
        let body = member
            .task
            .body(&|bulk_id| known(bulk_id, made).ok().map(|id| id.to_string()));
        self.create(member.task.kind, body).await
    }

    /// Replaces a created resource by its complete version; returns the new version.
    async fn complete(
        &self,
        member: CycleMember<'_>,
        done: &Completed,
        made: &Made,
    ) -> Result<Option<String>, ScimError> {
        if self.is_over(BULK_START) {
            return Err(reason::not_tried());
        }
        let id = known(member.bulk_id, made)?;
        let body = member
            .task
            .body(&|bulk_id| known(bulk_id, made).ok().map(|id| id.to_string()));
        let beside = self.directory.branch();
        let given = Preconditions::of_version(done.version.as_deref());
        let outcome = self
            .resources(member.task.kind, &beside)
            .replace(id.as_str(), body, &self.projection, &given)
            .await;
        let done = super::done(outcome.map_err(unresolved)?, Some(id))?;
        Ok(done.version)
    }

    /// Rolls back the creations; returns the operations whose resources could not be deleted.
    async fn undo(&self, created: &[(CycleMember<'_>, Completed)]) -> Vec<(usize, ResourceId)> {
        let deletions = created.iter().filter_map(|(member, done)| {
            let (index, kind, id) = (member.index, member.task.kind, done.id?);
            let beside = self.directory.branch().without_keeping();
            Some(async move {
                let any = Preconditions::default();
                let deleted = self
                    .resources(kind, &beside)
                    .delete(id.as_str(), &any)
                    .await;
                deleted.is_err().then_some((index, id))
            })
        });
        let kept: Vec<Option<_>> = stream::iter(deletions.collect::<Vec<_>>())
            .buffer_unordered(BULK_CONCURRENCY)
            .collect()
            .await;
        kept.into_iter().flatten().collect()
    }
}

/// A cycle that cannot be completed is a conflict, unless the service failed.
fn unresolved(error: ScimError) -> ScimError {
    match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Internal | ErrorKind::TooManyRequests => error,
        // The group that the error names was rolled back with the others.
        _ if error.reason() == Reason::GroupCycle => {
            reason::cycle_not_resolved(reason::groups_in_cycle())
        }
        _ => reason::cycle_not_resolved(error),
    }
}

/// The error of one operation of a cycle that was rolled back.
fn error_of(
    member: CycleMember<'_>,
    failed: CycleMember<'_>,
    error: &ScimError,
    kept: Option<ResourceId>,
) -> ScimError {
    let place = failed.index.saturating_add(1);
    let why = match error.kind() {
        _ if member.index == failed.index => error.clone(),
        ErrorKind::Unavailable => reason::cycle_interrupted(failed.bulk_id, place),
        _ => reason::cycle_failed(failed.bulk_id, place),
    };
    match kept {
        Some(id) => why.within(Context::Kept(id)),
        None => why,
    }
}
