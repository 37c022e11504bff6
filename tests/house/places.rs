//! Things that belong in one place: SDKs, the environment, the clock, the words of `scimType`.

use super::source::{self, Source};
use super::{is_under, must_be_none, must_see, used_outside};

/// The places of each part of the AWS SDK.
const SDKS: [(&str, &[&str]); 3] = [
    ("aws_sdk_dynamodb", &["shared/directory/src/table"]),
    ("aws_sdk_secretsmanager", &["shared/keyring/"]),
    ("aws_", &["shared/keyring/", "shared/directory/src/table"]),
];

/// Folders that may use all of the SDK, because they simulate AWS or test it.
const ALL_OF_AWS: [&str; 2] = ["infra/local/", "tests/"];

fn sdks(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources
        .iter()
        .filter(|source| !is_under(source, &ALL_OF_AWS))
    {
        for at in source.words("aws_") {
            let rest = &source.bare[at..];
            let known = SDKS.iter().find(|(sdk, _)| rest.starts_with(sdk));
            if let Some((sdk, _)) = known.filter(|(_, places)| !is_under(source, places)) {
                broken.push(format!("{}: `{sdk}`", source.place(at)));
            }
        }
    }
    broken
}

#[test]
fn each_sdk_is_known_in_one_place() {
    must_be_none(
        &sdks(source::products()),
        "put what talks to AWS where the others do, behind types of ours",
    );
    must_see(
        sdks,
        &[
            ("shared/service/src/a.rs", "use aws_sdk_dynamodb::Client;\n"),
            (
                "shared/core/src/a.rs",
                "fn f(_: &aws_sdk_secretsmanager::Client) {}\n",
            ),
            ("shared/directory/src/a.rs", "use aws_sdk_s3::Client;\n"),
            (
                "shared/directory/src/people/a.rs",
                "use aws_sdk_dynamodb::Client;\n",
            ),
        ],
        &[
            ("infra/local/src/a.rs", "use aws_sdk_dynamodb::Client;\n"),
            (
                "shared/service/src/a.rs",
                "// aws_sdk_dynamodb\nconst A: &str = \"aws_sdk_dynamodb\";\n",
            ),
        ],
    );
}

fn environment(sources: &[Source]) -> Vec<String> {
    let allowed = [
        "shared/service/src/config.rs",
        "infra/local/",
        "tests/support",
        "tests/fuzz/targets/",
        "shared/core/benches/",
    ];
    let words = ["std::env::", "env::var", "env::args", "env::current"];
    let mut found = used_outside(sources, &words, &allowed);
    for source in sources.iter().filter(|source| !is_under(source, &allowed)) {
        let imports = source.imports().into_iter();
        let imported =
            imports.filter(|import| import.path.starts_with(&["std", "env"].map(str::to_owned)));
        found.extend(imported.map(|import| format!("{}: std::env", source.place(import.at))));
    }
    found
}

#[test]
fn the_environment_is_read_in_config_only() {
    must_be_none(
        &environment(source::all()),
        "read it in config.rs and pass the value on",
    );
    must_see(
        environment,
        &[
            ("shared/service/src/a.rs", "fn f() { env::var(\"A\"); }\n"),
            ("shared/core/src/a.rs", "use std::env;\n"),
            ("shared/core/src/a.rs", "use std::{env};\n"),
            (
                "shared/core/src/a.rs",
                "use std::{fmt, env::{self as e}};\n",
            ),
        ],
        &[
            ("shared/service/src/config.rs", "use std::env;\n"),
            (
                "shared/service/src/a.rs",
                "const A: &str = env!(\"CARGO_PKG_VERSION\");\n",
            ),
        ],
    );
}

fn clock_lint(sources: &[Source]) -> Vec<String> {
    let allowed = [
        "shared/service/src/clock.rs",
        "shared/directory/src/table/backoff.rs",
        "shared/core/benches/",
        "infra/local/",
        "tests/",
    ];
    used_outside(sources, &["clippy::disallowed_methods"], &allowed)
}

#[test]
fn time_and_randomness_come_from_the_clock_only() {
    must_be_none(
        &clock_lint(source::all()),
        "take a Clock or Ids as a parameter",
    );
    let planted = "#[expect(clippy::disallowed_methods, reason = \"a\")]\nfn f() {}\n";
    must_see(
        clock_lint,
        &[("shared/directory/src/a.rs", planted)],
        &[("shared/service/src/clock.rs", planted)],
    );
}

/// The words of RFC 7644 table 9 and of RFC 9865 section 4.
const SCIM_TYPES: [&str; 13] = [
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
    "invalidCursor",
    "expiredCursor",
    "invalidCount",
];

fn scim_types(sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources {
        if is_under(source, &["shared/core/src/error"]) {
            continue;
        }
        // Two of the words are also names of characteristics.
        let describes_schemas = is_under(
            source,
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
    broken
}

#[test]
fn scim_types_are_named_in_the_table_of_errors_only() {
    must_be_none(
        &scim_types(source::products()),
        "make the failure with its reason, whose kind has the word",
    );
    must_see(
        scim_types,
        &[
            (
                "shared/service/src/a.rs",
                "const A: &str = \"invalidFilter\";\n",
            ),
            (
                "shared/core/src/patch.rs",
                "const A: &str = \"mutability\";\n",
            ),
        ],
        &[
            (
                "shared/core/src/error/kind.rs",
                "const A: &str = \"noTarget\";\n",
            ),
            (
                "shared/core/src/schema.rs",
                "const A: &str = \"mutability\";\n",
            ),
            (
                "shared/service/src/a.rs",
                "// \"noTarget\"\nconst A: &str = \"the noTarget\";\n",
            ),
        ],
    );
}
