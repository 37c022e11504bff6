//! The keys of tenants and of the admin API, as the vendor manages them.

use std::collections::BTreeSet;

use scim_core::resource::timestamp;
use serde_json::{Value, json};

use crate::support::moving;
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

/// The path of a tenant's keys.
pub(super) fn keys_of(tenant: &Client) -> String {
    format!("/tenants/{}/keys", tenant_of(tenant))
}

/// Creates a key and returns it with its token.
pub(in crate::vendor) async fn make(admin: &Client, path: &str, body: Value) -> Value {
    admin.post(path, &body).await.expect(201).json()
}

pub(in crate::vendor) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
}

pub(super) async fn list(admin: &Client, path: &str) -> Vec<Value> {
    let listed = admin.get(path).await.expect(200).json();
    listed["items"].as_array().expect("items").clone()
}

/// Blacksmith: a key has a purpose, and its holder provisions with it.
#[tokio::test]
async fn blacksmith_a_key_is_made_with_a_purpose_and_shown_once() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let body = json!({ "purpose": "Okta production", "expires": "2099-01-31T13:00:00+01:00" });
    let answer = admin.post(&path, &body).await.expect(201);
    let key = answer.json();
    let (id, token) = (text(&key, "id"), text(&key, "token"));
    let expected = json!({
        "id": id, "purpose": "Okta production", "scopes": ["scim"], "created": key["created"],
        "sources": [], "imported": false, "expires": "2099-01-31T12:00:00.000Z", "token": token
    });
    assert_eq!(key, expected);
    let location = format!("{}{path}/{id}", admin.base);
    assert_eq!(answer.headers["location"], location.as_str());
    assert_eq!(answer.headers["cache-control"], "no-store");
    tenant
        .with_token(token)
        .create_user("ann@example.com")
        .await;

    let one = admin.get(&format!("{path}/{id}")).await.expect(200);
    let secret = token.rsplit('_').nth(1).expect("the random part");
    let all = admin.get(&path).await.expect(200);
    for shown in [&one.text, &all.text] {
        assert!(shown.contains("Okta production"), "{shown}");
        assert!(
            !shown.contains(secret) && !shown.contains("sha256"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn a_tenant_has_five_live_keys_and_twenty_at_most() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let mut made = Vec::new();
    for number in 1..20 {
        let body = json!({ "purpose": format!("key {number}") });
        made.push(make(&admin, &path, body).await);
    }
    for key in made.iter().take(5) {
        let with = tenant.with_token(text(key, "token"));
        with.get("/Users").await.expect(200);
    }
    let refused = admin.post(&path, &json!({ "purpose": "one more" })).await;
    let problem = refused.expect(409).json();
    let detail = "there are 20 live tokens, which is the limit; revoke one that is not needed";
    assert_eq!(problem["detail"], detail);
    let gone = format!("{path}/{}", text(&made[0], "id"));
    admin.delete(&gone).await.expect(204);
    make(&admin, &path, json!({ "purpose": "one more" })).await;
}

#[tokio::test]
async fn a_rotated_key_works_until_the_end_of_its_overlap() {
    let (target, time) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let body = json!({ "purpose": "Okta", "sources": ["127.0.0.0/8", "::1"] });
    let old = make(&admin, &path, body).await;
    let rotate = format!("{path}/{}/rotate", text(&old, "id"));
    let new = admin.post(&rotate, &json!({})).await.expect(201).json();
    assert_eq!(
        (&new["purpose"], &new["sources"]),
        (&old["purpose"], &old["sources"])
    );
    assert!(new["expires"].is_null());
    let before = tenant.with_token(text(&old, "token"));
    let after = tenant.with_token(text(&new, "token"));
    time.pass(24 * 60 * 60 - 1);
    before.get("/Users").await.expect(200);
    after.get("/Users").await.expect(200);
    // A second rotation does not extend the life of a key that is already ending.
    let again = admin
        .post(&rotate, &json!({ "overlapSeconds": 9_999 }))
        .await;
    again.expect(201);
    time.pass(1);
    before.get("/Users").await.expect(401);
    after.get("/Users").await.expect(200);
    let problem = admin.post(&rotate, &json!({})).await.expect(409).json();
    assert_eq!(
        problem["detail"],
        "this token has expired; create a new one"
    );
    // The ended key is still listed.
    let listed = list(&admin, &path).await;
    assert!(listed.iter().any(|key| key["id"] == old["id"]));
}

#[tokio::test]
async fn a_key_is_rotated_at_once_and_its_successor_lives_as_long() {
    let (target, time) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let end = time.now() + jiff::SignedDuration::from_hours(48);
    let body = json!({ "purpose": "Okta", "expires": end.to_string() });
    let old = make(&admin, &path, body).await;
    time.pass(60 * 60);
    let rotate = format!("{path}/{}/rotate", text(&old, "id"));
    let new = admin.post(&rotate, &json!({ "overlapSeconds": 0 })).await;
    let new = new.expect(201).json();
    let end = end + jiff::SignedDuration::from_hours(1);
    assert_eq!(text(&new, "expires"), timestamp(end));
    tenant
        .with_token(text(&old, "token"))
        .get("/Users")
        .await
        .expect(401);
    tenant
        .with_token(text(&new, "token"))
        .get("/Users")
        .await
        .expect(200);
    for (seconds, status) in [(-1, 400), (30 * 86_400 + 1, 400)] {
        let rotate = format!("{path}/{}/rotate", text(&new, "id"));
        let body = json!({ "overlapSeconds": seconds });
        let problem = admin.post(&rotate, &body).await.expect(status).json();
        assert_eq!(problem["errors"][0]["pointer"], "/overlapSeconds");
    }
}

#[tokio::test]
async fn z10_a_revoked_key_is_refused_everywhere_within_60_seconds() {
    let (target, time) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let key = make(&admin, &path, json!({ "purpose": "Okta" })).await;
    let with = tenant.with_token(text(&key, "token"));
    with.get("/Users").await.expect(200);
    let clock = time.clone();
    let other = local::stack::service(
        &target.stack.services.clients,
        None,
        service::clock::Clock::from_fn(move || clock.now()),
        service::clock::Ids::system(),
    );
    let elsewhere = async |service: &service::Service| {
        let request = http::Request::get(format!("/{}/scim/v2/Users", tenant_of(&tenant)))
            .header("authorization", format!("Bearer {}", text(&key, "token")))
            .body(bytes::Bytes::new())
            .expect("a request");
        let origin = service::Origin::default();
        let response = service.handle(service::Function::Users, request, origin);
        response.await.status().as_u16()
    };
    assert_eq!(elsewhere(&other).await, 200);
    let one = format!("{path}/{}", text(&key, "id"));
    admin.delete(&one).await.expect(204);
    time.pass(60);
    with.get("/Users").await.expect(401);
    assert_eq!(elsewhere(&other).await, 401);
    let problem = admin.delete(&one).await.expect(404).json();
    assert_eq!(
        problem["detail"],
        format!("there is no token with the id `{}`", text(&key, "id"))
    );
    admin.get(&one).await.expect(404);
}

#[tokio::test]
async fn an_existing_token_is_imported_so_that_the_identity_provider_needs_no_change() {
    const TOKEN: &str = "sk_live_0f9c1e5b7a3d48629b0e4c7f8a1d2365";
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let body = json!({ "purpose": "from the old system", "token": TOKEN });
    let key = make(&admin, &path, body.clone()).await;
    assert_eq!(
        (&key["imported"], &key["token"]),
        (&json!(true), &Value::Null)
    );
    tenant.with_token(TOKEN).get("/Users").await.expect(200);
    let problem = admin.post(&path, &body).await.expect(409).json();
    assert_eq!(problem["detail"], "the tenant already has this token");
    let other = target.tenant().await;
    other.with_token(TOKEN).get("/Users").await.expect(401);
    for (weak, says) in [
        ("short", "has fewer than 32 characters"),
        ("passwordpasswordpasswordpassword", "can be guessed"),
        ("0f9c1e5b 7a3d48629b0e4c7f8a1d2365", "contains spaces"),
        (
            tenant.token.as_str(),
            "has the prefix of this service's own tokens",
        ),
    ] {
        let body = json!({ "purpose": "x", "token": weak });
        let problem = admin.post(&path, &body).await.expect(400).json();
        assert_eq!(problem["errors"][0]["pointer"], "/token");
        let detail = text(&problem, "detail");
        assert!(detail.contains(says) && !detail.contains(weak), "{detail}");
    }
}

/// To the hour, with one write in parallel to a request.
#[tokio::test]
async fn a_key_says_when_it_was_used_last() {
    let (target, time) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let key = make(&admin, &path, json!({ "purpose": "Okta" })).await;
    let one = format!("{path}/{}", text(&key, "id"));
    let last_used = async || admin.get(&one).await.expect(200).json()["lastUsed"].clone();
    let with = tenant.with_token(text(&key, "token"));
    with.get("/ServiceProviderConfig").await.expect(200);
    assert_eq!(last_used().await, Value::Null);
    let first = timestamp(time.now());
    with.get("/Users").await.expect(200);
    assert_eq!(last_used().await, first.as_str());
    time.pass(3_599);
    with.get("/Users").await.expect(200);
    assert_eq!(last_used().await, first.as_str());
    time.pass(1);
    // A rejected request counts as use, too.
    with.get("/Users/nobody").await.expect(404);
    assert_eq!(last_used().await, timestamp(time.now()).as_str());
    // Another process writes nothing within the hour.
    time.pass(1_800);
    let meter = directory::Meter::default();
    let before = last_used().await;
    let store = directory::Store::new(
        target.stack.services.clients.dynamodb.clone(),
        local::stack::TABLE.to_owned(),
    );
    let name = keyring::TenantId::parse(tenant_of(&tenant)).unwrap();
    let id = keyring::KeyId::parse(text(&key, "id")).unwrap();
    let told = directory::last_used::tell(&store, &name, id, time.now(), &meter);
    told.await.unwrap();
    assert_eq!(last_used().await, before);
}

/// The write of a last use affects neither the cost nor the response of a request.
#[tokio::test]
async fn the_note_of_a_keys_use_delays_and_fails_no_request() {
    let target = Target::with_faults().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    for fault in ["internal", "throttle", "drop-before", "delay"] {
        let key = make(&admin, &path, json!({ "purpose": "Okta" })).await;
        let rule = match fault {
            "delay" => "delay:item=#lastUsed,ms=20000".to_owned(),
            fault => format!("{fault}:item=#lastUsed"),
        };
        target.faults().set(vec![rule.parse().expect("a rule")], 1);
        let with = tenant.with_token(text(&key, "token"));
        let begun = tokio::time::Instant::now();
        with.get("/Users?count=1").await.expect(200);
        assert!(begun.elapsed().as_secs() < 10, "{fault}");
        target.faults().clear();
    }
}

#[tokio::test]
async fn a_key_bound_to_networks_is_rejected_from_elsewhere() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    for (sources, status) in [
        (json!(["127.0.0.0/8", "::1"]), 200),
        (json!(["192.0.2.0/24", "2001:db8::/32"]), 401),
    ] {
        let body = json!({ "purpose": "office", "sources": sources });
        let key = make(&admin, &path, body).await;
        let with = tenant.with_token(text(&key, "token"));
        with.get("/Users").await.expect(status);
    }
}

#[tokio::test]
async fn a_key_for_one_user_reads_that_user_only() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let ann = tenant.create_user("ann@example.com").await;
    let body = json!({ "purpose": "profile", "scopes": ["me"], "subject": ann });
    let key = make(&admin, &path, body).await;
    assert_eq!(key["subject"], ann.as_str());
    let with = tenant.with_token(text(&key, "token"));
    assert_eq!(
        with.get("/Me").await.expect(200).json()["userName"],
        "ann@example.com"
    );
    with.get("/Users").await.expect(403);
    let nobody = json!({
        "purpose": "x", "scopes": ["me"], "subject": "2819c223-7f76-453a-919d-413861904646"
    });
    let problem = admin.post(&path, &nobody).await.expect(400).json();
    assert_eq!(problem["detail"], "/subject: there is no user with this id");
}

#[tokio::test]
async fn a_tenants_keys_are_at_that_tenant_and_nowhere_else() {
    let target = Target::start().await;
    let (tenant, other, admin) = (target.tenant().await, target.tenant().await, target.admin());
    let key = make(&admin, &keys_of(&tenant), json!({ "purpose": "Okta" })).await;
    let id = text(&key, "id");
    let there = format!("{}/{id}", keys_of(&other));
    admin.get(&there).await.expect(404);
    admin.delete(&there).await.expect(404);
    admin
        .post(&format!("{there}/rotate"), &json!({}))
        .await
        .expect(404);
    assert!(
        list(&admin, &keys_of(&other))
            .await
            .iter()
            .all(|key| key["id"] != id)
    );
    tenant
        .with_token(text(&key, "token"))
        .get("/Users")
        .await
        .expect(200);
    for path in ["/tenants/nobody-there/keys", "/tenants/No_Name/keys"] {
        admin.get(path).await.expect(404);
        admin
            .post(path, &json!({ "purpose": "x" }))
            .await
            .expect(404);
        admin.delete(&format!("{path}/{id}")).await.expect(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_at_the_same_time_lose_no_key_and_repetitions_make_none() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let made = (0..8).map(|number| {
        let (admin, path) = (&admin, &path);
        async move {
            let body = json!({ "purpose": format!("key {}", number / 2) }).to_string();
            let name = format!("request-{}", number / 2);
            let headers = [
                ("content-type", "application/json"),
                ("idempotency-key", &name),
            ];
            loop {
                let body = Some(body.clone().into());
                let answer = admin.send("POST", path, &headers, body).await;
                // The other request is in progress.
                if answer.status != 409 {
                    break answer.expect(201).json();
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    });
    let made = futures_util::future::join_all(made).await;
    let tokens: BTreeSet<&str> = made.iter().map(|key| text(key, "token")).collect();
    assert_eq!(tokens.len(), 4);
    for token in tokens {
        tenant.with_token(token).get("/Users").await.expect(200);
    }
    // Includes the tenant's first key.
    assert_eq!(list(&admin, &path).await.len(), 5);
}
