//! What can go wrong below the protocol, and how an SDK error becomes one of these.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use keyring::aws::{Asks, asks};
use scim_core::ResourceId;
use scim_core::effort::Spent;

/// A failure of the directory. Nothing in it comes from another tenant.
#[derive(Debug)]
pub enum DirectoryError {
    /// Another resource of the tenant has the unique value.
    Taken {
        /// The attribute, by its SCIM name.
        attribute: &'static str,
        /// The value that was asked for.
        value: String,
    },
    /// As many users are active as may be.
    NoSeat(u32),
    /// The resource is no longer in the version that the change was made from.
    Stale,
    /// The resource does not exist any more.
    Gone,
    /// Someone who is to become a member does not exist.
    NoSuchMember(ResourceId),
    /// The group would be, directly or through others, a member of itself.
    Cycle(ResourceId),
    /// The change touches more members than one request may.
    TooManyMembers {
        /// How many it touches.
        given: usize,
        /// How many it may touch.
        most: usize,
    },
    /// More groups join than one request can bring.
    TooManyGroups {
        /// How many join.
        given: usize,
        /// How many could.
        most: usize,
    },
    /// The user has, or the change touches, more e-mail addresses than one request may.
    TooManyAddresses {
        /// How many there are.
        given: usize,
        /// How many there may be.
        most: usize,
    },
    /// The resource is larger than an item may be.
    TooLarge {
        /// Its size in bytes.
        given: usize,
        /// The largest size in bytes.
        most: usize,
    },
    /// The query looks through more than it can in the time, or with the effort, that it has.
    TooMany,
    /// The table keeps refusing the write because of others to the same items.
    Contended,
    /// The table or the secrets are throttled.
    Throttled,
    /// The time that a request has was over before the change was made.
    OutOfTime,
    /// The table or the secrets cannot be reached.
    Unavailable(String),
    /// AWS refuses what it should not, by this code: a permission, a key or the table was taken away, for now.
    Refused(String),
    /// What is stored cannot be understood, or a request is built wrongly.
    Internal(String),
}

impl From<Spent> for DirectoryError {
    fn from(Spent: Spent) -> Self {
        Self::TooMany
    }
}

impl fmt::Display for DirectoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { attribute, .. } => write!(f, "{attribute} is taken"),
            Self::NoSeat(seats) => write!(f, "{seats} users are active, as many as may be"),
            Self::Stale => f.write_str("the resource was changed meanwhile"),
            Self::Gone => f.write_str("the resource is gone"),
            Self::NoSuchMember(id) => write!(f, "no user or group {id}"),
            Self::Cycle(id) => write!(f, "{id} contains the group"),
            Self::TooManyMembers { given, most } => write!(f, "{given} members, {most} at most"),
            Self::TooManyGroups { given, most } => {
                write!(f, "{given} groups as members, {most} at most")
            }
            Self::TooManyAddresses { given, most } => {
                write!(f, "{given} e-mail addresses, {most} at most")
            }
            Self::TooLarge { given, most } => write!(f, "{given} bytes, {most} at most"),
            Self::TooMany => f.write_str("the query takes too long"),
            Self::Contended => f.write_str("too many writes to the same items"),
            Self::Throttled => f.write_str("throttled"),
            Self::OutOfTime => f.write_str("the time is over"),
            Self::Unavailable(what) => write!(f, "unavailable: {what}"),
            Self::Refused(code) => write!(f, "refused: {code}"),
            Self::Internal(what) => write!(f, "internal: {what}"),
        }
    }
}

impl Error for DirectoryError {}

/// What an answer that is no success means, where its operation has no meaning of its own for it.
pub(crate) fn meaning(code: Option<&str>, status: u16) -> DirectoryError {
    let named = |code: Option<&str>| match code {
        Some(code) => code.to_owned(),
        None => format!("an answer of status {status} without a code"),
    };
    match asks(code, status) {
        Asks::Less => DirectoryError::Throttled,
        Asks::Again => DirectoryError::Contended,
        Asks::Patience => DirectoryError::Unavailable(named(code)),
        Asks::Mending => DirectoryError::Refused(named(code)),
        Asks::Rebuilding => DirectoryError::Internal(named(code)),
    }
}

/// What an SDK error means, where its operation has no meaning of its own for it. The text holds the
/// error code and never the message, which may quote keys.
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
        SdkError::ResponseError(_) => DirectoryError::Unavailable("no answer".to_owned()),
        // The credentials are in the environment: there are none to be loaded that could fail for now.
        _ => DirectoryError::Internal("a request could not be made".to_owned()),
    }
}

/// Whether the same call may be made once more at once, since nothing was done of it.
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
    fn a_refusal_that_somebody_can_lift_is_told_from_a_request_that_is_built_wrongly() {
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
