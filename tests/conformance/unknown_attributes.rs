//! PATCH of attributes that no schema defines, with each value of the setting `unknownAttributes`.

use scim_core::error::cause::Cause;
use serde_json::{Value, json};
use service::failures::advice;

use crate::support::client::{BULK, patch};
use crate::support::{Client, Target};
use crate::vendor::failure_log::entries;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Operations on users that name only an unknown attribute.
fn unknown() -> Vec<Value> {
    vec![
        json!({ "op": "replace", "path": "shoeSize", "value": 46 }),
        json!({ "op": "remove", "path": "shoeSize" }),
        json!({ "op": "add", "path": "name.nickName", "value": "x" }),
        json!({ "op": "replace", "path": "emails[type eq \"work\"].colour", "value": "red" }),
        json!({ "op": "replace", "path": "emails[colour eq \"red\"].value", "value": "a@b" }),
        json!({ "op": "add", "path": "urn:example:none:1.0:User:badge", "value": "x" }),
        json!({ "op": "add", "path": format!("{ENTERPRISE}:badge"), "value": "x" }),
        json!({ "op": "replace", "value": { "shoeSize": 46, "name.nickName": "x" } }),
        json!({ "op": "replace", "value": { ENTERPRISE: { "badge": "x" } } }),
        json!({ "op": "add", "value": { "urn:example:none:1.0:User": { "badge": "x" } } }),
    ]
}

async fn ignoring() -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    target
        .settings(&client, &json!({ "unknownAttributes": "ignore" }))
        .await;
    (target, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn m08_a_patch_of_an_unknown_attribute_is_rejected_with_advice_that_names_the_setting() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/Users/{}", client.create_user("ann").await);
    let before = client.get(&path).await.expect(200).text;
    for operation in unknown() {
        let (status, _, detail) = client.patch(&path, json!([operation])).await.error();
        assert_eq!(status, 400, "{operation}: {detail}");
        assert!(detail.starts_with("operation 1: "), "{detail}");
    }
    assert_eq!(client.get(&path).await.text, before);
    for entry in entries(&target, &client).await {
        let failure = entry.content;
        assert_eq!(failure.cause, Cause::Unknown.word(), "{}", failure.reason);
        assert!(advice(&failure).contains("its setting unknownAttributes"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m08_a_patch_ignores_unknown_attributes_if_the_tenant_wants_that() {
    let (_target, client) = ignoring().await;
    let path = format!("/Users/{}", client.create_user("ann").await);
    let before = client.get(&path).await.expect(200);
    for operation in unknown() {
        let same = client.patch(&path, json!([operation])).await.expect(200);
        assert_eq!(same.json(), before.json(), "{operation}");
    }
    let all = client.patch(&path, json!(unknown())).await.expect(200);
    assert_eq!(all.headers["etag"], before.headers["etag"]);
    let mut mixed = unknown();
    mixed.push(
        json!({ "op": "replace", "value": { "shoeSize": 46, "title": "x",
        ENTERPRISE: { "badge": "x", "department": "Sales" } } }),
    );
    let changed = client.patch(&path, json!(mixed)).await.expect(200).json();
    assert_eq!(
        (&changed["title"], &changed[ENTERPRISE]),
        (&json!("x"), &json!({ "department": "Sales" }))
    );
    // Known attributes are checked as usual.
    for operation in [
        json!({ "op": "replace", "path": "active", "value": "perhaps" }),
        json!({ "op": "remove", "path": "userName" }),
        json!({ "op": "replace", "path": "a b", "value": "x" }),
        json!({ "op": "replace", "path": "emails[type eq \"other\" and value pr].display", "value": "x" }),
    ] {
        client.patch(&path, json!([operation])).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m08_unknown_attributes_are_ignored_in_groups_and_in_bulk_too() {
    let (_target, client) = ignoring().await;
    let group = format!("/Groups/{}", client.create_group("Sales", &[]).await);
    let operations = json!([
        { "op": "replace", "path": "colour", "value": "red" },
        { "op": "replace", "value": { "colour": "red", "displayName": "Trade" } },
        { "op": "add", "path": "members[colour eq \"red\"]", "value": { "value": "x" } }
    ]);
    client.patch(&group, operations).await.expect(204);
    let read = client.get(&group).await.expect(200).json();
    assert_eq!(read["displayName"], "Trade");
    let user = format!("/Users/{}", client.create_user("ann").await);
    let operation = json!({ "method": "PATCH", "path": user, "data": patch(json!(unknown())) });
    let bulk = json!({ "schemas": [BULK], "Operations": [operation] });
    let answer = client.post("/Bulk", &bulk).await.expect(200).json();
    assert_eq!(answer["Operations"][0]["status"], "200", "{answer}");
}
