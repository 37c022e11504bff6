//! The end of a feed in which nothing happens is kept: it alone knows which positions were given.

use std::collections::BTreeMap;

use service::Function;

use super::super::LONG;
use super::{entries, feed_of, fill};
use crate::support::moving;
use crate::support::table::Table;
use crate::support::{Client, Target};
use directory::journal::feed::NoPage;
use directory::keys::attribute::EXPIRES;
use scim_core::event::{Position, Subscription};

const DAY: i64 = 24 * 60 * 60;

/// When each batch expires.
async fn ends(target: &Target, client: &Client) -> BTreeMap<String, i64> {
    let table = Table::of(target, client).await;
    let batches = table.partitions(&["feed"]);
    let end = |item: &crate::support::table::Item| {
        let expires = item[EXPIRES].as_n().expect("a number").parse();
        (
            item["sk"].as_s().expect("a key").clone(),
            expires.expect("seconds"),
        )
    };
    batches.map(end).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_sweep_renews_the_last_batch_of_a_quiet_feed() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let service = target.stack.of(Function::Feed);
    for name in ["ann", "bob"] {
        client.create_user(name).await;
        if fill(&target, &service).await.is_none() {
            return;
        }
    }
    let sweeper = target.stack.of(Function::Events);
    let first = ends(&target, &client).await;
    assert_eq!(first.len(), 2);
    let given = entries(&target, &client).await;
    time.pass(59 * DAY);
    sweeper.sweep(LONG).await.expect("nothing is wrong");
    assert_eq!(ends(&target, &client).await, first, "there is time");
    time.pass(2 * DAY);
    sweeper.sweep(LONG).await.expect("nothing is wrong");
    let renewed = ends(&target, &client).await;
    let (last, end) = renewed.last_key_value().expect("a batch");
    assert_eq!(*end, time.now().as_second() + 90 * DAY);
    let others = |all: &BTreeMap<String, i64>| {
        let mut others = all.clone();
        others.remove(last);
        others
    };
    assert_eq!(others(&renewed), others(&first), "the last one alone");
    time.pass(40 * DAY);
    sweeper.sweep(LONG).await.expect("nothing is wrong");
    // What expired is gone for readers, and the feed goes on behind its last position.
    let everything = Subscription::parse(["*"]).expect("a pattern");
    let feed = feed_of(&target, &client);
    let page = feed.page(Position::BEGINNING, 9, &everything, time.now());
    let (position, _) = given[1];
    assert!(matches!(page.await, Err(NoPage::Gone { oldest, .. }) if oldest == position));
    client.create_user("cho").await;
    fill(&target, &service).await;
    let page = feed.page(position, 9, &everything, time.now()).await;
    let page = page.expect("the last position was read");
    let next: Vec<_> = page
        .entries
        .iter()
        .map(|(position, _)| Some(*position))
        .collect();
    assert_eq!(next, [position.next()]);
}
