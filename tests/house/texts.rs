//! Words that no file may contain.

use super::source;
use super::{must_be_none, must_see_lines};

/// The places of words in files.
fn written(
    files: &[(String, String)],
    words: &[String],
    is_checked: impl Fn(&str) -> bool,
    is_whole: impl Fn(&str, &str) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| is_checked(path)) {
        for (number, line) in text.lines().enumerate() {
            for word in words {
                for (at, _) in line.match_indices(word.as_str()) {
                    if is_whole(&line[..at], &line[at + word.len()..]) {
                        found.push(format!("{path}:{}: {word}", number + 1));
                    }
                }
            }
        }
    }
    found
}

fn touches_no_name(before: &str, after: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    !before.ends_with(is_name) && !after.starts_with(is_name)
}

/// Assembled here, so that this file does not contain them.
fn for_later() -> [String; 5] {
    [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X"],
        ["to", "do!"],
        ["unimpl", "emented!"],
    ]
    .map(|parts| parts.concat())
}

fn left_for_later(files: &[(String, String)]) -> Vec<String> {
    let is_checked = |path: &str| {
        ["rs", "md", "yaml", "yml", "toml"]
            .iter()
            .any(|end| path.ends_with(&format!(".{end}")))
    };
    written(files, &for_later(), is_checked, touches_no_name)
}

#[test]
fn nothing_is_left_for_later() {
    must_be_none(
        &left_for_later(&source::files("")),
        "do it, or write an issue",
    );
    let [first, .., last] = for_later();
    must_see_lines(
        left_for_later,
        &[
            ("a.rs", &format!("// {first}: more\n")),
            ("infra/a.yaml", &format!("a: {last}\n")),
        ],
        &[("a.rs", &format!("// {first}S\n")), ("a.png", &first)],
    );
}

fn registries() -> [String; 6] {
    [
        ["crates.", "io"],
        ["pypi.", "org"],
        ["python", "hosted.org"],
        ["npmjs.", "org"],
        ["npmjs.", "com"],
        ["proxy.", "golang.org"],
    ]
    .map(|parts| parts.concat())
}

fn registries_named(files: &[(String, String)]) -> Vec<String> {
    // Cargo writes Cargo.lock.
    written(
        files,
        &registries(),
        |path| path != "Cargo.lock",
        |_, _| true,
    )
}

#[test]
fn no_file_names_a_package_registry() {
    must_be_none(
        &registries_named(&source::files("")),
        "leave it to the package manager's own configuration",
    );
    let [first, ..] = registries();
    must_see_lines(
        registries_named,
        &[("a.md", &format!("see https://{first}/a\n"))],
        &[("Cargo.lock", &first), ("a.md", "see the registry\n")],
    );
}

fn folders() -> [String; 3] {
    ["home", "root", "work"].map(|folder| format!("/{folder}/"))
}

fn machine_paths(files: &[(String, String)]) -> Vec<String> {
    let is_absolute = |before: &str, _: &str| {
        !before.ends_with(|c: char| c.is_alphanumeric() || "._-}$*".contains(c))
    };
    written(files, &folders(), |path| path != "Cargo.lock", is_absolute)
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    must_be_none(
        &machine_paths(&source::files("")),
        "name it from the workspace's root",
    );
    let [home, _, work] = folders();
    must_see_lines(
        machine_paths,
        &[
            ("a.rs", &format!("\"{home}a\"")),
            ("a.md", &format!("in {work}a")),
        ],
        &[("a.md", &format!("in ..{work}a and a{home}b"))],
    );
}

fn pinned(files: &[(String, String)]) -> Vec<String> {
    let paths = files.iter().map(|(path, _)| path.clone());
    let named = |path: &String| path.rsplit('/').next().map(str::to_owned);
    paths
        .filter(|path| named(path).is_some_and(|name| name.starts_with("rust-toolchain")))
        .collect()
}

#[test]
fn no_file_pins_the_toolchain() {
    must_be_none(
        &pinned(&source::files("")),
        "say `rust-version` in Cargo.toml; machines have one toolchain and fetch no other",
    );
    must_see_lines(
        pinned,
        &[("rust-toolchain.toml", ""), ("tests/rust-toolchain", "")],
        &[("tests/toolchain.rs", "")],
    );
}
