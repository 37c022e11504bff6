//! The failure log of a tenant: rejected and failed requests, their reasons, and what to do.
//!
//! If the name was unknown when an entry was written, the view shows the current name of the user or group.

use std::collections::HashMap;

use directory::journal::{EntryFilter, EntryId, LoggedFailure, Recorded, UserMatch};
use directory::tenants::Closing;
use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use scim_core::error::cause::{Cause, RequestOutcome};
use scim_core::{ResourceId, ResourceKind};
use serde::{Serialize, Serializer};
use service::failures::{advice, in_words};

use super::Work;
use super::page::{ItemPage, log_cursor};
use super::times::Instant;
use crate::actor::Operation;
use crate::limits::{COUNTED_FAILURES, DOWNLOADED_FAILURES};
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, reason};
use crate::query::Query;

mod csv;

/// An entry as shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FailureView {
    pub(crate) id: String,
    pub(crate) first: Instant,
    pub(crate) last: Instant,
    pub(crate) count: u64,
    #[serde(serialize_with = "outcome_name")]
    pub(crate) outcome: RequestOutcome,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) cause: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    /// What to do about it, in plain words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) advice: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) operation: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) method: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) place: Option<usize>,
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scim_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource: Option<String>,
    /// The name of the user or group; the current name if it was unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) request: String,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn outcome_name<S: Serializer>(outcome: &RequestOutcome, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(outcome.name())
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
const fn is_zero(status: &u16) -> bool {
    *status == 0
}

impl FailureView {
    fn of(entry: Recorded<LoggedFailure>) -> Self {
        let (first, last) = (Instant(entry.first()), Instant(entry.last));
        let advice = advice(&entry.content);
        let failure = entry.content;
        let cause = Cause::parse(&failure.cause).unwrap_or(Cause::Internal);
        Self {
            id: entry.id.as_str().to_owned(),
            first,
            last,
            count: entry.count,
            outcome: cause.outcome(),
            cause: failure.cause,
            reason: failure.reason,
            advice,
            operation: failure.operation,
            method: failure.method,
            path: failure.path,
            place: failure.place,
            status: failure.status,
            scim_type: failure.scim_type,
            resource_type: failure.resource_type,
            resource: failure.resource,
            name: failure.name,
            provider: failure.provider,
            key: failure.key,
            request: entry.request_id,
        }
    }

    /// The operation in words, such as `create user`.
    pub(crate) fn in_words(&self) -> &'static str {
        in_words(&self.operation)
    }
}

/// A summary of recent failures.
pub(crate) struct FailureSummary {
    /// The number of failures in the last 24 hours.
    pub(crate) day: u64,
    /// Whether there are more entries than were counted.
    pub(crate) is_more: bool,
}

/// Which entries to list.
#[derive(Default)]
pub(crate) struct FailureSearch(EntryFilter);

impl FailureSearch {
    /// Reads the parameters `user`, `operation`, `outcome`, `from` and `until`.
    pub(crate) fn read(query: &Query) -> Result<Self, Problem> {
        entry_filter(query).map(Self)
    }

    /// All failures.
    pub(crate) fn all() -> Self {
        Self(EntryFilter {
            causes: Some(failing()),
            ..EntryFilter::default()
        })
    }
}

/// Lists entries of a tenant's failure log, newest first.
pub(crate) async fn list(
    work: &Work<'_>,
    tenant: &TenantId,
    (search, after, count): (&FailureSearch, Option<&str>, usize),
) -> Result<ItemPage<FailureView>, Problem> {
    work.check(Operation::ListRequests, Some(tenant))?;
    work.tenant(tenant, Closing::Allow).await?;
    let after = after.map(log_cursor).transpose()?;
    let page = (count, after.as_ref());
    let (items, next) = work.entries(tenant, &search.0, page).await?;
    Ok(ItemPage {
        items,
        next: next.map(|next| next.as_str().to_owned()),
    })
}

/// Summarises recent failures for a page.
pub(crate) async fn summary(work: &Work<'_>, tenant: &TenantId) -> Result<FailureSummary, Problem> {
    work.check(Operation::ListRequests, Some(tenant))?;
    let now = work.now();
    let ago = |hours| {
        now.saturating_sub(SignedDuration::from_hours(hours))
            .unwrap_or(now)
    };
    let (day, week) = (ago(24), ago(7 * 24));
    let filter = EntryFilter {
        from: Some(week),
        causes: Some(failing()),
        ..EntryFilter::default()
    };
    let log = work.log(tenant);
    let page = log.failures(&filter, COUNTED_FAILURES, None, now).await?;
    let lately = page.entries.iter().filter(|entry| entry.last >= day);
    Ok(FailureSummary {
        day: lately.map(|entry| entry.count).sum(),
        is_more: page.next.is_some(),
    })
}

/// A file with entries of a tenant's failure log, newest first. If it is not complete, its last line says from which
/// time on older entries are missing.
pub(crate) async fn download(
    work: &Work<'_>,
    tenant: &TenantId,
    search: &FailureSearch,
) -> Result<String, Problem> {
    work.check(Operation::DownloadRequests, Some(tenant))?;
    work.tenant(tenant, Closing::Allow).await?;
    let mut file = csv::File::new();
    let (mut after, mut written) = (None, 0);
    loop {
        let page = (DOWNLOADED_FAILURES - written, after.as_ref());
        let (items, next) = work.entries(tenant, &search.0, page).await?;
        for shown in &items {
            file.add(shown);
        }
        written += items.len();
        after = next;
        let Some(next) = &after else {
            return Ok(file.finish());
        };
        if written >= DOWNLOADED_FAILURES {
            file.more(next.made());
            return Ok(file.finish());
        }
    }
}

impl Work<'_> {
    async fn entries(
        &self,
        tenant: &TenantId,
        filter: &EntryFilter,
        (count, after): (usize, Option<&EntryId>),
    ) -> Result<(Vec<FailureView>, Option<EntryId>), Problem> {
        let log = self.log(tenant);
        let page = log.failures(filter, count, after, self.now()).await?;
        let mut entries = page.entries;
        let nameless = entries.iter().filter(|entry| entry.content.name.is_none());
        let unnamed: HashMap<ResourceId, ResourceKind> = nameless.filter_map(subject).collect();
        if !unnamed.is_empty() {
            let directory = self.people(tenant);
            let names = directory.names(&unnamed).await?;
            for entry in &mut entries {
                let id = subject(entry).map(|(id, _)| id);
                let today = id.and_then(|id| names.get(&id).cloned());
                entry.content.name = entry.content.name.take().or(today);
            }
        }
        let items = entries.into_iter().map(FailureView::of).collect();
        Ok((items, page.next))
    }
}

/// The user or group of an entry.
fn subject(entry: &Recorded<LoggedFailure>) -> Option<(ResourceId, ResourceKind)> {
    let id = ResourceId::parse(entry.content.resource.as_deref()?)?;
    let name = entry.content.resource_type.as_deref()?;
    let kind = ResourceKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)?;
    Some((id, kind))
}

/// Parses the query parameters of a search.
fn entry_filter(query: &Query) -> Result<EntryFilter, Problem> {
    let instant = |name: &'static str| {
        let given = query.get(name).map(|text| {
            let read = text.parse::<Timestamp>();
            read.map_err(|_| reason::other_time(name, text))
        });
        given.transpose()
    };
    Ok(EntryFilter {
        who: query.get("user").map(user_match),
        operation: query.get("operation").map(str::to_owned),
        causes: Some(match query.get("outcome") {
            Some(outcome) => causes(outcome)?,
            None => failing(),
        }),
        from: instant("from")?,
        until: instant("until")?,
    })
}

/// Parses the `user` parameter: in double quotes it matches exactly, otherwise a part of the name or the start of the
/// id.
fn user_match(text: &str) -> UserMatch {
    let quoted = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(exactly) => UserMatch::Exactly(exactly.to_owned()),
        None => UserMatch::Like(text.trim().to_owned()),
    }
}

/// The words of all causes of failures; the same log also stores the activity.
fn failing() -> Vec<String> {
    let causes = Cause::ALL.iter();
    let failing = causes.filter(|cause| cause.outcome() != RequestOutcome::Noted);
    failing.map(|cause| cause.word().to_owned()).collect()
}

fn causes(text: &str) -> Result<Vec<String>, Problem> {
    let outcome = RequestOutcome::named(text).ok_or_else(|| {
        let known = OwnWords::list(RequestOutcome::ALL.map(RequestOutcome::name));
        reason::other_outcome(known, text)
    })?;
    Ok(Cause::words(outcome))
}
