//! What a response tells the failure log.

use scim_core::{ResourceId, ScimError};

use super::routes::Endpoint;

/// The result of a request, or of an operation of a bulk request, that is worth an entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Finding {
    /// It was rejected or failed.
    Failure(ScimError),
    /// It succeeded with this status, and stored references that are not URIs.
    OddReferences {
        /// The status of its response.
        status: u16,
        /// Their places, such as `photos[0].value`.
        places: Vec<String>,
    },
}

/// An operation of a bulk request to record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OperationFinding {
    /// Its position, from 1.
    pub place: usize,
    /// The endpoint that the same request by itself would have.
    pub endpoint: Option<Endpoint>,
    /// The resource's id, if known.
    pub resource: Option<ResourceId>,
    /// The resource's name, if the operation contains it.
    pub name: Option<String>,
    /// What to record.
    pub finding: Finding,
}

/// All that a response tells the failure log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Findings {
    /// A success without anything to check.
    Nothing,
    /// About the request as a whole.
    Request(Finding),
    /// About operations of a bulk request.
    Operations(Vec<OperationFinding>),
}

impl Findings {
    /// The reasons of the failures.
    pub(crate) fn errors(&self) -> Vec<ScimError> {
        let error = |finding: &Finding| match finding {
            Finding::Failure(error) => Some(error.clone()),
            Finding::OddReferences { .. } => None,
        };
        match self {
            Self::Nothing => Vec::new(),
            Self::Request(finding) => error(finding).into_iter().collect(),
            Self::Operations(all) => all.iter().filter_map(|one| error(&one.finding)).collect(),
        }
    }
}
