//! Keyrings that were changed too often in a day, tenants that change their keys too often, and bursts.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use directory::Meter;
use directory::tenant_keys::{By, CreatedKey, KeysError, TenantKeys};
use jiff::{SignedDuration, Timestamp};
use keyring::{KeyId, KeyRecord, KeyringError, Record as _, TenantId};
use local::stack::{KEYRING_PREFIX, TABLE};
use serde_json::json;
use service::clock::Ids;
use service::{Function, Service};

use super::{administrator, list, new_key, tenant};
use crate::support::Target;
use crate::support::moving::{self, Time, other_process};
use crate::support::table::tenant_of;

/// Somebody who changes a tenant's keys.
struct Hand<'h> {
    service: &'h Service,
    tenant: TenantId,
    by: By,
    time: Time,
}

impl Hand<'_> {
    fn keys(&self) -> TenantKeys<'_> {
        TenantKeys {
            by: self.by,
            ..self.service.keys(&self.tenant, &Arc::default())
        }
    }

    async fn create(&self) -> Result<CreatedKey, KeysError> {
        let (keys, write) = (self.keys(), Ids::system().write());
        keys.add(&new_key("x", None), &write, self.time.now()).await
    }

    async fn rotate(&self, old: KeyId, overlap: i64) -> Result<CreatedKey, KeysError> {
        let (keys, write, now) = (self.keys(), Ids::system().write(), self.time.now());
        let old = (old, now + SignedDuration::from_secs(overlap));
        keys.rotate(old, &new_key("x", None), &write, now).await
    }

    async fn revoke(&self, id: KeyId) -> bool {
        let revoked = self.keys().revoke(id, self.time.now()).await;
        revoked.expect("a key can always be revoked")
    }
}

fn token(made: &CreatedKey) -> String {
    made.token.as_ref().expect("a token").expose().to_owned()
}

/// Changes a keyring until Secrets Manager accepts no further version of it on that day.
async fn wear_out(target: &Target) {
    let keyrings = other_process(target);
    for _ in 0..101 {
        let (record, _) = moving::new_key("somebody-else");
        let ring = moving::keyring();
        if let Err(error) = keyrings.add(&ring, &record, record.created).await {
            return assert_eq!(error, KeyringError::Worn);
        }
    }
    panic!("there is no end");
}

/// Sets the first keyring's number of changes in the last hour.
async fn changed(target: &Target, time: &Time, times: u64) {
    let secrets = &target.stack.services.clients.secrets;
    let name = format!("{KEYRING_PREFIX}k1");
    let value = secrets.get_secret_value().secret_id(&name).send().await;
    let value = value.unwrap().secret_string.unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&value).unwrap();
    let hour = time.now().as_second().div_euclid(3_600);
    value["changes"] = json!({ hour.to_string(): times });
    let put = secrets.put_secret_value().secret_id(name);
    put.secret_string(value.to_string()).send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_makes_and_rotates_twenty_keys_a_day_and_revokes_always() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let customer = Hand {
        service: &target.stack.service,
        tenant: tenant(tenant_of(&client)),
        by: By::Customer,
        time: time.clone(),
    };
    let made = customer.create().await.unwrap();
    let mut last = made.held.record.id;
    for _ in 0..19 {
        last = customer.rotate(last, 0).await.unwrap().held.record.id;
    }
    let midnight: Timestamp = "2027-01-16T00:00:00Z".parse().unwrap();
    for refused in [customer.create().await, customer.rotate(last, 0).await] {
        let Err(KeysError::TooOften { most, until }) = refused else {
            panic!("it is refused");
        };
        assert_eq!((most, until), (20, midnight));
    }
    let vendor = Hand {
        by: By::Vendor,
        tenant: customer.tenant.clone(),
        ..customer
    };
    let another = vendor.create().await.unwrap();
    let with = client.with_token(&token(&another));
    with.get("/Users").await.expect(200);
    let customer = Hand {
        by: By::Customer,
        ..vendor
    };
    assert!(customer.revoke(another.held.record.id).await);
    assert!(!customer.revoke(another.held.record.id).await);
    time.pass(60);
    with.get("/Users").await.expect(401);
    client.get("/Users").await.expect(200);
    // On the next day.
    time.pass(24 * 60 * 60);
    customer.create().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_revoked_though_its_keyring_takes_no_change_any_more() {
    let (target, time) = moving::start().await;
    let (client, other) = (target.tenant().await, target.tenant().await);
    let vendor = Hand {
        service: &target.stack.service,
        tenant: tenant(tenant_of(&client)),
        by: By::Vendor,
        time: time.clone(),
    };
    let [one, two] = [
        vendor.create().await.unwrap(),
        vendor.create().await.unwrap(),
    ];
    let [revoked, rotated] = [&one, &two].map(|made| client.with_token(&token(made)));
    for client in [&client, &other, &revoked, &rotated] {
        client.get("/Users").await.expect(200);
    }
    wear_out(&target).await;
    let (one, two) = (one.held.record.id, two.held.record.id);
    assert!(vendor.revoke(one).await);
    assert!(!vendor.revoke(one).await);
    let new = vendor.rotate(two, 100).await.unwrap();
    assert_eq!(new.held.keyring.as_str(), "k2");
    let held = list(vendor.service, &vendor.tenant).await;
    assert!(held.iter().all(|key| key.record.id != one));
    let old = held.iter().find(|key| key.record.id == two).unwrap();
    assert_eq!(
        old.record.expires,
        Some(time.now() + SignedDuration::from_secs(100))
    );
    // Requests do not read more because of it.
    let users = target.stack.of(Function::Users);
    time.pass(60);
    for (client, status) in [
        (&revoked, 401),
        (&rotated, 200),
        (&client, 200),
        (&other, 200),
    ] {
        client.get("/Users").await.expect(status);
    }
    let calls = users.keyrings().calls();
    client.get("/Users").await.expect(200);
    assert_eq!(users.keyrings().calls(), calls);
    time.pass(40);
    rotated.get("/Users").await.expect(401);
    client
        .with_token(&token(&new))
        .get("/Users")
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_changes_of_a_keyring_are_reserved_for_the_vendor_and_recorded_ones_are_applied() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let hand = |by| Hand {
        service: &target.stack.service,
        tenant: tenant(tenant_of(&client)),
        by,
        time: time.clone(),
    };
    let (vendor, customer) = (hand(By::Vendor), hand(By::Customer));
    let made = [
        vendor.create().await.unwrap(),
        vendor.create().await.unwrap(),
        vendor.create().await.unwrap(),
    ];
    let [first, second, third] = made.map(|made| made.held.record.id);
    let stored = async || {
        let (ring, service) = (moving::keyring(), &target.stack.service);
        let keys = service.keyrings().list(&ring).await.unwrap();
        keys.iter().map(|key| key.id).collect::<BTreeSet<_>>()
    };
    changed(&target, &time, 69).await;
    assert!(customer.revoke(first).await);
    assert!(!stored().await.contains(&first), "the 70th change");
    assert!(customer.revoke(second).await);
    assert!(stored().await.contains(&second), "it is written down");
    assert!(vendor.revoke(third).await);
    assert!(!stored().await.contains(&third), "the 71st is the vendor's");
    let meter = Meter::default();
    let written = async || {
        let tenants = target.stack.service.tenants();
        let read = tenants.read(&vendor.tenant, &meter).await.unwrap();
        read.unwrap().ended.len()
    };
    assert_eq!(written().await, 1);
    // A new key goes to another keyring while this one must be spared; later, a change also applies the recorded
    // revocation.
    let new = vendor.create().await.unwrap();
    assert_eq!(new.held.keyring.as_str(), "k2");
    assert_eq!(written().await, 1);
    time.pass(25 * 60 * 60);
    let new = vendor.create().await.unwrap();
    assert_eq!(new.held.keyring.as_str(), "k1");
    assert_eq!(written().await, 0);
    assert!(!stored().await.contains(&second));
}

/// Without a limit per tenant, 130 rotations would use up the keyring's changes, and no other key in it could be
/// revoked.
#[tokio::test(flavor = "multi_thread")]
async fn rotating_without_end_wears_out_no_keyring() {
    let (target, time) = moving::start().await;
    let clients = [target.tenant().await, target.tenant().await];
    let [busy, neighbour] = clients.each_ref().map(|client| Hand {
        service: &target.stack.service,
        tenant: tenant(tenant_of(client)),
        by: By::Vendor,
        time: time.clone(),
    });
    let quiet = neighbour.create().await.unwrap().held.record.id;
    let mut last = busy.create().await.unwrap().held.record.id;
    let mut taken = 0;
    for _ in 0..130 {
        match busy.rotate(last, 0).await {
            Ok(made) => (last, taken) = (made.held.record.id, taken + 1),
            Err(error) => assert!(matches!(error, KeysError::TooOften { most: 60, .. })),
        }
    }
    assert_eq!(taken, 59);
    assert!(neighbour.revoke(quiet).await);
    let (ring, service) = (moving::keyring(), &target.stack.service);
    let keys = service.keyrings().list(&ring).await.unwrap();
    assert!(keys.iter().all(|key| key.id != quiet));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_that_spills_into_a_second_keyring_makes_twenty_live_keys() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let acme = tenant(tenant_of(&client));
    // Leaves room for five more changes.
    changed(&target, &time, 55).await;
    let administrators = [(); 3].map(|()| administrator(&target));
    let keys: Vec<_> = (0..40).map(|n| new_key(&n.to_string(), None)).collect();
    let hands: Vec<_> = (0..40)
        .map(|n| Hand {
            service: &administrators[n % administrators.len()],
            tenant: acme.clone(),
            by: By::Vendor,
            time: time.clone(),
        })
        .collect();
    let adding = hands.iter().zip(&keys).map(async |(hand, new)| {
        let write = Ids::system().write();
        hand.keys().add(new, &write, time.now()).await
    });
    let made = futures_util::future::join_all(adding).await;
    let held = list(&administrators[0], &acme).await;
    assert_eq!(held.len(), KeyRecord::MOST_LIVE);
    let rings: BTreeSet<&str> = held.iter().map(|key| key.keyring.as_str()).collect();
    assert_eq!(rings, BTreeSet::from(["k1", "k2"]));
    // Twenty with the tenant's first key.
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 19);
    for refused in made.into_iter().filter_map(Result::err) {
        assert!(
            matches!(
                refused,
                KeysError::Keyring(KeyringError::TooMany(20) | KeyringError::Contended)
            ),
            "{refused:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_a_process_reserved_and_did_not_use_lapses_after_a_minute() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let acme = tenant(tenant_of(&client));
    let hand = Hand {
        service: &target.stack.service,
        tenant: acme.clone(),
        by: By::Vendor,
        time: time.clone(),
    };
    let places = (0..19).map(|_| format!("{} {}", Ids::system().key(), time.now().as_second()));
    let reserve = target.stack.services.clients.dynamodb.update_item();
    let reserve = reserve
        .table_name(TABLE)
        .key("pk", AttributeValue::S(format!("{acme}#keyring")))
        .key("sk", AttributeValue::S("rings".to_owned()))
        .update_expression("SET p = :p")
        .expression_attribute_values(":p", AttributeValue::Ss(places.collect()));
    reserve.send().await.unwrap();
    let refused = hand.create().await.err();
    assert!(
        matches!(refused, Some(KeysError::Keyring(KeyringError::TooMany(20)))),
        "{refused:?}"
    );
    time.pass(60);
    hand.create().await.unwrap();
    assert_eq!(list(hand.service, &acme).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_changes_of_keys_are_rejected_with_a_retry_time() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let (path, admin) = (
        format!("/tenants/{}/keys", tenant_of(&client)),
        target.admin(),
    );
    let day = time.now().as_second().div_euclid(86_400);
    let spent = target.stack.services.clients.dynamodb.update_item();
    let spent = spent
        .table_name(TABLE)
        .key(
            "pk",
            AttributeValue::S(format!("{}#keyring", tenant_of(&client))),
        )
        .key("sk", AttributeValue::S(format!("changes#vendor#{day}")))
        .update_expression("SET n = :n")
        .expression_attribute_values(":n", AttributeValue::N("60".to_owned()));
    spent.send().await.unwrap();
    let body = json!({ "purpose": "x" });
    let refused = admin.post(&path, &body).await.expect(429);
    assert_eq!(refused.headers["retry-after"], "57600");
    assert_eq!(
        refused.json()["detail"],
        "tokens were created or rotated 60 times today, which is the limit; \
         the next one can be created at 2027-01-16 00:00 UTC, in 16 hours; tokens can still be revoked"
    );
    time.pass(57_600);
    admin.post(&path, &body).await.expect(201);
}

/// A holder of an admin key with the scope to create others cannot prevent its revocation.
#[tokio::test(flavor = "multi_thread")]
async fn an_admin_key_is_revoked_though_the_keyring_takes_no_change_any_more() {
    let (target, time) = moving::start().await;
    let admin = target.admin();
    let body = json!({ "purpose": "backend", "scopes": ["read", "keys"] });
    let made = admin.post("/keys", &body).await.expect(201).json();
    let with = admin.with_token(made["token"].as_str().expect("a token"));
    with.get("/tenants").await.expect(200);
    let secrets = &target.stack.services.clients.secrets;
    let name = format!("{}a1", local::stack::ADMIN_PREFIX);
    let value = secrets.get_secret_value().secret_id(&name).send().await;
    let value = value.unwrap().secret_string.unwrap();
    for _ in 0..101 {
        let put = secrets.put_secret_value().secret_id(&name);
        if put.secret_string(&value).send().await.is_err() {
            break;
        }
    }
    let refused = admin.post("/keys", &body).await.expect(429).json();
    assert_eq!(
        refused["detail"],
        "today's limit of changes is reached; no token or key can be created for some hours, \
         but all can still be revoked"
    );
    let one = format!("/keys/{}", made["id"].as_str().expect("an id"));
    admin.delete(&one).await.expect(204);
    with.get("/tenants").await.expect(401);
    admin.delete(&one).await.expect(404);
    let listed = admin.get("/keys").await.expect(200).json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    // In another process that had cached the key.
    time.pass(60);
    with.get("/tenants").await.expect(401);
}
