//! Retries of writes whose response was lost: they recognise their own success.

use directory::{DirectoryError, PasswordHash};
use scim_core::ResourceKind;
use serde_json::json;
use service::clock::Clock;

use crate::support::seed::{directory, new_ids, new_user, object};
use crate::support::table::sound;
use crate::support::{Client, Target};

async fn started() -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    (target, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_is_repeated_makes_one_user_and_succeeds_twice() {
    let (target, client) = started().await;
    let directory = directory(&target, &client);
    let (id, write) = new_ids();
    let now = Clock::system().now();
    let new = || new_user(id, json!({ "userName": "anna", "externalId": "e1" }));
    let first = directory.create(new(), now, &write).await.unwrap();
    let second = directory.create(new(), now, &write).await.unwrap();
    assert_eq!(first, second);
    let other = directory
        .create(
            new_user(new_ids().0, json!({ "userName": "Anna" })),
            now,
            &new_ids().1,
        )
        .await;
    assert!(
        matches!(other, Err(DirectoryError::Taken { .. })),
        "{other:?}"
    );
    let table = sound(&target, &client).await;
    assert_eq!(table.count(ResourceKind::User), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_repeated_makes_one_version_and_succeeds_twice() {
    let (target, client) = started().await;
    let directory = directory(&target, &client);
    let (id, write) = new_ids();
    let now = Clock::system().now();
    let created = directory
        .create(new_user(id, json!({ "userName": "anna" })), now, &write)
        .await
        .unwrap();
    let mut current = created;
    for attributes in [
        json!({ "userName": "anna", "title": "no index changes" }),
        json!({ "userName": "berta", "externalId": "indexes change" }),
    ] {
        let write = new_ids().1;
        let attributes = object(attributes);
        let once = || {
            directory.replace(
                &current,
                attributes.clone(),
                PasswordHash::Keep,
                now,
                &write,
            )
        };
        let (first, second) = (once().await.unwrap(), once().await.unwrap());
        assert_eq!(first, second);
        let other = new_ids().1;
        let stale = directory
            .replace(
                &current,
                attributes.clone(),
                PasswordHash::Keep,
                now,
                &other,
            )
            .await;
        assert!(matches!(stale, Err(DirectoryError::Stale)), "{stale:?}");
        current = first;
    }
    let table = sound(&target, &client).await;
    assert_eq!(table.resources(ResourceKind::User)[0].version, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_change_that_is_repeated_makes_one_version() {
    let (target, client) = started().await;
    let directory = directory(&target, &client);
    let user = client.create_user("anna").await;
    let group = client.create_group("Sales", &[]).await;
    let id = scim_core::ResourceId::parse(&group).unwrap();
    let current = directory
        .get(ResourceKind::Group, id)
        .await
        .unwrap()
        .unwrap();
    let (write, now) = (new_ids().1, Clock::system().now());
    for _ in 0..2 {
        let member = scim_core::members::parse(json!([{ "value": user }])).unwrap();
        let mut delta = scim_core::members::MembershipDelta::default();
        delta.add(member[0]);
        let edges = directory.edges_for(id, delta).await.unwrap();
        let attributes = current.resource.attributes.clone();
        let changed = directory
            .change_group(&current, attributes, edges, now, &write)
            .await
            .unwrap();
        assert!(changed.is_some());
    }
    let row = sound(&target, &client).await.group(&group);
    assert_eq!((row.members, row.version), (Some(1), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_is_repeated_succeeds_twice() {
    let (target, client) = started().await;
    let directory = directory(&target, &client);
    let (id, write) = new_ids();
    let now = Clock::system().now();
    let current = directory
        .create(new_user(id, json!({ "userName": "anna" })), now, &write)
        .await
        .unwrap();
    let write = new_ids().1;
    directory
        .delete(&current, Vec::new(), now, &write)
        .await
        .unwrap();
    directory
        .delete(&current, Vec::new(), now, &write)
        .await
        .unwrap();
    let table = sound(&target, &client).await;
    assert_eq!(table.count(ResourceKind::User), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn m20_what_changes_nothing_keeps_version_and_time() {
    use crate::support::client::{group, user};
    use crate::support::listed::stamp;
    let (target, client) = started().await;
    let id = client.create_user("anna").await;
    let group_id = client
        .create_group("Sales", std::slice::from_ref(&id))
        .await;
    let (user_path, group_path) = (format!("/Users/{id}"), format!("/Groups/{group_id}"));
    let before = (
        stamp(&client, &user_path).await,
        stamp(&client, &group_path).await,
    );
    for operations in [
        json!([{ "op": "replace", "path": "userName", "value": "anna" }]),
        json!([{ "op": "add", "value": { "active": true } }]),
        json!([{ "op": "add", "path": "emails", "value": [{ "value": "anna", "type": "work", "primary": true }] }]),
        json!([{ "op": "remove", "path": "title" }]),
        json!([{ "op": "replace", "path": "title", "value": "x" }, { "op": "remove", "path": "title" }]),
    ] {
        client.patch(&user_path, operations).await.expect(200);
    }
    client.put(&user_path, &user("anna")).await.expect(200);
    let whole = client.get(&user_path).await.json();
    client.put(&user_path, &whole).await.expect(200);
    let nobody = "2819c223-7f76-453a-919d-413861904646";
    for operations in [
        json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]),
        json!([{ "op": "add", "path": "members", "value": [{ "value": id, "type": "User" }] }]),
        json!([{ "op": "replace", "path": "members", "value": [{ "value": id }] }]),
        json!([{ "op": "remove", "path": format!("members[value eq \"{nobody}\"]") }]),
        json!([{ "op": "replace", "value": { "id": group_id, "displayName": "Sales" } }]),
        json!([
            { "op": "remove", "path": "members", "value": [{ "value": id }] },
            { "op": "add", "path": "members", "value": [{ "value": id }] },
        ]),
    ] {
        client.patch(&group_path, operations).await.expect(204);
    }
    client
        .put(&group_path, &group("Sales", std::slice::from_ref(&id)))
        .await
        .expect(200);
    let whole = client.get(&group_path).await.json();
    client.put(&group_path, &whole).await.expect(200);
    assert_eq!(
        (
            stamp(&client, &user_path).await,
            stamp(&client, &group_path).await
        ),
        before
    );
    sound(&target, &client).await;
}
