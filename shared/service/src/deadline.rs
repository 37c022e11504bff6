//! Answers every request in time: before the gateway times out with a less helpful error.

use directory::TimeLimits;
use http::Method;
use scim_core::ScimError;
use scim_core::error::reason;

use crate::Service;

impl Service {
    /// The same service with other time limits for requests.
    #[must_use]
    pub fn with_patience(self, patience: TimeLimits) -> Self {
        Self { patience, ..self }
    }
}

/// The error of a request that was not answered in time. The work that is dropped is as safe as in a process that ends.
#[must_use]
pub fn too_late(method: &Method, path: &str) -> ScimError {
    let reads = *method == Method::GET || path.ends_with("/.search");
    match reads {
        true => reason::answer_too_late(),
        false => reason::change_too_late(),
    }
}
