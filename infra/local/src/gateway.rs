//! API Gateway in this process: every HTTP request becomes an HTTP API event (payload format 2.0), and the function's JSON
//! answer becomes the HTTP response. Requests pass the same encoding as in AWS, including `lambda_http`.
//!
//! AWS's limits apply to the request line with the header values, the body, the event, the answer and the time.
//! Authorizers, CORS settings, stages, throttling and access logs are not simulated. The gateway's own errors have its
//! JSON, not SCIM's, because in AWS no function sees those requests either.

mod event;
mod response;
mod routing;

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::extract::connect_info::Connected;
use axum::serve::IncomingStream;
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, LambdaEvent, Service, service_fn};
use service::lambda::readable;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::dynamo::PATIENCE;
use crate::template::TemplateRoute;
use event::{ConnectionEnds, RequestStamp};
use routing::Routing;

/// Serves the routes on the listener until `shutdown` completes, then waits up to [`PATIENCE`] for requests in flight.
///
/// `handler` gets the name of the route's function, and the request as `lambda_http` passes it to a function in AWS. As in
/// AWS, it runs to its end even if the client disconnects.
pub async fn serve<H, F>(
    listener: TcpListener,
    routes: Vec<TemplateRoute>,
    handler: H,
    shutdown: impl Future<Output = ()> + Send + 'static,
) where
    H: Fn(String, lambda_http::Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<lambda_http::Body>> + Send + 'static,
{
    let gateway = Arc::new(Gateway {
        routing: Routing::new(routes),
        handler,
    });
    let app = axum::Router::new().fallback(
        move |ConnectInfo(ends): ConnectInfo<ConnectionEnds>, request| {
            let gateway = Arc::clone(&gateway);
            async move {
                gateway
                    .answer(ends, request)
                    .await
                    .unwrap_or_else(GatewayError::response)
            }
        },
    );
    let (end, ending) = oneshot::channel();
    let served = axum::serve(
        listener,
        app.into_make_service_with_connect_info::<ConnectionEnds>(),
    )
    .with_graceful_shutdown(async move {
        shutdown.await;
        let _ = end.send(());
    });
    let patience = async move {
        let _ = ending.await;
        tokio::time::sleep(PATIENCE).await;
    };
    tokio::select! {
        biased;
        _ = served => {}
        () = patience => tracing::warn!("gateway.request_cut"),
    }
}

impl Connected<IncomingStream<'_, TcpListener>> for ConnectionEnds {
    fn connect_info(stream: IncomingStream<'_, TcpListener>) -> Self {
        let unknown = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            peer: *stream.remote_addr(),
            here: stream.io().local_addr().unwrap_or(unknown),
        }
    }
}

/// The largest total size of the request line and header values.
pub const MAX_HEAD: usize = 10_240;
/// The largest body of a request.
pub const MAX_BODY: usize = 10 * 1024 * 1024;
/// The largest event and the largest answer of a Lambda function, each as JSON.
pub const MAX_PAYLOAD: usize = 6 * 1024 * 1024 + 100;

/// A body beyond the limit is read and dropped up to this size, because many clients read the response only after sending
/// everything.
const MAX_DRAINED: usize = 64 * 1024 * 1024;
const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(30);

struct Gateway<H> {
    routing: Routing,
    handler: H,
}

impl<H, F> Gateway<H>
where
    H: Fn(String, lambda_http::Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<lambda_http::Body>> + Send + 'static,
{
    async fn answer(
        &self,
        ends: ConnectionEnds,
        request: Request<Body>,
    ) -> Result<Response<Body>, GatewayError> {
        let (parts, body) = request.into_parts();
        if head_size(&parts) > MAX_HEAD {
            return Err(GatewayError::HeadTooLarge);
        }
        let path = event::decode_path(parts.uri.path()).ok_or(GatewayError::BadRequest)?;
        let matched = self
            .routing
            .find(&parts.method, &path)
            .ok_or(GatewayError::NotFound)?;
        let body = read(body).await?;
        let stamp = RequestStamp::new();
        let event = event::build(&parts, &path, &matched, ends, &body, &stamp)
            .ok_or(GatewayError::BadRequest)?;
        let answer = self
            .invoke(matched.route.function(), event.to_string(), &stamp)
            .await?;
        response::read(&answer, &stamp).ok_or(GatewayError::Failed)
    }

    /// Runs the function in its own task: it outlives the client, and a panic becomes a 500 instead of a lost connection.
    async fn invoke(
        &self,
        function: &str,
        event: String,
        stamp: &RequestStamp,
    ) -> Result<String, GatewayError> {
        if event.len() > MAX_PAYLOAD {
            return Err(GatewayError::BodyTooLarge);
        }
        let (handler, function, id) = (
            self.handler.clone(),
            function.to_owned(),
            stamp.invocation_id.clone(),
        );
        let invocation = tokio::spawn(async move {
            let payload = readable(serde_json::from_str::<LambdaRequest>(&event)?);
            let service = service_fn(move |request| {
                let answer = handler(function.clone(), request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            let mut context = lambda_http::Context::default();
            context.request_id = id;
            let Ok(answer) = Adapter::from(service)
                .call(LambdaEvent::new(payload, context))
                .await;
            serde_json::to_string(&answer)
        });
        match tokio::time::timeout(INTEGRATION_TIMEOUT, invocation).await {
            Err(_) => Err(GatewayError::TooSlow),
            Ok(Ok(Ok(answer))) if answer.len() <= MAX_PAYLOAD => Ok(answer),
            Ok(Ok(Ok(answer))) => Err(failed(&format!("the answer has {} bytes", answer.len()))),
            Ok(Ok(Err(e))) => Err(failed(&e.to_string())),
            Ok(Err(e)) => Err(failed(&e.to_string())),
        }
    }
}

fn failed(error: &str) -> GatewayError {
    tracing::error!(error, "function.failed");
    GatewayError::Failed
}

/// The gateway's own error responses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GatewayError {
    BadRequest,
    NotFound,
    BodyTooLarge,
    HeadTooLarge,
    Failed,
    TooSlow,
}

impl GatewayError {
    fn response(self) -> Response<Body> {
        let (status, message) = match self {
            Self::BadRequest => (StatusCode::BAD_REQUEST, "Bad Request"),
            Self::NotFound => (StatusCode::NOT_FOUND, "Not Found"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Self::HeadTooLarge => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
            ),
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
            Self::TooSlow => (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
        };
        let mut response = Response::new(Body::from(format!(r#"{{"message":"{message}"}}"#)));
        *response.status_mut() = status;
        let media_type = http::HeaderValue::from_static("application/json");
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, media_type);
        response
    }
}

/// The size of the request line and header values, as AWS's quota counts it.
fn head_size(parts: &Parts) -> usize {
    let target = parts.uri.path_and_query().map_or(0, |t| t.as_str().len());
    let line = parts.method.as_str().len() + 1 + target + " HTTP/1.1".len();
    line + parts
        .headers
        .values()
        .map(http::HeaderValue::len)
        .sum::<usize>()
}

async fn read(mut body: Body) -> Result<Bytes, GatewayError> {
    let mut collected = BytesMut::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| GatewayError::BadRequest)?.into_data() else {
            continue;
        };
        size += data.len();
        if size <= MAX_BODY {
            collected.extend_from_slice(&data);
        } else if size > MAX_DRAINED {
            break;
        }
    }
    if size > MAX_BODY {
        Err(GatewayError::BodyTooLarge)
    } else {
        Ok(collected.freeze())
    }
}

#[cfg(test)]
mod tests;
