//! `lambda_http` ↔ [`Service`]: converts the gateway's event to a request and the response to Lambda's result. The
//! functions `events` and `feed` are not part of the API: the table's stream and schedules invoke them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, header};
use jiff::Timestamp;
use lambda_http::lambda_runtime::{self, LambdaEvent};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, Body, Error, Request, RequestExt, Service as _, service_fn};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::Value;

use crate::events::{self, Event};
use crate::limits::INVOCATION_MARGIN;
use crate::{Binary, Config, Function, Origin, Service, config};

/// Runs a SCIM function: opens connections while Lambda gives full CPU to initialisation, then answers events.
///
/// The runtime has one thread: a function handles one event at a time, at 256 MB it gets a seventh of a CPU, and
/// parallel calls wait for the network. A made-up request during initialisation, to load the code before the first
/// real request, was measured and does not pay: 1.7 ms of CPU for the first event with it, 1.6 ms without.
///
/// # Errors
///
/// What is missing or wrong in the environment, or the end of the runtime API.
pub async fn run() -> Result<(), Error> {
    start_log();
    let function = config::function(Binary::Scim)?;
    let config = Config::from_environment()?;
    let clients = directory::connect(&config::access()?)?;
    let service = Arc::new(config.service(clients));
    service.warm().await;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<LambdaRequest>| {
        respond(Arc::clone(&service), function, event)
    }))
    .await
}

/// Answers events with `act`, for a function of the same gateway that does not serve SCIM.
///
/// # Errors
///
/// The end of the runtime API.
pub async fn serve<A, F>(act: A) -> Result<(), Error>
where
    A: Fn(http::Request<Bytes>, Origin) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    lambda_runtime::run(service_fn(move |event: LambdaEvent<LambdaRequest>| {
        let act = act.clone();
        adapt(event, move |request| answered(request, act.clone()))
    }))
    .await
}

/// Runs the function `events` or `feed`.
///
/// # Errors
///
/// As [`run`].
pub async fn run_events() -> Result<(), Error> {
    start_log();
    let function = config::function(Binary::Events)?;
    let config = Config::from_environment()?;
    let clients = directory::connect(&config::access()?)?;
    let service = Arc::new(config.service(clients));
    service.warm_table().await;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let service = Arc::clone(&service);
        async move { handle_event(&service, function, event).await }
    }))
    .await
}

/// Logs JSON to standard output, one entry per line.
pub fn start_log() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(tracing::Level::INFO)
        .init();
}

/// Handles an event of a function of the binary `events`; the result goes back to Lambda.
///
/// # Errors
///
/// When the event is unknown or not one of the function's, or a scheduled run left work to do.
pub async fn handle_event(
    service: &Service,
    function: Function,
    event: LambdaEvent<Value>,
) -> Result<events::BatchResponse, Error> {
    let patience = patience(event.context.deadline, service.now());
    match (Event::read(event.payload)?, function) {
        (Event::Records(records), Function::Feed) => {
            Ok(service.handle_feed(&records, patience).await?.0)
        }
        (_, Function::Feed) => Err("the function feed handles records of the stream only".into()),
        (Event::Records(records), _) => Ok(service.handle_records(&records, patience).await.0),
        (Event::Sweep, _) => {
            service.sweep(patience).await?;
            Ok(events::BatchResponse::default())
        }
        (Event::Closing, _) => {
            service.end_deletions(patience).await?;
            Ok(events::BatchResponse::default())
        }
        (Event::Keys, _) => {
            service.warn_of_keys().await?;
            Ok(events::BatchResponse::default())
        }
    }
}

/// The time left for the work of an invocation; `deadline` is in milliseconds since 1970.
fn patience(deadline: u64, now: Timestamp) -> Duration {
    let deadline = Duration::from_millis(deadline);
    let now = Duration::try_from(now.as_duration()).unwrap_or_default();
    // Lambda passes a deadline, cargo-lambda a duration.
    let left = deadline.checked_sub(now).unwrap_or(deadline);
    left.saturating_sub(INVOCATION_MARGIN)
}

/// Answers one event; Lambda returns the result to the gateway.
///
/// # Errors
///
/// None: every failure is a response.
pub async fn respond(
    service: Arc<Service>,
    function: Function,
    event: LambdaEvent<LambdaRequest>,
) -> Result<impl serde::Serialize + use<>, Error> {
    adapt(event, move |request| {
        let service = Arc::clone(&service);
        async move { answer(&service, function, request).await }
    })
    .await
}

/// Answers one event with `act`.
async fn adapt<A, F>(
    event: LambdaEvent<LambdaRequest>,
    act: A,
) -> Result<impl serde::Serialize + use<A, F>, Error>
where
    A: Fn(Request) -> F + Send + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let (payload, context) = event.into_parts();
    let event = LambdaEvent::new(readable(payload), context);
    let mut adapter = Adapter::from(service_fn(move |request: Request| {
        let answered = act(request);
        async move { Ok::<_, Error>(answered.await) }
    }));
    adapter.call(event).await
}

/// Answers a request of `lambda_http`.
pub async fn answer(service: &Service, function: Function, request: Request) -> Response<Body> {
    answered(request, |request, origin| {
        service.handle(function, request, origin)
    })
    .await
}

/// Answers a request of `lambda_http` with `act`.
pub async fn answered<F>(
    request: Request,
    act: impl FnOnce(http::Request<Bytes>, Origin) -> F,
) -> Response<Body>
where
    F: Future<Output = Response<Bytes>>,
{
    let (request, origin) = received(request);
    sent(act(request, origin).await)
}

fn received(request: Request) -> (http::Request<Bytes>, Origin) {
    let origin = origin(&request);
    let request = as_called(request).map(|body| match body {
        Body::Text(text) => Bytes::from(text),
        Body::Binary(bytes) => Bytes::from(bytes),
        _ => Bytes::new(),
    });
    (request, origin)
}

const BYTE_ORDER_MARK: char = '\u{feff}';

fn sent(response: Response<Bytes>) -> Response<Body> {
    response.map(|body| match String::from_utf8(body.into()) {
        Ok(text) if text.is_empty() => Body::Empty,
        // `lambda_http` removes one byte order mark from every text, so a second one is added.
        Ok(text) if text.starts_with(BYTE_ORDER_MARK) => {
            Body::Text(format!("{BYTE_ORDER_MARK}{text}"))
        }
        Ok(text) => Body::Text(text),
        Err(binary) => Body::Binary(binary.into_bytes()),
    })
}

/// Restores the path that the client called: `lambda_http` resolves its dot segments.
fn as_called(mut request: Request) -> Request {
    let query = request.uri().query().map(|query| format!("?{query}"));
    let called = format!("{}{}", request.raw_http_path(), query.unwrap_or_default());
    if let Ok(uri) = called.parse() {
        *request.uri_mut() = uri;
    }
    request
}

fn origin(request: &Request) -> Origin {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV2(context)) => Origin {
            request_id: context.request_id.clone().unwrap_or_default(),
            source: context
                .http
                .source_ip
                .as_deref()
                .and_then(|address| address.parse::<IpAddr>().ok()),
            domain: context.domain_name.clone(),
        },
        _ => Origin::default(),
    }
}

/// The characters that a URI must not contain unencoded.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// Encodes characters that clients leave unencoded, such as the quotes of a filter: `lambda_http` aborts the process
/// when the parts of an event do not form a URI.
#[must_use]
pub fn readable(payload: LambdaRequest) -> LambdaRequest {
    let LambdaRequest::ApiGatewayV2(mut event) = payload else {
        return payload;
    };
    let encode = |text: String| utf8_percent_encode(&text, UNSAFE).to_string();
    event.raw_query_string = event.raw_query_string.map(encode);
    event.raw_path = event.raw_path.map(|path| encode(path).replace('?', "%3F"));
    let is_host = event
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .is_some_and(|host| host.parse::<http::uri::Authority>().is_ok());
    if !is_host {
        event.headers.remove(header::HOST);
    }
    LambdaRequest::ApiGatewayV2(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(query: &str, path: &str, host: &str) -> Request {
        let event = serde_json::json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
            "headers": { "host": host },
            "requestContext": {
                "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "r1",
                "routeKey": "$default", "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1,
                "http": {
                    "method": "GET", "path": path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "x"
                }
            },
            "isBase64Encoded": false
        });
        as_called(readable(serde_json::from_value(event).unwrap()).into())
    }

    #[test]
    fn work_ends_before_the_deadline_of_lambda_and_of_cargo_lambda() {
        let now = Timestamp::from_second(1_767_225_600).unwrap();
        assert_eq!(patience(1_767_225_900_000, now), Duration::from_secs(297));
        assert_eq!(patience(1_767_225_601_000, now), Duration::ZERO);
        assert_eq!(patience(600_000, now), Duration::from_secs(597));
    }

    #[test]
    fn raw_quotes_and_odd_hosts_do_not_end_the_process() {
        let odd = request("filter=userName eq \"ä\"", "/acme/scim/v2/Us ers?x", "a b");
        assert_eq!(
            odd.uri().query(),
            Some("filter=userName%20eq%20%22%C3%A4%22")
        );
        assert_eq!(odd.uri().path(), "/acme/scim/v2/Us%20ers%3Fx");
        let dots = request("", "/acme/scim/v2/Users/../../b", "example.com");
        assert_eq!(dots.uri().path(), "/acme/scim/v2/Users/../../b");
        let encoded = request("filter=a%20eq+%22b%22", "/a%2Fb", "example.com");
        assert_eq!(encoded.uri().query(), Some("filter=a%20eq+%22b%22"));
        assert_eq!(encoded.uri().path(), "/a%2Fb");
        assert_eq!(origin(&encoded).source, "192.0.2.1".parse().ok());
    }
}
