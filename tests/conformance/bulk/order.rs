//! Order, versions, limits and time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::{Function, Origin};
use tokio::time::Instant;

use super::{bulk, counts, id, on, post, request, start, statuses};
use crate::support::client::{group, patch, user};
use crate::support::listed::members;
use crate::support::table::{sound, tenant_of};

fn set(path: &str, value: &str) -> Value {
    patch(json!([{ "op": "replace", "path": path, "value": value }]))
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_a_version_is_a_precondition_of_its_operation() {
    let (target, client) = start().await;
    let path = format!("/Users/{}", client.create_user("ann").await);
    let with = |method: &str, version: &str, data: Value| json!({ "method": method, "path": path, "version": version, "data": data });
    let results = bulk(
        &client,
        &json!([
            with("PATCH", "W/\"7\"", set("title", "A")),
            with("PATCH", "W/\"1\"", set("title", "B")),
            with("PUT", "W/\"1\"", user("bob")),
            with("PUT", "\"2\"", user("carl")),
            with("DELETE", "W/\"2\"", Value::Null),
            with("PATCH", "odd", set("title", "C")),
        ]),
    )
    .await;
    assert_eq!(
        statuses(&results),
        ["412", "200", "412", "200", "412", "412"],
        "{results:?}"
    );
    assert_eq!(client.get(&path).await.json()["userName"], "carl");
    let results = bulk(&client, &json!([with("DELETE", "W/\"3\"", Value::Null)])).await;
    assert_eq!(statuses(&results), ["204"]);
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b15_the_result_is_that_of_the_order_of_the_request() {
    let (target, client) = start().await;
    let ann = format!("/Users/{}", client.create_user("ann").await);
    let bob = client.create_user("bob").await;
    let team = format!("/Groups/{}", client.create_group("Team", &[]).await);
    let join = patch(json!([{ "op": "add", "path": "members", "value": [{ "value": bob }] }]));
    let results = bulk(
        &client,
        &json!([
            post("/Users", "1", &user("ann")),
            on("PATCH", &ann, &set("userName", "anna")),
            post("/Users", "3", &user("ann")),
            post("/Users", "4", &user("anna")),
            on("PUT", &ann, &user("other")),
            post("/Users", "6", &user("Anna")),
            { "method": "DELETE", "path": ann },
            post("/Users", "8", &user("other")),
            on("PATCH", &ann, &set("title", "late")),
            on("PATCH", &team, &join),
            { "method": "DELETE", "path": format!("/Users/{bob}") },
            on("PATCH", &team, &join),
            post("/Users", "c", &user("bob")),
            post("/Users", "d", &user("BOB")),
        ]),
    )
    .await;
    let expected = [
        "409", "200", "201", "409", "200", "201", "204", "201", "404", "204", "204", "400", "201",
        "409",
    ];
    assert_eq!(statuses(&results), expected, "{results:?}");
    sound(&target, &client).await;
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b15_many_changes_of_one_resource_are_made_one_after_the_other() {
    let (target, client) = start().await;
    let path = format!("/Users/{}", client.create_user("ann").await);
    let changes: Vec<Value> = (0..60)
        .map(|n| on("PATCH", &path, &set("title", &n.to_string())))
        .collect();
    let results = bulk(&client, &json!(changes)).await;
    for (at, result) in results.iter().enumerate() {
        assert_eq!(result["version"], format!("W/\"{}\"", at + 2));
    }
    assert_eq!(client.get(&path).await.json()["title"], "59");
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b01_a_thousand_operations_are_answered_in_time() {
    let (target, client) = start().await;
    let users = (0..960).map(|n| {
        post(
            "/Users",
            &format!("u{n}"),
            &user(&format!("u{n}@example.com")),
        )
    });
    let teams = (0..40).map(|n| {
        let members: Vec<String> = (0..24).map(|m| format!("bulkId:u{}", n * 24 + m)).collect();
        post(
            "/Groups",
            &format!("g{n}"),
            &group(&format!("Team {n}"), &members),
        )
    });
    // The teams come first, so every reference points forward.
    let operations: Vec<Value> = teams.chain(users).collect();
    let began = Instant::now();
    let results = bulk(&client, &json!(operations)).await;
    let took = began.elapsed();
    assert_eq!(statuses(&results), ["201"; 1_000]);
    // A gateway waits 30 seconds, and the service stops before.
    assert!(took < Duration::from_secs(30), "{took:?}");
    assert_eq!(counts(&client).await, (960, 40));
    assert_eq!(members(&client, &id(&results[7])).await.len(), 24);
    sound(&target, &client).await;
    target.stack.shutdown().await;
}

/// A clock that advances with each call, so that time runs out.
fn fast_clock() -> Clock {
    let asked = Arc::new(AtomicI64::new(0));
    let began = Clock::system().now();
    Clock::from_fn(move || -> Timestamp {
        let passed = asked.fetch_add(200, Ordering::Relaxed);
        began + SignedDuration::from_millis(passed)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn b08_operations_beyond_the_time_limit_are_answered_and_not_tried() {
    let (target, client) = start().await;
    let clients = &target.stack.services.clients;
    let service = local::stack::service(clients, None, fast_clock(), Ids::system());
    let operations: Vec<Value> = (0..200)
        .map(|n| post("/Users", &n.to_string(), &user(&format!("u{n}"))))
        .collect();
    let call = Request::builder()
        .method(Method::POST)
        .uri(format!("/{}/scim/v2/Bulk", tenant_of(&client)))
        .header("authorization", format!("Bearer {}", client.token))
        .body(Bytes::from(request(&json!(operations)).to_string()))
        .expect("a request");
    let response = service
        .handle(Function::Bulk, call, Origin::default())
        .await;
    assert_eq!(response.status(), 200);
    let answer: Value = serde_json::from_slice(response.body()).expect("JSON");
    let results = answer["Operations"].as_array().expect("results");
    assert_eq!(results.len(), 200, "never a silent half");
    let created = results.iter().filter(|one| one["status"] == "201").count();
    let untried = results.iter().filter(|one| {
        let detail = one["response"]["detail"].as_str().unwrap_or_default();
        one["status"] == "503" && detail.contains("not tried")
    });
    let untried = untried.count();
    assert!(
        created > 0 && untried > 100,
        "{created} created, {untried} not tried"
    );
    let (users, _) = counts(&client).await;
    let users = usize::try_from(users).unwrap();
    assert!((created..=200 - untried).contains(&users), "{users} users");
    target.stack.shutdown().await;
}
