//! No code reads an error's sentence: a reason is a value, so rewording it changes only the words.

use super::source::{self, Source, closing};
use super::{must_be_none, must_see};

/// The names that errors have.
const ERRORS: [&str; 9] = [
    "error", "err", "e", "failure", "problem", "refusal", "denied", "fault", "why",
];
/// Calls that turn a sentence into another text with its words.
const AS_TEXT: [&str; 9] = [
    ".to_string()",
    ".to_owned()",
    ".as_str()",
    ".as_ref()",
    ".to_lowercase()",
    ".to_ascii_lowercase()",
    ".as_deref()",
    ".trim()",
    ".clone()",
];
/// Calls that search or compare a text.
const READS: [&str; 15] = [
    ".contains(",
    ".starts_with(",
    ".ends_with(",
    ".find(",
    ".rfind(",
    ".split",
    ".rsplit",
    ".strip_prefix(",
    ".strip_suffix(",
    ".trim_start_matches(",
    ".match_indices(",
    ".matches(",
    ".replace(",
    "==",
    "!=",
];

/// The text behind calls that keep the words.
fn behind_conversions(mut rest: &str) -> &str {
    loop {
        rest = rest.trim_start();
        match AS_TEXT.iter().find_map(|call| rest.strip_prefix(call)) {
            Some(next) => rest = next,
            None => return rest,
        }
    }
}

fn is_read(rest: &str) -> bool {
    let rest = behind_conversions(rest);
    READS.iter().any(|read| rest.starts_with(read))
}

/// The ends of the expressions that print a sentence.
fn printed(source: &Source) -> Vec<usize> {
    let mut found = Vec::new();
    for word in ERRORS {
        let text = format!("{word}.to_string()");
        found.extend(source.words(&text).map(|at| at + text.len()));
    }
    for call in ["unwrap_err().to_string()", "detail().to_string()"] {
        found.extend(source.words(call).map(|at| at + call.len()));
    }
    for call in ["without_values(", "format!("] {
        for at in source.words(call) {
            let open = at + call.len() - 1;
            let end = closing(&source.bare, open);
            let given = &source.code[open..end];
            let shown = |error| given.contains(&format!("{{{error}}}"));
            if call == "without_values(" || ERRORS.into_iter().any(shown) {
                found.push(end);
            }
        }
    }
    let details = source.words("detail").map(|at| at + "detail".len());
    found.extend(details.filter(|end| !source.bare[*end..].starts_with(source::is_name)));
    found
}

/// The variable that a statement binds to the expression that ends here, and the end of the statement.
fn bound(source: &Source, end: usize) -> Option<(&str, usize)> {
    let rest = behind_conversions(&source.bare[end..]);
    let close = source.bare.len() - rest.len();
    if !rest.starts_with(';') {
        return None;
    }
    let start = source.bare[..end]
        .rfind([';', '{', '}'])
        .map_or(0, |at| at + 1);
    let statement = source.bare[start..end].trim_start().strip_prefix("let ")?;
    let name = statement.trim_start_matches("mut ");
    let length = name.find(|c| !source::is_name(c))?;
    Some((&name[..length], close))
}

/// Whether a variable is read in the rest of its function.
fn is_variable_read(source: &Source, name: &str, from: usize) -> bool {
    let rest = &source.bare[from..];
    let rest = &rest[..rest.find("\nfn ").unwrap_or(rest.len())];
    let mut depth = 0;
    let block = rest.find(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        depth < 0
    });
    let rest = &rest[..block.unwrap_or(rest.len())];
    rest.match_indices(name).any(|(at, _)| {
        let is_whole = !rest[..at].ends_with(|c| source::is_name(c) || c == '.');
        is_whole && is_read(&rest[at + name.len()..])
    })
}

/// Places that search or compare the sentence of an error.
fn sentences(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        for end in printed(source) {
            let is_bound_read =
                bound(source, end).is_some_and(|(name, from)| is_variable_read(source, name, from));
            if is_read(&source.bare[end..]) || is_bound_read {
                broken.push(source.place(end));
            }
        }
    }
    broken.sort();
    broken.dedup();
    broken
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
    let broken = [
        "fn a() { if error.detail().to_string().contains(text) {} }",
        "fn a() { error.to_string()\n    .starts_with(text) }",
        "fn a() { refusal.detail().to_string() == text }",
        "fn a() { detail.without_values(is_name).split(text) }",
        "fn a() { error.detail.contains(\"taken\"); }",
        "fn a() { if detail.as_str() == \"taken\" {} }",
        "fn a(detail: &str) { detail.split(' '); }",
        "fn a() { let t = error.to_string(); t.contains(text) }",
        "fn a() { let mut t = e.to_string().to_lowercase(); if b { g(t.trim().find(text)) } }",
        "fn a() { let t = format!(\"{error}\"); t == text }",
        "fn a() { format!(\"a {err}\").contains(text) }",
    ];
    let kept = [
        "fn a() { let text = error.detail().to_string(); }",
        "fn a() { told(error.to_string()) }",
        "fn a() { json!(error.detail().to_string()) }",
        "fn a() { write(error.detail.to_string(), details.contains(1)); }",
        "fn a() { error.reason == Reason::Taken; }",
        "fn a() { let t = error.to_string(); told(t) }\nfn b() { t.contains(text) }",
        "fn a() { { let t = error.to_string(); } t.contains(text) }",
        "fn a() { let t = g(error.to_string()); t.contains(text) }",
    ];
    must_see(
        sentences,
        &broken.map(|code| (at, code)),
        &kept.map(|code| (at, code)),
    );
}
