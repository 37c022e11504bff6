//! Bulk requests.

use http::Method;
use serde_json::{Value, json};

use super::{Functions, add, full_user, remove};
use crate::support::client::{BULK, group, patch, user};

/// Creates resources that refer to each other and groups with members, changes them in each way, and deletes them; a
/// name moves to another resource.
pub(super) async fn everything(functions: &Functions) {
    let extension = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let managed = |own: &str, manager: &str| {
        let mut data = full_user(own, own);
        data[extension] = json!({ "manager": { "value": format!("bulkId:{manager}") } });
        json!({ "method": "POST", "path": "/Users", "bulkId": own, "data": data })
    };
    let team = group("Team", &["bulkId:fred".to_owned()]);
    let other = group("Other", &["bulkId:team".to_owned()]);
    let away = patch(json!([remove("members[type eq \"User\"]")]));
    let back = patch(json!([add(
        "members",
        &json!([{ "value": "bulkId:gina" }])
    )]));
    let nested = patch(json!([add(
        "members",
        &json!([{ "value": "bulkId:third" }])
    )]));
    let named = user("gina");
    let operations = json!([
        managed("fred", "gina"),
        managed("gina", "fred"),
        { "method": "POST", "path": "/Groups", "bulkId": "team", "data": team },
        { "method": "POST", "path": "/Groups", "bulkId": "other", "data": other },
        { "method": "POST", "path": "/Groups", "bulkId": "third", "data": group("Third", &[]) },
        { "method": "PATCH", "path": "/Groups/bulkId:team", "data": away },
        { "method": "PATCH", "path": "/Groups/bulkId:team", "data": nested },
        { "method": "PATCH", "path": "/Groups/bulkId:team", "data": back },
        { "method": "PUT", "path": "/Groups/bulkId:team", "data": team },
        { "method": "PATCH", "path": "/Users/bulkId:fred", "data": patch(json!([remove("emails")])) },
        { "method": "DELETE", "path": "/Users/bulkId:gina" },
        { "method": "PUT", "path": "/Users/bulkId:fred", "data": named },
        { "method": "DELETE", "path": "/Groups/bulkId:team" },
        { "method": "DELETE", "path": "/Groups/bulkId:other" },
        { "method": "DELETE", "path": "/Groups/bulkId:third" },
        { "method": "DELETE", "path": "/Users/bulkId:fred" },
    ]);
    let body = json!({ "schemas": [BULK], "Operations": operations });
    let answer = functions.send(Method::POST, "/Bulk", Some(body), 200).await;
    succeeded(&answer);
    super::large::bulk(functions).await;
}

pub(super) fn succeeded(answer: &Value) {
    for result in answer["Operations"].as_array().expect("results") {
        let status = result["status"].as_str().unwrap_or_default();
        assert!(status.starts_with('2'), "{answer}");
    }
}
