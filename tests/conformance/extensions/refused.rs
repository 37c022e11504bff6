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
        &["a tenant has 20 extension schemas at most"],
    ),
    ("entry 5", &["/0: an extension must be a JSON object"]),
    (
        r#"entry {"resourceTypes":"User"}"#,
        &[
            "/0: `resourceTypes` is no part of an extension; there are resourceType, required, schema",
            "/0: `resourceType` is missing; say User or Group",
            "/0: `schema` is missing; give the schema as /Schemas has it",
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
            "/0/schema: `version` is no part of a schema; there are id, name, description, attributes, schemas, meta",
            "/0/schema: `id` is missing; give the URN of the schema",
            "/0/schema: `attributes` is missing or empty; give one at least",
        ],
    ),
    (
        r#"entry {"resourceType":"User","schema":{"id":"urn:example:x","Id":"urn:example:x","name":5,"description":[],"attributes":{}}}"#,
        &[
            "/0/schema: `id` is given twice",
            "/0/schema/name: `name` must be text",
            "/0/schema/description: `description` must be text",
            "/0/schema/attributes: `attributes` must be an array",
        ],
    ),
    (
        "id https://example.com/x",
        &[
            "/0/schema/id: the `id` `https://example.com/x` is no URN such as `urn:example:badges:1.0:User`, of letters, digits, `-`, `_`, `.` and `:`",
        ],
    ),
    (
        "id urn:ietf:params:scim:schemas:core:2.0:Device",
        &[
            "/0/schema/id: the `id` `urn:ietf:params:scim:schemas:core:2.0:Device` is in a name space of SCIM itself; choose a URN of your own",
        ],
    ),
    (
        "id urn:example:x:1.0.1",
        &[
            "/0/schema/id: the `id` `urn:example:x:1.0.1` must have one dot at most after its last colon, with something on both sides, so that paths with it can be read",
        ],
    ),
    (
        "id urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER",
        &[
            "/0/schema/id: there is a schema `urn:ietf:params:scim:schemas:extension:enterprise:2.0:USER` already; URNs are compared without case",
        ],
    ),
    (
        "id urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division",
        &[
            "/0/schema/id: the `id` `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division` is the path of an attribute of `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`, so paths with it could be read in two ways",
        ],
    ),
    (
        "attributes 5",
        &["/0/schema/attributes/0: an attribute must be a JSON object"],
    ),
    (
        r#"attributes {"multivalue":true}"#,
        &[
            "/0/schema/attributes/0: `multivalue` is no part of an attribute; there are name, type, multiValued, description, required, canonicalValues, caseExact, mutability, returned, uniqueness, referenceTypes, subAttributes",
            "/0/schema/attributes/0: `name` is missing",
        ],
    ),
    (
        r#"attributes {"name":"a b"},{"name":"schemas"}"#,
        &[
            "/0/schema/attributes/0/name: the `name` `a b` must begin with a letter and have letters, digits, `-`, `_` and `$` only",
            "/0/schema/attributes/1/name: the `name` `schemas` is that of the list of schemas",
        ],
    ),
    (
        r#"attributes {"name":"a"},{"name":"b"},{"name":"A"}"#,
        &["/0/schema/attributes/2/name: `A` is there already; names are compared without case"],
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
            "/0/schema/attributes/0/canonicalValues: `canonicalValues` must be an array of texts",
            "/0/schema/attributes/0/referenceTypes: `referenceTypes` must be an array of texts",
        ],
    ),
    (
        r#"attributes {"name":"a","mutability":"readOnly","returned":"never","uniqueness":"server"}"#,
        &[
            "/0/schema/attributes/0/mutability: `mutability` cannot be readOnly: nobody but clients sets extension attributes, so it would never have a value",
            "/0/schema/attributes/0/returned: `returned` cannot be never: only `password` is kept as a secret; request keeps a value out of answers that do not ask for it",
            "/0/schema/attributes/0/uniqueness: `uniqueness` must be none: values of extension attributes are not kept unique",
        ],
    ),
    (
        r#"attributes {"name":"a","mutability":"writeOnly"}"#,
        &[
            "/0/schema/attributes/0/mutability: `mutability` cannot be writeOnly: only `password` is kept as a secret, values of extension attributes are kept as they are",
        ],
    ),
    (
        r#"attributes {"name":"a","type":"binary","caseExact":false,"canonicalValues":["x"]},{"name":"b","referenceTypes":["User"]},{"name":"c","type":"reference","referenceTypes":["Device"]}"#,
        &[
            "/0/schema/attributes/0/canonicalValues: `canonicalValues` only go with the types string and reference",
            "/0/schema/attributes/0/caseExact: `caseExact` must be true for binary values: base64 text differs by case",
            "/0/schema/attributes/1/referenceTypes: `referenceTypes` only go with the type reference",
            "/0/schema/attributes/2/referenceTypes: `referenceTypes` may name User, Group, external and uri, not `Device`",
        ],
    ),
    (
        r#"attributes {"name":"a","type":"complex"},{"name":"b","subAttributes":[{"name":"c"}]}"#,
        &[
            "/0/schema/attributes/0: a complex attribute must have `subAttributes`",
            "/0/schema/attributes/1/subAttributes: `subAttributes` only go with the type complex",
        ],
    ),
    (
        r#"part {"name":"b","type":"complex","subAttributes":[{"name":"c"}]}"#,
        &[
            "/0/schema/attributes/0/subAttributes/0/type: a sub-attribute cannot be complex: attributes are one level deep",
        ],
    ),
    (
        r#"part {"name":"b","multiValued":true,"mutability":"immutable","returned":"request"},{"name":"B"}"#,
        &[
            "/0/schema/attributes/0/subAttributes/0/multiValued: a sub-attribute must have a single value; make it an attribute of its own, or let the attribute around it have several values",
            "/0/schema/attributes/0/subAttributes/0/mutability: a sub-attribute cannot be immutable; make the attribute around it so",
            "/0/schema/attributes/0/subAttributes/0/returned: `returned` of a sub-attribute must be default; set it for the attribute around it",
            "/0/schema/attributes/0/subAttributes/1/name: `B` is there already; names are compared without case",
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
