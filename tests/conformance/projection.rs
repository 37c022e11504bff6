//! A-01 … A-12, L-10: `attributes` and `excludedAttributes` in every response with resources.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::{GROUP, USER, encode};
use crate::support::{Client, Target};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn body(name: &str) -> Value {
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": name,
        "externalId": "e1",
        "name": { "givenName": "Anna", "familyName": "Berg" },
        "emails": [{ "value": "a@b", "type": "work", "primary": true }],
        "title": "Boss",
        "password": "correct horse",
        (ENTERPRISE): { "department": "Sales", "costCenter": "5" }
    })
}

fn names(resource: &Value) -> BTreeSet<&str> {
    resource
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// A user in the response of each operation with the same query.
async fn everywhere(client: &Client, query: &str) -> Vec<(&'static str, Value)> {
    let created = client
        .post(&format!("/Users?{query}"), &body("anna"))
        .await
        .expect(201)
        .json();
    let id = match created["id"].as_str() {
        Some(id) => id.to_owned(),
        None => panic!("no id: {created}"),
    };
    let path = format!("/Users/{id}?{query}");
    let read = client.get(&path).await.expect(200).json();
    let list = client
        .get(&format!("/Users?{query}"))
        .await
        .expect(200)
        .json()["Resources"][0]
        .clone();
    let filter = encode(r#"title eq "boss""#);
    let found = client
        .get(&format!("/Users?filter={filter}&{query}"))
        .await
        .expect(200)
        .json();
    let found = found["Resources"][0].clone();
    let replaced = client.put(&path, &body("anna")).await.expect(200).json();
    let nothing = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "title", "value": "Boss" }]
    });
    let headers = [("content-type", "application/scim+json")];
    let patched = client
        .send("PATCH", &path, &headers, Some(nothing.to_string().into()))
        .await;
    let patched = patched.expect(200).json();
    client.delete(&format!("/Users/{id}")).await.expect(204);
    vec![
        ("POST", created),
        ("GET", read),
        ("list", list),
        ("filter", found),
        ("PUT", replaced),
        ("PATCH", patched),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a01_a02_a03_a04_a05_a12_c10_both_parameters_work_on_every_operation() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let all: BTreeSet<&str> = [
        "schemas",
        "id",
        "externalId",
        "userName",
        "name",
        "title",
        "active",
        "emails",
        ENTERPRISE,
        "meta",
    ]
    .into();
    let without = |gone: &[&str]| -> BTreeSet<&str> {
        all.iter()
            .copied()
            .filter(|name| !gone.contains(name))
            .collect()
    };
    let cases: [(&str, BTreeSet<&str>); 10] = [
        ("", all.clone()),
        ("attributes=userName", ["schemas", "id", "userName"].into()),
        (
            "attributes=USERNAME,%20title",
            ["schemas", "id", "userName", "title"].into(),
        ),
        ("attributes=id", ["schemas", "id"].into()),
        ("attributes=nothing", ["schemas", "id"].into()),
        ("attributes=password", ["schemas", "id"].into()),
        ("attributes=meta", ["schemas", "id", "meta"].into()),
        (
            "excludedAttributes=name,emails,meta",
            without(&["name", "emails", "meta"]),
        ),
        ("excludedAttributes=id,schemas,title", without(&["title"])),
        (
            "excludedAttributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            without(&[ENTERPRISE]),
        ),
    ];
    for (query, expected) in &cases {
        for (operation, resource) in everywhere(&client, query).await {
            assert_eq!(names(&resource), *expected, "{operation} {query}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a07_a08_parts_and_qualified_names_select_parts() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for (query, expected) in [
        (
            "attributes=name.givenName",
            json!({ "name": { "givenName": "Anna" } }),
        ),
        (
            "attributes=NAME.GIVENNAME",
            json!({ "name": { "givenName": "Anna" } }),
        ),
        (
            "attributes=emails.value",
            json!({ "emails": [{ "value": "a@b" }] }),
        ),
        (
            "attributes=urn:ietf:params:scim:schemas:core:2.0:User:userName",
            json!({ "userName": "anna" }),
        ),
        (
            "attributes=urn:ietf:params:scim:schemas:core:2.0:User:name.familyName",
            json!({ "name": { "familyName": "Berg" } }),
        ),
        (
            "attributes=urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            json!({ (ENTERPRISE): { "department": "Sales" } }),
        ),
    ] {
        for (operation, mut resource) in everywhere(&client, query).await {
            let resource = resource.as_object_mut().unwrap();
            resource.remove("id");
            resource.remove("schemas");
            assert_eq!(json!(resource), expected, "{operation} {query}");
        }
    }
    for (operation, resource) in
        everywhere(&client, "excludedAttributes=name.familyName,emails.type").await
    {
        assert_eq!(
            resource["name"],
            json!({ "givenName": "Anna" }),
            "{operation}"
        );
        assert_eq!(
            resource["emails"],
            json!([{ "value": "a@b", "primary": true }]),
            "{operation}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a09_a11_both_at_once_are_refused_before_anything_is_done() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let query = "attributes=userName&excludedAttributes=name";
    let (scim_type, _) = scim_error(
        &client.post(&format!("/Users?{query}"), &body("anna")).await,
        400,
        "POST",
    );
    assert_eq!(scim_type, "invalidValue");
    assert_eq!(client.get("/Users").await.json()["totalResults"], 0);
    let many = vec!["a"; 201].join(",");
    scim_error(
        &client.get(&format!("/Users?attributes={many}")).await,
        400,
        "201 names",
    );
    for odd in [
        "%00", "a%5B%5D", "name.", ".name", "name..x", "urn:", "%22", "a%20b",
    ] {
        client
            .get(&format!("/Users?attributes={odd}"))
            .await
            .expect(200);
        client
            .get(&format!("/Users?excludedAttributes={odd}"))
            .await
            .expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a01_groups_are_answered_without_members_when_those_are_excluded() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let user = client.create_user("anna").await;
    let group =
        json!({ "schemas": [GROUP], "displayName": "Sales", "members": [{ "value": user }] });
    let excluded = "excludedAttributes=members";
    let created = client
        .post(&format!("/Groups?{excluded}"), &group)
        .await
        .expect(201);
    let path = format!("/Groups/{}", created.id());
    let read = client
        .get(&format!("{path}?{excluded}"))
        .await
        .expect(200)
        .json();
    let list = client
        .get(&format!("/Groups?{excluded}"))
        .await
        .expect(200)
        .json()["Resources"][0]
        .clone();
    let replaced = client
        .put(&format!("{path}?{excluded}"), &group)
        .await
        .expect(200)
        .json();
    for one in [created.json(), read, list, replaced] {
        assert_eq!(names(&one), ["schemas", "id", "displayName", "meta"].into());
    }
    let only = client
        .get(&format!("{path}?attributes=members.value"))
        .await
        .expect(200)
        .json();
    assert_eq!(only["members"], json!([{ "value": user }]));
    assert_eq!(names(&only), ["schemas", "id", "members"].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn m05_the_patch_of_a_group_is_answered_when_attributes_are_asked_for() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/Groups/{}", client.create_group("Sales", &[]).await);
    let change = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "displayName", "value": "Support" }]
    });
    let headers = [("content-type", "application/scim+json")];
    let send = |query: &str| {
        let (client, path, body) = (client.clone(), format!("{path}{query}"), change.to_string());
        async move {
            client
                .send("PATCH", &path, &headers, Some(body.into()))
                .await
        }
    };
    let shown = send("?attributes=displayName").await.expect(200).json();
    assert_eq!(shown["displayName"], "Support");
    assert_eq!(names(&shown), ["schemas", "id", "displayName"].into());
    assert!(send("").await.expect(204).text.is_empty());
    assert!(
        send("?excludedAttributes=members")
            .await
            .expect(204)
            .text
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn l10_w06_no_answer_shows_a_password() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for query in [
        "",
        "attributes=password",
        "attributes=urn:ietf:params:scim:schemas:core:2.0:User:password",
        "excludedAttributes=name",
    ] {
        for (operation, resource) in everywhere(&client, query).await {
            let text = resource.to_string();
            assert!(
                !text.contains("horse") && !text.contains("password") && !text.contains("argon2"),
                "{operation} {query}"
            );
        }
    }
}
