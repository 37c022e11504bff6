//! The content of an entry: why a request failed, or what to check although it succeeded.

use scim_core::{Catalogue, ErrorKind, ScimError};

use super::Barred;
use super::cause::{self, Cause};
use crate::routes::Endpoint;

/// The result of a request, or of an operation of a bulk request, that is worth an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    /// It was rejected or failed.
    Failure(ScimError),
    /// It succeeded with this status, and stored references that are not URIs.
    Unlike {
        /// The status of its response.
        status: u16,
        /// Their places, such as `photos[0].value`.
        places: Vec<String>,
    },
}

impl Told {
    /// A success with references that are not URIs.
    pub(crate) const fn unlike(status: u16, places: Vec<String>) -> Self {
        Self::Unlike { status, places }
    }

    /// The status and the `scimType`, if any.
    pub(super) const fn code(&self) -> (u16, Option<&'static str>) {
        match self {
            Self::Failure(error) => error.kind().code(),
            Self::Unlike { status, .. } => (*status, None),
        }
    }

    pub(super) fn cause(&self, endpoint: Option<Endpoint>) -> Cause {
        match self {
            Self::Failure(error) => error.cause(cause::use_of(endpoint)),
            Self::Unlike { .. } => Cause::Unlike,
        }
    }

    pub(crate) const fn error(&self) -> Option<&ScimError> {
        match self {
            Self::Failure(error) => Some(error),
            Self::Unlike { .. } => None,
        }
    }

    /// The reason in words, without values.
    pub(super) fn in_words(&self, catalogue: &Catalogue) -> String {
        match self {
            Self::Failure(error) => {
                let is_attribute = |path: &str| catalogue.names_attribute(path);
                error.detail().without_values(is_attribute)
            }
            Self::Unlike { places, .. } => format!(
                "stored as sent, although it is not a URI: `{}`",
                places.join("`, `")
            ),
        }
    }

    pub(super) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Failure(error) if error.kind() == ErrorKind::Unauthorized)
    }
}

/// Why a key was not admitted, in words.
pub(super) fn of_key(barred: &Barred) -> String {
    match barred {
        Barred::Expired(end) => format!("the token expired on {}", end.strftime("%F at %H:%M UTC")),
        Barred::Elsewhere(Some(source)) => {
            format!("the token is not accepted from {source}")
        }
        Barred::Elsewhere(None) => {
            "the token is accepted only from certain networks, and the address of the request is unknown".to_owned()
        }
        Barred::Scopeless => "the token is not for provisioning".to_owned(),
    }
}
