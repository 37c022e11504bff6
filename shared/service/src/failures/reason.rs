//! The content of an entry: why a request failed, or what to check although it succeeded.

use scim_core::error::cause::Cause;
use scim_core::{Catalogue, ErrorKind};

use super::advice::use_of;
use crate::gate::NotAdmitted;
use crate::wire::Finding;
use crate::wire::routes::Endpoint;

impl Finding {
    /// The status and the `scimType`, if any.
    pub(super) const fn code(&self) -> (u16, Option<&'static str>) {
        match self {
            Self::Failure(error) => error.kind().code(),
            Self::OddReferences { status, .. } => (*status, None),
        }
    }

    pub(super) fn cause(&self, endpoint: Option<Endpoint>) -> Cause {
        match self {
            Self::Failure(error) => error.cause(use_of(endpoint)),
            Self::OddReferences { .. } => Cause::InvalidReference,
        }
    }

    /// The reason in words, without values.
    pub(super) fn in_words(&self, catalogue: &Catalogue) -> String {
        match self {
            Self::Failure(error) => {
                let is_attribute = |path: &str| catalogue.names_attribute(path);
                error.detail().without_values(is_attribute)
            }
            Self::OddReferences { places, .. } => format!(
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
pub(super) fn of_key(why: &NotAdmitted) -> String {
    match why {
        NotAdmitted::Expired(end) => format!("the token expired on {}", end.strftime("%F at %H:%M UTC")),
        NotAdmitted::Elsewhere(Some(source)) => {
            format!("the token is not accepted from {source}")
        }
        NotAdmitted::Elsewhere(None) => {
            "the token is accepted only from certain networks, and the address of the request is unknown".to_owned()
        }
        NotAdmitted::Scopeless => "the token is not for provisioning".to_owned(),
    }
}
