//! H-13: the work of a PATCH is limited, also for many operations on many values.

use serde_json::{Value, json};

use super::{PatchError, apply, of, representation, request};
use crate::effort::Effort;
use crate::{Attributes, Draft, ErrorKind, ResourceKind, limits, urn};

/// A user with these roles.
fn with(roles: &Value) -> Attributes {
    let body = json!({ "schemas": [urn::USER], "userName": "a", "roles": roles });
    match Draft::parse(body, of(ResourceKind::User)) {
        Ok(draft) => draft.attributes,
        Err(error) => panic!("{error}"),
    }
}

fn roles(count: usize) -> Value {
    let role = |n| json!({ "value": format!("Role {n}"), "type": "Work" });
    (0..count).map(role).collect()
}

/// `count` operations, built from their numbers.
fn operations(count: usize, one: impl Fn(usize) -> Value) -> Value {
    (0..count).map(one).collect()
}

fn patched(user: &Attributes, operations: &Value) -> Result<Attributes, PatchError> {
    within(limits::EFFORT, user, operations)
}

fn within(steps: u64, user: &Attributes, operations: &Value) -> Result<Attributes, PatchError> {
    let kind = ResourceKind::User;
    let effort = Effort::new(steps);
    let representation = representation(kind);
    let request = request(operations)?;
    apply(&request, of(kind), user, &representation, None, &effort).map(|after| after.attributes)
}

fn set(count: usize, path: &str, length: usize) -> Value {
    operations(count, |n| {
        let value = format!("{n}{}", "x".repeat(length));
        json!({ "op": "replace", "path": path, "value": value })
    })
}

#[test]
fn h13_copies_of_a_value_are_limited() {
    let user = with(&roles(limits::VALUES));
    for (what, operations) in [
        ("long text in each value", set(1, "roles.display", 60_000)),
        (
            "long text in each that a filter selects",
            set(1, "roles[type eq \"work\"].display", 60_000),
        ),
        (
            "a long value in the place of each",
            json!([{ "op": "replace", "path": "roles[type eq \"work\"]",
                "value": { "display": "x".repeat(60_000) } }]),
        ),
        ("short text often", set(100, "roles.display", 0)),
        (
            "many terms often",
            operations(100, |_| {
                let terms = vec!["value eq \"\""; 60].join(" or ");
                json!({ "op": "remove", "path": format!("roles[{terms}]") })
            }),
        ),
        (
            "long lists of what is not there often",
            operations(5, |_| {
                let listed = (0..1_000).map(|n| json!({ "display": n.to_string() }));
                json!({ "op": "remove", "path": "roles", "value": listed.collect::<Value>() })
            }),
        ),
    ] {
        // A tenth of the operations takes a tenth of the effort.
        match within(limits::EFFORT / 10, &user, &operations) {
            Err(PatchError::Refused(error)) => {
                assert_eq!(error.kind(), ErrorKind::TooLarge, "{what}");
            }
            Ok(_) | Err(PatchError::NeedsMembers) => panic!("{what} was done"),
        }
    }
}

#[test]
fn h13_expensive_text_costs_more_effort() {
    let long = |n: usize| json!({ "value": format!("{n}{}", "Ä".repeat(20_000)) });
    let user = with(&(0..4).map(long).collect());
    let one_more = |n: usize| json!({ "op": "add", "path": "roles", "value": n.to_string() });
    assert!(patched(&user, &operations(10, one_more)).is_ok());
    assert!(patched(&user, &operations(100, one_more)).is_err());
}

#[test]
fn h13_the_largest_request_is_applied_to_a_typical_user() {
    let user = with(&roles(100));
    for operations in [
        set(1_000, "roles.display", 10),
        set(1_000, "roles[type eq \"work\"].display", 10),
        operations(
            1_000,
            |n| json!({ "op": "add", "path": "roles", "value": format!("Role {}", n % 500) }),
        ),
        operations(
            1_000,
            |n| json!({ "op": "remove", "path": format!("roles[value eq \"Role {n}\"]") }),
        ),
    ] {
        assert!(patched(&user, &operations).is_ok());
    }
    assert!(
        patched(
            &with(&json!([])),
            &json!([{ "op": "add", "path": "roles", "value": roles(1_000) }])
        )
        .is_ok()
    );
}

#[test]
fn n12_an_added_duplicate_is_merged_into_the_value() {
    let user = with(&json!([{ "value": "A", "type": "Work" }, { "value": "b" }]));
    let added = json!([{ "op": "add", "path": "roles", "value": [
        { "value": "a", "type": "work", "display": "1", "primary": true }, { "value": "c" }, { "value": "B", "display": "2" }
    ] }]);
    assert_eq!(
        patched(&user, &added).unwrap()["roles"],
        json!([
            { "value": "a", "type": "work", "display": "1", "primary": true },
            { "value": "B", "display": "2" },
            { "value": "c" }
        ])
    );
}
