//! Tenants in JSON.

use super::call::Call;
use super::response::Answer;
use super::route::Route;
use crate::actor::Operation;
use crate::operations::page::count;
use crate::operations::tenants::{TenantSearch, TenantView};
use crate::operations::{preload, settings, switch, tenants};
use crate::problem::Problem;

pub(super) static ROUTES: &[Route] = &[
    Route::new(Operation::ListTenants, |call| Box::pin(list(call))),
    Route::new(Operation::CreateTenant, |call| Box::pin(create(call))),
    Route::new(Operation::ReadTenant, |call| Box::pin(read(call))),
    Route::new(Operation::ChangeTenant, |call| Box::pin(change(call))),
    Route::new(Operation::DeleteTenant, |call| Box::pin(delete(call))),
    Route::new(Operation::SwitchTenantOn, |call| Box::pin(switch_on(call))),
    Route::new(Operation::SwitchTenantOff, |call| {
        Box::pin(switch_off(call))
    }),
    Route::new(Operation::PreloadUsers, |call| Box::pin(preload(call))),
];

async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let search = TenantSearch::read(&call.query, count(&call.query)?)?;
    Answer::shown(&tenants::list(&call.work, &search).await?)
}

async fn create(call: &Call<'_>) -> Result<Answer, Problem> {
    let made = |work| async move { tenants::create(&work, call.body()?).await };
    Answer::of(call.act(made).await?, |tenant| {
        let location = format!("{}/admin/v1/tenants/{}", call.work.site, tenant.id);
        Answer::created(location, &tenant)
    })
}

async fn read(call: &Call<'_>) -> Result<Answer, Problem> {
    let detail = tenants::read(&call.work, &call.tenant()?).await?;
    Answer::versioned(detail.tenant.tag(), &detail)
}

async fn change(call: &Call<'_>) -> Result<Answer, Problem> {
    let changed = |work| async move {
        let (patch, known) = (call.body()?, call.known());
        settings::change(&work, &call.tenant()?, (patch, &known)).await
    };
    Answer::of(call.act(changed).await?, versioned)
}

async fn delete(call: &Call<'_>) -> Result<Answer, Problem> {
    let deleted = |work| async move { switch::delete(&work, &call.tenant()?, &call.known()).await };
    Answer::of(call.act(deleted).await?, |tenant| Answer::accepted(&tenant))
}

async fn switch_on(call: &Call<'_>) -> Result<Answer, Problem> {
    let switched = |work| async move { switch::on(&work, &call.tenant()?).await };
    Answer::of(call.act(switched).await?, |switched| {
        Answer::versioned(switched.tenant.tag(), &switched)
    })
}

async fn switch_off(call: &Call<'_>) -> Result<Answer, Problem> {
    let switched = |work| async move { switch::off(&work, &call.tenant()?).await };
    Answer::of(call.act(switched).await?, versioned)
}

async fn preload(call: &Call<'_>) -> Result<Answer, Problem> {
    let preloaded = |work| async move {
        let users = call.body()?;
        preload::preload(&work, &call.tenant()?, users).await
    };
    Answer::of(call.act(preloaded).await?, |users| Answer::shown(&users))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`Answer::of` gives what was done away"
)]
fn versioned(tenant: TenantView) -> Result<Answer, Problem> {
    Answer::versioned(tenant.tag(), &tenant)
}
