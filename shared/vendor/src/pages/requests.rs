//! The failure log: rejected and failed requests, their reasons, and what to do.

use maud::{Markup, html};

use super::desk::Desk;
use super::page::{Page, Who};
use super::parts::{self, Field};
use super::reply::Reply;
use super::tenant_frame;
use super::text;
use super::words::capital;
use crate::actor::Operation;
use crate::api::requests::requests_file;
use crate::operations::page::Page as Entries;
use crate::operations::requests::{self, RequestSearch, RequestView};
use crate::problem::Problem;
use service::failures::in_words;

pub(super) static PAGES: &[Page] = &[
    Page::get("/requests", "console.requests", Who::Either, |desk| {
        Box::pin(show(desk))
    }),
    Page::get(
        "/requests.csv",
        "console.downloadRequests",
        Who::Either,
        |desk| Box::pin(download(desk)),
    ),
];

/// The number of entries on this page.
const PAGE: usize = 25;
/// The number of entries on a tenant's overview.
const LATEST: usize = 5;
/// The parameters of the search.
const SEARCH: [&str; 3] = ["user", "operation", "outcome"];

const OUTCOMES: [(&str, &str); 6] = [
    ("", "All"),
    ("refused", "Rejected"),
    ("token", "No valid token"),
    ("rate", "Rate limit"),
    ("failed", "Failed on our side"),
    ("noted", "Succeeded with a warning"),
];
const OPERATIONS: [&str; 9] = [
    "users.create",
    "users.replace",
    "users.modify",
    "users.delete",
    "groups.create",
    "groups.replace",
    "groups.modify",
    "groups.delete",
    "bulk",
];

/// An operation in words; with its method where two operations have the same words.
fn operation(name: &str) -> String {
    let words = capital(in_words(name));
    match name.rsplit_once('.') {
        Some((_, "replace")) => format!("{words} (PUT)"),
        Some((_, "modify")) => format!("{words} (PATCH)"),
        _ => words,
    }
}

/// The latest failures, for a tenant's overview.
pub(super) async fn latest(desk: &Desk<'_>) -> Result<Markup, Problem> {
    let asked = (&RequestSearch::all(), None, LATEST);
    let found = requests::list(&desk.work()?, &desk.tenant()?, asked).await?;
    let entries = found.items;
    let home = desk.home();
    Ok(html! {
        section.card {
            header {
                h2 { "Latest failures" }
                @if !entries.is_empty() {
                    div.actions {
                        a.button.small-button href={ (home) "/requests" } { "See all failures" }
                        a.button.small-button href={ (home) "/requests.csv" } { "Download CSV" }
                    }
                }
            }
            @if entries.is_empty() {
                (parts::empty("No failures", &html! {
                    "If a user or group cannot be provisioned, it appears here with the reason and what to do."
                }))
            } @else { (table(desk, &entries)) }
        }
    })
}

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(desk).await?;
    let found = found(desk).await;
    let problem = found.as_ref().err();
    let content = html! {
        (tenant_frame::head(desk, &tenant, "requests"))
        section.card {
            header {
                h2 { "Failures" }
                div.actions {
                    a.button.small-button href={ (desk.home()) "/requests.csv" (search_query(desk, "")) } { "Download CSV" }
                }
                p { "Rejected and failed requests. Repeats are grouped." }
            }
            (search(desk))
            (parts::wrong(problem))
            @if let Ok(found) = &found { (results(desk, found)) }
        }
    };
    let page = tenant_frame::page(desk, &tenant, "Failures", &content);
    Ok(match problem {
        Some(problem) => Reply::refused(page, problem),
        None => Reply::page(page),
    })
}

async fn found(desk: &Desk<'_>) -> Result<Entries<RequestView>, Problem> {
    let query = &desk.visit.query;
    let search = RequestSearch::read(query)?;
    let asked = (&search, query.get("cursor"), PAGE);
    requests::list(&desk.work()?, &desk.tenant()?, asked).await
}

fn search(desk: &Desk<'_>) -> Markup {
    let given = |name| desk.visit.query.get(name).unwrap_or_default();
    let user = Field {
        name: "user",
        label: "User or group",
        help: "",
        value: given("user"),
        kind: "search",
        required: false,
    };
    let operations = OPERATIONS.map(|name| (name, operation(name)));
    let known = operations
        .iter()
        .map(|(name, words)| (*name, words.as_str()));
    let choices: Vec<(&str, &str)> = [("", "All")].into_iter().chain(known).collect();
    html! {
        form.search role="search" method="get" action={ (desk.home()) "/requests" } {
            (user.show())
            div.short { (parts::choice("operation", "Operation", &choices, given("operation"))) }
            div.short { (parts::choice("outcome", "Outcome", &OUTCOMES, given("outcome"))) }
            button { "Search" }
        }
    }
}

fn results(desk: &Desk<'_>, found: &Entries<RequestView>) -> Markup {
    let (entries, next) = (&found.items, found.next.as_deref().unwrap_or_default());
    html! {
        @if entries.is_empty() && next.is_empty() {
            (parts::empty("No failures found", &html! { "No failure matches the search." }))
        } @else { (table(desk, entries)) }
        @if !next.is_empty() {
            p.more { a.button href={ (desk.home()) "/requests" (search_query(desk, next)) } { "Older entries" } }
        }
    }
}

/// The current search as a query string, continued after `cursor`.
fn search_query(desk: &Desk<'_>, cursor: &str) -> String {
    let given = SEARCH.map(|name| (name, desk.visit.query.get(name).unwrap_or_default()));
    super::desk::query_string(given.into_iter().chain([("cursor", cursor)]))
}

fn table(desk: &Desk<'_>, entries: &[RequestView]) -> Markup {
    let rows = html! {
        @for entry in entries {
            tr role="row" {
                td role="cell" data-label="When" {
                    div {
                        (desk.ago(entry.last.0))
                        @if entry.count > 1 { span.small { (entry.count) " times" } }
                    }
                }
                td.what role="cell" data-label="What" {
                    div { (operation(&entry.operation)) (outcome(entry)) }
                }
                td.whom role="cell" data-label="Who" { div { (who(entry)) } }
                td role="cell" data-label="Why" {
                    div {
                        span.reason { (text::told(&entry.reason)) }
                        span.advice { (entry.advice) }
                    }
                }
            }
        }
    };
    parts::table(
        "Failures",
        &["When", "What", "Who", "Reason and what to do"],
        &rows,
    )
}

fn outcome(entry: &RequestView) -> Markup {
    let outcome = entry.outcome.name();
    let words = OUTCOMES.iter().find(|(name, _)| *name == outcome);
    let words = words.map_or(outcome, |(_, words)| words);
    html! {
        span.small {
            (words)
            @if entry.status > 0 { ", " (entry.status) }
        }
    }
}

fn who(entry: &RequestView) -> Markup {
    html! {
        @if entry.name.is_none() && entry.resource.is_none() { span.soft { "–" } }
        @if let Some(name) = &entry.name { (text::given(name)) }
        @if let Some(id) = &entry.resource { span.small { (id) } }
    }
}

async fn download(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let (tenant, search) = (&desk.tenant()?, &RequestSearch::read(&desk.visit.query)?);
    let file = |work| async move { requests::download(&work, tenant, search).await };
    let content = desk.act(Operation::DownloadRequests, file).await?;
    Ok(Reply::answer(requests_file(tenant, content)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use scim_core::error::cause::RequestOutcome;

    #[test]
    fn every_outcome_can_be_searched_for() {
        let searched: Vec<&str> = OUTCOMES.iter().skip(1).map(|(name, _)| *name).collect();
        assert_eq!(searched, RequestOutcome::ALL.map(RequestOutcome::name));
    }

    #[test]
    fn operations_have_words_and_no_two_the_same() {
        let mut words: Vec<String> = OPERATIONS.map(operation).to_vec();
        assert!(!words.iter().any(|words| words.starts_with("Unknown")));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), OPERATIONS.len());
    }
}
