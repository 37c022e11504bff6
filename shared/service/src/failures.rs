//! The failure log: records rejected and failed requests for the customer's administrator.
//!
//! A failure is written before the response, because a function is frozen once it has responded. The wait is bounded,
//! and a failed write does not change the response. Repeats are grouped, see [`grouping`]. A success is recorded only if
//! it stored a value that the administrator should check. Of a request's content, the log stores only whom it was
//! about: a reason is the error's detail without the values that it quotes.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use directory::journal::{Journal, LoggedFailure, Recorded};
use directory::tenants::{Age, Closing, Tenants};
use directory::{Meter, Store, TenantTable};
use http::{Method, header};
use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use scim_core::error::cause::Cause;
use scim_core::{ResourceId, ResourceKind};
use serde_json::Value;

mod advice;
mod grouping;
mod operation_names;
mod provider;
mod reason;

pub use advice::advice;
pub use operation_names::in_words;

use crate::Function;
use crate::clock::{Clock, Ids};
use crate::gate::Sender;
use crate::limits::{ENTRY_TIME, NAME_CHARACTERS, REASON_CHARACTERS, SEARCHED_BYTES};
use crate::wire::routes::Endpoint;
use crate::wire::{Finding, Findings, Incoming, OperationFinding};
use grouping::{CallerClass, DueEntry, Grouping};

/// The context of an entry.
pub(crate) struct Report<'r> {
    pub(crate) function: Function,
    pub(crate) incoming: &'r Incoming<'r>,
    pub(crate) sender: &'r Sender,
    pub(crate) request_id: &'r str,
    pub(crate) meter: &'r Arc<Meter>,
    pub(crate) tenants: &'r Tenants,
}

/// Writes the failure log.
pub(crate) struct FailureLog {
    store: Arc<Store>,
    kept: SignedDuration,
    grouping: Grouping,
    clock: Clock,
    ids: Ids,
}

impl FailureLog {
    /// A log whose entries expire after this many days.
    pub(crate) fn new(store: Arc<Store>, days: u32, clock: Clock, ids: Ids) -> Self {
        Self {
            store,
            kept: SignedDuration::from_hours(24 * i64::from(days)),
            grouping: Grouping::default(),
            clock,
            ids,
        }
    }

    pub(crate) const fn kept(&self) -> SignedDuration {
        self.kept
    }

    /// Records what a response tells.
    pub(crate) async fn record(&self, report: &Report<'_>, findings: &Findings) {
        let failures = match findings {
            Findings::Nothing => return,
            Findings::Request(finding) => vec![report.of_request(finding)],
            Findings::Operations(all) => all.iter().map(|one| report.of_operation(one)).collect(),
        };
        self.write(report, failures).await;
    }

    async fn write(&self, report: &Report<'_>, failures: Vec<LoggedFailure>) {
        let (tenant, now) = (&report.incoming.tenant, self.clock.now());
        let Some(caller) = report.caller_class(now).await else {
            return;
        };
        let count = |failure: LoggedFailure| {
            let random = self.random(failure.place);
            let failure = general(failure);
            self.grouping.count(tenant, failure, caller, now, random)
        };
        let due = failures.into_iter().filter_map(count);
        // Repeats within one request are written once.
        let mut last: HashMap<_, DueEntry> = HashMap::new();
        for due in due {
            last.insert(due.id.clone(), due);
        }
        if last.is_empty() {
            return;
        }
        let entries = last.into_values().map(|due| Recorded {
            id: due.id,
            content: due.failure,
            count: due.count,
            last: now,
            request_id: cut(report.request_id, NAME_CHARACTERS),
        });
        let entries: Vec<Recorded<LoggedFailure>> = entries.collect();
        let log = Journal::new(TenantTable::new(
            Arc::clone(&self.store),
            tenant.clone(),
            Arc::clone(report.meter),
        ));
        let written = tokio::time::timeout(ENTRY_TIME, self.put(&log, &entries, caller)).await;
        if !matches!(written, Ok(true)) {
            tracing::warn!(tenant.id = %tenant, "failure_log.unwritten");
            for entry in &entries {
                self.grouping.unwritten(tenant, &entry.content);
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

    async fn put(
        &self,
        log: &Journal,
        entries: &[Recorded<LoggedFailure>],
        caller: CallerClass,
    ) -> bool {
        match (caller, entries) {
            (CallerClass::Stranger, [entry]) => {
                let write = self.ids.write();
                log.put_if_there(entry, self.kept, &write).await.is_ok()
            }
            _ => log.put(entries, self.kept).await.is_ok(),
        }
    }
}

impl Report<'_> {
    /// The class of the caller, if the log records its failures.
    async fn caller_class(&self, now: Timestamp) -> Option<CallerClass> {
        match self.sender {
            Sender::Unknown => None,
            // The role of the discovery function cannot read tenants. A provider calls the other functions too.
            Sender::Stranger if self.function == Function::Discovery => None,
            // Strangers can make up tenant names; those must not displace the entries of real tenants.
            Sender::Stranger if !self.has_tenant(&self.incoming.tenant, now).await => None,
            Sender::Stranger => Some(CallerClass::Stranger),
            Sender::Key(..) | Sender::Caller(_) => Some(CallerClass::Known),
        }
    }

    /// Whether the tenant exists and is not being deleted; false if that cannot be determined.
    async fn has_tenant(&self, tenant: &TenantId, now: Timestamp) -> bool {
        let age = Age::Minute(now);
        let loaded = self.tenants.load(tenant, age, Closing::Hide, self.meter);
        matches!(tokio::time::timeout(ENTRY_TIME, loaded).await, Ok(Ok(_)))
    }

    fn of_request(&self, finding: &Finding) -> LoggedFailure {
        let endpoint = self.incoming.endpoint();
        LoggedFailure {
            resource: self.resource().map(|id| id.to_string()),
            name: endpoint.and_then(|endpoint| named(endpoint, self.incoming.body())),
            ..self.failure(endpoint, finding)
        }
    }

    fn of_operation(&self, operation: &OperationFinding) -> LoggedFailure {
        LoggedFailure {
            place: Some(operation.place),
            resource: operation.resource.map(|id| id.to_string()),
            name: operation.name.as_deref().map(shown),
            ..self.failure(
                operation.endpoint.or(Some(Endpoint::Bulk)),
                &operation.finding,
            )
        }
    }

    /// The id in the path, or at `/Me` the caller's.
    fn resource(&self) -> Option<ResourceId> {
        match (self.incoming.endpoint(), self.sender.caller()) {
            (Some(Endpoint::Me), Some(caller)) => {
                caller.credential.subject().and_then(ResourceId::parse)
            }
            _ => self.incoming.resource(),
        }
    }

    /// The parts of an entry that are equal for a request and for each operation in it.
    fn failure(&self, endpoint: Option<Endpoint>, finding: &Finding) -> LoggedFailure {
        let (status, scim_type) = finding.code();
        let key = self.sender.key();
        let (cause, reason) = match self.sender.not_admitted() {
            Some(why) => (advice::of_key(why), reason::of_key(why)),
            None if finding.is_unauthorized() => (Cause::TokenUnknown, self.unknown()),
            None => {
                let reason = finding.in_words(self.sender.catalogue());
                (finding.cause(endpoint), cut(&reason, REASON_CHARACTERS))
            }
        };
        let agent = self.incoming.headers().get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        let purpose = key.map(|key| key.purpose.as_str());
        let mut names = [agent, purpose].into_iter().flatten();
        LoggedFailure {
            key: key.map(|key| key.id.to_string()),
            operation: endpoint.map_or("unknown", Endpoint::operation).to_owned(),
            method: method(self.incoming.method()).to_owned(),
            path: self
                .incoming
                .route
                .map(|route| behind_base(route.path).to_owned()),
            status,
            scim_type: scim_type.map(str::to_owned),
            cause: cause.word().to_owned(),
            reason,
            resource_type: endpoint.and_then(kind).map(|kind| kind.name().to_owned()),
            provider: names.find_map(provider::provider).map(str::to_owned),
            ..LoggedFailure::default()
        }
    }

    fn unknown(&self) -> String {
        match self.incoming.has_credentials() {
            true => "the request has a token that is not one of this tenant's tokens",
            false => "the request has no token",
        }
        .to_owned()
    }
}

/// Removes the user or group from an entry whose cause does not depend on it.
fn general(failure: LoggedFailure) -> LoggedFailure {
    match Cause::parse(&failure.cause).is_some_and(advice::is_general) {
        true => LoggedFailure {
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
    path.split_once("/scim/v2").map_or(path, |(_, rest)| rest)
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
    if body.is_empty() || body.len() > SEARCHED_BYTES {
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
        NAME_CHARACTERS,
    )
}

/// Truncates a text to this many characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
