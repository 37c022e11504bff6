//! The house rules that can be checked from files. A rule is a function from sources to its violations, each with its
//! place. One test runs it on the repository, and one on planted violations that it must report.

#![expect(
    clippy::string_slice,
    reason = "positions come from searches in the same text"
)]

mod circles;
mod clients;
pub(crate) mod crates;
mod documents;
mod figures;
mod lints;
pub(crate) mod logs;
mod manifests;
mod pages;
mod places;
mod sentences;
mod sizes;
pub(crate) mod source;
mod statuses;
mod texts;
mod walks;

use source::Source;

/// Fails with all violations of a rule, each with its place, and what to do instead.
#[track_caller]
fn must_be_none(broken: &[String], instead: &str) {
    assert!(broken.is_empty(), "\n{}\n→ {instead}\n", broken.join("\n"));
}

/// Asserts that a rule reports each planted violation once, and nothing in correct code.
#[track_caller]
fn must_see(
    rule: impl Fn(&[Source]) -> Vec<String>,
    broken: &[(&str, &str)],
    kept: &[(&str, &str)],
) {
    for planted in broken {
        let found = rule(&source::products_of(&source::of(&[*planted])));
        assert_eq!(found.len(), 1, "{planted:?}: {found:?}");
        assert!(found[0].starts_with(planted.0), "{found:?}");
    }
    for planted in kept {
        let found = rule(&source::products_of(&source::of(&[*planted])));
        assert!(found.is_empty(), "{planted:?}: {found:?}");
    }
}

/// The same for a rule about the lines of any files.
#[track_caller]
fn must_see_lines(
    rule: impl Fn(&[(String, String)]) -> Vec<String>,
    broken: &[(&str, &str)],
    kept: &[(&str, &str)],
) {
    let seen = |(path, text): &(&str, &str)| rule(&[((*path).to_owned(), (*text).to_owned())]);
    for planted in broken {
        assert_eq!(seen(planted).len(), 1, "{planted:?}: {:?}", seen(planted));
    }
    for planted in kept {
        assert!(seen(planted).is_empty(), "{planted:?}: {:?}", seen(planted));
    }
}

fn is_under(source: &Source, places: &[&str]) -> bool {
    places.iter().any(|place| source.path.starts_with(place))
}

/// The places of words outside of the allowed folders.
fn used_outside(sources: &[Source], words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !is_under(source, allowed)) {
        for word in words {
            found.extend(
                source
                    .words(word)
                    .map(|at| format!("{}: `{word}`", source.place(at))),
            );
        }
    }
    found
}
