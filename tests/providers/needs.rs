//! The needs of identity providers, one per row, with the proofs: conversations in `fixtures/` (a folder, or an
//! exchange in it) and tests, named without the ids of the matrix.
//!
//! The rows follow the fact sheet that the conversations cite as `idp-behaviour`, section by section. A behaviour
//! without a need for a certain response has no row.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::FIXTURES;
use crate::house::source::all;

mod entra;
mod everyone;
mod gateway;
mod okta;
mod others;

/// A need and its proofs.
type Need = (&'static str, &'static [&'static str]);

/// A heading of the fact sheet, and the needs under it.
type Section = (&'static str, &'static [Need]);

fn sections() -> Vec<&'static Section> {
    let parts = [
        everyone::SECTIONS,
        okta::SECTIONS,
        entra::SECTIONS,
        others::SECTIONS,
        gateway::SECTIONS,
    ];
    parts.into_iter().flatten().collect()
}

/// The names of all tests of the workspace.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for source in all() {
        let mut is_test = false;
        for line in source.bare.lines().map(str::trim) {
            is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
            let function = line.trim_start_matches("async ").strip_prefix("fn ");
            if let Some(name) = function.and_then(|rest| rest.split(['(', '<']).next()) {
                if is_test {
                    names.insert(name.to_owned());
                }
                is_test = false;
            }
        }
    }
    names
}

/// Whether a test has this name, after optional ids of the matrix.
fn is_named(test: &str, name: &str) -> bool {
    let Some(ids) = test.strip_suffix(name) else {
        return false;
    };
    ids.is_empty() || ids.ends_with('_')
}

fn exists(proof: &str, tests: &BTreeSet<String>) -> bool {
    if proof.contains('/') {
        let path = Path::new(FIXTURES).join(proof);
        return path.is_dir() || path.with_extension("json").is_file();
    }
    tests.iter().any(|test| is_named(test, proof))
}

#[test]
fn every_need_of_a_provider_has_its_proof() {
    let tests = tests();
    let mut missing = Vec::new();
    for (section, needs) in sections() {
        assert!(!needs.is_empty(), "{section} has no needs");
        for (need, proofs) in *needs {
            if proofs.is_empty() {
                missing.push(format!("{section}: {need}: nothing proves it"));
            }
            for proof in proofs.iter().filter(|proof| !exists(proof, &tests)) {
                missing.push(format!("{section}: {need}: there is no {proof}"));
            }
        }
    }
    assert!(
        missing.is_empty(),
        "name a conversation or a test that proves it, or write one:\n{}",
        missing.join("\n")
    );
}

#[test]
fn every_conversation_of_a_provider_proves_a_need() {
    let named: BTreeSet<String> = sections()
        .into_iter()
        .flat_map(|(_, needs)| needs.iter())
        .flat_map(|(_, proofs)| proofs.iter())
        .filter(|proof| proof.contains('/'))
        .map(|proof| proof.split('/').take(2).collect::<Vec<_>>().join("/"))
        .collect();
    let folders = |path: &Path| -> Vec<String> {
        let entries = fs::read_dir(path).expect("a folder of fixtures");
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    };
    for provider in folders(Path::new(FIXTURES)) {
        // The RFCs' examples belong to no provider.
        if provider.starts_with("rfc") {
            continue;
        }
        for conversation in folders(&Path::new(FIXTURES).join(&provider)) {
            let name = format!("{provider}/{conversation}");
            assert!(named.contains(&name), "{name}: which need does it prove?");
        }
    }
}

#[test]
fn a_test_is_found_by_its_name_after_the_ids() {
    assert!(is_named("t10_the_scheme", "the_scheme"));
    assert!(is_named("the_scheme", "the_scheme"));
    assert!(!is_named("t10_not_the_scheme_at_all", "the_scheme"));
    assert!(!is_named("bathe_scheme", "the_scheme"));
    let tests = tests();
    assert!(tests.contains("a_test_is_found_by_its_name_after_the_ids"));
    assert!(!tests.contains("sections"));
    assert!(exists("okta/create", &tests) && exists("okta/create/01-post", &tests));
    assert!(!exists("okta/nothing", &tests) && !exists("of_no_test", &tests));
}
