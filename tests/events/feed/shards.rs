//! Records that arrive twice, in an order that only one item keeps, and at several processes at once; and groups that are
//! larger than an entry.

use std::collections::{BTreeSet, VecDeque};

use serde_json::Value;

use super::{Replica, agrees, append, entries, fill, live, records};
use crate::support::Target;
use crate::support::client::group;
use crate::support::listed::{found, members};
use crate::support::numbers::Numbers;
use crate::support::seed;
use crate::support::stream::ahead;
use crate::support::table::sound;

/// The records of shards: those of one item are in one shard, in order.
fn shards(records: Vec<Value>, number_of: usize) -> Vec<VecDeque<Value>> {
    let mut shards = vec![VecDeque::new(); number_of];
    for record in records {
        // The engine's records name the parts of a key in any order.
        let part = |name: &str| record["dynamodb"]["Keys"][name]["S"].to_string();
        let key = part("pk") + &part("sk");
        let digest = key.bytes().fold(7_usize, |sum, byte| {
            sum.wrapping_mul(31).wrapping_add(usize::from(byte))
        });
        shards[digest % number_of].push_back(record);
    }
    shards
}

#[tokio::test(flavor = "multi_thread")]
async fn records_may_arrive_twice_and_in_an_order_that_only_one_item_keeps() {
    for seed in 1..=4 {
        let target = Target::start().await;
        let client = target.tenant().await;
        for round in 0..3 {
            live(&client, round).await;
        }
        let Some(all) = records(&target).await else {
            return;
        };
        let mut shards = shards(all, 3);
        let mut numbers = Numbers(seed);
        let services = [ahead(&target, 0), ahead(&target, 0), ahead(&target, 0)];
        while shards.iter().any(|shard| !shard.is_empty()) {
            let (shard, service) = (numbers.below(3), numbers.below(3));
            let batch: Vec<Value> = shards[shard]
                .iter()
                .take(1 + numbers.below(9))
                .cloned()
                .collect();
            let (left, _) = append(&services[service], &batch).await;
            let number = |record: &Value| {
                let number = record["dynamodb"]["SequenceNumber"].as_str();
                number.expect("a number").to_owned()
            };
            let done = batch
                .iter()
                .take_while(|record| !left.contains(&number(record)));
            let done = done.count();
            // Sometimes the process ends before Lambda hears of what it did.
            if numbers.below(3) > 0 {
                shards[shard].drain(..done);
            }
        }
        agrees(&target, &client).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_pollers_at_once_give_each_event_once() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for round in 0..12 {
        live(&client, round).await;
    }
    let services = [ahead(&target, 0), ahead(&target, 0)];
    let (one, _) = tokio::join!(fill(&target, &services[0]), fill(&target, &services[1]));
    if one.is_none() {
        return;
    }
    let entries = agrees(&target, &client).await;
    assert!(entries.len() > 12 * 10, "{} entries", entries.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_3_000_members_comes_in_parts() {
    let target = Target::start().await;
    let client = target.tenant().await;
    // Past the stream, so the feed never introduces them.
    let users = seed::copies(&target, &client, "crowd", 3_000).await;
    // On a busy machine the time ends after the commit, and the answer says no more than that.
    let made = client.post("/Groups", &group("Crowd", &users)).await;
    made.expect_any(&[201, 503]);
    let found = found(&client, "/Groups", "displayName eq \"Crowd\"").await;
    let crowd = found.first().expect("the group was made").clone();
    seed::finish(&target, &client).await;
    let service = ahead(&target, 30);
    if fill(&target, &service).await.is_none() {
        return;
    }
    sound(&target, &client).await;
    let entries = entries(&target, &client).await;
    let own: Vec<_> = entries
        .iter()
        .filter(|(_, entry)| !entry.data().members.added.is_empty())
        .collect();
    let parts: Vec<_> = own.iter().map(|(_, entry)| entry.data().part).collect();
    assert_eq!(parts, [Some(1), Some(2), Some(3)]);
    let lists = own.iter().map(|(_, entry)| &entry.data().members);
    assert!(lists.clone().all(|lists| lists.early == lists.added));
    let replica = Replica::of(&entries);
    let folded = replica.members.values().max_by_key(|members| members.len());
    assert_eq!(folded, Some(&members(&client, &crowd).await));
    assert_eq!(folded.map(BTreeSet::len), Some(3_000));
    client.delete(&format!("/Groups/{crowd}")).await.expect(204);
    fill(&target, &service).await;
    let last = self::entries(&target, &client).await;
    assert_eq!(
        last.last().map(|(_, entry)| entry.name()),
        Some("group.deleted")
    );
}
