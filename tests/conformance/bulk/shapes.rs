//! The shapes of requests and results, and rejected requests.

use serde_json::{Value, json};

use super::{NOBODY, bulk, counts, id, on, post, request, results, start, statuses};
use crate::support::client::{BULK, group, patch, user};
use crate::support::table::sound;

#[tokio::test(flavor = "multi_thread")]
async fn e08_b01_b02_b03_b04_b05_b06_every_operation_has_its_result() {
    let (target, client) = start().await;
    let ann = client.create_user("ann").await;
    let bob = client.create_user("bob").await;
    let title = patch(json!([{ "op": "add", "path": "title", "value": "Guide" }]));
    let results = bulk(
        &client,
        &json!([
            post("/Users", "qwerty", &user("carl")),
            on("PUT", &format!("/Users/{ann}"), &user("anna")),
            on("PATCH", &format!("/Users/{ann}"), &title),
            { "method": "delete", "path": format!("/Users/{bob}"), "bulkId": "gone" },
            post("/Groups", "team", &group("Team", std::slice::from_ref(&ann))),
            on("PATCH", &format!("/Users/{NOBODY}"), &title),
            post("/Users", "taken", &user("CARL")),
        ]),
    )
    .await;
    assert_eq!(
        statuses(&results),
        ["201", "200", "200", "204", "201", "404", "409"]
    );
    let carl = id(&results[0]);
    assert_eq!(
        results[0],
        json!({
            "method": "POST",
            "bulkId": "qwerty",
            "version": "W/\"1\"",
            "location": format!("{}/Users/{carl}", client.base),
            "status": "201"
        })
    );
    assert_eq!(
        client
            .get(&format!("/Users/{carl}"))
            .await
            .expect(200)
            .json()["userName"],
        "carl"
    );
    assert_eq!(results[1]["version"], "W/\"2\"");
    assert_eq!(results[2]["version"], "W/\"3\"");
    assert_eq!(
        results[2]["location"],
        format!("{}/Users/{ann}", client.base)
    );
    assert_eq!(results[3]["method"], "DELETE");
    assert_eq!(results[3]["bulkId"], "gone");
    assert_eq!(
        results[3]["location"],
        format!("{}/Users/{bob}", client.base)
    );
    client.get(&format!("/Users/{bob}")).await.expect(404);
    assert_eq!(
        results[5]["location"],
        format!("{}/Users/{NOBODY}", client.base)
    );
    assert!(
        results[6].get("location").is_none(),
        "a failed POST has no location"
    );
    assert_eq!(results[6]["response"]["scimType"], "uniqueness");
    sound(&target, &client).await;
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b07_b16_b17_operations_fail_by_themselves_and_whole() {
    let (target, client) = start().await;
    let ann = client.create_user("ann").await;
    let team = client.create_group("Team", &[]).await;
    let half = patch(json!([
        { "op": "replace", "path": "title", "value": "Guide" },
        { "op": "replace", "path": "userName", "value": "" }
    ]));
    let members = patch(json!([
        { "op": "replace", "path": "displayName", "value": "Changed" },
        { "op": "add", "path": "members", "value": [{ "value": ann }, { "value": NOBODY }] }
    ]));
    let mut secret = user("dora");
    secret["password"] = json!("correct horse battery staple");
    let results = bulk(
        &client,
        &json!([
            on("PATCH", &format!("/Users/{ann}"), &half),
            on("PATCH", &format!("/Groups/{team}"), &members),
            on(
                "PATCH",
                &format!("/Users/{ann}"),
                &patch(json!([{ "op": "replace", "path": "id", "value": "x" }]))
            ),
            post(
                "/Users",
                "nobody",
                &json!({ "schemas": [crate::support::client::USER] })
            ),
            post("/Users", "dora", &secret),
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["400", "400", "400", "400", "201"]);
    assert_eq!(results[2]["response"]["scimType"], "mutability");
    let now = client.get(&format!("/Users/{ann}")).await.json();
    assert!(now.get("title").is_none());
    assert_eq!(now["meta"]["version"], "W/\"1\"");
    let now = client.get(&format!("/Groups/{team}")).await.json();
    assert_eq!(
        (&now["displayName"], now.get("members")),
        (&json!("Team"), None)
    );
    assert!(
        !client
            .get(&format!("/Users/{}", id(&results[4])))
            .await
            .text
            .contains("horse")
    );
    sound(&target, &client).await;
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b08_no_operation_is_tried_after_the_allowed_number_of_errors() {
    let (target, client) = start().await;
    let bad = |number: usize| post("/Users", &format!("bad{number}"), &json!({}));
    for (most, tried) in [(1, 2), (2, 4), (3, 5)] {
        let name = |number: usize| format!("u{most}-{number}");
        let operations = json!([
            post("/Users", "a", &user(&name(0))),
            bad(1),
            post("/Users", "b", &user(&name(2))),
            bad(3),
            post("/Users", "c", &user(&name(4))),
        ]);
        let mut body = request(&operations);
        body["failOnErrors"] = json!(most);
        let results = results(&client.post("/Bulk", &body).await);
        assert_eq!(
            statuses(&results),
            &["201", "400", "201", "400", "201"][..tried],
            "{most}"
        );
    }
    assert_eq!(counts(&client).await, (6, 0));
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_b13_more_than_the_limits_is_refused_whole_and_names_them() {
    let (target, client) = start().await;
    let config = client.get("/ServiceProviderConfig").await.json();
    assert_eq!(
        config["bulk"],
        json!({ "supported": true, "maxOperations": 1000, "maxPayloadSize": 1_048_576 })
    );
    let many: Vec<Value> = (0..1_001)
        .map(|n| post("/Users", &n.to_string(), &user(&format!("u{n}"))))
        .collect();
    let answer = client.post("/Bulk", &request(&json!(many))).await;
    let (status, _, detail) = answer.error();
    assert!(status == 413 && detail.contains("1000"), "{detail}");
    let mut large = user("large");
    large["title"] = json!("x".repeat(1_048_576));
    let answer = client
        .post("/Bulk", &request(&json!([post("/Users", "a", &large)])))
        .await;
    let (status, _, detail) = answer.error();
    assert!(status == 413 && detail.contains("1048576"), "{detail}");
    assert_eq!(counts(&client).await, (0, 0));
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b18_h07_requests_of_the_wrong_shape_are_refused_whole() {
    let (target, client) = start().await;
    let good = post("/Users", "a", &user("ann"));
    for body in [
        json!([]),
        json!({ "schemas": ["urn:x"], "Operations": [good] }),
        json!({ "schemas": [BULK] }),
        json!({ "schemas": [BULK], "Operations": [] }),
        json!({ "schemas": [BULK], "Operations": [good, 5] }),
        json!({ "schemas": [BULK], "failOnErrors": -1, "Operations": [good] }),
        json!({ "schemas": [BULK], "failOnErrors": 1.5, "Operations": [good] }),
        json!({ "schemas": [BULK], "failOnErrors": 1e300, "Operations": [good] }),
    ] {
        let (status, ..) = client.post("/Bulk", &body).await.error();
        assert_eq!(status, 400, "{body}");
    }
    let not_bulk = client.send("GET", "/Bulk", &[], None).await.expect(405);
    assert_eq!(not_bulk.headers["allow"], "POST");
    assert_eq!(counts(&client).await, (0, 0));
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b02_b03_b18_malformed_operations_fail_alone() {
    let (target, client) = start().await;
    let data = user("ann");
    let odd = [
        post("/Bulk", "x1", &data),
        post(&format!("{}/Users", client.base), "x2", &data),
        on("GET", &format!("/Users/{NOBODY}"), &data),
        on("POST", "/Users", &data),
        post("/Users?attributes=id", "x3", &data),
        json!({ "method": "DELETE" }),
        post("/Users", "twin", &data),
        post("/Users", "twin", &data),
        json!({ "method": "POST", "path": "/Users", "bulkId": "x4", "data": "text" }),
        json!({}),
    ];
    let results = bulk(&client, &json!(odd)).await;
    assert!(
        statuses(&results).iter().all(|status| *status == "400"),
        "{results:?}"
    );
    assert_eq!(results[2]["method"], "GET");
    let detail = results[7]["response"]["detail"].as_str().unwrap();
    assert_eq!(
        detail,
        "operation 8: the operations 7, 8 have the same `bulkId` `twin`; each POST needs a unique one"
    );
    assert_eq!(counts(&client).await, (0, 0));
    target.stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn b17_another_tenant_has_no_resources() {
    let (target, client) = start().await;
    let other = target.tenant().await;
    let theirs = other.create_user("theirs").await;
    let team = other
        .create_group("Theirs", std::slice::from_ref(&theirs))
        .await;
    let mine = client.create_group("Mine", &[]).await;
    let title = patch(json!([{ "op": "add", "path": "title", "value": "Guide" }]));
    let join = patch(json!([{ "op": "add", "path": "members", "value": [{ "value": theirs }] }]));
    let results = bulk(
        &client,
        &json!([
            on("PATCH", &format!("/Users/{theirs}"), &title),
            on("PUT", &format!("/Groups/{team}"), &group("Mine now", &[])),
            { "method": "DELETE", "path": format!("/Users/{theirs}") },
            on("PATCH", &format!("/Groups/{mine}"), &join),
        ]),
    )
    .await;
    assert_eq!(statuses(&results), ["404", "404", "404", "400"]);
    let foreign = other.with_token(&client.token);
    foreign
        .post("/Bulk", &request(&json!([post("/Users", "a", &user("a"))])))
        .await
        .expect(401);
    assert_eq!(counts(&other).await, (1, 1));
    sound(&target, &other).await;
    target.stack.shutdown().await;
}
