//! The keyring of a new key, with several administrators at the same time.

use std::collections::BTreeSet;
use std::sync::Arc;

use directory::Meter;
use directory::tenant_keys::KeysError;
use keyring::{KeyringError, Record as _};
use local::stack::KEYRING_PREFIX;
use service::clock::Ids;

use super::{add, administrator, at, list, new_key, revoke, tenant};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

/// Fills a keyring so that no key fits.
async fn stuff(target: &Target, keyring: &str) {
    let value = format!(r#"{{"keys":{{}},"padding":"{}"}}"#, "x".repeat(65_000));
    replace(target, keyring, &value).await;
}

async fn replace(target: &Target, keyring: &str, value: &str) {
    let secrets = &target.stack.services.clients.secrets;
    let name = format!("{KEYRING_PREFIX}{keyring}");
    let put = secrets.put_secret_value().secret_id(name);
    put.secret_string(value).send().await.expect("the keyring");
}

async fn keyrings(target: &Target) -> BTreeSet<String> {
    let secrets = &target.stack.services.clients.secrets;
    let listed = secrets.list_secrets().send().await.expect("the secrets");
    let names = listed
        .secret_list()
        .iter()
        .filter_map(|secret| secret.name());
    let names = names.filter_map(|name| name.strip_prefix(KEYRING_PREFIX));
    names.map(str::to_owned).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_at_the_same_time_lose_no_key() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let acme = tenant(tenant_of(&client));
    let administrators = [(); 3].map(|()| administrator(&target));
    let keys: Vec<_> = (0..12).map(|n| new_key(&n.to_string(), None)).collect();
    let adding = keys.iter().enumerate().map(|(n, new)| {
        let by = &administrators[n % administrators.len()];
        add(by, &acme, new)
    });
    let made = futures_util::future::join_all(adding).await;
    // The tenant's first key is among them.
    let purposes: BTreeSet<String> = list(&administrators[0], &acme)
        .await
        .into_iter()
        .map(|key| key.record.purpose)
        .collect();
    assert_eq!(purposes.len(), 13, "{purposes:?}");
    for made in made {
        let token = made.expect("a key").token.expect("a token");
        let with = client.with_token(token.expose());
        with.get("/Users").await.expect(200);
    }
    assert_eq!(keyrings(&target).await, set(&["k1"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_who_find_the_keyring_full_open_one_together() {
    let target = Target::start().await;
    let mut clients = Vec::new();
    for _ in 0..6 {
        clients.push(target.tenant().await);
    }
    // This also removes the tenants' first keys.
    stuff(&target, "k1").await;
    let administrators = [(); 2].map(|()| administrator(&target));
    let keys: Vec<_> = clients.iter().map(|_| new_key("new", None)).collect();
    let tenants: Vec<_> = clients
        .iter()
        .map(|client| tenant(tenant_of(client)))
        .collect();
    let adding = keys.iter().enumerate().map(|(n, new)| {
        let by = &administrators[n % administrators.len()];
        add(by, &tenants[n], new)
    });
    let made = futures_util::future::join_all(adding).await;
    assert_eq!(keyrings(&target).await, set(&["k1", "k2"]));
    for ((made, client), tenant) in made.into_iter().zip(&clients).zip(&tenants) {
        let made = made.expect("a key");
        assert_eq!(made.held.keyring.as_str(), "k2");
        let token = made.token.expect("a token");
        client
            .with_token(token.expose())
            .get("/Users")
            .await
            .expect(200);
        assert_eq!(list(&administrators[0], tenant).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keyring_that_a_key_was_taken_out_of_is_filled_again() {
    let target = Target::start().await;
    let by = administrator(&target);
    let mut tenants = Vec::new();
    for _ in 0..4 {
        let client = target.tenant().await;
        let name = tenant(tenant_of(&client));
        tenants.push(name);
    }
    let [one, two, three, four] = &tenants[..] else {
        panic!("four")
    };
    // Only the first tenant has a key in a keyring.
    let meter = Arc::new(Meter::default());
    for tenant in [two, three, four] {
        by.keys(tenant, &meter).remove_all(at(0)).await.unwrap();
    }
    let goes = async |tenant, keyring: &str| {
        let made = add(&by, tenant, &new_key("x", None)).await.unwrap();
        assert_eq!(made.held.keyring.as_str(), keyring);
        made.held.record.id
    };
    stuff(&target, "k1").await;
    goes(two, "k2").await;
    replace(&target, "k1", r#"{"keys":{}}"#).await;
    // The list of keyrings with room does not contain k1 yet, but a tenant's own keyrings are tried first.
    goes(three, "k2").await;
    let key = goes(one, "k1").await;
    assert!(revoke(&by, one, key).await);
    assert!(!revoke(&by, one, key).await);
    goes(four, "k1").await;
    assert_eq!(keyrings(&target).await, set(&["k1", "k2"]));
}

/// The same token in another keyring is a duplicate.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_imported_once_and_works_wherever_it_is() {
    const TOKEN: &str = "0f9c1e5b7a3d48629b0e4c7f8a1d2365";
    let target = Target::start().await;
    let client = target.tenant().await;
    let (acme, by) = (tenant(tenant_of(&client)), administrator(&target));
    let imported = client.with_token(TOKEN);
    imported.get("/Users").await.expect(401);
    stuff(&target, "k1").await;
    let made = add(&by, &acme, &new_key("old", Some(TOKEN))).await.unwrap();
    assert_eq!(made.held.keyring.as_str(), "k2");
    assert!(made.token.is_none() && made.held.record.imported);
    replace(&target, "k1", r#"{"keys":{}}"#).await;
    // The tenant's keyring k1 has room again and is tried first.
    let again = add(&by, &acme, &new_key("again", Some(TOKEN))).await.err();
    assert!(
        matches!(again, Some(KeysError::Keyring(KeyringError::Taken))),
        "{again:?}"
    );
    until(&imported, 200).await;
    // It is valid for its own tenant only.
    let other = target.tenant().await;
    other.with_token(TOKEN).get("/Users").await.expect(401);
    assert!(revoke(&by, &acme, made.held.record.id).await);
}

/// Waits for a status: an unknown token is looked up at most once a second.
async fn until(client: &Client, status: u16) {
    for _ in 0..30 {
        if client.get("/Users").await.status == status {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    client.get("/Users").await.expect(status);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_twenty_live_keys_at_most_wherever_they_are() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let (acme, by) = (tenant(tenant_of(&client)), administrator(&target));
    for n in 1..10 {
        add(&by, &acme, &new_key(&n.to_string(), None))
            .await
            .unwrap();
    }
    let value = {
        let secrets = &target.stack.services.clients.secrets;
        let get = secrets
            .get_secret_value()
            .secret_id(format!("{KEYRING_PREFIX}k1"));
        let value = get.send().await.unwrap().secret_string.unwrap();
        let padded = format!(r#"{{"padding":"{}","#, "x".repeat(65_000 - value.len()));
        value.replacen('{', &padded, 1)
    };
    replace(&target, "k1", &value).await;
    for n in 10..20 {
        let made = add(&by, &acme, &new_key(&n.to_string(), None))
            .await
            .unwrap();
        assert_eq!(made.held.keyring.as_str(), "k2");
    }
    let refused = add(&by, &acme, &new_key("one more", None)).await.err();
    let most = keyring::KeyRecord::MOST_LIVE;
    assert!(
        matches!(refused, Some(KeysError::Keyring(KeyringError::TooMany(n))) if n == most),
        "{refused:?}"
    );
    let held = list(&by, &acme).await;
    assert_eq!(held.len(), most);
    // A rotation is still possible, even out of a full keyring.
    let old = held
        .iter()
        .find(|key| key.keyring.as_str() == "k1")
        .unwrap();
    let (meter, write) = (Arc::new(Meter::default()), Ids::system().write());
    let keys = by.keys(&acme, &meter);
    let (id, new) = (old.record.id, new_key("rotated", None));
    let rotated = keys.rotate((id, at(100)), &new, &write, at(1)).await;
    assert_eq!(rotated.unwrap().held.keyring.as_str(), "k2");
    let held = list(&by, &acme).await;
    let end = held.iter().find(|key| key.record.id == id).unwrap();
    assert_eq!(end.record.expires, Some(at(100)));
    assert_eq!(held.len(), most + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_the_keys_of_a_tenant_that_is_closed() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let (acme, by) = (tenant(tenant_of(&client)), administrator(&target));
    add(&by, &acme, &new_key("second", None)).await.unwrap();
    stuff(&target, "k1").await;
    let third = add(&by, &acme, &new_key("third", None)).await.unwrap();
    assert_eq!(third.held.keyring.as_str(), "k2");
    let meter = Arc::new(Meter::default());
    let keys = by.keys(&acme, &meter);
    keys.remove_all(at(1)).await.unwrap();
    keys.remove_all(at(1)).await.unwrap();
    assert_eq!(list(&by, &acme).await, []);
    for keyring in ["k1", "k2"] {
        let keyring = keyring::KeyringId::parse(keyring).unwrap();
        let held = by.keyrings().list(&keyring).await.unwrap();
        assert!(held.iter().all(|key| key.tenant != acme), "{held:?}");
    }
    let nobody = tenant("nobody-knows-me");
    let refused = add(&by, &nobody, &new_key("x", None)).await.err();
    assert!(
        matches!(refused, Some(KeysError::NoSuchTenant)),
        "{refused:?}"
    );
}
