//! Sends requests to the vendor's side without a gateway, and collects the reasons of its problems from the responses'
//! extensions.

use std::collections::BTreeSet;
use std::sync::Mutex;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use service::Origin;
use vendor::{ProblemCause, ProblemReason, VendorSide};

use crate::vendor::console::visitor::{body, hidden};

pub(super) struct Asked<'v> {
    pub(super) vendor: &'v VendorSide,
    /// The initial admin key.
    pub(super) key: &'v str,
    met: Mutex<BTreeSet<ProblemReason>>,
}

impl<'v> Asked<'v> {
    pub(super) fn new(vendor: &'v VendorSide, key: &'v str) -> Self {
        Self {
            vendor,
            key,
            met: Mutex::default(),
        }
    }

    /// The reasons met so far.
    pub(super) fn met(&self) -> BTreeSet<ProblemReason> {
        self.met.lock().unwrap().clone()
    }

    pub(super) async fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        let origin = Origin {
            source: Some([127, 0, 0, 1].into()),
            ..Origin::default()
        };
        let response = Box::pin(self.vendor.handle(request, origin)).await;
        if let Some(ProblemCause::Vendor(reason)) = response.extensions().get::<ProblemCause>() {
            let (status, _) = reason.kind().code();
            assert_eq!(response.status().as_u16(), status, "{reason:?}");
            self.met.lock().unwrap().insert(*reason);
        }
        response
    }

    /// A request to the admin API with these headers; returns the body.
    pub(super) async fn with(
        &self,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Value {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/admin/v1{path}"))
            .header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Value::Null => Bytes::new(),
            body => body.to_string().into(),
        };
        let response = self.send(request.body(body).expect("a request")).await;
        serde_json::from_slice(response.body()).unwrap_or_default()
    }

    /// A request with an admin key.
    pub(super) async fn by(&self, key: &str, target: (&str, &str), body: &Value) -> Value {
        let key = format!("Bearer {key}");
        self.with(target, &[("authorization", key.as_str())], body)
            .await
    }

    /// A request with the initial admin key.
    pub(super) async fn api(&self, method: &str, path: &str, body: &Value) -> Value {
        self.by(self.key, (method, path), body).await
    }

    /// A request with an `Idempotency-Key`.
    pub(super) async fn named(&self, name: &str, path: &str, body: &Value) {
        let key = format!("Bearer {}", self.key);
        let headers = [("authorization", key.as_str()), ("idempotency-key", name)];
        self.with(("POST", path), &headers, body).await;
    }

    pub(super) async fn page(&self, path: &str, cookie: &str) -> Response<Bytes> {
        let request = Request::get(path).header("cookie", cookie);
        self.send(request.body(Bytes::new()).expect("a request"))
            .await
    }

    /// A form of one of the site's own pages.
    pub(super) async fn form(
        &self,
        path: &str,
        (cookie, media_type): (&str, &str),
        form: impl Into<Bytes>,
    ) -> Response<Bytes> {
        let request = Request::post(path)
            .header("cookie", cookie)
            .header("content-type", media_type)
            .header("sec-fetch-site", "same-origin");
        self.send(request.body(form.into()).expect("a request"))
            .await
    }

    /// Signs in to the console; returns the cookie of the session and the token of its forms.
    pub(super) async fn session(&self) -> (String, String) {
        let key = body(&[("key", self.key)]);
        let response = self.form("/console/sign-in", ("", FORM), key).await;
        let cookie = response.headers()["set-cookie"].to_str().expect("a cookie");
        let (cookie, _) = cookie.split_once(';').expect("attributes");
        let page = self.page("/console/keys", cookie).await;
        let page = std::str::from_utf8(page.body()).expect("a page");
        let token = hidden(page, "form").expect("a form token");
        (cookie.to_owned(), token)
    }
}

/// The media type of forms.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";
