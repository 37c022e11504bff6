//! The keys of tenants and the admin keys, in JSON.

use keyring::TenantId;

use super::call::Call;
use super::response::Answer;
use super::route::Route;
use crate::actor::Operation;
use crate::operations::keys::{KeyView, Rotation};
use crate::operations::{admin_keys, keys};
use crate::problem::Problem;

pub(super) static ROUTES: &[Route] = &[
    Route::new(Operation::ListKeys, |call| Box::pin(list(call))),
    Route::new(Operation::CreateKey, |call| Box::pin(create(call))),
    Route::new(Operation::ReadKey, |call| Box::pin(read(call))),
    Route::new(Operation::RevokeKey, |call| Box::pin(revoke(call))),
    Route::new(Operation::RotateKey, |call| Box::pin(rotate(call))),
    Route::new(Operation::ListAdminKeys, |call| {
        Box::pin(list_admin_keys(call))
    }),
    Route::new(Operation::CreateAdminKey, |call| {
        Box::pin(create_admin_key(call))
    }),
    Route::new(Operation::RevokeAdminKey, |call| {
        Box::pin(revoke_admin_key(call))
    }),
];

async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    Answer::shown(&keys::list(&call.work, &call.tenant()?).await?)
}

async fn read(call: &Call<'_>) -> Result<Answer, Problem> {
    let (tenant, id) = (call.tenant()?, call.variable("key"));
    Answer::shown(&keys::read(&call.work, &tenant, id).await?)
}

async fn create(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = &call.tenant()?;
    let made = |work| async move { keys::create(&work, tenant, call.body()?).await };
    Answer::of(call.act(made).await?, |key| created(call, tenant, &key))
}

async fn rotate(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = &call.tenant()?;
    let made = |work| async move {
        let rotation: Rotation = call.body_or_default()?;
        keys::rotate(&work, tenant, (call.variable("key"), &rotation)).await
    };
    Answer::of(call.act(made).await?, |key| created(call, tenant, &key))
}

async fn revoke(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = &call.tenant()?;
    let id = call.variable("key");
    let revoked = |work| async move { keys::revoke(&work, tenant, id).await };
    Answer::of(call.act(revoked).await?, |()| Ok(Answer::done()))
}

fn created(call: &Call<'_>, tenant: &TenantId, key: &KeyView) -> Result<Answer, Problem> {
    let (site, id) = (call.work.site, &key.id);
    Answer::created(format!("{site}/admin/v1/tenants/{tenant}/keys/{id}"), key)
}

async fn list_admin_keys(call: &Call<'_>) -> Result<Answer, Problem> {
    Answer::shown(&admin_keys::list(&call.work).await?)
}

async fn create_admin_key(call: &Call<'_>) -> Result<Answer, Problem> {
    let made = |work| async move { admin_keys::create(&work, call.body()?).await };
    Answer::of(call.act(made).await?, |key| {
        let location = format!("{}/admin/v1/keys/{}", call.work.site, key.id);
        Answer::created(location, &key)
    })
}

async fn revoke_admin_key(call: &Call<'_>) -> Result<Answer, Problem> {
    let id = call.variable("key");
    let revoked = |work| async move { admin_keys::revoke(&work, id).await };
    Answer::of(call.act(revoked).await?, |()| Ok(Answer::done()))
}
