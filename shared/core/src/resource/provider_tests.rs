//! Tests of bodies of POST and PUT as providers send them.

use serde_json::{Value, json};

use super::{Draft, Resource};
use crate::schema::{Catalogue, ResourceKind};
use crate::{ErrorKind, ScimError, urn};

const E: &str = urn::ENTERPRISE_USER;

fn draft(kind: ResourceKind, body: &Value) -> Result<Draft, ScimError> {
    Draft::parse(body.clone(), Catalogue::standard().resource_type(kind))
}

/// Asserts each row: the body and the stored attributes. Sending the stored attributes gives the same result.
fn assert_kept(kind: ResourceKind, table: impl IntoIterator<Item = (Value, Value)>) {
    for (body, kept) in table {
        let given = draft(kind, &body).unwrap_or_else(|error| panic!("{body}: {error}"));
        let mut again = given.attributes.clone();
        assert_eq!(Value::Object(given.attributes), kept, "{body}");
        again.insert("schemas".to_owned(), body["schemas"].clone());
        let again = draft(kind, &Value::Object(again)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Value::Object(again.attributes), kept, "again: {body}");
    }
}

#[test]
fn okta_users() {
    assert_kept(
        ResourceKind::User,
        [
            (
                json!({
                    "schemas": [urn::USER], "userName": "a@b", "name": { "givenName": "G", "familyName": "F" },
                    "emails": [{ "primary": true, "value": "a@b", "type": "work" }], "displayName": "G F",
                    "locale": "en-US", "externalId": "00u1", "groups": [], "password": "x", "active": true
                }),
                json!({
                    "userName": "a@b", "name": { "givenName": "G", "familyName": "F" },
                    "emails": [{ "primary": true, "value": "a@b", "type": "work" }], "displayName": "G F",
                    "locale": "en-US", "externalId": "00u1", "active": true
                }),
            ),
            (
                json!({
                    "schemas": [urn::USER], "id": "i", "meta": { "resourceType": "User" }, "groups": [],
                    "userName": "a@b", "title": "", "nickName": "",
                    "name": { "givenName": "", "familyName": "F" },
                    "phoneNumbers": [{ "value": "", "type": "mobile" }, { "value": "+47 1", "type": "work" }],
                    "ims": [{ "value": "", "type": "xmpp" }], "profileUrl": " ",
                    "roles": [{ "value": "{\"id\":\"1\",\"value\":\"buyer\"}" }], "locale": [{ "value": "en" }]
                }),
                json!({
                    "userName": "a@b", "title": "", "nickName": "",
                    "name": { "givenName": "", "familyName": "F" },
                    "phoneNumbers": [{ "value": "+47 1", "type": "work" }],
                    "roles": [{ "value": "buyer" }], "locale": "en"
                }),
            ),
        ],
    );
}

#[test]
fn entra_users() {
    assert_kept(
        ResourceKind::User,
        [
            (
                json!({
                    "schemas": [urn::USER, E], "externalId": "e", "userName": "a@b", "active": true,
                    "emails": [{ "primary": true, "type": "work", "value": "a@b" }],
                    "meta": { "resourceType": "User" }, "roles": [],
                    "name": { "formatted": "G F", "familyName": "F", "givenName": "G" },
                    (E): { "department": "D", "manager": "m" }
                }),
                json!({
                    "externalId": "e", "userName": "a@b", "active": true,
                    "emails": [{ "primary": true, "type": "work", "value": "a@b" }],
                    "name": { "formatted": "G F", "familyName": "F", "givenName": "G" },
                    (E): { "department": "D", "manager": { "value": "m" } }
                }),
            ),
            (
                json!({
                    "schemas": [urn::USER, E], "userName": "a@b", "active": "True", "title": null,
                    "emails": null, "addresses": null, "phoneNumbers": null, "displayName": "D",
                    "department": null, "manager": null, "unknown": { "a": [1] },
                    "roles": [{ "primary": "True", "value": "r", "type": "t", "display": null }],
                    (E): { "department": null, "manager": null }
                }),
                json!({
                    "userName": "a@b", "active": true, "displayName": "D",
                    "roles": [{ "primary": true, "value": "r", "type": "t" }]
                }),
            ),
        ],
    );
}

#[test]
fn the_other_providers() {
    assert_kept(
        ResourceKind::User,
        [
            // OneLogin's enterprise template: old URNs, nulls and blanks.
            (
                json!({
                    "schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"],
                    "userName": "a@b", "title": null, "active": true,
                    "urn:scim:schemas:extension:enterprise:2.0": {
                        "department": "D", "manager": { "value": null, "displayName": " " } }
                }),
                json!({ "userName": "a@b", "active": true, (E): { "department": "D" } }),
            ),
            // Keycloak: an id of its own, e-mails without type, extension data without its URN.
            (
                json!({
                    "schemas": [urn::USER], "id": "kc", "userName": "a", "emails": [{ "value": "a@b" }],
                    (E): { "costCenter": "C" }
                }),
                json!({ "userName": "a", "emails": [{ "value": "a@b" }], (E): { "costCenter": "C" } }),
            ),
            // PingOne: two primary values; the first counts.
            (
                json!({
                    "schemas": [urn::USER], "userName": "a", "emails": [
                        { "value": "a@b", "type": "work", "primary": true },
                        { "value": "c@d", "type": "home", "primary": true }]
                }),
                json!({
                    "userName": "a", "emails": [
                        { "value": "a@b", "type": "work", "primary": true },
                        { "value": "c@d", "type": "home", "primary": false }]
                }),
            ),
            // Rippling: primary without type. Names in any case, the base schema as a container.
            (
                json!({
                    "Schemas": [urn::USER.to_uppercase()], "USERNAME": "a", (E): [],
                    "Emails": { "VALUE": "a@b", "Primary": "true" }, (urn::USER): { "title": "T" }
                }),
                json!({ "userName": "a", "emails": [{ "value": "a@b", "primary": true }], "title": "T" }),
            ),
        ]
        .map(|(mut body, kept)| {
            // `assert_kept` sends it again with the canonical name.
            if let Some(schemas) = body.as_object_mut().and_then(|body| body.remove("Schemas")) {
                body["schemas"] = schemas;
            }
            (body, kept)
        }),
    );
}

#[test]
fn groups_of_okta_and_entra() {
    let id = "2819c223-7f76-453a-919d-413861904646";
    let former = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group";
    for (body, kept, members) in [
        (
            json!({ "schemas": [urn::GROUP], "displayName": "N", "members": [] }),
            json!({ "displayName": "N" }),
            0,
        ),
        (
            json!({ "schemas": [urn::GROUP, former], "externalId": "e", "displayName": "N",
                "meta": { "resourceType": "Group" } }),
            json!({ "externalId": "e", "displayName": "N" }),
            0,
        ),
        (
            json!({ "schemas": [urn::GROUP], "id": id, "displayName": "N",
                "members": [{ "value": id, "display": null }] }),
            json!({ "displayName": "N" }),
            1,
        ),
    ] {
        let draft = draft(ResourceKind::Group, &body).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Value::Object(draft.attributes), kept, "{body}");
        assert_eq!(draft.members.len(), members, "{body}");
        assert!(draft.members.iter().all(|member| member.kind.is_none()));
    }
}

#[test]
fn u13_a_representation_can_be_sent_back() {
    let of = Catalogue::standard().resource_type(ResourceKind::User);
    let body = json!({ "schemas": [urn::USER], "userName": "a", "title": "", (E): { "division": "V" },
        "emails": [{ "value": "a@b", "primary": true }] });
    let attributes =
        draft(ResourceKind::User, &body).map_or_else(|e| panic!("{e}"), |d| d.attributes);
    let resource = Resource {
        kind: ResourceKind::User,
        id: crate::ResourceId::parse("2819c223-7f76-453a-919d-413861904646").unwrap(),
        meta: super::Meta {
            created: jiff::Timestamp::UNIX_EPOCH,
            last_modified: jiff::Timestamp::UNIX_EPOCH,
            version: crate::Version::FIRST,
        },
        attributes: attributes.clone(),
    };
    let read = Value::Object(resource.represent(of, "https://x/scim/v2"));
    let again = draft(ResourceKind::User, &read).map_or_else(|e| panic!("{e}"), |d| d.attributes);
    assert_eq!(again, attributes);
}

#[test]
fn errors_name_the_attribute() {
    use ErrorKind::{InvalidSyntax, InvalidValue};
    for (body, kind, named) in [
        (json!([]), InvalidSyntax, "JSON object"),
        (
            json!({ "schemas": [urn::GROUP], "userName": "a" }),
            InvalidSyntax,
            urn::USER,
        ),
        (
            json!({ "schemas": [urn::USER] }),
            InvalidValue,
            "`userName` is required",
        ),
        (
            json!({ "schemas": [urn::USER], "userName": null }),
            InvalidValue,
            "`userName`",
        ),
        (
            json!({ "schemas": [urn::USER], "userName": " a" }),
            InvalidValue,
            "`userName` ` a`",
        ),
        (
            json!({ "schemas": [urn::USER], "userName": "a", "active": "1" }),
            InvalidValue,
            "`active`",
        ),
        (
            json!({ "schemas": [urn::USER], "userName": "a", "USERNAME": "b" }),
            InvalidSyntax,
            "`userName`",
        ),
        (
            json!({ "schemas": [urn::USER], "userName": "a", (E): "x" }),
            InvalidValue,
            E,
        ),
        (
            json!({ "schemas": [urn::USER], "userName": "a", (E): { "manager": { "value": 5 } } }),
            InvalidValue,
            "User:manager.value` must be text, not a number",
        ),
        (
            json!({ "schemas": [urn::USER], "userName": "a", "emails": [{ "value": "x" }, 7] }),
            InvalidValue,
            "`emails[1]`",
        ),
    ] {
        let error = draft(ResourceKind::User, &body).map_or_else(|e| e, |_| panic!("{body}"));
        assert_eq!(error.kind(), kind, "{body}: {error}");
        assert!(
            error.detail().to_string().contains(named),
            "{body}: {error}"
        );
    }
}
