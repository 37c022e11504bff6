//! Bulk requests, RFC 7644 §3.7: carries out the plan of `scim_core::bulk` and answers one result per operation.
//!
//! Up to 16 steps run in parallel. A step starts only if `failOnErrors` allows it even when all running steps fail,
//! and only while there is time to answer before the gateway times out. The result of an operation that was not tried
//! for lack of time says so.

use std::collections::BTreeMap;
use std::time::Duration;

use directory::Directory;
use directory::tenants::Tenant;
use futures_util::StreamExt;
use futures_util::stream::{self, FuturesUnordered};
use http::header;
use jiff::Timestamp;
use scim_core::bulk::plan::{self, BulkStep, PresentNames, StepWork};
use scim_core::bulk::{
    Action, BulkOperation, BulkPlan, BulkRequest, BulkSubject, BulkTask, operation_context,
};
use scim_core::effort::Effort;
use scim_core::error::reason;
use scim_core::projection::Projection;
use scim_core::{ResourceId, ResourceKind, ScimError, urn};
use serde_json::{Value, json};

use crate::clock::{Clock, Ids};
use crate::failures::name_in;
use crate::limits::{BULK_ANSWER, BULK_CONCURRENCY, BULK_START};
use crate::resources::Resources;
use crate::wire::routes::Endpoint;
use crate::wire::{Coding, Finding, OperationFinding, Preconditions, Success, explain};

mod cycle;
mod run;

use run::Run;

/// Carries out a bulk request of one tenant.
pub struct Bulk<'b> {
    directory: &'b Directory,
    tenant: &'b Tenant,
    base: &'b str,
    /// The effort that all operations share.
    effort: Effort,
    clock: &'b Clock,
    ids: &'b Ids,
    started: Timestamp,
    projection: Projection,
}

/// The result of a successful operation.
struct Completed {
    id: Option<ResourceId>,
    status: u16,
    version: Option<String>,
    /// The places of references that are not URIs.
    odd_references: Vec<String>,
}

type Ended = Result<Completed, ScimError>;

/// The ids of created resources by `bulkId`; `None` for a failed creation.
type Made = BTreeMap<String, Option<ResourceId>>;

impl<'b> Bulk<'b> {
    /// Starts the time limits of one request to a tenant.
    ///
    /// # Errors
    ///
    /// None that a request can cause.
    pub fn new(
        directory: &'b Directory,
        tenant: &'b Tenant,
        base: &'b str,
        clock: &'b Clock,
        ids: &'b Ids,
    ) -> Result<Self, ScimError> {
        Ok(Self {
            directory,
            tenant,
            base,
            effort: Effort::of_request(),
            clock,
            ids,
            started: clock.now(),
            // Results contain no representations.
            projection: Projection::parse([], ["groups", "members"])?,
        })
    }

    /// Answers a request with one result per operation.
    ///
    /// # Errors
    ///
    /// When the request as a whole is invalid, or the current names cannot be read.
    pub async fn run(&self, body: Value) -> Result<Success, ScimError> {
        let request = BulkRequest::parse(body)?;
        let names = self.names(&request).await?;
        let plan = BulkPlan::of(&request, &names);
        let mut run = Run::new(&request, &plan);
        let mut running = FuturesUnordered::new();
        loop {
            while !self.is_over(BULK_START)
                && let Some((at, step)) = run.next()
            {
                let made = run.made(step);
                let request = &request;
                running.push(async move { (at, self.step(request, step, made).await) });
            }
            if running.is_empty() {
                break;
            }
            match tokio::time::timeout(self.left(BULK_ANSWER), running.next()).await {
                Ok(Some((at, ended))) => run.end(at, ended),
                Ok(None) | Err(_) => break,
            }
        }
        drop(running);
        run.finish();
        let results = run
            .results
            .iter()
            .map(|(index, ended)| self.result(&request, &run, *index, ended));
        let response = json!({
            "schemas": [urn::BULK_RESPONSE],
            "Operations": results.collect::<Vec<_>>(),
        });
        let ended = run.results.iter();
        let findings = ended.filter_map(|(index, ended)| {
            let operation = request.operations.get(*index)?;
            let finding = finding(ended)?;
            Some(recorded(operation, *index, &run, finding))
        });
        Ok(Success::Bulk(response, findings.collect()))
    }

    fn left(&self, limit: Duration) -> Duration {
        let passed = self.clock.now().duration_since(self.started);
        limit.saturating_sub(passed.unsigned_abs())
    }

    fn is_over(&self, limit: Duration) -> bool {
        self.left(limit).is_zero()
    }

    /// The current unique names of resources that the request may rename; the order of operations depends on them.
    async fn names(&self, request: &BulkRequest) -> Result<PresentNames, ScimError> {
        let reads = plan::renaming(request)
            .into_iter()
            .map(|(index, kind, id)| {
                let beside = self.directory.branch();
                async move {
                    let found = beside.get(kind, id).await.map_err(explain)?;
                    let name = found.and_then(|stored| {
                        let unique = plan::unique(kind);
                        stored.resource.text(unique).map(str::to_owned)
                    });
                    Ok(name.map(|name| (index, name)))
                }
            });
        let read: Vec<Result<_, ScimError>> = stream::iter(reads)
            .buffer_unordered(BULK_CONCURRENCY)
            .collect()
            .await;
        read.into_iter().filter_map(Result::transpose).collect()
    }

    async fn step(
        &self,
        request: &BulkRequest,
        step: &BulkStep,
        made: Made,
    ) -> Vec<(usize, Ended)> {
        match &step.work {
            StepWork::Cycle(indices) => self.cycle(request, indices, made).await,
            StepWork::One(index) => {
                let ended = match request.operations.get(*index).map(|one| &one.task) {
                    Some(Ok(task)) => self.task(task, &made).await,
                    Some(Err(error)) => Err(error.clone()),
                    None => Err(reason::not_tried()),
                };
                vec![(*index, ended)]
            }
        }
    }

    /// Carries out an operation whose references are all resolved or known to have failed.
    async fn task(&self, task: &BulkTask, made: &Made) -> Ended {
        for bulk_id in task.references() {
            known(bulk_id, made)?;
        }
        let body = task.body(&|bulk_id| known(bulk_id, made).ok().map(|id| id.to_string()));
        let id = match task.action.subject() {
            None => return self.create(task.kind, body).await,
            Some(BulkSubject::Id(id)) => id.clone(),
            Some(BulkSubject::Made(bulk_id)) => known(bulk_id, made)?.to_string(),
        };
        let beside = self.directory.branch();
        let resources = self.resources(task.kind, &beside);
        let given = Preconditions::of_version(task.version.as_deref());
        let outcome = match task.action {
            Action::Modify(_) => resources.modify(&id, body, &self.projection, &given).await,
            Action::Delete(_) => resources.delete(&id, &given).await,
            Action::Create | Action::Replace(_) => {
                resources.replace(&id, body, &self.projection, &given).await
            }
        };
        done(outcome?, ResourceId::parse(&id))
    }

    async fn create(&self, kind: ResourceKind, body: Value) -> Ended {
        let beside = self.directory.branch();
        let resources = self.resources(kind, &beside);
        let outcome = resources.create(body, &self.projection).await?;
        let made = match &outcome {
            Success::WithOddReferences(made, _) => made,
            made => made,
        };
        let id = match made {
            Success::Created { location, .. } => location.rsplit('/').next(),
            _ => None,
        };
        let id = id.and_then(ResourceId::parse);
        done(outcome, id)
    }

    fn resources<'r>(&'r self, kind: ResourceKind, directory: &'r Directory) -> Resources<'r> {
        let of = (self.tenant, kind);
        Resources::new(directory, of, self.base, &self.effort, self.clock, self.ids)
    }

    /// The result of an operation, RFC 7644 §3.7.3.
    fn result(&self, request: &BulkRequest, run: &Run<'_>, index: usize, ended: &Ended) -> Value {
        let Some(operation) = request.operations.get(index) else {
            return Value::Null;
        };
        let (status, version, response) = match ended {
            Ok(done) => (done.status.to_string(), done.version.clone(), None),
            Err(error) => (
                error.status().to_string(),
                None,
                Some(error.clone().within(operation_context(index)).to_json()),
            ),
        };
        let entries = [
            ("method", operation.method.clone().map(Value::String)),
            ("bulkId", operation.bulk_id.clone().map(Value::String)),
            ("version", version.map(Value::String)),
            (
                "location",
                self.location(operation, run, ended).map(Value::String),
            ),
            ("status", Some(Value::String(status))),
            ("response", response),
        ];
        let given = entries
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect())
    }

    fn location(&self, operation: &BulkOperation, run: &Run<'_>, ended: &Ended) -> Option<String> {
        let task = operation.task.as_ref().ok()?;
        let id = match (task.action.subject(), ended) {
            (None, Ok(done)) => done.id?.to_string(),
            (None, Err(_)) => return None,
            (Some(BulkSubject::Id(id)), _) => id.clone(),
            (Some(BulkSubject::Made(bulk_id)), _) => run.made.get(bulk_id).copied()??.to_string(),
        };
        Some(format!("{}/{}/{id}", self.base, task.kind.endpoint()))
    }
}

/// What the failure log records of an operation, if anything.
fn finding(ended: &Ended) -> Option<Finding> {
    match ended {
        Err(error) => Some(Finding::Failure(error.clone())),
        Ok(done) if done.odd_references.is_empty() => None,
        Ok(done) => Some(Finding::OddReferences {
            status: done.status,
            places: done.odd_references.clone(),
        }),
    }
}

/// An operation as the failure log records it.
fn recorded(
    operation: &BulkOperation,
    index: usize,
    run: &Run<'_>,
    finding: Finding,
) -> OperationFinding {
    let task = operation.task.as_ref().ok();
    let subject = task.and_then(|task| task.action.subject());
    let resource = match subject {
        Some(BulkSubject::Id(id)) => ResourceId::parse(id),
        Some(BulkSubject::Made(bulk_id)) => run.made.get(bulk_id).copied().flatten(),
        None => None,
    };
    OperationFinding {
        place: index.saturating_add(1),
        endpoint: task.map(|task| match task.action {
            Action::Create => Endpoint::Create(task.kind),
            Action::Replace(_) => Endpoint::Replace(task.kind),
            Action::Modify(_) => Endpoint::Modify(task.kind),
            Action::Delete(_) => Endpoint::Delete(task.kind),
        }),
        resource,
        name: task.and_then(|task| match task.action {
            Action::Create | Action::Replace(_) => name_in(task.kind, &task.data),
            Action::Modify(_) | Action::Delete(_) => None,
        }),
        finding,
    }
}

/// The result of a successful operation, with the status and version that a response to it alone would have.
fn done(mut outcome: Success, id: Option<ResourceId>) -> Ended {
    let odd_references = outcome.take_odd_references();
    let response = outcome.into_response(Coding::Identity)?;
    let tag = response.headers().get(header::ETAG);
    Ok(Completed {
        id,
        status: response.status().as_u16(),
        odd_references,
        version: tag.and_then(|tag| tag.to_str().ok()).map(str::to_owned),
    })
}

/// The id of the resource created under a `bulkId`.
fn known(bulk_id: &str, made: &Made) -> Result<ResourceId, ScimError> {
    match made.get(bulk_id) {
        Some(Some(id)) => Ok(*id),
        Some(None) => Err(reason::reference_failed(bulk_id)),
        None => Err(reason::reference_to_nothing(bulk_id)),
    }
}
