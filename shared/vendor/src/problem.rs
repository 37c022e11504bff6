//! Failures as problem details, RFC 9457.
//!
//! A problem is a [`ProblemReason`] of the vendor's side with arguments, or a failure of the SCIM core. Both are values with
//! their sentence in one table: [`mod@reason`] here, and that of the core. The kinds and statuses are those of SCIM
//! errors; a problem also lists the invalid places of the body.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use scim_core::{ErrorKind, ScimError};
use serde_json::{Value, json};

use directory::DirectoryError;
use keyring::KeyringError;

use service::wire::explain;

use crate::limits::{REPORTED_FAULTS, RETRY_AFTER_SECONDS};

pub mod reason;

pub use reason::ProblemReason;

use reason::OwnWords;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
/// The most characters of a pointer in a sentence.
const SHOWN_POINTER: usize = 120;
/// Marks a response that a retry receives.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
pub(crate) const TRUE: HeaderValue = HeaderValue::from_static("true");

#[derive(Clone, PartialEq, Debug)]
pub struct Problem {
    cause: ProblemCause,
    kind: ErrorKind,
    /// What to change, in words.
    detail: Box<str>,
    /// The invalid places of the body as JSON pointers (RFC 6901), each with what to change.
    places: Vec<(String, String)>,
    /// The methods of the address, if the request used another one.
    allow: Option<Box<str>>,
    /// How long the client should wait, in seconds, if known.
    wait: Option<i64>,
    /// The id of the first request, if this is a retry of it.
    first: Option<Box<str>>,
    /// Further members, for programs.
    members: Vec<(&'static str, Value)>,
}

/// What a problem is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum ProblemCause {
    /// A reason of the vendor's side.
    Vendor(ProblemReason),
    /// A failure of the SCIM core.
    Scim(scim_core::error::Reason),
    /// What an earlier request with the same name got.
    Repeated,
}

impl fmt::Display for ProblemCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vendor(reason) => write!(f, "{reason:?}"),
            Self::Scim(reason) => write!(f, "{reason:?}"),
            Self::Repeated => f.write_str("Repeated"),
        }
    }
}

impl Problem {
    fn new(reason: ProblemReason, arguments: &[(&str, Cow<'static, str>)]) -> Self {
        let detail = reason::filled(reason.sentence(), arguments);
        Self::of(ProblemCause::Vendor(reason), reason.kind(), detail)
    }

    fn of(cause: ProblemCause, kind: ErrorKind, detail: String) -> Self {
        Self {
            cause,
            kind,
            detail: detail.into_boxed_str(),
            places: Vec::new(),
            allow: None,
            wait: None,
            first: None,
            members: Vec::new(),
        }
    }

    /// The problem is in this member of the body, or in the whole body if `pointer` is empty.
    #[must_use]
    pub(crate) fn at(mut self, pointer: &str) -> Self {
        // A member's name may be as long as the body.
        let detail = match pointer.char_indices().nth(SHOWN_POINTER) {
            None if pointer.is_empty() => self.detail.clone().into_string(),
            None => format!("{pointer}: {}", self.detail),
            Some((end, _)) => {
                format!(
                    "{}…: {}",
                    pointer.get(..end).unwrap_or_default(),
                    self.detail
                )
            }
        };
        let fault = std::mem::replace(&mut self.detail, detail.into()).into_string();
        self.places = vec![(pointer.to_owned(), fault)];
        self
    }

    /// The problem with a further member, for programs.
    #[must_use]
    pub(crate) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.members.push((name, value));
        self
    }

    /// Both problems; the detail is that of this one.
    #[must_use]
    fn and(mut self, other: Self) -> Self {
        let left = REPORTED_FAULTS.saturating_sub(self.places.len());
        self.places.extend(other.places.into_iter().take(left));
        self
    }

    /// The client should wait this long, in seconds.
    #[must_use]
    pub(crate) const fn after(mut self, seconds: i64) -> Self {
        self.wait = Some(seconds);
        self
    }

    /// The address does not support the method, only these.
    #[must_use]
    pub(crate) fn allowed(methods: &[Method]) -> Self {
        let methods = || methods.iter().map(Method::as_str);
        let mut problem = reason::other_method(OwnWords::list(methods()));
        problem.allow = Some(methods().collect::<Vec<_>>().join(", ").into());
        problem
    }

    /// What an earlier request got: the JSON of [`Self::to_json`], and the id of that request.
    #[must_use]
    pub(crate) fn repeated(json: &Value, request: String) -> Self {
        let mut problem = Self::read(json);
        problem.first = Some(request.into());
        problem
    }

    #[must_use]
    pub const fn cause(&self) -> ProblemCause {
        self.cause
    }

    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to change, in words.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The invalid places of the body as JSON pointers, each with what to change.
    #[must_use]
    pub fn places(&self) -> &[(String, String)] {
        &self.places
    }

    #[must_use]
    pub const fn status(&self) -> u16 {
        self.kind.code().0
    }

    /// Parses the JSON of [`Self::to_json`].
    fn read(json: &Value) -> Self {
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
            ..Self::of(
                ProblemCause::Repeated,
                kind.unwrap_or(ErrorKind::Internal),
                text(json, "detail"),
            )
        }
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
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
            for (name, value) in &self.members {
                members.insert((*name).to_owned(), value.clone());
            }
            if !self.places.is_empty() {
                let place = |(pointer, detail): &(String, String)| json!({ "pointer": pointer, "detail": detail });
                let places: Vec<Value> = self.places.iter().map(place).collect();
                members.insert("errors".to_owned(), Value::Array(places));
            }
        }
        problem
    }

    /// The response; `request` is the gateway's id of the request. Its extensions contain the [`ProblemCause`].
    #[must_use]
    pub fn into_response(self, request: &str) -> Response<Bytes> {
        let request = self.first.as_deref().unwrap_or(request);
        let mut response = Response::new(self.to_json(request).to_string().into());
        *response.status_mut() = StatusCode::from_u16(self.status()).unwrap_or_default();
        response.extensions_mut().insert(self.cause);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        headers.insert(header::CACHE_CONTROL, NO_STORE);
        match self.kind {
            ErrorKind::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, BEARER);
            }
            ErrorKind::TooManyRequests | ErrorKind::Unavailable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
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
            .and_then(|methods| HeaderValue::from_str(&methods).ok())
        {
            headers.insert(header::ALLOW, allow);
        }
        response
    }
}

/// Rejects an input with all its faults, if there are any.
///
/// # Errors
///
/// The faults, as one problem.
pub(crate) fn rejected(
    faults: impl IntoIterator<Item: Into<Option<Problem>>>,
) -> Result<(), Problem> {
    let faults = faults.into_iter().filter_map(Into::into);
    faults.reduce(Problem::and).map_or(Ok(()), Err)
}

/// The fault of a part of an input, for [`rejected`].
pub(crate) fn fault<T>(checked: &Result<T, Problem>) -> Option<Problem> {
    checked.as_ref().err().cloned()
}

/// The problem of a defect of this service. Only the log says what happened.
pub(crate) fn defect(what: &'static str) -> Problem {
    tracing::error!(what, "admin.defect");
    scim_core::error::reason::defect().into()
}

impl From<ScimError> for Problem {
    fn from(error: ScimError) -> Self {
        let detail = error.detail().to_string();
        Self::of(ProblemCause::Scim(error.reason()), error.kind(), detail)
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
            tracing::error!(%error, "keyring.failed");
        }
        match error {
            KeyringError::Unavailable(_) | KeyringError::Contended => reason::keys_unavailable(),
            KeyringError::Worn => reason::keyring_worn(),
            KeyringError::TooMany(most) => reason::too_many_keys(most),
            KeyringError::NoSuchKey => reason::key_gone(),
            KeyringError::Taken => reason::token_taken(),
            KeyringError::Refused(_)
            | KeyringError::Unreadable
            | KeyringError::Missing
            | KeyringError::Full => reason::keys_unreadable(),
        }
    }
}

/// The last part of the type, and the title.
const fn described(kind: ErrorKind) -> (&'static str, &'static str) {
    match kind {
        ErrorKind::InvalidSyntax => ("invalid-syntax", "Invalid message"),
        ErrorKind::Unauthorized => ("unauthorized", "No valid admin key"),
        ErrorKind::Forbidden => ("forbidden", "Not allowed"),
        ErrorKind::NotFound => ("not-found", "Not found"),
        ErrorKind::MethodNotAllowed => ("method-not-allowed", "Method not allowed"),
        ErrorKind::Gone => ("gone", "No longer kept"),
        ErrorKind::Uniqueness | ErrorKind::Conflict => {
            ("conflict", "Conflict with the current state")
        }
        ErrorKind::PreconditionFailed => ("precondition-failed", "Changed meanwhile"),
        ErrorKind::TooLarge | ErrorKind::TooMany => ("too-large", "Too large"),
        ErrorKind::UnsupportedMediaType => ("unsupported-media-type", "Not JSON"),
        ErrorKind::TooManyRequests => ("too-many-requests", "Too many requests"),
        ErrorKind::NotImplemented => ("not-offered", "Not supported"),
        ErrorKind::Unavailable => ("unavailable", "Temporarily unavailable"),
        ErrorKind::Internal => ("internal", "Internal error"),
        ErrorKind::InvalidCursor | ErrorKind::ExpiredCursor | ErrorKind::InvalidCount => {
            ("invalid-cursor", "Invalid cursor")
        }
        ErrorKind::InvalidFilter
        | ErrorKind::Mutability
        | ErrorKind::InvalidPath
        | ErrorKind::NoTarget
        | ErrorKind::InvalidValue
        | ErrorKind::InvalidVers => ("invalid-value", "Invalid value"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_the_invalid_place() {
        let problem = reason::member_missing().at("/settings/seats");
        let json = problem.to_json("r1");
        assert_eq!(json["type"], "urn:muster:problem:invalid-value");
        assert_eq!(json["status"], 400);
        assert_eq!(json["detail"], "/settings/seats: is required");
        assert_eq!(json["errors"][0]["pointer"], "/settings/seats");
        assert_eq!(json["errors"][0]["detail"], "is required");
        assert_eq!(json["instance"], "urn:request:r1");
        let both = problem.and(reason::end_past().at("/expires"));
        assert_eq!(both.to_json("")["errors"][1]["pointer"], "/expires");
        assert_eq!(both.detail(), "/settings/seats: is required");
    }

    #[test]
    fn a_sentence_has_only_the_beginning_of_a_long_pointer() {
        let pointer = format!("/{}", "ä".repeat(200));
        let problem = reason::member_missing().at(&pointer);
        let shown = format!("/{}…: is required", "ä".repeat(119));
        assert_eq!(problem.detail(), shown);
        assert_eq!(problem.to_json("")["errors"][0]["pointer"], pointer);
    }

    #[test]
    fn a_problem_is_read_back_from_its_json() {
        let placed = reason::member_missing().at("/settings/seats");
        for problem in [placed, reason::tenant_on(), reason::no_page()] {
            let json = problem.to_json("");
            // Kinds of the same type cannot be distinguished in JSON, so the JSON is compared.
            let read = Problem::repeated(&json, "r1".to_owned());
            assert_eq!(read.to_json(""), json);
            assert_eq!(read.cause(), ProblemCause::Repeated);
        }
    }

    #[test]
    fn a_problem_that_a_retry_may_solve_is_temporary() {
        assert!(reason::request_in_progress().after(7).is_temporary());
        for problem in [
            reason::keyring_worn(),
            reason::keys_unavailable(),
            reason::keys_unreadable(),
        ] {
            assert!(problem.is_temporary(), "{problem:?}");
        }
        assert!(!reason::tenant_on().is_temporary());
    }

    #[test]
    fn a_problem_is_not_cached_and_says_when_to_retry() {
        let busy = reason::keys_unavailable().into_response("");
        assert_eq!(
            busy.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
        assert_eq!(busy.headers()[header::CACHE_CONTROL], "no-store");
        assert_eq!(busy.headers()[header::RETRY_AFTER], "1");
        let denied = reason::no_admin_key().into_response("");
        assert_eq!(denied.headers()[header::WWW_AUTHENTICATE], "Bearer");
        let other = Problem::allowed(&[Method::GET]).into_response("");
        assert_eq!(other.headers()[header::ALLOW], "GET");
    }
}
