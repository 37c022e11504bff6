//! `active` always has a value, RFC 7643 §4.1.1.

use aws_sdk_dynamodb::types::AttributeValue;
use directory::keys;
use keyring::TenantId;
use local::stack::TABLE;
use scim_core::{ResourceId, ResourceKind};
use serde_json::{Value, json};

use crate::support::client::{BULK, USER};
use crate::support::listed::{ids, total};
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target};

fn named(name: &str, active: Value) -> Value {
    let mut user = json!({ "schemas": [USER], "userName": name });
    if active != json!("absent") {
        user["active"] = active;
    }
    user
}

async fn active(client: &Client, path: &str) -> Value {
    client.get(path).await.expect(200).json()["active"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn w05_a_user_is_created_active_unless_the_client_says_otherwise() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for (number, (given, expected)) in [
        (json!("absent"), true),
        (json!(null), true),
        (json!(""), true),
        (json!(true), true),
        (json!(false), false),
        (json!("False"), false),
    ]
    .into_iter()
    .enumerate()
    {
        let body = named(&format!("u{number}"), given.clone());
        let made = client.post("/Users", &body).await.expect(201);
        assert_eq!(made.json()["active"], expected, "{given}");
        let path = format!("/Users/{}", made.id());
        assert_eq!(active(&client, &path).await, expected, "{given}");
    }
    for (filter, count) in [
        ("active eq true", 4),
        ("active eq false", 2),
        ("active pr", 6),
        ("not (active eq true)", 2),
        ("active ne true", 2),
    ] {
        let found = client.filter("/Users", filter).await.expect(200);
        assert_eq!(total(&found), count, "{filter}");
    }
    let bare = client.get("/Users?excludedAttributes=active").await.json();
    assert!(bare["Resources"][0].get("active").is_none(), "{bare}");
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn w05_a_put_that_does_not_mention_active_keeps_what_it_was() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for before in [true, false] {
        let made = client.post("/Users", &named("ann", json!(before))).await;
        let path = format!("/Users/{}", made.expect(201).id());
        for given in [json!("absent"), json!(null), json!(""), json!([])] {
            let mut body = named("ann", given.clone());
            body["title"] = json!(given.to_string());
            let put = client.put(&path, &body).await.expect(200).json();
            assert_eq!(put["active"], before, "{given}");
            assert_eq!(active(&client, &path).await, before, "{given}");
            let operation = json!({ "method": "PUT", "path": path, "data": named("ann", given) });
            let bulk = json!({ "schemas": [BULK], "Operations": [operation] });
            client.post("/Bulk", &bulk).await.expect(200);
            assert_eq!(active(&client, &path).await, before);
        }
        let other = named("ann", json!(!before));
        let put = client.put(&path, &other).await.expect(200).json();
        assert_eq!(put["active"], !before);
        client.delete(&path).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn w05_m14_a_patch_gives_active_a_value_or_leaves_it() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for before in [true, false] {
        let made = client.post("/Users", &named("ann", json!(before))).await;
        let path = format!("/Users/{}", made.expect(201).id());
        for operation in [
            json!({ "op": "replace", "path": "active", "value": null }),
            json!({ "op": "add", "path": "active", "value": "" }),
            json!({ "op": "replace", "path": "active", "value": [] }),
            json!({ "op": "replace", "value": { "active": null, "title": "x" } }),
        ] {
            let patched = client.patch(&path, json!([operation])).await.expect(200);
            assert_eq!(patched.json()["active"], before, "{operation}");
        }
        let removed = json!([
            { "op": "replace", "path": "title", "value": "y" },
            { "op": "remove", "path": "active" }
        ]);
        let (status, scim_type, detail) = client.patch(&path, removed).await.error();
        assert_eq!((status, scim_type.as_str()), (400, "mutability"));
        assert_eq!(
            detail,
            "operation 2: `active` always has a value and cannot be removed; set it to true or false"
        );
        let read = client.get(&path).await.expect(200).json();
        assert_eq!(
            (&read["active"], &read["title"]),
            (&json!(before), &json!("x"))
        );
        client.delete(&path).await.expect(204);
    }
}

/// Removes `active` from a user's item, as in an item that was stored without a default.
async fn without_active(target: &Target, client: &Client, id: &str) {
    let tenant = TenantId::parse(tenant_of(client)).expect("a tenant");
    let id = ResourceId::parse(id).expect("an id");
    let key = keys::resource(&tenant, ResourceKind::User, id);
    let dynamodb = &target.stack.services.clients.dynamodb;
    let pk = AttributeValue::S(key.pk);
    let sk = AttributeValue::S(key.sk);
    let read = dynamodb
        .get_item()
        .table_name(TABLE)
        .key("pk", pk)
        .key("sk", sk)
        .send();
    let mut item = read.await.expect("an answer").item.expect("the user");
    let data = item["d"].as_s().expect("data");
    let mut data: Value = serde_json::from_str(data).expect("JSON");
    let removed = data.as_object_mut().expect("an object").remove("active");
    assert_eq!(removed, Some(json!(true)));
    item.insert("d".to_owned(), AttributeValue::S(data.to_string()));
    let put = dynamodb.put_item().table_name(TABLE).set_item(Some(item));
    put.send().await.expect("an answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn w05_a_user_who_was_stored_without_active_is_active_for_everybody() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let ann = client.create_user("ann").await;
    let bob = client.create_user("bob").await;
    without_active(&target, &client, &ann).await;
    let path = format!("/Users/{ann}");
    assert_eq!(active(&client, &path).await, true);
    let found = client.filter("/Users", "active eq true").await.expect(200);
    let mut both = vec![ann.clone(), bob];
    both.sort();
    assert_eq!(ids(&found), both);
    let none = client.filter("/Users", "active eq false").await.expect(200);
    assert_eq!(total(&none), 0);
    let directory = crate::support::seed::directory(&target, &client);
    directory.open_seats(2).await.unwrap();
    assert_eq!(
        directory.seats().await.unwrap().map(|seats| seats.taken),
        Some(2)
    );
    let put = client.put(&path, &named("ann", json!("absent"))).await;
    assert_eq!(put.expect(200).json()["active"], true);
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    client.patch(&path, off).await.expect(200);
    let none = client.filter("/Users", "active eq false").await.expect(200);
    assert_eq!(ids(&none), [ann]);
    sound(&target, &client).await;
}
