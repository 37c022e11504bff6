use lambda_http::{Body as LambdaBody, RequestExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;
use crate::template::RouteMethod;

mod limits;
mod requests;
mod shutdown;

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
