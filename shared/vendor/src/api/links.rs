//! Setup links in JSON.

use super::request::ApiRequest;
use super::response::ApiResponse;
use super::route::ApiRoute;
use crate::actor::Operation;
use crate::operations::links;
use crate::problem::Problem;

pub(super) static ROUTES: &[ApiRoute] = &[
    ApiRoute::new(Operation::ListLinks, |request| Box::pin(list(request))),
    ApiRoute::new(Operation::CreateLink, |request| Box::pin(create(request))),
    ApiRoute::new(Operation::RevokeLink, |request| Box::pin(revoke(request))),
];

async fn list(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    ApiResponse::shown(&links::list(&request.work, &request.tenant()?).await?)
}

async fn create(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let tenant = &request.tenant()?;
    let made = |work| async move {
        let given = request.body_or_default()?;
        links::create(&work, tenant, &given).await
    };
    ApiResponse::of(request.perform(made).await?, |link| {
        let site = request.work.site;
        ApiResponse::created(format!("{site}/admin/v1/tenants/{tenant}/links"), &link)
    })
}

async fn revoke(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let (tenant, link) = (&request.tenant()?, request.variable("link"));
    let revoked = |work| async move { links::revoke(&work, tenant, link).await };
    ApiResponse::of(
        request.perform(revoked).await?,
        |()| Ok(ApiResponse::done()),
    )
}
