//! Reads ids and totals from list responses, users and groups.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Answer, Client};

/// `totalResults` of a list.
#[track_caller]
pub fn total(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["totalResults"]
        .as_u64()
        .expect("totalResults")
}

/// The ids on a page, in order.
#[track_caller]
pub fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let json = answer.json();
    let resources = json["Resources"].as_array().expect("Resources");
    assert_eq!(json["itemsPerPage"], resources.len(), "P-04");
    let list = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    assert_eq!(json["schemas"], serde_json::json!([list]), "L-01");
    resources.iter().map(|one| text(&one["id"])).collect()
}

/// The `value`s of a multi-valued attribute; empty if it is absent.
pub fn values(resource: &Value, attribute: &str) -> BTreeSet<String> {
    let values = resource[attribute].as_array().into_iter().flatten();
    values.map(|one| text(&one["value"])).collect()
}

/// The ids that match a filter; all must fit on one page.
pub async fn found(client: &Client, path: &str, filter: &str) -> BTreeSet<String> {
    let answer = client.filter(path, filter).await;
    let ids = ids(&answer);
    assert_eq!(total(&answer), ids.len() as u64, "{filter}");
    let set: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(set.len(), ids.len(), "{filter} finds one twice");
    set
}

/// The ids of a group's members.
pub async fn members(client: &Client, group: &str) -> BTreeSet<String> {
    let answer = client.get(&format!("/Groups/{group}")).await.expect(200);
    values(&answer.json(), "members")
}

/// The ids in a user's `groups`.
pub async fn groups(client: &Client, user: &str) -> BTreeSet<String> {
    let answer = client.get(&format!("/Users/{user}")).await.expect(200);
    values(&answer.json(), "groups")
}

/// `meta.version` and `meta.lastModified` of a resource.
pub async fn stamp(client: &Client, path: &str) -> (String, String) {
    let json = client.get(path).await.expect(200).json();
    (
        text(&json["meta"]["version"]),
        text(&json["meta"]["lastModified"]),
    )
}

fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}
