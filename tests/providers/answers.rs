//! Needs of providers that no exchange can show: length, time, hidden data.

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use directory::{Spent, keys};
use http::Request;
use keyring::TenantId;
use local::stack::TABLE;
use scim_core::ResourceKind;
use serde_json::{Value, json};
use service::{Function, Origin};

use crate::support::client::{group, user};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_4096_letters_opens_its_tenant() {
    let target = Target::start().await;
    let token = "e".repeat(4_096);
    let access = target.stack.tenant("entra", Some(&token)).await.unwrap();
    let client = Client::new(&access.base, &token);
    client.get("/Users").await.expect(200);
    let longer = client.with_token(&format!("{token}e"));
    longer.get("/Users").await.expect(401);
}

/// The stored hash of a user's password.
async fn hash(target: &Target, client: &Client, id: &str) -> Option<AttributeValue> {
    let tenant = TenantId::parse(tenant_of(client)).unwrap();
    let dynamodb = &target.stack.services.clients.dynamodb;
    let item = dynamodb
        .get_item()
        .table_name(TABLE)
        .key(
            "pk",
            AttributeValue::S(keys::resources(&tenant, ResourceKind::User)),
        )
        .key("sk", AttributeValue::S(id.to_owned()))
        .consistent_read(true);
    let found = item.send().await.unwrap().item.expect("the user");
    found.get("p").cloned()
}

/// A PUT of a provider that sends no password, fixtures/pingone/users.
#[tokio::test(flavor = "multi_thread")]
async fn a_put_without_a_password_leaves_the_password() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut body = user("ada");
    body["password"] = json!("Hn3-vault-Tq");
    let id = client.post("/Users", &body).await.expect(201).id();
    let path = format!("/Users/{id}");
    let first = hash(&target, &client, &id).await;
    assert!(first.is_some(), "a password is kept");
    body.as_object_mut().unwrap().remove("password");
    body["title"] = json!("Curator");
    client.put(&path, &body).await.expect(200);
    assert_eq!(hash(&target, &client, &id).await, first);
    body["password"] = json!("another-Tq-55");
    client.put(&path, &body).await.expect(200);
    let second = hash(&target, &client, &id).await;
    assert!(second.is_some() && second != first);
}

/// Okta's SPEC suite requires the groups within 600 ms. The test counts round trips, because they are the same on
/// every machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_100_groups_with_members_takes_4_round_trips() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut users = Vec::new();
    for number in 0..5 {
        users.push(client.create_user(&format!("user{number}")).await);
    }
    for number in 0..100 {
        let body = group(&format!("Group {number}"), &users);
        client.post("/Groups", &body).await.expect(201);
    }
    let tenant = tenant_of(&client);
    let request = Request::get(format!("/{tenant}/scim/v2/Groups?startIndex=1&count=100"))
        .header("authorization", format!("Bearer {}", client.token))
        .body(Bytes::new())
        .unwrap();
    let service = target.stack.of(Function::Groups);
    let answer = service
        .handle(Function::Groups, request, Origin::default())
        .await;
    let list: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(list["itemsPerPage"], 100);
    assert_eq!(
        list["Resources"][99]["members"].as_array().unwrap().len(),
        5
    );
    let spent = answer.extensions().get::<Spent>().unwrap();
    assert_eq!((spent.round_trips, spent.calls), (4, 4), "{spent:?}");
}

/// Collects the faults of a value: null members, and names not in camel case.
fn look(value: &Value, place: &str, faults: &mut Vec<String>) {
    match value {
        Value::Null => faults.push(format!("{place} is null")),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                look(item, &format!("{place}[{at}]"), faults);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let place = format!("{place}.{name}");
                if !name.starts_with(|first: char| first.is_ascii_lowercase() || first == '$') {
                    faults.push(format!("{place} is not camel-cased"));
                }
                look(member, &place, faults);
            }
        }
        _ => {}
    }
}

/// Entra reads the schemas when a configuration is saved.
#[tokio::test(flavor = "multi_thread")]
async fn discovery_has_no_nulls_and_camel_cased_keywords() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut faults = Vec::new();
    for path in ["/Schemas", "/ResourceTypes"] {
        let list = client.get(path).await.expect(200).json();
        for resource in list["Resources"].as_array().unwrap() {
            look(resource, path, &mut faults);
            for attribute in resource["attributes"].as_array().into_iter().flatten() {
                for sub in attribute["subAttributes"].as_array().into_iter().flatten() {
                    let mut names: Vec<_> = sub["canonicalValues"]
                        .as_array()
                        .into_iter()
                        .flatten()
                        .filter_map(Value::as_str)
                        .collect();
                    let all = names.len();
                    names.sort_unstable();
                    names.dedup();
                    if names.len() != all {
                        faults.push(format!("{}.{} is twice", attribute["name"], sub["name"]));
                    }
                }
            }
        }
    }
    look(
        &client
            .get("/ServiceProviderConfig")
            .await
            .expect(200)
            .json(),
        "/ServiceProviderConfig",
        &mut faults,
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
