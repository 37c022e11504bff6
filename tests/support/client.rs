//! A SCIM client that exposes the whole response.

use std::io::Read;
use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio_rustls::rustls::crypto::ring;

/// A client of one tenant.
#[derive(Clone)]
pub struct Client {
    pub base: String,
    pub token: String,
    http: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Asserts the status and returns the response.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Asserts that the status is one of these and returns the response.
    #[track_caller]
    pub fn expect_any(self, statuses: &[u16]) -> Self {
        assert!(statuses.contains(&self.status.as_u16()), "{self:?}");
        self
    }

    /// The `id` in the body.
    pub fn id(&self) -> String {
        self.json()["id"].as_str().expect("an id").to_owned()
    }

    /// The status, `scimType` and detail of an error.
    pub fn error(&self) -> (u16, String, String) {
        let json = self.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        assert_eq!(text("status"), self.status.as_str(), "{self:?}");
        (self.status.as_u16(), text("scimType"), text("detail"))
    }
}

pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
pub const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
pub const BULK: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// A user with a name and an e-mail address.
pub fn user(name: &str) -> Value {
    json!({
        "schemas": [USER],
        "userName": name,
        "emails": [{ "value": name, "type": "work", "primary": true }],
        "active": true
    })
}

pub fn group(name: &str, members: &[String]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP], "displayName": name, "members": members })
}

/// The body of a PATCH request.
pub fn patch(operations: Value) -> Value {
    json!({ "schemas": [PATCH], "Operations": operations })
}

/// Percent-encodes text for a query string.
pub fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

impl Client {
    pub fn new(base: &str, token: &str) -> Self {
        static CONNECTOR: LazyLock<HttpsConnector<HttpConnector>> = LazyLock::new(|| {
            HttpsConnectorBuilder::new()
                .with_provider_and_native_roots(ring::default_provider())
                .expect("the system has root certificates")
                .https_or_http()
                .enable_http1()
                .build()
        });
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new())
            .build(CONNECTOR.clone());
        Self {
            base: base.to_owned(),
            token: token.to_owned(),
            http,
        }
    }

    /// The same client with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// Sends a request unchanged. `path` is appended to the base URL, or with the prefix `origin:` to its scheme and host.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Bytes>,
    ) -> Answer {
        let url = match path.strip_prefix("origin:") {
            Some(path) => {
                let end = self.base[8..]
                    .find('/')
                    .map_or(self.base.len(), |at| at + 8);
                format!("{}{path}", &self.base[..end])
            }
            None => format!("{}{path}", self.base),
        };
        let mut request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).expect("a method"))
            .uri(url);
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("authorization"))
        {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        for (name, value) in headers {
            if !value.is_empty() {
                request = request.header(*name, *value);
            }
        }
        let request = request
            .body(Full::new(body.unwrap_or_default()))
            .expect("a request");
        let (parts, body) = self
            .http
            .request(request)
            .await
            .expect("an answer")
            .into_parts();
        let body = body.collect().await.expect("the whole answer").to_bytes();
        let is_compressed = parts.headers.get("content-encoding").is_some();
        let mut text = String::new();
        if is_compressed {
            let mut decoder = flate2::read::GzDecoder::new(&*body);
            decoder.read_to_string(&mut text).expect("gzip of text");
        } else {
            text = String::from_utf8(body.into()).expect("text");
        }
        Answer {
            status: parts.status,
            headers: parts.headers,
            text,
        }
    }

    async fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/scim+json")];
        self.send(method, path, &headers, Some(body.to_string().into()))
            .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.json("POST", path, body).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.json("PUT", path, body).await
    }

    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        self.json("PATCH", path, &patch(operations)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], None).await
    }

    /// The list response for a filter.
    pub async fn filter(&self, path: &str, filter: &str) -> Answer {
        self.get(&format!("{path}?filter={}", encode(filter))).await
    }

    /// Creates a user and returns its id.
    pub async fn create_user(&self, name: &str) -> String {
        self.post("/Users", &user(name)).await.expect(201).id()
    }

    /// Creates a group and returns its id.
    pub async fn create_group(&self, name: &str, members: &[String]) -> String {
        self.post("/Groups", &group(name, members))
            .await
            .expect(201)
            .id()
    }
}
