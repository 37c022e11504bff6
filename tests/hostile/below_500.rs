//! R-07, S-05: every request gets a prompt response with a status below 500.

use serde_json::{Map, Value, json};

use crate::support::client::{BULK, GROUP, PATCH, USER, encode};
use crate::support::numbers::Numbers;
use crate::support::{Client, Target};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// Valid requests to corrupt.
fn good(user: &str, team: &str) -> Vec<(&'static str, String, Value)> {
    let member = json!([{ "value": user, "type": "User" }]);
    vec![
        (
            "POST",
            "/Users".to_owned(),
            json!({
                "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
                "userName": "new", "externalId": "e", "active": true, "password": "secret",
                "name": { "givenName": "A", "familyName": "B" }, "profileUrl": "https://example.com/",
                "emails": [{ "value": "a@b", "type": "work", "primary": true }],
                "x509Certificates": [{ "value": "QUJD" }],
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "manager": { "value": user } }
            }),
        ),
        (
            "PUT",
            format!("/Users/{user}"),
            json!({ "schemas": [USER], "userName": "anna", "roles": [{ "value": "r" }] }),
        ),
        (
            "PATCH",
            format!("/Users/{user}"),
            json!({ "schemas": [PATCH], "Operations": [
                { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "a@b" },
                { "op": "add", "value": { "name": { "givenName": "A" }, "active": true } },
                { "op": "remove", "path": "title" }
            ] }),
        ),
        (
            "POST",
            "/Groups".to_owned(),
            json!({ "schemas": [GROUP], "displayName": "New", "members": member }),
        ),
        (
            "PATCH",
            format!("/Groups/{team}"),
            json!({ "schemas": [PATCH], "Operations": [
                { "op": "add", "path": "members", "value": member },
                { "op": "remove", "path": format!("members[value eq \"{user}\"]") }
            ] }),
        ),
        (
            "POST",
            "/Users/.search".to_owned(),
            json!({
                "schemas": [SEARCH], "filter": "userName sw \"a\" and not (title pr)", "sortBy": "userName",
                "sortOrder": "ascending", "startIndex": 1, "count": 10, "attributes": ["userName"]
            }),
        ),
        (
            "POST",
            "/Bulk".to_owned(),
            json!({ "schemas": [BULK], "failOnErrors": 1, "Operations": [
                { "method": "POST", "path": "/Users", "bulkId": "q", "data": { "schemas": [USER], "userName": "b" } },
                { "method": "PATCH", "path": format!("/Groups/{team}"), "data": { "schemas": [PATCH],
                    "Operations": [{ "op": "add", "path": "members", "value": [{ "value": "bulkId:q" }] }] } },
                { "method": "DELETE", "path": "/Users/bulkId:q" }
            ] }),
        ),
    ]
}

/// An unusual value.
fn odd(numbers: &mut Numbers) -> Value {
    let all = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e300),
        json!(18_446_744_073_709_551_615_u64),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("bulkId:"),
        json!("urn:"),
        json!("["),
        json!("emails[type eq \"x\"].value"),
        json!("a and (b or not c"),
        json!("../../x"),
        json!("é\u{301}\u{202e}🎈"),
        json!("x".repeat(70_000)),
        json!([]),
        json!([[]]),
        json!([null, 5, "x", {}]),
        json!({}),
        json!({ "": "" }),
        json!({ "value": { "value": [{ "value": null }] } }),
        json!({ "urn:a:b": { "$ref": {} } }),
    ];
    all[numbers.below(all.len())].clone()
}

/// Changes, removes, duplicates or renames one thing in the value.
fn spoil(value: &mut Value, numbers: &mut Numbers) {
    let deeper = numbers.below(4) > 0;
    match value {
        Value::Object(parts) if deeper && !parts.is_empty() => {
            let at = numbers.below(parts.len());
            let name = parts.keys().nth(at).unwrap().clone();
            match numbers.below(8) {
                0 => {
                    parts.remove(&name);
                }
                1 => {
                    let part = parts[&name].clone();
                    parts.insert(name.to_uppercase(), part);
                }
                2 => {
                    let part = parts.remove(&name).unwrap();
                    parts.insert(format!("{name}.{name}[x"), part);
                }
                _ => spoil(&mut parts[&name], numbers),
            }
        }
        Value::Array(values) if deeper && !values.is_empty() => {
            let at = numbers.below(values.len());
            match numbers.below(4) {
                0 => values.push(values[at].clone()),
                1 => values.push(odd(numbers)),
                _ => spoil(&mut values[at], numbers),
            }
        }
        other => *other = odd(numbers),
    }
}

async fn send(client: &Client, method: &str, path: &str, body: &Value) {
    let headers = [("content-type", "application/scim+json")];
    let text = body.to_string();
    let answer = client
        .send(method, path, &headers, Some(text.clone().into()))
        .await;
    let told = &text[..text.len().min(400)];
    assert!(
        answer.status.as_u16() < 500,
        "{method} {path} {told}: {answer:?}"
    );
    if path == "/Bulk" && answer.status == 200 {
        let json = answer.json();
        for result in json["Operations"].as_array().unwrap() {
            let status = result["status"].as_str().unwrap();
            assert!(status < "500", "{told}: {result}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r07_whatever_a_client_sends_is_answered_below_500() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let user = client.create_user("anna").await;
    let team = client.create_group("Team", &[]).await;
    let good = good(&user, &team);
    let mut numbers = Numbers(11);
    for _ in 0..25 {
        for (method, path, body) in &good {
            let mut body = body.clone();
            for _ in 0..=numbers.below(2) {
                spoil(&mut body, &mut numbers);
            }
            send(&client, method, path, &body).await;
        }
    }
    let pieces = [
        "userName",
        "emails",
        "[",
        "]",
        "(",
        ")",
        " eq ",
        " co ",
        " pr",
        " and ",
        " or ",
        "not ",
        "\"a\"",
        "\"",
        "\\",
        "null",
        "1e9",
        ".",
        ":",
        "urn:ietf:params:scim:schemas:core:2.0:User:",
        "$ref",
        "🎈",
    ];
    for _ in 0..100 {
        let text: String = (0..=numbers.below(9))
            .map(|_| pieces[numbers.below(pieces.len())])
            .collect();
        for name in [
            "filter",
            "sortBy",
            "attributes",
            "count",
            "startIndex",
            "cursor",
        ] {
            let path = format!("/Users?{name}={}", encode(&text));
            let answer = client.get(&path).await;
            assert!(answer.status.as_u16() < 500, "{name} {text}: {answer:?}");
        }
    }
    client.get(&format!("/Users/{user}")).await.expect(200);
    crate::support::table::sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s05_a_preference_for_an_asynchronous_response_is_ignored() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let config = client.get("/ServiceProviderConfig").await.json();
    assert!(config.get("securityEvents").is_none());
    let headers = [
        ("content-type", "application/scim+json"),
        ("prefer", "respond-async, wait=0"),
    ];
    let mut body = Map::new();
    body.insert("schemas".to_owned(), json!([USER]));
    body.insert("userName".to_owned(), json!("anna"));
    let body = Some(Value::Object(body).to_string().into());
    let answer = client
        .send("POST", "/Users", &headers, body)
        .await
        .expect(201);
    assert_eq!(answer.json()["userName"], "anna");
    for name in ["set-txn", "preference-applied"] {
        assert!(!answer.headers.contains_key(name), "{name}");
    }
    let path = format!("/Users/{}", answer.id());
    client
        .send("DELETE", &path, &headers, None)
        .await
        .expect(204);
    client.get(&path).await.expect(404);
}
