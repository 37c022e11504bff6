//! Queries over all resource types at once, RFC 7644 §3.4.2.1 and §3.4.3.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::client::encode;
use crate::support::listed::{found, ids, total};
use crate::support::numbers::Numbers;
use crate::support::{Client, Target};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

async fn some(client: &Client, users: usize, groups: usize) {
    let mut ids = Vec::new();
    for at in 0..users {
        ids.push(client.create_user(&format!("u{at:02}@example.com")).await);
    }
    for at in 0..groups {
        let members = &ids[..at.min(users)];
        client.create_group(&format!("g{at:02}"), members).await;
    }
}

fn types(list: &Value) -> BTreeSet<String> {
    let resources = list["Resources"].as_array().unwrap().iter();
    resources
        .map(|one| one["meta"]["resourceType"].as_str().unwrap().to_owned())
        .collect()
}

async fn searched(client: &Client, more: Value) -> Value {
    let mut body = json!({ "schemas": [SEARCH] });
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    client.post("/.search", &body).await.expect(200).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn e07_l05_a_query_of_the_root_covers_all_types() {
    let target = Target::start().await;
    let client = target.tenant().await;
    some(&client, 4, 3).await;
    let all = client.get("").await;
    assert_eq!(total(&all), 7);
    let users = ids(&client.get("/Users").await);
    let groups = ids(&client.get("/Groups").await);
    assert_eq!(ids(&all), [users.clone(), groups.clone()].concat());
    assert_eq!(searched(&client, json!({})).await, all.json());
    // Each resource is represented as at its own endpoint.
    let shown = all.json()["Resources"].as_array().unwrap().clone();
    for resource in shown {
        let location = resource["meta"]["location"].as_str().unwrap();
        let path = location.strip_prefix(&client.base).unwrap();
        assert_eq!(client.get(path).await.json(), resource);
    }
    for (kind, expected) in [("User", users), ("Group", groups)] {
        let filter = format!("meta.resourceType eq \"{kind}\"");
        let found = searched(
            &client,
            json!({ "filter": filter, "attributes": ["meta.resourceType"] }),
        )
        .await;
        assert_eq!(types(&found), [kind.to_owned()].into());
        assert_eq!(found["totalResults"], expected.len());
    }
    let none = searched(
        &client,
        json!({ "filter": "meta.resourceType eq \"Device\"" }),
    )
    .await;
    assert_eq!(none["totalResults"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn l06_f24_an_attribute_that_a_type_lacks_has_no_value() {
    let target = Target::start().await;
    let client = target.tenant().await;
    some(&client, 3, 2).await;
    for (filter, expected) in [
        ("userName eq \"U01@example.com\"", 1),
        ("userName pr", 3),
        ("not (userName pr)", 2),
        ("userName eq null", 2),
        ("userName ne \"u01@example.com\"", 2),
        ("displayName eq \"g01\"", 1),
        (
            "displayName eq \"g01\" or userName eq \"u01@example.com\"",
            2,
        ),
        (
            "displayName eq \"g01\" and userName eq \"u01@example.com\"",
            0,
        ),
        ("members pr", 1),
        ("groups pr", 1),
        ("emails[type eq \"work\"].value sw \"u\"", 3),
        ("nobodyKnows pr", 0),
        ("not (nobodyKnows pr)", 5),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department pr",
            0,
        ),
        (
            "schemas eq \"urn:ietf:params:scim:schemas:core:2.0:Group\"",
            2,
        ),
        ("meta.created pr", 5),
    ] {
        assert_eq!(found(&client, "", filter).await.len(), expected, "{filter}");
        let by_post = searched(&client, json!({ "filter": filter })).await;
        assert_eq!(by_post["totalResults"], expected, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l05_p05_p07_pages_over_all_types_join_to_the_whole() {
    let target = Target::start().await;
    let client = target.tenant().await;
    some(&client, 5, 3).await;
    for query in [
        String::new(),
        format!("&filter={}", encode("meta.created pr")),
        format!("&filter={}", encode("userName co \"1\" or displayName pr")),
        "&sortBy=displayName".to_owned(),
        "&sortBy=userName&sortOrder=descending".to_owned(),
        "&sortBy=meta.lastModified".to_owned(),
    ] {
        let all = client.get(&format!("?count=1000{query}")).await;
        // Among them pages that end with the last user, and pages around the whole.
        for count in [1, 3, 5, 7, 8, 9] {
            let mut by_index = Vec::new();
            while by_index.len() < ids(&all).len() {
                let start = by_index.len() + 1;
                let page = client
                    .get(&format!("?startIndex={start}&count={count}{query}"))
                    .await;
                assert_eq!(total(&page), total(&all), "{query}");
                by_index.extend(ids(&page));
            }
            assert_eq!(by_index, ids(&all), "{query} by {count}");
            let (mut by_cursor, mut cursor) = (Vec::new(), Some(String::new()));
            while let Some(at) = cursor {
                let page = client
                    .get(&format!("?count={count}{query}&cursor={at}"))
                    .await;
                assert_eq!(total(&page), total(&all), "{query}");
                by_cursor.extend(ids(&page));
                cursor = page.json()["nextCursor"].as_str().map(str::to_owned);
            }
            assert_eq!(by_cursor, ids(&all), "{query} by {count}");
        }
        let beyond = client.get(&format!("?startIndex=100{query}")).await;
        assert_eq!(
            (total(&beyond), ids(&beyond).len()),
            (total(&all), 0),
            "P-06"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn o03_o04_sorting_over_all_types_puts_those_without_a_value_last() {
    let target = Target::start().await;
    let client = target.tenant().await;
    some(&client, 3, 2).await;
    let kinds = |list: &Value| -> Vec<String> {
        let resources = list["Resources"].as_array().unwrap().iter();
        let kind = |one: &Value| one["meta"]["resourceType"].as_str().unwrap()[..1].to_owned();
        resources.map(kind).collect()
    };
    for (sort, order, expected) in [
        ("userName", "ascending", "UUUGG"),
        ("userName", "descending", "GGUUU"),
        ("displayName", "ascending", "GGUUU"),
        ("displayName", "descending", "UUUGG"),
    ] {
        let found = searched(&client, json!({ "sortBy": sort, "sortOrder": order })).await;
        assert_eq!(kinds(&found).concat(), expected, "{sort} {order}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_walk_over_all_types_returns_each_resource_that_stays_exactly_once() {
    let mut numbers = Numbers(11);
    for by_cursor in [false, true] {
        let target = Target::start().await;
        let client = target.tenant().await;
        some(&client, 15, 15).await;
        let users = ids(&client.get("/Users").await)
            .into_iter()
            .map(|id| format!("/Users/{id}"));
        let groups = ids(&client.get("/Groups").await)
            .into_iter()
            .map(|id| format!("/Groups/{id}"));
        let mut there: Vec<String> = users.chain(groups).collect();
        let mut stable: BTreeSet<String> = there.iter().cloned().collect();
        let (mut seen, mut cursor): (Vec<String>, String) = (Vec::new(), String::new());
        for step in 0.. {
            let place = match by_cursor {
                true => format!("cursor={cursor}"),
                false => format!("startIndex={}", seen.len() + 1),
            };
            let page = client.get(&format!("?count=4&{place}")).await;
            let shown = page.json()["Resources"].as_array().unwrap().clone();
            seen.extend(shown.iter().map(|one| {
                let location = one["meta"]["location"].as_str().unwrap();
                location.strip_prefix(&client.base).unwrap().to_owned()
            }));
            let is_last = match by_cursor {
                true => page.json().get("nextCursor").is_none(),
                false => seen.len() as u64 >= total(&page),
            };
            if is_last {
                break;
            }
            cursor = page.json()["nextCursor"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            assert!(step < 100, "the walk does not end");
            for turn in 0..numbers.below(4) {
                if numbers.below(2) == 0 {
                    client
                        .create_user(&format!("n{step}-{turn}@example.com"))
                        .await;
                } else {
                    let gone = there.swap_remove(numbers.below(there.len()));
                    client.delete(&gone).await.expect(204);
                    stable.remove(&gone);
                }
            }
        }
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(distinct.len(), seen.len(), "one is given twice");
        assert!(stable.is_subset(&distinct), "one is missed");
    }
}
