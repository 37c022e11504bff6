//! The checks that the compiler and Clippy run, and that no file turns them off.

use super::source::{self, Source, closing};
use super::{must_be_none, must_see, must_see_lines};

fn expectations(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        for attribute in ["#[", "#!["] {
            for (at, _) in source.bare.match_indices(attribute) {
                let open = at + attribute.len() - 1;
                let text = &source.bare[open..closing(&source.bare, open)];
                let is_allowed = text.contains("allow(");
                if is_allowed || (text.contains("expect(") && !text.contains("reason =")) {
                    let shown = text[1..].trim();
                    broken.push(format!("{}: {attribute}{shown}", source.place(at)));
                }
            }
        }
    }
    broken
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    must_be_none(
        &expectations(source::products()),
        "write `#[expect(lint, reason = \"…\")]`, or better what the lint asks for",
    );
    must_see(
        expectations,
        &[
            ("shared/core/src/a.rs", "#[allow(dead_code)]\nfn f() {}\n"),
            ("shared/core/src/a.rs", "#![expect(dead_code)]\n"),
        ],
        &[
            (
                "shared/core/src/a.rs",
                "#[expect(dead_code, reason = \"a\")]\nfn f() {}\n",
            ),
            ("shared/core/src/a.rs", "// #[allow(dead_code)]\n"),
        ],
    );
}

fn mod_files(files: &[(String, String)]) -> Vec<String> {
    let paths = files.iter().map(|(path, _)| path.clone());
    paths.filter(|path| path.ends_with("/mod.rs")).collect()
}

#[test]
fn modules_are_files_named_after_them() {
    must_be_none(
        &mod_files(&source::files("rs")),
        "name the file after the module, beside the folder of its parts",
    );
    must_see_lines(
        mod_files,
        &[("shared/core/src/a/mod.rs", "")],
        &[
            ("shared/core/src/a.rs", ""),
            ("shared/core/src/a/model.rs", ""),
        ],
    );
}

/// The lints that the workspace sets for every crate.
const LINTS: [&str; 9] = [
    "unsafe_code = \"forbid\"",
    "pedantic = { level = \"warn\", priority = -1 }",
    "unwrap_used = \"warn\"",
    "expect_used = \"warn\"",
    "panic = \"warn\"",
    "indexing_slicing = \"warn\"",
    "allow_attributes = \"warn\"",
    "allow_attributes_without_reason = \"warn\"",
    "mod_module_files = \"warn\"",
];

fn lints(files: &[(String, String)]) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, text) in files {
        let missing = LINTS
            .iter()
            .filter(|lint| !text.lines().any(|line| line == **lint));
        match path.as_str() {
            "Cargo.toml" => broken.extend(missing.map(|lint| format!("{path}: no `{lint}`"))),
            "shared/core/src/lib.rs" if !text.contains("\n#![warn(missing_docs)]\n") => {
                broken.push(format!("{path}: no `#![warn(missing_docs)]`"));
            }
            _ => {}
        }
    }
    broken
}

#[test]
fn the_workspace_has_its_lints_and_core_documents_every_public_item() {
    must_be_none(&lints(&source::files("")), "put the lint back");
    let all = LINTS.join("\n");
    must_see_lines(
        lints,
        &[
            (
                "Cargo.toml",
                &all.replace("panic = \"warn\"", "panic = \"allow\""),
            ),
            ("shared/core/src/lib.rs", "//! Core.\n"),
        ],
        &[
            ("Cargo.toml", &all),
            (
                "shared/core/src/lib.rs",
                "//! Core.\n\n#![warn(missing_docs)]\n",
            ),
        ],
    );
}

/// Functions that take time or randomness past the clock.
const CLOCK: [&str; 7] = [
    "std::time::SystemTime::now",
    "std::time::Instant::now",
    "std::hash::RandomState::new",
    "jiff::Timestamp::now",
    "jiff::Zoned::now",
    "uuid::Uuid::new_v4",
    "getrandom::fill",
];

fn disallowed(files: &[(String, String)]) -> Vec<String> {
    let mut broken = Vec::new();
    for (_, text) in files.iter().filter(|(path, _)| path == "clippy.toml") {
        let entries: Vec<&str> = text
            .lines()
            .filter(|line| line.trim_start().starts_with("{ path = "))
            .collect();
        let missing = CLOCK.iter().filter(|method| {
            let named = format!("\"{method}\"");
            !entries.iter().any(|entry| entry.contains(&named))
        });
        broken.extend(missing.map(|method| format!("clippy.toml: {method} is not disallowed")));
        let bare = entries.iter().filter(|entry| !entry.contains("reason = "));
        broken.extend(bare.map(|entry| format!("clippy.toml: no reason: {entry}")));
    }
    broken
}

#[test]
fn clippy_knows_where_time_and_randomness_may_come_from() {
    must_be_none(
        &disallowed(&source::files("toml")),
        "list it under disallowed-methods, with the reason",
    );
    let entry = |method: &str| format!("    {{ path = \"{method}\", reason = \"a\" }},\n");
    let all: String = CLOCK.map(entry).concat();
    must_see_lines(
        disallowed,
        &[
            (
                "clippy.toml",
                &all.replace("jiff::Zoned::now", "jiff::Zoned::new"),
            ),
            ("clippy.toml", &all.replacen(", reason = \"a\"", "", 1)),
        ],
        &[("clippy.toml", &all)],
    );
}
