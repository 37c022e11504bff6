//! The Cargo.toml of each crate.

use super::source;
use super::{must_be_none, must_see_lines};

/// Manifests that name a version or do not inherit the workspace's lints.
fn on_their_own(files: &[(String, String)]) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, text) in files
        .iter()
        .filter(|(path, _)| path.ends_with("/Cargo.toml"))
    {
        let mut section = "";
        let mut has_lints = false;
        for (number, line) in text.lines().map(str::trim).enumerate() {
            if line.starts_with('[') {
                section = line;
            }
            has_lints |= section == "[lints]" && line == "workspace = true";
            let is_dependency =
                section.ends_with("dependencies]") && line.contains('=') && !line.starts_with('#');
            let is_shared = line.contains(".workspace = true")
                || line.contains("{ workspace = true")
                || line.contains("path = ");
            if (is_dependency && !is_shared) || section.contains("dependencies.") {
                broken.push(format!("{path}:{}: {line}", number + 1));
            }
        }
        if !has_lints {
            broken.push(format!("{path}:1: no `[lints] workspace = true`"));
        }
    }
    broken
}

#[test]
fn every_crate_takes_lints_and_versions_from_the_workspace() {
    must_be_none(
        &on_their_own(&source::files("toml")),
        "every version and every lint stands in the workspace's Cargo.toml",
    );
    let lints = "[lints]\nworkspace = true\n";
    must_see_lines(
        on_their_own,
        &[
            ("shared/a/Cargo.toml", "[package]\nname = \"a\"\n"),
            (
                "shared/a/Cargo.toml",
                &format!("{lints}[dependencies]\nhttp = \"1\"\n"),
            ),
        ],
        &[(
            "shared/a/Cargo.toml",
            &format!("{lints}[dependencies]\nhttp.workspace = true\n"),
        )],
    );
}

/// Dependencies of the workspace without a comment.
fn unexplained(files: &[(String, String)]) -> Vec<String> {
    let mut broken = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path == "Cargo.toml") {
        let mut section = "";
        let mut is_explained = false;
        for (number, line) in text.lines().map(str::trim).enumerate() {
            if line.starts_with('[') {
                section = line;
            }
            // A comment applies to the lines below it, up to the next empty line.
            is_explained = line.starts_with('#') || (is_explained && !line.is_empty());
            let is_theirs = section == "[workspace.dependencies]"
                && line.contains(" = ")
                && !line.contains("path = ");
            if is_theirs && !line.starts_with('#') && !is_explained && !line.contains(" # ") {
                broken.push(format!("{path}:{}: {line}", number + 1));
            }
        }
    }
    broken
}

#[test]
fn every_dependency_has_a_reason_beside_its_version() {
    must_be_none(
        &unexplained(&source::files("toml")),
        "say in a comment beside it, or above its group, what it is needed for",
    );
    let section = "[workspace.dependencies]\n";
    must_see_lines(
        unexplained,
        &[(
            "Cargo.toml",
            &format!("{section}# Why.\na = \"1\"\n\nb = \"1\"\n"),
        )],
        &[(
            "Cargo.toml",
            &format!(
                "{section}# Why.\na = \"1\"\nb = \"1\"\n\nc = \"1\" # why\nd = {{ path = \"d\" }}\n"
            ),
        )],
    );
}

/// Dependencies with their default features.
fn with_default_features(files: &[(String, String)]) -> Vec<String> {
    let manifest = files.iter().find(|(path, _)| path == "Cargo.toml");
    let lines = manifest
        .into_iter()
        .flat_map(|(_, text)| text.lines().enumerate());
    lines
        .filter(|(_, line)| line.contains("features = [") && line.contains("version = "))
        .filter(|(_, line)| !line.contains("default-features = false") && !line.contains(" # "))
        .map(|(number, line)| format!("Cargo.toml:{}: {line}", number + 1))
        .collect()
}

#[test]
fn default_features_are_taken_with_a_reason_only() {
    must_be_none(
        &with_default_features(&source::files("toml")),
        "write `default-features = false` and name the features, or say beside it why not",
    );
    let dependency = "a = { version = \"1\", features = [\"b\"] }";
    let bare = "a = { version = \"1\", default-features = false, features = [\"b\"] }";
    must_see_lines(
        with_default_features,
        &[("Cargo.toml", dependency)],
        &[
            ("Cargo.toml", bare),
            ("Cargo.toml", &format!("{dependency} # why")),
        ],
    );
}

/// What cargo-lambda adds to a release build unless the profile names it.
const ADDED_BY_CARGO_LAMBDA: [&str; 4] = ["strip", "lto", "codegen-units", "panic"];

/// Settings of the release profile that cargo-lambda would choose, and a profile that cannot unwind.
fn left_to_cargo_lambda(files: &[(String, String)]) -> Vec<String> {
    let manifest = files.iter().find(|(path, _)| path == "Cargo.toml");
    let text = manifest.map_or("", |(_, text)| text.as_str());
    let profile = text.split("[profile.release]\n").nth(1);
    let profile = profile.and_then(|rest| rest.split("\n[").next());
    let set = |name: &str| {
        let mut lines = profile.unwrap_or_default().lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "))
    };
    let absent = ADDED_BY_CARGO_LAMBDA.into_iter();
    let absent = absent.filter(|name| set(name).is_none());
    let aborts = set("panic").filter(|panic| *panic != "\"unwind\"");
    absent
        .chain(aborts)
        .map(|name| format!("Cargo.toml:1: {name}"))
        .collect()
}

#[test]
fn the_release_profile_leaves_nothing_to_cargo_lambda() {
    must_be_none(
        &left_to_cargo_lambda(&source::files("toml")),
        "name it in `[profile.release]`: `cargo lambda build` would abort at a panic, and link in another way",
    );
    let set = "lto = \"fat\"\ncodegen-units = 1\nstrip = \"symbols\"\n";
    let profile = |rest: &str| {
        format!("[profile.release]\n{set}{rest}\n[profile.fuzz]\npanic = \"unwind\"\n")
    };
    must_see_lines(
        left_to_cargo_lambda,
        &[
            ("Cargo.toml", &profile("")),
            ("Cargo.toml", &profile("panic = \"abort\"\n")),
        ],
        &[("Cargo.toml", &profile("panic = \"unwind\"\n"))],
    );
}
