//! E-10, T-16, T-17, H-09, H-10: unknown addresses, odd ids, odd queries.

use bytes::Bytes;
use http::{Method, Request};
use serde_json::json;
use service::wire::routes::routes;
use service::{Function, Origin};

use super::scim_error;
use crate::support::Target;
use crate::support::client::{BULK, USER, group, user};
use crate::support::listed::total;
use crate::support::table::tenant_of;

#[tokio::test(flavor = "multi_thread")]
async fn e10_t07_t09_addresses_that_lead_nowhere_are_scim_errors() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let tenant = tenant_of(&client);
    let of_tenant = [
        "/Nothing",
        "/users",
        "/USERS",
        "/Users/1/2",
        "/Users//1//2/",
        "/Schemas/x/y",
        "/v2/Users",
    ];
    for path in of_tenant {
        scim_error(&client.get(path).await, 404, path);
    }
    let outside = [
        "/",
        "/x",
        "/favicon.ico",
        "/scim/v2/Users",
        "/Users",
        "/.well-known/x",
        "/ACME/scim/v2/Users",
        "/a_b/scim/v2/Users",
        "/-a/scim/v2/Users",
    ];
    for path in outside {
        scim_error(&client.get(&format!("origin:{path}")).await, 404, path);
        let none = [("authorization", "")];
        scim_error(
            &client
                .send("POST", &format!("origin:{path}"), &none, None)
                .await,
            404,
            path,
        );
    }
    for path in [
        format!("/{tenant}"),
        format!("/{tenant}/scim"),
        format!("/{tenant}/scim/x/Users"),
        format!("/{tenant}/Users"),
    ] {
        scim_error(&client.get(&format!("origin:{path}")).await, 404, &path);
    }
}

/// The gateway has no route for these; they reach the function behind `$default`.
#[tokio::test(flavor = "multi_thread")]
async fn e10_extra_slashes_make_no_difference() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let tenant = tenant_of(&client);
    let created = client.post("//Users/", &user("anna")).await.expect(201);
    let id = created.id();
    let location = format!("{}/Users/{id}", client.base);
    assert_eq!(created.headers["location"], location.as_str());
    let read = client.get(&format!("/Users/{id}")).await.expect(200);
    for path in [
        format!("//Users/{id}"),
        format!("/Users//{id}"),
        format!("/Users/{id}/"),
        format!("/Users/{id}/?"),
        format!("///Users///{id}//?&"),
        format!("origin://{tenant}/scim/v2/Users/{id}"),
        format!("origin:/{tenant}//scim//v2//Users/{id}/"),
    ] {
        let answer = client.get(&path).await.expect(200);
        assert_eq!(answer.text, read.text, "{path}");
        assert_eq!(answer.headers["etag"], read.headers["etag"], "{path}");
    }
    for path in ["/Users/", "//Users", "/Users//?count=5", "//Users/?"] {
        let list = client.get(path).await.expect(200).json();
        assert_eq!(list["Resources"], json!([read.json()]), "{path}");
    }
    let query = r"//Users?filter=userName%20eq%20%22anna%22&";
    assert_eq!(total(&client.get(query).await), 1);
    for path in [
        "",
        "/ServiceProviderConfig",
        "/ResourceTypes/User",
        "/Schemas",
    ] {
        let exact = client.get(path).await.expect(200).text;
        for path in [format!("/{path}"), format!("{path}/")] {
            assert_eq!(client.get(&path).await.expect(200).text, exact, "{path}");
        }
    }
    let group = client
        .post("//Groups", &group("Sales", std::slice::from_ref(&id)))
        .await;
    let group = group.expect(201).id();
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    let patched = client.patch(&format!("//Users/{id}"), off).await;
    assert_eq!(patched.expect(200).json()["active"], false);
    let bulk = json!({ "schemas": [BULK], "Operations": [
        { "method": "DELETE", "path": format!("/Groups/{group}") }
    ] });
    let answer = client.post("//Bulk/", &bulk).await.expect(200);
    assert_eq!(answer.json()["Operations"][0]["status"], "204");
    let method = client.put("/Users/", &user("anna")).await;
    scim_error(&method, 405, "PUT /Users/");
    client.delete(&format!("//Users/{id}/")).await.expect(204);
    assert_eq!(total(&client.get("/Users").await), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_serves_its_own_routes_and_the_one_behind_default_all() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for route in routes().filter(|route| route.method == Some(Method::GET)) {
        let path = route.path.replace("{tenant}", tenant_of(&client));
        let path = path.replace("{id}", "1").replace("{name}", "User");
        for function in Function::ALL {
            let request = Request::get(path.replace("{urn}", USER))
                .header("authorization", format!("Bearer {}", client.token))
                .body(Bytes::new())
                .unwrap();
            let service = &target.stack.service;
            let answer = service.handle(function, request, Origin::default()).await;
            let is_unknown =
                String::from_utf8_lossy(answer.body()).contains("endpoint does not exist");
            let is_served = function == route.function || function == Function::CATCH_ALL;
            assert_eq!(is_unknown, !is_served, "{path} in {}", function.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t16_t17_another_version_of_the_protocol_is_refused_by_name() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let tenant = tenant_of(&client);
    for version in ["v1", "v3", "V1", "v2.1", "v1.1"] {
        let path = format!("origin:/{tenant}/scim/{version}/Users");
        let (scim_type, detail) = scim_error(&client.get(&path).await, 400, version);
        assert_eq!(scim_type, "invalidVers");
        assert!(
            detail.contains(version) && detail.contains("v2"),
            "{detail}"
        );
    }
}

/// Odd ids, as written in a path.
const ODD: [&str; 31] = [
    ".",
    "..",
    "...",
    "%2e",
    "%2e%2e",
    "a%2Fb",
    "%2F",
    "%5C",
    "%00",
    "%0d%0aX-Injected:%201",
    "%0a",
    "%20",
    "a%20b",
    "%25",
    "%2525",
    "%E2%82%AC",
    "0",
    "-1",
    "null",
    "*",
    "%23",
    "%3F",
    "a;b",
    "bulkId:x",
    "me",
    ".search",
    "count",
    "00",
    "'",
    "%22%7B%7D",
    "$%7Bjndi:x%7D",
];

#[tokio::test(flavor = "multi_thread")]
async fn h09_odd_ids_name_nothing_on_any_method() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let before = client.get("/Users").await.text;
    let own = [
        "x".repeat(5_000),
        id.to_uppercase(),
        id.chars().skip(1).collect(),
    ];
    let own = own.iter().map(String::as_str);
    for one in ODD.into_iter().chain(own) {
        for endpoint in ["/Users", "/Groups", "/Schemas", "/ResourceTypes"] {
            // Trailing slashes are ignored, and the part after `?` is not an id.
            if ["%2F", "%3F"].contains(&one) {
                continue;
            }
            let path = format!("{endpoint}/{one}");
            for method in ["GET", "PUT", "PATCH", "DELETE", "POST"] {
                let headers = [("content-type", "application/scim+json")];
                let body = (method != "GET").then(|| "{\"schemas\":[\"x\"]}".into());
                let answer = client.send(method, &path, &headers, body).await;
                let status = answer.status.as_u16();
                assert!(
                    [400, 404, 405].contains(&status),
                    "{method} {path}: {answer:?}"
                );
                assert!(!answer.headers.contains_key("x-injected"));
                scim_error(&answer, status, &path);
            }
        }
    }
    assert_eq!(client.get("/Users").await.text, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn h10_q07_odd_queries_have_defined_answers() {
    let target = Target::start().await;
    let client = target.tenant().await;
    client.create_user("a+b&c#d").await;
    for (query, status) in [
        ("?", 200),
        ("?&", 200),
        ("?&&count=1&", 200),
        ("?=", 200),
        ("?=x", 200),
        ("?filter", 200),
        ("?filter=", 200),
        ("?filter=%20", 200),
        ("?count=", 200),
        ("?startIndex=", 200),
        ("?COUNT=1&STARTINDEX=1", 200),
        ("?unknown=1&unknown=2", 200),
        ("?attributes=&excludedAttributes=", 200),
        ("?attributes=,,,", 200),
        ("?attributes=nothing.at.all,%00", 200),
        ("?count=%", 400),
        ("?count=%zz", 400),
        ("?count=1&count=2", 400),
        ("?filter=%ff", 400),
        ("?filter=userName%20pr&filter=userName%20pr", 400),
        ("?filter=%00", 400),
        ("?filter=userName%20eq%20%22a", 400),
        ("?attributes=userName&excludedAttributes=name", 400),
    ] {
        let answer = client.get(&format!("/Users{query}")).await;
        assert_eq!(answer.status, status, "{query}: {answer:?}");
        if status == 400 {
            scim_error(&answer, 400, query);
        }
    }
    for (query, found) in [
        ("userName%20eq%20%22a%2Bb%26c%23d%22", 1),
        ("userName+eq+%22a%2Bb%26c%23d%22", 1),
        ("userName%20eq%20%22a+b%26c%23d%22", 0),
        ("userName%20eq%20%22a%252Bb%2526c%2523d%22", 0),
    ] {
        let answer = client
            .get(&format!("/Users?filter={query}"))
            .await
            .expect(200);
        assert_eq!(answer.json()["totalResults"], found, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h03_f32_hostile_filters_are_refused_in_time() {
    let target = Target::start().await;
    let client = target.tenant().await;
    client.create_user("anna").await;
    let deep = format!("{}title pr{}", "(".repeat(33), ")".repeat(33));
    let nots = format!("{}title pr{}", "not (".repeat(200), ")".repeat(200));
    let many = vec!["title pr"; 257].join(" or ");
    let brackets = format!("emails[{}type pr{}]", "(".repeat(40), ")".repeat(40));
    for filter in [
        deep.as_str(),
        &nots,
        &many,
        &brackets,
        "userName",
        "userName eq",
        "eq \"x\"",
        "userName eq x",
        "userName xx \"x\"",
        "userName eq \"a\" and",
        "and",
        "(",
        ")",
        "()",
        "not",
        "emails[",
        "emails[]",
        "emails[type eq \"x\"",
        "nothing eq \"x\"",
        "userName gt true",
        "active gt true",
        "userName eq \"a\"; drop",
        "password eq \"x\"",
        "password pr",
        "password sw \"\"",
    ] {
        let answer = client.filter("/Users", filter).await;
        let (scim_type, _) = scim_error(&answer, answer.status.as_u16(), filter);
        let ok = (answer.status == 400 && scim_type == "invalidFilter")
            || (answer.status == 403 && filter.starts_with("password"));
        assert!(ok, "{filter}: {answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn h09_what_the_gateway_refuses_itself_is_no_failure_of_a_function() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let long = format!("/Users?filter=title%20eq%20%22{}%22", "x".repeat(11_000));
    assert_eq!(client.get(&long).await.status, 431);
    assert_eq!(client.get("/Users/%ff").await.status, 400);
    let body = "x".repeat(11 * 1024 * 1024);
    let answer = client.send("POST", "/Users", &[], Some(body.into())).await;
    assert_eq!(answer.status, 413);
}
