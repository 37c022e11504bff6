//! Bodies of POST and PUT: syntax, values, uniqueness.

use crate::conformance::errors::Row;

pub(in crate::conformance::errors) const ROWS: &[Row] = &[
    (
        "POST /Users",
        r#"{"schemas":"#,
        "400 invalidSyntax the body is not valid JSON at line 1, column 11",
    ),
    (
        "POST /Users",
        "[]",
        "400 invalidSyntax the body must be a JSON object: a resource",
    ),
    (
        "POST /Users",
        "<1 MiB>x",
        "413  the body is larger than 1048576 bytes",
    ),
    (
        "POST /Users",
        r#"{"schemas":["urn:x"],"userName":"x"}"#,
        "400 invalidSyntax `schemas` must be an array that contains `urn:ietf:params:scim:schemas:core:2.0:User`",
    ),
    (
        "POST /Users",
        r#"{<Group>,"displayName":"x"}"#,
        "400 invalidSyntax `schemas` must be an array that contains `urn:ietf:params:scim:schemas:core:2.0:User`",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","USERNAME":"y"}"#,
        "400 invalidSyntax `userName` and `USERNAME` are the same name in one object, because names are not case-sensitive",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","odd":[{"a":1,"a":1}]}"#,
        "400 invalidSyntax `a` is repeated in one object",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","roles":["{\"value\":\"a\",\"value\":\"b\"}"]}"#,
        "400 invalidSyntax `value` is repeated in one object",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","department":{}}"#,
        "400 invalidValue `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department` must be text, not an object",
    ),
    (
        "POST /Users",
        "{<User>}",
        "400 invalidValue `userName` is required",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":""}"#,
        "400 invalidValue `userName` is empty",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"a\u0000b"}"#,
        "400 invalidValue `userName` `a�b` has leading, trailing or repeated spaces, or contains characters that RFC 8265 does not allow in user names",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"<513 letters>"}"#,
        "400 invalidValue `userName` is longer than 512 bytes",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":5}"#,
        "400 invalidValue `userName` must be text, not a number",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":["x","y"]}"#,
        "400 invalidValue `userName` must be text, not an array",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","active":"perhaps"}"#,
        "400 invalidValue `active` must be true or false, not `perhaps`",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","name":"Anna"}"#,
        "400 invalidValue `name` must be an object of sub-attributes, not `Anna`",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","name":{"givenName":true}}"#,
        "400 invalidValue `name.givenName` must be text, not a boolean",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","emails":[{"value":5}]}"#,
        "400 invalidValue `emails[0].value` must be text, not a number",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","emails":[{"value":""}]}"#,
        "400 invalidValue `emails[0]` has no value; omit it, or send an empty array to remove all values",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","externalId":"<65537 letters>"}"#,
        "400 invalidValue `externalId` is longer than 65536 bytes",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","x509Certificates":[{"value":"?"}]}"#,
        "400 invalidValue `x509Certificates[0].value` must be base64 text, not `?`",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","password":5}"#,
        "400 invalidValue `password` must be text",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","emails":[<95 addresses>]}"#,
        "413  `emails`: the request sets or changes 95 addresses; a user can have, and a request can change, at most 94",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","roles":[<480 KB of roles>]}"#,
        "413  the resource has 480152 bytes; at most 389120 can be stored",
    ),
    (
        "POST /Groups",
        "{<Group>}",
        "400 invalidValue `displayName` is required",
    ),
    (
        "POST /Groups",
        r#"{<Group>,"displayName":"x","members":[{"value":"<nobody>"}]}"#,
        "400 invalidValue `members`: there is no user or group with the id `<nobody>`; create it first",
    ),
    (
        "POST /Groups",
        r#"{<Group>,"displayName":"x","members":[{"value":"<user>","type":"Robot"}]}"#,
        "400 invalidValue `members[0].type` must be User or Group, not `Robot`",
    ),
    (
        "POST /Groups",
        r#"{<Group>,"displayName":"x","members":[5]}"#,
        "400 invalidValue `members[0]` must be an object with the id of a user or group as `value`",
    ),
    (
        "POST /Groups",
        r#"{<Group>,"displayName":"x","members":[{"value":"<user>"},{"display":"babs"}]}"#,
        "400 invalidValue `members[1]` has no `value`; it must be the id of a user or group",
    ),
    (
        "POST /Groups",
        r#"{<Group>,"displayName":"x","members":[{"value":5}]}"#,
        "400 invalidValue `members[0].value` must be text",
    ),
    (
        "POST /Groups",
        r#"{<Group>,"displayName":"x","members":[{"value":"<user>","$ref":"no uri"}]}"#,
        "400 invalidValue `members[0].$ref` must be a URI without spaces, not `no uri`",
    ),
    (
        "POST /Groups",
        r#"{<Group>,"displayName":"x","members":[<25001 members>]}"#,
        "413  the request changes 25001 members, but one request can change at most 25000; send the rest in further requests",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"ANNA"}"#,
        "409 uniqueness `userName` `ANNA` is taken by another resource of this tenant",
    ),
    (
        "PUT /Users/<user>",
        r#"{<User>,"userName":"Berta"}"#,
        "409 uniqueness `userName` `Berta` is taken by another resource of this tenant",
    ),
    (
        "POST /Groups",
        r#"{<Group>,"displayName":"sales"}"#,
        "409 uniqueness `displayName` `sales` is taken by another resource of this tenant",
    ),
    (
        "PUT /Groups/<group>",
        r#"{<Group>,"displayName":"Sales","members":[{"value":"<above>"}]}"#,
        "400 invalidValue `members`: the group `<above>` is this group or contains it, directly or indirectly; a group cannot contain itself",
    ),
];
