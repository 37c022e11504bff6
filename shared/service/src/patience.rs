//! An answer in time, whatever a request is at: before the gateway gives up and says less.

use bytes::Bytes;
use directory::{Deadline, Patience, until_then};
use http::{Method, Request};
use scim_core::ScimError;
use scim_core::error::reason;

use crate::Service;
use crate::resources::Resources;
use crate::response::{Failure, Outcome};

impl Service {
    /// The same service, whose requests have so much time.
    #[must_use]
    pub fn patient(self, patience: Patience) -> Self {
        Self { patience, ..self }
    }
}

/// The answer of a request, or what is said when there is none in time. What is dropped then is as safe as in a
/// process that ends.
pub(crate) async fn answered(
    deadline: Deadline,
    request: &Request<Bytes>,
    answer: impl Future<Output = Result<Outcome, Failure>>,
) -> Result<Outcome, Failure> {
    let answered = until_then(deadline.answer(), answer).await;
    answered.unwrap_or_else(|| Err(too_late(request.method(), request.uri().path()).into()))
}

/// What is said of a request that is not done in time.
#[must_use]
pub fn too_late(method: &Method, path: &str) -> ScimError {
    let reads = *method == Method::GET || path.ends_with("/.search");
    match reads {
        true => reason::answer_too_late(),
        false => reason::change_too_late(),
    }
}

impl Resources<'_> {
    /// What a change that was made is answered with.
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
