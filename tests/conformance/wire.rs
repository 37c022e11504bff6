//! Around the message: repeated names, response headers, `schemas`, numbers as text, names without a URN.

use bytes::Bytes;
use serde_json::{Value, json};

use super::scim_error;
use crate::support::client::{PATCH, USER, encode, user};
use crate::support::listed::total;
use crate::support::{Answer, Client, Target};

const E: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn raw(client: &Client, method: &str, path: &str, body: impl Into<Bytes>) -> Answer {
    let headers = [("content-type", "application/scim+json")];
    client.send(method, path, &headers, Some(body.into())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn h06_a_name_given_twice_is_refused_in_every_message_and_changes_nothing() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let sales = client
        .create_group("Sales", std::slice::from_ref(&anna))
        .await;
    let (one, group) = (format!("/Users/{anna}"), format!("/Groups/{sales}"));
    let before = [client.get(&one).await.text, client.get(&group).await.text];
    let operations = |inner: &str| format!(r#"{{"Operations":[{inner}]}}"#);
    for (method, path, body) in [
        (
            "POST",
            "/Users",
            r#"{"userName":"x","userName":"y"}"#.to_owned(),
        ),
        (
            "PUT",
            &*one,
            r#"{"userName":"x","USERNAME":"x"}"#.to_owned(),
        ),
        (
            "PUT",
            &*one,
            r#"{"userName":"x","name":{"givenName":"a","givenname":"b"}}"#.to_owned(),
        ),
        (
            "POST",
            "/Users",
            r#"{"userName":"x","emails":[{"value":"a@b","value":"c@d"}]}"#.to_owned(),
        ),
        (
            "POST",
            "/Users",
            r#"{"userName":"x","unknown":{"deep":[{"a":1,"A":2}]}}"#.to_owned(),
        ),
        (
            "POST",
            "/Users",
            format!(r#"{{"userName":"x","{E}":{{"department":"a","department":"a"}}}}"#),
        ),
        (
            "POST",
            "/Users",
            r#"{"userName":"x","password":"a","password":"b"}"#.to_owned(),
        ),
        (
            "POST",
            "/Groups",
            r#"{"displayName":"x","members":["{\"value\":\"a\",\"value\":\"b\"}"]}"#.to_owned(),
        ),
        (
            "PATCH",
            &*one,
            operations(r#"{"op":"add","op":"remove","path":"title","value":"x"}"#),
        ),
        (
            "PATCH",
            &*one,
            operations(r#"{"op":"replace","value":{"title":"x","Title":"y"}}"#),
        ),
        (
            "PATCH",
            &*group,
            operations(
                r#"{"op":"replace","value":"{\"displayName\":\"x\",\"displayName\":\"y\"}"}"#,
            ),
        ),
        (
            "PATCH",
            &*one,
            operations(
                r#"{"op":"add","path":"roles","value":"{\"value\":\"a\",\"VALUE\":\"b\"}"}"#,
            ),
        ),
        (
            "POST",
            "/Bulk",
            operations(
                r#"{"method":"POST","path":"/Users","bulkId":"1","data":{"userName":"x","userName":"y"}}"#,
            ),
        ),
        ("POST", "/.search", r#"{"count":1,"count":2}"#.to_owned()),
        (
            "POST",
            "/Users/.search",
            r#"{"x":{"y":1,"y":1}}"#.to_owned(),
        ),
    ] {
        let answer = raw(&client, method, path, body.clone()).await;
        assert_eq!(scim_error(&answer, 400, &body).0, "invalidSyntax", "{body}");
    }
    let after = [client.get(&one).await.text, client.get(&group).await.text];
    assert_eq!(before, after);
    assert_eq!(total(&client.get("/Users").await), 1);
    assert_eq!(total(&client.get("/Groups").await), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn h06_the_admin_api_refuses_a_name_given_twice() {
    let target = Target::start().await;
    let admin = target.admin();
    for body in [
        r#"{"id":"globex","name":"a","name":"b"}"#,
        r#"{"id":"globex","name":"a","settings":{"seats":1,"Seats":2}}"#,
    ] {
        let answer = raw(&admin, "POST", "/tenants", body).await.expect(400);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("in one object"), "{detail}");
    }
    admin.get("/tenants/globex").await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn t05_q09_bytes_that_are_no_utf8_are_refused_whatever_the_charset_says() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let latin1 = b"{\"userName\":\"zo\xeb\"}".to_vec();
    for media in [
        "application/scim+json",
        "application/scim+json; charset=iso-8859-1",
        "application/scim+json; charset=utf-8",
    ] {
        let headers = [("content-type", media)];
        let answer = client
            .send("POST", "/Users", &headers, Some(latin1.clone().into()))
            .await;
        let (scim_type, detail) = scim_error(&answer, 400, media);
        assert_eq!(scim_type, "invalidSyntax");
        assert_eq!(detail, "the body is not valid UTF-8 at byte 16");
    }
    assert_eq!(total(&client.get("/Users").await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn t21_t22_every_answer_is_guarded_and_a_204_names_its_media_type() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let anna = client.create_user("anna").await;
    let path = format!("/Users/{anna}");
    let group = format!("/Groups/{}", client.create_group("Sales", &[]).await);
    let add = json!([{ "op": "add", "path": "members", "value": [{ "value": anna }] }]);
    let title = json!([{ "op": "add", "path": "title", "value": "x" }]);
    let fresh = [("if-none-match", "*")];
    let stranger = client.with_token("x");
    let bulk = json!({ "Operations": [{ "method": "DELETE", "path": "/Users/x" }] });
    for (answer, status) in [
        (client.post("/Users", &user("berta")).await, 201),
        (client.get(&path).await, 200),
        (client.get("/Users").await, 200),
        (client.send("GET", &path, &fresh, None).await, 304),
        (client.patch(&path, title).await, 200),
        (client.patch(&group, add.clone()).await, 204),
        (client.patch(&group, add).await, 204),
        (client.post("/Users/.search", &json!({})).await, 200),
        (client.post("/Bulk", &bulk).await, 200),
        (client.get("/ServiceProviderConfig").await, 200),
        (client.get("/ResourceTypes").await, 200),
        (client.get("/Schemas").await, 200),
        (client.get("/Schemas/nothing").await, 404),
        (client.get("/nothing").await, 404),
        (client.get("/Users/nobody").await, 404),
        (client.get("/Me").await, 501),
        (client.put("/Users", &json!({})).await, 405),
        (client.post("/Users", &json!({})).await, 400),
        (client.post("/Users", &user("berta")).await, 409),
        (stranger.get("/Users").await, 401),
        (client.delete(&path).await, 204),
        (client.delete(&group).await, 204),
    ] {
        let answer = answer.expect(status);
        assert_eq!(answer.headers["cache-control"], "no-store", "{answer:?}");
        let guard = &answer.headers["x-content-type-options"];
        assert_eq!(guard, "nosniff", "{answer:?}");
        let media = answer.headers.get("content-type");
        match status {
            304 => assert_eq!(media, None),
            _ => assert_eq!(media.unwrap(), "application/scim+json", "{answer:?}"),
        }
        assert_eq!(answer.text.is_empty(), [204, 304].contains(&status));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l09_a_search_says_the_same_with_numbers_as_text() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for name in ["anna", "berta", "carl"] {
        client.create_user(name).await;
    }
    for path in ["/Users", ""] {
        let asked = "count=1&startIndex=2&sortBy=id&attributes=id";
        let expected = client.get(&format!("{path}?{asked}")).await.expect(200);
        for body in [
            json!({ "count": "1", "startIndex": "2", "sortBy": "id", "attributes": "id" }),
            json!({ "count": " 1 ", "startIndex": "+2", "sortBy": "id", "attributes": ["id"] }),
            json!({ "count": 1, "startIndex": 2, "sortBy": "id", "attributes": ["id"] }),
        ] {
            let search = client.post(&format!("{path}/.search"), &body).await;
            assert_eq!(search.expect(200).text, expected.text, "{path} {body}");
        }
    }
    for (count, given) in [("", 3), ("-1", 0), ("0", 0), ("9999999999999999999999", 3)] {
        let search = client
            .post("/Users/.search", &json!({ "count": count }))
            .await;
        let page = search.expect(200).json();
        assert_eq!(page["itemsPerPage"], given, "{count:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c08_a_body_without_schemas_is_read_by_its_method_and_endpoint() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let body = json!({ "userName": "anna", E: { "department": "Sales" } });
    let made = client.post("/Users", &body).await.expect(201);
    assert_eq!(made.json()["schemas"], json!([USER, E]));
    let path = format!("/Users/{}", made.id());
    for schemas in [json!(null), json!([]), json!([USER])] {
        let body = json!({ "schemas": schemas, "userName": "anna", "title": schemas.to_string() });
        let put = client.put(&path, &body).await.expect(200).json();
        assert_eq!(put["title"], schemas.to_string());
        assert_eq!(put["schemas"], json!([USER]));
    }
    let group = client.post("/Groups", &json!({ "displayName": "a" })).await;
    let group = format!("/Groups/{}", group.expect(201).id());
    let put = client.put(&group, &json!({ "displayName": "b" })).await;
    assert_eq!(put.expect(200).json()["displayName"], "b");
    let title = json!({ "Operations": [{ "op": "add", "path": "title", "value": "x" }] });
    raw(&client, "PATCH", &path, title.to_string())
        .await
        .expect(200);
    let bulk = json!({ "failOnErrors": "1", "Operations": [
        { "method": "POST", "path": "/Users", "bulkId": "1", "data": { "userName": "berta" } },
        { "method": "PATCH", "path": path, "data": title },
    ] });
    let results = client.post("/Bulk", &bulk).await.expect(200).json();
    assert_eq!(results["Operations"][0]["status"], "201");
    assert_eq!(results["Operations"][1]["status"], "200");
    for schemas in [json!(["urn:x"]), json!([PATCH]), json!("x"), json!([E])] {
        let body = json!({ "schemas": schemas, "userName": "carl", "displayName": "c" });
        for answer in [
            client.post("/Users", &body).await,
            client.put(&path, &body).await,
            client.post("/Groups", &body).await,
            client.put(&group, &body).await,
            client.post("/.search", &body).await,
            client.post("/Bulk", &body).await,
        ] {
            assert_eq!(scim_error(&answer, 400, "schemas").0, "invalidSyntax");
        }
    }
    assert_eq!(total(&client.get("/Users").await), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn m06_an_attribute_of_the_enterprise_extension_has_one_reading_without_its_urn() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let body = json!({ "userName": "anna", "department": "B", "manager": null });
    let anna = client.post("/Users", &body).await.expect(201);
    assert_eq!(anna.json()[E], json!({ "department": "B" }));
    assert_eq!(anna.json()["schemas"], json!([USER, E]));
    assert!(anna.json().get("department").is_none());
    let path = format!("/Users/{}", anna.id());
    let department = async |change: Value| {
        let patched = client.patch(&path, json!([change])).await.expect(200);
        patched.json()[E]["department"].clone()
    };
    for (change, left) in [
        (
            json!({ "op": "replace", "path": "department", "value": "C" }),
            json!("C"),
        ),
        (json!({ "op": "remove", "path": "DEPARTMENT" }), json!(null)),
        (
            json!({ "op": "add", "value": { "department": "D" } }),
            json!("D"),
        ),
        (
            json!({ "op": "replace", "value": { "Department": "E" } }),
            json!("E"),
        ),
        (
            json!({ "op": "add", "path": "manager", "value": anna.id() }),
            json!("E"),
        ),
        (
            json!({ "op": "replace", "path": "manager.value", "value": "m1" }),
            json!("E"),
        ),
    ] {
        assert_eq!(department(change.clone()).await, left, "{change}");
    }
    let body = json!({ "userName": "berta", E: { "department": "A" }, "department": "Z" });
    client.post("/Users", &body).await.expect(201);
    for filter in [
        "department eq \"e\"",
        "manager eq \"m1\"",
        "manager.value eq \"m1\"",
    ] {
        let found = client.filter("/Users", filter).await.expect(200);
        assert_eq!(total(&found), 1, "{filter}");
    }
    let sorted = client.get("/Users?sortBy=department&attributes=userName,department");
    let sorted = sorted.await.expect(200).json();
    let shown = |of: &Value| (of["userName"].clone(), of[E].clone());
    assert_eq!(
        shown(&sorted["Resources"][0]),
        (json!("berta"), json!({ "department": "A" }))
    );
    assert_eq!(
        shown(&sorted["Resources"][1]),
        (json!("anna"), json!({ "department": "E" }))
    );
    let without = format!("{path}?excludedAttributes={}", encode("department"));
    let without = client.get(&without).await.expect(200).json();
    assert_eq!(without[E], json!({ "manager": { "value": "m1" } }));
    let put = json!({ "userName": "anna", "costCenter": "7" });
    let put = client.put(&path, &put).await.expect(200).json();
    assert_eq!(put[E], json!({ "costCenter": "7" }));
    let unknown = client
        .patch(
            &path,
            json!([{ "op": "add", "path": format!("{USER}:department"), "value": "x" }]),
        )
        .await;
    assert_eq!(scim_error(&unknown, 400, "a core URN").0, "invalidPath");
}
