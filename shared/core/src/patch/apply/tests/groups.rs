//! Tests of group push and of members, as providers send them.

use super::*;
use crate::ids::ResourceId;
use crate::members::{Base, Member, MembershipDelta};

fn id(n: u8) -> ResourceId {
    ResourceId::parse(&format!("00000000-0000-4000-8000-0000000000{n:02x}")).unwrap()
}

fn before() -> Attributes {
    object(json!({ "displayName": "Guides" }))
}

/// The current members: 1 and 2 are users, 3 is a group.
fn known() -> Vec<Value> {
    [
        (1, ResourceKind::User),
        (2, ResourceKind::User),
        (3, ResourceKind::Group),
    ]
    .map(|(n, kind)| crate::members::represent(id(n), kind, "https://x/scim/v2"))
    .to_vec()
}

fn delta_of(operations: &Value, members: Option<&[Value]>) -> Result<MembershipDelta, PatchError> {
    let request = request(operations).map_err(PatchError::Refused)?;
    let kind = ResourceKind::Group;
    let patched = apply(
        &request,
        of(kind),
        &before(),
        &representation(kind),
        members,
        &Effort::of_request(),
    )?;
    assert_eq!(patched.attributes, before(), "members are kept apart");
    Ok(patched.members)
}

/// Whether a change starts from no members, the members that it adds, and those that it removes.
fn delta(operations: &Value) -> (bool, Vec<u8>, Vec<u8>) {
    read(&delta_of(operations, None).unwrap_or_else(|fault| panic!("{operations}: {fault:?}")))
}

fn read(delta: &MembershipDelta) -> (bool, Vec<u8>, Vec<u8>) {
    let number = |found: &ResourceId| (0..=u8::MAX).find(|n| id(*n) == *found).unwrap();
    (
        delta.base == Base::Nobody,
        delta.add.keys().map(number).collect(),
        delta.remove.iter().map(number).collect(),
    )
}

fn member(n: u8) -> Value {
    json!({ "value": id(n).as_str() })
}

fn with_id(n: u8) -> String {
    format!("members[value eq \"{}\"]", id(n))
}

#[test]
fn members_are_added_and_replaced_in_every_form() {
    for (operations, expected) in [
        (
            json!([{ "op": "add", "path": "members", "value": [member(1), member(2)] }]),
            (false, vec![1, 2], vec![]),
        ),
        (
            json!([{ "op": "add", "path": "members", "value": member(1) }]),
            (false, vec![1], vec![]),
        ),
        (
            json!([{ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": id(1).as_str() }] }]),
            (false, vec![1], vec![]),
        ),
        (
            json!([{ "op": "add", "path": "Members", "value": [
                { "value": id(1).as_str(), "display": "a" }, { "value": id(1).as_str(), "display": "b" }] }]),
            (false, vec![1], vec![]),
        ),
        (
            json!([{ "op": "add", "value": { "members": [member(1)] } }]),
            (false, vec![1], vec![]),
        ),
        (
            json!([{ "op": "replace", "path": "members", "value": [member(1)] }]),
            (true, vec![1], vec![]),
        ),
        (
            json!([{ "op": "replace", "value": { "members": [member(1)] } }]),
            (true, vec![1], vec![]),
        ),
        (
            json!([{ "op": "replace", "value": [{ "members": [member(1)] }] }]),
            (true, vec![1], vec![]),
        ),
        (
            json!([{ "op": "add", "path": "members", "value": { "members": [member(1)] } }]),
            (false, vec![1], vec![]),
        ),
        (
            json!([{ "op": "replace", "path": "members", "value": [] }]),
            (true, vec![], vec![]),
        ),
        (
            json!([{ "op": "replace", "path": "members", "value": null }]),
            (true, vec![], vec![]),
        ),
        (
            json!([{ "op": "add", "path": "members", "value": [] }]),
            (false, vec![], vec![]),
        ),
        (
            json!([{ "op": "replace", "path": "displayName", "value": "Guides" }]),
            (false, vec![], vec![]),
        ),
    ] {
        assert_eq!(delta(&operations), expected, "{operations}");
    }
}

#[test]
fn members_are_removed_in_every_form() {
    let two = format!("members[value eq \"{}\" or VALUE EQ \"{}\"]", id(1), id(2));
    for (operations, expected) in [
        (
            json!([{ "op": "remove", "path": with_id(1) }]),
            (false, vec![], vec![1]),
        ),
        (
            json!([{ "op": "remove", "path": two }]),
            (false, vec![], vec![1, 2]),
        ),
        (
            json!([{ "op": "remove", "path": format!("{}:{}", urn::GROUP, with_id(1)) }]),
            (false, vec![], vec![1]),
        ),
        (
            json!([{ "op": "remove", "path": with_id(1), "value": [member(2)] }]),
            (false, vec![], vec![1]),
        ),
        (
            json!([{ "op": "remove", "path": "members[value eq \"nobody\"]" }]),
            (false, vec![], vec![]),
        ),
        (
            json!([{ "op": "Remove", "path": "members", "value": [member(1)] }]),
            (false, vec![], vec![1]),
        ),
        (
            json!([{ "op": "Remove", "path": "members", "value": member(1) }]),
            (false, vec![], vec![1]),
        ),
        (
            json!([{ "op": "remove", "path": "members", "value": { "members": [member(1), member(2)] } }]),
            (false, vec![], vec![1, 2]),
        ),
        (
            json!([{ "op": "remove", "path": "Members", "value": { "Members": member(1) } }]),
            (false, vec![], vec![1]),
        ),
        (
            json!([{ "op": "Remove", "path": "members", "value": [{ "value": "nobody" }] }]),
            (false, vec![], vec![]),
        ),
        (
            json!([{ "op": "Remove", "path": "members", "value": [] }]),
            (false, vec![], vec![]),
        ),
        (
            json!([{ "op": "Remove", "path": "members" }]),
            (true, vec![], vec![]),
        ),
    ] {
        assert_eq!(delta(&operations), expected, "{operations}");
    }
}

#[test]
fn operations_on_members_run_in_order() {
    for (operations, expected) in [
        (
            json!([
                { "op": "remove", "path": with_id(1) },
                { "op": "remove", "path": with_id(2) },
                { "op": "add", "path": "members", "value": [member(3), member(2)] }
            ]),
            (false, vec![2, 3], vec![1]),
        ),
        (
            json!([
                { "op": "add", "path": "members", "value": [member(1)] },
                { "op": "remove", "path": "members" },
                { "op": "add", "path": "members", "value": [member(2)] }
            ]),
            (true, vec![2], vec![]),
        ),
        (
            json!([
                { "op": "replace", "path": "members", "value": [member(1), member(2)] },
                { "op": "remove", "path": with_id(1) }
            ]),
            (true, vec![2], vec![]),
        ),
    ] {
        assert_eq!(delta(&operations), expected, "{operations}");
    }
}

#[test]
fn filters_on_more_than_member_ids_need_the_members() {
    let by_type = json!([{ "op": "remove", "path": "members[type eq \"User\"]" }]);
    for path in [
        "members[type eq \"User\"]",
        "members[not (value eq \"x\")]",
        "members[value sw \"0\"]",
    ] {
        let operations = json!([{ "op": "remove", "path": path }]);
        assert_eq!(
            delta_of(&operations, None),
            Err(PatchError::NeedsMembers),
            "{path}"
        );
    }
    let known = known();
    assert_eq!(
        read(&delta_of(&by_type, Some(&known)).unwrap()),
        (false, vec![], vec![1, 2])
    );
    let both = format!("members[value eq \"{}\" and type eq \"Group\"]", id(3));
    let operations = json!([{ "op": "remove", "path": both }]);
    assert_eq!(
        read(&delta_of(&operations, Some(&known)).unwrap()),
        (false, vec![], vec![3])
    );
    let operations = json!([
        { "op": "replace", "path": "members", "value": [member(1), { "value": id(3).as_str(), "type": "group" }] },
        { "op": "remove", "path": "members[type eq \"Group\"]" }
    ]);
    assert_eq!(
        delta(&operations),
        (true, vec![1], vec![]),
        "who was added is known"
    );
}

#[test]
fn a_member_keeps_the_given_type() {
    let operations = json!([{ "op": "add", "path": "members",
        "value": [{ "value": id(3).as_str(), "type": "Group" }, member(1)] }]);
    let delta = delta_of(&operations, None).unwrap();
    assert_eq!(delta.add.get(&id(3)), Some(&Some(ResourceKind::Group)));
    assert_eq!(delta.add.get(&id(1)), Some(&None));
    let listed = MembershipDelta::to(vec![Member {
        id: id(1),
        kind: None,
    }]);
    assert!(!listed.is_empty());
}

#[test]
fn a_group_can_get_a_new_name_and_external_id() {
    let kind = ResourceKind::Group;
    for (operations, after) in [
        (
            json!([{ "op": "replace", "value": { "id": ID, "displayName": "New" } }]),
            json!({ "displayName": "New" }),
        ),
        (
            json!([{ "op": "Replace", "path": "displayName", "value": "New" }]),
            json!({ "displayName": "New" }),
        ),
        (
            json!([{ "op": "replace", "value": { "externalId": "e" } }]),
            json!({ "displayName": "Guides", "externalId": "e" }),
        ),
    ] {
        let patched = patched(kind, &before(), &operations)
            .unwrap_or_else(|fault| panic!("{operations}: {fault:?}"));
        assert!(patched.members.is_empty(), "members stay: {operations}");
        assert_normal(kind, &patched.attributes);
        assert_eq!(Value::Object(patched.attributes), after, "{operations}");
    }
}

#[test]
fn x02_invalid_changes_of_members_and_groups() {
    use ErrorKind::{InvalidFilter, InvalidPath, InvalidValue, Mutability};
    assert_refused(
        ResourceKind::Group,
        &Value::Object(before()),
        [
            (
                json!([{ "op": "replace", "value": { "id": "other", "displayName": "N" } }]),
                Mutability,
                "`id`",
            ),
            (
                json!([{ "op": "remove", "path": "displayName" }]),
                Mutability,
                "`displayName`",
            ),
            (
                json!([{ "op": "replace", "path": with_id(1), "value": member(2) }]),
                Mutability,
                "member",
            ),
            (
                json!([{ "op": "remove", "path": format!("{}.type", with_id(1)) }]),
                Mutability,
                "member",
            ),
            (
                json!([{ "op": "add", "path": "members.value", "value": "x" }]),
                Mutability,
                "member",
            ),
            (
                json!([{ "op": "add", "path": "members", "value": [{ "value": "x" }] }]),
                InvalidValue,
                "`x`",
            ),
            (
                json!([{ "op": "add", "path": "members", "value": [5] }]),
                InvalidValue,
                "`members[0]`",
            ),
            (
                json!([{ "op": "remove", "path": "members[display eq \"a\"]" }]),
                InvalidFilter,
                "`display`",
            ),
            (
                json!([{ "op": "add", "path": "userName", "value": "x" }]),
                InvalidPath,
                "a Group has no",
            ),
            (
                json!([{ "op": "add", "path": format!("{E}:department"), "value": "x" }]),
                InvalidPath,
                "a Group has no",
            ),
        ],
    );
}

#[test]
fn m13_an_element_without_an_id_is_rejected() {
    use ErrorKind::InvalidValue;
    assert_refused(
        ResourceKind::Group,
        &Value::Object(before()),
        [
            (
                json!([{ "op": "replace", "path": "members", "value": [member(1), {}] }]),
                InvalidValue,
                "`members[1]` has no `value`",
            ),
            (
                json!([{ "op": "replace", "path": "members", "value": {} }]),
                InvalidValue,
                "`members[0]` has no `value`",
            ),
            (
                json!([{ "op": "replace", "value": { "members": [{ "value": "" }] } }]),
                InvalidValue,
                "`members[0]` has no `value`",
            ),
            (
                json!([{ "op": "add", "path": "members", "value": [null] }]),
                InvalidValue,
                "`members[0]` has no `value`",
            ),
            (
                json!([{ "op": "remove", "path": "members", "value": [{ "value": null }] }]),
                InvalidValue,
                "`members[0]` has no `value`",
            ),
            (
                json!([{ "op": "remove", "path": "members", "value": { "members": [{}] } }]),
                InvalidValue,
                "`members[0]` has no `value`",
            ),
        ],
    );
}
