//! Failures as problem details, RFC 9457.
//!
//! The kinds and statuses are those of SCIM errors; a problem also lists the invalid places of the body.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use scim_core::{ErrorKind, ScimError};
use serde_json::{Value, json};

use directory::DirectoryError;
use keyring::KeyringError;

use service::response::explain;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
/// Marks a response that a retry receives.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
pub(crate) const TRUE: HeaderValue = HeaderValue::from_static("true");
/// How long a client should wait before a retry, in seconds.
const RETRY_AFTER: i64 = 1;

#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    pub kind: ErrorKind,
    /// What to change, in words.
    pub detail: String,
    /// The invalid places of the body as JSON pointers (RFC 6901), each with what to change.
    pub places: Vec<(String, String)>,
    /// The methods of the address, if the request used another one.
    pub allow: Option<String>,
    /// How long the client should wait, in seconds, if known.
    pub wait: Option<i64>,
    /// The id of the first request, if this is a retry of it.
    pub first: Option<String>,
}

impl Problem {
    #[must_use]
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            places: Vec::new(),
            allow: None,
            wait: None,
            first: None,
        }
    }

    /// A member of the body is invalid. An empty `pointer` means the body itself.
    #[must_use]
    pub fn invalid(pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let whole = match pointer {
            "" => detail.clone(),
            pointer => format!("{pointer}: {detail}"),
        };
        Self {
            places: vec![(pointer.to_owned(), detail)],
            ..Self::new(ErrorKind::InvalidValue, whole)
        }
    }

    #[must_use]
    pub const fn status(&self) -> u16 {
        self.kind.code().0
    }

    /// The address does not support the method, only these.
    #[must_use]
    pub fn allowed(methods: &[Method]) -> Self {
        let methods: Vec<&str> = methods.iter().map(Method::as_str).collect();
        let methods = methods.join(", ");
        let detail = format!("the endpoint takes {methods}");
        Self {
            allow: Some(methods),
            ..Self::new(ErrorKind::MethodNotAllowed, detail)
        }
    }

    /// Parses the JSON of [`Self::to_json`].
    #[must_use]
    pub fn read(json: &Value) -> Self {
        let text = |value: &Value, name: &str| {
            let text = value.get(name).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let name = text(json, "type");
        let status = json.get("status").and_then(Value::as_u64);
        let kind = ErrorKind::ALL.into_iter().find(|kind| {
            let is_named = name.ends_with(described(*kind).0);
            is_named && status == Some(u64::from(kind.code().0))
        });
        let places = json.get("errors").and_then(Value::as_array);
        let places = places.into_iter().flatten();
        Self {
            places: places
                .map(|place| (text(place, "pointer"), text(place, "detail")))
                .collect(),
            ..Self::new(kind.unwrap_or(ErrorKind::Internal), text(json, "detail"))
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        let status = StatusCode::from_u16(self.status()).unwrap_or_default();
        let is_busy = self.kind == ErrorKind::TooManyRequests;
        status.is_server_error() || is_busy || self.wait.is_some()
    }

    /// The problem as JSON; `request` is the gateway's id of the request.
    #[must_use]
    pub fn to_json(&self, request: &str) -> Value {
        let (name, title) = described(self.kind);
        let mut problem = json!({
            "type": format!("urn:muster:problem:{name}"),
            "title": title,
            "status": self.status(),
            "detail": self.detail,
        });
        if let Some(members) = problem.as_object_mut() {
            if !request.is_empty() {
                members.insert(
                    "instance".to_owned(),
                    json!(format!("urn:request:{request}")),
                );
            }
            if !self.places.is_empty() {
                let place = |(pointer, detail): &(String, String)| json!({ "pointer": pointer, "detail": detail });
                let places: Vec<Value> = self.places.iter().map(place).collect();
                members.insert("errors".to_owned(), Value::Array(places));
            }
        }
        problem
    }

    /// The response; `request` is the gateway's id of the request.
    #[must_use]
    pub fn into_response(self, request: &str) -> Response<Bytes> {
        let request = self.first.as_deref().unwrap_or(request);
        let mut response = Response::new(self.to_json(request).to_string().into());
        *response.status_mut() = StatusCode::from_u16(self.status()).unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        match self.kind {
            ErrorKind::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, BEARER);
            }
            ErrorKind::TooManyRequests | ErrorKind::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
            }
            _ => {}
        }
        if let Some(wait) = self.wait {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        if self.first.is_some() {
            headers.insert(REPLAYED, TRUE);
        }
        if let Some(allow) = self
            .allow
            .and_then(|methods| HeaderValue::try_from(methods).ok())
        {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}

impl From<ScimError> for Problem {
    fn from(error: ScimError) -> Self {
        Self::new(error.kind(), error.detail().to_string())
    }
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        explain(error).into()
    }
}

impl From<KeyringError> for Problem {
    fn from(error: KeyringError) -> Self {
        if !matches!(
            error,
            KeyringError::NoSuchKey | KeyringError::Taken | KeyringError::TooMany(_)
        ) {
            tracing::error!(%error, "keyring");
        }
        match error {
            KeyringError::Unavailable(_) | KeyringError::Contended => Self::new(
                ErrorKind::Unavailable,
                "the keys cannot be read or changed at the moment; try again in a moment",
            ),
            KeyringError::Worn => Self::new(
                ErrorKind::TooManyRequests,
                "keys that are kept together were changed too often within a day; no new one can be made for some hours, but keys can still be revoked",
            ),
            KeyringError::TooMany(most) => Self::new(
                ErrorKind::Conflict,
                format!(
                    "there are {most} live keys, which is as many as there can be; revoke one that is not needed"
                ),
            ),
            KeyringError::NoSuchKey => Self::new(ErrorKind::NotFound, "there is no such key"),
            KeyringError::Taken => Self::new(
                ErrorKind::Uniqueness,
                "the tenant has a key with this token already",
            ),
            KeyringError::Refused(_)
            | KeyringError::Unreadable
            | KeyringError::Missing
            | KeyringError::Full => Self::new(
                ErrorKind::Internal,
                "the keys cannot be read or changed; the service's log says why",
            ),
        }
    }
}

/// The last part of the type, and the title.
const fn described(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::InvalidSyntax => ("invalid-syntax", "The message cannot be read"),
        ErrorKind::Unauthorized => ("unauthorized", "No valid admin key"),
        ErrorKind::Forbidden => ("forbidden", "Not allowed"),
        ErrorKind::NotFound => ("not-found", "Not found"),
        ErrorKind::MethodNotAllowed => ("method-not-allowed", "The address has no such method"),
        ErrorKind::Uniqueness | ErrorKind::Conflict => {
            ("conflict", "In conflict with what there is")
        }
        ErrorKind::PreconditionFailed => ("precondition-failed", "Changed by somebody else"),
        ErrorKind::TooLarge | ErrorKind::TooMany => ("too-large", "Too large"),
        ErrorKind::UnsupportedMediaType => ("unsupported-media-type", "Not JSON"),
        ErrorKind::TooManyRequests => ("too-many-requests", "Too many requests"),
        ErrorKind::NotImplemented => ("not-offered", "Not offered"),
        ErrorKind::Unavailable => ("unavailable", "Not available at the moment"),
        ErrorKind::Internal => ("internal", "A defect of the service"),
        ErrorKind::InvalidCursor | ErrorKind::ExpiredCursor | ErrorKind::InvalidCount => {
            ("invalid-cursor", "The page cannot be given")
        }
        ErrorKind::InvalidFilter
        | ErrorKind::Mutability
        | ErrorKind::InvalidPath
        | ErrorKind::NoTarget
        | ErrorKind::InvalidValue
        | ErrorKind::InvalidVers => ("invalid-value", "A value is not acceptable"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_the_place_that_is_at_fault() {
        let problem = Problem::invalid("/settings/seats", "must be a whole number");
        let json = problem.to_json("r1");
        assert_eq!(json["type"], "urn:muster:problem:invalid-value");
        assert_eq!(json["status"], 400);
        assert_eq!(json["detail"], "/settings/seats: must be a whole number");
        assert_eq!(json["errors"][0]["pointer"], "/settings/seats");
        assert_eq!(json["instance"], "urn:request:r1");
    }

    #[test]
    fn a_problem_is_read_back_from_its_json() {
        let placed = Problem::invalid("/settings/seats", "must be a whole number");
        let there = Problem::new(ErrorKind::Conflict, "there is one");
        for problem in [placed, there, Problem::new(ErrorKind::NotFound, "no")] {
            let json = problem.to_json("");
            // Kinds of the same type cannot be distinguished in JSON, so the JSON is compared.
            assert_eq!(Problem::read(&json).to_json(""), json);
        }
    }

    #[test]
    fn what_may_go_well_another_time_is_passing() {
        let busy = Problem {
            wait: Some(7),
            ..Problem::new(ErrorKind::Conflict, "under way")
        };
        assert!(busy.is_passing());
        for kind in [
            ErrorKind::TooManyRequests,
            ErrorKind::Unavailable,
            ErrorKind::Internal,
        ] {
            assert!(Problem::new(kind, "").is_passing());
        }
        assert!(!Problem::new(ErrorKind::Conflict, "").is_passing());
    }

    #[test]
    fn a_problem_is_not_kept_by_caches_and_says_when_to_try_again() {
        let busy = Problem::new(ErrorKind::Unavailable, "busy").into_response("");
        assert_eq!(
            busy.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(busy.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(busy.headers()[header::RETRY_AFTER], "1");
        let denied = Problem::new(ErrorKind::Unauthorized, "no").into_response("");
        assert_eq!(denied.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let other = Problem::allowed(&[Method::GET]).into_response("");
        assert_eq!(other.headers()[header::ALLOW], "GET");
    }
}
