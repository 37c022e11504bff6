//! Answers every request in time: before the gateway times out with a less helpful error.

use bytes::Bytes;
use directory::{Deadline, TimeLimits, until_then};
use http::{Method, Request};
use scim_core::ScimError;
use scim_core::error::reason;

use crate::Service;
use crate::resources::Resources;
use crate::response::{Failure, Outcome};

impl Service {
    /// The same service with other time limits for requests.
    #[must_use]
    pub fn patient(self, patience: TimeLimits) -> Self {
        Self { patience, ..self }
    }
}

/// The response to a request, or a timeout error if there is none in time. The dropped work is as safe as in a
/// process that ends.
pub(crate) async fn answered(
    deadline: Deadline,
    request: &Request<Bytes>,
    answer: impl Future<Output = Result<Outcome, Failure>>,
) -> Result<Outcome, Failure> {
    let answered = until_then(deadline.answer(), answer).await;
    answered.unwrap_or_else(|| Err(too_late(request.method(), request.uri().path()).into()))
}

/// The timeout error of a request.
#[must_use]
pub fn too_late(method: &Method, path: &str) -> ScimError {
    let reads = *method == Method::GET || path.ends_with("/.search");
    match reads {
        true => reason::answer_too_late(),
        false => reason::change_too_late(),
    }
}

impl Resources<'_> {
    /// The representation of a committed change; an error if it cannot be read in time.
    pub(crate) async fn shown<T>(
        &self,
        show: impl Future<Output = Result<T, ScimError>>,
    ) -> Result<T, ScimError> {
        match self.directory.shown_by() {
            Some(by) => until_then(by, show)
                .await
                .ok_or_else(reason::change_not_shown)?,
            None => show.await,
        }
    }
}
