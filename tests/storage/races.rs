//! Concurrent requests: exactly one winner where only one can win, and nothing lost where all can.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use scim_core::ResourceKind;
use serde_json::{Value, json};

use crate::support::client::{group, user};
use crate::support::listed::members;
use crate::support::table::{Table, sound};
use crate::support::{Answer, Client, Target};

/// Each status with its number of responses.
fn statuses(answers: &[Answer]) -> Vec<(u16, usize)> {
    let mut all: Vec<u16> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    all.sort_unstable();
    let distinct: BTreeSet<u16> = all.iter().copied().collect();
    distinct
        .into_iter()
        .map(|status| (status, all.iter().filter(|other| **other == status).count()))
        .collect()
}

/// Retries a PATCH after `Retry-After` until it is not rejected for contention.
async fn patch_patiently(client: &Client, path: &str, operations: Value) -> Answer {
    for _ in 0..50 {
        let answer = client.patch(path, operations.clone()).await;
        if answer.status != 429 {
            return answer;
        }
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
    }
    panic!("{path} was refused 50 times");
}

#[tokio::test(flavor = "multi_thread")]
async fn c06_of_100_equal_users_created_at_once_one_is_created_and_99_are_conflicts() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut body = user("Anna.Berg@example.com");
    body["externalId"] = json!("e-1");
    let answers = join_all((0..100).map(|_| client.post("/Users", &body))).await;
    assert_eq!(statuses(&answers), [(201, 1), (409, 99)]);
    for answer in answers.iter().filter(|answer| answer.status == 409) {
        assert_eq!(answer.error().1, "uniqueness");
    }
    let table = sound(&target, &client).await;
    assert_eq!(table.keys("user").len(), 1);
    assert_eq!(table.keys("user#userName"), ["anna.berg@example.com"]);
    assert_eq!(table.keys("user#externalId").len(), 1);
    assert_eq!(table.keys("user#email").len(), 1);
    assert_eq!(table.count(ResourceKind::User), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn c06_of_50_equal_groups_created_at_once_one_is_created_and_49_are_conflicts() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let member = client.create_user("anna").await;
    let body = group("Sales", &[member]);
    let answers = join_all((0..50).map(|_| client.post("/Groups", &body))).await;
    assert_eq!(statuses(&answers), [(201, 1), (409, 49)]);
    let table = sound(&target, &client).await;
    assert_eq!(table.keys("group").len(), 1);
    assert_eq!(table.keys("group#displayName"), ["sales"]);
    assert_eq!(table.keys("member").len(), 1);
    assert_eq!(table.count(ResourceKind::Group), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn c06_of_20_renames_to_one_name_at_once_one_wins() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let names: Vec<String> = (0..20).map(|number| format!("user{number}")).collect();
    let ids = join_all(names.iter().map(|name| client.create_user(name))).await;
    let rename = json!([{ "op": "replace", "path": "userName", "value": "Same" }]);
    let paths: Vec<String> = ids.iter().map(|id| format!("/Users/{id}")).collect();
    let answers = join_all(paths.iter().map(|path| client.patch(path, rename.clone()))).await;
    assert_eq!(statuses(&answers), [(200, 1), (409, 19)]);
    let table = sound(&target, &client).await;
    assert_eq!(table.keys("user#userName").len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn m39_50_members_added_by_50_patches_at_once_are_all_members() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let names: Vec<String> = (0..50).map(|number| format!("user{number}")).collect();
    let ids = join_all(names.iter().map(|name| client.create_user(name))).await;
    let group = client.create_group("Sales", &[]).await;
    let path = format!("/Groups/{group}");
    let answers = join_all(ids.iter().map(|id| {
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
        patch_patiently(&client, &path, add)
    }))
    .await;
    assert_eq!(statuses(&answers), [(204, 50)]);
    assert_eq!(
        members(&client, &group).await,
        ids.iter().cloned().collect()
    );
    let row = sound(&target, &client).await.group(&group);
    assert_eq!((row.members, row.version), (Some(50), 51));
}

#[tokio::test(flavor = "multi_thread")]
async fn m39_members_added_and_removed_at_once_are_as_each_patch_said() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let names: Vec<String> = (0..40).map(|number| format!("user{number}")).collect();
    let ids = join_all(names.iter().map(|name| client.create_user(name))).await;
    let group = client.create_group("Sales", &ids[..20]).await;
    let path = format!("/Groups/{group}");
    let operations = ids
        .iter()
        .enumerate()
        .map(|(number, id)| match number < 20 {
            true => json!([{ "op": "remove", "path": format!("members[value eq \"{id}\"]") }]),
            false => json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]),
        });
    let answers =
        join_all(operations.map(|operation| patch_patiently(&client, &path, operation))).await;
    assert_eq!(statuses(&answers), [(204, 40)]);
    assert_eq!(
        members(&client, &group).await,
        ids[20..].iter().cloned().collect()
    );
    let row = sound(&target, &client).await.group(&group);
    assert_eq!((row.members, row.version), (Some(20), 41));
}

#[tokio::test(flavor = "multi_thread")]
async fn m39_one_member_put_in_and_out_at_once_leaves_both_edges_or_none() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let group = client.create_group("Sales", &[]).await;
    let path = format!("/Groups/{group}");
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
    let remove = json!([{ "op": "remove", "path": "members", "value": [{ "value": id }] }]);
    let rename = |number| json!([{ "op": "replace", "path": "displayName", "value": format!("Sales {number}") }]);
    let operations = (0..30).map(|number| match number % 3 {
        0 => add.clone(),
        1 => remove.clone(),
        _ => rename(number),
    });
    let answers =
        join_all(operations.map(|operation| patch_patiently(&client, &path, operation))).await;
    assert_eq!(statuses(&answers), [(204, 30)]);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m39_patches_of_different_attributes_of_one_user_at_once_are_all_applied() {
    const NAMES: [&str; 20] = [
        "displayName",
        "nickName",
        "title",
        "userType",
        "preferredLanguage",
        "locale",
        "timezone",
        "externalId",
        "name.givenName",
        "name.familyName",
        "name.middleName",
        "name.formatted",
        "name.honorificPrefix",
        "name.honorificSuffix",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:organization",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "emails[type eq \"work\"].display",
    ];
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/Users/{}", client.create_user("anna").await);
    let answers = join_all(NAMES.iter().enumerate().map(|(number, name)| {
        let set = json!([{ "op": "replace", "path": name, "value": format!("value{number}") }]);
        patch_patiently(&client, &path, set)
    }))
    .await;
    assert_eq!(statuses(&answers), [(200, 20)]);
    let text = client.get(&path).await.expect(200).text;
    for number in 0..20 {
        assert!(
            text.contains(&format!("\"value{number}\"")),
            "{number} is lost: {text}"
        );
    }
    let table = sound(&target, &client).await;
    assert_eq!(table.resources(ResourceKind::User)[0].version, 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn y02_a_user_deleted_while_it_joins_groups_leaves_no_edge() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for round in 0..5 {
        let id = client.create_user(&format!("user{round}")).await;
        let names: Vec<String> = (0..6)
            .map(|number| format!("Group {round} {number}"))
            .collect();
        let groups = join_all(names.iter().map(|name| client.create_group(name, &[]))).await;
        let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
        let joining = join_all(groups.iter().map(|group| {
            let (client, add) = (client.clone(), add.clone());
            let path = format!("/Groups/{group}");
            async move { patch_patiently(&client, &path, add).await }
        }));
        let path = format!("/Users/{id}");
        let (joined, deleted) = tokio::join!(joining, client.delete(&path));
        deleted.expect(204);
        assert!(
            joined
                .iter()
                .all(|answer| answer.status == 204 || answer.status == 400),
            "{joined:?}"
        );
        client.get(&path).await.expect(404);
    }
    let table = sound(&target, &client).await;
    assert_eq!(table.keys("member"), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn y02_a_group_deleted_while_it_takes_members_leaves_no_edge() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let names: Vec<String> = (0..6).map(|number| format!("user{number}")).collect();
    let ids = join_all(names.iter().map(|name| client.create_user(name))).await;
    for round in 0..5 {
        let group = client
            .create_group(&format!("Group {round}"), &ids[..1])
            .await;
        let path = format!("/Groups/{group}");
        let joining = join_all(ids[1..].iter().map(|id| {
            let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
            patch_patiently(&client, &path, add)
        }));
        let (joined, deleted) = tokio::join!(joining, client.delete(&path));
        deleted.expect(204);
        assert!(
            joined
                .iter()
                .all(|answer| answer.status == 204 || answer.status == 404),
            "{joined:?}"
        );
    }
    let table = sound(&target, &client).await;
    assert_eq!(table.keys("memberOf"), Vec::<&str>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn x04_groups_put_into_each_other_at_once_make_no_cycle() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for round in 0..8 {
        let one = client.create_group(&format!("One {round}"), &[]).await;
        let two = client.create_group(&format!("Two {round}"), &[]).await;
        // In every other round the way back goes through a third group.
        let below = match round % 2 {
            0 => two.clone(),
            _ => client.create_group(&format!("Below {round}"), &[]).await,
        };
        let into = |member: &str| json!([{ "op": "add", "path": "members", "value": [{ "value": member, "type": "Group" }] }]);
        if below != two {
            client
                .patch(&format!("/Groups/{two}"), into(&below))
                .await
                .expect(204);
        }
        let (one_path, below_path) = (format!("/Groups/{one}"), format!("/Groups/{below}"));
        let answers = tokio::join!(
            patch_patiently(&client, &one_path, into(&two)),
            patch_patiently(&client, &below_path, into(&one)),
        );
        let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 400], "{answers:?}");
    }
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checker_of_the_table_sees_what_is_wrong() {
    use aws_sdk_dynamodb::types::AttributeValue;
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    client
        .create_group("Sales", std::slice::from_ref(&id))
        .await;
    sound(&target, &client).await;
    let tenant = crate::support::table::tenant_of(&client);
    for (partition, key) in [
        ("user#userName", "nobody".to_owned()),
        ("user#email", format!("a@b#{id}")),
        ("user#count", "zz".to_owned()),
        ("memberOf", format!("{id}#{id}")),
        ("odd", "x".to_owned()),
    ] {
        let dynamodb = &target.stack.services.clients.dynamodb;
        dynamodb
            .put_item()
            .table_name(local::stack::TABLE)
            .item("pk", AttributeValue::S(format!("{tenant}#{partition}")))
            .item("sk", AttributeValue::S(key))
            .item("n", AttributeValue::N("1".to_owned()))
            .send()
            .await
            .unwrap();
    }
    let faults = Table::of(&target, &client).await.faults();
    assert_eq!(faults.len(), 5, "{faults:#?}");
}
