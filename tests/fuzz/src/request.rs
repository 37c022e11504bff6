//! Laws of whole requests: a line with method and path, lines with headers, an empty line, the body.
//!
//! `$0` … `$9` stand for the ids of the tenant's initial resources, `$t` for its token. The service runs on the embedded
//! engine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, OnceLock};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, header};
use local::dynamo::Storage;
use local::stack::{CacheSharing, Options, Stack, TABLE, TenantAccess};
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::wire::routes::{self, RouteMatch};
use service::{Function, Origin};
use tokio::runtime::{Builder, Runtime};

/// Requests to one tenant before it is replaced by a new one.
const REQUESTS: u32 = 200;

struct Tenant {
    stack: Stack,
    access: TenantAccess,
    ids: Vec<String>,
    left: u32,
}

/// The items of the table, as text.
pub type Table = BTreeMap<String, String>;

/// Every request gets a well-formed SCIM response without a server error, and a rejected request changes nothing in the
/// table.
pub fn check(data: &[u8]) {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static TENANT: Mutex<Option<Tenant>> = Mutex::new(None);
    let runtime = RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).enable_all();
        builder.build().expect("a runtime")
    });
    let mut place = TENANT.lock().unwrap_or_else(|broken| {
        TENANT.clear_poison();
        let mut place = broken.into_inner();
        *place = None;
        place
    });
    runtime.block_on(async {
        let mut tenant = match place.take() {
            Some(tenant) if tenant.left > 0 => tenant,
            Some(used) => {
                used.stack.shutdown().await;
                Tenant::start().await
            }
            None => Tenant::start().await,
        };
        tenant.left -= 1;
        tenant.ask(data).await;
        *place = Some(tenant);
    });
}

impl Tenant {
    async fn start() -> Self {
        let stack = Stack::start(Options {
            listen: ([127, 0, 0, 1], 0).into(),
            public_url: None,
            storage: Storage::Memory,
            endpoint: None,
            clock: Clock::system(),
            ids: Ids::system(),
            faults: None,
            caches: CacheSharing::Shared,
            rate: None,
        });
        let stack = stack.await.expect("the local stack starts");
        let access = stack.tenant("acme", None).await.expect("a tenant");
        let mut tenant = Self {
            stack,
            access,
            ids: Vec::new(),
            left: REQUESTS,
        };
        for name in ["a", "B"] {
            let user = json!({
                "schemas": [scim_core::urn::USER], "userName": name, "title": "t", "active": true,
                "emails": [{ "value": "a@b", "type": "work", "primary": true }, { "value": "c@d" }],
                (scim_core::urn::ENTERPRISE_USER): { "manager": { "value": "$0" } },
            });
            tenant.create("/Users", &user).await;
        }
        let group = json!({
            "schemas": [scim_core::urn::GROUP], "displayName": "g", "members": [{ "value": "$0" }],
        });
        tenant.create("/Groups", &group).await;
        tenant
    }

    async fn create(&mut self, path: &str, body: &Value) {
        let request = format!("POST {path}\n\n{body}");
        let request = self.request(request.as_bytes()).expect("a request");
        let answer = self.answer(request).await;
        let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
        self.ids
            .push(body["id"].as_str().expect("an id").to_owned());
    }

    async fn ask(&self, data: &[u8]) {
        let Some(request) = self.request(data) else {
            return;
        };
        let method = request.method().clone();
        let is_bulk = request.uri().path().ends_with("/Bulk");
        let before = self.table().await;
        let answer = self.answer(request).await;
        let status = answer.status();
        sound(&answer);
        if method == http::Method::GET || (!status.is_success() && !is_bulk) {
            assert_eq!(self.table().await, before, "{status}");
        }
    }

    /// The request in the bytes, or `None` if it is not valid HTTP.
    fn request(&self, data: &[u8]) -> Option<Request<Bytes>> {
        let at = data.windows(2).position(|two| two == b"\n\n");
        let (head, body) = match at {
            Some(at) => data.split_at_checked(at)?,
            None => (data, &b"\n\n"[..]),
        };
        let head = self.filled(str::from_utf8(head).ok()?);
        let mut lines = head.split('\n');
        let (method, path) = lines.next()?.split_once(' ')?;
        let path = match path.strip_prefix('~') {
            Some(path) => path.to_owned(),
            None => format!("/{}/scim/v2{path}", self.access.tenant),
        };
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            request = request.header(name, value.trim());
        }
        let is_named = request.headers_ref()?.contains_key(header::AUTHORIZATION);
        if !is_named {
            let token = format!("Bearer {}", self.access.token);
            request = request.header(header::AUTHORIZATION, token);
        }
        let body = body.get(2..)?;
        let body = match str::from_utf8(body) {
            Ok(text) => Bytes::from(self.filled(text)),
            Err(_) => Bytes::copy_from_slice(body),
        };
        request.body(body).ok()
    }

    fn filled(&self, text: &str) -> String {
        let mut filled = text.replace("$t", &self.access.token);
        for (number, id) in self.ids.iter().enumerate() {
            filled = filled.replace(&format!("${number}"), id);
        }
        filled
    }

    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let function = function_of(&request);
        let service = &self.stack.service;
        service.handle(function, request, Origin::default()).await
    }

    async fn table(&self) -> Table {
        stored(&self.stack).await
    }
}

/// The stored items, without those that reads and rejected requests may write: page positions, last uses of tokens and the
/// failure log.
pub async fn stored(stack: &Stack) -> Table {
    let dynamodb = &stack.services.clients.dynamodb;
    let scan = dynamodb.scan().table_name(TABLE).consistent_read(true);
    let items = scan
        .into_paginator()
        .items()
        .send()
        .collect::<Result<Vec<_>, _>>();
    let items = items.await.expect("the table can be read");
    let text = |value: &_| format!("{value:?}");
    items
        .iter()
        .map(|item| {
            let key = format!("{} {}", text(&item["pk"]), text(&item["sk"]));
            let item: BTreeMap<_, _> = item.iter().map(|(name, one)| (name, text(one))).collect();
            (key, format!("{item:?}"))
        })
        .filter(|(key, _)| {
            let left_behind = ["#anchor", "#lastUsed", "#request"];
            !left_behind.iter().any(|name| key.contains(name))
        })
        .collect()
}

/// The function that the gateway would route the request to.
fn function_of(request: &Request<Bytes>) -> Function {
    let segments: Vec<&str> = request.uri().path().split('/').skip(4).collect();
    match routes::find(request.method(), &segments) {
        RouteMatch::Route(route, _) => route.function,
        _ => Function::Discovery,
    }
}

/// Asserts that a response is well-formed by RFC 7644.
fn sound(answer: &Response<Bytes>) {
    let status = answer.status();
    let text = String::from_utf8_lossy(answer.body());
    // 501 is expected for /Me only: the token stands for no user.
    assert!(status.as_u16() < 500 || status == 501, "{status} {text}");
    let media = answer.headers().get(header::CONTENT_TYPE);
    if answer.body().is_empty() {
        assert!(status == 204 || status == 304, "{status}");
        assert_eq!(media.is_some(), status == 204);
        return;
    }
    assert_eq!(
        media.map(header::HeaderValue::as_bytes),
        Some(&b"application/scim+json"[..])
    );
    let body: Value = serde_json::from_slice(answer.body()).expect("an answer is JSON");
    match status.as_u16() {
        200 => {}
        201 => located(answer.headers(), &body),
        failure => {
            let urn = scim_core::urn::ERROR;
            assert_eq!(body["schemas"], json!([urn]), "{text}");
            assert_eq!(body["status"], failure.to_string(), "{text}");
            let detail = body["detail"].as_str().unwrap_or_default();
            assert!(!detail.is_empty() && detail.len() < 2_000, "{text}");
            assert!(!detail.contains(char::is_control), "{text}");
        }
    }
}

fn located(headers: &HeaderMap, body: &Value) {
    let location = headers
        .get(header::LOCATION)
        .map(header::HeaderValue::as_bytes);
    if let Some(given) = body["meta"]["location"].as_str() {
        assert_eq!(location, Some(given.as_bytes()));
    }
    assert!(location.is_some());
}

/// Decodes percent-encoded text; invalid encodings are dropped.
#[must_use]
pub fn decoded(text: &str) -> String {
    let mut decoded = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digits = String::new();
        for digit in rest.by_ref().take(2) {
            let _ = write!(digits, "{}", char::from(digit));
        }
        decoded.extend(u8::from_str_radix(&digits, 16));
    }
    String::from_utf8_lossy(&decoded).into_owned()
}
