//! Tenants in JSON.

use super::request::ApiRequest;
use super::response::ApiResponse;
use super::route::ApiRoute;
use crate::actor::Operation;
use crate::operations::page::count;
use crate::operations::tenants::{TenantSearch, TenantView};
use crate::operations::{lifecycle, preload, settings, tenants};
use crate::problem::Problem;

pub(super) static ROUTES: &[ApiRoute] = &[
    ApiRoute::new(Operation::ListTenants, |request| Box::pin(list(request))),
    ApiRoute::new(Operation::CreateTenant, |request| Box::pin(create(request))),
    ApiRoute::new(Operation::ReadTenant, |request| Box::pin(read(request))),
    ApiRoute::new(Operation::ChangeTenant, |request| Box::pin(change(request))),
    ApiRoute::new(Operation::DeleteTenant, |request| Box::pin(delete(request))),
    ApiRoute::new(Operation::TurnTenantOn, |request| {
        Box::pin(turn_on(request))
    }),
    ApiRoute::new(Operation::TurnTenantOff, |request| {
        Box::pin(turn_off(request))
    }),
    ApiRoute::new(Operation::PreloadUsers, |request| {
        Box::pin(preload(request))
    }),
];

async fn list(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let search = TenantSearch::read(&request.query, count(&request.query)?)?;
    ApiResponse::shown(&tenants::list(&request.work, &search).await?)
}

async fn create(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let made = |work| async move { tenants::create(&work, request.body()?).await };
    ApiResponse::of(request.perform(made).await?, |tenant| {
        let location = format!("{}/admin/v1/tenants/{}", request.work.site, tenant.id);
        ApiResponse::created(location, &tenant)
    })
}

async fn read(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let detail = tenants::read(&request.work, &request.tenant()?).await?;
    ApiResponse::versioned(detail.tenant.tag(), &detail)
}

async fn change(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let changed = |work| async move {
        let (patch, known) = (request.body()?, request.known());
        settings::change(&work, &request.tenant()?, (patch, &known)).await
    };
    ApiResponse::of(request.perform(changed).await?, versioned)
}

async fn delete(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let deleted =
        |work| async move { lifecycle::delete(&work, &request.tenant()?, &request.known()).await };
    ApiResponse::of(request.perform(deleted).await?, |tenant| {
        ApiResponse::accepted(&tenant)
    })
}

async fn turn_on(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let turned = |work| async move { lifecycle::on(&work, &request.tenant()?).await };
    ApiResponse::of(request.perform(turned).await?, |turned| {
        ApiResponse::versioned(turned.tenant.tag(), &turned)
    })
}

async fn turn_off(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let turned = |work| async move { lifecycle::off(&work, &request.tenant()?).await };
    ApiResponse::of(request.perform(turned).await?, versioned)
}

async fn preload(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let preloaded = |work| async move {
        let users = request.body()?;
        preload::preload(&work, &request.tenant()?, users).await
    };
    ApiResponse::of(request.perform(preloaded).await?, |users| {
        ApiResponse::shown(&users)
    })
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`Answer::of` gives what was done away"
)]
fn versioned(tenant: TenantView) -> Result<ApiResponse, Problem> {
    ApiResponse::versioned(tenant.tag(), &tenant)
}
