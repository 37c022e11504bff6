//! Converts results of requests to `http` responses.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use scim_core::{ErrorKind, ScimError, Version};
use serde_json::Value;

use directory::DirectoryError;
use scim_core::error::reason::{self, Word};

use super::coding::Coding;
use super::finding::OperationFinding;
use crate::limits::RETRY_AFTER_SECONDS;

const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
/// The coding of large bodies. The header `Vary` keeps caches from giving them to clients that do not accept it.
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

#[derive(Clone, PartialEq, Debug)]
pub enum Success {
    /// A new resource.
    Created {
        location: String,
        version: Version,
        body: Value,
    },
    Resource {
        location: String,
        version: Version,
        body: Value,
    },
    /// A resource whose representation is already compressed with gzip.
    Coded {
        location: String,
        version: Version,
        body: Bytes,
    },
    Message(Value),
    /// The response to a bulk request, and the operations to record in the failure log.
    Bulk(Value, Vec<OperationFinding>),
    /// A changed resource that the response does not contain.
    Changed(Version),
    /// The client already has this version.
    NotModified(Version),
    /// A successful change, and the places of references in it that are not URIs.
    WithOddReferences(Box<Self>, Vec<String>),
    /// A success without content.
    NoContent,
}

/// The body of a success.
enum SuccessBody {
    Json(Value),
    /// Already compressed with gzip.
    Coded(Bytes),
}

impl Success {
    /// Takes the operations of a bulk request to record in the failure log.
    pub(crate) fn take_operations(&mut self) -> Vec<OperationFinding> {
        match self {
            Self::Bulk(_, operations) => std::mem::take(operations),
            _ => Vec::new(),
        }
    }

    /// Takes the places of references that are not URIs.
    pub(crate) fn take_odd_references(&mut self) -> Vec<String> {
        match self {
            Self::WithOddReferences(_, places) => std::mem::take(places),
            _ => Vec::new(),
        }
    }

    /// The status, the location, the version and the body of the response.
    fn into_parts(
        self,
    ) -> (
        StatusCode,
        Option<String>,
        Option<Version>,
        Option<SuccessBody>,
    ) {
        let json = |body| Some(SuccessBody::Json(body));
        match self {
            Self::Coded {
                location,
                version,
                body,
            } => (
                StatusCode::OK,
                Some(location),
                Some(version),
                Some(SuccessBody::Coded(body)),
            ),
            Self::Created {
                location,
                version,
                body,
            } => (
                StatusCode::CREATED,
                Some(location),
                Some(version),
                json(body),
            ),
            Self::Resource {
                location,
                version,
                body,
            } => (StatusCode::OK, Some(location), Some(version), json(body)),
            Self::Message(body) | Self::Bulk(body, _) => (StatusCode::OK, None, None, json(body)),
            Self::Changed(version) => (StatusCode::NO_CONTENT, None, Some(version), None),
            Self::WithOddReferences(made, _) => made.into_parts(),
            Self::NotModified(version) => (StatusCode::NOT_MODIFIED, None, Some(version), None),
            Self::NoContent => (StatusCode::NO_CONTENT, None, None, None),
        }
    }

    /// The response in the given coding.
    ///
    /// # Errors
    ///
    /// `tooLarge`.
    pub fn into_response(self, coding: Coding) -> Result<Response<Bytes>, ScimError> {
        let (status, location, version, body) = self.into_parts();
        let (body, coded) = match body {
            Some(SuccessBody::Json(body)) => (Some(body), None),
            Some(SuccessBody::Coded(coded)) => (None, Some(coded)),
            None => (None, None),
        };
        let mut response = with_body(status, body.as_ref());
        if let Some(coded) = coded.or_else(|| coding.code(response.body())) {
            *response.body_mut() = coded;
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, SCIM_JSON);
            headers.insert(header::CONTENT_ENCODING, GZIP);
            headers.insert(header::VARY, ACCEPT_ENCODING);
        }
        if response.body().len() > coding.largest_body() {
            return Err(reason::answer_too_large());
        }
        let headers = response.headers_mut();
        if status == StatusCode::NO_CONTENT {
            // SCIM-SDK recognises a SCIM response by this header alone, with or without a body.
            headers.insert(header::CONTENT_TYPE, SCIM_JSON);
        }
        if let Some(location) = location.and_then(|uri| HeaderValue::try_from(uri).ok()) {
            headers.insert(header::LOCATION, location);
        }
        let tag = version.map(|version| version.to_string());
        if let Some(tag) = tag.and_then(|tag| HeaderValue::try_from(tag).ok()) {
            headers.insert(header::ETAG, tag);
        }
        Ok(response)
    }
}

/// Marks a response as personal data that no cache may store, and as nothing but JSON.
pub(super) fn guard(response: &mut Response<Bytes>) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
}

/// A failure with the headers of its response.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    pub error: ScimError,
    /// The methods of the address, if the request used another one.
    pub allow: Option<String>,
    /// How long the client should wait, in seconds, if known.
    pub wait: Option<i64>,
}

impl From<ScimError> for Failure {
    fn from(error: ScimError) -> Self {
        Self {
            error,
            allow: None,
            wait: None,
        }
    }
}

impl Failure {
    /// The address does not support the method, only these.
    #[must_use]
    pub fn allowed(methods: &str) -> Self {
        Self {
            allow: Some(methods.to_owned()),
            ..Self::from(reason::other_http_method(Word::ours(methods)))
        }
    }

    /// The tenant exceeded its rate limit, for this many more seconds.
    #[must_use]
    pub fn slow_down(seconds: i64) -> Self {
        Self {
            wait: Some(seconds),
            ..Self::from(reason::rate_exceeded(seconds))
        }
    }

    #[must_use]
    pub fn into_response(self) -> Response<Bytes> {
        let status = StatusCode::from_u16(self.error.status()).unwrap_or_default();
        let mut response = with_body(status, Some(&self.error.to_json()));
        let headers = response.headers_mut();
        match self.error.kind() {
            ErrorKind::Unauthorized => {
                headers.insert(header::WWW_AUTHENTICATE, BEARER);
            }
            ErrorKind::TooManyRequests | ErrorKind::Unavailable => {
                let wait = self.wait.unwrap_or(RETRY_AFTER_SECONDS);
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait));
            }
            _ => {}
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

/// The reasons of a failed request, or of each failed operation of a bulk request; an extension of the response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failures(pub Vec<ScimError>);

fn with_body(status: StatusCode, body: Option<&Value>) -> Response<Bytes> {
    let mut response = Response::new(body.map_or_else(Bytes::new, |body| body.to_string().into()));
    *response.status_mut() = status;
    if body.is_some() {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, SCIM_JSON);
    }
    response
}

/// The client's error for a failure of the directory.
#[must_use]
pub fn explain(error: DirectoryError) -> ScimError {
    if let DirectoryError::Internal(reason)
    | DirectoryError::Refused(reason)
    | DirectoryError::Unavailable(reason) = &error
    {
        tracing::error!(error = reason, "storage.failed");
    }
    match error {
        DirectoryError::Taken { attribute, value } => reason::taken(attribute, value),
        DirectoryError::NoSeat(seats) => reason::no_seat(seats),
        DirectoryError::NoSuchMember(id) => reason::no_such_member(id),
        DirectoryError::Cycle(id) => reason::group_cycle(id),
        DirectoryError::TooManyMembers { given, most } => reason::too_many_members(given, most),
        DirectoryError::TooManyGroups { given, most } => reason::too_many_groups(given, most),
        DirectoryError::TooManyAddresses { given, most } => reason::too_many_addresses(given, most),
        DirectoryError::TooLarge { given, most } => reason::resource_too_large(given, most),
        DirectoryError::TooMany => reason::filter_too_slow(),
        DirectoryError::Gone => reason::resource_gone(),
        DirectoryError::Stale | DirectoryError::Contended | DirectoryError::Throttled => {
            reason::contended()
        }
        DirectoryError::OutOfTime => reason::change_not_begun(),
        // An operator can restore a missing permission. The request is valid and succeeds then.
        DirectoryError::Unavailable(_) | DirectoryError::Refused(_) => {
            reason::storage_unreachable()
        }
        DirectoryError::Internal(_) => reason::defect(),
    }
}

#[cfg(test)]
mod tests {
    use scim_core::error::Reason;

    use super::*;

    #[test]
    fn t08_r02_failures_are_scim_errors_with_their_headers() {
        let failure = Failure::from(reason::no_token());
        let response = failure.into_response();
        assert_eq!(response.status(), 401);
        assert_eq!(response.headers()[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/scim+json"
        );
    }

    #[test]
    fn r09_temporary_failures_have_a_retry_time() {
        for (error, told) in [
            (reason::contended(), true),
            (reason::storage_unreachable(), true),
            (reason::value_missing(), false),
            (reason::defect(), false),
        ] {
            let kind = error.kind();
            let response = Failure::from(error).into_response();
            let seconds = response.headers().get(header::RETRY_AFTER);
            let seconds = seconds.and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
            assert_eq!(seconds.is_some_and(|seconds| seconds > 0), told, "{kind:?}");
        }
    }

    #[test]
    fn t21_an_answer_without_content_names_its_media_type_unless_nothing_changed() {
        for (outcome, status, media) in [
            (Success::NoContent, 204, Some("application/scim+json")),
            (
                Success::Changed(Version(2)),
                204,
                Some("application/scim+json"),
            ),
            (Success::NotModified(Version(2)), 304, None),
        ] {
            let response = outcome.into_response(Coding::Gzip).unwrap();
            assert_eq!(response.status(), status);
            assert!(response.body().is_empty());
            let given = response.headers().get(header::CONTENT_TYPE);
            assert_eq!(given.map(|given| given.to_str().unwrap()), media);
        }
    }

    #[test]
    fn large_answers_are_compressed_for_clients_that_take_it() {
        use std::io::Read;
        for (letters, is_large) in [(100, false), (10_000, true)] {
            let body = Value::String("x".repeat(letters));
            let response = Success::Message(body.clone()).into_response(Coding::Gzip);
            let response = response.unwrap();
            let coding = response.headers().get(header::CONTENT_ENCODING);
            assert_eq!(coding.is_some_and(|coding| coding == "gzip"), is_large);
            assert_eq!(response.headers().contains_key(header::VARY), is_large);
            let mut text = String::new();
            if is_large {
                let mut decoder = flate2::read::GzDecoder::new(&**response.body());
                decoder.read_to_string(&mut text).unwrap();
            } else {
                text.push_str(std::str::from_utf8(response.body()).unwrap());
            }
            assert_eq!(text, body.to_string());
            let plain = Success::Message(body).into_response(Coding::Identity);
            assert_eq!(plain.unwrap().body().len(), letters + 2);
        }
    }

    #[test]
    fn answers_over_the_limit_are_refused_with_what_to_ask_for() {
        let coding = Coding::Identity;
        let body = Value::String("x".repeat(coding.largest_body()));
        let error = Success::Message(body).into_response(coding).unwrap_err();
        assert_eq!(error.reason(), Reason::AnswerTooLarge);
    }
}
