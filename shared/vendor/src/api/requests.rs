//! The requests log of a tenant: what was refused or failed, why, and what to do about it.
//!
//! The API and the pages call the same operations. A name that was not known when an entry was written is that of
//! the user or group today.

use std::collections::HashMap;
use std::sync::Arc;

use directory::journal::{Entry, EntryId, RequestLog, Wanted, Who};
use directory::{Directory, Meter};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use scim_core::error::quote;
use scim_core::{ErrorKind, ResourceId, ResourceKind};
use serde_json::{Map, Value, json};

use super::auth::Scope;
use super::call::{Call, Query, no_tenant};
use super::routes::Route;
use super::{Admin, Answer, Problem};
use service::requests::cause::{Cause, Outcome, advice, in_words};

mod csv;

/// How many entries a file has at most: a few megabytes.
const LARGEST_FILE: usize = 5_000;
/// How many entries are looked at for what a page says at a glance.
const GLANCE: usize = 2_000;

pub(super) static ROUTES: &[Route] = &[
    Route::new(
        Method::GET,
        "/tenants/{tenant}/requests",
        "listRequests",
        Some(Scope::Read),
        |call| Box::pin(list(call)),
    ),
    Route::new(
        Method::GET,
        "/tenants/{tenant}/requests.csv",
        "downloadRequests",
        Some(Scope::Read),
        |call| Box::pin(download(call)),
    ),
];

/// An entry as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shown {
    /// The entry, with the name of today where it has none.
    pub entry: Entry,
    /// What became of the request.
    pub outcome: Outcome,
    /// What was asked for, in words, such as `create user`.
    pub operation: &'static str,
    /// What to do about it, in plain words.
    pub advice: String,
}

/// Some entries, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    /// The entries.
    pub items: Vec<Shown>,
    /// The entry behind which to go on, if there may be more.
    pub next: Option<EntryId>,
}

/// What failed lately.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Glance {
    /// How often something was refused or failed in the last 24 hours.
    pub day: u64,
    /// And in the last seven days.
    pub week: u64,
    /// Whether there was more than was counted.
    pub is_more: bool,
    /// The newest entries of the seven days.
    pub latest: Vec<Shown>,
}

impl Admin {
    /// Entries of a tenant's log that are wanted, newest first.
    ///
    /// # Errors
    ///
    /// When the storage does not answer.
    pub async fn requests(
        &self,
        tenant: &TenantId,
        wanted: &Wanted,
        count: usize,
        after: Option<&EntryId>,
        meter: &Arc<Meter>,
    ) -> Result<Listed, Problem> {
        let store = Arc::clone(self.service.store());
        let log = RequestLog::new(store, tenant.clone(), Arc::clone(meter));
        let page = log.page(wanted, count, after, self.service.now()).await?;
        Ok(Listed {
            items: self.shown(tenant, page.entries, meter).await?,
            next: page.next,
        })
    }

    /// What failed lately, for a page, with so many of the newest entries.
    ///
    /// # Errors
    ///
    /// When the storage does not answer.
    pub async fn failures(
        &self,
        tenant: &TenantId,
        latest: usize,
        meter: &Arc<Meter>,
    ) -> Result<Glance, Problem> {
        let now = self.service.now();
        let ago = |hours| {
            now.saturating_sub(SignedDuration::from_hours(hours))
                .unwrap_or(now)
        };
        let (day, week) = (ago(24), ago(7 * 24));
        let wanted = Wanted {
            from: Some(week),
            causes: Some(failing()),
            ..Wanted::default()
        };
        let store = Arc::clone(self.service.store());
        let log = RequestLog::new(store, tenant.clone(), Arc::clone(meter));
        let page = log.page(&wanted, GLANCE, None, now).await?;
        let since = |start: Timestamp| {
            let entries = page.entries.iter().filter(|entry| entry.last >= start);
            entries.map(|entry| entry.count).sum()
        };
        Ok(Glance {
            day: since(day),
            week: since(week),
            is_more: page.next.is_some(),
            latest: {
                let mut entries = page.entries;
                entries.truncate(latest);
                self.shown(tenant, entries, meter).await?
            },
        })
    }

    async fn shown(
        &self,
        tenant: &TenantId,
        mut entries: Vec<Entry>,
        meter: &Arc<Meter>,
    ) -> Result<Vec<Shown>, Problem> {
        let nameless = entries.iter().filter(|entry| entry.refusal.name.is_none());
        let wanted: HashMap<ResourceId, ResourceKind> = nameless.filter_map(subject).collect();
        if !wanted.is_empty() {
            let store = Arc::clone(self.service.store());
            let directory = Directory::new(store, tenant.clone(), Arc::clone(meter));
            let names = directory.names(&wanted).await?;
            for entry in &mut entries {
                let id = subject(entry).map(|(id, _)| id);
                let today = id.and_then(|id| names.get(&id).cloned());
                entry.refusal.name = entry.refusal.name.take().or(today);
            }
        }
        Ok(entries.into_iter().map(Shown::new).collect())
    }
}

/// A time as the API writes it.
pub(super) fn time(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// The user or group that an entry is about.
fn subject(entry: &Entry) -> Option<(ResourceId, ResourceKind)> {
    let id = ResourceId::parse(entry.refusal.resource.as_deref()?)?;
    let name = entry.refusal.resource_type.as_deref()?;
    let kind = ResourceKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)?;
    Some((id, kind))
}

impl Shown {
    fn new(entry: Entry) -> Self {
        let cause = Cause::parse(&entry.refusal.cause).unwrap_or(Cause::Internal);
        Self {
            outcome: cause.outcome(),
            operation: in_words(&entry.refusal.operation),
            advice: advice(&entry.refusal),
            entry,
        }
    }

    fn to_json(&self) -> Value {
        let (entry, refusal) = (&self.entry, &self.entry.refusal);
        let text = |text: &str| Some(Value::from(text)).filter(|_| !text.is_empty());
        let given = |text: &Option<String>| text.clone().map(Value::from);
        let members = [
            ("id", text(entry.id.as_str())),
            ("first", Some(json!(time(entry.first())))),
            ("last", Some(json!(time(entry.last)))),
            ("count", Some(json!(entry.count))),
            ("outcome", text(self.outcome.name())),
            ("cause", text(&refusal.cause)),
            ("reason", text(&refusal.reason)),
            ("advice", text(&self.advice)),
            ("operation", text(&refusal.operation)),
            ("method", text(&refusal.method)),
            ("path", given(&refusal.path)),
            ("place", refusal.place.map(Value::from)),
            (
                "status",
                Some(json!(refusal.status)).filter(|_| refusal.status != 0),
            ),
            ("scimType", given(&refusal.scim_type)),
            ("resourceType", given(&refusal.resource_type)),
            ("resource", given(&refusal.resource)),
            ("name", given(&refusal.name)),
            ("provider", given(&refusal.provider)),
            ("key", given(&refusal.key)),
            ("request", text(&entry.request_id)),
        ];
        let given = members.into_iter();
        let given = given.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect::<Map<_, _>>())
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = there(call).await?;
    let wanted = wanted(&call.query)?;
    let after = call.query.get("cursor").map(cursor).transpose()?;
    let listed = call
        .admin
        .requests(&tenant, &wanted, call.count()?, after.as_ref(), call.meter)
        .await?;
    let items = listed.items.iter().map(Shown::to_json).collect();
    let next = listed.next.as_ref().map(EntryId::as_str);
    Ok(Answer::page(items, next))
}

async fn download(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = there(call).await?;
    let wanted = wanted(&call.query)?;
    let content = call
        .admin
        .requests_file(&tenant, &wanted, call.meter)
        .await?;
    Ok(Answer::File {
        name: format!("{tenant}-requests.csv"),
        media_type: "text/csv; charset=utf-8; header=present",
        content,
    })
}

impl Admin {
    /// The entries that are wanted as CSV, newest first; a last line says from where there are more.
    ///
    /// # Errors
    ///
    /// When the storage does not answer.
    pub async fn requests_file(
        &self,
        tenant: &TenantId,
        wanted: &Wanted,
        meter: &Arc<Meter>,
    ) -> Result<String, Problem> {
        let mut file = csv::File::new();
        let (mut after, mut written) = (None, 0);
        loop {
            let listed = self
                .requests(
                    tenant,
                    wanted,
                    LARGEST_FILE - written,
                    after.as_ref(),
                    meter,
                )
                .await?;
            listed.items.iter().for_each(|shown| file.add(shown));
            written += listed.items.len();
            after = listed.next;
            let Some(next) = &after else {
                return Ok(file.finish());
            };
            if written >= LARGEST_FILE {
                file.more(next.made());
                return Ok(file.finish());
            }
        }
    }
}

/// The tenant of the path, which there is.
pub(super) async fn there(call: &Call<'_>) -> Result<TenantId, Problem> {
    let tenant = call.tenant()?;
    let service = &call.admin.service;
    match service.tenants().read(&tenant, call.meter).await? {
        Some(_) => Ok(tenant),
        None => Err(no_tenant(tenant.as_str())),
    }
}

pub(super) fn cursor(text: &str) -> Result<EntryId, Problem> {
    EntryId::parse(text).ok_or_else(|| {
        let detail = "`cursor` is not one that a page gave; start again without it";
        Problem::new(ErrorKind::InvalidCursor, detail)
    })
}

/// What a query asks for.
fn wanted(query: &Query) -> Result<Wanted, Problem> {
    let instant = |name: &str| {
        let given = query.get(name).map(|text| {
            text.parse::<Timestamp>().map_err(|_| {
                Problem::new(
                    ErrorKind::InvalidValue,
                    format!(
                        "`{name}` must be a time such as 2030-01-31T08:00:00Z, not {}",
                        quote(text)
                    ),
                )
            })
        });
        given.transpose()
    };
    Ok(Wanted {
        who: query.get("user").map(who),
        operation: query.get("operation").map(str::to_owned),
        causes: Some(match query.get("outcome") {
            Some(outcome) => causes(outcome)?,
            None => failing(),
        }),
        from: instant("from")?,
        until: instant("until")?,
    })
}

/// Who is looked for: in double quotes exactly, otherwise by a part of the name or the beginning of the id.
#[must_use]
pub fn who(text: &str) -> Who {
    let quoted = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match quoted {
        Some(exactly) => Who::Exactly(exactly.to_owned()),
        None => Who::Like(text.trim().to_owned()),
    }
}

/// The words of all causes: what administrators did stands in the same log.
fn failing() -> Vec<String> {
    let causes = Cause::ALL.iter();
    let failing = causes.filter(|cause| cause.outcome() != Outcome::Noted);
    failing.map(|cause| cause.word().to_owned()).collect()
}

fn causes(text: &str) -> Result<Vec<String>, Problem> {
    let outcome = Outcome::named(text).ok_or_else(|| {
        let names = Outcome::ALL.map(Outcome::name).join(", ");
        Problem::new(
            ErrorKind::InvalidValue,
            format!("`outcome` must be one of {names}, not {}", quote(text)),
        )
    })?;
    Ok(Cause::words(outcome))
}
