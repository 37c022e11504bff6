//! Changes that are too large for one transaction.

use http::Method;
use serde_json::json;

use super::bulk::succeeded;
use super::{Functions, add};
use crate::support::client::{BULK, group, user};

/// More members than fit one transaction: at the creation of a group, added to it, and deleted with it.
pub(super) async fn group_of_many(functions: &Functions) {
    let users = some_users(functions, "large").await;
    let id = functions.create("/Groups", group("Large", &users)).await;
    let path = format!("/Groups/{id}");
    functions.put(&path, group("Large", &[])).await;
    let members: Vec<_> = users.iter().map(|id| json!({ "value": id })).collect();
    functions
        .patch(&path, [add("members", &json!(members))])
        .await;
    functions.delete(&path).await;
    for id in users {
        functions.delete(&format!("/Users/{id}")).await;
    }
}

/// More users than one transaction can add to a group.
pub(super) async fn some_users(functions: &Functions, name: &str) -> Vec<String> {
    let mut users = Vec::new();
    for number in 0..40 {
        let user = user(&format!("{name}{number}@example.com"));
        users.push(functions.create("/Users", user).await);
    }
    users
}

/// A user in more groups than one transaction can leave.
pub(super) async fn user_in_many_groups(functions: &Functions) {
    let id = functions.create("/Users", user("many@example.com")).await;
    let mut groups = Vec::new();
    for number in 0..40 {
        let group = group(&format!("Many {number}"), std::slice::from_ref(&id));
        groups.push(functions.create("/Groups", group).await);
    }
    functions.delete(&format!("/Users/{id}")).await;
    for id in groups {
        functions.delete(&format!("/Groups/{id}")).await;
    }
}

/// A bulk request with more members than fit one transaction.
pub(super) async fn bulk(functions: &Functions) {
    let users = some_users(functions, "bulk").await;
    let large = group("Bulk", &users);
    let operations = json!([
        { "method": "POST", "path": "/Groups", "bulkId": "large", "data": large },
        { "method": "DELETE", "path": "/Groups/bulkId:large" },
    ]);
    let body = json!({ "schemas": [BULK], "Operations": operations });
    succeeded(&functions.send(Method::POST, "/Bulk", Some(body), 200).await);
    for id in users {
        functions.delete(&format!("/Users/{id}")).await;
    }
}
