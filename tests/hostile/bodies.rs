//! H-02, H-06, H-07, H-13, Q-09: hostile bodies.

use serde_json::{Value, json};

use super::{Fort, patch, told};
use crate::support::Target;
use crate::support::client::{BULK, USER};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const SYNTAX: (u16, &str) = (400, "invalidSyntax");
const VALUE: (u16, &str) = (400, "invalidValue");
const PATH: (u16, &str) = (400, "invalidPath");
const FILTER: (u16, &str) = (400, "invalidFilter");
const TARGET: (u16, &str) = (400, "noTarget");
const MUTABILITY: (u16, &str) = (400, "mutability");
const LARGE: (u16, &str) = (413, "");

/// The body of a new user with more members.
fn user(more: &str) -> String {
    format!(r#"{{"schemas":["{USER}"],"userName":"x",{more}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn h02_h06_q09_bodies_of_users_that_make_no_sense_are_refused() {
    let fort = Fort::start().await;
    let nested =
        |open: &str, close: &str, depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
    for (more, expected) in [
        (r#""title":1e400"#.to_owned(), SYNTAX),
        (r#""unknown":-1e400"#.to_owned(), SYNTAX),
        (r#""unknown":0x10"#.to_owned(), SYNTAX),
        (r#""unknown":+1"#.to_owned(), SYNTAX),
        (r#""unknown":.5"#.to_owned(), SYNTAX),
        (r#""unknown":Infinity"#.to_owned(), SYNTAX),
        (r#""title":"\udc00""#.to_owned(), SYNTAX),
        (r#""title":"\ud83d\u0041""#.to_owned(), SYNTAX),
        (r#""title":"\x41""#.to_owned(), SYNTAX),
        ("\"title\":\"\u{0}\"".to_owned(), SYNTAX),
        (format!(r#""unknown":{}"#, nested("[", "]", 200)), SYNTAX),
        (
            format!(r#""name":{}"#, nested(r#"{"givenName":"#, "}", 200)),
            SYNTAX,
        ),
        (
            format!(r#""name":{}"#, nested(r#"{"givenName":"#, "}", 100)),
            VALUE,
        ),
        (format!(r#""emails":{}"#, nested("[", "]", 100)), VALUE),
        (
            r#""name":{"givenName":"a","GIVENNAME":"b"}"#.to_owned(),
            SYNTAX,
        ),
        (r#""emails":[{"value":"a","Value":"b"}]"#.to_owned(), SYNTAX),
        (
            format!(r#""{ENTERPRISE}":{{"department":"a","Department":"b"}}"#),
            SYNTAX,
        ),
        (format!(r#""{ENTERPRISE}":[1]"#), VALUE),
        (r#""active":1"#.to_owned(), VALUE),
        (r#""active":-0"#.to_owned(), VALUE),
        (r#""title":12345678901234567890123456789"#.to_owned(), VALUE),
        (r#""title":{"$ne":null}"#.to_owned(), VALUE),
        (r#""emails":[{"value":{"$gt":""}}]"#.to_owned(), VALUE),
        (r#""USERNAME":"y""#.to_owned(), SYNTAX),
        (r#""title":"1","title":"2""#.to_owned(), SYNTAX),
        (r#""unknown":{"a":[{"b":1,"b":1}]}"#.to_owned(), SYNTAX),
        (format!(r#""title":"{}""#, "ä".repeat(33_000)), VALUE),
        (
            format!(
                r#""roles":[{},"x"]"#,
                (0..1_000)
                    .map(|n| format!("\"{n}\""))
                    .collect::<Vec<_>>()
                    .join(",")
            ),
            VALUE,
        ),
    ] {
        fort.refused("POST /Users", &user(&more), expected).await;
        fort.refused("PUT /Users/<user>", &user(&more), expected)
            .await;
    }
    for schemas in [r#"["urn:x:y"]"#, "{}", r#"[["urn:x:y"]]"#, "[null]", "5"] {
        let body = format!(r#"{{"schemas":{schemas},"userName":"x"}}"#);
        fort.refused("POST /Users", &body, SYNTAX).await;
    }
    fort.stands().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h06_unknown_names_have_no_effect() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let unknown = format!(
        r#""title":"2","unknown":1e308,"id":{{}},"__proto__":{{"admin":true}},"constructor":[],"n":-0,"i":99999999999999999999999,"deep":{}1{}"#,
        "[".repeat(100),
        "]".repeat(100)
    );
    let headers = [("content-type", "application/scim+json")];
    let schemas = format!(r#"["{USER}","urn:x:unknown"]"#);
    let body = user(&unknown).replacen(&format!(r#"["{USER}"]"#), &schemas, 1);
    assert!(body.contains(&schemas));
    let made = client
        .send("POST", "/Users", &headers, Some(body.into()))
        .await;
    let made = made.expect(201).json();
    assert_eq!(made["title"], "2");
    for name in ["unknown", "__proto__", "constructor", "n", "i", "deep"] {
        assert_eq!(made.get(name), None, "{name}");
    }
    assert_eq!(made["schemas"], json!([USER]));
}

#[tokio::test(flavor = "multi_thread")]
async fn h13_patches_that_make_no_sense_are_refused() {
    let fort = Fort::start().await;
    let long = "a".repeat(65_536);
    let terms = |n: usize| vec!["type pr"; n].join(" or ");
    for (operation, expected) in [
        (r#"{"op":"remove","path":"emails[type eq \"${jndi:ldap://x}\"].value.x"}"#.to_owned(), PATH),
        (r#"{"op":"replace","path":"emails[value eq \".*\"].display","value":"x"},{"op":"remove","path":"id"}"#.to_owned(), MUTABILITY),
        (r#"{"op":"replace","path":"emails[value co \".*\"].display","value":"x"}"#.to_owned(), TARGET),
        (r#"{"op":"replace","path":"emails[value lt \"$where\"].primary","value":true}"#.to_owned(), TARGET),
        (format!(r#"{{"op":"remove","path":"{long}"}}"#), PATH),
        (format!(r#"{{"op":"remove","path":"emails[{long} pr]"}}"#), PATH),
        (format!(r#"{{"op":"remove","path":"emails[type eq \"{long}\"]"}}"#), PATH),
        (format!(r#"{{"op":"remove","path":"emails[{}"}}"#, "(".repeat(10_000)), FILTER),
        (format!(r#"{{"op":"remove","path":"emails[{}]"}}"#, terms(257)), FILTER),
        (r#"{"op":"remove","path":"emails[emails[type pr]]"}"#.to_owned(), FILTER),
        (r#"{"op":"remove","path":"__proto__"}"#.to_owned(), PATH),
        (r#"{"op":"add","path":"$where","value":"1"}"#.to_owned(), PATH),
        (r#"{"op":"add","path":"%{title}","value":"1"}"#.to_owned(), PATH),
        (r#"{"op":"add","path":"title\u0000","value":"1"}"#.to_owned(), PATH),
        (r#"{"op":"add","path":"../groups","value":"1"}"#.to_owned(), PATH),
        (r#"{"op":"add","path":"title","value":1e400}"#.to_owned(), SYNTAX),
        (r#"{"op":"copy","from":"title","path":"nickName"}"#.to_owned(), SYNTAX),
        (r#"{"op":{"add":1},"path":"title","value":"1"}"#.to_owned(), SYNTAX),
        (r#"{"op":"add","path":["title"],"value":"1"}"#.to_owned(), PATH),
        (r#"{"op":"add","value":[["title","1"]]}"#.to_owned(), VALUE),
        (r#"{"op":"add","value":{"title":{"$set":1}}}"#.to_owned(), VALUE),
        (format!(r#"{{"op":"add","path":"emails","value":{}1{}}}"#, "[".repeat(100), "]".repeat(100)), VALUE),
        (r#"{"op":"replace","path":"meta","value":{"version":"9"}}"#.to_owned(), MUTABILITY),
        (r#"{"op":"replace","path":"title","value":"x"},{"op":"remove","path":"userName"}"#.to_owned(), MUTABILITY),
        (vec![r#"{"op":"remove","path":"title"}"#; 5_000].join(","), LARGE),
    ] {
        fort.refused("PATCH /Users/<user>", &patch(&operation), expected).await;
    }
    for (operation, expected) in [
        (
            r#"{"op":"add","path":"members","value":[{"value":"../Users"}]}"#,
            VALUE,
        ),
        (
            r#"{"op":"add","path":"members","value":[{"value":"<user>#<user>"}]}"#,
            VALUE,
        ),
        (
            r#"{"op":"add","path":"members","value":[{"value":{"$ne":1}}]}"#,
            VALUE,
        ),
        (
            r#"{"op":"add","path":"members","value":[{"value":"<group>"}]}"#,
            VALUE,
        ),
        (
            r#"{"op":"replace","path":"members[value eq \"<user>\"].value","value":"x"}"#,
            MUTABILITY,
        ),
        (
            r#"{"op":"replace","path":"displayName","value":"\u0000"},{"op":"remove","path":"displayName"}"#,
            MUTABILITY,
        ),
    ] {
        fort.refused("PATCH /Groups/<group>", &patch(operation), expected)
            .await;
    }
    fort.stands().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h07_absurd_numbers_are_bounded_or_refused() {
    let fort = Fort::start().await;
    let search = |more: &str| {
        format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],{more}}}"#)
    };
    for more in [
        r#""count":-99999999999999999999"#,
        r#""count":1e5"#,
        r#""count":0.5"#,
        r#""count":-0"#,
        r#""startIndex":99999999999999999999999999"#,
        r#""startIndex":-9223372036854775808"#,
        r#""startIndex":18446744073709551616,"count":18446744073709551616"#,
        r#""startIndex":1e308"#,
        r#""count":[1]"#,
        r#""count":"1""#,
        r#""count":true"#,
        r#""startIndex":{"$gt":0}"#,
        r#""count":1,"COUNT":2"#,
        r#""count":1e400"#,
    ] {
        let answer = fort.send("POST /Users/.search", &[], search(more)).await;
        match answer.status.as_u16() {
            200 => assert!(answer.json()["totalResults"] == 1, "{more}: {answer:?}"),
            _ => drop(told(&answer, more)),
        }
    }
    for (more, expected) in [
        (format!(r#""filter":"{}""#, "(".repeat(100_000)), FILTER),
        (
            format!(r#""attributes":[{}"a"]"#, "\"a\",".repeat(100_000)),
            VALUE,
        ),
        (
            format!(
                r#""excludedAttributes":[{}"a"]"#,
                "\"name.a\",".repeat(1_000)
            ),
            VALUE,
        ),
        (r#""filter":["title pr"]"#.to_owned(), VALUE),
        (r#""filter":{"$where":"1"}"#.to_owned(), VALUE),
        (r#""sortBy":"${jndi:x}""#.to_owned(), VALUE),
        (
            r#""sortBy":"title","sortOrder":"ascending; drop""#.to_owned(),
            VALUE,
        ),
        (r#""attributes":[["id"]]"#.to_owned(), VALUE),
    ] {
        fort.refused("POST /Users/.search", &search(&more), expected)
            .await;
    }
    for number in [
        "-1",
        "0",
        "1.5",
        "1e400",
        "\"1\"",
        "99999999999999999999",
        "[1]",
        "-9e99",
    ] {
        // One failing operation, whatever the number allows.
        let body = format!(
            r#"{{"schemas":["{BULK}"],"failOnErrors":{number},"Operations":[{{"method":"DELETE","path":"/Users/nobody"}}]}}"#
        );
        let answer = fort.send("POST /Bulk", &[], body).await;
        match answer.status.as_u16() {
            200 => assert_eq!(answer.json()["Operations"][0]["status"], "404", "{number}"),
            _ => drop(told(&answer, number)),
        }
    }
    fort.stands().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h04_h09_bulk_operations_that_make_no_sense_fail_by_themselves() {
    let fort = Fort::start().await;
    let long = "x".repeat(65_536);
    let operations: Vec<Value> = [
        ("POST", "/Users/../Groups"),
        ("POST", "//Users"),
        ("POST", "https://example.com/Users"),
        ("POST", "/Users?x=y"),
        ("POST", "/Users\u{0}"),
        ("POST", "/Users\r\nX-A: b"),
        ("POST", "/%55sers"),
        ("POST", "/Bulk"),
        ("POST", "/Users/.search"),
        ("PATCH", "/Me"),
        ("DELETE", "/Users"),
        ("DELETE", "/Users/.."),
        ("DELETE", "/Users/%2e%2e"),
        ("DELETE", "/Users/acme#user"),
        ("DELETE", "/Users/bulkId:"),
        ("DELETE", "/Users/bulkId:nobody"),
        ("PUT", "/Schemas/x"),
        ("GET", "/Users"),
        ("TRACE", "/Users"),
        ("", ""),
        ("DELETE", &long),
        (&long, "/Users"),
    ]
    .iter()
    .enumerate()
    .map(|(n, (method, path))| {
        json!({ "method": method, "path": path, "bulkId": format!("b{n}"), "data": { "schemas": [USER], "userName": "x" } })
    })
    .chain([
        json!(null),
        json!([]),
        json!({ "method": 5, "path": "/Users" }),
        json!({ "method": "POST", "path": "/Users", "bulkId": "n", "data": null }),
        json!({ "method": "POST", "path": "/Users", "bulkId": "a", "data": [] }),
        json!({ "method": "POST", "path": "/Users", "bulkId": "t", "data": "{\"userName\":\"x\"}" }),
        json!({ "method": "POST", "path": "/Users", "bulkId": ["x"], "data": {} }),
        json!({ "method": "POST", "path": "/Users", "bulkId": "\u{0}", "data": {} }),
        json!({ "method": "DELETE", "path": format!("/Users/{}", fort.user), "version": "W/\"99\"" }),
        json!({ "method": "DELETE", "path": format!("/Users/{}", fort.user), "version": "\r\nX: y\"" }),
    ])
    .collect();
    for operation in &operations {
        let body = json!({ "schemas": [BULK], "Operations": [operation] }).to_string();
        let what: String = operation.to_string().chars().take(200).collect();
        let answer = fort.send("POST /Bulk", &[], body).await;
        if answer.status != 200 {
            told(&answer, &what);
            continue;
        }
        let result = answer.json()["Operations"][0].clone();
        let status: u16 = result["status"].as_str().unwrap().parse().unwrap();
        assert!((400..500).contains(&status), "{what}: {result}");
        assert_eq!(result["response"]["status"], result["status"], "{what}");
    }
    fort.stands().await;
}
