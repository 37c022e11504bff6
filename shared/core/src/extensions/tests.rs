//! Tests of valid declarations. The end-to-end tests have a table of the rejected ones.

use serde_json::{Value, json};

use super::Extensions;
use crate::discovery;
use crate::schema::{Catalogue, ResourceKind, Type};

const BADGES: &str = "urn:example:badges:1.0:User";

fn entry(kind: &str, id: &str, attributes: &Value) -> Value {
    json!({ "resourceType": kind, "schema": { "id": id, "attributes": attributes } })
}

fn faults(given: &Value) -> Vec<String> {
    match Extensions::parse(given) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.list().iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn n01_omitted_characteristics_have_their_defaults() {
    let given = json!([entry(
        "user",
        BADGES,
        &json!([
            { "name": "badge" }, { "NAME": "Photo", "Type": "BINARY", "caseExact": null },
            { "name": "desk", "type": "reference" }
        ])
    )]);
    let extensions = Extensions::parse(&given).unwrap();
    let user = extensions.catalogue().resource_type(ResourceKind::User);
    let schema = user.extension(&BADGES.to_uppercase()).unwrap();
    assert_eq!(
        (schema.name.as_str(), schema.description.as_str()),
        (BADGES, "")
    );
    let standard = Catalogue::standard().resource_type(ResourceKind::User);
    let plain = standard.schema.attribute("displayName").unwrap();
    let badge = schema.attribute("Badge").unwrap();
    assert_eq!(
        (
            badge.kind,
            badge.mutability,
            badge.returned,
            badge.uniqueness
        ),
        (
            plain.kind,
            plain.mutability,
            plain.returned,
            plain.uniqueness
        )
    );
    assert!(!badge.required && !badge.multi_valued && !badge.case_exact);
    assert!(schema.attribute("photo").unwrap().case_exact, "N-06");
    assert!(schema.attribute("desk").unwrap().case_exact, "N-07");
    assert_eq!(schema.attribute("desk").unwrap().kind, Type::Reference);
    assert!(standard.extension(BADGES).is_none());
    let group = extensions.catalogue().resource_type(ResourceKind::Group);
    assert!(group.extension(BADGES).is_none());
}

#[test]
fn published_and_stored_schemas_can_be_declared_again() {
    let given = json!([
        { "resourceType": "User", "required": true, "schema": {
            "id": BADGES, "name": "Badges", "description": "What users wear.",
            "attributes": [
                { "name": "badge", "caseExact": true, "required": true, "mutability": "immutable",
                  "canonicalValues": ["red", "blue"] },
                { "name": "desks", "type": "complex", "multiValued": true, "returned": "request",
                  "subAttributes": [
                    { "name": "value", "type": "integer", "required": true },
                    { "name": "$ref", "type": "reference", "referenceTypes": ["external"] },
                    { "name": "primary", "type": "boolean" } ] }
            ] } },
        entry("Group", "urn:example:badges:1.0:Group", &json!([{ "name": "floor", "type": "decimal" }])),
    ]);
    let extensions = Extensions::parse(&given).unwrap();
    let stored = serde_json::to_string(&extensions).unwrap();
    assert_eq!(
        serde_json::from_str::<Extensions>(&stored).unwrap(),
        extensions
    );
    let published: Vec<Value> = extensions
        .declared()
        .iter()
        .map(|declared| {
            json!({ "resourceType": declared.kind.name(), "required": declared.required,
                "schema": discovery::schema(&declared.schema, "https://example.com") })
        })
        .collect();
    assert_eq!(Extensions::parse(&json!(published)).unwrap(), extensions);
}

#[test]
fn the_enterprise_schema_under_another_urn_fails_only_for_its_read_only_attribute() {
    let standard = Catalogue::standard();
    let enterprise = standard.resource_type(ResourceKind::User).extensions[0]
        .schema
        .as_ref();
    let mut schema = discovery::schema(enterprise, "");
    schema["id"] = json!("urn:example:enterprise:2.0:User");
    let manager = "/0/schema/attributes/5/subAttributes";
    let given = json!([{ "resourceType": "User", "schema": schema }]);
    let faults = faults(&given);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(
        faults[0].starts_with(&format!("{manager}/2/mutability: ")),
        "{faults:?}"
    );
}

#[test]
fn urns_must_be_valid_and_not_reserved() {
    let attributes =
        json!([{ "name": "v1", "type": "complex", "subAttributes": [{ "name": "x" }] }]);
    for id in [
        "urn:example:badges",
        "URN:Example:Badges:2.0:User",
        "urn:x:1.0:User",
        "urn:ietf:params:scim:schemas:extension:acme:2.0:User",
        "urn:example:a-b_c:1.0",
        "urn:example:department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:office",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:Device",
    ] {
        assert_eq!(
            faults(&json!([entry("User", id, &attributes)])),
            [""; 0],
            "{id}"
        );
    }
    for id in [
        "",
        "urn",
        "urn:",
        "urn:example",
        "urn:example:",
        "urn::x",
        "urn:-x:y",
        "urn:example::x",
        "example:badges",
        "https://example.com/badges",
        "urn:example:bad ges",
        "urn:example:b/c",
        "urn:example:b%20c",
        "urn:example:bädges",
        "urn:example:badges:1.0.3",
        "urn:example:badges:",
        "urn:example:a:.b",
        "urn:example:a.",
        "urn:example:a#b",
        "urn:example:\"a\"",
        "urn:ietf:params:scim:api:messages:2.0:PatchOp",
        "URN:IETF:params:scim:schemas:CORE:2.0:Device",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:Department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.displayname",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User.manager",
        "urn:scim:schemas:extension:enterprise:2.0",
    ] {
        let faults = faults(&json!([entry("User", id, &attributes)]));
        assert_eq!(faults.len(), 1, "{id}: {faults:?}");
        assert!(faults[0].starts_with("/0/schema/id: "), "{id}: {faults:?}");
    }
}

#[test]
fn a_urn_must_not_be_a_path_in_another_schema() {
    let attributes =
        json!([{ "name": "v1", "type": "complex", "subAttributes": [{ "name": "x" }] }]);
    let pair = |one: &str, other: &str| {
        faults(&json!([
            entry("User", one, &attributes),
            entry("Group", other, &attributes)
        ]))
    };
    assert_eq!(pair("urn:example:a", "urn:example:a:b"), [""; 0]);
    assert_eq!(pair("urn:example:a", "urn:example:a.b"), [""; 0]);
    assert_eq!(pair("urn:example:a", "urn:example:a:v1.0"), [""; 0]);
    for (one, other, at) in [
        ("urn:example:a", "URN:example:A", 1),
        ("urn:example:a", "urn:example:A:V1", 1),
        ("urn:example:a:v1.X", "urn:example:a", 0),
        ("urn:example:a", "urn:example:A.V1", 1),
    ] {
        let faults = pair(one, other);
        assert_eq!(faults.len(), 1, "{one} {other}: {faults:?}");
        assert!(
            faults[0].starts_with(&format!("/{at}/schema/id: ")),
            "{faults:?}"
        );
    }
}

#[test]
fn n02_attribute_names_must_be_valid() {
    for (name, is_legal) in [
        ("a", true),
        ("A-b_c$1", true),
        ("id", true),
        ("members", true),
        ("password", true),
        ("", false),
        ("1a", false),
        ("-a", false),
        ("$ref", false),
        ("a b", false),
        ("a.b", false),
        ("a:b", false),
        ("ä", false),
        ("Schemas", false),
    ] {
        let given = json!([entry("Group", BADGES, &json!([{ "name": name }]))]);
        assert_eq!(
            faults(&given).is_empty(),
            is_legal,
            "{name}: {:?}",
            faults(&given)
        );
    }
}

#[test]
fn all_faults_are_reported_at_once_up_to_100() {
    let attributes: Vec<Value> = (0..120).map(|n| json!({ "name": n })).collect();
    let given = json!([entry("User", "odd", &json!(attributes)), 5]);
    assert_eq!(faults(&given).len(), 100);
    let given = json!([{ "resourceType": "Device", "required": "yes" }, {}, 5]);
    let faults = faults(&given);
    let places: Vec<&str> = faults
        .iter()
        .filter_map(|fault| fault.split(": ").next())
        .collect();
    assert_eq!(
        places,
        ["/0/resourceType", "/0/required", "/0", "/1", "/1", "/2"]
    );
}

#[test]
fn limits_on_schemas_are_enforced() {
    let many = |schemas: usize, attributes: usize| -> Value {
        let attributes: Vec<Value> = (0..attributes)
            .map(|n| json!({ "name": format!("a{n}") }))
            .collect();
        let attributes = json!(attributes);
        (0..schemas)
            .map(|n| entry("User", &format!("urn:example:s{n}"), &attributes))
            .collect()
    };
    assert_eq!(faults(&many(20, 12)), [""; 0]);
    assert_eq!(faults(&many(1, 250)), [""; 0]);
    let told = faults(&many(21, 1));
    assert!(told.len() == 1 && told[0].contains("20"), "{told:?}");
    let told = faults(&many(2, 126));
    assert!(
        told.len() == 1 && told[0].starts_with("/1/schema/attributes: "),
        "{told:?}"
    );
    let long = json!([entry(
        "User",
        BADGES,
        &json!([{ "name": "a", "description": "d".repeat(100_000) }])
    )]);
    let told = faults(&long);
    assert!(told.len() == 1 && told[0].contains("98304"), "{told:?}");
}
