//! Every rejection of extension schemas, word for word.

use scim_core::Extensions;
use serde_json::{Value, json};

/// The JSON around the part in question.
fn whole(part: &str) -> Value {
    let read =
        |text: &str| serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let schema = |attributes: &str| {
        format!(
            r#"[{{"resourceType":"User","schema":{{"id":"urn:example:x","attributes":[{attributes}]}}}}]"#
        )
    };
    match part.split_once(' ') {
        Some(("whole", whole)) => read(whole),
        Some(("entry", entry)) => read(&format!("[{entry}]")),
        Some(("id", id)) => read(&schema(r#"{"name":"a"}"#).replace("urn:example:x", id)),
        Some(("attributes", attributes)) => read(&schema(attributes)),
        Some(("part", part)) => read(&schema(&format!(
            r#"{{"name":"a","type":"complex","subAttributes":[{part}]}}"#
        ))),
        _ => panic!("{part}"),
    }
}

/// A part of the JSON, and its faults.
const ROWS: &[(&str, &[&str])] = &[
    ("whole {}", &["extension schemas must be an array"]),
    (
        "whole [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]",
        &["a tenant can have at most 20 extension schemas"],
    ),
    ("entry 5", &["/0: an extension must be a JSON object"]),
    (
        r#"entry {"resourceTypes":"User"}"#,
        &[
            "/0: an extension has no member `resourceTypes`; the members are resourceType, required, schema",
            "/0: `resourceType` is missing; it must be User or Group",
            "/0: `schema` is missing; it must have the format of /Schemas",
        ],
    ),
    (
        r#"entry {"resourceType":"Device","required":1,"schema":5}"#,
        &[
            "/0/resourceType: `resourceType` must be one of User, Group, not `Device`",
            "/0/required: `required` must be true or false",
            "/0/schema: a schema must be a JSON object",
        ],
    ),
    (
        r#"entry {"resourceType":"User","schema":{"ID":null,"version":1}}"#,
        &[
            "/0/schema: a schema has no member `version`; the members are id, name, description, attributes, schemas, meta",
            "/0/schema: `id` is missing; it must be the URN of the schema",
            "/0/schema: `attributes` is missing or empty; at least one is required",
        ],
    ),
    (
        r#"entry {"resourceType":"User","schema":{"id":"urn:example:x","Id":"urn:example:x","name":5,"description":[],"attributes":{}}}"#,
        &[
            "/0/schema: `id` is repeated",
            "/0/schema/name: `name` must be text",
            "/0/schema/description: `description` must be text",
            "/0/schema/attributes: `attributes` must be an array",
        ],
    ),
    (
        "id https://example.com/x",
        &[
            "/0/schema/id: the `id` `https://example.com/x` is not a URN such as `urn:example:badges:1.0:User`; use letters, digits, `-`, `_`, `.` and `:`",
        ],
    ),
    (
        "id urn:ietf:params:scim:schemas:core:2.0:Device",
        &[
            "/0/schema/id: the `id` `urn:ietf:params:scim:schemas:core:2.0:Device` is in a namespace that SCIM reserves; choose your own URN",
        ],
    ),
    (
        "id urn:example:x:1.0.1",
        &[
            "/0/schema/id: the `id` `urn:example:x:1.0.1` may have at most one dot after its last colon, with characters on both sides; otherwise attribute paths with it cannot be parsed",
        ],
    ),
    (
        "id urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER",
        &[
            "/0/schema/id: another schema has the `id` `urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER`; URNs are not case-sensitive",
        ],
    ),
    (
        "id urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division",
        &[
            "/0/schema/id: the `id` `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division` is the path of an attribute of `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`, so attribute paths with it are ambiguous",
        ],
    ),
    (
        "attributes 5",
        &["/0/schema/attributes/0: an attribute must be a JSON object"],
    ),
    (
        r#"attributes {"multivalue":true}"#,
        &[
            "/0/schema/attributes/0: an attribute has no member `multivalue`; the members are name, type, multiValued, description, required, canonicalValues, caseExact, mutability, returned, uniqueness, referenceTypes, subAttributes",
            "/0/schema/attributes/0: `name` is missing",
        ],
    ),
    (
        r#"attributes {"name":"a b"},{"name":"schemas"}"#,
        &[
            "/0/schema/attributes/0/name: the `name` `a b` must start with a letter and contain only letters, digits, `-`, `_` and `$`",
            "/0/schema/attributes/1/name: the `name` `schemas` is reserved",
        ],
    ),
    (
        r#"attributes {"name":"a"},{"name":"b"},{"name":"A"}"#,
        &["/0/schema/attributes/2/name: `A` is repeated; names are not case-sensitive"],
    ),
    (
        r#"attributes {"name":"a","type":"text","required":"true","caseExact":0,"mutability":"hidden","returned":1,"uniqueness":"no"}"#,
        &[
            "/0/schema/attributes/0/type: `type` must be one of string, boolean, decimal, integer, dateTime, binary, reference, complex, not `text`",
            "/0/schema/attributes/0/caseExact: `caseExact` must be true or false",
            "/0/schema/attributes/0/required: `required` must be true or false",
            "/0/schema/attributes/0/mutability: `mutability` must be one of readOnly, readWrite, immutable, writeOnly, not `hidden`",
            "/0/schema/attributes/0/returned: `returned` must be one of always, never, default, request, not `1`",
            "/0/schema/attributes/0/uniqueness: `uniqueness` must be one of none, server, global, not `no`",
        ],
    ),
    (
        r#"attributes {"name":"a","canonicalValues":"x","referenceTypes":[1]}"#,
        &[
            "/0/schema/attributes/0/canonicalValues: `canonicalValues` must be an array of strings",
            "/0/schema/attributes/0/referenceTypes: `referenceTypes` must be an array of strings",
        ],
    ),
    (
        r#"attributes {"name":"a","mutability":"readOnly","returned":"never","uniqueness":"server"}"#,
        &[
            "/0/schema/attributes/0/mutability: `mutability` cannot be readOnly: only clients set extension attributes, so it would never have a value",
            "/0/schema/attributes/0/returned: `returned` cannot be never: extension attributes cannot be secret; with request, a value is returned only on request",
            "/0/schema/attributes/0/uniqueness: `uniqueness` must be none: uniqueness is not supported for extension attributes",
        ],
    ),
    (
        r#"attributes {"name":"a","mutability":"writeOnly"}"#,
        &[
            "/0/schema/attributes/0/mutability: `mutability` cannot be writeOnly: extension attributes cannot be secret",
        ],
    ),
    (
        r#"attributes {"name":"a","type":"binary","caseExact":false,"canonicalValues":["x"]},{"name":"b","referenceTypes":["User"]},{"name":"c","type":"reference","referenceTypes":["Device"]}"#,
        &[
            "/0/schema/attributes/0/canonicalValues: only strings and references can have `canonicalValues`",
            "/0/schema/attributes/0/caseExact: `caseExact` must be true for binary values: base64 is case-sensitive",
            "/0/schema/attributes/1/referenceTypes: only references can have `referenceTypes`",
            "/0/schema/attributes/2/referenceTypes: `referenceTypes` must be User, Group, external or uri, not `Device`",
        ],
    ),
    (
        r#"attributes {"name":"a","type":"complex"},{"name":"b","subAttributes":[{"name":"c"}]}"#,
        &[
            "/0/schema/attributes/0: a complex attribute must have `subAttributes`",
            "/0/schema/attributes/1/subAttributes: only complex attributes can have `subAttributes`",
        ],
    ),
    (
        r#"part {"name":"b","type":"complex","subAttributes":[{"name":"c"}]}"#,
        &["/0/schema/attributes/0/subAttributes/0/type: a sub-attribute cannot be complex"],
    ),
    (
        r#"part {"name":"b","multiValued":true,"mutability":"immutable","returned":"request"},{"name":"B"}"#,
        &[
            "/0/schema/attributes/0/subAttributes/0/multiValued: a sub-attribute cannot be multi-valued; define a separate attribute, or make the parent attribute multi-valued",
            "/0/schema/attributes/0/subAttributes/0/mutability: a sub-attribute cannot be immutable; make the parent attribute immutable",
            "/0/schema/attributes/0/subAttributes/0/returned: `returned` of a sub-attribute must be default; set it for the parent attribute",
            "/0/schema/attributes/0/subAttributes/1/name: `B` is repeated; names are not case-sensitive",
        ],
    ),
    (
        r#"part {"name":"primary"},{"name":"type","type":"integer"},{"name":"$ref"}"#,
        &[
            "/0/schema/attributes/0/subAttributes/0/type: the sub-attribute `primary` must be a boolean",
            "/0/schema/attributes/0/subAttributes/1/type: the sub-attributes `type` and `display` must be strings",
            "/0/schema/attributes/0/subAttributes/2/type: the sub-attribute `$ref` must be a reference",
        ],
    ),
];

#[test]
fn every_fault_of_extension_schemas_is_told_with_its_place() {
    for (part, expected) in ROWS {
        let faults = Extensions::parse(&whole(part)).expect_err(part);
        let told: Vec<String> = faults.list().iter().map(ToString::to_string).collect();
        assert_eq!(told, *expected, "{part}");
        assert_eq!(faults.to_string(), expected.join("; "));
    }
}

#[test]
fn the_place_of_a_fault_leads_to_something_that_was_given() {
    for (part, _) in ROWS {
        let given = whole(part);
        for fault in Extensions::parse(&given).expect_err(part).list() {
            let parent = fault.at.rsplit_once('/').map_or("", |(parent, _)| parent);
            assert!(given.pointer(parent).is_some(), "{part}: {}", fault.at);
            let json = json!(fault);
            assert_eq!(
                (&json["at"], &json["detail"]),
                (&json!(fault.at), &json!(fault.detail))
            );
        }
    }
}
