//! The caller's own key and its permissions.

use super::request::ApiRequest;
use super::response::ApiResponse;
use super::route::ApiRoute;
use crate::actor::Operation;
use crate::operations::admin_keys;
use crate::problem::Problem;

pub(super) static ROUTES: &[ApiRoute] = &[ApiRoute::new(Operation::DescribeCaller, |request| {
    Box::pin(async { describe(request) })
})];

fn describe(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    ApiResponse::shown(&admin_keys::describe_caller(&request.work)?)
}
