//! What the product's own log lines may contain.

use super::must_see;
use super::source::{Source, closing};

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
