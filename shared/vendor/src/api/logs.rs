//! The failure log and the activity of a tenant in JSON.

use keyring::TenantId;

use super::request::ApiRequest;
use super::response::ApiResponse;
use super::route::ApiRoute;
use crate::actor::Operation;
use crate::operations::failures::FailureSearch;
use crate::operations::{activity, failures};
use crate::problem::Problem;

pub(super) static ROUTES: &[ApiRoute] = &[
    ApiRoute::new(Operation::ListActivity, |request| {
        Box::pin(list_activity(request))
    }),
    ApiRoute::new(Operation::ListRequests, |request| Box::pin(list(request))),
    ApiRoute::new(Operation::DownloadRequests, |request| {
        Box::pin(download(request))
    }),
];

async fn list_activity(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let tenant = request.tenant()?;
    ApiResponse::shown(&activity::list(&request.work, &tenant, request.page()?).await?)
}

async fn list(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let (tenant, search) = (request.tenant()?, FailureSearch::read(&request.query)?);
    let (after, count) = request.page()?;
    ApiResponse::shown(&failures::list(&request.work, &tenant, (&search, after, count)).await?)
}

async fn download(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let tenant = &request.tenant()?;
    let search = &FailureSearch::read(&request.query)?;
    let file = |work| async move { failures::download(&work, tenant, search).await };
    ApiResponse::of(request.perform(file).await?, |content| {
        Ok(requests_file(tenant, content))
    })
}

/// The failure log as a file.
pub(crate) fn requests_file(tenant: &TenantId, content: String) -> ApiResponse {
    let media_type = "text/csv; charset=utf-8; header=present";
    ApiResponse::file(&format!("{tenant}-requests.csv"), media_type, content)
}
