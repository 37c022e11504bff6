//! What administrators did to a tenant: by an admin key, on the vendor's pages, or with a setup link.
//!
//! Each change, and each file with people's data, is noted in the tenant's requests log once it is done, beside what was refused and failed, and expires
//! with it. A note that cannot be written undoes nothing.

use std::sync::Arc;
use std::time::Duration;

use directory::Meter;
use directory::journal::{Entry, EntryId, Refusal, RequestLog, Wanted};
use http::Method;
use keyring::TenantId;
use serde_json::{Map, Value};

use super::auth::Scope;
use super::call::Call;
use super::requests::{cursor, there, time};
use super::routes::Route;
use super::{Admin, Answer, Problem};

/// The word among the causes for what was done.
const DONE: &str = "done";
/// The operation after which nothing tells of the one that it was for.
const ERASURE: &str = "eraseUser";
/// How long an answer waits for its note to be written.
const PATIENCE: Duration = Duration::from_secs(1);
/// What changes nothing though it is no GET, and what leaves no log to write to.
const UNNOTED: [&str; 2] = ["verifyPassword", "deleteTenant"];
/// What hands people's data out as a file: who has it, and since when, must be told later, though it changes nothing. What
/// is only shown, on a page or to a program, stands in the log of the function.
const HANDED_OUT: [&str; 2] = ["exportUser", "downloadRequests"];

pub(super) static ROUTES: &[Route] = &[Route::new(
    Method::GET,
    "/tenants/{tenant}/activity",
    "listActivity",
    Some(Scope::Read),
    |call| Box::pin(list(call)),
)];

/// What somebody is about to do to a tenant.
pub(crate) struct Act<'a> {
    admin: &'a Admin,
    meter: &'a Arc<Meter>,
    tenant: TenantId,
    refusal: Refusal,
    request_id: String,
}

impl<'a> Act<'a> {
    /// What a request is about to change or hand out, if it is something of a tenant.
    pub(crate) fn of(call: &Call<'a>, route: &Route) -> Option<Self> {
        let is_noted = match route.method {
            Method::GET => HANDED_OUT.contains(&route.operation),
            _ => !UNNOTED.contains(&route.operation),
        };
        if !is_noted {
            return None;
        }
        let tenant = call.tenant().ok()?;
        // Of somebody who was erased nothing is left, not even in the note that says so.
        let about = call
            .variables
            .iter()
            .find(|(name, _)| *name != "tenant")
            .filter(|_| route.operation != ERASURE);
        Some(Self {
            admin: call.admin,
            meter: call.meter,
            tenant,
            refusal: Refusal {
                key: Some(call.caller.key.name().to_owned()),
                operation: route.operation.to_owned(),
                method: route.method.as_str().to_owned(),
                path: Some(route.path.to_owned()),
                cause: DONE.to_owned(),
                reason: words(route.operation),
                resource_type: about.map(|(name, _)| (*name).to_owned()),
                resource: about.map(|(_, value)| value.clone()),
                name: Some(call.caller.key.purpose.clone()).filter(|purpose| !purpose.is_empty()),
                ..Refusal::default()
            },
            request_id: call.origin.request_id.clone(),
        })
    }

    /// Whether data of people leaves by it.
    pub(crate) fn hands_out(&self) -> bool {
        HANDED_OUT.contains(&self.refusal.operation.as_str())
    }

    /// Notes that it is done. Gives whether that worked.
    pub(crate) async fn note(self) -> bool {
        let service = &self.admin.service;
        let now = service.now();
        let entry = Entry {
            id: EntryId::new(now, service.ids().bytes()),
            refusal: self.refusal,
            count: 1,
            last: now,
            request_id: self.request_id,
        };
        let (store, tenant) = (Arc::clone(service.store()), self.tenant.clone());
        let log = RequestLog::new(store, tenant, Arc::clone(self.meter));
        let noted = log.put_one(&entry, service.entries_kept());
        let is_noted = matches!(tokio::time::timeout(PATIENCE, noted).await, Ok(Ok(())));
        if !is_noted {
            tracing::warn!(tenant.id = %self.tenant, "what was done could not be noted");
        }
        is_noted
    }
}

/// The name of an operation in words: `rotateKey` is `rotate key`.
fn words(operation: &str) -> String {
    let mut words = String::with_capacity(operation.len() + 4);
    for letter in operation.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = there(call).await?;
    let after = call.query.get("cursor").map(cursor).transpose()?;
    let wanted = Wanted {
        causes: Some(vec![DONE.to_owned()]),
        ..Wanted::default()
    };
    let service = &call.admin.service;
    let store = Arc::clone(service.store());
    let log = RequestLog::new(store, tenant, Arc::clone(call.meter));
    let now = service.now();
    let page = log
        .page(&wanted, call.count()?, after.as_ref(), now)
        .await?;
    let items = page.entries.iter().map(to_json).collect();
    let next = page.next.as_ref().map(EntryId::as_str);
    Ok(Answer::page(items, next))
}

fn to_json(entry: &Entry) -> Value {
    let refusal = &entry.refusal;
    let members = [
        ("id", Some(entry.id.to_string())),
        ("at", Some(time(entry.last))),
        ("by", refusal.key.clone()),
        ("purpose", refusal.name.clone()),
        ("operation", Some(refusal.operation.clone())),
        ("did", Some(refusal.reason.clone())),
        ("about", refusal.resource.clone()),
        (
            "request",
            Some(entry.request_id.clone()).filter(|id| !id.is_empty()),
        ),
    ];
    let given = members.into_iter();
    let given = given.filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))));
    Value::Object(given.collect::<Map<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_told_in_words() {
        assert_eq!(words("rotateKey"), "rotate key");
        assert_eq!(words("createLink"), "create link");
    }
}
