//! No code reads an error's sentence: a reason is a value, so rewording it changes only the words.

use super::source::{self, Source};
use super::{must_be_none, must_see};

/// Calls that print a sentence.
const PRINTED: [&str; 4] = [
    "detail().to_string()",
    "error.to_string()",
    "without_values(",
    "unwrap_err().to_string()",
];
/// Calls that would read it.
const READS: [&str; 11] = [
    ".contains(",
    ".starts_with(",
    ".ends_with(",
    ".strip_prefix(",
    ".strip_suffix(",
    ".find(",
    ".split",
    ".matches(",
    ".replace(",
    "==",
    "!=",
];

/// Places in code without strings and comments that read a printed sentence.
fn readings(bare: &str) -> Vec<usize> {
    let reads = |at: usize, printed: &str| {
        let rest = &bare[at + printed.len()..];
        let closed = match printed.ends_with('(') {
            true => rest.find(')').map_or("", |end| &rest[end + 1..]),
            false => rest,
        };
        let next = closed
            .trim_start()
            .trim_start_matches(".as_str()")
            .trim_start();
        READS.iter().any(|read| next.starts_with(read))
    };
    let mut found: Vec<usize> = PRINTED
        .iter()
        .flat_map(|printed| bare.match_indices(printed))
        .filter(|(at, printed)| reads(*at, printed))
        .map(|(at, _)| at)
        .collect();
    found.sort_unstable();
    found
}

fn sentences(sources: &[Source]) -> Vec<String> {
    let places = |source: &Source| {
        let places = readings(&source.bare).into_iter();
        places.map(|at| source.place(at)).collect::<Vec<_>>()
    };
    sources.iter().flat_map(places).collect()
}

#[test]
fn no_code_reads_the_sentence_of_an_error() {
    must_be_none(
        &sentences(source::products()),
        "compare its reason, ScimError::reason(), or its kind: sentences are for people",
    );
}

#[test]
fn a_planted_reading_of_a_sentence_is_reported() {
    let at = "shared/service/src/a.rs";
    must_see(
        sentences,
        &[
            (
                at,
                "fn a() { if error.detail().to_string().contains(text) {} }",
            ),
            (at, "fn a() { error.to_string()\n    .starts_with(text) }"),
            (at, "fn a() { refusal.detail().to_string() == text }"),
            (at, "fn a() { detail.without_values(is_name).split(text) }"),
        ],
        &[
            (at, "fn a() { let text = error.detail().to_string(); }"),
            (at, "fn a() { told(error.to_string()) }"),
            (at, "fn a() { json!(error.detail().to_string()) }"),
        ],
    );
}
