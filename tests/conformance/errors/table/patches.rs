//! PATCH.

use crate::conformance::errors::Row;

pub(in crate::conformance::errors) const ROWS: &[Row] = &[
    (
        "PATCH /Users/<user>",
        r#"{"schemas":["urn:x"]}"#,
        "400 invalidSyntax `schemas` must be an array that contains `urn:ietf:params:scim:api:messages:2.0:PatchOp`",
    ),
    (
        "PATCH /Users/<user>",
        "{}",
        "400 invalidSyntax `Operations` must be an array of operations",
    ),
    (
        "PATCH /Users/<user>",
        r#"{"Operations":{}}"#,
        "400 invalidSyntax `Operations` must be an array of operations",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":"none"}"#,
        "400 invalidSyntax `Operations` must be an array of operations",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[<1001 operations>]}"#,
        "413  `Operations` has more than 1000 operations",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"roles","value":[<999 roles>]},{"op":"add","path":"roles.display","value":"<60000 letters>"}]}"#,
        "413  operation 2: the request reads or changes too many values; split it into several requests",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[5]}"#,
        "400 invalidSyntax operation 1: must be a JSON object",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"path":"title"}]}"#,
        "400 invalidSyntax operation 1: `op` must be add, remove or replace",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"move","path":"title"}]}"#,
        "400 invalidSyntax operation 1: `op` must be add, remove or replace, not `move`",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"title"}]}"#,
        "400 invalidValue operation 1: `value` is missing",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"remove"}]}"#,
        "400 noTarget operation 1: `path` is missing; a `remove` must say what to remove",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":5,"value":1}]}"#,
        "400 invalidPath operation 1: `path` must be text",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"a[","value":1}]}"#,
        "400 invalidFilter operation 1: path `a[`, position 3: expected an attribute name",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"emails[type eq].value","value":"x"}]}"#,
        "400 invalidFilter operation 1: path `emails[type eq].value`, position 15: expected a value, found nothing; text needs double quotes",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"nothing","value":1}]}"#,
        "400 invalidPath operation 1: a User has no attribute `nothing`",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"name.nothing","value":1}]}"#,
        "400 invalidPath operation 1: a User has no attribute `name.nothing`",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"urn:x:y","value":1}]}"#,
        "400 invalidPath operation 1: a User has no schema `urn:x`",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"id","value":"x"}]}"#,
        "400 mutability operation 1: `id` is read-only",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"meta.created","value":"x"}]}"#,
        "400 mutability operation 1: `meta.created` is read-only",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"groups","value":[]}]}"#,
        "400 mutability operation 1: `groups` is read-only",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"remove","path":"userName"}]}"#,
        "400 mutability operation 1: `userName` is required and cannot be removed",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"userName","value":null}]}"#,
        "400 invalidValue operation 1: `userName` is required and cannot be empty",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"title","value":"x"},{"op":"replace","path":"active","value":"perhaps"}]}"#,
        "400 invalidValue operation 2: `active` must be true or false, not `perhaps`",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","value":"x"}]}"#,
        "400 invalidValue operation 1: without `path`, `value` must be an object of attributes",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","value":{"id":"other"}}]}"#,
        "400 mutability operation 1: `id` is read-only",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"emails[type eq \"home\" or value pr].display","value":"x"},{"op":"replace","path":"phoneNumbers[value sw \"+\"].value","value":"x"}]}"#,
        r#"400 noTarget operation 2: no value matches `phoneNumbers[value sw "+"]`"#,
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"remove","path":"title[value eq \"Boss\"]"}]}"#,
        r#"400 noTarget operation 1: no value matches `title[value eq "Boss"]`"#,
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"remove","path":"password[value eq \"x\"]"}]}"#,
        "400 invalidPath operation 1: `password` cannot be read, so a filter in brackets cannot select its values",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"emails","value":[{"value":"a@b"},{}]}]}"#,
        "400 invalidValue operation 1: `emails[1]` has no value; omit it, or send an empty array to remove all values",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"userName","value":"BERTA"}]}"#,
        "409 uniqueness `userName` `BERTA` is taken by another resource of this tenant",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"emails","value":[<95 addresses>]}]}"#,
        "413  `emails`: the request sets or changes 96 addresses; a user can have, and a request can change, at most 94",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[{"value":"<nobody>"}]}]}"#,
        "400 invalidValue `members`: there is no user or group with the id `<nobody>`; create it first",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[{"type":"User"}]}]}"#,
        "400 invalidValue operation 1: `members[0]` has no `value`; it must be the id of a user or group",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"members","value":[{}]}]}"#,
        "400 invalidValue operation 1: `members[0]` has no `value`; it must be the id of a user or group",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[{"value":"odd"}]}]}"#,
        "400 invalidValue operation 1: `members`: there is no user or group with the id `odd`; create it first",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[{"value":"<group>"}]}]}"#,
        "400 invalidValue `members`: the group `<group>` is this group or contains it, directly or indirectly; a group cannot contain itself",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[{"value":"<above>","type":"Group"}]}]}"#,
        "400 invalidValue `members`: the group `<above>` is this group or contains it, directly or indirectly; a group cannot contain itself",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[<99 groups>]}]}"#,
        "413  `members`: the request adds 99 groups, but one request can add at most 97; send the rest in further requests",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[<25001 members>]}]}"#,
        "413  the request changes 25001 members, but one request can change at most 25000; send the rest in further requests",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"members[value eq \"<user>\"].type","value":"Group"}]}"#,
        "400 mutability operation 1: a member cannot be changed; remove it and add another one",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"remove","path":"displayName"}]}"#,
        "400 mutability operation 1: `displayName` is required and cannot be removed",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"displayName","value":"ALL"}]}"#,
        "409 uniqueness `displayName` `ALL` is taken by another resource of this tenant",
    ),
    (
        "PATCH /Users/<nobody>",
        r#"{<PatchOp>,"Operations":[{"op":"remove","path":"title"}]}"#,
        "404  there is no User with the id `<nobody>`",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"remove","path":"active"}]}"#,
        "400 mutability operation 1: `active` always has a value and cannot be removed; set it to true or false",
    ),
];
