//! Extension schemas of a tenant: published, and treated like the built-in extension.

use serde_json::{Value, json};

use crate::conformance::schema_walk::walk;
use crate::support::client::{GROUP, USER};
use crate::support::{Client, Target};

mod changes;
mod patches;
mod queries;
mod refused;
mod required;
mod values;

/// The extension of users in most tests.
const BADGES: &str = "urn:example:badges:1.0:User";
/// The extension of groups.
const TEAMS: &str = "urn:example:badges:1.0:Group";

/// An extension with some attributes.
fn extension(kind: &str, id: &str, attributes: Value) -> Value {
    json!({ "resourceType": kind, "schema": { "id": id, "name": "Test", "attributes": attributes } })
}

/// Extensions of users and groups with every type of attribute.
fn every_type() -> Value {
    let parts = json!([
        { "name": "value" }, { "name": "type" }, { "name": "primary", "type": "boolean" },
        { "name": "display" }, { "name": "weight", "type": "decimal" }
    ]);
    let office = json!([
        { "name": "site" }, { "name": "room", "type": "integer" },
        { "name": "open", "type": "boolean" }, { "name": "since", "type": "dateTime" }
    ]);
    let users = json!([
        { "name": "badge" },
        { "name": "code", "caseExact": true },
        { "name": "remote", "type": "boolean" },
        { "name": "floor", "type": "integer" },
        { "name": "rate", "type": "decimal" },
        { "name": "since", "type": "dateTime" },
        { "name": "desk", "type": "reference", "referenceTypes": ["external"] },
        { "name": "photo", "type": "binary" },
        { "name": "tags", "multiValued": true },
        { "name": "numbers", "type": "integer", "multiValued": true },
        { "name": "office", "type": "complex", "subAttributes": office },
        { "name": "devices", "type": "complex", "multiValued": true, "subAttributes": parts },
        { "name": "serial", "mutability": "immutable" },
        { "name": "notes", "returned": "request" },
        { "name": "level", "type": "integer", "returned": "always" }
    ]);
    // Names that have another meaning outside of extensions.
    let groups = json!([
        { "name": "badge" }, { "name": "members", "multiValued": true },
        { "name": "displayName" }, { "name": "id" }
    ]);
    json!([
        extension("User", BADGES, users),
        extension("Group", TEAMS, groups)
    ])
}

/// A tenant with these extensions.
async fn extended() -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    target.extend(&client, &every_type()).await;
    (target, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn d14_i15_the_published_characteristics_of_extensions_are_enforced() {
    let (_target, client) = extended().await;
    walk(&client).await;
}

/// A user with an extension.
fn user(name: &str, badges: Value) -> Value {
    json!({ "schemas": [USER, BADGES], "userName": name, (BADGES): badges })
}

/// A group with an extension.
fn group(name: &str, teams: Value) -> Value {
    json!({ "schemas": [GROUP, TEAMS], "displayName": name, (TEAMS): teams })
}

/// The path of an attribute of the extension of users.
fn path(name: &str) -> String {
    format!("{BADGES}:{name}")
}
