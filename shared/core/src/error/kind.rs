//! The kinds of failure, each with its status and `scimType`. RFC 7644 §3.12.
//!
//! This is the only table of failure statuses.

/// The kind of a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ErrorKind {
    /// The filter is malformed or makes an invalid comparison.
    InvalidFilter,
    /// The query would take too long and must be narrowed.
    TooMany,
    /// A value that must be unique is taken.
    Uniqueness,
    /// The attribute cannot be changed in this way.
    Mutability,
    /// The message is not JSON or is malformed.
    InvalidSyntax,
    /// The path of a PATCH operation is malformed or names nothing.
    InvalidPath,
    /// The path of a PATCH operation selects nothing.
    NoTarget,
    /// A value is missing, has the wrong type or is invalid.
    InvalidValue,
    /// The version of the protocol is not supported.
    InvalidVers,
    /// The cursor is malformed or belongs to another query.
    InvalidCursor,
    /// The cursor has expired.
    ExpiredCursor,
    /// The count of a query with a cursor is out of range or differs from that of the first page.
    InvalidCount,
    /// The request has no valid bearer token.
    Unauthorized,
    /// The tenant does not currently accept provisioning.
    Forbidden,
    /// The endpoint or resource does not exist.
    NotFound,
    /// The endpoint does not support the method.
    MethodNotAllowed,
    /// Concurrent changes of the resource made all retries fail.
    Conflict,
    /// What was asked for is no longer kept.
    Gone,
    /// The resource does not have the version that the client expects.
    PreconditionFailed,
    /// The request, the resource or the response exceeds a size limit.
    TooLarge,
    /// The media type of the body is not JSON.
    UnsupportedMediaType,
    /// The client sends too many requests.
    TooManyRequests,
    /// The SCIM feature is not supported.
    NotImplemented,
    /// A dependency is temporarily unavailable.
    Unavailable,
    /// A defect of the service provider.
    Internal,
}

impl ErrorKind {
    /// Every kind, for tests and documentation.
    pub const ALL: [Self; 25] = [
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
        Self::Gone,
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
            Self::Gone => (410, None),
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
