//! The frame of a tenant's pages: its name and state, and the tabs.

use maud::{Markup, html};

use super::desk::Desk;
use super::parts;
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
pub(super) async fn read(desk: &Desk<'_>) -> Result<TenantDetail, Problem> {
    tenants::read(&desk.work()?, &desk.tenant()?).await
}

/// The head of a tenant's pages; `here` is the current tab.
pub(super) fn head(desk: &Desk<'_>, tenant: &TenantDetail, here: &str) -> Markup {
    let (home, tenant) = (desk.home(), &tenant.tenant);
    html! {
        div.head {
            @if desk.is_customer() {
                @if !here.is_empty() { p.back { a href=(home) { "← Setup page" } } }
                div.name {
                    h1 { "Provisioning for " (text::given(tenant.called())) }
                    (parts::status(tenant.status))
                }
            } @else {
                p.back { a href={ (desk.visit.base) "/tenants" } { "← All tenants" } }
                div.name {
                    h1 { (text::given(tenant.called())) }
                    code { (tenant.id) }
                    (parts::status(tenant.status))
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
    desk: &Desk<'_>,
    tenant: &TenantDetail,
    title: &str,
    content: &Markup,
) -> Markup {
    let title = format!("{title} · {}", tenant.tenant.called());
    desk.frame().page(&title, content)
}
