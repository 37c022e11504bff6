//! T-01 … T-07, T-18, H-01 … H-11: bodies and their media types.

use bytes::Bytes;
use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::{GROUP, USER, group, patch, user};
use crate::support::listed::total;
use crate::support::{Client, Target};

async fn with_type(
    client: &Client,
    method: &str,
    path: &str,
    media: &str,
    body: &Value,
) -> crate::support::Answer {
    let headers = [("content-type", media)];
    client
        .send(method, path, &headers, Some(body.to_string().into()))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_t05_t06_bodies_of_both_media_types_are_read_on_every_method() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for (number, media) in [
        "application/scim+json",
        "application/json",
        "application/scim+json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        "application/scim+json; charset=\"utf-8\"",
        "application/json; charset=ISO-8859-1",
        "application/scim+json;charset=windows-1252; x=y",
        "application/scim+json; charset=utf-16",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        // The gateway passes letters beyond ASCII as text or as base64.
        let mut body = user(&format!("zoë{number}"));
        body["displayName"] = json!("Zoë 🎈 \u{202e}x");
        let created = with_type(&client, "POST", "/Users", media, &body)
            .await
            .expect(201);
        assert_eq!(
            created.json()["displayName"],
            "Zoë 🎈 \u{202e}x",
            "Q-05 {media}"
        );
        let path = format!("/Users/{}", created.id());
        body["title"] = json!("ä");
        let replaced = with_type(&client, "PUT", &path, media, &body)
            .await
            .expect(200);
        assert_eq!(replaced.json()["title"], "ä", "{media}");
        let change = patch(json!([{ "op": "replace", "path": "title", "value": "ö" }]));
        let patched = with_type(&client, "PATCH", &path, media, &change)
            .await
            .expect(200);
        assert_eq!(patched.json()["title"], "ö", "{media}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t18_h11_other_media_types_and_codings_are_415_and_change_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/Users/{}", client.create_user("anna").await);
    let before = client.get(&path).await.text;
    let requests = [
        ("POST", "/Users", user("berta")),
        ("PUT", &path, user("berta")),
        (
            "PATCH",
            &path,
            patch(json!([{ "op": "replace", "path": "userName", "value": "berta" }])),
        ),
        ("POST", "/Groups", group("Sales", &[])),
    ];
    for (method, path, body) in &requests {
        for media in [
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/jsonx",
            "json",
        ] {
            let answer = with_type(&client, method, path, media, body).await;
            scim_error(&answer, 415, &format!("{method} {path} {media}"));
        }
        for coding in ["gzip", "br", "x"] {
            let headers = [
                ("content-type", "application/scim+json"),
                ("content-encoding", coding),
            ];
            let answer = client
                .send(method, path, &headers, Some(body.to_string().into()))
                .await;
            scim_error(&answer, 415, coding);
        }
    }
    assert_eq!(client.get(&path).await.text, before);
    assert_eq!(total(&client.get("/Users").await), 1);
    assert_eq!(total(&client.get("/Groups").await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn t02_t03_t04_every_answer_is_scim_json_whatever_is_accepted() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for accept in [
        "application/scim+json",
        "application/json",
        "*/*",
        "",
        "text/html, */*;q=0.1",
        "image/png",
    ] {
        for path in ["/Users", "/ServiceProviderConfig", "/Schemas", "/Nothing"] {
            let answer = client.send("GET", path, &[("accept", accept)], None).await;
            assert_eq!(
                answer.headers["content-type"], "application/scim+json",
                "{accept} {path}"
            );
        }
    }
}

/// Bodies that are not a JSON object.
fn no_objects() -> Vec<Bytes> {
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let deep_object = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    [
        "",
        " ",
        "{",
        "}",
        "{\"schemas\":",
        "nul",
        "null",
        "true",
        "5",
        "\"text\"",
        "[]",
        "[{}]",
        "{}x",
        "{}{}",
        "{'a':1}",
        "{\"a\":1,}",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\t\"}",
        "\u{feff}{}",
        "<user/>",
        "userName=x",
        &deep,
        &deep_object,
    ]
    .into_iter()
    .map(|text| Bytes::from(text.to_owned()))
    .chain([
        Bytes::from_static(b"{\"a\":\"\xff\"}"),
        Bytes::from_static(b"\0"),
        Bytes::from_static(b"\xff\xfe{\0}\0"),
    ])
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_h02_q09_a_body_that_is_not_a_json_object_is_rejected_and_changes_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/Users/{}", client.create_user("anna").await);
    let before = client.get(&path).await.text;
    for (method, path) in [
        ("POST", "/Users"),
        ("POST", "/Groups"),
        ("PUT", &path),
        ("PATCH", &path),
    ] {
        for body in &no_objects() {
            for media in ["application/scim+json", "application/json"] {
                let headers = [("content-type", media)];
                let answer = client
                    .send(method, path, &headers, Some(body.clone()))
                    .await;
                let what = format!(
                    "{method} {}",
                    String::from_utf8_lossy(&body[..body.len().min(40)])
                );
                let (scim_type, _) = scim_error(&answer, 400, &what);
                assert_eq!(scim_type, "invalidSyntax", "{what}");
            }
        }
    }
    assert_eq!(client.get(&path).await.text, before);
    assert_eq!(total(&client.get("/Users").await), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn h05_h06_values_of_wrong_types_and_names_given_twice_are_refused() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let bodies = [
        json!({ "schemas": [USER] }).to_string(),
        json!({ "schemas": [GROUP], "userName": "x" }).to_string(),
        json!({ "schemas": [""], "userName": "x" }).to_string(),
        json!({ "schemas": "x", "userName": "x" }).to_string(),
        json!({ "schemas": [USER], "userName": "" }).to_string(),
        json!({ "schemas": [USER], "userName": "\u{0}" }).to_string(),
        json!({ "schemas": [USER], "userName": 5 }).to_string(),
        json!({ "schemas": [USER], "userName": ["x", "y"] }).to_string(),
        json!({ "schemas": [USER], "userName": "x", "active": "perhaps" }).to_string(),
        json!({ "schemas": [USER], "userName": "x", "name": "Anna" }).to_string(),
        json!({ "schemas": [USER], "userName": "x", "emails": [[]] }).to_string(),
        json!({ "schemas": [USER], "userName": "x", "name": { "givenName": {} } }).to_string(),
        format!(r#"{{"schemas":["{USER}"],"userName":"x","username":"y"}}"#),
    ];
    for body in bodies {
        let headers = [("content-type", "application/scim+json")];
        let answer = client
            .send("POST", "/Users", &headers, Some(body.clone().into()))
            .await;
        let (scim_type, _) = scim_error(&answer, 400, &body);
        assert!(
            ["invalidValue", "invalidSyntax"].contains(&scim_type.as_str()),
            "{body}: {scim_type}"
        );
    }
    assert_eq!(total(&client.get("/Users").await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_on_a_method_that_takes_none_is_ignored() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/Users/{}", client.create_user("anna").await);
    let headers = [("content-type", "text/plain")];
    for path in ["/Users", path.as_str(), "/Schemas"] {
        client
            .send("GET", path, &headers, Some("odd".into()))
            .await
            .expect(200);
    }
    client
        .send("DELETE", &path, &headers, Some("odd".into()))
        .await
        .expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn h13_thousands_of_operations_are_refused_or_done() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/Users/{}", client.create_user("anna").await);
    let operations = |number: usize| -> Value {
        (0..number)
            .map(|n| json!({ "op": "replace", "path": "title", "value": n.to_string() }))
            .collect()
    };
    let done = client
        .patch(&path, operations(1_000))
        .await
        .expect(200)
        .json();
    assert_eq!(done["title"], "999");
    for number in [1_001, 10_000] {
        let refused = client.patch(&path, operations(number)).await;
        assert!([400, 413].contains(&refused.status.as_u16()), "{refused:?}");
        assert!(
            refused.error().2.contains("1000") || refused.error().2.contains("1,000"),
            "{refused:?}"
        );
    }
    let long = json!([{ "op": "remove", "path": "a".repeat(100_000) }]);
    scim_error(&client.patch(&path, long).await, 400, "a long path");
}
