//! Keys over time: a warm service makes no calls, a new key is valid at once, and a revoked key for at most a minute.

use std::collections::BTreeSet;

use bytes::Bytes;
use directory::Spent;
use http::Request;
use serde_json::json;
use service::clock::Ids;
use service::{Function, Origin};

use super::refused;
use crate::support::moving::{keyring, new_key, other_process, start};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_service_makes_no_call_to_authenticate() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let users = target.stack.of(Function::Users);
    let before = users.keyrings().calls();
    for _ in 0..59 {
        client.get(&format!("/Users/{id}")).await.expect(200);
        time.pass(1);
    }
    assert_eq!(users.keyrings().calls(), before);

    let path = format!(
        "/{}/scim/v2/Users/{id}?attributes=userName",
        tenant_of(&client)
    );
    let request = Request::get(path)
        .header("authorization", format!("Bearer {}", client.token))
        .body(Bytes::new())
        .unwrap();
    let response = users
        .handle(Function::Users, request, Origin::default())
        .await;
    assert_eq!(response.status(), 200);
    let spent = response.extensions().get::<Spent>().unwrap();
    assert_eq!(
        spent.calls, 1,
        "the user itself is all that is read: {spent:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_costs_one_look_up_a_second_however_often_it_is_sent() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    client.get("/Users").await.expect(200);
    time.pass(5);
    let users = target.stack.of(Function::Users);
    let before = users.keyrings().calls();
    let (_, token) = new_key(tenant_of(&client));
    for _ in 0..20 {
        refused(&client.with_token(&token).get("/Users").await, "unknown");
        let malformed = token.get(..70).expect("a part");
        refused(
            &client.with_token(malformed).get("/Users").await,
            "malformed",
        );
    }
    assert_eq!(users.keyrings().calls(), before + 1);
    client.get("/Users").await.expect(200);
}

/// Each function has its own cache of keys, so a key that `admin` created is unknown to `users`.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_works_at_its_first_request_whatever_was_looked_up_before() {
    let target = Target::apart().await;
    let admin = target.admin();
    let mut clients = Vec::new();
    for number in 0..5 {
        let id = format!("customer-{number}");
        let tenant = json!({ "id": id, "name": id });
        admin.post("/tenants", &tenant).await.expect(201);
        let on = format!("/tenants/{id}/on");
        admin.post(&on, &json!({})).await.expect(200);
        let path = format!("/tenants/{id}/keys");
        let key = json!({ "purpose": "Okta" });
        let made = admin.post(&path, &key).await.expect(201).json();
        let base = format!("http://{}/{id}/scim/v2", target.stack.address);
        let client = Client::new(&base, made["token"].as_str().expect("a token"));
        client.get("/Users").await.expect(200);
        clients.push(client);
    }
    let calls = target.stack.of(Function::Users).keyrings().calls();
    for client in &clients {
        client.get("/Users").await.expect(200);
    }
    assert_eq!(target.stack.of(Function::Users).keyrings().calls(), calls);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_wrong_tokens_keeps_no_new_token_out() {
    let target = Target::apart().await;
    let client = target.tenant().await;
    client.get("/Users").await.expect(200);
    let users = target.stack.of(Function::Users);
    let before = users.keyrings().calls();
    let wrong: Vec<Client> = (0..40)
        .map(|_| client.with_token(&new_key(tenant_of(&client)).1))
        .collect();
    let flood = wrong.iter().map(|client| client.get("/Users"));
    let (flood, welcome) = futures_util::join!(futures_util::future::join_all(flood), async {
        let newcomer = target.tenant().await;
        newcomer.get("/Users").await
    });
    welcome.expect(200);
    for answer in &flood {
        refused(answer, "unknown");
    }
    // Requests that arrive during a look-up wait for the next one.
    let calls = users.keyrings().calls() - before;
    assert!(calls <= 3, "{calls}");
}

/// A token of another system, imported right after a look-up of another token of the tenant.
#[tokio::test(flavor = "multi_thread")]
async fn an_imported_token_works_at_its_first_request() {
    let target = Target::apart().await;
    let client = target.tenant().await;
    for token in [
        "oldsystem-8f14e45fceea167a5a36dedd4bea2543",
        "oldsystem-45c48cce2e2d7fbdea1afc51c7c6ad26",
    ] {
        let path = format!("/tenants/{}/keys", tenant_of(&client));
        let key = json!({ "purpose": "before", "token": token });
        target.admin().post(&path, &key).await.expect(201);
        client.with_token(token).get("/Users").await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_process_added_works_at_once() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    client.get("/Users").await.expect(200);
    let (record, token) = new_key(tenant_of(&client));
    time.pass(1);
    other_process(&target)
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    client.with_token(&token).get("/Users").await.expect(200);
    client.get("/Users").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn z10_a_key_that_another_process_revoked_ends_within_60_seconds() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    let (record, token) = new_key(tenant_of(&client));
    other_process(&target)
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    time.pass(1);
    let revoked = client.with_token(&token);
    revoked.get("/Users").await.expect(200);
    other_process(&target)
        .revoke(&keyring(), record.id, record.created)
        .await
        .unwrap();
    time.pass(60);
    refused(&revoked.get("/Users").await, "revoked");
    client.get("/Users").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn t12_z10_a_key_ends_at_the_instant_of_its_expiry() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    let (mut record, token) = new_key(tenant_of(&client));
    record.expires = Some(time.now() + jiff::SignedDuration::from_secs(100));
    other_process(&target)
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    let expiring = client.with_token(&token);
    time.pass(99);
    expiring.get("/Users").await.expect(200);
    time.pass(1);
    refused(&expiring.get("/Users").await, "expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_five_live_keys_and_more() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    let mut tokens = vec![client.token.clone()];
    for _ in 0..5 {
        let (record, token) = new_key(tenant_of(&client));
        other_process(&target)
            .add(&keyring(), &record, record.created)
            .await
            .unwrap();
        tokens.push(token);
    }
    time.pass(1);
    for token in tokens {
        client.with_token(&token).get("/Users").await.expect(200);
    }
}

#[test]
fn t12_tokens_are_random_in_every_place() {
    const TOKENS: usize = 500;
    let ids = Ids::system();
    let secrets: Vec<String> = (0..TOKENS)
        .map(|_| {
            let token = ids.token(&keyring());
            let secret = token.expose().rsplit('_').nth(1).expect("a secret part");
            secret.to_owned()
        })
        .collect();
    let distinct: BTreeSet<&String> = secrets.iter().collect();
    assert_eq!(distinct.len(), TOKENS);
    // 256 bits in letters of five bits each; the last letter has one bit only.
    for place in 0..51 {
        let letters: BTreeSet<u8> = secrets
            .iter()
            .map(|secret| secret.as_bytes()[place])
            .collect();
        assert!(
            letters.len() >= 16,
            "the letters at {place} are {letters:?}"
        );
    }
}
