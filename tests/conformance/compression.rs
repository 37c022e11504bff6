//! Compressed responses, RFC 9110 §12.5.3.

use serde_json::Value;

use crate::support::{Target, seed};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_the_same_with_gzip_and_without() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let plain = client.get("/Schemas").await.expect(200);
    assert!(plain.headers.get("content-encoding").is_none());
    let headers = [("accept-encoding", "deflate, gzip;q=0.8")];
    let compressed = client.send("GET", "/Schemas", &headers, None).await;
    assert_eq!(compressed.headers["content-encoding"], "gzip");
    assert_eq!(compressed.headers["vary"], "accept-encoding");
    assert_eq!(compressed.headers["content-type"], "application/scim+json");
    assert_eq!(compressed.text, plain.text);
    let length = |answer: &crate::support::Answer| {
        let length = answer.headers["content-length"].to_str().unwrap();
        length.parse::<usize>().unwrap()
    };
    assert!(length(&compressed) * 4 < length(&plain));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_group_is_the_same_with_gzip_and_without() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_group("Everyone", &[]).await;
    seed::members(&target, &client, &id, 10_001).await;
    seed::member_count(&target, &client, &id, 10_001).await;
    let gzip = [("accept-encoding", "gzip")];
    for projection in [
        "",
        "?attributes=members.value",
        "?attributes=displayName,members.display",
        "?excludedAttributes=members.$ref,meta",
    ] {
        let path = format!("/Groups/{id}{projection}");
        let plain = client.get(&path).await.expect(200);
        let coded = client.send("GET", &path, &gzip, None).await.expect(200);
        assert_eq!(coded.json(), plain.json(), "{projection}");
        assert_eq!(coded.text, plain.text, "{projection}");
        for header in ["etag", "location", "content-type"] {
            assert_eq!(coded.headers[header], plain.headers[header]);
        }
        let members = coded.json()["members"].as_array().map(Vec::len);
        let is_shown = !projection.contains("display");
        assert_eq!(members, is_shown.then_some(10_001), "{projection}");
        let coding = coded.headers.get("content-encoding");
        assert!(!is_shown || coding.is_some_and(|coding| coding == "gzip"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_whose_members_cannot_fit_are_refused_with_what_to_ask_for() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_group("Everyone", &[]).await;
    let read = async |projection: &str, coding: &str| {
        let path = format!("/Groups/{id}{projection}");
        let headers = [("accept-encoding", coding)];
        client.send("GET", &path, &headers, None).await
    };
    for (members, projection, coding, status) in [
        (25_000, "", "identity", 200),
        (25_001, "", "identity", 413),
        (25_001, "?excludedAttributes=members", "identity", 200),
        (180_000, "", "gzip", 200),
        (180_001, "", "gzip", 413),
        (180_001, "?excludedAttributes=members", "gzip", 200),
        (220_000, "?attributes=members.value", "gzip", 200),
        (220_001, "?attributes=members.value", "gzip", 413),
    ] {
        seed::member_count(&target, &client, &id, members).await;
        let answer = read(projection, coding).await;
        let case = format!("{members} {projection} {coding}");
        assert_eq!(answer.status, status, "{case}");
        if status == 413 {
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            for word in ["excludedAttributes=members", "members.value eq"] {
                assert!(detail.contains(word), "{case}: {detail}");
            }
        } else {
            assert!(matches!(answer.json()["id"], Value::String(_)), "{case}");
        }
    }
}
