//! Bodies with faults: the response has all of them, each with its place and in words.

use serde_json::{Value, json};

use crate::support::Target;
use crate::support::table::tenant_of;

/// A request, its body, and the faults in the response as `POINTER: DETAIL`.
type Row = (&'static str, &'static str, Value, &'static [&'static str]);

fn rows() -> Vec<Row> {
    vec![
        (
            "POST",
            "/tenants",
            json!(["x"]),
            &[": the body must be a JSON object, not an array"],
        ),
        (
            "POST",
            "/tenants",
            json!({ "id": 7, "settings": [], "nam": "x" }),
            &[
                "/id: must be text, not a number",
                "/name: is required",
                "/settings: must be an object, not an array",
                "/nam: this member does not exist; the members are `id`, `name`, `settings`",
            ],
        ),
        (
            "POST",
            "/tenants",
            json!({ "id": "A b", "name": "a\nb", "settings": { "seats": -1, "groups": "no" } }),
            &[
                "/id: use 1–40 lowercase letters, digits or hyphens, starting and ending with a letter or digit",
                "/name: must have 1 to 100 characters in one line",
                "/settings/seats: must be a whole number from 0 to 1000000000",
                "/settings/groups: must be true or false",
            ],
        ),
        (
            "PATCH",
            "/tenants/{t}",
            json!({ "name": " ", "settings": { "largestPage": "1" } }),
            &[
                "/name: must have 1 to 100 characters in one line",
                "/settings/largestPage: must be a whole number from 100 to 1000",
            ],
        ),
        (
            "POST",
            "/tenants/{t}/keys",
            json!({ "purpose": "", "scopes": ["all", "scim", "x"], "expires": "soon",
                "sources": ["10.0.0.0/33", "10.0.0.0/8", "y"], "token": "short" }),
            &[
                "/purpose: must say what it is for, such as `Okta production`",
                "/scopes/0: the scope `all` does not exist; the scopes are `scim`, `me`",
                "/scopes/2: the scope `x` does not exist; the scopes are `scim`, `me`",
                "/expires: must be a time with an offset, such as `2030-01-31T12:00:00Z`",
                "/sources/0: `10.0.0.0/33` is not a network; use the form `192.0.2.0/24`",
                "/sources/2: `y` is not a network; use the form `192.0.2.0/24`",
                "/token: the token has fewer than 32 characters; create a new key instead",
            ],
        ),
        (
            "POST",
            "/keys",
            json!({ "scopes": "read", "sources": [7] }),
            &[
                "/purpose: is required",
                "/scopes: must be an array, not text",
                "/sources/0: must be text, not a number",
            ],
        ),
        (
            "POST",
            "/tenants/{t}/keys/0000000000000000/rotate",
            json!({ "overlapSeconds": 1.5, "expires": false }),
            &[
                "/overlapSeconds: must be a whole number, not a number with a fraction or an exponent",
                "/expires: must be text, not a boolean",
            ],
        ),
        (
            "POST",
            "/tenants/{t}/links",
            json!({ "expiresInSeconds": 99_999_999_999_999_999_999.0 }),
            &["/expiresInSeconds: must be from 300 to 2592000 seconds (30 days)"],
        ),
        (
            "POST",
            "/tenants/{t}/preload",
            json!({ "users": null }),
            &["/users: must be an array, not null"],
        ),
        (
            "POST",
            "/tenants/{t}/verify-password",
            json!({ "userName": "ann", "password": 4_711 }),
            &["/password: must be text, not a number"],
        ),
    ]
}

#[tokio::test]
async fn every_fault_of_a_body_is_reported_with_its_place() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let headers = [("content-type", "application/json")];
    for (method, path, body, expected) in rows() {
        let path = path.replace("{t}", tenant_of(&tenant));
        let body = Some(body.to_string().into());
        let answer = admin.send(method, &path, &headers, body).await.expect(400);
        let problem = answer.json();
        let faults: Vec<String> = problem["errors"]
            .as_array()
            .expect("the faults")
            .iter()
            .map(|fault| {
                let text = |name: &str| fault[name].as_str().unwrap_or_default();
                format!("{}: {}", text("pointer"), text("detail"))
            })
            .collect();
        assert_eq!(faults, expected, "{method} {path}");
        let first = faults[0].trim_start_matches(": ");
        assert_eq!(problem["detail"], first, "{method} {path}");
    }
}
