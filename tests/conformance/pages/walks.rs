//! Walks: reading all pages while other requests create and delete.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::client::{encode, user};
use crate::support::numbers::Numbers;
use crate::support::table::tenant_of;
use crate::support::{Client, Target, moving};

mod several;

async fn page(client: &Client, filter: &str, start: usize, count: usize) -> Value {
    let filter = if filter.is_empty() {
        String::new()
    } else {
        format!("&filter={}", encode(filter))
    };
    client
        .get(&format!("/Users?startIndex={start}&count={count}{filter}"))
        .await
        .expect(200)
        .json()
}

fn ids(page: &Value) -> Vec<String> {
    let resources = page["Resources"].as_array().unwrap();
    resources
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Walks as an identity provider does, until `totalResults` is reached. Users are created and deleted between two
/// pages. Returns the users seen, and the users who existed all the time.
async fn walk(
    client: &Client,
    filter: &str,
    count: usize,
    numbers: &mut Numbers,
) -> (Vec<String>, BTreeSet<String>) {
    let mut there: Vec<String> = Vec::new();
    for number in 0..40 {
        there.push(
            client
                .create_user(&format!("w{count}-{number}@example.com"))
                .await,
        );
    }
    let mut stable: BTreeSet<String> = there.iter().cloned().collect();
    let mut seen = Vec::new();
    let mut start = 1;
    for step in 0.. {
        let page = page(client, filter, start, count).await;
        let given = ids(&page);
        let total = usize::try_from(page["totalResults"].as_u64().unwrap()).unwrap();
        start += given.len();
        seen.extend(given);
        if start > total {
            break;
        }
        assert!(step < 200, "the walk does not end");
        for turn in 0..numbers.below(6) {
            if numbers.below(3) == 0 {
                there.push(
                    client
                        .create_user(&format!("n{count}-{step}-{turn}@example.com"))
                        .await,
                );
            } else {
                let gone = there.swap_remove(numbers.below(there.len()));
                client.delete(&format!("/Users/{gone}")).await.expect(204);
                stable.remove(&gone);
            }
        }
    }
    (seen, stable)
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_walk_returns_each_resource_that_stays_exactly_once() {
    let target = Target::start().await;
    let mut numbers = Numbers(11);
    for (count, filter) in [
        (1, ""),
        (3, ""),
        (7, ""),
        (10, "active eq true"),
        (4, r#"userName sw "w""#),
    ] {
        let client = target.tenant().await;
        let (seen, stable) = walk(&client, filter, count, &mut numbers).await;
        let mut times: BTreeMap<&String, usize> = BTreeMap::new();
        for id in &seen {
            *times.entry(id).or_default() += 1;
        }
        for id in &stable {
            assert_eq!(times.get(id), Some(&1), "pages of {count}, {filter}");
        }
        assert!(
            times.values().all(|times| *times == 1),
            "pages of {count}, {filter}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p05_the_total_of_a_walk_is_what_was_given_and_what_is_left() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for number in 0..10 {
        client.create_user(&format!("u{number}@example.com")).await;
    }
    let first = ids(&page(&client, "", 1, 4).await);
    for id in &first[..2] {
        client.delete(&format!("/Users/{id}")).await.expect(204);
    }
    let second = page(&client, "", 5, 4).await;
    assert_eq!(
        (second["totalResults"].as_u64(), ids(&second).len()),
        (Some(10), 4)
    );
    let third = page(&client, "", 9, 4).await;
    assert_eq!(
        (third["totalResults"].as_u64(), ids(&third).len()),
        (Some(10), 2)
    );
    // Another key has its own walk. A start index that no page led to is served by rank.
    let jump = page(&client, "", 7, 4).await;
    assert_eq!(
        (jump["totalResults"].as_u64(), ids(&jump).len()),
        (Some(8), 2)
    );
    let name = tenant_of(&client).to_owned();
    let other = target
        .stack
        .tenant(&name, Some("an-imported-token-of-another-client"))
        .await
        .unwrap();
    let other = page(&client.with_token(&other.token), "", 5, 4).await;
    assert_eq!(other["totalResults"], 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_anchor_holds_for_ten_minutes_after_its_last_use() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    for number in 0..6 {
        client
            .post("/Users", &user(&format!("u{number}")))
            .await
            .expect(201);
    }
    let first = ids(&page(&client, "", 1, 3).await);
    client
        .delete(&format!("/Users/{}", first[0]))
        .await
        .expect(204);
    time.pass(599);
    assert_eq!(page(&client, "", 4, 3).await["totalResults"], 6);
    time.pass(601);
    assert_eq!(page(&client, "", 4, 3).await["totalResults"], 5);
}
