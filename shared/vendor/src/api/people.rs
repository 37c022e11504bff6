//! The users and groups of a tenant in JSON, and operations on one person.

use super::call::Call;
use super::response::Answer;
use super::route::Route;
use crate::actor::Operation;
use crate::operations::people::{Kind, ListSearch, passed_on};
use crate::operations::{passwords, people, person};
use crate::problem::Problem;

pub(super) static ROUTES: &[Route] = &[
    Route::new(Operation::VerifyPassword, |call| Box::pin(verify(call))),
    Route::new(Operation::ListUsers, |call| {
        Box::pin(list(call, Kind::Users))
    }),
    Route::new(Operation::ReadUser, |call| {
        Box::pin(read(call, Kind::Users))
    }),
    Route::new(Operation::ListGroups, |call| {
        Box::pin(list(call, Kind::Groups))
    }),
    Route::new(Operation::ReadGroup, |call| {
        Box::pin(read(call, Kind::Groups))
    }),
    Route::new(Operation::ListMembers, |call| Box::pin(members(call))),
    Route::new(Operation::ExportUser, |call| Box::pin(export(call))),
    Route::new(Operation::EraseUser, |call| Box::pin(erase(call))),
];

async fn list(call: &Call<'_>, kind: Kind) -> Result<Answer, Problem> {
    let (tenant, search) = (call.tenant()?, ListSearch::read(&call.query));
    Answer::shown(&people::list(&call.work, &tenant, (kind, search)).await?)
}

async fn read(call: &Call<'_>, kind: Kind) -> Result<Answer, Problem> {
    let variable = match kind {
        Kind::Users => "user",
        Kind::Groups => "group",
    };
    let (tenant, id) = (call.tenant()?, call.variable(variable));
    let parameters = passed_on(&call.query);
    Answer::shown(&people::read(&call.work, &tenant, (kind, id, &parameters)).await?)
}

async fn members(call: &Call<'_>) -> Result<Answer, Problem> {
    let (tenant, group) = (call.tenant()?, call.variable("group"));
    let members = (group, passed_on(&call.query));
    Answer::shown(&people::members(&call.work, &tenant, members).await?)
}

async fn export(call: &Call<'_>) -> Result<Answer, Problem> {
    let (tenant, user) = (&call.tenant()?, call.variable("user"));
    let exported = |work| async move { person::export(&work, tenant, user).await };
    Answer::of(call.act(exported).await?, |person| Answer::shown(&person))
}

async fn erase(call: &Call<'_>) -> Result<Answer, Problem> {
    let (tenant, user) = (&call.tenant()?, call.variable("user"));
    let erased = |work| async move { person::erase(&work, tenant, user).await };
    Answer::of(call.act(erased).await?, |erased| Answer::shown(&erased))
}

async fn verify(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = &call.tenant()?;
    let verified = |work| async move { passwords::verify(&work, tenant, call.body()?).await };
    Answer::of(call.act(verified).await?, |verified| {
        Answer::shown(&verified)
    })
}
