//! Converts results of pages to `http` responses with the headers that all of them have.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use maud::Markup;
use scim_core::ErrorKind;

use crate::api::response::ApiResponse;
use crate::problem::Problem;

/// Pages load only what this site serves, no other site may frame them, and forms go only to this site. Pages contain
/// no inline styles or scripts.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// With `no-referrer` browsers would hide the origin of a form from this site, which checks it; hence `same-origin`.
/// Pages have no links to other sites that could receive an address.
const ALWAYS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];
const HTML: &str = "text/html; charset=utf-8";
/// How long browsers must use HTTPS only for this site: two years.
const HTTPS_ONLY: &str = "max-age=63072000";
/// An asset never changes, because its name contains the digest of its content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The result of a request.
pub(crate) struct Reply {
    content: Content,
    refused: Option<Problem>,
    cookies: Vec<String>,
}

enum Content {
    Page(Markup),
    Redirect(String),
    Api(ApiResponse),
    Asset(&'static str, &'static str),
}

impl Reply {
    const fn new(content: Content) -> Self {
        Self {
            content,
            refused: None,
            cookies: Vec::new(),
        }
    }

    pub(crate) const fn page(page: Markup) -> Self {
        Self::new(Content::Page(page))
    }

    /// A page that explains a problem, with its status.
    pub(crate) fn rejected(page: Markup, problem: &Problem) -> Self {
        Self {
            refused: Some(problem.clone()),
            ..Self::page(page)
        }
    }

    /// A redirect to another page of this site; `path` never comes from a client.
    pub(crate) const fn redirect(path: String) -> Self {
        Self::new(Content::Redirect(path))
    }

    /// A response of the admin API, such as a file.
    pub(crate) const fn api(response: ApiResponse) -> Self {
        Self::new(Content::Api(response))
    }

    pub(crate) const fn asset(media_type: &'static str, content: &'static str) -> Self {
        Self::new(Content::Asset(media_type, content))
    }

    /// Adds a cookie.
    pub(crate) fn with_cookie(mut self, cookie: String) -> Self {
        self.cookies.push(cookie);
        self
    }

    pub(crate) fn into_response(self, is_secure: bool) -> Response<Bytes> {
        let is_asset = matches!(self.content, Content::Asset(..));
        let mut response = self.content.into_response();
        if let Some(problem) = &self.refused {
            refuse(&mut response, problem);
        }
        let headers = response.headers_mut();
        let keep = if is_asset { FOR_EVER } else { "no-store" };
        let secure = is_secure.then_some((header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY));
        let kept = (header::CACHE_CONTROL, keep);
        for (name, value) in ALWAYS.into_iter().chain([kept]).chain(secure) {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for cookie in self.cookies {
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                headers.append(header::SET_COOKIE, cookie);
            }
        }
        response
    }
}

impl Content {
    fn into_response(self) -> Response<Bytes> {
        let (media_type, body) = match self {
            Self::Page(page) => (HTML, Bytes::from(page.into_string())),
            Self::Asset(media_type, content) => {
                (media_type, Bytes::from_static(content.as_bytes()))
            }
            Self::Redirect(path) => return see_other(&path),
            Self::Api(response) => {
                return match response.into_response() {
                    Ok(response) => response,
                    Err(problem) => problem.into_response(""),
                };
            }
        };
        let mut response = Response::new(body);
        let value = HeaderValue::from_static(media_type);
        response.headers_mut().insert(header::CONTENT_TYPE, value);
        response
    }
}

/// Sets the status and headers of a problem.
fn refuse(response: &mut Response<Bytes>, problem: &Problem) {
    let refusal = problem.clone().into_response("");
    *response.status_mut() = refusal.status();
    response.extensions_mut().insert(problem.cause());
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = refusal.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    if problem.kind() == ErrorKind::Unauthorized {
        // A browser would show its own dialog for an authentication scheme that it knows, so this one is made up.
        let session = HeaderValue::from_static("Session");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, session);
    }
}

/// Redirects the browser to another page of this site after a form.
fn see_other(path: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(303).unwrap_or_default();
    if let Ok(path) = HeaderValue::try_from(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}
