//! What the product's own log lines may contain.

use std::collections::BTreeSet;

use super::documents::{rows, text};
use super::source::{Source, closing, products};
use super::{must_be_none, must_see};

/// The macros of `tracing` that log a line.
const LEVELS: [&str; 5] = ["error!", "warn!", "info!", "debug!", "trace!"];
/// The folders whose lines a page lists under this heading.
const PAGES: [(&str, &str, &str); 2] = [
    ("shared/", "infra/README.md", "## What the logs say"),
    (
        "infra/local/",
        "infra/local/README.md",
        "## What the log says",
    ),
];

/// The places and the messages of the log lines. Each call ends with its message.
fn messages(sources: &[Source]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for source in sources {
        for level in LEVELS {
            let call = format!("tracing::{level}(");
            for (at, _) in source.bare.match_indices(&call) {
                let open = at + call.len() - 1;
                let given = &source.code[open..closing(&source.bare, open)];
                let given = given.trim_end_matches(')').trim_end();
                let given = given.trim_end_matches(',');
                let message = given
                    .strip_suffix('"')
                    .and_then(|text| text.rsplit_once('"'));
                let message = message.map_or("", |(_, message)| message);
                found.push((source.place(at), message.to_owned()));
            }
        }
    }
    found
}

/// The names of the events that a folder logs.
pub(crate) fn log_events(sources: &[Source], folder: &str) -> BTreeSet<String> {
    let messages = messages(sources).into_iter();
    messages
        .filter(|(place, _)| place.starts_with(folder))
        .map(|(_, message)| message)
        .collect()
}

/// The log lines whose message is not the dotted name of an event.
fn other_messages(sources: &[Source]) -> Vec<String> {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let messages = messages(sources).into_iter();
    messages
        .filter(|(_, message)| !message.contains('.') || !message.split('.').all(is_word))
        .map(|(place, message)| format!("{place}: {message}"))
        .collect()
}

#[test]
fn a_log_line_has_the_dotted_name_of_an_event() {
    must_be_none(
        &other_messages(products()),
        "end the call with a name such as \"event.retry\", and give the rest as fields",
    );
}

#[test]
fn planted_messages_that_are_no_names_are_reported() {
    let at = "shared/service/src/a.rs";
    must_see(
        other_messages,
        &[
            (at, "fn a() { tracing::info!(\"sweep\"); }"),
            (at, "fn a() { tracing::warn!(%error, \"it failed.\"); }"),
            (at, "fn a() { tracing::error!(\"a.b: {reason}\"); }"),
            (at, "fn a() { tracing::info!(a.b = 1); }"),
        ],
        &[
            (
                at,
                "fn a() { tracing::info!(\n    a.b = f(1),\n    \"a.b_c\",\n); }",
            ),
            (at, "fn a() { tracing::info_span!(\"request\"); }"),
        ],
    );
}

/// Imports and macros that would hide a log line from these rules.
fn hidden(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for import in source.imports() {
            let [krate, rest @ ..] = import.path.as_slice() else {
                continue;
            };
            let macros = ["error", "warn", "info", "debug", "trace", "event", "*"];
            let is_hidden = match rest {
                [] => import.name != "tracing",
                [.., last] => macros.contains(&last.as_str()),
            };
            if krate == "tracing" && is_hidden {
                let path = import.path.join("::");
                found.push(format!("{}: use {path}", source.place(import.at)));
            }
        }
        let events = source.words("tracing::event!");
        found.extend(events.map(|at| format!("{}: tracing::event!", source.place(at))));
    }
    found
}

#[test]
fn a_log_line_is_written_with_the_whole_path_of_its_macro() {
    must_be_none(
        &hidden(products()),
        "write `tracing::warn!(…)`: the rules about log lines look for this",
    );
    let at = "shared/service/src/a.rs";
    must_see(
        hidden,
        &[
            (at, "use tracing::warn;\nfn a() { warn!(\"a.b\"); }"),
            (at, "use tracing::{Level, info as say};"),
            (at, "use tracing::*;"),
            (at, "use tracing as log;"),
            (at, "fn a() { tracing::event!(Level::INFO, \"a.b\"); }"),
        ],
        &[
            (at, "use tracing::Instrument;"),
            (at, "use tracing;\nuse tracing_subscriber::prelude::*;"),
            (at, "fn a() { tracing::warn!(\"a.b\"); }"),
        ],
    );
}

/// The events that only the code or only the page names.
fn different_events(logged: &BTreeSet<String>, page: &str, heading: &str) -> Vec<String> {
    let rows = rows(page, heading);
    let names = rows
        .iter()
        .flat_map(|row| row[0].split('`').skip(1).step_by(2));
    let told: BTreeSet<String> = names.map(str::to_owned).collect();
    logged.symmetric_difference(&told).cloned().collect()
}

#[test]
fn the_pages_list_every_event_of_the_logs() {
    for (folder, page, heading) in PAGES {
        let logged = log_events(products(), folder);
        assert!(logged.len() > 5, "{logged:?}");
        must_be_none(
            &different_events(&logged, &text(page), heading),
            &format!("correct the table in {page}"),
        );
    }
}

#[test]
fn planted_differences_of_events_are_reported() {
    let logged = BTreeSet::from(["a.b".to_owned(), "c.d".to_owned()]);
    let differences = |page: &str| different_events(&logged, page, "## Log");
    assert_eq!(differences("## Log\n| `a.b`, `c.d` | |\n"), [""; 0]);
    assert_eq!(differences("## Log\n| `a.b` | |\n"), ["c.d"]);
    assert_eq!(
        differences("## Log\n| `a.b` | |\n| `c.d` | |\n| `e.f` | |\n"),
        ["e.f"]
    );
}

/// Log calls that name a part of a request which may contain people's data.
pub(crate) fn logged_requests(sources: &[Source]) -> Vec<String> {
    const PARTS: [&str; 6] = ["uri", "query", "path", "headers", "body", "filter"];
    let mut found = Vec::new();
    for source in sources {
        for (at, _) in source.bare.match_indices("tracing::") {
            let Some(open) = source.bare[at..].find('(').map(|open| at + open) else {
                continue;
            };
            let said = &source.code[at..closing(&source.bare, open)];
            if PARTS.iter().any(|part| said.contains(part)) {
                found.push(format!("{}: {said}", source.place(at)));
            }
        }
    }
    found
}

#[test]
fn planted_logs_of_requests_are_reported() {
    let at = "shared/service/src/a.rs";
    must_see(
        logged_requests,
        &[
            (at, "fn a() { tracing::info!(%uri, \"request\"); }"),
            (at, "fn a() { tracing::warn!(\"the query {}\", text); }"),
            (at, "fn a() { tracing::error!(a = request.path(), \"b\"); }"),
            (at, "fn a() { tracing::debug!(?headers); }"),
            (
                at,
                "fn a() { tracing::info!(\n    body = text,\n    \"b\"\n); }",
            ),
            (at, "fn a() { tracing::info!(\"filter\"); }"),
        ],
        &[
            (
                at,
                "fn a() { tracing::info!(tenant.id = %tenant, \"request\"); }",
            ),
            (at, "fn a(path: &str) { let body = f(path); }"),
            (at, "// tracing::info!(path)\nfn a() {}"),
        ],
    );
}
