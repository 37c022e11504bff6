//! Requests and answers beyond a limit of API Gateway or Lambda, and functions that fail.

use http::Response;
use lambda_http::Body as LambdaBody;

use super::{Running, body, echo, status};
use crate::gateway::{MAX_BODY, MAX_PAYLOAD};

#[tokio::test]
async fn the_gateway_rejects_a_body_beyond_the_limit() {
    let gateway = Running::start(echo).await;
    let large = "x".repeat(MAX_BODY + 1);
    let answer = gateway
        .send(
            "POST",
            "/a/scim/v2/Users",
            "content-type: text/plain\r\n",
            &large,
        )
        .await;
    assert_eq!(
        (status(&answer), body(&answer)),
        ("413", r#"{"message":"Request Entity Too Large"}"#)
    );
}

#[tokio::test]
async fn a_body_whose_event_is_too_large_is_rejected() {
    let gateway = Running::start(|_, _| async { Response::new(LambdaBody::Empty) }).await;
    let body = "x".repeat(5 * 1024 * 1024);
    let text = gateway
        .send(
            "POST",
            "/a/scim/v2/Users",
            "content-type: text/plain\r\n",
            &body,
        )
        .await;
    let binary = gateway
        .send(
            "POST",
            "/a/scim/v2/Users",
            "content-type: application/scim+json\r\n",
            &body,
        )
        .await;
    assert_eq!((status(&text), status(&binary)), ("200", "413"));
}

#[tokio::test]
async fn a_long_request_line_is_rejected() {
    let gateway = Running::start(|_, _| async { Response::new(LambdaBody::Empty) }).await;
    let at = |length: usize| format!("/a/scim/v2/Users?filter={}", "x".repeat(length));
    assert_eq!(
        status(&gateway.send("GET", &at(10_000), "", "").await),
        "200"
    );
    let answer = gateway.send("GET", &at(10_240), "", "").await;
    assert_eq!(
        (status(&answer), body(&answer)),
        ("431", r#"{"message":"Request Header Fields Too Large"}"#)
    );
    let header = format!("x-long: {}\r\n", "x".repeat(10_240));
    assert_eq!(status(&gateway.send("GET", "/", &header, "").await), "431");
}

#[tokio::test]
async fn an_answer_beyond_lambdas_limit_is_an_error() {
    let gateway =
        Running::start(|_, _| async { Response::new("x".repeat(MAX_PAYLOAD).into()) }).await;
    let answer = gateway.send("GET", "/a/scim/v2/Users", "", "").await;
    assert_eq!(
        (status(&answer), body(&answer)),
        ("500", r#"{"message":"Internal Server Error"}"#)
    );
}

#[tokio::test]
async fn a_function_that_panics_is_an_error() {
    let fail = |_, request: lambda_http::Request| async move {
        assert!(
            request.method() == http::Method::GET,
            "as the test wants it"
        );
        Response::new(LambdaBody::Empty)
    };
    let gateway = Running::start(fail).await;
    let answer = gateway.send("POST", "/a/scim/v2/Users", "", "").await;
    assert_eq!(
        (status(&answer), body(&answer)),
        ("500", r#"{"message":"Internal Server Error"}"#)
    );
    assert_eq!(
        status(&gateway.send("GET", "/a/scim/v2/Users", "", "").await),
        "200"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_function_times_out() {
    let gateway = Running::start(|_, _| std::future::pending()).await;
    let answer = gateway.send("GET", "/a/scim/v2/Users", "", "").await;
    assert_eq!(
        (status(&answer), body(&answer)),
        ("503", r#"{"message":"Service Unavailable"}"#)
    );
}

#[tokio::test]
async fn malformed_requests_are_rejected() {
    let gateway = Running::start(echo).await;
    for request in [
        "GET /%FF HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n",
        "GET /a/scim/v2/Users?filter=userName%20eq%20\"a\" HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
    ] {
        let answer = gateway.raw(request.as_bytes()).await;
        assert_eq!(status(&answer), "400", "{request}{answer}");
    }
}
