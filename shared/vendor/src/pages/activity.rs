//! A tenant's activity: what administrators did here, with the admin API and with setup links.

use super::components;
use super::context::{PageContext, query_string};
use super::page::{Page, Who};
use super::reply::Reply;
use super::text;
use super::{tenant_frame, words};
use crate::limits::{LATEST, LISTED};
use crate::operations::activity::{self, ActivityView};
use crate::problem::Problem;
use maud::{Markup, html};
use serde::Deserialize;

pub(super) static PAGES: &[Page] = &[Page::get(
    "/activity",
    "console.activity",
    Who::Either,
    |context| Box::pin(show(context)),
)];

/// The latest activity, for the setup page.
pub(super) async fn latest(context: &PageContext<'_>) -> Result<Markup, Problem> {
    let found = activity::list(&context.work()?, &context.tenant()?, (None, LATEST)).await?;
    let entries = found.items;
    let home = context.home();
    Ok(html! {
        @if !entries.is_empty() {
            section.card {
                header {
                    h2 { "Latest activity" }
                    div.actions { a.button.small-button href={ (home) "/activity" } { "See all activity" } }
                }
                (table(context, &entries))
            }
        }
    })
}

/// The entry after which the page starts.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ActivityParameters {
    cursor: String,
}

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let ActivityParameters { cursor } = context.parameters();
    let after = Some(cursor.as_str()).filter(|cursor| !cursor.is_empty());
    let page = (after, usize::from(LISTED));
    let found = activity::list(&context.work()?, &context.tenant()?, page).await?;
    let (entries, next) = (found.items, found.next.unwrap_or_default());
    let main = html! {
        (tenant_frame::head(context, &tenant, "activity"))
        section.card {
            header {
                h2 { "Activity" }
                p { "Changes by administrators and exports of personal data." }
            }
            @if entries.is_empty() && next.is_empty() {
                (components::empty("No activity yet", &html! { "Entries are kept as long as failures." }))
            } @else { (table(context, &entries)) }
            @if !next.is_empty() {
                p.more { a.button href={ (context.home()) "/activity" (query_string([("cursor", next.as_str())])) } { "Older entries" } }
            }
        }
    };
    Ok(Reply::page(tenant_frame::page(
        context, &tenant, "Activity", &main,
    )))
}

fn table(context: &PageContext<'_>, entries: &[ActivityView]) -> Markup {
    let rows = html! {
        @for entry in entries {
            tr role="row" {
                td role="cell" data-label="When" { (context.ago(entry.at.0)) }
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
                            Some(purpose) => { (text::isolated(purpose)) span.small { (by) } }
                            None => { (by) }
                        }
                    }
                }
            }
        }
    };
    components::table("Activity", &["When", "What", "By"], &rows)
}
