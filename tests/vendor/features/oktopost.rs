//! Oktopost: licences, e-mail rules, two applications of one customer, and the attributes that each accepts.

use serde_json::{Value, json};

use crate::support::client::{BULK, USER, user};
use crate::support::table::{Table, sound, tenant_of};
use crate::support::{Client, Target};

async fn started(settings: Value) -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    target.settings(&client, &settings).await;
    (target, client)
}

async fn limited(seats: u32) -> (Target, Client) {
    let (target, client) = started(json!({ "seats": seats })).await;
    let directory = crate::support::seed::directory(&target, &client);
    directory.open_seats(seats).await.unwrap();
    (target, client)
}

fn active(is: bool) -> Value {
    json!([{ "op": "replace", "value": { "active": is } }])
}

/// The active users by the counter, and the actual number.
async fn counted(target: &Target, client: &Client) -> (u64, u64) {
    let directory = crate::support::seed::directory(target, client);
    let seats = directory.seats().await.unwrap().expect("seats");
    let there = client.filter("/Users", "active eq true").await.expect(200);
    (seats.taken, there.json()["totalResults"].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn oktopost_licence_limit() {
    let (target, client) = limited(2).await;
    let ann = client.create_user("ann").await;
    client.create_user("bob").await;
    let (status, scim_type, detail) = client.post("/Users", &user("eve")).await.error();
    assert_eq!((status, scim_type.as_str()), (403, ""));
    assert_eq!(
        detail,
        "the licence limit of 2 active users is reached; deactivate a user, or ask the application's vendor for more licences"
    );
    let mut asleep = user("eve");
    asleep["active"] = json!(false);
    let eve = client.post("/Users", &asleep).await.expect(201).id();
    let eve = format!("/Users/{eve}");
    client.patch(&eve, active(true)).await.expect(403);
    client.put(&eve, &user("eve")).await.expect(403);
    client.post("/Users", &user("ann")).await.expect(409);
    assert_eq!(client.get(&eve).await.expect(200).json()["active"], false);
    client.delete(&format!("/Users/{ann}")).await.expect(204);
    client.put(&eve, &user("eve")).await.expect(200);
    let new = json!({ "method": "POST", "path": "/Users", "bulkId": "u", "data": user("dan") });
    let bulk = client
        .post("/Bulk", &json!({ "schemas": [BULK], "Operations": [new] }))
        .await;
    assert_eq!(bulk.expect(200).json()["Operations"][0]["status"], "403");
    assert_eq!(counted(&target, &client).await, (2, 2));
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oktopost_create_update_deactivate_reactivate() {
    let (target, client) = limited(1).await;
    let ann = client.create_user("ann").await;
    let path = format!("/Users/{ann}");
    let title = json!([{ "op": "replace", "path": "title", "value": "x" }]);
    client.patch(&path, title).await.expect(200);
    client.patch(&path, active(false)).await.expect(200);
    client.patch(&path, active(false)).await.expect(200);
    let bob = client.create_user("bob").await;
    client.patch(&path, active(true)).await.expect(403);
    client
        .patch(&format!("/Users/{bob}"), active(false))
        .await
        .expect(200);
    let back = client.patch(&path, active(true)).await.expect(200).json();
    assert_eq!((&back["id"], &back["active"]), (&json!(ann), &json!(true)));
    assert_eq!(counted(&target, &client).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_simultaneous_creations_take_exactly_the_seats_that_there_are() {
    let (target, client) = limited(10).await;
    let posts = (0..100).map(|number| {
        let client = client.clone();
        tokio::spawn(async move {
            let mut answer = client.post("/Users", &user(&format!("u{number}"))).await;
            while answer.status == 429 {
                answer = client.post("/Users", &user(&format!("u{number}"))).await;
            }
            answer.expect_any(&[201, 403]).status
        })
    });
    let statuses = futures_util::future::join_all(posts).await;
    let made = statuses
        .into_iter()
        .filter(|status| *status.as_ref().unwrap() == 201);
    assert_eq!(made.count(), 10);
    assert_eq!(counted(&target, &client).await, (10, 10));
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn oktopost_existing_e_mail() {
    let (target, client) = started(json!({ "uniqueEmails": true })).await;
    let with = |name: &str, address: &str| json!({ "schemas": [USER], "userName": name, "emails": [{ "value": address, "type": "work" }] });
    let ann = client
        .post("/Users", &with("ann", "Ann@example.com"))
        .await
        .expect(201)
        .id();
    let (status, scim_type, detail) = client
        .post("/Users", &with("eve", "ann@EXAMPLE.com"))
        .await
        .error();
    assert_eq!((status, scim_type.as_str()), (409, "uniqueness"));
    assert!(detail.contains("`emails`"), "{detail}");
    let bob = client
        .post("/Users", &with("bob", "bob@example.com"))
        .await
        .expect(201)
        .id();
    let take = json!([{ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "ann@example.com" }]);
    client
        .patch(&format!("/Users/{bob}"), take.clone())
        .await
        .expect(409);
    client
        .put(&format!("/Users/{bob}"), &with("bob", "ann@example.com"))
        .await
        .expect(409);
    // A user's own address in another case is no conflict; a released address can be claimed.
    client
        .put(&format!("/Users/{ann}"), &with("ann", "ANN@example.com"))
        .await
        .expect(200);
    client
        .put(&format!("/Users/{ann}"), &with("ann", "a@example.com"))
        .await
        .expect(200);
    client
        .patch(&format!("/Users/{bob}"), take)
        .await
        .expect(200);
    client.delete(&format!("/Users/{bob}")).await.expect(204);
    client
        .post("/Users", &with("eve", "ann@example.com"))
        .await
        .expect(201);
    let table = sound(&target, &client).await;
    assert_eq!(
        table.keys("user#emailClaim"),
        ["a@example.com", "ann@example.com"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_simultaneous_users_with_one_address_one_is_created() {
    let (target, client) = started(json!({ "uniqueEmails": true })).await;
    let posts = (0..40).map(|number| {
        let client = client.clone();
        tokio::spawn(async move {
            let body = json!({ "schemas": [USER], "userName": format!("u{number}"),
                "emails": [{ "value": "team@example.com" }] });
            client
                .post("/Users", &body)
                .await
                .expect_any(&[201, 409])
                .status
        })
    });
    let statuses = futures_util::future::join_all(posts).await;
    let made = statuses
        .into_iter()
        .filter(|status| *status.as_ref().unwrap() == 201);
    assert_eq!(made.count(), 1);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_of_someone_who_has_the_address_no_more_holds_for_nothing() {
    let (target, client) = started(json!({ "uniqueEmails": true })).await;
    let ann = client.create_user("ann@example.com").await;
    // While addresses need not be unique, claims are not maintained.
    target.settings(&client, &json!({})).await;
    let other =
        json!([{ "op": "replace", "path": "emails", "value": [{ "value": "a@example.com" }] }]);
    client
        .patch(&format!("/Users/{ann}"), other)
        .await
        .expect(200);
    assert_eq!(
        Table::of(&target, &client).await.keys("user#emailClaim"),
        ["ann@example.com"]
    );
    target
        .settings(&client, &json!({ "uniqueEmails": true }))
        .await;
    let body =
        json!({ "schemas": [USER], "userName": "eve", "emails": [{ "value": "ann@example.com" }] });
    client.post("/Users", &body).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn oktopost_the_user_name_is_the_work_e_mail_after_all_operations() {
    let (_target, client) = started(json!({ "userNameIsEmail": true, "emails": "work" })).await;
    let id = client.create_user("Ann@example.com").await;
    let path = format!("/Users/{id}");
    let name = json!({ "op": "replace", "path": "userName", "value": "bell@example.com" });
    let email = json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "BELL@example.com" });
    client.patch(&path, json!([name])).await.expect(400);
    client.patch(&path, json!([email])).await.expect(400);
    client.patch(&path, json!([name, email])).await.expect(200);
    let back = |text: &str| json!({ "op": "replace", "value": { "userName": text } });
    let other = json!({ "op": "replace", "path": "emails[type eq \"work\"].value", "value": "c@example.com" });
    client
        .patch(&path, json!([other, back("c@example.com")]))
        .await
        .expect(200);
    let home =
        json!([{ "op": "add", "path": "emails", "value": [{ "value": "x@y", "type": "home" }] }]);
    let (status, scim_type, detail) = client.patch(&path, home).await.error();
    assert_eq!((status, scim_type.as_str()), (400, "invalidValue"));
    assert!(detail.contains("map only the work e-mail"), "{detail}");
    let body = json!({ "schemas": [USER], "userName": "x", "emails": [{ "value": "x@y", "type": "work" }] });
    client.post("/Users", &body).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn oktopost_two_targets() {
    let target = Target::start().await;
    let (board, app) = (target.tenant().await, target.tenant().await);
    let names =
        json!({ "userNameIsEmail": true, "attributes": ["name.givenName", "name.familyName"] });
    target.settings(&board, &names).await;
    target
        .settings(&app, &json!({ "userNameIsEmail": true }))
        .await;
    for client in [&board, &app] {
        client.create_user("ann@example.com").await;
    }
    let bare = json!({ "schemas": [USER], "userName": "bob@example.com",
        "name": { "givenName": "Bob", "familyName": "Bell" } });
    for client in [&board, &app] {
        client.post("/Users", &bare).await.expect(201);
        client
            .with_token(&target.stack.admin_key)
            .get("/Users")
            .await
            .expect(401);
    }
    assert_ne!(tenant_of(&board), tenant_of(&app));
    board.with_token(&app.token).get("/Users").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn oktopost_supported_attributes() {
    let names = json!({ "attributes": ["name.givenName", "name.familyName"] });
    let (_target, client) = started(names).await;
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let body = json!({ "schemas": [USER, enterprise], "userName": "ann", "title": "x",
        "name": { "givenName": "Ann", "formatted": "Ann B" }, "active": true,
        "emails": [{ "value": "a@b" }], enterprise: { "department": "d" } });
    let made = client.post("/Users", &body).await.expect(201);
    let path = format!("/Users/{}", made.id());
    let made = made.json();
    assert_eq!(made["name"], json!({ "givenName": "Ann" }));
    for name in ["title", "emails", enterprise] {
        assert!(made.get(name).is_none(), "{name}");
    }
    let operations = json!([
        { "op": "Add", "path": "emails[type eq \"work\"].value", "value": "a@b" },
        { "op": "Replace", "path": format!("{enterprise}:department"), "value": "d" },
        { "op": "replace", "value": { "title": "y", "name.familyName": "Bell" } },
    ]);
    let changed = client.patch(&path, operations).await.expect(200).json();
    assert_eq!(
        changed["name"],
        json!({ "givenName": "Ann", "familyName": "Bell" })
    );
    assert!(changed.get("title").is_none());
    let schemas = client.get("/Schemas").await.expect(200).json();
    let user = &schemas["Resources"][0]["attributes"];
    let names: Vec<&str> = user
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["userName", "name", "active", "groups"]);
    let unknown = json!([{ "op": "replace", "path": "tilte", "value": "x" }]);
    client.patch(&path, unknown).await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_no_larger_than_the_tenant_has_set() {
    let (_target, client) = started(json!({ "largestPage": 100 })).await;
    for number in 0..103 {
        client.create_user(&format!("u{number}")).await;
    }
    let page = client.get("/Users?count=1000").await.expect(200).json();
    assert_eq!(
        (&page["itemsPerPage"], &page["totalResults"]),
        (&json!(100), &json!(103))
    );
    let config = client
        .get("/ServiceProviderConfig")
        .await
        .expect(200)
        .json();
    assert_eq!(
        (
            &config["filter"]["maxResults"],
            &config["pagination"]["maxPageSize"]
        ),
        (&json!(100), &json!(100))
    );
    client.get("/Users?cursor=&count=101").await.expect(400);
}
