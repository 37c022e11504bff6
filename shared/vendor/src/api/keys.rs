//! The keys of tenants and the admin keys, in JSON.

use keyring::TenantId;

use super::request::ApiRequest;
use super::response::ApiResponse;
use super::route::ApiRoute;
use crate::actor::Operation;
use crate::operations::keys::{KeyView, Rotation};
use crate::operations::{admin_keys, keys};
use crate::problem::Problem;

pub(super) static ROUTES: &[ApiRoute] = &[
    ApiRoute::new(Operation::ListKeys, |request| Box::pin(list(request))),
    ApiRoute::new(Operation::CreateKey, |request| Box::pin(create(request))),
    ApiRoute::new(Operation::ReadKey, |request| Box::pin(read(request))),
    ApiRoute::new(Operation::RevokeKey, |request| Box::pin(revoke(request))),
    ApiRoute::new(Operation::RotateKey, |request| Box::pin(rotate(request))),
    ApiRoute::new(Operation::ListAdminKeys, |request| {
        Box::pin(list_admin_keys(request))
    }),
    ApiRoute::new(Operation::CreateAdminKey, |request| {
        Box::pin(create_admin_key(request))
    }),
    ApiRoute::new(Operation::RevokeAdminKey, |request| {
        Box::pin(revoke_admin_key(request))
    }),
];

async fn list(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    ApiResponse::shown(&keys::list(&request.work, &request.tenant()?).await?)
}

async fn read(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let (tenant, id) = (request.tenant()?, request.variable("key"));
    ApiResponse::shown(&keys::read(&request.work, &tenant, id).await?)
}

async fn create(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let tenant = &request.tenant()?;
    let made = |work| async move { keys::create(&work, tenant, request.body()?).await };
    ApiResponse::of(request.perform(made).await?, |key| {
        created(request, tenant, &key)
    })
}

async fn rotate(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let tenant = &request.tenant()?;
    let made = |work| async move {
        let rotation: Rotation = request.body_or_default()?;
        keys::rotate(&work, tenant, (request.variable("key"), &rotation)).await
    };
    ApiResponse::of(request.perform(made).await?, |key| {
        created(request, tenant, &key)
    })
}

async fn revoke(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let tenant = &request.tenant()?;
    let id = request.variable("key");
    let revoked = |work| async move { keys::revoke(&work, tenant, id).await };
    ApiResponse::of(
        request.perform(revoked).await?,
        |()| Ok(ApiResponse::done()),
    )
}

fn created(
    request: &ApiRequest<'_>,
    tenant: &TenantId,
    key: &KeyView,
) -> Result<ApiResponse, Problem> {
    let (site, id) = (request.work.site, &key.id);
    ApiResponse::created(format!("{site}/admin/v1/tenants/{tenant}/keys/{id}"), key)
}

async fn list_admin_keys(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    ApiResponse::shown(&admin_keys::list(&request.work).await?)
}

async fn create_admin_key(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let made = |work| async move { admin_keys::create(&work, request.body()?).await };
    ApiResponse::of(request.perform(made).await?, |key| {
        let location = format!("{}/admin/v1/keys/{}", request.work.site, key.id);
        ApiResponse::created(location, &key)
    })
}

async fn revoke_admin_key(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let id = request.variable("key");
    let revoked = |work| async move { admin_keys::revoke(&work, id).await };
    ApiResponse::of(
        request.perform(revoked).await?,
        |()| Ok(ApiResponse::done()),
    )
}
