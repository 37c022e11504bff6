use std::sync::Mutex;
use std::time::Instant;

use lambda_http::{Body as LambdaBody, RequestExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;
use crate::template::RouteMethod;

/// A running gateway on a free port.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl Running {
    async fn start<H, F>(handler: H) -> Self
    where
        H: Fn(String, lambda_http::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<LambdaBody>> + Send + 'static,
    {
        let path = |method: &str, path: &str| TemplateRoute::Path {
            method: if method == "ANY" {
                RouteMethod::Any
            } else {
                RouteMethod::Only(method.parse().unwrap())
            },
            path: path.to_owned(),
            function: "users".to_owned(),
        };
        let routes = vec![
            path("GET", "/{tenant}/scim/v2/Users/{id}"),
            path("ANY", "/{tenant}/scim/v2/Users"),
            TemplateRoute::Default {
                function: "discovery".to_owned(),
            },
        ];
        Self::start_with(routes, handler).await
    }

    async fn start_with<H, F>(routes: Vec<TemplateRoute>, handler: H) -> Self
    where
        H: Fn(String, lambda_http::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<LambdaBody>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(serve(listener, routes, handler, async move {
            let _ = stopped.await;
        }));
        Self {
            address,
            stop,
            served,
        }
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends a complete request and reads until the connection is closed.
    async fn raw(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        String::from_utf8(answer).unwrap()
    }

    async fn send(&self, method: &str, target: &str, headers: &str, body: &str) -> String {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("content-length: {}\r\n", body.len())
        };
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: h:1\r\nconnection: close\r\n{headers}{length}\r\n"
        );
        self.raw(format!("{head}{body}").as_bytes()).await
    }
}

/// A function that returns the request that it got.
async fn echo(function: String, request: lambda_http::Request) -> Response<LambdaBody> {
    let (kind, body) = match request.body() {
        LambdaBody::Text(text) => ("text", text.clone()),
        LambdaBody::Binary(bytes) => ("binary", String::from_utf8(bytes.clone()).unwrap()),
        _ => ("none", String::new()),
    };
    let seen = json!({
        "function": function,
        "method": request.method().as_str(),
        "uri": request.uri().to_string(),
        "raw_path": request.raw_http_path(),
        "id": request.path_parameters().first("id"),
        "filter": request.query_string_parameters().first("filter"),
        "kind": kind,
        "body": body,
    });
    let media_type = (http::header::CONTENT_TYPE, "application/scim+json");
    Response::builder()
        .header(media_type.0, media_type.1)
        .body(seen.to_string().into())
        .unwrap()
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap()
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

fn seen(answer: &str) -> Value {
    serde_json::from_str(body(answer)).unwrap_or_else(|_| panic!("{answer}"))
}

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

#[tokio::test]
async fn a_request_in_flight_at_shutdown_is_answered() {
    let (seen, release) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(tokio::sync::Notify::new()),
    );
    let (entered, wait) = (Arc::clone(&seen), Arc::clone(&release));
    let gateway = Running::start(move |_, _| {
        let (entered, wait) = (Arc::clone(&entered), Arc::clone(&wait));
        async move {
            entered.notify_one();
            wait.notified().await;
            Response::new(LambdaBody::Text("done".to_owned()))
        }
    })
    .await;
    let mut stream = gateway.connect().await;
    stream
        .write_all(b"GET /a/scim/v2/Users HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    seen.notified().await;
    gateway.stop.send(()).unwrap();
    release.notify_one();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    gateway.served.await.unwrap();
    assert_eq!((status(&answer), body(&answer)), ("200", "done"));
}

#[tokio::test]
async fn idle_and_unused_connections_do_not_delay_shutdown() {
    let gateway = Running::start(echo).await;
    let _unused = gateway.connect().await;
    let mut idle = gateway.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    assert!(idle.read(&mut [0; 2048]).await.unwrap() > 0);
    let started = Instant::now();
    gateway.end().await;
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_endless_request_is_cut_at_shutdown() {
    let entered = Arc::new(tokio::sync::Notify::new());
    let seen = Arc::clone(&entered);
    let gateway = Running::start(move |_, _| {
        seen.notify_one();
        std::future::pending()
    })
    .await;
    let mut stream = gateway.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    entered.notified().await;
    gateway.end().await;
}

#[tokio::test]
async fn a_function_completes_after_its_client_disconnects() {
    let done = Arc::new(Mutex::new(None));
    let (entered, release) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(tokio::sync::Notify::new()),
    );
    let (finish, finished) = oneshot::channel();
    *done.lock().unwrap() = Some(finish);
    let (seen, wait, told) = (
        Arc::clone(&entered),
        Arc::clone(&release),
        Arc::clone(&done),
    );
    let gateway = Running::start(move |_, _| {
        let (seen, wait, told) = (Arc::clone(&seen), Arc::clone(&wait), Arc::clone(&told));
        async move {
            seen.notify_one();
            wait.notified().await;
            told.lock().unwrap().take().unwrap().send(()).unwrap();
            Response::new(LambdaBody::Empty)
        }
    })
    .await;
    let mut stream = gateway.connect().await;
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    entered.notified().await;
    drop(stream);
    gateway.end().await;
    release.notify_one();
    finished.await.unwrap();
}
