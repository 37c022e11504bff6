//! The frame of a tenant's pages: its name and state, and the tabs.

use maud::{Markup, html};

use super::components;
use super::context::PageContext;
use super::text;
use crate::operations::tenants::{self, TenantDetail};
use crate::problem::Problem;

/// The vendor's pages of a tenant.
const TABS: [(&str, &str); 8] = [
    ("", "Overview"),
    ("keys", "Tokens"),
    ("links", "Setup links"),
    ("requests", "Failures"),
    ("users", "Users"),
    ("groups", "Groups"),
    ("activity", "Activity"),
    ("settings", "Settings"),
];

/// The tenant in the path.
pub(super) async fn read(context: &PageContext<'_>) -> Result<TenantDetail, Problem> {
    tenants::read(&context.work()?, &context.tenant()?).await
}

/// The head of a tenant's pages; `here` is the current tab.
pub(super) fn head(context: &PageContext<'_>, tenant: &TenantDetail, here: &str) -> Markup {
    let (home, tenant) = (context.home(), &tenant.tenant);
    html! {
        div.head {
            @if context.is_customer() {
                @if !here.is_empty() { p.back { a href=(home) { "← Setup page" } } }
                div.name {
                    h1 { "Provisioning for " (text::isolated(tenant.called())) }
                    (components::status(tenant.status))
                }
            } @else {
                p.back { a href={ (context.request.base) "/tenants" } { "← All tenants" } }
                div.name {
                    h1 { (text::isolated(tenant.called())) }
                    code { (tenant.id) }
                    (components::status(tenant.status))
                }
                nav.tabs aria-label="Tenant" {
                    @for (path, label) in TABS {
                        a href={ (home) @if !path.is_empty() { "/" (path) } }
                            aria-current=[(path == here).then_some("page")] { (label) }
                    }
                }
            }
        }
    }
}

pub(super) fn page(
    context: &PageContext<'_>,
    tenant: &TenantDetail,
    title: &str,
    main: &Markup,
) -> Markup {
    let title = format!("{title} · {}", tenant.tenant.called());
    context.frame().page(&title, main)
}
