//! Setup links in JSON.

use super::call::Call;
use super::response::Answer;
use super::route::Route;
use crate::actor::Operation;
use crate::operations::links;
use crate::problem::Problem;

pub(super) static ROUTES: &[Route] = &[
    Route::new(Operation::ListLinks, |call| Box::pin(list(call))),
    Route::new(Operation::CreateLink, |call| Box::pin(create(call))),
    Route::new(Operation::RevokeLink, |call| Box::pin(revoke(call))),
];

async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    Answer::shown(&links::list(&call.work, &call.tenant()?).await?)
}

async fn create(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = &call.tenant()?;
    let made = |work| async move {
        let given = call.body_or_default()?;
        links::create(&work, tenant, &given).await
    };
    Answer::of(call.act(made).await?, |link| {
        let site = call.work.site;
        Answer::created(format!("{site}/admin/v1/tenants/{tenant}/links"), &link)
    })
}

async fn revoke(call: &Call<'_>) -> Result<Answer, Problem> {
    let (tenant, link) = (&call.tenant()?, call.variable("link"));
    let revoked = |work| async move { links::revoke(&work, tenant, link).await };
    Answer::of(call.act(revoked).await?, |()| Ok(Answer::done()))
}
