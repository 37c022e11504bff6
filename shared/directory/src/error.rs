//! What can go wrong below the protocol, and how an SDK error becomes one of these.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
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
    /// The table or the secrets cannot be reached.
    Unavailable(String),
    /// What is stored cannot be understood, or AWS refuses what it should not.
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
            Self::Unavailable(what) => write!(f, "unavailable: {what}"),
            Self::Internal(what) => write!(f, "internal: {what}"),
        }
    }
}

impl Error for DirectoryError {}

/// The error codes by which DynamoDB asks for less.
const THROTTLES: [&str; 4] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "ThrottlingError",
];

/// What an SDK error means, where its operation has no meaning of its own for it. The text holds the
/// error code and never the message, which may quote keys.
pub(crate) fn from_sdk<E, R>(error: &SdkError<E, R>) -> DirectoryError
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::ServiceError(service) => match service.err().code() {
            Some(code) if THROTTLES.contains(&code) => DirectoryError::Throttled,
            Some("InternalServerError" | "ServiceUnavailable" | "InternalServiceError") => {
                DirectoryError::Unavailable("the service failed".to_owned())
            }
            Some(code) => DirectoryError::Internal(code.to_owned()),
            None => DirectoryError::Internal("an error without a code".to_owned()),
        },
        SdkError::TimeoutError(_) => DirectoryError::Unavailable("timed out".to_owned()),
        SdkError::DispatchFailure(_) => DirectoryError::Unavailable("cannot connect".to_owned()),
        SdkError::ResponseError(_) => DirectoryError::Unavailable("no answer".to_owned()),
        _ => DirectoryError::Internal("a request could not be made".to_owned()),
    }
}

pub(crate) fn corrupt(what: &str) -> DirectoryError {
    DirectoryError::Internal(format!("stored {what} cannot be read"))
}
