//! The change feed of a tenant in JSON.

use super::request::ApiRequest;
use super::response::ApiResponse;
use super::route::ApiRoute;
use crate::actor::Operation;
use crate::operations::events::{self, EventSearch};
use crate::problem::Problem;

pub(super) static ROUTES: &[ApiRoute] = &[ApiRoute::new(Operation::ListEvents, |request| {
    Box::pin(list(request))
})];

async fn list(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let (tenant, search) = (request.tenant()?, EventSearch::read(&request.query)?);
    ApiResponse::shown(&events::list(&request.work, &tenant, &search).await?)
}
