//! How a request reaches its function, and how the answer returns.

use http::Response;
use lambda_http::Body as LambdaBody;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Running, body, echo, seen, status};

#[tokio::test]
async fn a_request_reaches_its_function_through_lambda_http() {
    let gateway = Running::start(echo).await;
    let target = "/acme/scim/v2/Users?filter=userName%20eq%20%22a%2Bb%22&count=1";
    let answer = gateway
        .send(
            "POST",
            target,
            "content-type: application/scim+json\r\n",
            "{\"a\":1}",
        )
        .await;
    assert_eq!(
        seen(&answer),
        json!({
            "function": "users",
            "method": "POST",
            "uri": format!("http://h:1{target}"),
            "raw_path": "/acme/scim/v2/Users",
            "id": null,
            "filter": "userName eq \"a+b\"",
            "kind": "binary",
            "body": "{\"a\":1}",
        })
    );
    assert!(
        answer.contains("\r\ncontent-type: application/scim+json\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains(&format!("\r\ncontent-length: {}\r\n", body(&answer).len())),
        "{answer}"
    );
    assert!(answer.contains("\r\napigw-requestid: "), "{answer}");
    gateway.end().await;
}

#[tokio::test]
async fn json_arrives_as_text_and_an_empty_body_as_empty() {
    let gateway = Running::start(echo).await;
    let json = gateway
        .send(
            "PUT",
            "/a/scim/v2/Users",
            "content-type: application/json\r\n",
            "{}",
        )
        .await;
    assert_eq!(
        (&seen(&json)["kind"], &seen(&json)["body"]),
        (&json!("text"), &json!("{}"))
    );
    assert_eq!(
        seen(&gateway.send("GET", "/a/scim/v2/Users", "", "").await)["kind"],
        "none"
    );
}

#[tokio::test]
async fn a_chunked_body_arrives_whole() {
    let gateway = Running::start(echo).await;
    let request = "POST /a/scim/v2/Users HTTP/1.1\r\nhost: h\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
                   2\r\n{\"\r\n4\r\na\":1\r\n1\r\n}\r\n0\r\n\r\n";
    assert_eq!(
        seen(&gateway.raw(request.as_bytes()).await)["body"],
        "{\"a\":1}"
    );
}

#[tokio::test]
async fn an_encoded_path_arrives_decoded() {
    let gateway = Running::start(echo).await;
    assert_eq!(
        seen(&gateway.send("GET", "/a/scim/v2/Users/b%3Ac", "", "").await)["id"],
        "b:c"
    );
    let split = seen(&gateway.send("GET", "/a/scim/v2/Users/b%2Fc", "", "").await);
    assert_eq!(
        (&split["function"], &split["raw_path"]),
        (&json!("discovery"), &json!("/a/scim/v2/Users/b/c"))
    );
}

#[tokio::test]
async fn an_unknown_path_goes_to_the_default_route_or_is_not_found() {
    let gateway = Running::start(echo).await;
    assert_eq!(
        seen(&gateway.send("DELETE", "/else", "", "").await)["function"],
        "discovery"
    );
    let without = Running::start_with(Vec::new(), echo).await;
    let answer = without.send("GET", "/else", "", "").await;
    assert_eq!(
        (status(&answer), body(&answer)),
        ("404", r#"{"message":"Not Found"}"#)
    );
}

#[tokio::test]
async fn head_has_the_headers_of_get_and_no_body() {
    let gateway = Running::start(echo).await;
    let answer = gateway.send("HEAD", "/a/scim/v2/Users", "", "").await;
    assert_eq!((status(&answer), body(&answer)), ("200", ""));
    let length = answer
        .split("content-length: ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    assert!(length.parse::<usize>().unwrap() > 0, "{answer}");
}

#[tokio::test]
async fn no_content_has_neither_body_nor_content_length() {
    let gateway = Running::start(|_, _| async {
        Response::builder()
            .status(204)
            .body(LambdaBody::Text("x".to_owned()))
            .unwrap()
    });
    let answer = gateway
        .await
        .send("DELETE", "/a/scim/v2/Users", "", "")
        .await;
    assert_eq!((status(&answer), body(&answer)), ("204", ""));
    assert!(!answer.contains("content-length"), "{answer}");
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let gateway = Running::start(echo).await;
    let mut stream = gateway.connect().await;
    for count in 1..=3 {
        stream
            .write_all(b"GET /a/scim/v2/Users/1 HTTP/1.1\r\nhost: h\r\n\r\n")
            .await
            .unwrap();
        let mut answer = [0; 2048];
        let read = stream.read(&mut answer).await.unwrap();
        assert!(
            answer[..read].starts_with(b"HTTP/1.1 200"),
            "request {count}"
        );
    }
    gateway.end().await;
}
