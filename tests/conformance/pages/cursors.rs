//! Pages by cursor, RFC 9865.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, Select};
use local::stack::TABLE;
use serde_json::{Value, json};

use crate::support::client::{encode, user};
use crate::support::listed::{ids, total};
use crate::support::moving::{keyring, new_key, other_process, start};
use crate::support::numbers::Numbers;
use crate::support::table::tenant_of;
use crate::support::{Answer, Client, Target, seed};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// Users whose names and given names are not in the order of their ids.
async fn people(client: &Client, number: usize) {
    for at in 0..number {
        let mut person = user(&format!("p{at:02}@example.com"));
        if at % 4 > 0 {
            person["name"] = json!({ "givenName": (["b", "A", "c"][at % 3]) });
        }
        client.post("/Users", &person).await.expect(201);
    }
}

fn next(page: &Answer) -> Option<String> {
    let next = page.json().get("nextCursor")?.clone();
    Some(next.as_str().expect("text").to_owned())
}

/// The results of all pages of a query in order.
async fn whole(client: &Client, path: &str, query: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("{path}?{query}&cursor={cursor}")).await;
        seen.extend(ids(&page));
        assert!(page.json().get("previousCursor").is_none(), "K-04");
        match next(&page) {
            Some(next) => cursor = next,
            None => return seen,
        }
        assert!(seen.len() < 1_000, "the walk does not end");
    }
}

async fn refused(client: &Client, path: &str, scim_type: &str) {
    let (status, kind, detail) = client.get(path).await.error();
    assert_eq!((status, &*kind), (400, scim_type), "{path}: {detail}");
}

#[tokio::test(flavor = "multi_thread")]
async fn k02_k03_k04_k05_k07_k12_p07_pages_by_cursor_join_to_the_whole() {
    let target = Target::start().await;
    let client = target.tenant().await;
    people(&client, 12).await;
    client.create_group("Sales", &[]).await;
    for filter in [
        "",
        "userName co \"1\"",
        "userName sw \"p\"",
        "userName eq \"p01@example.com\"",
        "userName eq \"x\"",
    ] {
        let filter = format!("filter={}", encode(filter));
        for sort in [
            "",
            "&sortBy=userName",
            "&sortBy=userName&sortOrder=descending",
            "&sortBy=name.givenName",
            "&sortBy=name.givenName&sortOrder=descending",
            "&sortBy=meta.created",
        ] {
            let query = format!("{filter}{sort}");
            let all = client.get(&format!("/Users?{query}&count=1000")).await;
            // Pages of one, of some, and around the whole in one page.
            let most = ids(&all).len();
            let counts: BTreeSet<usize> = [1, 2, 5, most.saturating_sub(1), most, most + 1].into();
            for count in counts
                .into_iter()
                .filter(|count| (1..=most + 1).contains(count))
            {
                let joined = whole(&client, "/Users", &format!("{query}&count={count}")).await;
                assert_eq!(joined, ids(&all), "{query} by {count}");
            }
            let first = client.get(&format!("/Users?{query}&count=5&cursor")).await;
            assert_eq!(total(&first), total(&all));
            assert!(first.json().get("startIndex").is_none());
            assert!(first.json().get("previousCursor").is_none(), "K-04");
            let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
            assert!(next(&first).is_none_or(|cursor| cursor.bytes().all(unreserved)));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k06_a_count_of_zero_gives_the_total_and_no_cursor() {
    let target = Target::start().await;
    let client = target.tenant().await;
    people(&client, 3).await;
    for query in [
        "count=0",
        "count=-5",
        "count=0&sortBy=userName",
        "count=0&filter=active+eq+true",
    ] {
        let page = client.get(&format!("/Users?cursor=&{query}")).await;
        assert_eq!((total(&page), ids(&page).len(), next(&page)), (3, 0, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k08_k11_a_cursor_is_bound_to_its_query() {
    let target = Target::start().await;
    let client = target.tenant().await;
    people(&client, 4).await;
    for at in 0..2 {
        client.create_group(&format!("g{at}"), &[]).await;
    }
    let first = client.get("/Users?count=1&cursor=").await;
    let cursor = next(&first).expect("a next page");
    for path in [
        format!("/Groups?cursor={cursor}"),
        format!("?cursor={cursor}"),
        format!("/Users?filter=active+eq+true&cursor={cursor}"),
        format!("/Users?sortBy=userName&cursor={cursor}"),
        format!("/Users?sortOrder=descending&cursor={cursor}"),
        format!("/Users?cursor={cursor}A"),
        format!("/Users?cursor={}", &cursor[1..]),
        format!("/Users?cursor={}", cursor.to_uppercase()),
        "/Users?cursor=1".to_owned(),
        "/Users?cursor=%00".to_owned(),
        format!("/Users?cursor={}", "A".repeat(4_000)),
    ] {
        refused(&client, &path, "invalidCursor").await;
    }
    // The projection is not part of the query that a cursor is bound to.
    let page = client
        .get(&format!("/Users?attributes=userName&cursor={cursor}"))
        .await;
    assert_eq!(ids(&page).len(), 1);
    let all = client.get("/Users").await;
    assert_eq!(ids(&page), ids(&all)[1..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn k10_the_count_stays_that_of_the_first_page() {
    let target = Target::start().await;
    let client = target.tenant().await;
    people(&client, 5).await;
    let first = client.get("/Users?count=2&cursor=").await;
    let cursor = next(&first).expect("a next page");
    for odd in ["3", "0", "-1", "x", "1001"] {
        refused(
            &client,
            &format!("/Users?count={odd}&cursor={cursor}"),
            "invalidCount",
        )
        .await;
    }
    refused(&client, "/Users?cursor=&count=1001", "invalidCount").await;
    for good in ["&count=2", "", "&count=%202"] {
        let page = client.get(&format!("/Users?cursor={cursor}{good}")).await;
        assert_eq!(ids(&page).len(), 2, "{good}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn k09_a_cursor_ends_after_the_time_that_is_announced() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    people(&client, 3).await;
    let announced = client.get("/ServiceProviderConfig").await.json();
    let seconds = announced["pagination"]["cursorTimeout"]
        .as_i64()
        .expect("seconds");
    let first = client.get("/Users?count=1&cursor=").await;
    let path = format!("/Users?cursor={}", next(&first).expect("a next page"));
    time.pass(seconds - 1);
    client.get(&path).await.expect(200);
    time.pass(1);
    refused(&client, &path, "expiredCursor").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn k15_l08_a_search_request_pages_by_the_same_cursors() {
    let target = Target::start().await;
    let client = target.tenant().await;
    people(&client, 7).await;
    let search = |more: Value| {
        let mut body = json!({ "schemas": [SEARCH], "sortBy": "userName" });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    let mut seen = Vec::new();
    let mut page = client
        .post(
            "/Users/.search",
            &search(json!({ "cursor": "", "count": 3 })),
        )
        .await;
    loop {
        seen.extend(ids(&page));
        let Some(cursor) = next(&page) else { break };
        let by_get = client
            .get(&format!("/Users?sortBy=USERNAME&cursor={cursor}"))
            .await;
        page = client
            .post("/Users/.search", &search(json!({ "cursor": cursor })))
            .await;
        assert_eq!(ids(&page), ids(&by_get));
    }
    assert_eq!(seen, ids(&client.get("/Users?sortBy=userName").await));
}

#[tokio::test(flavor = "multi_thread")]
async fn k16_k17_z04_a_cursor_is_bound_to_its_token() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    people(&client, 3).await;
    let other_tenant = target.tenant().await;
    people(&other_tenant, 3).await;
    let (record, token) = new_key(tenant_of(&client));
    let keyrings = other_process(&target);
    keyrings
        .add(&keyring(), &record, record.created)
        .await
        .unwrap();
    time.pass(1);
    let other_key = client.with_token(&token);
    let first = client.get("/Users?count=1&cursor=").await;
    let path = format!("/Users?cursor={}", next(&first).expect("a next page"));
    other_key.get("/Users").await.expect(200);
    let mut texts = BTreeSet::new();
    for stranger in [&other_tenant, &other_key] {
        refused(stranger, &path, "invalidCursor").await;
        texts.insert(stranger.get(&path).await.text);
    }
    texts.insert(client.get("/Users?cursor=forged").await.text);
    assert_eq!(texts.len(), 1, "why is not told");
    client.get(&path).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn k01_k14_p02_without_a_cursor_pages_are_by_index_as_announced() {
    let target = Target::start().await;
    let client = target.tenant().await;
    people(&client, 3).await;
    let page = client.get("/Users?count=1").await;
    assert_eq!(page.json()["startIndex"], 1);
    assert_eq!(next(&page), None, "K-13 is not made use of");
    let announced = client.get("/ServiceProviderConfig").await.json();
    assert_eq!(
        announced["pagination"],
        json!({
            "cursor": true, "index": true, "defaultPaginationMethod": "index",
            "defaultPageSize": 100, "maxPageSize": 1_000, "cursorTimeout": 3_600
        }),
        "K-01"
    );
}

/// The number of items, without those of the failure log.
async fn items(target: &Target) -> i32 {
    let dynamodb = &target.stack.services.clients.dynamodb;
    let scan = dynamodb.scan().table_name(TABLE).select(Select::Count);
    let scan = scan
        .filter_expression("NOT contains(pk, :log)")
        .expression_attribute_values(":log", AttributeValue::S("#request".to_owned()));
    scan.send().await.expect("the table can be read").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn k18_a_walk_by_cursor_leaves_nothing_behind_and_no_page_is_larger_than_announced() {
    let target = Target::start().await;
    let client = target.tenant().await;
    seed::copies(&target, &client, "user", 1_050).await;
    client.get("/Users").await.expect(200);
    let before = items(&target).await;
    let config = client.get("/ServiceProviderConfig").await.json();
    let most = config["pagination"]["maxPageSize"].as_u64().unwrap();
    for query in [
        "",
        "sortBy=meta.created",
        "filter=userName%20sw%20%22user%22",
    ] {
        let at_most = format!("/Users?{query}&attributes=id&cursor=&count=");
        refused(&client, &format!("{at_most}{}", most + 1), "invalidCount").await;
        let page = client.get(&format!("{at_most}{most}")).await;
        assert_eq!(ids(&page).len() as u64, most, "{query}");
        let query = format!("{query}&attributes=id&count=300");
        assert_eq!(whole(&client, "/Users", &query).await.len(), 1_050);
    }
    assert_eq!(items(&target).await, before);
}

/// Every user who exists during the whole walk is returned exactly once and in the requested order, even if others
/// are created, deleted or changed in the attribute that is sorted by.
#[tokio::test(flavor = "multi_thread")]
async fn k12_p07_a_walk_by_cursor_returns_each_resource_that_stays_exactly_once() {
    let mut numbers = Numbers(7);
    for query in [
        "count=3",
        "count=3&sortBy=userName",
        "count=4&sortBy=name.givenName&sortOrder=descending",
        "count=3&filter=active+eq+true",
    ] {
        let target = Target::start().await;
        let client = target.tenant().await;
        people(&client, 30).await;
        let mut there = ids(&client.get("/Users").await);
        let mut stable: BTreeSet<String> = there.iter().cloned().collect();
        let mut seen = Vec::new();
        let mut cursor = String::new();
        for step in 0.. {
            let page = client.get(&format!("/Users?{query}&cursor={cursor}")).await;
            seen.extend(ids(&page));
            let Some(next) = next(&page) else { break };
            cursor = next;
            assert!(step < 200, "the walk does not end");
            for turn in 0..numbers.below(4) {
                if numbers.below(2) == 0 {
                    let name = format!("q{step}-{turn}@example.com");
                    there.push(client.create_user(&name).await);
                } else {
                    let gone = there.swap_remove(numbers.below(there.len()));
                    client.delete(&format!("/Users/{gone}")).await.expect(204);
                    stable.remove(&gone);
                }
            }
        }
        let distinct: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(distinct.len(), seen.len(), "{query}: one is given twice");
        assert!(stable.is_subset(&distinct), "{query}: one is missed");
    }
}
