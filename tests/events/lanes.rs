//! Batches of a shard that are looked after side by side: DynamoDB keeps the order of one item, and of nothing else.

use futures_util::future::join_all;
use serde_json::Value;
use service::events::BatchResponse;

use super::{LONG, dead_plan, deleted_crowd, invoke, left};
use crate::support::Target;
use crate::support::listed::members;
use crate::support::mortal::Death;
use crate::support::stream::{ahead, records};
use crate::support::table::sound;

#[tokio::test(flavor = "multi_thread")]
async fn batches_of_one_tenant_may_run_in_parallel_in_any_order_and_twice() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let (group, users) = dead_plan(&target, &client, Death::After(5)).await;
    for _ in 0..2 {
        deleted_crowd(&target, &client, 1_100).await;
    }
    let all = records(&target, &client).await;
    assert_eq!(all.len(), 3);
    let backwards: Vec<Value> = all.iter().rev().cloned().collect();
    let service = ahead(&target, 31);
    let batches = [&all[..], &backwards[..], &all[1..]];
    let answers = join_all(batches.map(|batch| invoke(&service, batch, LONG))).await;
    // A record that failed for the moment, as on a busy machine, is retried.
    let mut again = answers
        .iter()
        .any(|answer| *answer != BatchResponse::default());
    for _ in 0..5 {
        if again {
            again = invoke(&service, &all, LONG).await != BatchResponse::default();
        }
    }
    assert!(!again, "{answers:?}");
    // An edge seen from either side of each member, and nothing of the three tasks.
    assert_eq!(left(&target, &client).await, 2 * users.len());
    assert_eq!(members(&client, &group).await, users.into_iter().collect());
    sound(&target, &client).await;
}
