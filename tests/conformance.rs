//! RFC 7644 over HTTP, by the rows of the requirement matrix: requests that any client may send, and their responses.

mod active;
mod addresses;
mod bodies;
mod bulk;
mod compression;
mod discovery;
pub(crate) mod errors;
mod extensions;
mod filters;
mod groups;
mod matrix;
mod me;
mod methods;
mod pages;
mod patch;
mod projection;
mod put;
mod resources;
mod root_query;
mod schema_walk;
mod search;
mod shapes;
mod unknown_attributes;
mod users;
mod versions;
mod wire;

use serde_json::json;

use crate::support::Answer;

/// Asserts a SCIM error with this status, and returns its `scimType` and detail.
#[track_caller]
fn scim_error(answer: &Answer, status: u16, what: &str) -> (String, String) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert_eq!(
        answer
            .headers
            .get("content-type")
            .map(http::HeaderValue::as_bytes),
        Some(b"application/scim+json".as_slice()),
        "R-02, {what}: {answer:?}"
    );
    let json = answer.json();
    assert_eq!(
        json["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:Error"]),
        "R-01, {what}"
    );
    let (_, scim_type, detail) = answer.error();
    assert!(!detail.is_empty(), "{what}: {answer:?}");
    (scim_type, detail)
}
