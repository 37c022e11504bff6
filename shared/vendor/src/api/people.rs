//! The users and groups of a tenant in JSON, and operations on one person.

use super::request::ApiRequest;
use super::response::ApiResponse;
use super::route::ApiRoute;
use crate::actor::Operation;
use crate::operations::people::{ListKind, ListSearch, passed_on};
use crate::operations::{passwords, people, person};
use crate::problem::Problem;

pub(super) static ROUTES: &[ApiRoute] = &[
    ApiRoute::new(Operation::VerifyPassword, |request| {
        Box::pin(verify(request))
    }),
    ApiRoute::new(Operation::ListUsers, |request| {
        Box::pin(list(request, ListKind::Users))
    }),
    ApiRoute::new(Operation::ReadUser, |request| {
        Box::pin(read(request, ListKind::Users))
    }),
    ApiRoute::new(Operation::ListGroups, |request| {
        Box::pin(list(request, ListKind::Groups))
    }),
    ApiRoute::new(Operation::ReadGroup, |request| {
        Box::pin(read(request, ListKind::Groups))
    }),
    ApiRoute::new(Operation::ListMembers, |request| Box::pin(members(request))),
    ApiRoute::new(Operation::ExportUser, |request| Box::pin(export(request))),
    ApiRoute::new(Operation::EraseUser, |request| Box::pin(erase(request))),
];

async fn list(request: &ApiRequest<'_>, kind: ListKind) -> Result<ApiResponse, Problem> {
    let (tenant, search) = (request.tenant()?, ListSearch::read(&request.query));
    ApiResponse::shown(&people::list(&request.work, &tenant, (kind, search)).await?)
}

async fn read(request: &ApiRequest<'_>, kind: ListKind) -> Result<ApiResponse, Problem> {
    let variable = match kind {
        ListKind::Users => "user",
        ListKind::Groups => "group",
    };
    let (tenant, id) = (request.tenant()?, request.variable(variable));
    let parameters = passed_on(&request.query);
    ApiResponse::shown(&people::read(&request.work, &tenant, (kind, id, &parameters)).await?)
}

async fn members(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let (tenant, group) = (request.tenant()?, request.variable("group"));
    let members = (group, passed_on(&request.query));
    ApiResponse::shown(&people::members(&request.work, &tenant, members).await?)
}

async fn export(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let (tenant, user) = (&request.tenant()?, request.variable("user"));
    let exported = |work| async move { person::export(&work, tenant, user).await };
    ApiResponse::of(request.perform(exported).await?, |person| {
        ApiResponse::shown(&person)
    })
}

async fn erase(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let (tenant, user) = (&request.tenant()?, request.variable("user"));
    let erased = |work| async move { person::erase(&work, tenant, user).await };
    ApiResponse::of(request.perform(erased).await?, |erased| {
        ApiResponse::shown(&erased)
    })
}

async fn verify(request: &ApiRequest<'_>) -> Result<ApiResponse, Problem> {
    let tenant = &request.tenant()?;
    let verified = |work| async move { passwords::verify(&work, tenant, request.body()?).await };
    ApiResponse::of(request.perform(verified).await?, |verified| {
        ApiResponse::shown(&verified)
    })
}
