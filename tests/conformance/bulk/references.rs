//! Resources that the request creates and refers to.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ENTERPRISE, bulk, counts, id, on, post, start, statuses};
use crate::support::client::{group, patch, user};
use crate::support::listed::members;
use crate::support::table::sound;
use crate::support::{Client, Target};

fn managed(name: &str, manager: &str) -> Value {
    let mut data = user(name);
    data[ENTERPRISE] = json!({ "department": "D", "manager": { "value": manager } });
    post("/Users", name, &data)
}

fn team(name: &str, bulk_ids: &[&str]) -> Value {
    let members: Vec<String> = bulk_ids.iter().map(|id| format!("bulkId:{id}")).collect();
    post("/Groups", name, &group(name, &members))
}

async fn manager(client: &Client, user: &str) -> Value {
    let json = client
        .get(&format!("/Users/{user}"))
        .await
        .expect(200)
        .json();
    json[ENTERPRISE]["manager"]["value"].clone()
}

/// Asserts that the table is sound and that no reference was left unresolved.
async fn clean(target: &Target, client: &Client) {
    sound(target, client).await;
    for path in ["/Users", "/Groups"] {
        let all = client
            .get(&format!("{path}?count=1000"))
            .await
            .expect(200)
            .text;
        assert!(!all.to_lowercase().contains("bulkid:"), "{all}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b09_references_lead_backward_and_forward() {
    let (target, client) = start().await;
    let results = bulk(
        &client,
        &json!([
            team("Forward", &["ann", "bob"]),
            managed("ann", "bulkId:bob"),
            post("/Users", "bob", &user("bob")),
            team("Backward", &["ann"]),
            team("Nested", &["Backward"]),
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["201"; 5]);
    let ids: Vec<String> = results.iter().map(id).collect();
    let both = BTreeSet::from([ids[1].clone(), ids[2].clone()]);
    assert_eq!(members(&client, &ids[0]).await, both);
    assert_eq!(manager(&client, &ids[1]).await, ids[2]);
    assert_eq!(members(&client, &ids[3]).await, [ids[1].clone()].into());
    assert_eq!(members(&client, &ids[4]).await, [ids[3].clone()].into());
    clean(&target, &client).await;
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b09_references_stand_in_paths_and_patches() {
    let (target, client) = start().await;
    let dora = client.create_user("dora").await;
    let join = json!({ "op": "add", "path": "members", "value": [{ "value": "bulkId:ann" }, { "value": "bulkId:bob" }] });
    let leave = json!({ "op": "remove", "path": "members[value eq \"bulkId:ann\"]" });
    let lead =
        json!({ "op": "add", "path": format!("{ENTERPRISE}:manager"), "value": "bulkId:ann" });
    let results = bulk(
        &client,
        &json!([
            on("PATCH", "/Groups/bulkId:team", &patch(json!([join]))),
            on("PATCH", "/Groups/bulkId:team", &patch(json!([leave]))),
            team("team", &[]),
            post("/Users", "ann", &user("ann")),
            post("/Users", "bob", &user("bob")),
            on("PATCH", &format!("/Users/{dora}"), &patch(json!([lead]))),
            on("PUT", "/Users/bulkId:bob", &user("robert")),
            post("/Users", "gone", &user("gone")),
            { "method": "DELETE", "path": "/Users/bulkId:gone" },
        ]),
    )
    .await;
    let expected = [
        "204", "204", "201", "201", "201", "200", "200", "201", "204",
    ];
    assert_eq!(statuses(&results), expected, "{results:?}");
    assert_eq!(id(&results[0]), id(&results[2]), "the location has the id");
    assert_eq!(
        members(&client, &id(&results[2])).await,
        [id(&results[4])].into()
    );
    assert_eq!(manager(&client, &dora).await, id(&results[3]));
    let bob = client
        .get(&format!("/Users/{}", id(&results[4])))
        .await
        .json();
    assert_eq!(bob["userName"], "robert");
    clean(&target, &client).await;
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_users_who_manage_each_other_are_created() {
    let (target, client) = start().await;
    let results = bulk(
        &client,
        &json!([
            managed("ann", "bulkId:bob"),
            managed("bob", "bulkId:carl"),
            managed("carl", "bulkId:ann"),
            managed("self", "bulkId:self"),
            team("Team", &["ann", "self"]),
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["201"; 5], "{results:?}");
    let ids: Vec<String> = results.iter().map(id).collect();
    for (user, boss) in [(0, 1), (1, 2), (2, 0), (3, 3)] {
        assert_eq!(manager(&client, &ids[user]).await, ids[boss]);
        let now = client.get(&format!("/Users/{}", ids[user])).await.json();
        assert_eq!(now["meta"]["version"], results[user]["version"]);
        assert_eq!(now[ENTERPRISE]["department"], "D");
    }
    clean(&target, &client).await;
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_groups_that_would_contain_each_other_conflict_and_none_is_kept() {
    let (target, client) = start().await;
    let results = bulk(
        &client,
        &json!([
            team("A", &["B", "ann"]),
            team("B", &["A"]),
            team("Self", &["Self"]),
            post("/Users", "ann", &user("ann")),
            team("C", &["A"]),
        ]),
    )
    .await;
    assert_eq!(
        statuses(&results),
        ["409", "409", "409", "201", "409"],
        "{results:?}"
    );
    let details = results
        .iter()
        .filter_map(|one| one["response"]["detail"].as_str());
    let details: Vec<&str> = details.collect();
    assert!(
        details
            .iter()
            .any(|detail| detail.contains("cannot be resolved")),
        "{details:?}"
    );
    assert_eq!(counts(&client).await, (1, 0));
    clean(&target, &client).await;
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b10_b11_a_reference_cycle_with_a_failure_is_rolled_back_whole() {
    let (target, client) = start().await;
    client.create_user("carl").await;
    let results = bulk(
        &client,
        &json!([
            managed("ann", "bulkId:bob"),
            managed("bob", "bulkId:carl"),
            managed("carl", "bulkId:ann"),
            post("/Users", "dora", &user("dora")),
        ]),
    )
    .await;
    assert_eq!(
        statuses(&results),
        ["409", "409", "409", "201"],
        "{results:?}"
    );
    assert_eq!(results[2]["response"]["scimType"], "uniqueness");
    assert_eq!(counts(&client).await, (2, 0));
    clean(&target, &client).await;
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b11_references_to_failed_creations_fail_and_store_nothing() {
    let (target, client) = start().await;
    let dora = client.create_user("dora").await;
    let lead = json!({ "op": "add", "path": format!("{ENTERPRISE}:manager"), "value": { "value": "bulkId:taken" } });
    let results = bulk(
        &client,
        &json!([
            team("Unknown", &["nobody"]),
            post("/Users", "taken", &user("DORA")),
            team("Failed", &["taken"]),
            managed("ann", "bulkId:taken"),
            managed("bob", "bulkId:ann"),
            on("PATCH", &format!("/Users/{dora}"), &patch(json!([lead]))),
            on("PATCH", "/Users/bulkId:taken", &patch(json!([lead]))),
            { "method": "DELETE", "path": "/Users/bulkId:nobody" },
            managed("carl", "BULKID:nobody"),
            managed("dave", "bulkId:"),
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["409"; 10], "{results:?}");
    let detail = results[2]["response"]["detail"].as_str().unwrap();
    assert!(
        detail.contains("`taken`") && detail.starts_with("operation 3: "),
        "{detail}"
    );
    assert!(results[6].get("location").is_none());
    assert_eq!(counts(&client).await, (1, 0));
    assert_eq!(
        client.get(&format!("/Users/{dora}")).await.json()["meta"]["version"],
        "W/\"1\""
    );
    clean(&target, &client).await;
    target.stack.shutdown().await;
}
