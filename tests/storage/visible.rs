//! G-05, Y-03: every completed write is visible to the next request, in every filter, list and total.

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::client::{USER, encode, group};
use crate::support::listed::{found, ids, total};
use crate::support::table::sound;
use crate::support::{Client, Target};

/// Asserts that a user is found by its current values only.
async fn seen(client: &Client, id: &str, user: &str, external: &str, email: &str) {
    let me = [id.to_owned()].into();
    for filter in [
        format!(r#"userName eq "{user}""#),
        format!(r#"externalId eq "{external}""#),
        format!(r#"emails.value eq "{email}""#),
        format!(r#"emails[value eq "{email}"]"#),
        format!(r#"displayName eq "The {user}""#),
        format!(r#"userName sw "{user}""#),
        format!(r#"id eq "{id}""#),
    ] {
        assert_eq!(found(client, "/Users", &filter).await, me, "{filter}");
    }
    let list = client.get("/Users").await;
    assert_eq!((total(&list), ids(&list)), (1, vec![id.to_owned()]));
    assert_eq!(
        client.get(&format!("/Users/{id}")).await.json()["userName"],
        user
    );
}

async fn unseen(client: &Client, user: &str, external: &str, email: &str) {
    for filter in [
        format!(r#"userName eq "{user}""#),
        format!(r#"externalId eq "{external}""#),
        format!(r#"emails.value eq "{email}""#),
        format!(r#"displayName eq "The {user}""#),
    ] {
        assert!(
            found(client, "/Users", &filter).await.is_empty(),
            "{filter}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_y03_every_write_of_a_user_is_seen_by_the_next_filter_list_and_total() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let body = |name: &str, number: u8| {
        json!({
            "schemas": [USER], "userName": name, "displayName": format!("The {name}"),
            "externalId": format!("e{number}"), "emails": [{ "value": format!("a{number}@b") }]
        })
    };
    let id = client
        .post("/Users", &body("anna", 1))
        .await
        .expect(201)
        .id();
    let path = format!("/Users/{id}");
    seen(&client, &id, "anna", "e1", "a1@b").await;

    client.put(&path, &body("berta", 2)).await.expect(200);
    seen(&client, &id, "berta", "e2", "a2@b").await;
    unseen(&client, "anna", "e1", "a1@b").await;

    let operations = json!([
        { "op": "replace", "value": { "userName": "clara", "displayName": "The clara", "externalId": "e3" } },
        { "op": "replace", "path": "emails", "value": [{ "value": "a3@b" }] },
    ]);
    client.patch(&path, operations).await.expect(200);
    seen(&client, &id, "clara", "e3", "a3@b").await;
    unseen(&client, "berta", "e2", "a2@b").await;

    let operations = json!([
        { "op": "remove", "path": "externalId" }, { "op": "remove", "path": "emails" },
        { "op": "remove", "path": "displayName" },
    ]);
    client.patch(&path, operations).await.expect(200);
    assert_eq!(
        found(&client, "/Users", r#"userName eq "clara""#).await,
        [id].into()
    );
    unseen(&client, "berta", "e3", "a3@b").await;

    client.delete(&path).await.expect(204);
    unseen(&client, "clara", "e3", "a3@b").await;
    assert_eq!(total(&client.get("/Users").await), 0);
    client.get(&path).await.expect(404);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_a_group_created_and_modified_is_seen_by_the_next_filter_list_and_total() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = [
        client.create_user("anna").await,
        client.create_user("berta").await,
    ];
    let [anna, berta] = users
        .each_ref()
        .map(|id| format!(r#"members.value eq "{id}""#));
    let none = BTreeSet::new();
    let mut body = group("Sales", &users[..1]);
    body["externalId"] = json!("g1");
    let id = client.post("/Groups", &body).await.expect(201).id();
    let path = format!("/Groups/{id}");
    let me: BTreeSet<String> = [id.clone()].into();
    let in_group = format!(r#"groups.value eq "{id}""#);
    for filter in [
        r#"displayName eq "sales""#,
        r#"externalId eq "g1""#,
        &anna,
        r#"displayName co "ale""#,
    ] {
        assert_eq!(found(&client, "/Groups", filter).await, me, "{filter}");
    }
    assert_eq!(found(&client, "/Groups", &berta).await, none);
    assert_eq!(
        found(&client, "/Users", &in_group).await,
        [users[0].clone()].into()
    );
    assert_eq!(total(&client.get("/Groups").await), 1);

    let operations = json!([
        { "op": "replace", "path": "displayName", "value": "Marketing" },
        { "op": "add", "path": "members", "value": [{ "value": users[1] }] },
        { "op": "remove", "path": format!("members[value eq \"{}\"]", users[0]) },
    ]);
    client.patch(&path, operations).await.expect(204);
    assert_eq!(
        found(&client, "/Groups", r#"displayName eq "Sales""#).await,
        none
    );
    assert_eq!(
        found(&client, "/Groups", r#"displayName eq "Marketing""#).await,
        me
    );
    assert_eq!(found(&client, "/Groups", &anna).await, none);
    assert_eq!(found(&client, "/Groups", &berta).await, me);
    let by_both = format!("{berta} and displayName eq \"marketing\"");
    assert_eq!(found(&client, "/Groups", &by_both).await, me);
    assert_eq!(
        found(&client, "/Users", &in_group).await,
        [users[1].clone()].into()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn g05_y03_a_group_replaced_and_deleted_is_seen_so_by_the_next_filter_list_and_total() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let users = [
        client.create_user("anna").await,
        client.create_user("berta").await,
    ];
    let [anna, berta] = users
        .each_ref()
        .map(|id| format!(r#"members.value eq "{id}""#));
    let none = BTreeSet::new();
    let mut body = group("Sales", &users[..1]);
    body["externalId"] = json!("g1");
    let id = client.post("/Groups", &body).await.expect(201).id();
    let path = format!("/Groups/{id}");
    let in_group = format!(r#"groups.value eq "{id}""#);
    client
        .put(&path, &group("Support", &users))
        .await
        .expect(200);
    assert_eq!(
        found(&client, "/Groups", r#"externalId eq "g1""#).await,
        none
    );
    assert_eq!(
        found(&client, "/Users", &in_group).await,
        users.iter().cloned().collect()
    );
    assert_eq!(
        found(&client, "/Groups", &format!("{anna} and {berta}")).await,
        [id].into()
    );

    client.delete(&path).await.expect(204);
    for filter in [r#"displayName eq "Support""#, &anna, &berta] {
        assert_eq!(found(&client, "/Groups", filter).await, none, "{filter}");
    }
    assert_eq!(found(&client, "/Users", &in_group).await, none);
    assert_eq!(total(&client.get("/Groups").await), 0);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f31_filters_see_memberships_that_the_answer_leaves_out() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let user = client.create_user("anna").await;
    let id = client
        .create_group("Sales", std::slice::from_ref(&user))
        .await;
    let filter = encode(&format!(r#"members[value eq "{user}"]"#));
    let answer = client
        .get(&format!(
            "/Groups?excludedAttributes=members&filter={filter}"
        ))
        .await;
    assert_eq!(ids(&answer), [id]);
    assert!(answer.json()["Resources"][0].get("members").is_none());
}
