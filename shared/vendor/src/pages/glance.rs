//! What a tenant's pages say at a glance: how many users and groups, the last sign of a provider, what failed.
//! What cannot be counted at the moment is a dash, and no page fails for it.

use http::Method;
use keyring::TenantId;
use maud::{Markup, html};
use serde_json::Value;

use super::desk::Desk;
use super::parts::{items, number, text};
use super::words;

/// The figures of the tenant of a page.
pub(super) async fn figures(desk: &Desk<'_>, keys: &[Value]) -> Markup {
    let tenant = desk.variable("tenant");
    let (users, groups, failures) = tokio::join!(
        count(desk, tenant, "users"),
        count(desk, tenant, "groups"),
        failures(desk, tenant)
    );
    html! {
        dl.figures {
            div { dt { "Users" } dd { (users) } }
            div { dt { "Groups" } dd { (groups) } }
            div { dt { "Last request" } dd.words { (activity(desk, keys)) } }
            div { dt { "Failures, last 24 hours" } dd { (failures) } }
        }
    }
}

/// What the list of tenants says of one.
pub(super) struct Row {
    pub(super) users: Markup,
    pub(super) activity: Markup,
    pub(super) failures: Markup,
}

/// What the list of tenants says of one.
pub(super) async fn row(desk: &Desk<'_>, tenant: &Value) -> Row {
    let id = text(tenant, "id");
    if text(tenant, "status") == "closing" {
        let none = unknown();
        return Row {
            users: none.clone(),
            activity: none.clone(),
            failures: none,
        };
    }
    let path = ["tenants", id, "keys"];
    let (users, keys, failures) = tokio::join!(
        count(desk, id, "users"),
        desk.ask(Method::GET, &path),
        failures(desk, id)
    );
    let keys = keys.map(|keys| activity(desk, items(&keys, "items")));
    Row {
        users,
        activity: keys.unwrap_or_else(|_| unknown()),
        failures,
    }
}

async fn count(desk: &Desk<'_>, tenant: &str, what: &str) -> Markup {
    let path = ["tenants", tenant, what];
    match desk.query(&path, &[("count", "0")]).await {
        Ok(list) => html! { (words::grouped(number(&list, "totalResults"))) },
        Err(_) => unknown(),
    }
}

/// When a key of the tenant was last used, which is known to the hour.
fn activity(desk: &Desk<'_>, keys: &[Value]) -> Markup {
    let last = keys.iter().map(|key| text(key, "lastUsed")).max();
    match last.unwrap_or_default() {
        "" => html! { span.soft { "None yet" } },
        instant => desk.ago(instant),
    }
}

async fn failures(desk: &Desk<'_>, tenant: &str) -> Markup {
    let Some(tenant) = TenantId::parse(tenant) else {
        return unknown();
    };
    let visit = desk.visit;
    match visit.admin.failures(&tenant, 0, visit.meter).await {
        Ok(glance) => {
            let day = i64::try_from(glance.day).unwrap_or(i64::MAX);
            html! { (words::grouped(day)) @if glance.is_more { "+" } }
        }
        Err(_) => unknown(),
    }
}

fn unknown() -> Markup {
    html! { span.soft { "–" span.unseen { "not known" } } }
}

/// Whether a tenant has keys, of which none was ever used.
pub(super) fn is_waiting(keys: &[Value]) -> bool {
    !keys.is_empty() && keys.iter().all(|key| text(key, "lastUsed").is_empty())
}
