//! The failure log and the activity of a tenant in JSON.

use keyring::TenantId;

use super::call::Call;
use super::response::Answer;
use super::route::Route;
use crate::actor::Operation;
use crate::operations::requests::RequestSearch;
use crate::operations::{activity, requests};
use crate::problem::Problem;

pub(super) static ROUTES: &[Route] = &[
    Route::new(Operation::ListActivity, |call| {
        Box::pin(list_activity(call))
    }),
    Route::new(Operation::ListRequests, |call| Box::pin(list(call))),
    Route::new(Operation::DownloadRequests, |call| Box::pin(download(call))),
];

async fn list_activity(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    Answer::shown(&activity::list(&call.work, &tenant, call.page()?).await?)
}

async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let (tenant, search) = (call.tenant()?, RequestSearch::read(&call.query)?);
    let (after, count) = call.page()?;
    Answer::shown(&requests::list(&call.work, &tenant, (&search, after, count)).await?)
}

async fn download(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = &call.tenant()?;
    let search = &RequestSearch::read(&call.query)?;
    let file = |work| async move { requests::download(&work, tenant, search).await };
    Answer::of(call.act(file).await?, |content| {
        Ok(requests_file(tenant, content))
    })
}

/// The failure log as a file.
pub(crate) fn requests_file(tenant: &TenantId, content: String) -> Answer {
    let media_type = "text/csv; charset=utf-8; header=present";
    Answer::file(&format!("{tenant}-requests.csv"), media_type, content)
}
