//! The caller's own key and its permissions.

use super::call::Call;
use super::response::Answer;
use super::route::Route;
use crate::actor::Operation;
use crate::operations::admin_keys;
use crate::problem::Problem;

pub(super) static ROUTES: &[Route] = &[Route::new(Operation::DescribeCaller, |call| {
    Box::pin(async { describe(call) })
})];

fn describe(call: &Call<'_>) -> Result<Answer, Problem> {
    Answer::shown(&admin_keys::describe_caller(&call.work)?)
}
