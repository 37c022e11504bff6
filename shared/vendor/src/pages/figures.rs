//! The figures on a tenant's pages: numbers of users and groups, the last request, recent failures. A figure that
//! cannot be read is shown as a dash, so that the page still works.

use directory::tenants::Status;
use keyring::TenantId;
use maud::{Markup, html};

use super::context::PageContext;
use super::words;
use crate::operations::keys::KeyView;
use crate::operations::people::{ListBody, ListKind, ListSearch, UserView};
use crate::operations::tenants::TenantView;
use crate::operations::{failures, keys, people};
use crate::problem::Problem;

/// The figures of the page's tenant.
pub(super) async fn figures(context: &PageContext<'_>, keys: &[KeyView]) -> Markup {
    let tenant = context.variable("tenant");
    let (users, groups, failures) = tokio::join!(
        count(context, tenant, ListKind::Users),
        count(context, tenant, ListKind::Groups),
        failures(context, tenant)
    );
    html! {
        dl.figures {
            div { dt { "Users" } dd { (users) } }
            div { dt { "Groups" } dd { (groups) } }
            div { dt { "Last request" } dd.words { (activity(context, keys)) } }
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

pub(super) async fn row(context: &PageContext<'_>, tenant: &TenantView) -> Row {
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
        count(context, id, ListKind::Users),
        keys_of(context, id),
        failures(context, id)
    );
    let keys = keys.map(|keys| activity(context, &keys));
    Row {
        users,
        activity: keys.unwrap_or_else(|_| unknown()),
        failures,
    }
}

async fn keys_of(context: &PageContext<'_>, tenant: &str) -> Result<Vec<KeyView>, Problem> {
    let keys = keys::list(&context.work()?, &id(tenant)?).await?;
    Ok(keys.items)
}

fn id(tenant: &str) -> Result<TenantId, Problem> {
    TenantId::parse(tenant).ok_or_else(|| crate::operations::no_tenant(tenant))
}

async fn count(context: &PageContext<'_>, tenant: &str, kind: ListKind) -> Markup {
    match counted(context, tenant, kind).await {
        Ok(total) => html! { (words::grouped(total)) },
        Err(_) => unknown(),
    }
}

async fn counted(context: &PageContext<'_>, tenant: &str, kind: ListKind) -> Result<i64, Problem> {
    let asked = (kind, ListSearch::count());
    let list = people::list(&context.work()?, &id(tenant)?, asked).await?;
    Ok(list.read::<ListBody<UserView>>()?.total)
}

/// When a key of the tenant was last used, to the hour.
fn activity(context: &PageContext<'_>, keys: &[KeyView]) -> Markup {
    match keys.iter().filter_map(|key| key.last_used).max() {
        None => html! { span.soft { "No request yet" } },
        Some(instant) => context.ago(instant.0),
    }
}

async fn failures(context: &PageContext<'_>, tenant: &str) -> Markup {
    let summary = async { failures::summary(&context.work()?, &id(tenant)?).await };
    match summary.await {
        Ok(summary) => {
            let day = i64::try_from(summary.day).unwrap_or(i64::MAX);
            html! { (words::grouped(day)) @if summary.is_more { "+" } }
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
