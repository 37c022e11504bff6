//! The test of a destination: the receiver gets one signed event, and the caller is told what became of it.

use delivery::signature::{Secret, verify};
use keyring::WebhookSecrets;
use local::stack::WEBHOOK_PREFIX;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::destinations::destination;
use super::keys::{make, text};
use crate::support::Client;
use crate::support::moving;
use crate::support::receiver::Receiver;

/// A destination at this URL.
async fn at(admin: &Client, url: &str) -> Value {
    let mut body = destination(url);
    body["url"] = json!(url);
    make(admin, "/destinations", body).await
}

async fn test(admin: &Client, made: &Value) -> Value {
    let path = format!("/destinations/{}/test", text(made, "id"));
    admin.post(&path, &json!({})).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receiver_gets_an_event_signed_with_each_live_secret() {
    let (target, time) = moving::start().await;
    let admin = target.admin();
    let receiver = Receiver::start(|_| 204).await;
    let made = at(&admin, &receiver.url()).await;
    let id = text(&made, "id");
    let rotate = format!("/destinations/{id}/secret");
    let rotated = admin.post(&rotate, &json!({})).await.expect(200).json();
    let tested = test(&admin, &made).await;
    let [request] = &receiver.received()[..] else {
        panic!("not one request")
    };
    let expected = json!({ "id": tested["id"], "succeeded": true,
        "durationMs": tested["durationMs"], "status": 204 });
    assert_eq!(tested, expected);
    assert_eq!(request.headers["content-type"], "application/json");
    let event: Value = serde_json::from_slice(&request.body).expect("JSON");
    let expected = json!({ "id": tested["id"], "type": "test.event",
        "timestamp": event["timestamp"], "data": { "destination": id, "name": receiver.url() } });
    assert_eq!(event, expected);
    for secret in [text(&made, "secret"), text(&rotated, "secret")] {
        let secret = [Secret::parse(secret).expect("a secret")];
        let verified = verify(&secret, &request.headers, &request.body, time.now());
        assert_eq!(verified, Ok(text(&tested, "id")));
    }
    let other = [Secret::generate([7; 24])];
    verify(&other, &request.headers, &request.body, time.now()).expect_err("another secret");
    // One that is paused can be tested before it is resumed.
    let pause = format!("/destinations/{id}/pause");
    admin.post(&pause, &json!({})).await.expect(200);
    assert_eq!(test(&admin, &made).await["succeeded"], true);
}

/// A receiver that gives one answer with a body and is gone.
async fn answers_once(head: &str, body: &str) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let answering = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        drop(listener);
        let mut read = Vec::new();
        while !read.ends_with(b"}}") {
            assert_ne!(stream.read_buf(&mut read).await.expect("a request"), 0);
        }
        stream.write_all(answer.as_bytes()).await.expect("a reader");
    });
    (format!("http://{address}/hooks"), answering)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caller_is_told_what_the_receiver_answered_or_where_it_failed() {
    let (target, time) = moving::start().await;
    let admin = target.admin();
    let long = "no ".repeat(100);
    let (url, answering) = answers_once("HTTP/1.1 500 Sorry", &long).await;
    let made = at(&admin, &url).await;
    let tested = test(&admin, &made).await;
    assert_eq!(
        (&tested["succeeded"], &tested["status"]),
        (&json!(false), &json!(500))
    );
    let shown = text(&tested, "text");
    assert!(
        shown.len() <= 200 && shown.starts_with("no no no"),
        "{shown}"
    );
    let moved = Receiver::start(|_| 302).await;
    let made_moved = at(&admin, &moved.url()).await;
    assert_eq!(test(&admin, &made_moved).await["succeeded"], false);
    answering.await.expect("one answer");
    let tested = test(&admin, &made).await;
    let expected = json!({ "id": tested["id"], "succeeded": false,
        "durationMs": tested["durationMs"], "step": "connect",
        "error": "the receiver does not accept connections" });
    assert_eq!(tested, expected);

    let secrets = target.stack.services.clients.secrets.clone();
    let secrets = WebhookSecrets::new(secrets, WEBHOOK_PREFIX);
    secrets.remove(text(&made, "id")).await.expect("a change");
    // Until then, the function remembers them.
    time.pass(60);
    let path = format!("/destinations/{}/test", text(&made, "id"));
    let problem = admin.post(&path, &json!({})).await.expect(409).json();
    assert!(text(&problem, "detail").contains("rotate its secret"));
}
