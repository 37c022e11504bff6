//! A route of the admin API: an operation and its handler.

use std::pin::Pin;

use super::call::Call;
use super::response::Answer;
use crate::actor::Operation;
use crate::problem::Problem;

/// The handler of a route.
pub(crate) type Handler = for<'c> fn(&'c Call<'c>) -> Serving<'c>;

/// The future of a handler.
pub(crate) type Serving<'c> = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send + 'c>>;

pub struct Route {
    pub operation: Operation,
    pub(crate) handler: Handler,
}

impl Route {
    pub(crate) const fn new(operation: Operation, handler: Handler) -> Self {
        Self { operation, handler }
    }
}
