//! Blink: users without groups. Create, update, disable, and a rejected group push.

use serde_json::json;

use crate::support::client::{BULK, group, user};
use crate::support::{Client, Target};

async fn started() -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    target.settings(&client, &json!({ "groups": false })).await;
    (target, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn blink_create_update_disable() {
    let (_target, client) = started().await;
    let id = client.create_user("ann@example.com").await;
    let path = format!("/Users/{id}");
    let change = json!([{ "op": "replace", "value": { "title": "Engineer", "groups": [] } }]);
    let changed = client.patch(&path, change).await.expect(200).json();
    assert_eq!(changed["title"], "Engineer");
    assert!(changed.get("groups").is_none());
    let off = json!([{ "op": "Replace", "path": "active", "value": "False" }]);
    assert_eq!(
        client.patch(&path, off).await.expect(200).json()["active"],
        false
    );
    let found = client
        .filter("/Users", r#"userName eq "ann@example.com""#)
        .await;
    assert_eq!(found.expect(200).json()["totalResults"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn blink_refused_group_push() {
    let (_target, client) = started().await;
    let refused = client.post("/Groups", &group("Sales", &[])).await.error();
    assert_eq!(refused.0, 403);
    assert_eq!(
        refused.2,
        "this application does not support groups; turn off group push in your identity provider"
    );
    let path = "/Groups/2819c223-7f76-453a-919d-413861904646";
    client.get(path).await.expect(403);
    client.put(path, &group("Sales", &[])).await.expect(403);
    client
        .patch(
            path,
            json!([{ "op": "replace", "path": "displayName", "value": "x" }]),
        )
        .await
        .expect(403);
    client.delete(path).await.expect(403);
    let push =
        json!({ "method": "POST", "path": "/Groups", "bulkId": "g", "data": group("Sales", &[]) });
    let new = json!({ "method": "POST", "path": "/Users", "bulkId": "u", "data": user("ann") });
    let body = json!({ "schemas": [BULK], "Operations": [push, new] });
    let bulk = client.post("/Bulk", &body).await.expect(200).json();
    assert_eq!(
        (
            &bulk["Operations"][0]["status"],
            &bulk["Operations"][1]["status"]
        ),
        (&json!("403"), &json!("201"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn blink_discovery_names_no_groups_and_test_requests_are_answered() {
    let (_target, client) = started().await;
    client.create_user("ann").await;
    let types = client.get("/ResourceTypes").await.expect(200).json();
    assert_eq!(
        (&types["totalResults"], &types["Resources"][0]["id"]),
        (&json!(1), &json!("User"))
    );
    client.get("/ResourceTypes/Group").await.expect(404);
    let schemas = client.get("/Schemas").await.expect(200).text;
    assert!(!schemas.contains("schemas:core:2.0:Group\""));
    client
        .get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:Group")
        .await
        .expect(404);
    let lists = client
        .get("/Groups?startIndex=1&count=100")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&lists["totalResults"], &lists["Resources"]),
        (&json!(0), &json!([]))
    );
    let none = client
        .filter("/Groups", r#"displayName eq "x""#)
        .await
        .expect(200)
        .json();
    assert_eq!(none["totalResults"], 0);
    let urn = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
    let all = client
        .post("/.search", &json!({ "schemas": [urn] }))
        .await
        .expect(200)
        .json();
    assert_eq!(all["totalResults"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_there_were_come_back_when_they_are_turned_on_again() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let ann = client.create_user("ann").await;
    let sales = client
        .create_group("Sales", std::slice::from_ref(&ann))
        .await;
    target.settings(&client, &json!({ "groups": false })).await;
    let seen = client
        .get(&format!("/Users/{ann}"))
        .await
        .expect(200)
        .json();
    assert!(seen.get("groups").is_none(), "{seen}");
    target.settings(&client, &json!({})).await;
    let seen = client
        .get(&format!("/Users/{ann}"))
        .await
        .expect(200)
        .json();
    assert_eq!(seen["groups"][0]["value"], sales.as_str());
}
