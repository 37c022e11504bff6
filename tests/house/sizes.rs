//! The limits of files and functions.

use super::source::{self, Source};
use super::{is_under, must_be_none, must_see, must_see_lines};

fn mains(files: &[(String, String)]) -> Vec<String> {
    files
        .iter()
        .filter(|(path, _)| path.starts_with("functions/"))
        .filter(|(path, text)| !path.ends_with("/src/main.rs") || text.lines().count() > 20)
        .map(|(path, text)| format!("{path}:1: {} lines", text.lines().count()))
        .collect()
}

#[test]
fn the_main_of_a_function_has_at_most_20_lines() {
    must_be_none(
        &mains(&source::files("rs")),
        "a function is a main.rs of a few lines; what it does goes to the crates in shared/",
    );
    must_see_lines(
        mains,
        &[
            ("functions/a/src/main.rs", &"\n".repeat(21)),
            ("functions/a/src/other.rs", "\n"),
        ],
        &[
            ("functions/a/src/main.rs", &"\n".repeat(20)),
            ("shared/core/src/a.rs", &"\n".repeat(21)),
        ],
    );
}

fn files(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| source.length() > 400)
        .map(|source| format!("{}:1: {} lines", source.path, source.length()))
        .collect()
}

#[test]
fn a_file_has_at_most_400_lines_besides_its_tests() {
    let mut broken = files(source::products());
    let tests = source::all().iter();
    let tests = tests.filter(|source| is_under(source, &["tests/"]));
    broken.extend(
        tests
            .filter(|source| source.length() > 400)
            .map(|source| format!("{}:1: {} lines", source.path, source.length())),
    );
    must_be_none(
        &broken,
        "move a part that stands on its own into a module of its own",
    );
    let with_tests = format!(
        "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
        "\n".repeat(400),
        "\n".repeat(9)
    );
    must_see(
        files,
        &[("shared/core/src/a.rs", &"\n".repeat(401))],
        &[("shared/core/src/a.rs", &with_tests)],
    );
}

/// Clippy measures functions; this checks that it does.
fn longest_function(files: &[(String, String)]) -> Vec<String> {
    files
        .iter()
        .filter(|(path, _)| path == "clippy.toml")
        .filter(|(_, text)| {
            !text
                .lines()
                .any(|line| line == "too-many-lines-threshold = 60")
        })
        .map(|(path, _)| format!("{path}: `too-many-lines-threshold = 60` is missing"))
        .collect()
}

#[test]
fn clippy_lets_no_function_be_longer_than_60_lines() {
    must_be_none(&longest_function(&source::files("toml")), "leave it at 60");
    must_see_lines(
        longest_function,
        &[("clippy.toml", "too-many-lines-threshold = 600\n")],
        &[("clippy.toml", "a = 1\ntoo-many-lines-threshold = 60\n")],
    );
}
