//! A route of the admin API: an operation, and what serves it.

use std::pin::Pin;

use super::call::Call;
use super::response::Answer;
use crate::actor::Operation;
use crate::problem::Problem;

/// What serves a route.
pub(crate) type Handler = for<'c> fn(&'c Call<'c>) -> Serving<'c>;

/// An answer under way.
pub(crate) type Serving<'c> = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send + 'c>>;

/// A route.
pub struct Route {
    /// What is done.
    pub operation: Operation,
    pub(crate) handler: Handler,
}

impl Route {
    pub(crate) const fn new(operation: Operation, handler: Handler) -> Self {
        Self { operation, handler }
    }
}
