//! L-01 … L-04, P-01 … P-09: lists by index.

mod cursors;
mod walks;

use serde_json::json;

use super::scim_error;
use crate::support::listed::{ids, total};
use crate::support::{Client, Target, seed};

/// A tenant with `number` users, and their ids in list order.
async fn with_users(number: usize) -> (Target, Client, Vec<String>) {
    let target = Target::start().await;
    let client = target.tenant().await;
    let directory = seed::directory(&target, &client);
    let mut all = seed::users(&directory, "user", number, 16).await;
    all.sort();
    (target, client, all)
}

#[tokio::test(flavor = "multi_thread")]
async fn l01_l02_an_empty_list_is_a_list() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for path in [
        "/Users",
        "/Groups",
        "/Users?filter=userName%20eq%20%22x%22",
        "/Groups?filter=displayName%20eq%20%22x%22",
    ] {
        let json = client.get(path).await.expect(200).json();
        let expected = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []
        });
        assert_eq!(json, expected, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l04_p01_a_start_index_below_one_counts_as_one() {
    let (_target, client, all) = with_users(5).await;
    for start in [
        "",
        "startIndex=1",
        "startIndex=0",
        "startIndex=-7",
        "startIndex=%2B1",
    ] {
        let answer = client.get(&format!("/Users?count=2&{start}")).await;
        assert_eq!(ids(&answer), all[..2], "{start}");
        assert_eq!(answer.json()["startIndex"], 1, "{start}");
    }
    let answer = client.get("/Users?count=2&startIndex=4").await;
    assert_eq!(ids(&answer), all[3..]);
    assert_eq!(answer.json()["startIndex"], 4, "L-04");
}

#[tokio::test(flavor = "multi_thread")]
async fn l01_p02_p03_p04_p05_count_bounds_the_page_and_not_the_total() {
    let (_target, client, all) = with_users(5).await;
    for (count, expected) in [
        ("0", 0),
        ("-1", 0),
        ("1", 1),
        ("4", 4),
        ("5", 5),
        ("1000", 5),
        ("99999999999999999999", 5),
    ] {
        for filter in ["", "&filter=userName%20sw%20%22user%22"] {
            let answer = client.get(&format!("/Users?count={count}{filter}")).await;
            assert_eq!(ids(&answer), all[..expected], "{count}");
            assert_eq!(total(&answer), 5, "{count}");
            assert_eq!(answer.json()["itemsPerPage"], expected, "P-04");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p02_p09_a_page_has_100_unless_asked_otherwise_and_1000_at_most() {
    let target = Target::start().await;
    let client = target.tenant().await;
    seed::copies(&target, &client, "user", 1_100).await;
    let most = client.get("/ServiceProviderConfig").await.json()["filter"]["maxResults"]
        .as_u64()
        .unwrap();
    for (query, expected) in [
        ("", 100),
        ("count=1000", 1_000),
        ("count=1001", most),
        ("count=50000", most),
    ] {
        for filter in ["", "&filter=userName%20sw%20%22user%22"] {
            let answer = client
                .get(&format!("/Users?attributes=id&{query}{filter}"))
                .await;
            assert_eq!(ids(&answer).len() as u64, expected, "{query}{filter}");
            assert_eq!(total(&answer), 1_100);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p06_start_index_beyond_the_end_is_empty() {
    let (_target, client, _) = with_users(5).await;
    for start in [
        "6",
        "7",
        "1000000",
        "9223372036854775807",
        "18446744073709551616",
    ] {
        for filter in [
            "",
            "&filter=userName%20sw%20%22user%22",
            "&filter=userName%20eq%20%22user1%22",
        ] {
            let answer = client
                .get(&format!("/Users?startIndex={start}&count=100{filter}"))
                .await;
            assert_eq!(ids(&answer).len(), 0, "{start}{filter}");
            assert_eq!(
                total(&answer),
                if filter.contains("user1") { 1 } else { 5 },
                "{start}{filter}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p08_h07_parameters_that_are_no_integers_are_refused() {
    let (_target, client, _) = with_users(1).await;
    for value in [
        "x", "1.5", "1e3", "-", "0x10", "1%201", "%D9%A1", "NaN", "null", "%22%22",
    ] {
        for name in ["startIndex", "count"] {
            let answer = client.get(&format!("/Users?{name}={value}")).await;
            let (scim_type, detail) = scim_error(&answer, 400, value);
            assert_eq!(scim_type, "invalidValue");
            assert!(detail.contains(name), "{detail}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn l03_unknown_parameters_are_passed_over() {
    let (_target, client, all) = with_users(2).await;
    let answer = client
        .get("/Users?foo=bar&limit=1&offset=1&page=2&$top=1")
        .await;
    assert_eq!(ids(&answer), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_groups_are_paged_like_users() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let user = client.create_user("anna").await;
    let mut all = Vec::new();
    for number in 0..7 {
        let members: &[String] = if number % 2 == 0 {
            std::slice::from_ref(&user)
        } else {
            &[]
        };
        all.push(
            client
                .create_group(&format!("Group {number}"), members)
                .await,
        );
    }
    all.sort();
    let mut seen = Vec::new();
    for start in [1, 4, 7] {
        let answer = client
            .get(&format!("/Groups?startIndex={start}&count=3"))
            .await;
        assert_eq!(total(&answer), 7);
        seen.extend(ids(&answer));
    }
    assert_eq!(seen, all);
    let found = client
        .filter("/Groups", &format!("members.value eq \"{user}\""))
        .await;
    assert_eq!(total(&found), 4);
}
