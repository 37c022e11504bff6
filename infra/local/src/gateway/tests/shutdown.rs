//! Requests and connections in flight at shutdown, and clients that leave early.

use std::sync::{Arc, Mutex};

use http::Response;
use lambda_http::Body as LambdaBody;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::{Running, body, echo, status};
use crate::dynamo::PATIENCE;

/// Stops a function until the test releases it.
#[derive(Clone, Default)]
struct Hold {
    entered: Arc<Notify>,
    release: Arc<Notify>,
}

impl Hold {
    async fn pass(&self) {
        self.entered.notify_one();
        self.release.notified().await;
    }
}

#[tokio::test]
async fn a_request_in_flight_at_shutdown_is_answered() {
    let hold = Hold::default();
    let inside = hold.clone();
    let gateway = Running::start(move |_, _| {
        let hold = inside.clone();
        async move {
            hold.pass().await;
            Response::new(LambdaBody::Text("done".to_owned()))
        }
    })
    .await;
    let mut stream = gateway.connect().await;
    stream
        .write_all(b"GET /a/scim/v2/Users HTTP/1.1\r\nhost: h\r\n\r\n")
        .await
        .unwrap();
    hold.entered.notified().await;
    gateway.stop.send(()).unwrap();
    hold.release.notify_one();
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
    let entered = Arc::new(Notify::new());
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
    let hold = Hold::default();
    let (finish, finished) = oneshot::channel();
    *done.lock().unwrap() = Some(finish);
    let (inside, told) = (hold.clone(), Arc::clone(&done));
    let gateway = Running::start(move |_, _| {
        let (hold, told) = (inside.clone(), Arc::clone(&told));
        async move {
            hold.pass().await;
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
    hold.entered.notified().await;
    drop(stream);
    gateway.end().await;
    hold.release.notify_one();
    finished.await.unwrap();
}
