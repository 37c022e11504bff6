//! Failures of the storage, and the mapping of SDK errors to them.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use keyring::aws::{Reaction, reaction_to};
use scim_core::ResourceId;
use scim_core::effort::EffortExceeded;

/// A failure of the directory. It contains nothing of another tenant.
#[derive(Debug)]
pub enum DirectoryError {
    /// Another resource of the tenant has the unique value.
    Taken {
        /// The attribute, by its SCIM name.
        attribute: &'static str,
        /// The requested value.
        value: String,
    },
    /// The tenant's limit of active users is reached.
    NoSeat(u32),
    /// The resource has another version than the change is based on.
    Stale,
    /// The resource no longer exists.
    Gone,
    /// A member to add does not exist.
    NoSuchMember(ResourceId),
    /// The group would contain itself, directly or through other groups.
    Cycle(ResourceId),
    /// The change has more members than one request may have.
    TooManyMembers {
        /// The number of members.
        given: usize,
        /// The limit.
        most: usize,
    },
    /// The change adds more groups than one request can.
    TooManyGroups {
        /// The number of groups.
        given: usize,
        /// The limit.
        most: usize,
    },
    /// The user, or the change, has more e-mail addresses than one request may have.
    TooManyAddresses {
        /// The number of addresses.
        given: usize,
        /// The limit.
        most: usize,
    },
    /// The resource is too large for an item.
    TooLarge {
        /// Its size in bytes.
        given: usize,
        /// The largest size in bytes.
        most: usize,
    },
    /// The query exceeds its time or effort.
    TooMany,
    /// Other writes to the same items made all retries fail.
    Contended,
    /// AWS throttles the calls.
    Throttled,
    /// The request's time was up before the change was committed.
    OutOfTime,
    /// DynamoDB or Secrets Manager is not available.
    Unavailable(String),
    /// AWS rejects the call with this code, because a permission, a key or the table is missing. An operator can fix that.
    Refused(String),
    /// Stored data cannot be read, or a call is malformed: a defect.
    Internal(String),
}

impl From<EffortExceeded> for DirectoryError {
    fn from(EffortExceeded: EffortExceeded) -> Self {
        Self::TooMany
    }
}

impl From<BuildError> for DirectoryError {
    fn from(error: BuildError) -> Self {
        Self::Internal(format!("a request lacks a part: {error}"))
    }
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { attribute, .. } => write!(f, "{attribute} is taken"),
            Self::NoSeat(seats) => write!(f, "the limit of {seats} active users is reached"),
            Self::Stale => f.write_str("the resource was changed meanwhile"),
            Self::Gone => f.write_str("the resource was deleted"),
            Self::NoSuchMember(id) => write!(f, "the user or group {id} does not exist"),
            Self::Cycle(id) => write!(f, "the group {id} contains this group"),
            Self::TooManyMembers { given, most } => {
                write!(f, "{given} members, at most {most} are allowed")
            }
            Self::TooManyGroups { given, most } => {
                write!(f, "{given} groups as members, at most {most} are allowed")
            }
            Self::TooManyAddresses { given, most } => {
                write!(f, "{given} e-mail addresses, at most {most} are allowed")
            }
            Self::TooLarge { given, most } => {
                write!(f, "{given} bytes, at most {most} are allowed")
            }
            Self::TooMany => f.write_str("the query takes too long"),
            Self::Contended => f.write_str("too many concurrent writes to the same items"),
            Self::Throttled => f.write_str("throttled"),
            Self::OutOfTime => f.write_str("timed out"),
            Self::Unavailable(what) => write!(f, "unavailable: {what}"),
            Self::Refused(code) => write!(f, "refused: {code}"),
            Self::Internal(what) => write!(f, "internal: {what}"),
        }
    }
}

impl Error for DirectoryError {}

/// The failure for an error response that its operation does not handle.
pub(crate) fn meaning(code: Option<&str>, status: u16) -> DirectoryError {
    let named = |code: Option<&str>| match code {
        Some(code) => code.to_owned(),
        None => format!("status {status} without an error code"),
    };
    match reaction_to(code, status) {
        Reaction::Throttle => DirectoryError::Throttled,
        Reaction::Retry => DirectoryError::Contended,
        Reaction::Wait => DirectoryError::Unavailable(named(code)),
        Reaction::Operator => DirectoryError::Refused(named(code)),
        Reaction::Defect => DirectoryError::Internal(named(code)),
    }
}

/// The failure for an SDK error that its operation does not handle. The text contains the code but not the message, which
/// may quote keys.
pub(crate) fn from_sdk<E>(error: &SdkError<E, HttpResponse>) -> DirectoryError
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(service) => {
            meaning(service.err().code(), service.raw().status().as_u16())
        }
        SdkError::TimeoutError(_) => DirectoryError::Unavailable("timed out".to_owned()),
        SdkError::DispatchFailure(_) => DirectoryError::Unavailable("cannot connect".to_owned()),
        SdkError::ResponseError(_) => DirectoryError::Unavailable("no response".to_owned()),
        // Loading credentials cannot fail temporarily, because they are in the environment.
        _ => DirectoryError::Internal("a request could not be built".to_owned()),
    }
}

/// Whether the same call can be retried immediately, because nothing was done.
pub(crate) fn is_contended<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: ProvideErrorMetadata,
{
    matches!(from_sdk(error), DirectoryError::Contended)
}

pub(crate) fn corrupt(what: &str) -> DirectoryError {
    DirectoryError::Internal(format!("stored {what} cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixable_rejections_differ_from_malformed_calls() {
        for code in [
            "KMSDisabledException",
            "KMSAccessDeniedException",
            "AccessDeniedException",
            "NewIn2030",
        ] {
            let refused = meaning(Some(code), 400);
            assert!(matches!(refused, DirectoryError::Refused(named) if named == code));
        }
        let wrong = meaning(Some("ValidationException"), 400);
        assert!(matches!(wrong, DirectoryError::Internal(_)), "{wrong:?}");
    }
}
