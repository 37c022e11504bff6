//! What came out of a request, as an http response.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use scim_core::{ErrorKind, ScimError, Version};
use serde_json::Value;

use directory::DirectoryError;
use scim_core::error::reason::{self, Word};

use crate::coding::Coding;
use crate::requests::Failed;

/// How long a client should wait before it tries again, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");
/// The media type of every body.
const SCIM_JSON: HeaderValue = HeaderValue::from_static("application/scim+json");
/// The only authentication scheme.
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");
/// The coding of large bodies that clients take. Their like must not be given to others from a cache.
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const ACCEPT_ENCODING: HeaderValue = HeaderValue::from_static("accept-encoding");

/// A success.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// A resource was created.
    Created {
        /// Its location.
        location: String,
        /// Its version.
        version: Version,
        /// Its representation.
        body: Value,
    },
    /// A resource.
    Resource {
        /// Its location.
        location: String,
        /// Its version.
        version: Version,
        /// Its representation.
        body: Value,
    },
    /// A resource whose representation is compressed with gzip already.
    Coded {
        /// Its location.
        location: String,
        /// Its version.
        version: Version,
        /// Its representation.
        body: Bytes,
    },
    /// A message.
    Message(Value),
    /// What became of the operations of a bulk request, and those of them that there is something to tell of.
    Several(Value, Vec<Failed>),
    /// A resource was changed, and is not shown.
    Changed(Version),
    /// The client has the version that there is.
    NotModified(Version),
    /// A change that was made, and the places of references in it that are no URIs.
    Unlike(Box<Self>, Vec<String>),
    /// Nothing to say.
    Done,
}

impl Outcome {
    /// Takes the operations of a bulk request that there is something to tell of.
    pub(crate) fn failed(&mut self) -> Vec<Failed> {
        match self {
            Self::Several(_, failed) => std::mem::take(failed),
            _ => Vec::new(),
        }
    }

    /// Takes the places of references that are no URIs, of a change that was made.
    pub(crate) fn unlike(&mut self) -> Vec<String> {
        match self {
            Self::Unlike(_, places) => std::mem::take(places),
            _ => Vec::new(),
        }
    }

    /// The response, coded; one with too large a body becomes an error.
    ///
    /// # Errors
    ///
    /// `tooLarge`.
    pub fn into_response(self, coding: Coding) -> Result<Response<Bytes>, ScimError> {
        let mut coded = None;
        let (status, location, version, body) = match self {
            Self::Coded {
                location,
                version,
                body,
            } => {
                coded = Some(body);
                (StatusCode::OK, Some(location), Some(version), None)
            }
            Self::Created {
                location,
                version,
                body,
            } => (
                StatusCode::CREATED,
                Some(location),
                Some(version),
                Some(body),
            ),
            Self::Resource {
                location,
                version,
                body,
            } => (StatusCode::OK, Some(location), Some(version), Some(body)),
            Self::Message(body) | Self::Several(body, _) => {
                (StatusCode::OK, None, None, Some(body))
            }
            Self::Changed(version) => (StatusCode::NO_CONTENT, None, Some(version), None),
            Self::Unlike(made, _) => return made.into_response(coding),
            Self::NotModified(version) => (StatusCode::NOT_MODIFIED, None, Some(version), None),
            Self::Done => (StatusCode::NO_CONTENT, None, None, None),
        };
        let mut response = with_body(status, body.as_ref());
        if let Some(coded) = coded.or_else(|| coding.code(response.body())) {
            *response.body_mut() = coded;
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, SCIM_JSON);
            headers.insert(header::CONTENT_ENCODING, GZIP);
            headers.insert(header::VARY, ACCEPT_ENCODING);
        }
        if response.body().len() > coding.largest() {
            return Err(reason::answer_too_large());
        }
        let headers = response.headers_mut();
        if status == StatusCode::NO_CONTENT {
            // SCIM-SDK takes an answer for one of SCIM by this alone, whether it has a body or not.
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

/// Says of an answer that it is personal data, which nobody is to keep or to take for anything but JSON.
pub fn guard(response: &mut Response<Bytes>) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
}

/// A failure, and the methods that an address has where that is what failed.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    /// The error.
    pub error: ScimError,
    /// The methods of the address.
    pub allow: Option<String>,
    /// How long the client should wait, in seconds, where that is known.
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
    /// An address does not have the method; these it has.
    #[must_use]
    pub fn allowed(methods: &str) -> Self {
        Self {
            allow: Some(methods.to_owned()),
            ..Self::from(reason::other_http_method(Word::ours(methods)))
        }
    }

    /// The tenant makes too many requests, for so many seconds more.
    #[must_use]
    pub fn slow_down(seconds: i64) -> Self {
        Self {
            wait: Some(seconds),
            ..Self::from(reason::rate_exceeded(seconds))
        }
    }

    /// The response.
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
                let wait = self.wait.map_or(RETRY_AFTER, HeaderValue::from);
                headers.insert(header::RETRY_AFTER, wait);
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

/// Why a request failed, or each failed operation of a bulk request: among the extensions of its response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failures(pub Vec<ScimError>);

impl Failures {
    pub(crate) fn of(result: &Result<Response<Bytes>, Failure>, failed: &[Failed]) -> Self {
        Self(match result {
            Err(failure) => vec![failure.error.clone()],
            Ok(_) => failed
                .iter()
                .filter_map(|one| one.told.error().cloned())
                .collect(),
        })
    }
}

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

/// What a failure of the directory means to a client.
#[must_use]
pub fn explain(error: DirectoryError) -> ScimError {
    if let DirectoryError::Internal(reason)
    | DirectoryError::Refused(reason)
    | DirectoryError::Unavailable(reason) = &error
    {
        tracing::error!(reason, "storage");
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
        // Whoever takes a permission away gives it back: the request is right, and succeeds then.
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
    fn r09_who_is_to_try_again_is_told_when() {
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
            (Outcome::Done, 204, Some("application/scim+json")),
            (
                Outcome::Changed(Version(2)),
                204,
                Some("application/scim+json"),
            ),
            (Outcome::NotModified(Version(2)), 304, None),
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
            let response = Outcome::Message(body.clone()).into_response(Coding::Gzip);
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
            let plain = Outcome::Message(body).into_response(Coding::Identity);
            assert_eq!(plain.unwrap().body().len(), letters + 2);
        }
    }

    #[test]
    fn answers_over_the_limit_are_refused_with_what_to_ask_for() {
        let coding = Coding::Identity;
        let body = Value::String("x".repeat(coding.largest()));
        let error = Outcome::Message(body).into_response(coding).unwrap_err();
        assert_eq!(error.reason(), Reason::AnswerTooLarge);
    }
}
