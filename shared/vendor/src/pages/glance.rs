//! The figures on a tenant's pages: numbers of users and groups, the last request, recent failures. A figure that
//! cannot be read is shown as a dash, so that the page still works.

use directory::tenants::Status;
use keyring::TenantId;
use maud::{Markup, html};

use super::desk::Desk;
use super::words;
use crate::operations::keys::KeyView;
use crate::operations::people::{Kind, ListSearch, Listed, UserView};
use crate::operations::tenants::TenantView;
use crate::operations::{keys, people, requests};
use crate::problem::Problem;

/// The figures of the page's tenant.
pub(super) async fn figures(desk: &Desk<'_>, keys: &[KeyView]) -> Markup {
    let tenant = desk.variable("tenant");
    let (users, groups, failures) = tokio::join!(
        count(desk, tenant, Kind::Users),
        count(desk, tenant, Kind::Groups),
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

/// The figures of a tenant in the list of tenants.
pub(super) struct Row {
    pub(super) users: Markup,
    pub(super) activity: Markup,
    pub(super) failures: Markup,
}

pub(super) async fn row(desk: &Desk<'_>, tenant: &TenantView) -> Row {
    let id = tenant.id.as_str();
    if tenant.status == Status::Closing {
        let none = unknown();
        return Row {
            users: none.clone(),
            activity: none.clone(),
            failures: none,
        };
    }
    let (users, keys, failures) = tokio::join!(
        count(desk, id, Kind::Users),
        keys_of(desk, id),
        failures(desk, id)
    );
    let keys = keys.map(|keys| activity(desk, &keys));
    Row {
        users,
        activity: keys.unwrap_or_else(|_| unknown()),
        failures,
    }
}

async fn keys_of(desk: &Desk<'_>, tenant: &str) -> Result<Vec<KeyView>, Problem> {
    let keys = keys::list(&desk.work()?, &id(tenant)?).await?;
    Ok(keys.items)
}

fn id(tenant: &str) -> Result<TenantId, Problem> {
    TenantId::parse(tenant).ok_or_else(|| crate::operations::no_tenant(tenant))
}

async fn count(desk: &Desk<'_>, tenant: &str, kind: Kind) -> Markup {
    match counted(desk, tenant, kind).await {
        Ok(total) => html! { (words::grouped(total)) },
        Err(_) => unknown(),
    }
}

async fn counted(desk: &Desk<'_>, tenant: &str, kind: Kind) -> Result<i64, Problem> {
    let asked = (kind, ListSearch::count());
    let list = people::list(&desk.work()?, &id(tenant)?, asked).await?;
    Ok(list.read::<Listed<UserView>>()?.total)
}

/// When a key of the tenant was last used, to the hour.
fn activity(desk: &Desk<'_>, keys: &[KeyView]) -> Markup {
    match keys.iter().filter_map(|key| key.last_used).max() {
        None => html! { span.soft { "No request yet" } },
        Some(instant) => desk.ago(instant.0),
    }
}

async fn failures(desk: &Desk<'_>, tenant: &str) -> Markup {
    let glance = async { requests::failures(&desk.work()?, &id(tenant)?).await };
    match glance.await {
        Ok(glance) => {
            let day = i64::try_from(glance.day).unwrap_or(i64::MAX);
            html! { (words::grouped(day)) @if glance.is_more { "+" } }
        }
        Err(_) => unknown(),
    }
}

fn unknown() -> Markup {
    html! { span.soft { "–" span.unseen { "unknown" } } }
}

/// Whether the tenant has keys but none was ever used.
pub(super) fn is_waiting(keys: &[KeyView]) -> bool {
    !keys.is_empty() && keys.iter().all(|key| key.last_used.is_none())
}
