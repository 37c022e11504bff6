//! What administrators did to a tenant, here, by the admin API and with setup links.

use maud::{Markup, html};
use serde_json::Value;

use super::desk::{Desk, query_string};
use super::parts::{self, items, text};
use super::reply::Reply;
use super::routes::{Page, Who};
use super::{tenant, words};
use crate::api::Problem;

pub(super) static PAGES: &[Page] = &[Page::get(
    "/activity",
    "console.activity",
    Who::Either,
    |desk| Box::pin(show(desk)),
)];

/// How many entries are on a page.
const PAGE: &str = "25";

async fn list(desk: &Desk<'_>, cursor: &str, count: &str) -> Result<Value, Problem> {
    let path = ["tenants", desk.variable("tenant"), "activity"];
    desk.query(&path, &[("cursor", cursor), ("count", count)])
        .await
}

/// What was done last, for the setup page.
pub(super) async fn latest(desk: &Desk<'_>) -> Result<Markup, Problem> {
    let found = list(desk, "", "5").await?;
    let entries = items(&found, "items");
    let home = desk.home();
    Ok(html! {
        @if !entries.is_empty() {
            section.card {
                header {
                    h2 { "Latest changes" }
                    div.actions { a.button.small-button href={ (home) "/activity" } { "See all changes" } }
                }
                (table(desk, entries))
            }
        }
    })
}

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant::read(desk).await?;
    let cursor = desk.visit.query.get("cursor").unwrap_or_default();
    let found = list(desk, cursor, PAGE).await?;
    let (entries, next) = (items(&found, "items"), text(&found, "next"));
    let content = html! {
        (tenant::head(desk, &tenant, "activity"))
        section.card {
            header {
                h2 { "Changes" }
                p { "What administrators did to this connection: its switch, keys, setup links and settings, and whose data they took out." }
            }
            @if entries.is_empty() && next.is_empty() {
                (parts::empty("Nothing was changed", &html! { "Entries expire with those of the failures." }))
            } @else { (table(desk, entries)) }
            @if !next.is_empty() {
                p.more { a.button href={ (desk.home()) "/activity" (query_string([("cursor", next)])) } { "Older changes" } }
            }
        }
    };
    Ok(Reply::page(tenant::page(
        desk, &tenant, "Changes", &content,
    )))
}

fn table(desk: &Desk<'_>, entries: &[Value]) -> Markup {
    let rows = html! {
        @for entry in entries {
            tr role="row" {
                td role="cell" data-label="When" { (desk.ago(text(entry, "at"))) }
                td.what role="cell" data-label="What" {
                    div {
                        (words::capital(text(entry, "did")))
                        @if !text(entry, "about").is_empty() { span.small { (text(entry, "about")) } }
                    }
                }
                td.whom role="cell" data-label="By" {
                    div {
                        @if text(entry, "purpose").is_empty() { (text(entry, "by")) }
                        @else { (parts::given(text(entry, "purpose"))) span.small { (text(entry, "by")) } }
                    }
                }
            }
        }
    };
    parts::table("Changes", &["When", "What", "By"], &rows)
}
