//! E-02, N-08, X-01, X-02: groups and their possible members.

mod nested;

use std::collections::BTreeSet;

use serde_json::json;

use super::scim_error;
use crate::support::Target;
use crate::support::client::{GROUP, group};
use crate::support::listed::{members, total};

#[tokio::test(flavor = "multi_thread")]
async fn x01_a_group_has_a_name_that_no_other_has() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for odd in [
        json!(null),
        json!(""),
        json!([]),
        json!(5),
        json!({ "value": "Sales", "type": "work" }),
    ] {
        let body = json!({ "schemas": [GROUP], "displayName": odd });
        let (scim_type, detail) =
            scim_error(&client.post("/Groups", &body).await, 400, &odd.to_string());
        assert_eq!(scim_type, "invalidValue", "{odd}");
        assert!(detail.contains("displayName"), "{detail}");
    }
    let nameless = json!({ "schemas": [GROUP], "members": [] });
    scim_error(&client.post("/Groups", &nameless).await, 400, "no name");
    assert_eq!(total(&client.get("/Groups").await), 0);
    let path = format!("/Groups/{}", client.create_group("Sales", &[]).await);
    let again = client.post("/Groups", &group("SALES", &[])).await;
    assert_eq!(scim_error(&again, 409, "the same name").0, "uniqueness");
    scim_error(
        &client.put(&path, &nameless).await,
        400,
        "PUT without a name",
    );
    let remove = json!([{ "op": "remove", "path": "displayName" }]);
    assert_eq!(
        scim_error(&client.patch(&path, remove).await, 400, "").0,
        "mutability"
    );
    assert_eq!(client.get(&path).await.json()["displayName"], "Sales");
}

#[tokio::test(flavor = "multi_thread")]
async fn x02_members_come_and_go_and_their_parts_do_not_change() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let bert = client.create_user("bert").await;
    let inner = client.create_group("Inner", &[]).await;
    let id = client
        .create_group("Sales", std::slice::from_ref(&anna))
        .await;
    let path = format!("/Groups/{id}");
    let set =
        |ids: &[&String]| -> BTreeSet<String> { ids.iter().map(|id| (*id).clone()).collect() };
    for (operation, expected) in [
        (
            json!({ "op": "add", "path": "members", "value": [{ "value": bert, "type": "User" }] }),
            set(&[&anna, &bert]),
        ),
        (
            json!({ "op": "add", "value": { "members": [{ "value": inner, "type": "Group" }] } }),
            set(&[&anna, &bert, &inner]),
        ),
        (
            json!({ "op": "remove", "path": format!("members[value eq \"{anna}\"]") }),
            set(&[&bert, &inner]),
        ),
        (
            json!({ "op": "remove", "path": "members[type eq \"Group\"]" }),
            set(&[&bert]),
        ),
        (
            json!({ "op": "replace", "path": "members", "value": [{ "value": anna }] }),
            set(&[&anna]),
        ),
        (json!({ "op": "remove", "path": "members" }), set(&[])),
        (
            json!({ "op": "replace", "value": { "members": [{ "value": anna }, { "value": bert }] } }),
            set(&[&anna, &bert]),
        ),
    ] {
        client.patch(&path, json!([operation])).await.expect(204);
        assert_eq!(members(&client, &id).await, expected, "{operation}");
    }
    let before = client.get(&path).await.text;
    for part in ["value", "type", "$ref"] {
        for op in ["add", "replace", "remove"] {
            for target in [
                format!("members.{part}"),
                format!("members[value eq \"{anna}\"].{part}"),
            ] {
                let change = json!([{ "op": op, "path": target, "value": bert }]);
                let (scim_type, _) = scim_error(&client.patch(&path, change).await, 400, &target);
                assert_eq!(scim_type, "mutability", "{op} {target}");
            }
        }
    }
    assert_eq!(client.get(&path).await.text, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn n07_a_reference_names_a_member_absolute_or_relative_with_a_version_or_without() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let id = client.create_group("Sales", &[]).await;
    let path = format!("/Groups/{id}");
    let unversioned = client.base.replace("/v2", "");
    let known: BTreeSet<String> = [anna.clone()].into();
    for reference in [
        format!("{}/Users/{anna}", client.base),
        format!("{unversioned}/Users/{anna}"),
        format!("Users/{anna}"),
        format!("../Users/{anna}"),
        format!("/v2/Users/{anna}"),
    ] {
        let add = json!([{ "op": "add", "path": "members", "value": [{ "$ref": reference }] }]);
        client.patch(&path, add).await.expect(204);
        assert_eq!(members(&client, &id).await, known, "{reference}");
        let shown = client.get(&path).await.json();
        let own = format!("{}/Users/{anna}", client.base);
        assert_eq!(shown["members"][0]["$ref"], own, "{reference}");
        let remove =
            json!([{ "op": "remove", "path": "members", "value": [{ "$ref": reference }] }]);
        client.patch(&path, remove).await.expect(204);
        assert!(members(&client, &id).await.is_empty(), "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn n08_who_does_not_exist_is_no_member() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let gone = client.create_user("gone").await;
    client.delete(&format!("/Users/{gone}")).await.expect(204);
    let path = format!("/Groups/{}", client.create_group("Sales", &[]).await);
    let before = client.get(&path).await.text;
    for odd in [
        json!({ "value": gone }),
        json!({ "value": "2819c223-7f76-453a-919d-413861904646" }),
        json!({ "value": "nobody" }),
        json!({ "value": anna, "type": "Group" }),
        json!({ "value": anna, "type": "Robot" }),
        json!(5),
    ] {
        let members = json!([{ "value": anna }, odd]);
        let body = json!({ "schemas": [GROUP], "displayName": "Other", "members": members });
        let add = json!([{ "op": "add", "path": "members", "value": members }]);
        for answer in [
            client.post("/Groups", &body).await,
            client.put(&path, &body).await,
            client.patch(&path, add).await,
        ] {
            let (scim_type, detail) = scim_error(&answer, 400, &odd.to_string());
            assert_eq!(scim_type, "invalidValue", "{odd}");
            assert!(detail.contains("members"), "{detail}");
        }
    }
    assert_eq!(client.get(&path).await.text, before);
    assert_eq!(total(&client.get("/Groups").await), 1);
}
