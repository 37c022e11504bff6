//! Nested groups: members of the inner group are indirect members of the outer group.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::client::group;
use crate::support::listed::found;
use crate::support::numbers::Numbers;
use crate::support::{Client, Target};

async fn nest(client: &Client, outer: &str, inner: &str) {
    let add =
        json!([{ "op": "add", "path": "members", "value": [{ "value": inner, "type": "Group" }] }]);
    let answer = client.patch(&format!("/Groups/{outer}"), add).await;
    answer.expect(204);
}

/// From a group's id to `direct` or `indirect`.
fn memberships(user: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let groups = user["groups"].as_array().into_iter().flatten();
    groups
        .map(|group| (text(&group["value"]), text(&group["type"])))
        .collect()
}

async fn of(client: &Client, user: &str) -> BTreeMap<String, String> {
    let shown = client.get(&format!("/Users/{user}")).await.expect(200);
    memberships(&shown.json())
}

fn ways<const N: usize>(ways: [(&String, &str); N]) -> BTreeMap<String, String> {
    let ways = ways.into_iter();
    ways.map(|(id, way)| (id.clone(), way.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn x06_w11_groups_of_a_user_are_direct_and_indirect() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let berta = client.create_user("berta").await;
    let inner = client
        .create_group("inner", std::slice::from_ref(&anna))
        .await;
    let middle = client.create_group("middle", &[]).await;
    let outer = client
        .create_group("outer", std::slice::from_ref(&berta))
        .await;
    assert_eq!(of(&client, &anna).await, ways([(&inner, "direct")]));
    nest(&client, &middle, &inner).await;
    nest(&client, &outer, &middle).await;
    let all = ways([
        (&inner, "direct"),
        (&middle, "indirect"),
        (&outer, "indirect"),
    ]);
    assert_eq!(of(&client, &anna).await, all);
    assert_eq!(of(&client, &berta).await, ways([(&outer, "direct")]));
    let shown = client.get(&format!("/Users/{anna}")).await.json();
    for entry in shown["groups"].as_array().unwrap() {
        let reference = entry["$ref"].as_str().unwrap();
        let path = reference.strip_prefix(&client.base).unwrap();
        assert_eq!(
            client.get(path).await.json()["displayName"],
            entry["display"]
        );
    }
    // A user who is in a group in both ways is a direct member.
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": anna }] }]);
    client
        .patch(&format!("/Groups/{outer}"), add)
        .await
        .expect(204);
    assert_eq!(of(&client, &anna).await[&outer], "direct");
    // Lists return the same as single reads.
    let list = client.get("/Users").await.json();
    for user in list["Resources"].as_array().unwrap() {
        let id = user["id"].as_str().unwrap();
        assert_eq!(memberships(user), of(&client, id).await);
    }
    // When a group leaves or is deleted, its indirect memberships end too.
    client
        .delete(&format!("/Groups/{middle}"))
        .await
        .expect(204);
    assert_eq!(
        of(&client, &anna).await,
        ways([(&inner, "direct"), (&outer, "direct")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn f31_x06_filters_by_group_find_indirect_members() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut users = Vec::new();
    for at in 0..40 {
        users.push(client.create_user(&format!("u{at}@example.com")).await);
    }
    let inner = client.create_group("inner", &users[..20]).await;
    let outer = client.create_group("outer", &users[30..35]).await;
    let empty = client.create_group("empty", &[]).await;
    nest(&client, &outer, &inner).await;
    let set = |users: &[String]| users.iter().cloned().collect::<BTreeSet<String>>();
    let (one, last) = (&users[0], &users[39]);
    for (filter, expected) in [
        (format!("groups.value eq \"{inner}\""), set(&users[..20])),
        (
            format!("groups eq \"{outer}\""),
            &set(&users[..20]) | &set(&users[30..35]),
        ),
        (format!("groups eq \"{empty}\""), set(&[])),
        (
            format!("groups.value eq \"{outer}\" and id eq \"{one}\""),
            set(&users[..1]),
        ),
        (
            format!("groups.value eq \"{outer}\" and id eq \"{last}\""),
            set(&[]),
        ),
        (
            format!("groups.value eq \"{outer}\" and userName sw \"u1\""),
            &set(&users[1..2]) | &set(&users[10..20]),
        ),
        (
            format!("not (groups.value eq \"{outer}\")"),
            &set(&users[20..30]) | &set(&users[35..]),
        ),
        (
            format!("groups.value eq \"{outer}\" or id eq \"{last}\""),
            &(&set(&users[..20]) | &set(&users[30..35])) | &set(&users[39..]),
        ),
        ("groups.type eq \"indirect\"".to_owned(), set(&users[..20])),
        (
            "groups[type eq \"indirect\" and display eq \"inner\"]".to_owned(),
            set(&[]),
        ),
        (
            "groups.display eq \"outer\"".to_owned(),
            &set(&users[..20]) | &set(&users[30..35]),
        ),
    ] {
        assert_eq!(
            found(&client, "/Users", &filter).await,
            expected,
            "{filter}"
        );
    }
    // A group's `members` are only its direct ones.
    let filter = format!("members.value eq \"{one}\"");
    assert_eq!(found(&client, "/Groups", &filter).await, [inner].into());
}

/// Random nested groups: each user's groups equal those found by following the members.
#[tokio::test(flavor = "multi_thread")]
async fn x04_x06_indirect_groups_are_those_that_the_members_lead_to() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut numbers = Numbers(5);
    let mut users = Vec::new();
    for at in 0..6 {
        users.push(client.create_user(&format!("u{at}@example.com")).await);
    }
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for at in 0..10 {
        let mut members: Vec<String> = Vec::new();
        for _ in 0..numbers.below(4) {
            let pick = numbers.below(users.len() + groups.len());
            members.push(
                users
                    .get(pick)
                    .cloned()
                    .unwrap_or_else(|| groups[pick - users.len()].0.clone()),
            );
        }
        members.sort();
        members.dedup();
        let made = client
            .post("/Groups", &group(&format!("g{at}"), &members))
            .await;
        groups.push((made.expect(201).id(), members));
    }
    for user in &users {
        let mut expected: BTreeMap<String, String> = BTreeMap::new();
        // Only older groups are members of a group, so one pass upwards is enough.
        for (id, members) in &groups {
            if members.contains(user) {
                expected.insert(id.clone(), "direct".to_owned());
            } else if members.iter().any(|member| expected.contains_key(member)) {
                expected.insert(id.clone(), "indirect".to_owned());
            }
        }
        assert_eq!(of(&client, user).await, expected);
        for (id, _) in &groups {
            let filter = format!("groups.value eq \"{id}\"");
            let is_found = found(&client, "/Users", &filter).await.contains(user);
            assert_eq!(is_found, expected.contains_key(id));
        }
    }
}
