//! Provisioned passwords, verified for the vendor's log-in.

use std::time::Duration;

use argon2::password_hash::{PasswordHasher, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use directory::Spent;
use directory::keys::{Key, all_logins, resource};
use http::Request;
use keyring::TenantId;
use local::stack::TABLE;
use scim_core::{ResourceId, ResourceKind};
use serde_json::{Value, json};
use service::Origin;

use crate::support::client::user;
use crate::support::moving;
use crate::support::table::tenant_of;
use crate::support::{Answer, Client, Target};

const RIGHT: &str = "correct horse battery staple";

async fn create(tenant: &Client, name: &str) -> String {
    let mut body = user(name);
    body["password"] = json!(RIGHT);
    tenant.post("/Users", &body).await.expect(201).id()
}

async fn try_in(admin: &Client, tenant: &Client, name: &str, password: &str) -> Answer {
    let path = format!("/tenants/{}/verify-password", tenant_of(tenant));
    let body = json!({ "userName": name, "password": password });
    admin.post(&path, &body).await
}

async fn verify(admin: &Client, tenant: &Client, name: &str, password: &str) -> Value {
    try_in(admin, tenant, name, password)
        .await
        .expect(200)
        .json()
}

/// Changes an item directly in the table.
async fn change(target: &Target, key: &Key, expression: &str, value: AttributeValue) {
    let dynamodb = &target.stack.services.clients.dynamodb;
    let update = dynamodb.update_item().table_name(TABLE);
    let update = update.set_key(Some(key.attributes()));
    let update = update.update_expression(expression);
    let update = update.expression_attribute_values(":v", value);
    update.send().await.expect("the item changes");
}

/// `BlogIn`: users log in with their password from the identity provider.
#[tokio::test]
async fn blogin_password_sync() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let id = create(&tenant, "ann@example.com").await;
    let yes = json!({ "verified": true, "user": id });
    let no = json!({ "verified": false });
    assert_eq!(verify(&admin, &tenant, "ann@example.com", RIGHT).await, yes);
    assert_eq!(verify(&admin, &tenant, "ANN@Example.com", RIGHT).await, yes);
    let other = "another horse staple";
    assert_eq!(verify(&admin, &tenant, "ann@example.com", other).await, no);
    let path = format!("/Users/{id}");
    let set = |path: &str, value: Value| json!([{ "op": "replace", "path": path, "value": value }]);
    tenant
        .patch(&path, set("password", json!(other)))
        .await
        .expect(200);
    assert_eq!(verify(&admin, &tenant, "ann@example.com", RIGHT).await, no);
    assert_eq!(verify(&admin, &tenant, "ann@example.com", other).await, yes);
    // Deactivated users cannot log in until they are reactivated.
    tenant
        .patch(&path, set("active", json!(false)))
        .await
        .expect(200);
    assert_eq!(verify(&admin, &tenant, "ann@example.com", other).await, no);
    tenant
        .patch(&path, set("active", json!(true)))
        .await
        .expect(200);
    assert_eq!(verify(&admin, &tenant, "ann@example.com", other).await, yes);
    // An unknown user, a user without a password, a user of another tenant, and an invalid password.
    tenant.create_user("bob@example.com").await;
    let elsewhere = target.tenant().await;
    for (tenant, name, password) in [
        (&tenant, "nobody@example.com", other),
        (&tenant, "bob@example.com", other),
        (&elsewhere, "ann@example.com", other),
        (&tenant, "ann@example.com", ""),
        (&tenant, "ann@example.com", "a\u{7}b"),
        (&tenant, "", other),
    ] {
        assert_eq!(
            verify(&admin, tenant, name, password).await,
            no,
            "{name} {password}"
        );
    }
    tenant.delete(&path).await.expect(204);
    assert_eq!(verify(&admin, &tenant, "ann@example.com", other).await, no);
    let body = json!({ "userName": "a", "password": "b" });
    let absent = admin.post("/tenants/nobody-there/verify-password", &body);
    absent.await.expect(404);
}

#[tokio::test]
async fn ten_failures_for_a_name_are_enough_in_all_processes() {
    let (target, time) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    create(&tenant, "ann@example.com").await;
    create(&tenant, "bob@example.com").await;
    // Successful attempts do not count and have no limit.
    for _ in 0..12 {
        let answer = verify(&admin, &tenant, "ann@example.com", RIGHT).await;
        assert_eq!(answer["verified"], true);
    }
    for name in ["ann@example.com", "nobody@example.com"] {
        for _ in 0..10 {
            let answer = verify(&admin, &tenant, name, "wrong").await;
            assert_eq!(answer, json!({ "verified": false }));
        }
        for (name, password) in [
            (name, "wrong"),
            (name, RIGHT),
            (&name.to_uppercase(), RIGHT),
        ] {
            let answer = try_in(&admin, &tenant, name, password).await.expect(429);
            let wait: i64 = answer.headers["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((1..=900).contains(&wait), "{wait}");
            assert_eq!(
                answer.json()["type"],
                "urn:muster:problem:too-many-requests"
            );
        }
    }
    // Another process has the same count, because it is in the table.
    let service = local::stack::service(
        &target.stack.services.clients,
        None,
        service::clock::Clock::from_fn({
            let time = time.clone();
            move || time.now()
        }),
        service::clock::Ids::system(),
    );
    let service = std::sync::Arc::new(service);
    let other = local::stack::vendor_side(service, &target.stack.services.clients);
    let body = json!({ "userName": "ann@example.com", "password": RIGHT });
    let (status, _) = send(&other, &admin, &tenant, &body).await;
    assert_eq!(status, 429);
    let bob = verify(&admin, &tenant, "bob@example.com", RIGHT).await;
    assert_eq!(bob["verified"], true);
    time.pass(900);
    let answer = verify(&admin, &tenant, "ann@example.com", RIGHT).await;
    assert_eq!(answer["verified"], true);
}

async fn send(
    to: &vendor::VendorSide,
    admin: &Client,
    tenant: &Client,
    body: &Value,
) -> (u16, Spent) {
    let path = format!("/admin/v1/tenants/{}/verify-password", tenant_of(tenant));
    let request = Request::post(path)
        .header("authorization", format!("Bearer {}", admin.token))
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_string()))
        .expect("a request");
    let response = to.handle(request, Origin::default()).await;
    let spent = response
        .extensions()
        .get::<Spent>()
        .expect("what it consumed");
    (response.status().as_u16(), spent.clone())
}

#[tokio::test]
async fn beyond_a_thousand_failures_of_a_tenant_attempts_are_slow_and_not_refused() {
    let (target, time) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    create(&tenant, "ann@example.com").await;
    let name = TenantId::parse(tenant_of(&tenant)).unwrap();
    let all = all_logins(&name, time.now().as_second() / 900);
    let number = |n: u32| AttributeValue::N(n.to_string());
    change(&target, &all, "SET n = :v", number(999)).await;
    let answer = verify(&admin, &tenant, "ann@example.com", RIGHT).await;
    assert_eq!(answer["verified"], true);
    change(&target, &all, "SET n = :v", number(1_000)).await;
    let begin = tokio::time::Instant::now();
    let answer = verify(&admin, &tenant, "ann@example.com", RIGHT).await;
    assert_eq!(answer["verified"], true);
    assert!(
        begin.elapsed() >= Duration::from_secs(2),
        "{:?}",
        begin.elapsed()
    );
}

/// The results of concurrent attempts: `Some` says whether the password was right, `None` means rejected.
async fn crowd(admin: &Client, tenant: &Client, passwords: &[&str]) -> Vec<Option<bool>> {
    let tries = passwords.iter().map(|password| async move {
        let answer = try_in(admin, tenant, "ann@example.com", password).await;
        match answer.status.as_u16() {
            429 => None,
            _ => answer.expect(200).json()["verified"].as_bool(),
        }
    });
    futures_util::future::join_all(tries).await
}

#[tokio::test(flavor = "multi_thread")]
async fn right_passwords_in_a_crowd_are_never_refused() {
    let (target, _) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    create(&tenant, "ann@example.com").await;
    for _ in 0..3 {
        let all = crowd(&admin, &tenant, &[RIGHT; 16]).await;
        assert_eq!(all, vec![Some(true); 16]);
    }
    // They leave no trace: ten failures are possible as before.
    for _ in 0..10 {
        let answer = verify(&admin, &tenant, "ann@example.com", "wrong").await;
        assert_eq!(answer["verified"], false);
    }
    let refused = try_in(&admin, &tenant, "ann@example.com", RIGHT).await;
    refused.expect(429);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guesses_at_once_ten_are_looked_at() {
    let (target, _) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    create(&tenant, "ann@example.com").await;
    let all = crowd(&admin, &tenant, &["wrong"; 40]).await;
    let looked_at = all.iter().filter(|one| **one == Some(false)).count();
    assert_eq!(looked_at, 10, "{all:?}");
    assert_eq!(
        all.iter().filter(|one| one.is_none()).count(),
        30,
        "{all:?}"
    );
}

/// Seven failures leave chances for everybody who knows the password.
#[tokio::test(flavor = "multi_thread")]
async fn before_ten_failures_right_passwords_are_not_refused_in_a_crowd_either() {
    let (target, _) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    create(&tenant, "ann@example.com").await;
    let mut passwords = ["wrong"; 7].to_vec();
    passwords.extend([RIGHT; 16]);
    let all = crowd(&admin, &tenant, &passwords).await;
    let (wrong, right) = all.split_at(7);
    assert_eq!(wrong, [Some(false); 7]);
    assert_eq!(right, [Some(true); 16]);
}

/// One chance is taken and given back. The reads are the tenant, the tenant's failures, the name and the user.
#[tokio::test]
async fn a_right_password_costs_two_writes() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    create(&tenant, "ann@example.com").await;
    for (password, writes) in [(RIGHT, 2.0), ("wrong", 3.0)] {
        let body = json!({ "userName": "ann@example.com", "password": password });
        let (status, spent) = send(&target.stack.admin, &admin, &tenant, &body).await;
        assert_eq!(status, 200);
        assert_eq!((spent.writes, spent.reads), (writes, 4.0), "{password}");
    }
}

/// The same calls and the same work, so timing reveals nothing.
#[tokio::test]
async fn it_takes_the_same_to_refuse_somebody_and_nobody() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    create(&tenant, "ann@example.com").await;
    tenant.create_user("bob@example.com").await;
    let mut seen = Vec::new();
    for name in ["ann@example.com", "bob@example.com", "nobody@example.com"] {
        let body = json!({ "userName": name, "password": "wrong" });
        let (status, spent) = send(&target.stack.admin, &admin, &tenant, &body).await;
        assert_eq!(status, 200);
        seen.push((spent.calls, spent.round_trips, spent.actions.clone()));
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn a_hash_of_other_days_is_renewed_when_its_password_is_known() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let id = create(&tenant, "ann@example.com").await;
    let before = tenant.get(&format!("/Users/{id}")).await.text;
    let weak = Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(8_192, 1, 1, None).unwrap(),
    );
    let salt = SaltString::encode_b64(&[1; 16]).unwrap();
    let hash = weak
        .hash_password(RIGHT.as_bytes(), &salt)
        .unwrap()
        .to_string();
    let name = TenantId::parse(tenant_of(&tenant)).unwrap();
    let key = resource(&name, ResourceKind::User, ResourceId::parse(&id).unwrap());
    change(&target, &key, "SET p = :v", AttributeValue::S(hash.clone())).await;
    let stored = async || {
        let dynamodb = &target.stack.services.clients.dynamodb;
        let get = dynamodb.get_item().table_name(TABLE);
        let item = get
            .set_key(Some(key.attributes()))
            .send()
            .await
            .unwrap()
            .item;
        item.unwrap()["p"].as_s().unwrap().clone()
    };
    verify(&admin, &tenant, "ann@example.com", "wrong").await;
    assert_eq!(stored().await, hash);
    let answer = verify(&admin, &tenant, "ann@example.com", RIGHT).await;
    assert_eq!(answer["verified"], true);
    assert!(
        stored()
            .await
            .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    );
    let answer = verify(&admin, &tenant, "ann@example.com", RIGHT).await;
    assert_eq!(answer["verified"], true);
    // The user is unchanged.
    assert_eq!(tenant.get(&format!("/Users/{id}")).await.text, before);
}
