//! Failure statuses are only in the table of errors, and success statuses only where responses are built.

use super::source::{self, Source};
use super::{is_under, must_be_none, must_see};

/// Folders where a status comes from AWS.
const READS_AWS: [&str; 2] = ["shared/directory/", "shared/keyring/"];
/// The folder that simulates the gateway and AWS services.
const PLAYS_AWS: &str = "infra/local/";

/// Files that give results of requests their status.
const ANSWERS: [&str; 4] = [
    "shared/service/src/wire/response.rs",
    "shared/vendor/src/api/",
    "shared/vendor/src/pages/reply.rs",
    PLAYS_AWS,
];
const SUCCESSES: [&str; 5] = ["OK", "CREATED", "ACCEPTED", "NO_CONTENT", "NOT_MODIFIED"];

/// The places of constants like `StatusCode::OK` that are successes, or that are not.
fn status_constants(source: &Source, is_success: bool) -> Vec<String> {
    const TYPE: &str = "StatusCode::";
    source
        .words(TYPE)
        .filter_map(|at| {
            let rest = &source.bare[at + TYPE.len()..];
            let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_')?;
            let name = &rest[..end];
            let wanted = !name.is_empty() && SUCCESSES.contains(&name) == is_success;
            wanted.then(|| format!("{}: {TYPE}{name}", source.place(at)))
        })
        .collect()
}

/// The places of numbers from 100 × `classes` on lines about a status, or with its type.
fn status_numbers(source: &Source, classes: std::ops::Range<u16>) -> Vec<String> {
    source
        .lines()
        .filter(|(_, line)| line.to_ascii_lowercase().contains("status") || line.contains("u16"))
        .flat_map(|(at, line)| {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.filter_map(move |word| {
                let digits = word.trim_end_matches("u16").replace('_', "");
                Some((at, digits.parse::<u16>().ok()?))
            })
        })
        .filter(|(_, number)| (classes.start * 100..classes.end * 100).contains(number))
        .map(|(at, number)| format!("{}: {number}", source.place(at)))
        .collect()
}

fn failures(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        if is_under(source, &["shared/core/src/error", PLAYS_AWS]) {
            continue;
        }
        broken.extend(status_constants(source, false));
        let renamed = source.words("StatusCode as ");
        broken.extend(renamed.map(|at| format!("{}: StatusCode as", source.place(at))));
        if !is_under(source, &READS_AWS) {
            broken.extend(status_numbers(source, 4..6));
        }
    }
    broken
}

#[test]
fn failure_statuses_stand_in_the_table_of_errors_only() {
    must_be_none(
        &failures(source::products()),
        "make the failure with a kind of scim_core::ErrorKind, whose table has the status",
    );
    must_see(
        failures,
        &[
            (
                "shared/service/src/a.rs",
                "fn f() { StatusCode::NOT_FOUND; }\n",
            ),
            (
                "shared/service/src/a.rs",
                "fn f() { answer.status = 404; }\n",
            ),
            (
                "shared/directory/src/a.rs",
                "fn f() { StatusCode::CONFLICT; }\n",
            ),
            ("shared/service/src/a.rs", "const GONE: u16 = 404;\n"),
            ("shared/service/src/a.rs", "fn f() { g(4_04u16); }\n"),
            (
                "shared/service/src/a.rs",
                "use http::{Method, StatusCode as S};\n",
            ),
        ],
        &[
            (
                "shared/core/src/error/kind.rs",
                "fn status() { StatusCode::NOT_FOUND; }\n",
            ),
            (
                "shared/directory/src/a.rs",
                "fn f() { aws.status() == 503; }\n",
            ),
            (
                "shared/service/src/a.rs",
                "const MOST: usize = 404;\nfn f() { StatusCode::OK; }\n",
            ),
        ],
    );
}

fn successes(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        if is_under(source, &ANSWERS) {
            continue;
        }
        broken.extend(status_constants(source, true));
        if !is_under(source, &READS_AWS) {
            broken.extend(status_numbers(source, 2..4));
        }
    }
    broken
}

#[test]
fn success_statuses_stand_where_answers_are_made_only() {
    must_be_none(
        &successes(source::products()),
        "return an Outcome or an Answer, which have a status",
    );
    must_see(
        successes,
        &[
            (
                "shared/service/src/a.rs",
                "fn f() { StatusCode::CREATED; }\n",
            ),
            (
                "shared/service/src/a.rs",
                "fn f() { answer.status = 204; }\n",
            ),
        ],
        &[
            (
                "shared/service/src/wire/response.rs",
                "fn f() { StatusCode::CREATED; }\n",
            ),
            (
                "shared/service/src/a.rs",
                "fn f() { StatusCode::from(kind); }\n",
            ),
        ],
    );
}
