//! Why a keyring could not be read or changed.
//!
//! None of these is the answer "no such key", which is `Ok(None)`: a request whose key could not be
//! looked up is answered 503, never 401, because provisioning clients give up on a 401 and repeat a
//! 503. Texts name no tenant and no key.

use std::fmt;

use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};

use crate::aws::{Asks, asks};

/// Why a keyring could not be read or changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyringError {
    /// No answer for now: Secrets Manager is down, slow or throttles, or too many unknown keyrings
    /// were asked for. Holds the code of the failure, for the log.
    Unavailable(String),
    /// Secrets Manager answered no, and will again: permissions, the KMS key, a secret marked for
    /// deletion. Holds its code.
    Refused(String),
    /// The secret's value is not a keyring.
    Unreadable,
    /// A change to a keyring that does not exist.
    Missing,
    /// A change to a key that the keyring does not have, or a rotation of one that ended.
    NoSuchKey,
    /// The owner has as many live keys as one may, which is so many.
    TooMany(usize),
    /// The key's id is in use, or its tenant has the same token under another id.
    Taken,
    /// The keyring takes no further key: its value would outgrow 65,536 bytes. Open another
    /// keyring.
    Full,
    /// Secrets Manager keeps every version of the last 24 hours and takes no more of them (about
    /// 100). New keys go into another keyring, and do so before that; other changes must wait.
    Worn,
    /// Others changed the keyring at each of our attempts.
    Contended,
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(code) => {
                write!(f, "the keyring cannot be read at the moment ({code})")
            }
            Self::Refused(code) => write!(f, "access to the keyring was refused ({code})"),
            Self::Unreadable => f.write_str("the keyring's value is not a keyring"),
            Self::Missing => f.write_str("the keyring does not exist"),
            Self::NoSuchKey => f.write_str("the keyring has no such key"),
            Self::TooMany(most) => write!(f, "the owner has {most} live keys already"),
            Self::Taken => f.write_str("the key id or the token is in use"),
            Self::Full => f.write_str("the keyring is full"),
            Self::Worn => f.write_str("the keyring was changed too often within 24 hours"),
            Self::Contended => f.write_str("the keyring was changed by others at each attempt"),
        }
    }
}

impl std::error::Error for KeyringError {}

/// What a failed call means when the operation gives its codes no meaning of their own.
impl<E: ProvideErrorMetadata> From<SdkError<E, HttpResponse>> for KeyringError {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let code = |otherwise: &str| error.code().unwrap_or(otherwise).to_owned();
        match &error {
            SdkError::TimeoutError(_) => Self::Unavailable(code("timeout")),
            SdkError::DispatchFailure(_) => Self::Unavailable(code("no connection")),
            SdkError::ResponseError(_) => Self::Unavailable(code("broken answer")),
            SdkError::ServiceError(answer) => match error.code() {
                Some("LimitExceededException") => Self::Worn,
                Some("ResourceNotFoundException") => Self::Missing,
                named => match asks(named, answer.raw().status().as_u16()) {
                    Asks::Less | Asks::Again | Asks::Patience => Self::Unavailable(code("no code")),
                    Asks::Mending | Asks::Rebuilding => Self::Refused(code("no code")),
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
    fn what_passes_is_told_from_what_somebody_must_mend() {
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
