//! Requests for reasons without a row in the table of failures.

use serde_json::{Value, json};

/// A request, `METHOD PATH`, and its body.
pub(super) const ROWS: &[(&str, &str)] = &[
    (
        "POST /Users",
        r#"{<User>,"userName":"x","urn:ietf:params:scim:schemas:core:2.0:User:userName":"y"}"#,
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","roles":[<1001 roles>]}"#,
    ),
    ("POST /Groups", r#"{<Group>,"displayName":""}"#),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","password":"a\u0000"}"#,
    ),
    (
        "POST /Users",
        r#"{<User>,"userName":"x","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":5}"#,
    ),
    ("POST /.search", r#"{<Search>,"filter":"<16385 letters>"}"#),
    ("GET /Users?filter=userName pr x", ""),
    (r#"GET /Users?filter=emails[type[value pr]]"#, ""),
    (r#"GET /Users?filter=emails[type eq "work"].a.b pr"#, ""),
    (r#"GET /Users?filter=userName eq "anna"#, ""),
    (r#"GET /Users?filter=userName[value eq "x"]"#, ""),
    (
        "GET /Users?filter=urn:ietf:params:scim:schemas:core:2.0:User pr",
        "",
    ),
    ("GET /Users?sortBy=name", ""),
    ("POST /Bulk", r#"{"Operations":[]}"#),
    ("POST /Bulk", r#"{"Operations":[<1001 deletions>]}"#),
    ("POST /Bulk", r#"{"Operations":[{}],"failOnErrors":0}"#),
    (
        "PATCH /Users/<user>",
        r#"{<PatchOp>,"Operations":[{"op":"add","path":"roles","value":[<999 roles>]},{"op":"add","path":"roles","value":[{"value":"a"},{"value":"b"}]}]}"#,
    ),
];

/// The paths of rejected changes, and their operations.
pub(super) const PATCHES: &[(&str, &str)] = &[
    ("a b", "add"),
    ("name.", "add"),
    (
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:badge",
        "add",
    ),
    (r#"emails[type eq "work"].nothing"#, "add"),
    (r#"name.givenName[type eq "x"]"#, "add"),
    (
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User[department eq "x"]"#,
        "add",
    ),
    ("urn:ietf:params:scim:schemas:core:2.0:User", "remove"),
    (r#"emails[type eq "work"]"#, "replace"),
];

/// Bulk operations that fail alone.
pub(super) fn operations() -> Vec<Value> {
    let user = json!({ "userName": "x" });
    vec![
        json!({ "path": "/Users", "bulkId": "1" }),
        json!({ "method": "GET", "path": "/Users" }),
        json!({ "method": "POST", "bulkId": "1" }),
        json!({ "method": "POST", "path": "/Robots", "bulkId": "1" }),
        json!({ "method": "POST", "path": "/Users/1", "bulkId": "1", "data": user }),
        json!({ "method": "DELETE", "path": "/Users" }),
        json!({ "method": "POST", "path": "/Users", "data": user }),
        json!({ "method": "POST", "path": "/Users", "bulkId": "1" }),
        json!({ "method": "PUT", "path": "/Users/1", "version": "\n", "data": user }),
        json!({ "method": "DELETE", "path": "/Users/bulkId:nothing" }),
    ]
}

/// Bulk operations that fail because of each other.
pub(super) fn several() -> Vec<Value> {
    let create = |path: &str, id: &str, data: Value| json!({ "method": "POST", "path": path, "bulkId": id, "data": data });
    let user = |name: &str| create("/Users", "1", json!({ "userName": name }));
    let group = |id: &str, name: &str, member: &str| {
        let members = json!([{ "value": format!("bulkId:{member}") }]);
        create(
            "/Groups",
            id,
            json!({ "displayName": name, "members": members }),
        )
    };
    vec![
        json!([user("twin1"), user("twin2")]),
        json!([user(""), { "method": "DELETE", "path": "/Users/bulkId:1" }]),
        // The second name is taken.
        json!([group("a", "Circle", "b"), group("b", "Sales", "a")]),
        json!([group("a", "Circle A", "b"), group("b", "Circle B", "a")]),
    ]
}

/// Groups that refer to each other, and many users.
pub(super) fn cycle_and_users() -> Value {
    let several = several();
    let cycle = several.last().and_then(Value::as_array).cloned();
    let users = (0..40).map(|n| {
        let data = json!({ "userName": format!("u{n}") });
        json!({ "method": "POST", "path": "/Users", "bulkId": format!("u{n}"), "data": data })
    });
    Value::Array(cycle.into_iter().flatten().chain(users).collect())
}
