//! A route of the admin API: an operation and its handler.

use std::pin::Pin;

use super::request::ApiRequest;
use super::response::ApiResponse;
use crate::actor::Operation;
use crate::problem::Problem;

/// The handler of a route.
pub(crate) type ApiHandler = for<'c> fn(&'c ApiRequest<'c>) -> ApiFuture<'c>;

/// The future of a handler.
pub(crate) type ApiFuture<'c> =
    Pin<Box<dyn Future<Output = Result<ApiResponse, Problem>> + Send + 'c>>;

pub struct ApiRoute {
    pub operation: Operation,
    pub(crate) handler: ApiHandler,
}

impl ApiRoute {
    pub(crate) const fn new(operation: Operation, handler: ApiHandler) -> Self {
        Self { operation, handler }
    }
}
