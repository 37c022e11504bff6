//! Blacksmith: a key that is created for provisioning on a security settings page, and what it is used for. The tests
//! of the key itself are in `vendor/api/keys.rs`.

use serde_json::json;

use crate::support::client::user;
use crate::support::listed::{ids, members};
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target};

/// A tenant whose client has the token of a key for provisioning.
async fn started() -> (Target, Client) {
    let target = Target::start().await;
    let tenant = target.tenant().await;
    let path = format!("/tenants/{}/keys", tenant_of(&tenant));
    let body = json!({ "purpose": "SCIM Provisioning" });
    let key = target.admin().post(&path, &body).await.expect(201).json();
    let client = tenant.with_token(key["token"].as_str().expect("a token"));
    (target, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn blacksmith_create_update_deactivate() {
    let (target, client) = started().await;
    let mut ann = user("ann@example.com");
    ann["externalId"] = json!("00u1");
    let made = client.post("/Users", &ann).await.expect(201);
    let path = format!("/Users/{}", made.id());
    client.post("/Users", &ann).await.expect(409);
    let found = client
        .filter("/Users", r#"userName eq "Ann@Example.com""#)
        .await;
    assert_eq!(ids(&found.expect(200)), [made.id()]);
    ann["name"] = json!({ "givenName": "Ann", "familyName": "Bell" });
    let put = client.put(&path, &ann).await.expect(200).json();
    assert_eq!(put["name"]["familyName"], "Bell");
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    assert_eq!(
        client.patch(&path, off).await.expect(200).json()["active"],
        false
    );
    let read = client.get(&path).await.expect(200).json();
    assert_eq!(
        (&read["active"], &read["externalId"]),
        (&json!(false), &json!("00u1"))
    );
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blacksmith_group_push() {
    let (target, client) = started().await;
    let ann = client.create_user("ann@example.com").await;
    let bob = client.create_user("bob@example.com").await;
    let id = client
        .create_group("Builders", std::slice::from_ref(&ann))
        .await;
    let path = format!("/Groups/{id}");
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": bob }] }]);
    for _ in 0..2 {
        let again = client.patch(&path, join.clone()).await;
        again.expect_any(&[200, 204]);
    }
    assert_eq!(
        members(&client, &id).await,
        [ann.clone(), bob.clone()].into()
    );
    // A deleted user is in no group.
    client.delete(&format!("/Users/{ann}")).await.expect(204);
    assert_eq!(members(&client, &id).await, [bob].into());
    client.delete(&path).await.expect(204);
    sound(&target, &client).await;
}
