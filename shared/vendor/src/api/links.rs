//! Setup links: what the vendor hands to a customer's administrator, who does the rest alone.
//!
//! A link opens the setup page of its tenant, once, within a life that the vendor chooses. `pages::opened` is
//! where it leads.

use directory::links::{Link, LinkSecret, Links, MOST_OPEN, State};
use directory::tenants::Status;
use directory::to_millis;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use keyring::{KeyId, TenantId};
use scim_core::ErrorKind;
use scim_core::error::quote;
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Scope;
use super::call::{Call, no_tenant};
use super::routes::Route;
use super::{Answer, Problem};

pub(super) static ROUTES: &[Route] = &[
    Route::new(
        Method::GET,
        "/tenants/{tenant}/links",
        "listLinks",
        Some(Scope::Read),
        |call| Box::pin(list(call)),
    ),
    Route::new(
        Method::POST,
        "/tenants/{tenant}/links",
        "createLink",
        Some(Scope::Keys),
        |call| Box::pin(create(call)),
    ),
    Route::new(
        Method::DELETE,
        "/tenants/{tenant}/links/{link}",
        "revokeLink",
        Some(Scope::Keys),
        |call| Box::pin(revoke(call)),
    ),
];

/// The life of a link, in seconds: what is taken when nothing is said, the least and the most.
const USUAL: i64 = 24 * 3_600;
const SHORTEST: i64 = 5 * 60;
const LONGEST: i64 = 30 * 24 * 3_600;

/// What is asked of a new link.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    expires_in_seconds: Option<i64>,
}

async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = there(call).await?;
    let links = links(call, &tenant).list().await?;
    let now = call.admin.service.now();
    let items: Vec<Value> = links.iter().map(|link| shown(link, now)).collect();
    Ok(Answer::Shown(json!({ "items": items })))
}

async fn create(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = there(call).await?;
    let wanted: Wanted = call.body_or_default()?;
    let life = wanted.expires_in_seconds.unwrap_or(USUAL);
    if !(SHORTEST..=LONGEST).contains(&life) {
        let detail =
            format!("a link can live from {SHORTEST} seconds to {LONGEST}, which is 30 days");
        return Err(Problem::invalid("/expiresInSeconds", detail));
    }
    let (links, now) = (links(call, &tenant), call.admin.service.now());
    let open = links.list().await?;
    if open
        .iter()
        .filter(|link| link.state(now) == State::Open)
        .count()
        >= MOST_OPEN
    {
        return Err(Problem::new(
            ErrorKind::Conflict,
            format!(
                "the tenant has {MOST_OPEN} links that are open; revoke those that nobody needs"
            ),
        ));
    }
    let link = Link {
        id: call.ids.key(),
        key: call.caller.key.name().to_owned(),
        created: to_millis(now),
        ends: now + SignedDuration::from_secs(life),
        used: None,
        revoked: None,
    };
    let secret = LinkSecret::new(call.ids.bytes());
    let write = call.ids.write();
    if !links.put(&link, &secret, &write).await? {
        return Err(no_tenant(tenant.as_str()));
    }
    tracing::info!(tenant.id = %tenant, link.id = %link.id, "setup link made");
    let base = format!("{}/console", call.site);
    let url = crate::pages::link_address(&base, &tenant, link.id, &secret);
    let mut body = shown(&link, now);
    if let Some(members) = body.as_object_mut() {
        members.insert("url".to_owned(), Value::String(url));
    }
    let location = format!("{}/admin/v1/tenants/{tenant}/links", call.site);
    Ok(Answer::Created(location, body))
}

async fn revoke(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = there(call).await?;
    let name = call.variable("link");
    let no_link = || {
        Problem::new(
            ErrorKind::NotFound,
            format!("there is no link {}", quote(name)),
        )
    };
    let id = KeyId::parse(name).ok_or_else(no_link)?;
    let links = links(call, &tenant);
    let now = call.admin.service.now();
    if links.revoke(id, now, &call.ids.write()).await? {
        tracing::info!(tenant.id = %tenant, link.id = %id, "setup link revoked");
        return Ok(Answer::Done);
    }
    // One that is not open any more is as good as revoked.
    let is_there = links.list().await?.iter().any(|link| link.id == id);
    is_there.then_some(Answer::Done).ok_or_else(no_link)
}

/// The tenant of the path, which there is and which is not being deleted.
async fn there(call: &Call<'_>) -> Result<TenantId, Problem> {
    let (tenant, tenants) = (call.tenant()?, call.admin.service.tenants());
    match tenants.read(&tenant, call.meter).await? {
        Some(found) if found.status != Status::Closing => Ok(tenant),
        _ => Err(no_tenant(tenant.as_str())),
    }
}

fn links<'c>(call: &'c Call<'_>, tenant: &'c TenantId) -> Links<'c> {
    Links {
        store: call.admin.service.store(),
        tenant,
        meter: call.meter,
    }
}

/// A link in JSON.
fn shown(link: &Link, now: Timestamp) -> Value {
    let state = match link.state(now) {
        State::Open => "open",
        State::Used(_) => "used",
        State::Revoked(_) => "revoked",
        State::Ended(_) => "expired",
    };
    let mut body = json!({
        "id": link.id.as_str(),
        "state": state,
        "created": link.created.to_string(),
        "createdBy": link.key,
        "expires": link.ends.to_string(),
    });
    let ends = [("used", link.used), ("revoked", link.revoked)];
    if let Some(members) = body.as_object_mut() {
        for (name, at) in ends {
            if let Some(at) = at {
                members.insert(name.to_owned(), Value::String(at.to_string()));
            }
        }
    }
    body
}
