//! A tenant's activity: what administrators did here, with the admin API and with setup links.

use super::desk::{Desk, query_string};
use super::page::{Page, Who};
use super::parts;
use super::reply::Reply;
use super::text;
use super::{tenant_frame, words};
use crate::operations::activity::{self, ActView};
use crate::problem::Problem;
use maud::{Markup, html};

pub(super) static PAGES: &[Page] = &[Page::get(
    "/activity",
    "console.activity",
    Who::Either,
    |desk| Box::pin(show(desk)),
)];

/// The number of entries on this page, and on the setup page.
const PAGE: usize = 25;
const LATEST: usize = 5;

/// The latest activity, for the setup page.
pub(super) async fn latest(desk: &Desk<'_>) -> Result<Markup, Problem> {
    let found = activity::list(&desk.work()?, &desk.tenant()?, (None, LATEST)).await?;
    let entries = found.items;
    let home = desk.home();
    Ok(html! {
        @if !entries.is_empty() {
            section.card {
                header {
                    h2 { "Latest activity" }
                    div.actions { a.button.small-button href={ (home) "/activity" } { "See all activity" } }
                }
                (table(desk, &entries))
            }
        }
    })
}

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let page = (desk.visit.query.get("cursor"), PAGE);
    let found = activity::list(&desk.work()?, &desk.tenant()?, page).await?;
    let (entries, next) = (found.items, found.next.unwrap_or_default());
    let content = html! {
        (tenant_frame::head(desk, &tenant, "activity"))
        section.card {
            header {
                h2 { "Activity" }
                p { "Changes by administrators and exports of personal data." }
            }
            @if entries.is_empty() && next.is_empty() {
                (parts::empty("No activity yet", &html! { "Entries are kept as long as failures." }))
            } @else { (table(desk, &entries)) }
            @if !next.is_empty() {
                p.more { a.button href={ (desk.home()) "/activity" (query_string([("cursor", next.as_str())])) } { "Older entries" } }
            }
        }
    };
    Ok(Reply::page(tenant_frame::page(
        desk, &tenant, "Activity", &content,
    )))
}

fn table(desk: &Desk<'_>, entries: &[ActView]) -> Markup {
    let rows = html! {
        @for entry in entries {
            tr role="row" {
                td role="cell" data-label="When" { (desk.ago(entry.at.0)) }
                td.what role="cell" data-label="What" {
                    div {
                        (words::capital(&entry.did))
                        @if let Some(about) = &entry.about { span.small { (about) } }
                    }
                }
                td.whom role="cell" data-label="By" {
                    div {
                        @let by = entry.by.as_deref().unwrap_or_default();
                        @match &entry.purpose {
                            Some(purpose) => { (text::given(purpose)) span.small { (by) } }
                            None => { (by) }
                        }
                    }
                }
            }
        }
    };
    parts::table("Activity", &["When", "What", "By"], &rows)
}
