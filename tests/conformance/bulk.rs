//! Bulk requests, RFC 7644 §3.7: matrix section 15.

mod order;
mod references;
mod shapes;

use serde_json::{Value, json};

use crate::support::client::{Answer, BULK};
use crate::support::{Client, Target};

pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// An id that no resource has.
pub const NOBODY: &str = "2819c223-7f76-453a-919d-413861904646";

fn request(operations: &Value) -> Value {
    json!({ "schemas": [BULK], "Operations": operations })
}

/// The results of operations that were all processed.
async fn bulk(client: &Client, operations: &Value) -> Vec<Value> {
    let results = results(&client.post("/Bulk", &request(operations)).await);
    assert_eq!(results.len(), operations.as_array().unwrap().len());
    results
}

#[track_caller]
fn results(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.headers["content-type"], "application/scim+json");
    let json = answer.json();
    assert_eq!(
        json["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"])
    );
    let results = json["Operations"].as_array().expect("Operations").clone();
    for result in &results {
        let status = result["status"].as_str().expect("status is a string");
        let is_error = !status.starts_with('2');
        assert_eq!(result.get("response").is_some(), is_error, "{result}");
        if is_error {
            let response = &result["response"];
            assert_eq!(
                response["schemas"],
                json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
            );
            assert_eq!(response["status"], status, "{result}");
            let detail = response["detail"].as_str().expect("detail");
            assert!(detail.starts_with("operation "), "{detail}");
        }
    }
    results
}

fn statuses(results: &[Value]) -> Vec<&str> {
    results
        .iter()
        .map(|one| one["status"].as_str().unwrap())
        .collect()
}

/// The id at the end of a result's location.
#[track_caller]
fn id(result: &Value) -> String {
    let location = result["location"]
        .as_str()
        .unwrap_or_else(|| panic!("{result}"));
    location.rsplit('/').next().unwrap().to_owned()
}

fn post(path: &str, bulk_id: &str, data: &Value) -> Value {
    json!({ "method": "POST", "path": path, "bulkId": bulk_id, "data": data })
}

fn on(method: &str, path: &str, data: &Value) -> Value {
    json!({ "method": method, "path": path, "data": data })
}

async fn start() -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    (target, client)
}

/// The numbers of users and groups.
async fn counts(client: &Client) -> (u64, u64) {
    let users = client.get("/Users?count=0").await;
    let groups = client.get("/Groups?count=0").await;
    (
        crate::support::listed::total(&users),
        crate::support::listed::total(&groups),
    )
}
