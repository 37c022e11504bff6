//! Every failure of the service provider: its status, its `scimType`, its JSON. RFC 7644 §3.12.
//!
//! This is the only table of failure statuses. A detail is written for a customer's
//! administrator: it says what to change, quotes input cut short and in backticks, and tells
//! nothing of other tenants or of the inside.

use std::fmt;

use serde_json::{Value, json};

use crate::effort::Spent;
use crate::urn;

/// What went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ErrorKind {
    /// The filter is malformed, or compares what cannot be compared.
    InvalidFilter,
    /// The query would take too long; it has to be narrowed.
    TooMany,
    /// A value that must be unique is taken.
    Uniqueness,
    /// The attribute cannot be changed like that.
    Mutability,
    /// The message is not JSON, or not of the right shape.
    InvalidSyntax,
    /// The path of a PATCH operation is malformed or names nothing.
    InvalidPath,
    /// The path of a PATCH operation selects nothing.
    NoTarget,
    /// A value is missing, of the wrong type or not acceptable.
    InvalidValue,
    /// The version of the protocol is not supported.
    InvalidVers,
    /// The cursor is damaged, or belongs to another query.
    InvalidCursor,
    /// The cursor is too old.
    ExpiredCursor,
    /// The count of a query with a cursor is out of range, or not that of its first page.
    InvalidCount,
    /// No, or no valid, bearer token.
    Unauthorized,
    /// The tenant does not accept provisioning at present.
    Forbidden,
    /// No such endpoint or resource.
    NotFound,
    /// The endpoint does not know the method.
    MethodNotAllowed,
    /// The resource keeps changing under the request.
    Conflict,
    /// The resource is not in the version that the client expects.
    PreconditionFailed,
    /// The request, the resource or the answer is larger than the service can take.
    TooLarge,
    /// The body is not JSON by its media type.
    UnsupportedMediaType,
    /// Too many requests at once.
    TooManyRequests,
    /// A feature of SCIM that is not offered.
    NotImplemented,
    /// A dependency does not answer at present.
    Unavailable,
    /// A defect of the service provider.
    Internal,
}

impl ErrorKind {
    /// Every kind, for tests and documentation.
    pub const ALL: [Self; 24] = [
        Self::InvalidFilter,
        Self::TooMany,
        Self::Uniqueness,
        Self::Mutability,
        Self::InvalidSyntax,
        Self::InvalidPath,
        Self::NoTarget,
        Self::InvalidValue,
        Self::InvalidVers,
        Self::InvalidCursor,
        Self::ExpiredCursor,
        Self::InvalidCount,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::TooManyRequests,
        Self::NotImplemented,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The HTTP status and, where the RFC has one, the `scimType`.
    #[must_use]
    pub const fn code(self) -> (u16, Option<&'static str>) {
        match self {
            Self::InvalidFilter => (400, Some("invalidFilter")),
            Self::TooMany => (400, Some("tooMany")),
            Self::Uniqueness => (409, Some("uniqueness")),
            Self::Mutability => (400, Some("mutability")),
            Self::InvalidSyntax => (400, Some("invalidSyntax")),
            Self::InvalidPath => (400, Some("invalidPath")),
            Self::NoTarget => (400, Some("noTarget")),
            Self::InvalidValue => (400, Some("invalidValue")),
            Self::InvalidVers => (400, Some("invalidVers")),
            Self::InvalidCursor => (400, Some("invalidCursor")),
            Self::ExpiredCursor => (400, Some("expiredCursor")),
            Self::InvalidCount => (400, Some("invalidCount")),
            Self::Unauthorized => (401, None),
            Self::Forbidden => (403, None),
            Self::NotFound => (404, None),
            Self::MethodNotAllowed => (405, None),
            Self::Conflict => (409, None),
            Self::PreconditionFailed => (412, None),
            Self::TooLarge => (413, None),
            Self::UnsupportedMediaType => (415, None),
            Self::TooManyRequests => (429, None),
            Self::Internal => (500, None),
            Self::NotImplemented => (501, None),
            Self::Unavailable => (503, None),
        }
    }
}

/// A failure with the text that the administrator reads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScimError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// What to change, in words.
    pub detail: String,
}

impl ScimError {
    /// A failure of `kind`.
    #[must_use]
    pub fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.kind.code().0
    }

    /// The same failure, with the place where it happened in front of its detail.
    #[must_use]
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self {
            kind: self.kind,
            detail: format!("{place}: {}", self.detail),
        }
    }

    /// The error message of RFC 7644 §3.12.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (status, scim_type) = self.kind.code();
        let mut message = json!({ "schemas": [urn::ERROR], "status": status.to_string() });
        if let (Some(scim_type), Some(object)) = (scim_type, message.as_object_mut()) {
            object.insert("scimType".to_owned(), json!(scim_type));
        }
        if let Some(object) = message.as_object_mut() {
            object.insert("detail".to_owned(), json!(self.detail));
        }
        message
    }
}

impl From<Spent> for ScimError {
    fn from(Spent: Spent) -> Self {
        Self::too_large(
            "the request changes or looks at too many values; send its operations in several requests",
        )
    }
}

impl fmt::Display for ScimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for ScimError {}

macro_rules! shorthands {
    ($($(#[$doc:meta])* $name:ident => $kind:ident;)*) => {
        impl ScimError {
            $($(#[$doc])* #[must_use] pub fn $name(detail: impl Into<String>) -> Self {
                Self::new(ErrorKind::$kind, detail)
            })*
        }
    };
}

shorthands! {
    /// A malformed or senseless filter.
    invalid_filter => InvalidFilter;
    /// A taken value.
    uniqueness => Uniqueness;
    /// A change that the attribute does not allow.
    mutability => Mutability;
    /// A message of the wrong shape.
    invalid_syntax => InvalidSyntax;
    /// A path that is malformed or names nothing.
    invalid_path => InvalidPath;
    /// A path that selects nothing.
    no_target => NoTarget;
    /// An unacceptable value.
    invalid_value => InvalidValue;
    /// An unknown endpoint or resource.
    not_found => NotFound;
    /// Something over a limit of size.
    too_large => TooLarge;
}

/// Client input as it is quoted in a detail: in backticks, cut short, with a sign in the place of each
/// control character and a quote in that of a backtick.
#[must_use]
pub fn quote(input: &str) -> String {
    const SHOWN: usize = 120;
    let mut shown: String = input
        .chars()
        .take(SHOWN)
        .map(|c| match c {
            '`' => '\'',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect();
    if input.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_carries_its_status_as_a_string() {
        let json = ScimError::uniqueness("userName `a` is taken").to_json();
        assert_eq!(
            json,
            json!({
                "schemas": [urn::ERROR],
                "status": "409",
                "scimType": "uniqueness",
                "detail": "userName `a` is taken"
            })
        );
    }

    #[test]
    fn quoted_input_is_cut_short_and_shows_what_cannot_be_read() {
        assert_eq!(quote("a\r\nb"), "`a\u{fffd}\u{fffd}b`");
        assert_eq!(quote("a`b"), "`a'b`");
        assert_eq!(quote(&"x".repeat(200)).chars().count(), 123);
    }
}
