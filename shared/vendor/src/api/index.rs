//! Who is asking: what the key of a request is and may do.

use http::Method;
use serde_json::json;

use super::Answer;
use super::auth::Scope;
use super::call::Call;
use super::routes::Route;

pub(super) static ROUTES: &[Route] = &[Route::new(
    Method::GET,
    "/",
    "describeCaller",
    Some(Scope::Read),
    |call| Box::pin(async { Ok(describe_caller(call)) }),
)];

fn describe_caller(call: &Call<'_>) -> Answer {
    let key = &call.caller.key;
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    Answer::Shown(json!({
        "key": { "id": key.name(), "scopes": scopes },
        "version": env!("CARGO_PKG_VERSION"),
        "openapi": format!("{}/admin/v1/openapi.json", call.site),
    }))
}
