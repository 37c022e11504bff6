//! Versions and preconditions, RFC 7644 §3.14.

use serde_json::json;

use crate::support::client::{Answer, group, user};
use crate::support::{Client, Target};

async fn with(
    client: &Client,
    method: &str,
    path: &str,
    header: (&str, &str),
    body: &str,
) -> Answer {
    let headers = [("content-type", "application/scim+json"), header];
    let body = (!body.is_empty()).then(|| body.to_owned().into());
    client.send(method, path, &headers, body).await
}

fn tag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

const CHANGE: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"displayName","value":"New"}]}"#;

#[tokio::test(flavor = "multi_thread")]
async fn i11_v01_v02_v07_every_answer_of_one_resource_has_its_version() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let created = client
        .post("/Users", &user("a@example.com"))
        .await
        .expect(201);
    assert_eq!(tag(&created), "W/\"1\"");
    let path = format!("/Users/{}", created.id());
    let read = client.get(&path).await.expect(200);
    assert_eq!(tag(&read), read.json()["meta"]["version"].as_str().unwrap());
    let same = json!([{ "op": "replace", "path": "active", "value": true }]);
    assert_eq!(tag(&client.patch(&path, same).await.expect(200)), "W/\"1\"");
    let title = json!([{ "op": "replace", "path": "title", "value": "Guide" }]);
    assert_eq!(
        tag(&client.patch(&path, title).await.expect(200)),
        "W/\"2\""
    );
    let put = client.put(&path, &user("a@example.com")).await.expect(200);
    assert_eq!(tag(&put), "W/\"3\"");
    let id = created.id();
    let team = client
        .post("/Groups", &group("Team", &[]))
        .await
        .expect(201);
    let path = format!("/Groups/{}", team.id());
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
    let changed = client.patch(&path, add.clone()).await.expect(204);
    assert_eq!(tag(&changed), "W/\"2\"");
    assert_eq!(tag(&client.patch(&path, add).await.expect(204)), "W/\"2\"");
    assert_eq!(tag(&client.get(&path).await.expect(200)), "W/\"2\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn v04_a_version_that_the_client_has_is_not_sent_again() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/Users/{}", client.create_user("a@example.com").await);
    for tags in ["W/\"1\"", "\"1\"", "W/\"9\", W/\"1\"", "*"] {
        let answer = with(&client, "GET", &path, ("if-none-match", tags), "")
            .await
            .expect(304);
        assert!(answer.text.is_empty());
        assert_eq!(tag(&answer), "W/\"1\"");
    }
    with(&client, "GET", &path, ("if-none-match", "W/\"2\""), "")
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn v05_v06_v09_v10_a_write_to_another_version_is_refused_and_changes_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("a@example.com").await;
    let team = client.create_group("Team", std::slice::from_ref(&id)).await;
    let add = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"remove","path":"members[value eq \"{id}\"]"}}]}}"#
    );
    let replacement = user("a@example.com").to_string();
    for (method, path, body) in [
        ("PUT", format!("/Users/{id}"), replacement.as_str()),
        ("PATCH", format!("/Users/{id}"), CHANGE),
        ("DELETE", format!("/Users/{id}"), ""),
        ("PATCH", format!("/Groups/{team}"), CHANGE),
        ("PATCH", format!("/Groups/{team}"), add.as_str()),
        ("DELETE", format!("/Groups/{team}"), ""),
    ] {
        for stale in [("if-match", "W/\"7\""), ("if-none-match", "*")] {
            let answer = with(&client, method, &path, stale, body).await;
            let (status, _, detail) = answer.error();
            assert_eq!(status, 412, "{method} {path} {stale:?}: {detail}");
        }
        let now = client.get(&path).await.expect(200);
        assert_eq!(tag(&now), "W/\"1\"", "{method} {path}");
    }
    for good in ["W/\"1\"", "W/\"7\", W/\"1\"", "*"] {
        let path = format!(
            "/Users/{}",
            client.create_user(&format!("u{}", good.len())).await
        );
        with(&client, "PATCH", &path, ("if-match", good), CHANGE)
            .await
            .expect(200);
    }
    let unknown = "/Users/00000000-0000-4000-8000-000000000000";
    with(&client, "PATCH", unknown, ("if-match", "*"), CHANGE)
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn v08_of_parallel_writers_with_one_tag_one_wins() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("a@example.com").await;
    let team = client.create_group("Team", &[]).await;
    let add = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"add","path":"members","value":[{{"value":"{id}"}}]}},{{"op":"replace","path":"externalId","value":"NUMBER"}}]}}"#
    );
    for (path, body) in [
        (format!("/Users/{id}"), CHANGE.replace("New", "NUMBER")),
        (format!("/Groups/{team}"), add),
    ] {
        let writers = (0..20).map(|number| {
            let (client, path) = (client.clone(), path.clone());
            let body = body.replace("NUMBER", &number.to_string());
            async move {
                with(&client, "PATCH", &path, ("if-match", "W/\"1\""), &body)
                    .await
                    .status
                    .as_u16()
            }
        });
        let statuses = futures_util::future::join_all(writers).await;
        let won = statuses.iter().filter(|status| **status < 300).count();
        let lost = statuses.iter().filter(|status| **status == 412).count();
        assert_eq!((won, lost), (1, 19), "{statuses:?}");
        assert_eq!(tag(&client.get(&path).await), "W/\"2\"");
    }
}
