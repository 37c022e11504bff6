//! The rules of the house that can be read off its files; each test is one rule.

#![expect(
    clippy::string_slice,
    reason = "positions come from searches in the same text"
)]

pub(crate) mod crates;
mod documents;
pub(crate) mod source;

use source::{Source, closing};

/// Fails with all that break a rule, each with its place, and what to do.
#[track_caller]
fn must_be_none(broken: &[String], instead: &str) {
    assert!(broken.is_empty(), "\n{}\n→ {instead}\n", broken.join("\n"));
}

fn is_under(source: &Source, places: &[&str]) -> bool {
    places.iter().any(|place| source.path.starts_with(place))
}

/// The places of words in all Rust files outside some.
fn used_outside(words: &[&str], allowed: &[&str]) -> Vec<String> {
    let sources = source::all();
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

#[test]
fn the_cloud_sdk_is_known_in_keyring_directory_and_local_only() {
    let mut broken = used_outside(
        &["aws_sdk_dynamodb"],
        &["shared/directory/", "infra/local/", "tests/"],
    );
    broken.extend(used_outside(
        &["aws_sdk_secretsmanager"],
        &["shared/keyring/", "infra/local/", "tests/"],
    ));
    let allowed = [
        "shared/keyring/",
        "shared/directory/",
        "infra/local/",
        "tests/",
    ];
    broken.extend(used_outside(&["aws_"], &allowed));
    must_be_none(
        &broken,
        "put what talks to DynamoDB into shared/directory, and what talks to Secrets Manager into shared/keyring, \
         behind types of ours",
    );
}

#[test]
fn the_environment_is_read_in_config_only() {
    let allowed = [
        "shared/service/src/config.rs",
        "infra/local/",
        "tests/support",
        "tests/fuzz/targets/",
        "shared/core/benches/",
    ];
    let broken = used_outside(
        &["std::env", "env::var", "env::args", "env::current"],
        &allowed,
    );
    must_be_none(
        &broken,
        "read it in shared/service/src/config.rs and pass the value on",
    );
}

/// The words of RFC 7644 table 9.
const SCIM_TYPES: [&str; 10] = [
    "invalidFilter",
    "tooMany",
    "uniqueness",
    "mutability",
    "invalidSyntax",
    "invalidPath",
    "noTarget",
    "invalidValue",
    "invalidVers",
    "sensitive",
];

#[test]
fn scim_types_are_named_in_the_table_of_errors_only() {
    let mut broken = Vec::new();
    for source in source::products() {
        if is_under(&source, &["shared/core/src/error.rs"]) {
            continue;
        }
        // Two of the words are names of characteristics too.
        let describes_schemas = is_under(
            &source,
            &[
                "shared/core/src/schema",
                "shared/core/src/extensions",
                "shared/core/src/discovery.rs",
            ],
        );
        for word in SCIM_TYPES {
            if describes_schemas && ["mutability", "uniqueness"].contains(&word) {
                continue;
            }
            let literal = format!("\"{word}\"");
            let places = source.code.match_indices(&literal);
            broken.extend(places.map(|(at, _)| format!("{}: {literal}", source.place(at))));
        }
    }
    must_be_none(
        &broken,
        "make the failure with a kind of scim_core::ErrorKind, whose table has the word",
    );
}

/// Where a status is one that AWS answered.
const READS_AWS: [&str; 2] = ["shared/directory/", "shared/keyring/"];
/// Where a status is one that the gateway or a service of AWS answers.
const PLAYS_AWS: &str = "infra/local/";

/// Where what came out of a request gets its status.
const ANSWERS: [&str; 3] = [
    "shared/service/src/response.rs",
    "shared/vendor/src/api/",
    PLAYS_AWS,
];
const SUCCESSES: [&str; 5] = ["OK", "CREATED", "ACCEPTED", "NO_CONTENT", "NOT_MODIFIED"];

/// The places of constants like `StatusCode::OK` that are, or are not, successes.
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

/// The places of numbers from 100 × `classes` on lines that speak of a status.
fn status_numbers(source: &Source, classes: std::ops::Range<u16>) -> Vec<String> {
    source
        .lines()
        .filter(|(_, line)| {
            line.to_ascii_lowercase().contains("status") || line.contains("from_u16(")
        })
        .flat_map(|(at, line)| {
            let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            words.filter_map(move |word| Some((at, word.parse::<u16>().ok()?)))
        })
        .filter(|(_, number)| (classes.start * 100..classes.end * 100).contains(number))
        .map(|(at, number)| format!("{}: {number}", source.place(at)))
        .collect()
}

#[test]
fn failure_statuses_stand_in_the_table_of_errors_only() {
    let mut broken = Vec::new();
    for source in source::products() {
        if is_under(&source, &["shared/core/src/error.rs", PLAYS_AWS]) {
            continue;
        }
        broken.extend(status_constants(&source, false));
        if !is_under(&source, &READS_AWS) {
            broken.extend(status_numbers(&source, 4..6));
        }
    }
    must_be_none(
        &broken,
        "make the failure with a kind of scim_core::ErrorKind, whose table has the status",
    );
}

#[test]
fn success_statuses_stand_in_response_only() {
    let mut broken = Vec::new();
    for source in source::products() {
        if is_under(&source, &ANSWERS) {
            continue;
        }
        broken.extend(status_constants(&source, true));
        if !is_under(&source, &READS_AWS) {
            broken.extend(status_numbers(&source, 2..4));
        }
    }
    must_be_none(
        &broken,
        "return an Outcome or an Answer, which have a status",
    );
}

#[test]
fn the_main_of_a_function_has_at_most_20_lines() {
    let broken: Vec<String> = source::files("rs")
        .iter()
        .filter(|(path, _)| path.starts_with("functions/"))
        .filter(|(path, text)| !path.ends_with("/src/main.rs") || text.lines().count() > 20)
        .map(|(path, text)| format!("{path}:1: {} lines", text.lines().count()))
        .collect();
    must_be_none(
        &broken,
        "a function is a main.rs of a few lines; what it does goes to a crate in shared",
    );
}

#[test]
fn a_file_has_at_most_400_lines_besides_its_tests() {
    let broken: Vec<String> = source::products()
        .iter()
        .chain(
            source::all()
                .iter()
                .filter(|source| is_under(source, &["tests/"])),
        )
        .filter(|source| source.length() > 400)
        .map(|source| format!("{}:1: {} lines", source.path, source.length()))
        .collect();
    must_be_none(
        &broken,
        "move a part that stands on its own into a module of its own",
    );
}

#[test]
fn lints_are_expected_with_a_reason_and_never_allowed() {
    let mut broken = Vec::new();
    for source in source::products() {
        for attribute in ["#[", "#!["] {
            for (at, _) in source.bare.match_indices(attribute) {
                let open = at + attribute.len() - 1;
                let text = &source.bare[open..closing(&source.bare, open)];
                let is_allowed = text.contains("allow(");
                if is_allowed || (text.contains("expect(") && !text.contains("reason =")) {
                    broken.push(format!(
                        "{}: {attribute}{}",
                        source.place(at),
                        text[1..].trim()
                    ));
                }
            }
        }
    }
    must_be_none(
        &broken,
        "write `#[expect(lint, reason = \"…\")]`, or better what the lint asks for",
    );
}

#[test]
fn modules_are_files_named_after_them() {
    let broken: Vec<String> = source::files("rs")
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.ends_with("/mod.rs"))
        .collect();
    must_be_none(
        &broken,
        "name the file after the module, beside the folder of its parts",
    );
}

#[test]
fn no_file_pins_the_toolchain() {
    let broken: Vec<String> = source::files("")
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| {
            path.rsplit('/')
                .next()
                .is_some_and(|name| name.starts_with("rust-toolchain"))
        })
        .collect();
    must_be_none(
        &broken,
        "say `rust-version` in Cargo.toml; machines have one toolchain and fetch no other",
    );
}

fn written(
    words: &[String],
    is_checked: impl Fn(&str) -> bool,
    is_whole: impl Fn(&str, &str) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in source::files("")
        .iter()
        .filter(|(path, _)| is_checked(path))
    {
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

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file has none of them.
    let words = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X"],
        ["to", "do!"],
        ["unimpl", "emented!"],
    ]
    .map(|parts| parts.concat());
    let is_checked = |path: &str| {
        ["rs", "md", "yaml", "yml", "toml"]
            .iter()
            .any(|end| path.ends_with(&format!(".{end}")))
    };
    let broken = written(&words, is_checked, touches_no_name);
    must_be_none(&broken, "do it, or write an issue");
}

#[test]
fn no_file_names_a_package_registry() {
    let words = [
        ["crates.", "io"],
        ["pypi.", "org"],
        ["python", "hosted.org"],
        ["npmjs.", "org"],
        ["npmjs.", "com"],
        ["proxy.", "golang.org"],
    ]
    .map(|parts| parts.concat());
    // Cargo writes Cargo.lock.
    let broken = written(&words, |path| path != "Cargo.lock", |_, _| true);
    must_be_none(
        &broken,
        "leave it to the package manager's own configuration",
    );
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let words = ["home", "root", "work"].map(|folder| format!("/{folder}/"));
    let is_absolute = |before: &str, _: &str| {
        !before.ends_with(|c: char| c.is_alphanumeric() || "._-}$*".contains(c))
    };
    let broken = written(&words, |path| path != "Cargo.lock", is_absolute);
    must_be_none(&broken, "name it from the workspace's root");
}

#[test]
fn clippy_knows_where_time_and_randomness_may_come_from() {
    let (_, text) = source::files("toml")
        .into_iter()
        .find(|(path, _)| path == "clippy.toml")
        .expect("there is a clippy.toml");
    let entries: Vec<&str> = text
        .lines()
        .filter(|line| line.trim_start().starts_with("{ path = "))
        .collect();
    let mut broken = Vec::new();
    let asked = [
        "std::time::SystemTime::now",
        "jiff::Timestamp::now",
        "jiff::Zoned::now",
        "uuid::Uuid::new_v4",
        "getrandom::fill",
    ];
    for method in asked {
        if !entries
            .iter()
            .any(|entry| entry.contains(&format!("\"{method}\"")))
        {
            broken.push(format!("clippy.toml: {method} is not disallowed"));
        }
    }
    broken.extend(
        entries
            .iter()
            .filter(|entry| !entry.contains("reason = "))
            .map(|entry| format!("clippy.toml: no reason: {entry}")),
    );
    must_be_none(&broken, "list it under disallowed-methods, with the reason");
}

#[test]
fn time_and_randomness_come_from_the_clock_only() {
    let allowed = ["shared/service/src/clock.rs", "infra/local/", "tests/"];
    let broken = used_outside(&["clippy::disallowed_methods"], &allowed);
    must_be_none(&broken, "take a Clock or Ids as a parameter");
}
