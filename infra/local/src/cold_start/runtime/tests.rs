use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::*;

/// Makes a call as a function does.
async fn ask(address: &str, method: Method, path: &str, body: &str) -> Response<Bytes> {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://{address}/2018-06-01/runtime/{path}"))
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    let client = Client::builder(TokioExecutor::new()).build_http();
    let (head, body) = client.request(request).await.unwrap().into_parts();
    Response::from_parts(head, body.collect().await.unwrap().to_bytes())
}

async fn api() -> (RuntimeApi, String) {
    let api = RuntimeApi::start(Clock::system()).await.unwrap();
    let address = api.address().to_owned();
    (api, address)
}

#[tokio::test]
async fn an_event_is_sent_on_request_and_answered_once() {
    let (mut api, address) = api().await;
    let function = tokio::spawn(async move {
        for _ in 0..2 {
            let event = ask(&address, Method::GET, "invocation/next", "").await;
            let id = event.headers()["lambda-runtime-aws-request-id"]
                .to_str()
                .unwrap();
            let deadline = event.headers()["lambda-runtime-deadline-ms"]
                .to_str()
                .unwrap();
            let now = Clock::system().now().as_millisecond();
            assert!((now..=now + 30_000).contains(&deadline.parse().unwrap()));
            assert!(
                event
                    .headers()
                    .contains_key("lambda-runtime-invoked-function-arn")
            );
            let answer = format!("{} of {id}", String::from_utf8_lossy(event.body()));
            let path = format!("invocation/{id}/response");
            let taken = ask(&address, Method::POST, &path, &answer).await;
            assert_eq!(taken.status(), StatusCode::ACCEPTED);
        }
    });
    let begun = Instant::now();
    assert!(api.asked().await.unwrap() >= begun);
    let mut seen = Vec::new();
    for event in ["one", "two"] {
        let answered = api.invoke(Bytes::from(event)).await.unwrap();
        assert!(answered.took > Duration::ZERO && answered.took <= begun.elapsed());
        seen.push(String::from_utf8(answered.body.to_vec()).unwrap());
    }
    function.await.unwrap();
    assert!(seen[0].starts_with("one of ") && seen[1].starts_with("two of "));
    assert_ne!(
        seen[0].trim_start_matches("one"),
        seen[1].trim_start_matches("two")
    );
}

#[tokio::test]
async fn a_failure_carries_the_functions_reason() {
    let (mut api, address) = api().await;
    let told = ask(&address, Method::POST, "init/error", "no table").await;
    assert_eq!(told.status(), StatusCode::ACCEPTED);
    assert_eq!(
        api.asked().await,
        Err(RuntimeError::NotStarted("no table".to_owned()))
    );

    let function = tokio::spawn(async move {
        ask(&address, Method::GET, "invocation/next", "").await;
        ask(&address, Method::POST, "invocation/x/error", "a panic").await;
    });
    let failed = api.invoke(Bytes::from("one")).await;
    assert_eq!(failed, Err(RuntimeError::Failed("a panic".to_owned())));
    function.await.unwrap();
}

#[tokio::test]
async fn a_response_to_another_event_is_rejected() {
    let (mut api, address) = api().await;
    let function = tokio::spawn(async move {
        ask(&address, Method::GET, "invocation/next", "").await;
        ask(&address, Method::POST, "invocation/x/response", "{}").await;
    });
    let answered = api.invoke(Bytes::from("one")).await;
    assert_eq!(
        answered,
        Err(RuntimeError::OutOfTurn("answered another event"))
    );
    function.await.unwrap();
}
