//! E-01 … E-14, T-19, T-21, J-01: methods and endpoints.

use serde_json::json;
use service::wire::routes::routes;

use super::scim_error;
use crate::support::client::user;
use crate::support::listed::total;
use crate::support::{Client, Target};

/// The path of each route once, with its variables filled in.
fn paths(id: &str) -> Vec<String> {
    let mut paths: Vec<String> = routes()
        .map(|route| {
            let path = route.path.replace("/{tenant}/scim/v2", "");
            path.replace("{id}", id)
                .replace("{name}", "User")
                .replace("{urn}", crate::support::client::USER)
        })
        .collect();
    paths.dedup();
    paths
}

/// The methods in the header `Allow`.
fn allowed(answer: &crate::support::Answer) -> Vec<String> {
    let allow = answer.headers["allow"].to_str().unwrap();
    let mut methods: Vec<String> = allow.split(", ").map(str::to_owned).collect();
    methods.sort();
    methods
}

#[tokio::test(flavor = "multi_thread")]
async fn e11_e14_a_method_that_an_endpoint_lacks_is_405_with_those_it_has() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let before = client.get("/Users").await.text;
    for path in paths(&id) {
        let own: Vec<String> = routes()
            .filter(|route| paths_equal(route.path, &path))
            .filter_map(|route| route.method.as_ref().map(ToString::to_string))
            .collect();
        if own.is_empty() {
            continue;
        }
        for method in [
            "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get",
        ] {
            if own.iter().any(|one| one == method) {
                continue;
            }
            let headers = [("content-type", "application/scim+json")];
            let body = Some(user("berta").to_string().into());
            let answer = client.send(method, &path, &headers, body).await;
            scim_error(&answer, 405, &format!("{method} {path}"));
            let mut own = own.clone();
            own.sort();
            assert_eq!(allowed(&answer), own, "{method} {path}");
        }
    }
    assert_eq!(client.get("/Users").await.text, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn e01_e02_e03_e04_users_and_groups_have_every_method() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for (path, body) in [
        ("/Users", user("anna")),
        ("/Groups", crate::support::client::group("Sales", &[])),
    ] {
        let created = client.post(path, &body).await.expect(201);
        let one = format!("{path}/{}", created.id());
        assert_eq!(client.get(&one).await.expect(200).id(), created.id());
        let list = client.get(path).await.expect(200);
        assert_eq!(crate::support::listed::ids(&list), [created.id()]);
        let mut other = body.clone();
        other["displayName"] = json!("Replaced");
        client.put(&one, &other).await.expect(200);
        assert_eq!(client.get(&one).await.json()["displayName"], "Replaced");
        let change = json!([{ "op": "replace", "path": "displayName", "value": "Patched" }]);
        client.patch(&one, change).await.expect_any(&[200, 204]);
        assert_eq!(client.get(&one).await.json()["displayName"], "Patched");
        client.delete(&one).await.expect(204);
        assert_eq!(total(&client.get(path).await), 0);
    }
}

fn paths_equal(template: &str, path: &str) -> bool {
    let template: Vec<&str> = template.split('/').skip(4).collect();
    let path: Vec<&str> = path.split('/').skip(1).collect();
    let same = |(one, other): (&&str, &&str)| one.starts_with('{') || one == other;
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

#[tokio::test(flavor = "multi_thread")]
async fn t19_head_options_and_unknown_methods_are_never_a_failure_of_the_service() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let mut all = paths(&id);
    all.extend(["", "/", "/Nothing", "/Users/", "/Users/x/y"].map(str::to_owned));
    for path in all {
        for method in ["HEAD", "OPTIONS", "TRACE", "PROPFIND", "X", "QUERY", "LOCK"] {
            for token in [true, false] {
                let none = [("authorization", "")];
                let headers = if token { &[][..] } else { &none[..] };
                let answer = client.send(method, &path, headers, None).await;
                let status = answer.status.as_u16();
                assert!(status < 500 || status == 501, "{method} {path}: {answer:?}");
                assert!(token || status == 401, "{method} {path}: {answer:?}");
                assert!(method != "HEAD" || answer.text.is_empty());
            }
        }
        for method in ["HEAD", "OPTIONS", "X"] {
            let answer = client
                .send(method, &format!("origin:{path}/odd"), &[], None)
                .await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
    assert_eq!(total(&client.get("/Users").await), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn e12_j01_d16_what_is_not_offered_is_501_and_what_is_advertised_works() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let config = client.get("/ServiceProviderConfig").await.json();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let answer = client.send(method, "/Me", &[], None).await;
        let (_, detail) = scim_error(&answer, 501, method);
        assert!(detail.contains("/Me"), "{detail}");
    }
    // Advertised features work.
    let path = format!("/Users/{}", client.create_user("anna").await);
    assert_eq!(config["patch"]["supported"], true);
    let change = json!([{ "op": "replace", "path": "password", "value": "correct horse" }]);
    assert_eq!(config["changePassword"]["supported"], true);
    let patched = client.patch(&path, change).await.expect(200);
    assert!(
        !patched.text.contains("correct horse") && !patched.text.contains("password"),
        "M-40, W-06"
    );
    assert_eq!(config["filter"]["supported"], true);
    let etag = client.get(&path).await.headers.contains_key("etag");
    assert_eq!(config["etag"]["supported"], etag);
    client.create_user("berta").await;
    for (announced, query, first) in [
        (
            &config["sort"]["supported"],
            "sortBy=userName&sortOrder=descending",
            "berta",
        ),
        (
            &config["filter"]["supported"],
            "filter=userName%20eq%20%22berta%22",
            "berta",
        ),
        (
            &config["pagination"]["cursor"],
            "cursor=&sortBy=userName",
            "anna",
        ),
        (
            &config["pagination"]["index"],
            "startIndex=2&sortBy=userName",
            "berta",
        ),
    ] {
        assert_eq!(*announced, true, "{query}");
        let found = client
            .get(&format!("/Users?{query}"))
            .await
            .expect(200)
            .json();
        assert_eq!(found["Resources"][0]["userName"], first, "{query}");
    }
    let delete = json!({
        "schemas": [crate::support::client::BULK],
        "Operations": [{ "method": "DELETE", "path": path }]
    });
    assert_eq!(config["bulk"]["supported"], true);
    client.post("/Bulk", &delete).await.expect(200);
    scim_error(&client.get(&path).await, 404, "what bulk deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn y01_y02_t21_a_deletion_has_no_content_and_ends_every_method() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let user_path = format!("/Users/{}", client.create_user("anna").await);
    let group_path = format!("/Groups/{}", client.create_group("Sales", &[]).await);
    for path in [&user_path, &group_path] {
        let deleted = client.delete(path).await.expect(204);
        assert_eq!(deleted.text, "");
        assert_eq!(deleted.headers["content-type"], "application/scim+json");
        gone(&client, path).await;
    }
}

async fn gone(client: &Client, path: &str) {
    let change = json!([{ "op": "replace", "path": "externalId", "value": "x" }]);
    let group = path.starts_with("/Groups");
    let body = if group {
        crate::support::client::group("Sales", &[])
    } else {
        user("anna")
    };
    for answer in [
        client.get(path).await,
        client.put(path, &body).await,
        client.patch(path, change).await,
        client.delete(path).await,
    ] {
        let (scim_type, detail) = scim_error(&answer, 404, path);
        assert_eq!(scim_type, "");
        assert!(
            detail.contains(path.rsplit('/').next().unwrap()),
            "{detail}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e13_put_and_patch_never_create() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = "2819c223-7f76-453a-919d-413861904646";
    gone(&client, &format!("/Users/{id}")).await;
    gone(&client, &format!("/Groups/{id}")).await;
    assert_eq!(total(&client.get("/Users").await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn c01_c09_g04_i10_the_location_is_one_and_leads_to_the_resource() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for (path, body) in [
        ("/Users", user("anna")),
        ("/Groups", crate::support::client::group("Sales", &[])),
    ] {
        let created = client.post(path, &body).await.expect(201);
        let location = created.json()["meta"]["location"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(created.headers["location"], location.as_str());
        assert_eq!(location, format!("{}{path}/{}", client.base, created.id()));
        let read = client
            .get(location.strip_prefix(&client.base).unwrap())
            .await
            .expect(200);
        assert_eq!(read.json(), created.json(), "C-02, G-01");
        assert_eq!(read.headers["location"], location.as_str());
        let meta = &created.json()["meta"];
        assert_eq!(meta["created"], meta["lastModified"], "I-09");
        let kind = path.trim_matches(|end| end == '/' || end == 's');
        assert_eq!(meta["resourceType"], kind, "C-09");
    }
}
