//! An admitted request to the admin API, as handlers see it.

use bytes::Bytes;
use http::Request;
use keyring::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use service::wire::{self, Preconditions};

use crate::actor::Operation;
use crate::body::{self, FromBody};
use crate::idempotency::{IdempotentRequest, Performed};
use crate::operations::page::count;
use crate::operations::{RequestedOperation, Work, no_tenant};
use crate::problem::Problem;
use crate::query::Query;

/// The variables of a path and their values.
pub(super) type Variables = Vec<(&'static str, String)>;

pub(crate) struct ApiRequest<'c> {
    pub(crate) work: Work<'c>,
    pub(super) operation: Operation,
    pub(super) http: &'c Request<Bytes>,
    pub(super) variables: Variables,
    pub(crate) query: Query,
    /// The request's name, if it has one.
    pub(super) name: Option<IdempotentRequest>,
}

impl<'c> ApiRequest<'c> {
    /// The value of a path variable.
    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, value)| value)
    }

    /// The tenant id in the path; the tenant may not exist.
    ///
    /// # Errors
    ///
    /// 404, when it is not a valid tenant id.
    pub(crate) fn tenant(&self) -> Result<TenantId, Problem> {
        let name = self.variable("tenant");
        TenantId::parse(name).ok_or_else(|| no_tenant(name))
    }

    /// The cursor of the page, and its number of items.
    pub(crate) fn page(&self) -> Result<(Option<&str>, usize), Problem> {
        Ok((self.query.get("cursor"), count(&self.query)?))
    }

    /// The preconditions of the request.
    pub(crate) fn known(&self) -> Preconditions {
        Preconditions::parse(self.http.headers())
    }

    /// Runs the request's operation, once if the request has a name, and notes it in the activity.
    pub(crate) async fn perform<T, F>(
        &self,
        operation: impl FnOnce(Work<'c>) -> F,
    ) -> Result<Performed<T>, Problem>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, Problem>>,
    {
        let variables = self.variables.iter();
        let variables = variables.map(|(name, value)| (*name, value.as_str()));
        let requested = RequestedOperation::new(self.operation, variables);
        self.work
            .perform(&requested, self.name.as_ref(), operation)
            .await
    }

    /// Parses the body into an operation's input.
    ///
    /// # Errors
    ///
    /// As [`body::read`].
    pub(crate) fn body<T: FromBody>(&self) -> Result<T, Problem> {
        body::read(wire::json(self.http.headers(), self.http.body())?)
    }

    /// Parses the body, or returns the default if there is no body.
    ///
    /// # Errors
    ///
    /// As [`Self::body`].
    pub(crate) fn body_or_default<T: FromBody + Default>(&self) -> Result<T, Problem> {
        match self.http.body().is_empty() {
            true => Ok(T::default()),
            false => self.body(),
        }
    }
}
