//! Pages of groups with members: each group's members belong to the version in the response.

mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use directory::search::PageStart;
use directory::{Author, Directory, Meter, Spent, Store};
use keyring::TenantId;
use local::stack::TABLE;
use scim_core::ResourceKind;
use serde_json::{Value, json};

use crate::support::client::{encode, group};
use crate::support::listed::{ids, values};
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target, seed};

/// The first page of all groups with their members, and its consumption.
async fn page(target: &Target, client: &Client) -> (BTreeMap<String, Vec<String>>, Spent) {
    let dynamodb = target.stack.services.clients.dynamodb.clone();
    let store = Arc::new(Store::new(dynamodb, TABLE.to_owned()));
    let tenant = TenantId::parse(tenant_of(client)).unwrap();
    let meter = Arc::new(Meter::default());
    let directory = Directory::new(store, tenant, Arc::clone(&meter), Author::background());
    let found = directory.list_from(ResourceKind::Group, PageStart::Rank(0), 1_000);
    let found = found.await.unwrap();
    let groups = directory.with_members_each(found.page, found.spread);
    let groups = groups.await.unwrap().into_iter().map(|(group, members)| {
        let members = members.into_iter().map(|one| one.id.to_string());
        (group.resource.id.to_string(), members.collect())
    });
    (groups.collect(), meter.spent())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_groups_small_and_large_has_the_members_of_each() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut users = Vec::new();
    for number in 0..4 {
        users.push(client.create_user(&format!("user{number}")).await);
    }
    let mut expected = BTreeMap::new();
    for number in 0..30 {
        let mut members = users[..number % 5].to_vec();
        let id = client
            .create_group(&format!("Group {number}"), &members)
            .await;
        members.sort();
        expected.insert(id, members);
    }
    let (seen, spent) = page(&target, &client).await;
    assert_eq!(seen, expected);
    assert_eq!((spent.calls, spent.round_trips), (4, 4), "{spent:?}");

    let large = expected.keys().nth(11).unwrap().clone();
    let size = 5_100 + expected[&large].len();
    seed::members(&target, &client, &large, 5_100).await;
    seed::member_count(&target, &client, &large, size).await;
    let (mut seen, spent) = page(&target, &client).await;
    let many = seen
        .insert(large.clone(), expected[&large].clone())
        .unwrap();
    assert_eq!((many.len(), many.is_sorted()), (size, true));
    assert_eq!(seen, expected);
    let alone = client
        .get(&format!("/Groups/{large}"))
        .await
        .expect(200)
        .json();
    assert_eq!(values(&alone, "members"), many.into_iter().collect());
    assert_eq!(alone["members"].as_array().unwrap().len(), size);
    // The counters, the page, two queries for neighbours, sixteen for the large group with four at a time, and the
    // page again.
    assert_eq!(spent.calls, 21, "{spent:?}");
    assert!(spent.round_trips < 20, "{spent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_a_large_deleted_group_is_not_read_with_its_neighbours() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let user = client.create_user("anna").await;
    let mut groups = Vec::new();
    for number in 0..3 {
        let members = std::slice::from_ref(&user);
        groups.push(
            client
                .create_group(&format!("Group {number}"), members)
                .await,
        );
    }
    groups.sort();
    let mut between = groups[1].clone();
    client
        .delete(&format!("/Groups/{between}"))
        .await
        .expect(204);
    seed::members(&target, &client, &between, 30_000).await;
    let (seen, spent) = page(&target, &client).await;
    assert_eq!(seen.keys().collect::<Vec<_>>(), [&groups[0], &groups[2]]);
    assert!(seen.values().all(|members| *members == [user.clone()]));
    between.truncate(8);
    assert!(spent.reads < 300.0, "all of {between} was read: {spent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_groups_has_the_members_of_the_versions_beside_them() {
    const GROUPS: usize = 6;
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut users = Vec::new();
    for number in 0..8 {
        users.push(client.create_user(&format!("user{number}")).await);
    }
    let mut groups = Vec::new();
    for number in 0..GROUPS {
        let mut body = group(&format!("Group {number}"), &[]);
        body["externalId"] = json!("0");
        groups.push(client.post("/Groups", &body).await.expect(201).id());
    }
    let is_over = AtomicBool::new(false);
    // Each version stores its number of members in its `externalId`.
    let writer = async {
        for turn in 0..40 {
            let number = (turn * 5 + 3) % users.len();
            let members: Vec<Value> = users[..number]
                .iter()
                .map(|id| json!({ "value": id }))
                .collect();
            let operations = json!([
                { "op": "replace", "path": "members", "value": members },
                { "op": "replace", "path": "externalId", "value": number.to_string() },
            ]);
            let path = format!("/Groups/{}", groups[turn % GROUPS]);
            client.patch(&path, operations).await.expect(204);
        }
        is_over.store(true, Ordering::SeqCst);
    };
    let reader = async |path: String| {
        let mut pages = 0;
        while !is_over.load(Ordering::SeqCst) {
            let answer = client.get(&path).await.expect(200);
            assert_eq!(ids(&answer).len(), GROUPS);
            for group in answer.json()["Resources"].as_array().unwrap() {
                let said: usize = group["externalId"].as_str().unwrap().parse().unwrap();
                assert_eq!(values(group, "members").len(), said, "{group}");
            }
            pages += 1;
        }
        assert!(pages > 3, "{pages} pages were read meanwhile");
    };
    let filter = encode(r#"displayName sw "group""#);
    tokio::join!(
        writer,
        reader("/Groups?count=100".to_owned()),
        reader(format!("/Groups?count=100&filter={filter}"))
    );
    sound(&target, &client).await;
}
