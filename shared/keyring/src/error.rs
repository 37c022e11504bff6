//! Failures of reading or changing a keyring.
//!
//! "No such key" is not an error but `Ok(None)`. A request whose key cannot be looked up gets 503, never 401, because
//! provisioning clients give up after 401 and retry after 503. Texts name no tenant and no key.

use std::fmt;

use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};

use crate::aws::{Reaction, reaction_to};

/// Why a keyring could not be read or changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyringError {
    /// Temporary: Secrets Manager is down, slow or throttles, or too many unknown keyrings were requested. Contains the
    /// code for the log.
    Unavailable(String),
    /// Permanent until an operator acts: a permission, the KMS key, or a secret marked for deletion. Contains the code.
    Refused(String),
    /// The secret's value is not a keyring.
    Unreadable,
    /// The keyring to change does not exist.
    Missing,
    /// The keyring does not have the key to change, or the key to rotate has expired.
    NoSuchKey,
    /// The owner has the most live keys allowed, which is this number.
    TooMany(usize),
    /// The key's id is in use, or the tenant has the same token under another id.
    Taken,
    /// The keyring accepts no further key, because its value would exceed 65,536 bytes. Use another keyring.
    Full,
    /// Secrets Manager has the most versions of 24 hours that it accepts (about 100). New keys go into another keyring
    /// before this limit is reached; other changes must wait.
    Worn,
    /// Competing changes won against every attempt.
    Contended,
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(code) => {
                write!(f, "the keyring cannot be read at the moment ({code})")
            }
            Self::Refused(code) => write!(f, "access to the keyring was refused ({code})"),
            Self::Unreadable => f.write_str("the secret does not contain a keyring"),
            Self::Missing => f.write_str("the keyring does not exist"),
            Self::NoSuchKey => f.write_str("the keyring does not have this key"),
            Self::TooMany(most) => write!(f, "the owner already has {most} live keys"),
            Self::Taken => f.write_str("the key id or the token is in use"),
            Self::Full => f.write_str("the keyring is full"),
            Self::Worn => {
                f.write_str("the keyring has reached its limit of changes within 24 hours")
            }
            Self::Contended => f.write_str("the keyring was changed concurrently at each attempt"),
        }
    }
}

impl std::error::Error for KeyringError {}

/// The failure for an error that its operation does not handle.
impl<E: ProvideErrorMetadata> From<SdkError<E, HttpResponse>> for KeyringError {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let code = |otherwise: &str| error.code().unwrap_or(otherwise).to_owned();
        match &error {
            SdkError::TimeoutError(_) => Self::Unavailable(code("timeout")),
            SdkError::DispatchFailure(_) => Self::Unavailable(code("no connection")),
            SdkError::ResponseError(_) => Self::Unavailable(code("invalid response")),
            SdkError::ServiceError(answer) => match error.code() {
                Some("LimitExceededException") => Self::Worn,
                Some("ResourceNotFoundException") => Self::Missing,
                named => match reaction_to(named, answer.raw().status().as_u16()) {
                    Reaction::Throttle | Reaction::Retry | Reaction::Wait => {
                        Self::Unavailable(code("no code"))
                    }
                    Reaction::Operator | Reaction::Defect => Self::Refused(code("no code")),
                },
            },
            _ => Self::Refused(code("no request")),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::error::ErrorMetadata;
    use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;

    use super::*;

    fn error(code: Option<&str>, status: u16, body: &'static str) -> KeyringError {
        let mut metadata = ErrorMetadata::builder();
        if let Some(code) = code {
            metadata = metadata.code(code);
        }
        let error = GetSecretValueError::generic(metadata.build());
        let raw = HttpResponse::new(status.try_into().unwrap(), body.into());
        SdkError::service_error(error, raw).into()
    }

    #[test]
    fn temporary_failures_differ_from_those_for_an_operator() {
        let unavailable = |code: &str| KeyringError::Unavailable(code.to_owned());
        let refused = |code: &str| KeyringError::Refused(code.to_owned());
        for (code, status, expected) in [
            (None, 500, unavailable("no code")),
            (None, 502, unavailable("no code")),
            (None, 503, unavailable("no code")),
            (None, 504, unavailable("no code")),
            (None, 403, unavailable("no code")),
            (None, 200, unavailable("no code")),
            (Some("SomethingNew"), 500, unavailable("SomethingNew")),
            (
                Some("InternalServiceError"),
                400,
                unavailable("InternalServiceError"),
            ),
            (
                Some("ThrottlingException"),
                400,
                unavailable("ThrottlingException"),
            ),
            (Some("Throttling"), 400, unavailable("Throttling")),
            (
                Some("RequestLimitExceeded"),
                400,
                unavailable("RequestLimitExceeded"),
            ),
            (
                Some("TooManyRequestsException"),
                429,
                unavailable("TooManyRequestsException"),
            ),
            (Some("LimitExceededException"), 400, KeyringError::Worn),
            (
                Some("ResourceNotFoundException"),
                400,
                KeyringError::Missing,
            ),
            (
                Some("AccessDeniedException"),
                400,
                refused("AccessDeniedException"),
            ),
            (Some("DecryptionFailure"), 400, refused("DecryptionFailure")),
            (
                Some("InvalidRequestException"),
                400,
                refused("InvalidRequestException"),
            ),
            (
                Some("ExpiredTokenException"),
                400,
                refused("ExpiredTokenException"),
            ),
        ] {
            assert_eq!(error(code, status, "<html>"), expected, "{code:?} {status}");
        }
    }
}
