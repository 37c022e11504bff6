//! The failure log: rejected and failed requests, their reasons, and what to do.

use maud::{Markup, html};
use serde::Deserialize;

use super::components::{self, Field};
use super::context::{PageContext, query_string};
use super::form::FormField;
use super::page::{Page, Who};
use super::reply::Reply;
use super::tenant_frame;
use super::text;
use super::words::capital;
use crate::actor::Operation;
use crate::api::logs::requests_file;
use crate::limits::{LATEST, LISTED};
use crate::operations::failures::{self, FailureSearch, FailureView};
use crate::operations::page::ItemPage;
use crate::problem::Problem;
use service::failures::in_words;

pub(super) static PAGES: &[Page] = &[
    Page::get("/requests", "console.requests", Who::Either, |context| {
        Box::pin(show(context))
    }),
    Page::get(
        "/requests.csv",
        "console.downloadRequests",
        Who::Either,
        |context| Box::pin(download(context)),
    ),
];

/// The search, and the entry after which the page starts.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FailureParameters {
    user: String,
    operation: String,
    outcome: String,
    cursor: String,
}

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
pub(super) async fn latest(context: &PageContext<'_>) -> Result<Markup, Problem> {
    let asked = (&FailureSearch::all(), None, LATEST);
    let found = failures::list(&context.work()?, &context.tenant()?, asked).await?;
    let entries = found.items;
    let home = context.home();
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
                (components::empty("No failures", &html! {
                    "If a user or group cannot be provisioned, it appears here with the reason and what to do."
                }))
            } @else { (table(context, &entries)) }
        }
    })
}

async fn show(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let tenant = tenant_frame::read(context).await?;
    let found = found(context).await;
    let problem = found.as_ref().err();
    let main = html! {
        (tenant_frame::head(context, &tenant, "requests"))
        section.card {
            header {
                h2 { "Failures" }
                div.actions {
                    a.button.small-button href={ (context.home()) "/requests.csv" (search_query(context, "")) } { "Download CSV" }
                }
                p { "Rejected and failed requests. Repeats are grouped." }
            }
            (search(context))
            (components::wrong(problem))
            @if let Ok(found) = &found { (results(context, found)) }
        }
    };
    let page = tenant_frame::page(context, &tenant, "Failures", &main);
    Ok(match problem {
        Some(problem) => Reply::rejected(page, problem),
        None => Reply::page(page),
    })
}

async fn found(context: &PageContext<'_>) -> Result<ItemPage<FailureView>, Problem> {
    let search = FailureSearch::read(&context.request.query)?;
    let FailureParameters { cursor, .. } = context.parameters();
    let after = Some(cursor.as_str()).filter(|cursor| !cursor.is_empty());
    let asked = (&search, after, usize::from(LISTED));
    failures::list(&context.work()?, &context.tenant()?, asked).await
}

fn search(context: &PageContext<'_>) -> Markup {
    let given: FailureParameters = context.parameters();
    let user = Field {
        name: FormField::User,
        label: "User or group",
        help: "",
        value: &given.user,
        kind: "search",
        required: false,
    };
    let operations = OPERATIONS.map(|name| (name, operation(name)));
    let known = operations
        .iter()
        .map(|(name, words)| (*name, words.as_str()));
    let choices: Vec<(&str, &str)> = [("", "All")].into_iter().chain(known).collect();
    html! {
        form.search role="search" method="get" action={ (context.home()) "/requests" } {
            (user.show())
            div.short { (components::choice(FormField::Operation, "Operation", &choices, &given.operation)) }
            div.short { (components::choice(FormField::Outcome, "Outcome", &OUTCOMES, &given.outcome)) }
            button { "Search" }
        }
    }
}

fn results(context: &PageContext<'_>, found: &ItemPage<FailureView>) -> Markup {
    let (entries, next) = (&found.items, found.next.as_deref().unwrap_or_default());
    html! {
        @if entries.is_empty() && next.is_empty() {
            (components::empty("No failures found", &html! { "No failure matches the search." }))
        } @else { (table(context, entries)) }
        @if !next.is_empty() {
            p.more { a.button href={ (context.home()) "/requests" (search_query(context, next)) } { "Older entries" } }
        }
    }
}

/// The current search as a query string, continued after `cursor`.
fn search_query(context: &PageContext<'_>, cursor: &str) -> String {
    let given: FailureParameters = context.parameters();
    query_string([
        ("user", given.user.as_str()),
        ("operation", given.operation.as_str()),
        ("outcome", given.outcome.as_str()),
        ("cursor", cursor),
    ])
}

fn table(context: &PageContext<'_>, entries: &[FailureView]) -> Markup {
    let rows = html! {
        @for entry in entries {
            tr role="row" {
                td role="cell" data-label="When" {
                    div {
                        (context.ago(entry.last.0))
                        @if entry.count > 1 { span.small { (entry.count) " times" } }
                    }
                }
                td.what role="cell" data-label="What" {
                    div { (operation(&entry.operation)) (outcome(entry)) }
                }
                td.whom role="cell" data-label="Who" { div { (who(entry)) } }
                td role="cell" data-label="Why" {
                    div {
                        span.reason { (text::sentence_markup(&entry.reason)) }
                        span.advice { (entry.advice) }
                    }
                }
            }
        }
    };
    components::table(
        "Failures",
        &["When", "What", "Who", "Reason and what to do"],
        &rows,
    )
}

fn outcome(entry: &FailureView) -> Markup {
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

fn who(entry: &FailureView) -> Markup {
    html! {
        @if entry.name.is_none() && entry.resource.is_none() { span.soft { "–" } }
        @if let Some(name) = &entry.name { (text::isolated(name)) }
        @if let Some(id) = &entry.resource { span.small { (id) } }
    }
}

async fn download(context: &PageContext<'_>) -> Result<Reply, Problem> {
    let (tenant, search) = (
        &context.tenant()?,
        &FailureSearch::read(&context.request.query)?,
    );
    let file = |work| async move { failures::download(&work, tenant, search).await };
    let text = context.perform(Operation::DownloadRequests, file).await?;
    Ok(Reply::api(requests_file(tenant, text)))
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
    fn each_operation_has_its_own_words() {
        let mut words: Vec<String> = OPERATIONS.map(operation).to_vec();
        assert!(!words.iter().any(|words| words.starts_with("Unknown")));
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), OPERATIONS.len());
    }
}
