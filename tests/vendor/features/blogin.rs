//! `BlogIn`: users and groups in both directions, with Okta and Entra ID. The tests of turning provisioning on and of
//! its token are in `vendor/api/tenants.rs`, of password sync in `vendor/api/passwords.rs`, of users from before
//! provisioning in `existing.rs`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::client::{GROUP, USER};
use crate::support::listed::{groups, ids, members, total};
use crate::support::table::sound;
use crate::support::{Client, Target};

/// A user with all attributes that `BlogIn` maps.
fn author(name: &str) -> Value {
    json!({
        "schemas": [USER], "userName": name, "active": true, "title": "Author",
        "name": { "givenName": "Ann", "familyName": "Bell", "formatted": "Ann Bell" },
        "emails": [{ "value": name, "type": "work", "primary": true }],
        "phoneNumbers": [{ "value": "+49 30 1234567", "type": "work" }]
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn blogin_create_update_deactivate() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let name = "ann@example.com";
    let none = client.filter("/Users", r#"userName eq "ann@example.com""#);
    assert_eq!(total(&none.await.expect(200)), 0);
    let ann = client.post("/Users", &author(name)).await.expect(201);
    let (id, path) = (ann.id(), format!("/Users/{}", ann.id()));
    for (attribute, value) in author(name).as_object().expect("an object") {
        assert_eq!(&ann.json()[attribute], value, "{attribute}");
    }

    let mut changed = client.get(&path).await.expect(200).json();
    changed["title"] = json!("Editor");
    changed["name"]["familyName"] = json!("Clark");
    client.put(&path, &changed).await.expect(200);
    let read = client.get(&path).await.expect(200).json();
    assert_eq!(
        (&read["title"], &read["name"]["familyName"]),
        (&json!("Editor"), &json!("Clark"))
    );
    assert_eq!(read["phoneNumbers"], author(name)["phoneNumbers"]);

    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    client.patch(&path, off).await.expect(200);
    let found = client.filter("/Users", r#"userName eq "ann@example.com""#);
    let found = found.await.expect(200);
    assert_eq!(ids(&found), [id]);
    assert_eq!(found.json()["Resources"][0]["active"], false);
    sound(&target, &client).await;
}

/// All ids of an import: pages of this size until the total is reached.
async fn imported(client: &Client, path: &str, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let page = format!("{path}?startIndex={}&count={count}", seen.len() + 1);
        let page = client.get(&page).await.expect(200);
        let shown = ids(&page);
        assert!(shown.len() <= count, "a page is larger than asked for");
        let is_last = shown.is_empty();
        seen.extend(shown);
        if is_last || u64::try_from(seen.len()).is_ok_and(|seen| seen >= total(&page)) {
            return seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blogin_import_users() {
    let target = Target::start().await;
    let client = target.tenant().await;
    assert_eq!(imported(&client, "/Users", 100).await, [""; 0]);
    let mut made = BTreeSet::new();
    for number in 0..23 {
        made.insert(client.create_user(&format!("u{number}@example.com")).await);
    }
    // A deactivated user is imported too, so that the identity provider knows about it.
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    let first = made.first().expect("a user");
    client
        .patch(&format!("/Users/{first}"), off)
        .await
        .expect(200);
    for count in [5, 23, 100] {
        let seen = imported(&client, "/Users", count).await;
        assert_eq!(seen.len(), 23, "nobody twice");
        assert_eq!(BTreeSet::from_iter(seen), made);
    }
    let all = client.get("/Users?count=100").await.expect(200).json();
    for user in all["Resources"].as_array().expect("users") {
        assert!(user["userName"].is_string() && user["emails"][0]["value"].is_string());
        assert!(user.get("password").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blogin_import_groups() {
    let target = Target::start().await;
    let client = target.tenant().await;
    assert_eq!(imported(&client, "/Groups", 100).await, [""; 0]);
    let ann = client.create_user("ann@example.com").await;
    let bob = client.create_user("bob@example.com").await;
    let both = vec![ann.clone(), bob.clone()];
    let editors = client.create_group("Editors", &both).await;
    let authors = client
        .create_group("Authors", std::slice::from_ref(&ann))
        .await;
    let empty = client.create_group("Empty", &[]).await;
    for count in [1, 2, 100] {
        let seen = imported(&client, "/Groups", count).await;
        assert_eq!(seen.len(), 3);
        let expected = [&editors, &authors, &empty].map(String::clone);
        assert_eq!(BTreeSet::from_iter(seen), expected.into());
    }
    assert_eq!(members(&client, &editors).await, both.into_iter().collect());
    assert_eq!(groups(&client, &ann).await, [editors, authors].into());
    assert_eq!(members(&client, &empty).await, BTreeSet::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn blogin_group_push() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let ann = client.create_user("ann@example.com").await;
    let bob = client.create_user("bob@example.com").await;
    let group = json!({ "schemas": [GROUP], "displayName": "Editors",
        "members": [{ "value": ann, "display": "ann@example.com" }] });
    let id = client.post("/Groups", &group).await.expect(201).id();
    let path = format!("/Groups/{id}");
    // As Okta pushes it: a rename with the id in the value, a join, a leave by filter.
    let rename = json!([{ "op": "replace", "value": { "id": id, "displayName": "Writers" } }]);
    client.patch(&path, rename).await.expect_any(&[200, 204]);
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": bob }] }]);
    client.patch(&path, join).await.expect_any(&[200, 204]);
    let leave = json!([{ "op": "remove", "path": format!("members[value eq \"{ann}\"]") }]);
    client.patch(&path, leave).await.expect_any(&[200, 204]);
    let read = client.get(&path).await.expect(200).json();
    assert_eq!(read["displayName"], "Writers");
    assert_eq!(members(&client, &id).await, [bob.clone()].into());
    client.delete(&path).await.expect(204);
    client.get(&path).await.expect(404);
    assert_eq!(groups(&client, &bob).await, BTreeSet::new());
    client.get(&format!("/Users/{bob}")).await.expect(200);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn blogin_test_credentials() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let stranger = client.with_token("nonsense");
    for path in [
        "/Users?startIndex=1&count=2",
        "/Users?filter=userName%20eq%20%22a1b2c3%22",
        "/Groups?startIndex=1&count=100",
    ] {
        let empty = client.get(path).await.expect(200);
        assert_eq!(total(&empty), 0, "{path}");
        assert_eq!(
            empty.json()["schemas"][0],
            "urn:ietf:params:scim:api:messages:2.0:ListResponse"
        );
        let (status, _, detail) = stranger.get(path).await.error();
        assert_eq!(status, 401, "{path}");
        assert!(detail.contains("token"), "{detail}");
    }
    client.get("/ServiceProviderConfig").await.expect(200);
}

/// The request of Entra ID for each row of the mapping table, and the result.
#[tokio::test(flavor = "multi_thread")]
async fn blogin_entra_mapping_table() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("before@example.com").await;
    let path = format!("/Users/{id}");
    let rows = [
        ("userName", json!("ann@example.com"), "/userName"),
        ("active", json!("False"), "/active"),
        ("title", json!("Editor"), "/title"),
        (
            "emails[type eq \"work\"].value",
            json!("ann@example.com"),
            "/emails/0/value",
        ),
        ("name.givenName", json!("Ann"), "/name/givenName"),
        ("name.familyName", json!("Bell"), "/name/familyName"),
        ("name.formatted", json!("Ann Bell"), "/name/formatted"),
        (
            "phoneNumbers[type eq \"work\"].value",
            json!("+49 30 1234567"),
            "/phoneNumbers/0/value",
        ),
    ];
    for (mapped, value, place) in &rows {
        let change = json!([{ "op": "Add", "path": mapped, "value": value }]);
        client.patch(&path, change).await.expect(200);
        let read = client.get(&path).await.expect(200).json();
        let expected = match *mapped {
            "active" => &json!(false),
            _ => value,
        };
        assert_eq!(read.pointer(place), Some(expected), "{mapped}");
    }
    let read = client.get(&path).await.expect(200).json();
    assert_eq!(read["phoneNumbers"][0]["type"], "work");
    assert_eq!(read["emails"].as_array().map(Vec::len), Some(1));

    let group = client.create_group("Before", &[]).await;
    let path = format!("/Groups/{group}");
    for change in [
        json!({ "op": "Replace", "path": "displayName", "value": "Editors" }),
        json!({ "op": "Add", "path": "members", "value": [{ "value": id }] }),
    ] {
        client.patch(&path, json!([change])).await.expect(204);
    }
    let read = client.get(&path).await.expect(200).json();
    assert_eq!(read["displayName"], "Editors");
    assert_eq!(members(&client, &group).await, [id].into());
    sound(&target, &client).await;
}
