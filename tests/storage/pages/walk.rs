//! A walk over all pages sees every user, even while others are created.

use std::collections::BTreeSet;
use std::sync::Arc;

use directory::search::PageStart;
use directory::{Author, Directory, Meter, Spent, Store};
use keyring::TenantId;
use local::stack::TABLE;
use scim_core::{ResourceId, ResourceKind};
use serde_json::json;

use crate::support::listed::{ids, total};
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target, seed};

/// Reads all pages, each as the previous response's `itemsPerPage` says, and returns the ids in their order. All
/// pages except the last must be full.
async fn walk(client: &Client, size: usize) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    loop {
        let start = seen.len() + 1;
        let path = format!("/Users?startIndex={start}&count={size}&attributes=userName");
        let answer = client.get(&path).await.expect(200);
        let page = ids(&answer);
        let total = total(&answer);
        let left = usize::try_from(total).unwrap().saturating_sub(start - 1);
        assert_eq!(page.len(), left.min(size), "startIndex {start} of {total}");
        seen.extend(page);
        if left <= size {
            return seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_walk_over_5000_users_sees_each_of_them_while_others_are_created() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let directory = seed::directory(&target, &client);
    let before: BTreeSet<String> = seed::copies(&target, &client, "user", 5_000)
        .await
        .into_iter()
        .collect();
    let (seen, created) =
        tokio::join!(walk(&client, 100), seed::users(&directory, "later", 400, 4));
    let seen: BTreeSet<String> = seen.into_iter().collect();
    let missed = before.difference(&seen).count();
    assert_eq!(missed, 0, "users that were there all the time are missed");

    let all: BTreeSet<String> = before.into_iter().chain(created).collect();
    let walks = tokio::join!(walk(&client, 100), walk(&client, 1_000));
    for seen in [walks.0, walks.1] {
        assert_eq!(seen.len(), 5_400);
        assert!(seen.is_sorted(), "pages have no order");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all);
    }
    assert_eq!(total(&client.get("/Users?count=0").await), 5_400);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_pages_of_any_size_and_in_any_order_join_to_the_same_whole() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let directory = seed::directory(&target, &client);
    let mut all = seed::users(&directory, "user", 300, 32).await;
    all.sort();
    for size in [7, 37, 100, 299, 300, 301, 1_000] {
        assert_eq!(walk(&client, size).await, all, "pages of {size}");
    }
    for start in [300, 1, 256, 17, 299, 150] {
        let answer = client
            .get(&format!("/Users?startIndex={start}&count=3&attributes=id"))
            .await;
        let expected: Vec<String> = all.iter().skip(start - 1).take(3).cloned().collect();
        assert_eq!(ids(&answer), expected, "from {start}");
        assert_eq!(answer.json()["startIndex"], start);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_walk_over_what_a_filter_finds_gives_each_once_whatever_the_page() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let directory = seed::directory(&target, &client);
    let mut expected = seed::users(&directory, "wanted", 150, 32).await;
    seed::users(&directory, "other", 150, 32).await;
    expected.sort();
    for size in [1_000, 100, 37] {
        let mut seen = Vec::new();
        for start in (1..=150).step_by(size) {
            let path =
                format!("/Users?filter=userName%20sw%20%22want%22&startIndex={start}&count={size}");
            let answer = client.get(&path).await;
            assert_eq!(total(&answer), 150);
            seen.extend(ids(&answer));
        }
        assert_eq!(seen, expected, "pages of {size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p05_totals_are_exact_after_parallel_creations_and_deletions() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let directory = seed::directory(&target, &client);
    let users = seed::users(&directory, "user", 120, 32).await;
    let deletions = users[..60].iter().map(|id| {
        let client = client.clone();
        let path = format!("/Users/{id}");
        async move { client.delete(&path).await.expect(204) }
    });
    let (_, created) = tokio::join!(
        futures_util::future::join_all(deletions),
        seed::users(&directory, "later", 60, 16)
    );
    assert_eq!(total(&client.get("/Users?count=0").await), 120);
    let seen: BTreeSet<String> = walk(&client, 50).await.into_iter().collect();
    assert_eq!(seen, users[60..].iter().cloned().chain(created).collect());
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_large_users_is_whole_though_one_query_gives_a_part() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let directory = seed::directory(&target, &client);
    let mut expected = Vec::new();
    for number in 0..30 {
        let (id, write) = seed::new_ids();
        let text = "x".repeat(60_000);
        let new = seed::new_user(
            id,
            json!({ "userName": format!("u{number}"), "title": text }),
        );
        let now = service::clock::Clock::system().now();
        directory.create(new, now, &write).await.unwrap();
        expected.push(id.to_string());
    }
    expected.sort();
    assert_eq!(walk(&client, 30).await, expected);
    assert_eq!(walk(&client, 7).await, expected);
    let found = client
        .get("/Users?count=30&attributes=userName&filter=title%20sw%20%22x%22")
        .await;
    assert_eq!(ids(&found), expected);
    let whole = client.get("/Users?count=30").await;
    assert_eq!(ids(&whole), expected, "1.8 MB of users are answered");
}

/// Creates users of about 4 KB whose ids are close together, in four of the 8,192 parts of a tenant; returns their
/// ids in order.
async fn crowds(directory: &Directory) -> Vec<ResourceId> {
    let parts = [("0000", 3), ("3fa7", 40), ("3fa8", 25), ("ffff", 12)];
    let mut ids: Vec<ResourceId> = Vec::new();
    for (start, number) in parts {
        for at in 0..number {
            let id = format!("{start}{at:04x}-0000-4000-8000-000000000000");
            ids.push(ResourceId::parse(&id).unwrap());
        }
    }
    let now = service::clock::Clock::system().now();
    let created = ids.iter().map(|id| {
        let attributes = json!({ "userName": id.as_str(), "title": "x".repeat(3_500) });
        let new = seed::new_user(*id, attributes);
        async move { directory.create(new, now, &seed::new_ids().1).await }
    });
    for result in futures_util::future::join_all(created).await {
        result.unwrap();
    }
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_page_at_any_rank_of_any_part_is_exact_and_reads_little_beside_itself() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let all = crowds(&seed::directory(&target, &client)).await;
    sound(&target, &client).await;
    let dynamodb = target.stack.services.clients.dynamodb.clone();
    let store = Arc::new(Store::new(dynamodb, TABLE.to_owned()));
    let tenant = TenantId::parse(tenant_of(&client)).unwrap();
    let page = async |place, count| -> (Vec<ResourceId>, Option<u64>, Spent) {
        let meter = Arc::new(Meter::default());
        let directory = Directory::new(
            Arc::clone(&store),
            tenant.clone(),
            Arc::clone(&meter),
            Author::background(),
        );
        let found = directory.list_from(ResourceKind::User, place, count);
        let found = found.await.unwrap();
        assert_eq!(found.total, 80);
        let ids = found.page.iter().map(|one| one.resource.id);
        (ids.collect(), found.given, meter.spent())
    };
    for count in [1, 9, 31, 39, 60] {
        for rank in 0..80 {
            let expected: Vec<ResourceId> = all.iter().skip(rank).take(count).copied().collect();
            let place = PageStart::Rank(u64::try_from(rank).unwrap());
            let (ids, given, spent) = page(place, count).await;
            assert_eq!((&ids, given), (&expected, None), "{count} from {rank}");
            assert_eq!(spent.round_trips, 2, "{count} from {rank}");
            // At worst the page is in the middle of a part with 40 users; a user takes one unit, the counters take
            // one.
            let beside = 40_usize.saturating_sub(count) / 2 + 4;
            let most = f64::from(u32::try_from(count.min(80 - rank) + beside + 2).unwrap());
            assert!(
                spent.reads <= most,
                "{count} from {rank}: {spent:?} > {most}"
            );

            let expected: Vec<ResourceId> = expected.into_iter().skip(1).collect();
            let (ids, given, spent) = page(PageStart::After(all[rank]), count).await;
            let ids: Vec<ResourceId> = ids.into_iter().take(count - 1).collect();
            assert_eq!(ids, expected, "{count} after {rank}");
            assert_eq!(given, Some(u64::try_from(rank + 1).unwrap()));
            let extra = u32::from(count < 27);
            assert!(
                spent.round_trips <= 2 + extra,
                "{count} after {rank}: {spent:?}"
            );
        }
    }
}
