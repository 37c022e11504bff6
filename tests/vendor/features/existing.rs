//! Users from before provisioning, in the flow "filter finds nobody, POST answers 409" (`BlogIn`, Oktopost); and
//! users who return.

use serde_json::{Value, json};

use crate::support::client::{USER, user};
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target};

/// A tenant with a user whom the application created before provisioning, and the user's id.
async fn with_ann(settings: Value) -> (Target, Client, String) {
    let target = Target::start().await;
    let client = target.tenant().await;
    target.settings(&client, &settings).await;
    let ann = json!({ "schemas": [USER], "userName": "ann", "title": "Editor",
        "name": { "givenName": "Ann" },
        "emails": [{ "value": "ann@example.com", "type": "work" }] });
    let path = format!("/tenants/{}/preload", tenant_of(&client));
    let brought = target.admin().post(&path, &json!({ "users": [ann] })).await;
    let id = brought.expect(200).json()["items"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    (target, client, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_user_is_linked_by_the_first_post_of_its_name() {
    let (target, client, id) = with_ann(json!({ "adopt": "link" })).await;
    let found = client
        .filter("/Users", r#"userName eq "ANN""#)
        .await
        .expect(200)
        .json();
    assert_eq!(found["Resources"][0]["id"], id.as_str());
    let body = json!({ "schemas": [USER], "userName": "Ann", "externalId": "00u1",
        "name": { "familyName": "Bell" }, "active": true });
    let linked = client.post("/Users", &body).await.expect(201);
    assert_eq!(linked.id(), id);
    assert!(linked.headers["location"].to_str().unwrap().ends_with(&id));
    let linked = linked.json();
    assert_eq!(
        (&linked["userName"], &linked["title"]),
        (&json!("Ann"), &json!("Editor"))
    );
    assert_eq!(
        linked["name"],
        json!({ "givenName": "Ann", "familyName": "Bell" })
    );
    client.post("/Users", &body).await.expect(409);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_user_is_linked_by_its_address_when_its_name_is_another_one() {
    let (target, client, id) = with_ann(json!({ "adopt": "link" })).await;
    let none = client
        .filter("/Users", r#"userName eq "ann@example.com""#)
        .await;
    assert_eq!(none.expect(200).json()["totalResults"], 0);
    assert_eq!(
        client
            .post("/Users", &user("ann@example.com"))
            .await
            .expect(201)
            .id(),
        id
    );
    let found = client
        .filter("/Users", r#"userName eq "ann@example.com""#)
        .await;
    assert_eq!(found.expect(200).json()["totalResults"], 1);
    let other = client
        .post(
            "/Users",
            &json!({ "schemas": [USER], "userName": "ann2",
        "emails": [{ "value": "ann@example.com" }] }),
        )
        .await;
    assert_ne!(other.expect(201).id(), id, "it is linked once");
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_user_is_linked_by_a_change_of_whom_a_filter_found() {
    let (target, client, id) = with_ann(json!({ "adopt": "link" })).await;
    let change = json!([{ "op": "replace", "value": { "active": true } }]);
    client
        .patch(&format!("/Users/{id}"), change)
        .await
        .expect(200);
    client
        .post("/Users", &json!({ "schemas": [USER], "userName": "ann" }))
        .await
        .expect(409);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_user_that_stays_the_applications_own_is_so_by_filter_post_and_change() {
    let (_target, client, id) = with_ann(json!({})).await;
    let found = client
        .filter("/Users", r#"userName eq "ann""#)
        .await
        .expect(200)
        .json();
    assert_eq!(found["Resources"][0]["id"], id.as_str());
    let (status, scim_type, detail) = client
        .post("/Users", &json!({ "schemas": [USER], "userName": "ann" }))
        .await
        .error();
    assert_eq!((status, scim_type.as_str()), (409, "uniqueness"));
    assert!(detail.contains("before provisioning"), "{detail}");
    let path = format!("/Users/{id}");
    let change = json!([{ "op": "replace", "value": { "active": false } }]);
    let (status, _, detail) = client.patch(&path, change).await.error();
    assert_eq!(status, 403);
    assert!(
        detail.contains("the application created this user"),
        "{detail}"
    );
    client.put(&path, &user("ann")).await.expect(403);
    client.delete(&path).await.expect(403);
    client.get(&path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_hundred_posts_of_an_existing_user_link_it_once() {
    let (target, client, id) = with_ann(json!({ "adopt": "link" })).await;
    let posts = (0..30).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            let body = json!({ "schemas": [USER], "userName": "ann" });
            client.post("/Users", &body).await.expect_any(&[201, 409])
        })
    });
    let mut linked = 0;
    for answer in futures_util::future::join_all(posts).await {
        let answer = answer.unwrap();
        if answer.status == 201 {
            assert_eq!(answer.id(), id);
            linked += 1;
        }
    }
    assert_eq!(linked, 1);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_is_deleted_is_kept_and_comes_back_under_its_id() {
    let target = Target::start().await;
    let client = target.tenant().await;
    target
        .settings(&client, &json!({ "delete": "deactivate", "seats": 1 }))
        .await;
    let ann = client.create_user("ann@example.com").await;
    let group = client
        .create_group("Sales", std::slice::from_ref(&ann))
        .await;
    let path = format!("/Users/{ann}");
    let before = client.get(&path).await.expect(200).json();
    client.delete(&path).await.expect(204);
    client.get(&path).await.expect(404);
    client.delete(&path).await.expect(404);
    assert_eq!(
        client.get("/Users").await.expect(200).json()["totalResults"],
        0
    );
    let none = client
        .filter("/Users", r#"userName eq "ann@example.com""#)
        .await;
    assert_eq!(none.expect(200).json()["totalResults"], 0);
    let directory = crate::support::seed::directory(&target, &client);
    let kept = directory.kept_users(None).await.unwrap().users;
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].id.as_str(), &kept[0].attributes["active"]),
        (ann.as_str(), &json!(false))
    );

    let back = client
        .post("/Users", &user("ANN@example.com"))
        .await
        .expect(201);
    assert_eq!(back.id(), ann);
    let back = back.json();
    assert_eq!(back["active"], true);
    assert_eq!(back["meta"]["created"], before["meta"]["created"]);
    assert_ne!(back["meta"]["version"], before["meta"]["version"]);
    let sales = client
        .get(&format!("/Groups/{group}"))
        .await
        .expect(200)
        .json();
    assert!(sales.get("members").is_none(), "{sales}");
    assert!(directory.kept_users(None).await.unwrap().users.is_empty());
    sound(&target, &client).await;
}
