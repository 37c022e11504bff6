//! Tests of malformed messages and paths, and of unknown attributes.

use super::*;
use ErrorKind::{InvalidFilter, InvalidPath, InvalidSyntax, InvalidValue, NoTarget};

#[test]
fn m01_m02_m15_m22_malformed_messages() {
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (json!("x"), InvalidSyntax, "`Operations`"),
            (
                json!([{ "op": "move", "path": "title", "value": "x" }]),
                InvalidSyntax,
                "operation 1: `op`",
            ),
            (
                json!([{ "op": "add", "path": "title" }]),
                InvalidValue,
                "operation 1: `value`",
            ),
            (json!([{ "op": "remove" }]), NoTarget, "operation 1: `path`"),
            (
                json!([{ "op": "remove", "path": "" , "value": { "title": "t" } }]),
                NoTarget,
                "`path`",
            ),
        ],
    );
}

#[test]
fn m07_malformed_paths() {
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (
                json!([{ "op": "remove", "path": "a b" }]),
                InvalidPath,
                "operation 1: path `a b`: `a b` is no",
            ),
            (
                json!([{ "op": "remove", "path": "emails[0]" }]),
                InvalidFilter,
                "position 9",
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq work]" }]),
                InvalidFilter,
                "double quotes",
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq \"work\"].value.x" }]),
                InvalidPath,
                "`value.x`",
            ),
            (
                json!([{ "op": "remove", "path": "emails[type pr]x" }]),
                InvalidPath,
                "expected `.` and a sub-attribute",
            ),
            (
                json!([{ "op": "remove", "path": "emails." }]),
                InvalidPath,
                "name is missing",
            ),
            (
                json!([{ "op": "add", "value": "x" }]),
                InvalidValue,
                "`path`",
            ),
            (
                json!([{ "op": "add", "value": { "a b": 1 } }]),
                InvalidPath,
                "`a b`",
            ),
        ],
    );
}

#[test]
fn m08_unknown_attributes() {
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (
                json!([{ "op": "add", "path": "shoeSize", "value": 1 }]),
                InvalidPath,
                "a User has no attribute `shoeSize`",
            ),
            (
                json!([{ "op": "add", "value": { "shoeSize": 1 } }]),
                InvalidPath,
                "`shoeSize`",
            ),
            (
                json!([{ "op": "remove", "path": "name.nick" }]),
                InvalidPath,
                "`name.nick`",
            ),
            (
                json!([{ "op": "remove", "path": "emails[type eq \"work\"].nick" }]),
                InvalidPath,
                "`nick`",
            ),
            (
                json!([{ "op": "remove", "path": "emails[nick eq \"work\"]" }]),
                InvalidFilter,
                "`nick`",
            ),
            (
                json!([{ "op": "add", "path": "urn:x:y:title", "value": "t" }]),
                InvalidPath,
                "a User has no schema `urn:x:y`",
            ),
            (
                json!([{ "op": "add", "path": format!("{E}:title"), "value": "t" }]),
                InvalidPath,
                "has no attribute `title`",
            ),
            (
                json!([{ "op": "add", "value": { (E): { "title": "t" } } }]),
                InvalidPath,
                "title",
            ),
        ],
    );
}

#[test]
fn misplaced_brackets_are_rejected_not_ignored() {
    let path = |path: &str| json!([{ "op": "remove", "path": path }]);
    assert_refused(
        ResourceKind::User,
        &before(),
        [
            (path("name[nick eq \"t\"]"), InvalidFilter, "`nick`"),
            (path("title[type eq \"t\"]"), InvalidFilter, "`type`"),
            (
                path("name.givenName[value eq \"t\"]"),
                InvalidPath,
                "follow `name`",
            ),
            (path("password[value eq \"t\"]"), InvalidPath, "`password`"),
            (
                path("emails.value[type eq \"work\"]"),
                InvalidPath,
                "follow `emails`",
            ),
            (
                path("emails.type[type eq \"work\"].value"),
                InvalidPath,
                "follow `emails`",
            ),
            (
                path(&format!("{E}[department eq \"D\"]")),
                InvalidPath,
                "is a schema",
            ),
            (
                path(&format!("{}[title eq \"t\"].title", urn::USER)),
                InvalidPath,
                "is a schema",
            ),
        ],
    );
}
