//! Groups: edges in both directions, deletions on both sides, nesting, and the limits of one request.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::support::client::{GROUP, group};
use crate::support::listed::{groups, members, stamp, total};
use crate::support::table::sound;
use crate::support::{Client, Target, seed};

const NOBODY: &str = "2819c223-7f76-453a-919d-413861904646";

/// A PATCH that adds members.
fn add(ids: &[String]) -> Value {
    let values: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    json!([{ "op": "add", "path": "members", "value": values }])
}

async fn some_users(target: &Target, client: &Client, number: usize) -> Vec<String> {
    seed::users(&seed::directory(target, client), "user", number, 32).await
}

#[tokio::test(flavor = "multi_thread")]
async fn x07_a_user_in_40_groups_is_deleted_and_all_of_them_lose_it() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = some_users(&target, &client, 2).await;
    let names: Vec<String> = (0..40).map(|number| format!("Group {number}")).collect();
    let ids = join_all(names.iter().map(|name| client.create_group(name, &users))).await;
    assert_eq!(
        groups(&client, &users[0]).await,
        ids.iter().cloned().collect()
    );

    client
        .delete(&format!("/Users/{}", users[0]))
        .await
        .expect(204);
    client
        .get(&format!("/Users/{}", users[0]))
        .await
        .expect(404);
    for id in &ids {
        assert_eq!(members(&client, id).await, [users[1].clone()].into());
    }
    assert_eq!(
        groups(&client, &users[1]).await,
        ids.iter().cloned().collect()
    );
    let table = sound(&target, &client).await;
    for id in &ids {
        let row = table.group(id);
        assert_eq!((row.members, row.version), (Some(1), 2));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn x06_a_deleted_group_disappears_from_its_members_and_from_the_groups_above_it() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = some_users(&target, &client, 30).await;
    let kept = client.create_group("Kept", &users[..5]).await;
    let gone = client.create_group("Gone", &users).await;
    let above = client
        .create_group("Above", std::slice::from_ref(&gone))
        .await;
    client.delete(&format!("/Groups/{gone}")).await.expect(204);
    assert_eq!(groups(&client, &users[0]).await, [kept].into());
    assert_eq!(groups(&client, &users[29]).await, BTreeSet::new());
    assert_eq!(members(&client, &above).await, BTreeSet::new());
    for id in [&gone, &NOBODY.to_owned()] {
        let path = format!("/Groups/{id}");
        client.get(&path).await.expect(404);
        client.patch(&path, add(&users[..1])).await.expect(404);
        client.put(&path, &group("Gone", &[])).await.expect(404);
        client.delete(&path).await.expect(404);
    }
    let table = sound(&target, &client).await;
    assert_eq!(table.keys("member").len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_membership_change_over_the_bound_is_413_naming_it_and_changes_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = some_users(&target, &client, 2).await;
    let many: Vec<String> = (0..25_001).map(|_| seed::new_ids().0.to_string()).collect();
    let too_many = |answer: &crate::support::Answer| {
        let (status, scim_type, detail) = answer.error();
        assert_eq!((status, scim_type.as_str()), (413, ""));
        assert!(
            detail.contains("25001 members") && detail.contains("25000"),
            "{detail}"
        );
    };
    // Only ids: with `value` so many members would not fit into a body.
    let large = json!({ "schemas": [GROUP], "displayName": "Large", "members": many });
    too_many(&client.post("/Groups", &large).await);
    assert_eq!(total(&client.get("/Groups").await), 0);

    let id = client.create_group("Sales", &users).await;
    let path = format!("/Groups/{id}");
    let before = stamp(&client, &path).await;
    too_many(&client.put(&path, &large).await);
    for operation in ["add", "remove", "replace"] {
        let rename = json!({ "op": "replace", "path": "displayName", "value": "Renamed" });
        let change = json!({ "op": operation, "path": "members", "value": many });
        too_many(&client.patch(&path, json!([rename, change])).await);
    }
    assert_eq!(stamp(&client, &path).await, before);
    assert_eq!(members(&client, &id).await, users.into_iter().collect());
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_by_the_hundred_come_and_go_in_one_request_and_one_version() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = some_users(&target, &client, 300).await;
    let nested = client.create_group("Nested", &users[..1]).await;
    let mut with_group = users.clone();
    with_group.push(nested.clone());
    let id = client.create_group("Sales", &with_group).await;
    let path = format!("/Groups/{id}");
    assert_eq!(
        members(&client, &id).await,
        with_group.iter().cloned().collect()
    );
    assert_eq!(
        groups(&client, &users[0]).await,
        [id.clone(), nested.clone()].into()
    );
    let cycle = client
        .patch(&format!("/Groups/{nested}"), add(&users_and(&users, &id)))
        .await;
    assert!(cycle.error().2.contains("cannot contain itself"));

    let clear = json!([{ "op": "remove", "path": "members" }]);
    client.patch(&path, clear.clone()).await.expect(204);
    let before = stamp(&client, &path).await;
    let missing = client.patch(&path, add(&users_and(&users, NOBODY))).await;
    assert!(missing.error().2.contains(NOBODY));
    client.patch(&path, clear).await.expect(204);
    assert_eq!(stamp(&client, &path).await, before);
    let whole = client
        .put(&path, &group("Renamed", &users))
        .await
        .expect(200);
    assert_eq!(whole.json()["members"].as_array().unwrap().len(), 300);
    // Members who stay are not written.
    client
        .put(&path, &group("Renamed", &users[290..]))
        .await
        .expect(200);
    let row = sound(&target, &client).await.group(&id);
    assert_eq!((row.members, row.version), (Some(10), 4));
}

fn users_and(users: &[String], one: &str) -> Vec<String> {
    let one = [one.to_owned()];
    users.iter().chain(&one).cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_200_is_read_whole_and_one_of_them_found() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = some_users(&target, &client, 200).await;
    let id = client.create_group("Large", &users[..20]).await;
    let path = format!("/Groups/{id}");
    for some in users[20..].chunks(30) {
        client.patch(&path, add(some)).await.expect(204);
    }
    assert_eq!(members(&client, &id).await, users.iter().cloned().collect());
    let list = client.get("/Groups").await.json();
    assert_eq!(
        list["Resources"][0]["members"].as_array().unwrap().len(),
        200
    );
    let filter = format!("members.value eq \"{}\"", users[123]);
    assert_eq!(total(&client.filter("/Groups", &filter).await), 1);
    let in_group = client
        .filter("/Users", &format!("groups.value eq \"{id}\""))
        .await;
    assert_eq!(total(&in_group), 200);

    let before = stamp(&client, &path).await;
    client.patch(&path, add(&users[50..80])).await.expect(204);
    assert_eq!(stamp(&client, &path).await, before, "X-05");
    client.delete(&path).await.expect(204);
    let table = sound(&target, &client).await;
    assert!(table.keys("member").is_empty() && table.keys("memberOf").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn x05_members_that_are_in_already_are_no_change_beside_new_ones() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = some_users(&target, &client, 4).await;
    let id = client.create_group("Sales", &users[..2]).await;
    let path = format!("/Groups/{id}");
    client.patch(&path, add(&users[1..3])).await.expect(204);
    let twice = [users[3].clone(), users[3].clone()];
    client.patch(&path, add(&twice)).await.expect(204);
    let gone = json!([{ "op": "remove", "path": "members", "value": [{ "value": users[0] }, { "value": NOBODY }] }]);
    client.patch(&path, gone.clone()).await.expect(204);
    client.patch(&path, gone).await.expect(204);
    assert_eq!(
        members(&client, &id).await,
        users[1..].iter().cloned().collect()
    );
    let row = sound(&target, &client).await.group(&id);
    assert_eq!((row.members, row.version), (Some(3), 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn members_that_do_not_exist_are_refused_and_nothing_changes() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = some_users(&target, &client, 2).await;
    let group_id = client.create_group("Sales", &users[..1]).await;
    let path = format!("/Groups/{group_id}");
    let before = stamp(&client, &path).await;
    let typed = |id: &str, kind: &str| json!([{ "op": "add", "path": "members", "value": [{ "value": id, "type": kind }] }]);
    for operations in [
        add(&[users[1].clone(), NOBODY.to_owned()]),
        add(&["nobody".to_owned()]),
        typed(NOBODY, "User"),
        typed(NOBODY, "Group"),
        typed(&users[1], "Group"),
        typed(&group_id, "User"),
    ] {
        let (status, scim_type, detail) = client.patch(&path, operations).await.error();
        assert_eq!(
            (status, scim_type.as_str()),
            (400, "invalidValue"),
            "{detail}"
        );
    }
    client
        .post(
            "/Groups",
            &group("New", &[users[1].clone(), NOBODY.to_owned()]),
        )
        .await
        .expect(400);
    client
        .put(&path, &group("Sales", &[NOBODY.to_owned()]))
        .await
        .expect(400);
    assert_eq!(stamp(&client, &path).await, before);
    assert_eq!(total(&client.get("/Groups").await), 1);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x04_a_group_is_a_member_with_and_without_its_type() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let user = client.create_user("anna").await;
    let one = client.create_group("One", &[]).await;
    let two = client.create_group("Two", &[]).await;
    let above = client
        .create_group("Above", &[one.clone(), user.clone()])
        .await;
    let path = format!("/Groups/{above}");
    let typed =
        json!([{ "op": "add", "path": "members", "value": [{ "value": two, "type": "Group" }] }]);
    client.patch(&path, typed).await.expect(204);
    let json = client.get(&path).await.json();
    for member in json["members"].as_array().unwrap() {
        let is_user = member["value"] == user.as_str();
        let (kind, endpoint) = if is_user {
            ("User", "Users")
        } else {
            ("Group", "Groups")
        };
        assert_eq!(member["type"], kind);
        let location = format!(
            "{}/{endpoint}/{}",
            client.base,
            member["value"].as_str().unwrap()
        );
        assert_eq!(member["$ref"], location, "X-03");
    }
    assert_eq!(members(&client, &above).await, [one, two, user].into());
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x04_cycles_are_refused_and_change_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let bottom = client.create_group("Bottom", &[]).await;
    let middle = client
        .create_group("Middle", std::slice::from_ref(&bottom))
        .await;
    let top = client
        .create_group("Top", std::slice::from_ref(&middle))
        .await;
    let before = client.get("/Groups").await.text;
    for (group_id, member) in [
        (&bottom, &bottom),
        (&bottom, &middle),
        (&bottom, &top),
        (&middle, &top),
        (&top, &top),
    ] {
        let path = format!("/Groups/{group_id}");
        let name = if group_id == &bottom {
            "Bottom"
        } else if group_id == &middle {
            "Middle"
        } else {
            "Top"
        };
        let typed = json!([{ "op": "add", "path": "members", "value": [{ "value": member, "type": "Group" }] }]);
        for answer in [
            client.patch(&path, add(std::slice::from_ref(member))).await,
            client.patch(&path, typed).await,
            client
                .put(&path, &group(name, std::slice::from_ref(member)))
                .await,
        ] {
            let (status, scim_type, detail) = answer.error();
            assert_eq!(
                (status, scim_type.as_str()),
                (400, "invalidValue"),
                "{detail}"
            );
            assert!(detail.contains("cannot contain itself"), "{detail}");
        }
    }
    assert_eq!(client.get("/Groups").await.text, before);
    // Once the cycle is broken, the change is accepted.
    let leave = json!([{ "op": "remove", "path": format!("members[value eq \"{middle}\"]") }]);
    client
        .patch(&format!("/Groups/{top}"), leave)
        .await
        .expect(204);
    client
        .patch(
            &format!("/Groups/{bottom}"),
            add(std::slice::from_ref(&top)),
        )
        .await
        .expect(204);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x04_a_group_may_be_reached_on_two_ways() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let bottom = client.create_group("Bottom", &[]).await;
    let left = client
        .create_group("Left", std::slice::from_ref(&bottom))
        .await;
    let right = client
        .create_group("Right", std::slice::from_ref(&bottom))
        .await;
    let top = client.create_group("Top", &[left, right.clone()]).await;
    client
        .patch(
            &format!("/Groups/{top}"),
            add(std::slice::from_ref(&bottom)),
        )
        .await
        .expect(204);
    client.delete(&format!("/Groups/{right}")).await.expect(204);
    let answer = client
        .patch(&format!("/Groups/{bottom}"), add(&[top]))
        .await;
    assert_eq!(answer.error().0, 400);
    sound(&target, &client).await;
}
