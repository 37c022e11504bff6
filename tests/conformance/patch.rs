//! M-02 … M-42 over HTTP: what is stored after a PATCH, and when. The tests of the operations themselves are in
//! `scim-core`, beside the code.

use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::{PATCH, USER, user};
use crate::support::listed::stamp;
use crate::support::moving;
use crate::support::{Client, Target};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn with_user() -> (Target, Client, String) {
    let target = Target::start().await;
    let client = target.tenant().await;
    let body = json!({
        "schemas": [USER, ENTERPRISE], "userName": "anna", "title": "Guide",
        "name": { "givenName": "Anna", "familyName": "Berg" },
        "emails": [{ "value": "a@b", "type": "work", "primary": true }, { "value": "c@d", "type": "home" }],
        (ENTERPRISE): { "department": "Sales" }
    });
    let path = format!(
        "/Users/{}",
        client.post("/Users", &body).await.expect(201).id()
    );
    (target, client, path)
}

#[tokio::test(flavor = "multi_thread")]
async fn m03_m04_operations_are_applied_in_order_and_all_or_none() {
    let (_target, client, path) = with_user().await;
    let before = client.get(&path).await;
    for wrong in [
        json!({ "op": "replace", "path": "active", "value": "perhaps" }),
        json!({ "op": "replace", "path": "id", "value": "x" }),
        json!({ "op": "replace", "path": "shoeSize", "value": "x" }),
        json!({ "op": "remove", "path": "userName" }),
        json!({ "op": "replace", "path": "emails[type eq \"x\" or type eq \"y\"].value", "value": "x" }),
        json!({ "op": "move", "path": "title", "value": "x" }),
        json!({ "op": "remove" }),
    ] {
        let operations = json!([
            { "op": "replace", "path": "title", "value": "Boss" },
            { "op": "add", "path": "emails", "value": [{ "value": "e@f" }] },
            { "op": "replace", "path": "password", "value": "correct horse" },
            wrong,
            { "op": "remove", "path": "name" },
        ]);
        let (_, detail) = scim_error(
            &client.patch(&path, operations).await,
            400,
            &wrong.to_string(),
        );
        assert!(detail.contains("operation 4"), "{detail}");
        let after = client.get(&path).await;
        assert_eq!(after.text, before.text, "{wrong}");
        assert_eq!(after.headers["etag"], before.headers["etag"]);
    }
    let operations = json!([
        { "op": "remove", "path": "emails" },
        { "op": "add", "path": "emails", "value": [{ "value": "x@y", "type": "work" }] },
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "y@z" },
        { "op": "replace", "path": "title", "value": "one" },
        { "op": "replace", "path": "title", "value": "two" },
    ]);
    let after = client.patch(&path, operations).await.expect(200).json();
    assert_eq!(after["emails"], json!([{ "value": "y@z", "type": "work" }]));
    assert_eq!(after["title"], "two");
    assert_eq!(after["meta"]["version"], "W/\"2\"", "one change");
}

#[tokio::test(flavor = "multi_thread")]
async fn m01_m02_m07_m08_m09_m13_m22_m26_m33_faults_have_their_names() {
    let (_target, client, path) = with_user().await;
    let before = client.get(&path).await.text;
    let messages = [
        json!({ "schemas": [""], "Operations": [{ "op": "remove", "path": "title" }] }),
        json!({ "schemas": [USER], "Operations": [{ "op": "remove", "path": "title" }] }),
        json!({ "userName": "anna" }),
        json!({ "schemas": [PATCH], "Operations": { "op": "remove", "path": "title" } }),
        json!({ "schemas": [PATCH], "Operations": ["remove"] }),
    ];
    for message in &messages {
        let headers = [("content-type", "application/scim+json")];
        let body = Some(message.to_string().into());
        let answer = client.send("PATCH", &path, &headers, body).await;
        assert_eq!(
            scim_error(&answer, 400, &message.to_string()).0,
            "invalidSyntax"
        );
    }
    for (op, at, value, expected) in [
        ("move", "title", json!("x"), "invalidSyntax"),
        ("copy", "title", json!("x"), "invalidSyntax"),
        ("test", "title", json!("Guide"), "invalidSyntax"),
        ("", "title", json!("x"), "invalidSyntax"),
        ("replace", "title title", json!("x"), "invalidPath"),
        ("replace", "emails[0]", json!("x"), "invalidFilter"),
        ("replace", "emails[type eq]", json!("x"), "invalidFilter"),
        (
            "replace",
            "emails[type eq \"work\"",
            json!("x"),
            "invalidFilter",
        ),
        (
            "replace",
            "emails[type eq \"work\"]value",
            json!("x"),
            "invalidPath",
        ),
        ("replace", "name.", json!("x"), "invalidPath"),
        ("replace", ".name", json!("x"), "invalidPath"),
        ("replace", "name.familyName.x", json!("x"), "invalidPath"),
        ("replace", "title[value eq \"x\"]", json!("x"), "noTarget"),
        (
            "remove",
            "title[type eq \"x\"]",
            json!("x"),
            "invalidFilter",
        ),
        ("replace", "shoeSize", json!("x"), "invalidPath"),
        ("replace", "name.shoeSize", json!("x"), "invalidPath"),
        (
            "replace",
            "urn:example:unknown:shoeSize",
            json!("x"),
            "invalidPath",
        ),
        ("add", "id", json!("x"), "mutability"),
        (
            "replace",
            "meta.lastModified",
            json!("2001-01-01T00:00:00Z"),
            "mutability",
        ),
        ("replace", "groups", json!([]), "mutability"),
        ("remove", "meta", json!(null), "mutability"),
        ("remove", "userName", json!(null), "mutability"),
        ("replace", "title", json!(5), "invalidValue"),
        ("replace", "title", json!({ "a": "x" }), "invalidValue"),
        ("replace", "name", json!("Anna"), "invalidValue"),
        (
            "replace",
            "name.familyName",
            json!(["a", "b"]),
            "invalidValue",
        ),
        ("add", "emails", json!([5]), "invalidValue"),
        ("replace", "active", json!("no"), "invalidValue"),
        ("remove", "", json!(null), "noTarget"),
        (
            "replace",
            "emails[type ne \"work\" and type ne \"home\"].value",
            json!("x"),
            "noTarget",
        ),
        (
            "replace",
            "emails[value sw \"x\"]",
            json!({ "value": "x" }),
            "noTarget",
        ),
    ] {
        let mut operation = json!({ "op": op, "value": value });
        if !at.is_empty() {
            operation["path"] = json!(at);
        }
        let answer = client.patch(&path, json!([operation])).await;
        assert_eq!(
            scim_error(&answer, 400, &operation.to_string()).0,
            expected,
            "{operation}"
        );
    }
    assert_eq!(client.get(&path).await.text, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn m05_m38_m40_a_change_advances_time_and_version_and_never_shows_a_password() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let created = client
        .post("/Users", &user("anna"))
        .await
        .expect(201)
        .json();
    let path = format!("/Users/{}", created["id"].as_str().unwrap());
    let (mut version, mut modified) = stamp(&client, &path).await;
    for change in [
        json!({ "op": "replace", "path": "title", "value": "Boss" }),
        json!({ "op": "replace", "path": "title", "value": "boss" }),
        json!({ "op": "add", "path": "emails[type eq \"work\"].display", "value": "Anna" }),
        json!({ "op": "remove", "path": "title" }),
        json!({ "op": "replace", "path": "userName", "value": "Anna" }),
        json!({ "op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Sales" }),
        json!({ "op": "replace", "value": { "password": "correct horse" } }),
        json!({ "op": "replace", "path": "password", "value": "battery staple" }),
    ] {
        time.pass(1);
        let answer = client.patch(&path, json!([change])).await.expect(200);
        assert_eq!(answer.text, client.get(&path).await.text, "{change}");
        for secret in ["password", "horse", "staple", "argon2"] {
            assert!(!answer.text.contains(secret), "{change}");
        }
        let json = answer.json();
        assert_eq!(json["id"], created["id"]);
        assert_eq!(json["meta"]["created"], created["meta"]["created"]);
        let now = stamp(&client, &path).await;
        assert!(now.0 != version && now.1 > modified, "{change}");
        (version, modified) = now;
        if change.to_string().contains("password") {
            continue;
        }
        // A repetition changes nothing.
        time.pass(1);
        client.patch(&path, json!([change])).await.expect(200);
        assert_eq!(
            stamp(&client, &path).await,
            (version.clone(), modified.clone()),
            "{change}"
        );
    }
    let named = format!("{path}?attributes=title");
    let answer = client
        .patch(
            &named,
            json!([{ "op": "add", "path": "title", "value": "x" }]),
        )
        .await
        .expect(200)
        .json();
    assert_eq!(
        answer,
        json!({ "schemas": answer["schemas"], "id": created["id"], "title": "x" })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn m11_m12_m16_m19_m24_m25_m32_m34_what_operations_make_is_stored() {
    let (_target, client, path) = with_user().await;
    let work = json!({ "value": "a@b", "type": "work" });
    let (department, cost) = (
        format!("{ENTERPRISE}:department"),
        format!("{ENTERPRISE}:costCenter"),
    );
    let steps: [(Value, &str, Value); 11] = [
        (
            json!({ "op": "replace", "path": "emails[type eq \"home\"].primary", "value": true }),
            "emails",
            json!([
                { "value": "a@b", "type": "work", "primary": false },
                { "value": "c@d", "type": "home", "primary": true }
            ]),
        ),
        (
            json!({ "op": "remove", "path": "emails[type eq \"home\"]" }),
            "emails",
            json!([{ "value": "a@b", "type": "work", "primary": false }]),
        ),
        (
            json!({ "op": "remove", "path": "emails[type eq \"work\"].primary" }),
            "emails",
            json!([work]),
        ),
        (
            json!({ "op": "add", "value": { "emails": [{ "value": "e@f", "primary": true }] } }),
            "emails",
            json!([work, { "value": "e@f", "primary": true }]),
        ),
        (
            json!({ "op": "replace", "path": "emails[value co \"@\"].display", "value": "x" }),
            "emails",
            json!([
                { "value": "a@b", "type": "work", "display": "x" },
                { "value": "e@f", "primary": true, "display": "x" }
            ]),
        ),
        (
            json!({ "op": "remove", "path": "emails[value pr]" }),
            "emails",
            Value::Null,
        ),
        (
            json!({ "op": "add", "path": "nickName", "value": "Ann" }),
            "nickName",
            json!("Ann"),
        ),
        (
            json!({ "op": "replace", "path": "nickName", "value": null }),
            "nickName",
            Value::Null,
        ),
        (
            json!({ "op": "remove", "path": department }),
            "schemas",
            json!([USER]),
        ),
        (
            json!({ "op": "add", "path": cost, "value": "5" }),
            "schemas",
            json!([USER, ENTERPRISE]),
        ),
        (
            json!({ "op": "replace", "path": "name", "value": { "familyName": "Berger" } }),
            "name",
            json!({ "givenName": "Anna", "familyName": "Berger" }),
        ),
    ];
    for (operation, attribute, expected) in steps {
        let answer = client
            .patch(&path, json!([operation]))
            .await
            .expect(200)
            .json();
        assert!(
            same(&answer[attribute], &expected),
            "{operation}: {}",
            answer[attribute]
        );
        let read = client.get(&path).await.json();
        assert_eq!(read[attribute], answer[attribute], "{operation}");
    }
}

/// Whether two values are equivalent; an absent `primary` means false.
fn same(left: &Value, right: &Value) -> bool {
    let settled = |value: &Value| {
        let mut value = value.clone();
        for one in value.as_array_mut().into_iter().flatten() {
            if one.get("primary") == Some(&json!(false)) {
                one.as_object_mut().unwrap().remove("primary");
            }
        }
        value
    };
    settled(left) == settled(right)
}

#[tokio::test(flavor = "multi_thread")]
async fn m42_a_patch_of_an_unknown_resource_is_404() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    client.delete(&format!("/Users/{id}")).await.expect(204);
    let operations = json!([{ "op": "replace", "path": "displayName", "value": "x" }]);
    for path in [
        format!("/Users/{id}"),
        format!("/Groups/{id}"),
        "/Users/x".to_owned(),
        "/Groups/2819c223-7f76-453a-919d-413861904646".to_owned(),
    ] {
        scim_error(&client.patch(&path, operations.clone()).await, 404, &path);
    }
    let config = client.get("/ServiceProviderConfig").await.json();
    assert_eq!(config["patch"]["supported"], true);
}
