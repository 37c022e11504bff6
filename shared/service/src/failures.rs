//! The failure log: records rejected and failed requests for the customer's administrator.
//!
//! A failure is written before the response, because a function is frozen once it has responded. The wait is bounded,
//! and a failed write does not change the response. Repeats are grouped, see [`fold`]. A success is recorded only if
//! it stored a value that the administrator should check. Of a request's content, the log stores only whom it was
//! about: a reason is the error's detail without the values that it quotes.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use directory::journal::{Entry, Failure, Journal};
use directory::tenants::{Status, Tenants};
use directory::{Meter, Store, TenantTable};
use http::{Method, Request, header};
use jiff::{SignedDuration, Timestamp};
use keyring::{KeyRecord, TenantId};
use scim_core::{Catalogue, ResourceId, ResourceKind, ScimError};
use serde_json::Value;

pub mod cause;
mod fold;
mod told;

use crate::clock::{Clock, Ids};
use crate::routes::{Endpoint, Function, Route};
use crate::{Origin, auth};
use cause::Cause;
use fold::{Caller, Due, Folds};
pub use told::Told;

/// How long a response waits for its entry.
const PATIENCE: Duration = Duration::from_secs(1);
/// The longest stored name, in characters.
const LONGEST_NAME: usize = 120;
/// The longest stored reason, in characters.
const LONGEST_REASON: usize = 400;
/// The largest body to search for a name.
const LARGEST_BODY: usize = 256 * 1024;

/// Why a key of the tenant was not admitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Barred {
    /// It expired at this instant.
    Expired(Timestamp),
    /// It is bound to networks that do not contain this address.
    Elsewhere(Option<IpAddr>),
    /// It has no known scope.
    Scopeless,
}

/// The caller of a request, as far as known.
#[derive(Clone, Debug, Default)]
pub(crate) enum Who {
    /// Not authenticated yet.
    #[default]
    Nobody,
    /// A caller without a valid token of the tenant.
    Stranger,
    /// A caller with a key of the tenant; the reason if the key was not admitted.
    Key(Arc<KeyRecord>, Option<Barred>),
}

/// What is known about a request so far.
#[derive(Default)]
pub(crate) struct Trace {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) who: Who,
    pub(crate) route: Option<&'static Route>,
    pub(crate) resource: Option<ResourceId>,
    pub(crate) catalogue: Option<Arc<Catalogue>>,
}

impl Trace {
    /// Records the admitted caller.
    pub(crate) fn admit(&mut self, caller: &auth::Caller) {
        if let auth::Credential::Key(key) = &caller.credential {
            self.who = Who::Key(Arc::clone(key), None);
        }
        self.catalogue = Some(Arc::clone(caller.settings.catalogue()));
        if self
            .route
            .is_some_and(|route| route.endpoint == Endpoint::Me)
        {
            self.resource = caller.credential.subject().and_then(ResourceId::parse);
        }
    }

    /// The id of the admitted key, for logs.
    pub(crate) fn key(&self) -> Option<&str> {
        match &self.who {
            Who::Key(key, None) => Some(key.id.as_str()),
            _ => None,
        }
    }

    /// The operation's name, for logs.
    pub(crate) fn operation(&self) -> &'static str {
        self.route
            .map_or("unknown", |route| route.endpoint.operation())
    }
}

/// An operation of a bulk request to record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failed {
    /// Its position, from 1.
    pub place: usize,
    /// The endpoint that the same request by itself would have.
    pub endpoint: Option<Endpoint>,
    /// The resource's id, if known.
    pub resource: Option<ResourceId>,
    /// The resource's name, if the operation contains it.
    pub name: Option<String>,
    /// What to record.
    pub told: Told,
}

/// The context of an entry.
pub(crate) struct Report<'r> {
    pub(crate) function: Function,
    pub(crate) trace: &'r Trace,
    pub(crate) request: &'r Request<Bytes>,
    pub(crate) origin: &'r Origin,
    pub(crate) meter: &'r Arc<Meter>,
    pub(crate) tenants: &'r Tenants,
}

/// Writes the failure log.
pub(crate) struct Requests {
    store: Arc<Store>,
    kept: SignedDuration,
    folds: Folds,
    clock: Clock,
    ids: Ids,
}

impl Requests {
    /// A log whose entries expire after this many days.
    pub(crate) fn new(store: Arc<Store>, days: u32, clock: Clock, ids: Ids) -> Self {
        Self {
            store,
            kept: SignedDuration::from_hours(24 * i64::from(days)),
            folds: Folds::default(),
            clock,
            ids,
        }
    }

    pub(crate) const fn kept(&self) -> SignedDuration {
        self.kept
    }

    /// Records a rejected or failed request.
    pub(crate) async fn refused(&self, report: &Report<'_>, error: &ScimError) {
        self.one(report, &Told::Failure(error.clone())).await;
    }

    /// Records a request.
    pub(crate) async fn one(&self, report: &Report<'_>, told: &Told) {
        let trace = report.trace;
        let endpoint = trace.route.map(|route| route.endpoint);
        let mut failure = report.failure(endpoint, told);
        failure.resource = trace.resource.map(|id| id.to_string());
        failure.name = endpoint.and_then(|endpoint| named(endpoint, report.request.body()));
        self.write(report, vec![failure]).await;
    }

    /// Records operations of a bulk request.
    pub(crate) async fn failed(&self, report: &Report<'_>, failed: Vec<Failed>) {
        let failures = failed.into_iter().map(|failed| Failure {
            place: Some(failed.place),
            resource: failed.resource.map(|id| id.to_string()),
            name: failed.name.as_deref().map(shown),
            ..report.failure(failed.endpoint, &failed.told)
        });
        self.write(report, failures.collect()).await;
    }

    async fn write(&self, report: &Report<'_>, failures: Vec<Failure>) {
        let (Some(tenant), now) = (&report.trace.tenant, self.clock.now()) else {
            return;
        };
        let caller = match report.trace.who {
            Who::Nobody => return,
            // The role of the discovery function cannot read tenants. A provider calls the other functions too.
            Who::Stranger if report.function == Function::Discovery => return,
            // Strangers can make up tenant names; those must not displace the entries of real tenants.
            Who::Stranger if !report.has_tenant(tenant, now).await => return,
            Who::Stranger => Caller::Stranger,
            Who::Key(..) => Caller::Known,
        };
        let count = |failure: Failure| {
            let random = self.random(failure.place);
            let failure = general(failure);
            self.folds.count(tenant, failure, caller, now, random)
        };
        let due = failures.into_iter().filter_map(count);
        // Repeats within one request are written once.
        let mut last: HashMap<_, Due> = HashMap::new();
        for due in due {
            last.insert(due.id.clone(), due);
        }
        if last.is_empty() {
            return;
        }
        let entries = last.into_values().map(|due| Entry {
            id: due.id,
            failure: due.failure,
            count: due.count,
            last: now,
            request_id: cut(&report.origin.request_id, LONGEST_NAME),
        });
        let entries: Vec<Entry> = entries.collect();
        let log = Journal::new(TenantTable::new(
            Arc::clone(&self.store),
            tenant.clone(),
            Arc::clone(report.meter),
        ));
        let written = tokio::time::timeout(PATIENCE, self.put(&log, &entries, caller)).await;
        if !matches!(written, Ok(true)) {
            tracing::warn!(tenant.id = %tenant, "failure_log.unwritten");
            for entry in &entries {
                self.folds.unwritten(tenant, &entry.failure);
            }
        }
    }

    /// Random bytes for an entry's id. Operations of one request get decreasing ids, so the first operation is listed
    /// as the newest.
    fn random(&self, place: Option<usize>) -> [u8; 4] {
        let [one, two, three, four] = self.ids.bytes();
        let place = place.and_then(|place| u16::try_from(place).ok());
        match place.map(|place| (u16::MAX - place).to_be_bytes()) {
            Some([high, low]) => [high, low, three, four],
            None => [one, two, three, four],
        }
    }

    async fn put(&self, log: &Journal, entries: &[Entry], caller: Caller) -> bool {
        match (caller, entries) {
            (Caller::Stranger, [entry]) => {
                let write = self.ids.write();
                log.put_if_there(entry, self.kept, &write).await.is_ok()
            }
            _ => log.put(entries, self.kept).await.is_ok(),
        }
    }
}

impl Report<'_> {
    /// Whether the tenant exists and is not being deleted; false if that cannot be determined.
    async fn has_tenant(&self, tenant: &TenantId, now: Timestamp) -> bool {
        let found = self.tenants.find(tenant, now, self.meter);
        let found = tokio::time::timeout(PATIENCE, found).await;
        matches!(found, Ok(Ok(Some(tenant))) if tenant.status != Status::Closing)
    }

    /// The parts of an entry that are equal for a request and for each operation in it.
    fn failure(&self, endpoint: Option<Endpoint>, what: &Told) -> Failure {
        let trace = self.trace;
        let (status, scim_type) = what.code();
        let catalogue = trace.catalogue.as_deref().unwrap_or(Catalogue::standard());
        let (key, barred) = match &trace.who {
            Who::Key(key, barred) => (Some(key), barred.as_ref()),
            Who::Nobody | Who::Stranger => (None, None),
        };
        let (cause, reason) = match barred {
            Some(barred) => (cause::barred(barred), told::of_key(barred)),
            None if what.is_unauthorized() => (Cause::TokenUnknown, self.unknown()),
            None => {
                let reason = cut(&what.in_words(catalogue), LONGEST_REASON);
                (what.cause(endpoint), reason)
            }
        };
        let agent = self.request.headers().get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let purpose = key.map(|key| key.purpose.as_str());
        let mut names = [agent, purpose].into_iter().flatten();
        Failure {
            key: key.map(|key| key.id.to_string()),
            operation: endpoint.map_or("unknown", Endpoint::operation).to_owned(),
            method: method(self.request.method()).to_owned(),
            path: trace.route.map(|route| behind_base(route.path).to_owned()),
            status,
            scim_type: scim_type.map(str::to_owned),
            cause: cause.word().to_owned(),
            reason,
            resource_type: endpoint.and_then(kind).map(|kind| kind.name().to_owned()),
            provider: names.find_map(cause::provider).map(str::to_owned),
            ..Failure::default()
        }
    }

    fn unknown(&self) -> String {
        match self.request.headers().contains_key(header::AUTHORIZATION) {
            true => "the request has a token that is not one of this tenant's tokens",
            false => "the request has no token",
        }
        .to_owned()
    }
}

/// Removes the user or group from an entry whose cause does not depend on it.
fn general(failure: Failure) -> Failure {
    match Cause::parse(&failure.cause).is_some_and(cause::is_general) {
        true => Failure {
            place: None,
            resource: None,
            name: None,
            ..failure
        },
        false => failure,
    }
}

/// The method, or `other` for an unknown one.
fn method(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    let known = KNOWN.into_iter().find(|known| *known == method.as_str());
    known.unwrap_or("other")
}

/// The path of a route relative to the base address.
fn behind_base(path: &'static str) -> &'static str {
    path.split_once("/scim/v2")
        .map_or(path, |(_, behind)| behind)
}

/// The resource type of an endpoint.
const fn kind(endpoint: Endpoint) -> Option<ResourceKind> {
    match endpoint {
        Endpoint::List(kind)
        | Endpoint::Search(kind)
        | Endpoint::Create(kind)
        | Endpoint::Read(kind)
        | Endpoint::Replace(kind)
        | Endpoint::Modify(kind)
        | Endpoint::Delete(kind) => Some(kind),
        Endpoint::Me => Some(ResourceKind::User),
        _ => None,
    }
}

/// The `userName` or `displayName` in the body of a creation or replacement.
fn named(endpoint: Endpoint, body: &Bytes) -> Option<String> {
    let (Endpoint::Create(kind) | Endpoint::Replace(kind)) = endpoint else {
        return None;
    };
    if body.is_empty() || body.len() > LARGEST_BODY {
        return None;
    }
    let body = scim_core::json::read(body).ok()?;
    name_in(kind, &body).as_deref().map(shown)
}

/// The `userName` of a user or the `displayName` of a group.
pub(crate) fn name_in(kind: ResourceKind, resource: &Value) -> Option<String> {
    let wanted = match kind {
        ResourceKind::User => "userName",
        ResourceKind::Group => "displayName",
    };
    let mut members = resource.as_object()?.iter();
    let (_, name) = members.find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
    let name = name.as_str().filter(|name| !name.is_empty())?;
    Some(name.to_owned())
}

/// A name as stored: truncated, with a placeholder for each control character.
fn shown(name: &str) -> String {
    let readable = |c: char| {
        if c.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            c
        }
    };
    cut(
        &name.chars().map(readable).collect::<String>(),
        LONGEST_NAME,
    )
}

/// Truncates a text to this many characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
