//! `/Me`, RFC 7644 §3.11: the user that a key stands for.

use keyring::{KeyRecord, Scope};
use serde_json::json;

use crate::support::client::user;
use crate::support::moving::{Time, keyring, new_key, other_process, start};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

/// A client with a new key that stands for `subject`.
async fn bound(
    (target, time): &(Target, Time),
    client: &Client,
    subject: &str,
    scope: Scope,
) -> Client {
    let (record, token) = new_key(tenant_of(client));
    let record = KeyRecord {
        subject: Some(subject.to_owned()),
        scopes: vec![scope],
        ..record
    };
    let keyrings = other_process(target);
    keyrings
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    // A keyring is read at most once a second.
    time.pass(1);
    client.with_token(&token)
}

#[tokio::test(flavor = "multi_thread")]
async fn j02_j03_me_is_the_user_of_the_key_under_its_permanent_address() {
    let target = start().await;
    let client = target.0.tenant().await;
    let id = client.create_user("anna").await;
    let other = client.create_user("berta").await;
    let me = bound(&target, &client, &id, Scope::Scim).await;
    let path = format!("/Users/{id}");
    let shown = me.get("/Me").await.expect(200);
    let direct = client.get(&path).await.expect(200);
    assert_eq!(shown.text, direct.text);
    let location = format!("{}{path}", client.base);
    assert_eq!(shown.headers["location"], *location);
    assert_eq!(shown.headers["etag"], direct.headers["etag"]);
    let only = me.get("/Me?attributes=userName").await.expect(200).json();
    assert_eq!(only["userName"], "anna");
    assert!(only.get("emails").is_none());

    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    let same = [("if-none-match", &*tag)];
    me.send("GET", "/Me", &same, None).await.expect(304);
    let change = json!([{ "op": "replace", "path": "nickName", "value": "Ann" }]);
    let patched = me.patch("/Me", change).await.expect(200).json();
    assert_eq!(patched["nickName"], "Ann");
    let mut replaced = user("anna");
    replaced["title"] = json!("Guide");
    let put = me.put("/Me", &replaced).await.expect(200);
    assert_eq!(put.json()["meta"]["location"], *location);
    assert_eq!(client.get(&path).await.json(), put.json());
    let stale = [("if-match", &*tag)];
    me.send("DELETE", "/Me", &stale, None).await.expect(412);
    me.delete("/Me").await.expect(204);
    client.get(&path).await.expect(404);
    client.get(&format!("/Users/{other}")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn j04_me_is_nobody_else_when_the_user_is_gone() {
    let target = start().await;
    let client = target.0.tenant().await;
    let id = client.create_user("anna").await;
    let elsewhere = target.0.tenant().await;
    let foreign = elsewhere.create_user("anna").await;
    let group = client.create_group("Sales", &[]).await;
    let me = bound(&target, &client, &id, Scope::Scim).await;
    client.delete(&format!("/Users/{id}")).await.expect(204);
    for subject in [&*id, &foreign, &group, "", "../Users", "bulkId:x"] {
        let me = bound(&target, &client, subject, Scope::Scim).await;
        for method in ["GET", "DELETE"] {
            let answer = me.send(method, "/Me", &[], None).await;
            assert_eq!(answer.error().0, 404, "{subject}");
        }
    }
    let put = me.put("/Me", &user("anna")).await;
    assert_eq!(put.error().0, 404);
    elsewhere
        .get(&format!("/Users/{foreign}"))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn j05_nobody_registers_at_me() {
    let target = start().await;
    let client = target.0.tenant().await;
    let id = client.create_user("anna").await;
    let me = bound(&target, &client, &id, Scope::Scim).await;
    let (status, _, detail) = me.post("/Me", &user("berta")).await.error();
    assert_eq!(status, 501);
    assert!(detail.contains("/Users"), "{detail}");
    let answer = me.send("OPTIONS", "/Me", &[], None).await.expect(405);
    assert_eq!(answer.headers["allow"], "GET, PUT, PATCH, DELETE");
    // A client without such a key gets 501 (J-01).
    let (status, _, detail) = client.get("/Me").await.error();
    assert_eq!(status, 501);
    assert!(detail.contains("/Me"), "{detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn t11_r08_z07_a_key_that_may_read_its_user_may_do_nothing_else() {
    let target = start().await;
    let client = target.0.tenant().await;
    let id = client.create_user("anna").await;
    let me = bound(&target, &client, &id, Scope::Me).await;
    me.get("/Me").await.expect(200);
    for path in ["/ServiceProviderConfig", "/Schemas", "/ResourceTypes"] {
        me.get(path).await.expect(200);
    }
    let path = format!("/Users/{id}");
    let before = client.get(&path).await.text;
    for (method, path) in [
        ("GET", "/Users"),
        ("GET", &*path),
        ("GET", "/Groups"),
        ("GET", ""),
        ("POST", "/.search"),
        ("POST", "/Users/.search"),
        ("POST", "/Users"),
        ("POST", "/Bulk"),
        ("PUT", &path),
        ("PATCH", &path),
        ("DELETE", &path),
        ("PUT", "/Me"),
        ("PATCH", "/Me"),
        ("DELETE", "/Me"),
        ("POST", "/Me"),
    ] {
        let (status, _, detail) = me.send(method, path, &[], None).await.error();
        assert_eq!(status, 403, "{method} {path}");
        assert!(detail.contains("/Me"), "{detail}");
    }
    assert_eq!(client.get(&path).await.text, before);
}
