//! Tenants, as the vendor creates, finds, changes, turns on and off, and deletes them.

use serde_json::{Value, json};

use crate::support::client::{Client, user};
use crate::support::moving::start;
use crate::support::table::Table;
use crate::support::{Answer, Target};

/// A client of a tenant that was turned on with a token.
fn client(target: &Target, shown: &Value) -> Client {
    let id = shown["id"].as_str().expect("an id");
    let token = shown["key"]["token"].as_str().expect("a token");
    let base = format!("http://{}/{id}/scim/v2", target.stack.address);
    assert_eq!(shown["baseUrl"], base.as_str());
    Client::new(&base, token)
}

fn detail(answer: &Answer) -> String {
    answer.json()["detail"]
        .as_str()
        .expect("a detail")
        .to_owned()
}

/// A client of the tenant `acme`, created and turned on.
async fn turned_on(target: &Target) -> Client {
    let admin = target.admin();
    admin
        .post("/tenants", &json!({ "id": "acme", "name": "A" }))
        .await
        .expect(201);
    let on = admin.post("/tenants/acme/on", &json!({})).await.expect(200);
    client(target, &on.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn blogin_on_off_and_a_token_on_the_first_save() {
    let target = Target::start().await;
    let admin = target.admin();
    let made = admin
        .post("/tenants", &json!({ "id": "acme", "name": " Acme Inc. " }))
        .await;
    let made = made.expect(201);
    assert!(
        made.headers["location"]
            .to_str()
            .unwrap()
            .ends_with("/admin/v1/tenants/acme")
    );
    let shown = made.json();
    assert_eq!(
        (&shown["name"], &shown["status"]),
        (&json!("Acme Inc."), &json!("off"))
    );
    assert_eq!(
        (&shown["version"], &shown["settings"]),
        (&json!(1), &json!({}))
    );
    let on = admin
        .post("/tenants/acme/on", &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&on["status"], &on["key"]["purpose"]),
        (&json!("on"), &json!("Provisioning"))
    );
    let tenant = client(&target, &on);
    tenant.get("/Users?startIndex=1&count=2").await.expect(200);
    tenant.create_user("ann@example.com").await;

    let off = admin
        .post("/tenants/acme/off", &json!({}))
        .await
        .expect(200)
        .json();
    assert_eq!(off["status"], "off");
    target.becomes_known();
    tenant.get("/Users").await.expect(403);
    let again = admin
        .post("/tenants/acme/on", &json!({}))
        .await
        .expect(200)
        .json();
    target.becomes_known();
    assert!(again.get("key").is_none(), "a token that is there is kept");
    assert_eq!(
        tenant.get("/Users").await.expect(200).json()["totalResults"],
        1
    );
    let read = admin.get("/tenants/acme").await.expect(200);
    assert_eq!(read.headers["etag"], "W/\"4\"");
    assert_eq!(
        (&read.json()["users"], &read.json()["groups"]),
        (&json!(1), &json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_made_when_none_is_given_and_one_that_is_taken_is_a_conflict() {
    let target = Target::start().await;
    let admin = target.admin();
    let made = admin
        .post("/tenants", &json!({ "name": "A" }))
        .await
        .expect(201)
        .json();
    let path = format!("/tenants/{}", made["id"].as_str().unwrap());
    admin.get(&path).await.expect(200);
    admin
        .post("/tenants", &json!({ "id": "acme", "name": "A" }))
        .await
        .expect(201);
    let taken = admin
        .post("/tenants", &json!({ "id": "acme", "name": "B" }))
        .await
        .expect(409);
    assert!(detail(&taken).contains("the id `acme` is used"));
    for (body, pointer) in [
        // Not the members in their order.
        (json!(["globex", "Globex", {}]), ""),
        (json!("globex"), ""),
        (json!({ "id": "a_b", "name": "A" }), "/id"),
        (json!({ "id": "admin", "name": "A" }), "/id"),
        (json!({ "id": "b", "name": " " }), "/name"),
        (
            json!({ "id": "b", "name": "A", "settings": { "seats": "x" } }),
            "/settings/seats",
        ),
    ] {
        let refused = admin.post("/tenants", &body).await.expect(400).json();
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    admin.get("/tenants/b").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_listed_by_page_status_and_search() {
    let target = Target::start().await;
    let admin = target.admin();
    for (id, name) in [("a1", "Globex"), ("a2", "Initech"), ("b1", "Hooli")] {
        admin
            .post("/tenants", &json!({ "id": id, "name": name }))
            .await
            .expect(201);
    }
    admin.post("/tenants/b1/on", &json!({})).await.expect(200);
    let ids = async |query: &str| {
        let list = admin
            .get(&format!("/tenants?{query}"))
            .await
            .expect(200)
            .json();
        let items = list["items"].as_array().unwrap().iter();
        let ids: Vec<String> = items
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        (ids, list["next"].as_str().map(str::to_owned))
    };
    assert_eq!(
        ids("").await,
        (vec!["a1".into(), "a2".into(), "b1".into()], None)
    );
    assert_eq!(
        ids("count=2").await,
        (vec!["a1".into(), "a2".into()], Some("a2".into()))
    );
    assert_eq!(ids("count=2&cursor=a2").await, (vec!["b1".into()], None));
    assert_eq!(ids("search=glo").await.0, ["a1"]);
    assert_eq!(ids("search=A").await.0, ["a1", "a2"]);
    assert_eq!(ids("status=on").await.0, ["b1"]);
    for query in ["status=no", "cursor=%23", "count=0"] {
        admin.get(&format!("/tenants?{query}")).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_changed_by_merge_in_the_version_that_was_read() {
    let target = Target::start().await;
    let admin = target.admin();
    let settings = json!({ "rate": 50, "emails": "work" });
    let body = json!({ "id": "acme", "name": "A", "settings": settings });
    admin.post("/tenants", &body).await.expect(201);
    let patch = async |body: Value, tag: &str| {
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        admin
            .send(
                "PATCH",
                "/tenants/acme",
                &headers,
                Some(body.to_string().into()),
            )
            .await
    };
    let changed = patch(
        json!({ "name": "B", "settings": { "rate": null, "groups": false } }),
        "W/\"1\"",
    );
    let changed = changed.await.expect(200);
    assert_eq!(
        changed.json()["settings"],
        json!({ "emails": "work", "groups": false })
    );
    assert_eq!(
        (&changed.json()["name"], &changed.json()["version"]),
        (&json!("B"), &json!(2))
    );
    patch(json!({ "name": "C" }), "W/\"1\"").await.expect(412);
    patch(
        json!({ "name": "C" }),
        changed.headers["etag"].to_str().unwrap(),
    )
    .await
    .expect(200);
    let wrong = patch(
        json!({ "settings": { "seat": 1, "attributes": ["x"] } }),
        "*",
    )
    .await
    .expect(400)
    .json();
    let places: Vec<&str> = wrong["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(places, ["/settings/seat", "/settings/attributes/0"]);
    patch(json!({ "status": "on" }), "*").await.expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn seats_begin_with_a_count_of_the_users_while_the_tenant_is_off() {
    let (target, time) = start().await;
    let admin = target.admin();
    let tenant = turned_on(&target).await;
    for name in ["a", "b"] {
        tenant.create_user(name).await;
    }
    let mut asleep = user("c");
    asleep["active"] = json!(false);
    tenant.post("/Users", &asleep).await.expect(201);
    let seats = async |seats: Value| {
        let body = json!({ "settings": { "seats": seats } }).to_string();
        let headers = [("content-type", "application/json")];
        admin
            .send("PATCH", "/tenants/acme", &headers, Some(body.into()))
            .await
    };
    assert!(detail(&seats(json!(3)).await.expect(409)).contains("turn the tenant off"));
    admin
        .post("/tenants/acme/off", &json!({}))
        .await
        .expect(200);
    assert!(detail(&seats(json!(3)).await.expect(409)).contains("90 seconds"));
    time.pass(90);
    seats(json!(3)).await.expect(200);
    assert_eq!(admin.get("/tenants/acme").await.json()["activeUsers"], 2);
    admin.post("/tenants/acme/on", &json!({})).await.expect(200);
    time.pass(60);
    tenant.create_user("d").await;
    tenant.post("/Users", &user("e")).await.expect(403);
    seats(json!(4)).await.expect(200);
    tenant.create_user("e").await;
    // Fewer seats than users: nobody loses access, and nobody new gets in.
    seats(json!(1)).await.expect(200);
    tenant.post("/Users", &user("f")).await.expect(403);
    assert_eq!(
        tenant.get("/Users").await.expect(200).json()["totalResults"],
        5
    );
    seats(json!(null)).await.expect(200);
    tenant.create_user("f").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_are_made_unique_only_when_no_two_users_share_one() {
    let target = Target::start().await;
    let admin = target.admin();
    admin
        .post("/tenants", &json!({ "id": "acme", "name": "A" }))
        .await
        .expect(201);
    let users: Vec<Value> = ["ann", "bob"]
        .map(|name| {
            json!({ "schemas": [crate::support::client::USER], "userName": name,
            "emails": [{ "value": "Team@example.com", "type": "work" }] })
        })
        .into();
    let brought = admin
        .post("/tenants/acme/preload", &json!({ "users": users }))
        .await
        .expect(200);
    assert!(brought.json()["items"][1]["id"].is_string(), "{brought:?}");
    let body = json!({ "settings": { "uniqueEmails": true } }).to_string();
    let headers = [("content-type", "application/json")];
    let refused = admin
        .send("PATCH", "/tenants/acme", &headers, Some(body.into()))
        .await;
    let detail = detail(&refused.expect(409));
    assert!(
        detail.contains("ann") && detail.contains("bob") && !detail.contains('@'),
        "{detail}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_tenant_is_unreadable_within_60_seconds_and_nothing_of_it_is_left() {
    let (target, time) = start().await;
    let admin = target.admin();
    let tenant = turned_on(&target).await;
    let ann = tenant.create_user("ann").await;
    tenant
        .create_group("Sales", std::slice::from_ref(&ann))
        .await;
    let refused = admin.delete("/tenants/acme").await.expect(409);
    assert!(detail(&refused).contains("turn it off before"));
    admin
        .post("/tenants/acme/off", &json!({}))
        .await
        .expect(200);
    let closing = admin.delete("/tenants/acme").await.expect(202).json();
    assert_eq!(closing["status"], "closing");
    assert_eq!(Table::of(&target, &tenant).await.len(), 0);
    time.pass(60);
    tenant.get("/Users").await.expect(401);
    for path in ["users", "groups", &format!("users/{ann}")] {
        admin
            .get(&format!("/tenants/acme/{path}"))
            .await
            .expect(404);
    }
    for path in ["on", "off", "preload"] {
        let body = match path {
            "preload" => json!({ "users": [] }),
            _ => json!({}),
        };
        admin
            .post(&format!("/tenants/acme/{path}"), &body)
            .await
            .expect(409);
    }
    admin.delete("/tenants/acme").await.expect(202);
    admin
        .post("/tenants", &json!({ "id": "acme", "name": "B" }))
        .await
        .expect(409);
    time.pass(90);
    let record = json!({ "eventName": "MODIFY", "dynamodb": { "SequenceNumber": "1",
        "Keys": { "pk": { "S": "tenants" }, "sk": { "S": "acme" } },
        "NewImage": { "status": { "S": "closing" } } } });
    let patience = std::time::Duration::from_mins(1);
    let (answer, _) = target
        .stack
        .service
        .handle_records(&[record], patience)
        .await;
    assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
    admin.get("/tenants/acme").await.expect(404);
    let made = admin
        .post("/tenants", &json!({ "id": "acme", "name": "B" }))
        .await
        .expect(201);
    assert_eq!(made.json()["version"], 1);
    tenant.get("/Users").await.expect(401);
}
