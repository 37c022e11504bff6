//! The rows.

use super::Row;

pub(super) const REQUESTS: &[Row] = &[
    (
        "GET /Nothing",
        "",
        "404  there is no such endpoint; there are /Users, /Groups, /ServiceProviderConfig, /ResourceTypes and /Schemas",
    ),
    (
        "GET /Users/",
        "",
        "404  there is no such endpoint; write it without doubled slashes and without one at its end, as in `/{tenant}/scim/v2/Users`",
    ),
    (
        "GET /Users/1/2",
        "",
        "404  there is no such endpoint; there are /Users, /Groups, /ServiceProviderConfig, /ResourceTypes and /Schemas",
    ),
    (
        "GET origin:/",
        "",
        "404  there is no such endpoint; a base address has the form https://HOST/TENANT/scim/v2",
    ),
    (
        "GET origin:/acme/scim/v1/Users",
        "",
        "400 invalidVers version `v1` of SCIM is not supported; use v2",
    ),
    ("PUT /Users", "{}", "405  the endpoint takes GET, POST"),
    (
        "POST /Users/<user>",
        "{}",
        "405  the endpoint takes GET, PUT, PATCH, DELETE",
    ),
    ("DELETE /Schemas", "", "405  the endpoint takes GET"),
    (
        "GET /Me",
        "",
        "501  this service provider does not offer /Me; see /ServiceProviderConfig",
    ),
    (
        "POST /Bulk",
        "{}",
        "501  this service provider does not offer bulk requests; see /ServiceProviderConfig",
    ),
    (
        "POST /.search",
        "{<Search>}",
        "501  this service provider does not offer a search of all resource types at once; see /ServiceProviderConfig",
    ),
    (
        "GET /Users | authorization: Bearer wrong",
        "",
        "401  the bearer token is missing, wrong, expired or not one of this tenant; send `Authorization: Bearer TOKEN` with a token from the application's settings",
    ),
    (
        "GET /Users/<nobody>",
        "",
        "404  there is no User with the id `<nobody>`",
    ),
    (
        "GET /Groups/<nobody>",
        "",
        "404  there is no Group with the id `<nobody>`",
    ),
    (
        "GET /Groups/<user>",
        "",
        "404  there is no Group with the id `<user>`",
    ),
    (
        "GET /Users/odd%0d%0aid",
        "",
        "404  there is no User with the id `oddid`",
    ),
    (
        "GET /Schemas/urn:x",
        "",
        "404  there is no schema called `urn:x`",
    ),
    (
        "GET /ResourceTypes/Robot",
        "",
        "404  there is no resource type called `Robot`",
    ),
    (
        "GET /Schemas?filter=name pr",
        "",
        "403  this endpoint takes no filter (RFC 7644 section 4)",
    ),
    (
        "POST /Users | content-type: text/plain",
        "{}",
        "415  the Content-Type must be application/scim+json or application/json",
    ),
    (
        "POST /Users | content-type: application/json; charset=utf-16",
        "{}",
        "415  the charset of the body must be UTF-8",
    ),
    (
        "POST /Users | content-encoding: gzip",
        "{}",
        "415  the body must not be compressed",
    ),
    ("POST /Users", "", "400 invalidSyntax the body is empty"),
    (
        "POST /Users",
        r#"{"schemas":"#,
        "400 invalidSyntax the body is no JSON: it goes wrong at line 1, column 11",
    ),
    (
        "POST /Users",
        "[]",
        "400 invalidSyntax the body must be a JSON object, the resource",
    ),
    (
        "POST /Users",
        "<1 MiB>x",
        "413  the body is larger than 1048576 bytes",
    ),
    (
        "POST /Users",
        "{}",
        "400 invalidSyntax `schemas` must be an array with `urn:ietf:params:scim:schemas:core:2.0:User`",
    ),
    (
        "POST /Users",
        r#"{"schemas":["urn:x"],"userName":"x"}"#,
        "400 invalidSyntax `schemas` must be an array with `urn:ietf:params:scim:schemas:core:2.0:User`",
    ),
    (
        "POST /Users",
        r#"{<Group>,"displayName":"x"}"#,
        "400 invalidSyntax `schemas` must be an array with `urn:ietf:params:scim:schemas:core:2.0:User`",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","USERNAME":"y"}"#,
        "400 invalidSyntax `userName` is given twice in one object",
    ),
    (
        "POST /Users",
        "{<User>}",
        "400 invalidValue `userName` is required",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":""}"#,
        "400 invalidValue `userName` `` is empty, has stray blanks, or has characters that a user name cannot have (RFC 8265)",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"a\u0000b"}"#,
        "400 invalidValue `userName` `ab` is empty, has stray blanks, or has characters that a user name cannot have (RFC 8265)",
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
        "413  `emails`: the request gives or changes 95 addresses; 94 are the most that a user can have and that one request can change",
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","roles":[<480 KB of roles>]}"#,
        "413  the resource has 480138 bytes; 389120 are the most that can be stored",
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
        r#"{<Group>,"displayName":"x","members":[{"value":5}]}"#,
        "400 invalidValue `members[0].value` must be text",
    ),
    (
        "POST /Groups",
        r#"{<Group>,"displayName":"x","members":[<32 members>]}"#,
        "413  the request changes 32 members; one request can change 31 at most, so send the rest in further ones",
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
        "PATCH /Users/<user>",
        "{}",
        "400 invalidSyntax `schemas` must be an array with `urn:ietf:params:scim:api:messages:2.0:PatchOp`",
    ),
    (
        "PATCH /Users/<user>",
        "{<PatchOp>}",
        "400 invalidSyntax `Operations` must be an array of operations",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[]}"#,
        "400 invalidSyntax `Operations` is empty",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[<1001 operations>]}"#,
        "413  `Operations` has more than 1000 operations",
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
        "400 noTarget operation 1: `path` is missing; a removal must say what to remove",
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
        "400 invalidFilter operation 1: path `emails[type eq].value`, position 15: expected a value, text in double quotes, found nothing",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"nothing","value":1}]}"#,
        "400 invalidPath operation 1: `nothing` is no attribute of a User",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"name.nothing","value":1}]}"#,
        "400 invalidPath operation 1: `name.nothing` is no attribute of a User",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"urn:x:y","value":1}]}"#,
        "400 invalidPath operation 1: `urn:x` is no schema of a User",
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
        "400 invalidValue operation 1: without a `path` the `value` must be an object of attributes",
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
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"userName","value":"BERTA"}]}"#,
        "409 uniqueness `userName` `BERTA` is taken by another resource of this tenant",
    ),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"emails","value":[<95 addresses>]}]}"#,
        "413  `emails`: the request gives or changes 96 addresses; 94 are the most that a user can have and that one request can change",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[{"value":"<nobody>"}]}]}"#,
        "400 invalidValue `members`: there is no user or group with the id `<nobody>`; create it first",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[{"value":"odd"}]}]}"#,
        "400 invalidValue operation 1: `members`: there is no user or group with the id `odd`; create it first",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[{"value":"<group>"}]}]}"#,
        "400 invalidValue `members`: the group `<group>` contains this group, directly or through others, or is it; a group cannot contain itself",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[{"value":"<above>","type":"Group"}]}]}"#,
        "400 invalidValue `members`: the group `<above>` contains this group, directly or through others, or is it; a group cannot contain itself",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"members","value":[<32 members>]}]}"#,
        "413  the request changes 32 members; one request can change 31 at most, so send the rest in further ones",
    ),
    (
        "PATCH /Groups/<group>",
        r#"{<PatchOp>,"Operations":[{"op":"replace","path":"members[value eq \"<user>\"].type","value":"Group"}]}"#,
        "400 mutability operation 1: the parts of a member cannot be changed; remove the member and add another one",
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
        "PUT /Groups/<group>",
        r#"{<Group>,"displayName":"Sales","members":[{"value":"<above>"}]}"#,
        "400 invalidValue `members`: the group `<above>` contains this group, directly or through others, or is it; a group cannot contain itself",
    ),
    (
        r#"PUT /Users/<user> | if-match: W/"99""#,
        r#"{<User>,"userName":"anna"}"#,
        r#"412  the resource is in version W/"1" and not in the one that the request expects; read it again"#,
    ),
    (
        r#"DELETE /Users/<user> | if-match: W/"99""#,
        "",
        r#"412  the resource is in version W/"1" and not in the one that the request expects; read it again"#,
    ),
    (
        "GET /Users?filter=userName",
        "",
        "400 invalidFilter filter, position 9: expected an operator such as `eq` after `userName`, found nothing",
    ),
    (
        "GET /Users?filter=userName eq anna",
        "",
        "400 invalidFilter filter, position 13: expected a value, text in double quotes, found `anna`",
    ),
    (
        r#"GET /Users?filter=userName is "anna""#,
        "",
        "400 invalidFilter filter, position 10: expected an operator such as `eq` after `userName`, found `is`",
    ),
    (
        r#"GET /Users?filter=userName eq "anna" and"#,
        "",
        "400 invalidFilter filter, position 23: expected an attribute name",
    ),
    (
        "GET /Users?filter=(userName pr",
        "",
        "400 invalidFilter filter, position 13: expected `)`",
    ),
    (
        r#"GET /Users?filter=nothing eq "x""#,
        "",
        "400 invalidFilter `nothing` is no attribute of a User",
    ),
    (
        r#"GET /Users?filter=name.nothing eq "x""#,
        "",
        "400 invalidFilter `name.nothing` is no attribute of a User",
    ),
    (
        "GET /Users?filter=active gt true",
        "",
        "400 invalidFilter `active` is a boolean; `gt true` cannot be asked of it",
    ),
    (
        r#"GET /Users?filter=active eq "perhaps""#,
        "",
        r#"400 invalidFilter `active` is a boolean; `eq "perhaps"` cannot be asked of it"#,
    ),
    (
        r#"GET /Users?filter=meta.created gt "yesterday""#,
        "",
        r#"400 invalidFilter `created` is a dateTime such as "2011-05-13T04:42:34Z"; `gt "yesterday"` cannot be asked of it"#,
    ),
    (
        r#"GET /Users?filter=password eq "x""#,
        "",
        "400 invalidFilter `password` cannot be used in a filter",
    ),
    (
        r#"GET /Users?filter=emails[type eq "work""#,
        "",
        "400 invalidFilter filter, position 22: expected `]`",
    ),
    (
        "GET /Users?filter=userName co 5",
        "",
        "400 invalidFilter `userName` is text, which stands in double quotes; `co 5` cannot be asked of it",
    ),
    (
        r#"GET /Users?filter=name eq "x""#,
        "",
        "400 invalidFilter `name` has parts; compare one of them, such as `name.formatted`",
    ),
    (
        "GET /Users?filter=<33 parentheses>",
        "",
        "400 invalidFilter filter, position 34: nesting is deeper than 32 levels",
    ),
    (
        "GET /Users?filter=<257 terms>",
        "",
        "400 invalidFilter filter, position 3073: more than 256 terms",
    ),
    (
        "GET /Users?startIndex=x",
        "",
        "400 invalidValue `startIndex` must be a whole number, not `x`",
    ),
    (
        "GET /Users?count=1.5",
        "",
        "400 invalidValue `count` must be a whole number, not `1.5`",
    ),
    (
        "GET /Users?count=1&count=2",
        "",
        "400 invalidValue the parameter `count` is given twice",
    ),
    (
        "GET /Users?count=%ff",
        "",
        "400 invalidSyntax the address is not percent-encoded UTF-8",
    ),
    (
        "GET /Users?attributes=a&excludedAttributes=b",
        "",
        "400 invalidValue `attributes` and `excludedAttributes` cannot be used together",
    ),
    (
        "GET /Users?attributes=<201 names>",
        "",
        "400 invalidValue `attributes` and `excludedAttributes` take 200 names at most",
    ),
    (
        "GET /Users?sortBy=nothing",
        "",
        "400 invalidValue `sortBy`: `nothing` is no attribute of a User",
    ),
    (
        "GET /Users?sortBy=userName&sortOrder=up",
        "",
        "400 invalidValue `sortOrder` must be ascending or descending, not `up`",
    ),
    (
        "POST /Users/.search",
        "{}",
        "400 invalidSyntax `schemas` must be an array with `urn:ietf:params:scim:api:messages:2.0:SearchRequest`",
    ),
    (
        "POST /Users/.search",
        r#"{<Search>,"count":"x"}"#,
        "400 invalidValue `count` must be a whole number",
    ),
];

/// Failures of the storage.
pub(super) const RARE: &[(&str, &str)] = &[
    (
        "too many candidates",
        "400 tooMany the filter takes too long to answer; compare `id`, `userName`, `externalId`, `emails.value` or a group's `displayName` with `eq`",
    ),
    (
        "too much at once",
        "429  there are too many requests to the same resources; try again in a moment",
    ),
    (
        "throttled",
        "429  there are too many requests to the same resources; try again in a moment",
    ),
    (
        "always changed under the request",
        "429  there are too many requests to the same resources; try again in a moment",
    ),
    (
        "deleted under the request",
        "404  the resource was deleted meanwhile",
    ),
    (
        "out of reach",
        "503  the service cannot reach its storage at the moment; try again in a moment",
    ),
    (
        "a defect",
        "500  the service failed; the request id in its log says why",
    ),
    (
        "no such member",
        "400 invalidValue `members`: there is no user or group with the id `2819c223-7f76-453a-919d-413861904646`; create it first",
    ),
    (
        "an answer too large",
        r#"413  the answer would be too large; ask for fewer resources with `count`, or leave the members out with `excludedAttributes=members` and look for one with the filter `members.value eq "ID"`"#,
    ),
];
