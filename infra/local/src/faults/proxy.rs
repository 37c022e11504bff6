//! The proxy between the SDK and the engine, which applies the faults.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{HeaderMap, Request, Response, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::{Fault, Faults, response};

/// The running proxy. Dropping it stops it.
#[derive(Debug)]
pub struct Proxy {
    endpoint: String,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Returned instead of a response to make hyper drop the connection.
#[derive(Debug)]
struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("dropped by a fault")
    }
}

impl std::error::Error for Dropped {}

impl Proxy {
    /// Listens on a free loopback port and forwards calls to the engine at the URL `engine`.
    ///
    /// # Errors
    ///
    /// When no port is free, or `engine` is not a URL with a host.
    pub async fn start(engine: &str, faults: Faults) -> io::Result<Self> {
        let invalid = || io::Error::new(io::ErrorKind::InvalidInput, "not a URL with a host");
        let uri: Uri = engine.parse().map_err(|_| invalid())?;
        let forward = Forward {
            engine: uri.authority().cloned().ok_or_else(invalid)?,
            client: Client::builder(TokioExecutor::new()).build_http(),
            faults,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let accepting = tokio::spawn(accept(listener, forward));
        Ok(Self {
            endpoint,
            accepting,
        })
    }

    /// The endpoint URL for an SDK.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

async fn accept(listener: TcpListener, forward: Forward) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Probably out of file descriptors: wait until some are closed.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        let forward = forward.clone();
        connections.spawn(async move {
            let service = service_fn(move |request| {
                let forward = forward.clone();
                async move { forward.answer(request).await }
            });
            // An error is expected here when a fault drops the connection.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
        while connections.try_join_next().is_some() {}
    }
}

/// The error response of a fault, or a dropped connection.
fn refuse(fault: Fault, operation: &str, body: &[u8]) -> Result<Response<Full<Bytes>>, Dropped> {
    let json = serde_json::from_slice(body).unwrap_or_default();
    response::refusal(fault, operation, &json).ok_or(Dropped)
}

/// The operation that a request calls; the SDK names it in a header.
fn operation(headers: &HeaderMap) -> &str {
    let target = headers.get("x-amz-target");
    target
        .and_then(|target| target.to_str().ok()?.rsplit('.').next())
        .unwrap_or_default()
}

#[derive(Clone)]
struct Forward {
    engine: Authority,
    client: Client<HttpConnector, Full<Bytes>>,
    faults: Faults,
}

impl Forward {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
        let operation = operation(&parts.headers).to_owned();
        let Some(fault) = self.faults.strike(&operation, &body) else {
            return self.send(parts, body).await;
        };
        match fault {
            Fault::DropBefore => Err(Dropped),
            Fault::EndBefore => {
                self.faults.end();
                Err(Dropped)
            }
            Fault::DropAfter => {
                self.send(parts, body).await?;
                Err(Dropped)
            }
            Fault::EndAfter => {
                self.send(parts, body).await?;
                self.faults.end();
                Err(Dropped)
            }
            Fault::Delay(time) => {
                tokio::time::sleep(time).await;
                self.send(parts, body).await
            }
            Fault::Unprocessed => self.in_part(parts, body, &operation).await,
            Fault::PageAfter => {
                self.send(parts, body.clone()).await?;
                refuse(fault, &operation, &body)
            }
            Fault::Throttle
            | Fault::Conflict
            | Fault::Replicated
            | Fault::Internal
            | Fault::Deny
            | Fault::Empty
            | Fault::Page => refuse(fault, &operation, &body),
        }
    }

    /// Processes only the first half of a batch. A batch of one item is throttled instead, as in AWS.
    async fn in_part(
        &self,
        mut parts: Parts,
        body: Bytes,
        operation: &str,
    ) -> Result<Response<Full<Bytes>>, Dropped> {
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let Some((done, rest)) = response::divide(operation, &json) else {
            return response::refusal(Fault::Throttle, operation, &json).ok_or(Dropped);
        };
        parts.headers.remove(header::CONTENT_LENGTH);
        let answer = self.send(parts, done.to_string().into()).await?;
        let answered = answer.into_body().collect().await.map_err(|_| Dropped)?;
        response::with_rest(&answered.to_bytes(), rest).ok_or(Dropped)
    }

    async fn send(&self, parts: Parts, body: Bytes) -> Result<Response<Full<Bytes>>, Dropped> {
        let mut uri = parts.uri.clone().into_parts();
        uri.scheme = Some(Scheme::HTTP);
        uri.authority = Some(self.engine.clone());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = parts.method;
        *request.uri_mut() = Uri::from_parts(uri).map_err(|_| Dropped)?;
        *request.headers_mut() = parts.headers;
        request.headers_mut().remove(header::HOST);
        let answer = self.client.request(request).await.map_err(|_| Dropped)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
        Ok(Response::from_parts(head, Full::new(body)))
    }
}
