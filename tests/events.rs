//! The functions behind the table's stream. `events`: what is left of large writes is finished when the stream says that they
//! were begun, and by the sweep when it does not. `feed`: every change reaches the feed of its tenant.
//! `deliver`: every entry of a feed reaches its receivers.

use std::time::Duration;

use directory::keys::Key;
use serde_json::{Value, json};
use service::Service;
use service::events::BatchResponse;

use crate::storage::faults;
use crate::support::client::patch;
use crate::support::listed::members;
use crate::support::log::Log;
use crate::support::mortal::{self, Death};
use crate::support::stream::{ahead, record, records};
use crate::support::table::{Table, sound, tenant_of};
use crate::support::{Client, Target, seed};

mod closing;
mod deliver;
mod destinations;
mod feed;
mod lanes;
mod listen;
mod poller;

/// More than anything here takes.
const LONG: Duration = Duration::from_mins(1);
/// Too short for any wait.
const SHORT: Duration = Duration::from_millis(300);

/// Creates a group with this number of members, more than a request clears, and deletes it.
async fn deleted_crowd(target: &Target, client: &Client, number: usize) {
    let id = client.create_group("Crowd", &[]).await;
    seed::crowd(target, client, &id, number).await;
    client.delete(&format!("/Groups/{id}")).await.expect(204);
}

/// A group that 40 users join by a plan whose owner dies at a write; the group and the users.
async fn dead_plan(target: &Target, client: &Client, death: Death) -> (String, Vec<String>) {
    let users = seed::users(&seed::directory(target, client), "user", 40, 16).await;
    let id = client.create_group("Team", &[]).await;
    let values: Vec<Value> = users.iter().map(|id| json!({ "value": id })).collect();
    let join = patch(json!([{ "op": "add", "path": "members", "value": values }]));
    let path = format!("/Groups/{id}");
    assert!(mortal::send(target, client, ("PATCH", &path, Some(&join)), death).await);
    (id, users)
}

async fn left(target: &Target, client: &Client) -> usize {
    let table = Table::of(target, client).await;
    ["task", "member", "memberOf"]
        .map(|name| table.keys(name).len())
        .iter()
        .sum()
}

async fn invoke(service: &Service, records: &[Value], patience: Duration) -> BatchResponse {
    service.handle_records(records, patience).await.0
}

/// The positions of the records to retry.
fn again(records: &[Value], answer: &BatchResponse) -> Vec<usize> {
    let failures = answer.batch_item_failures.iter();
    let mut places: Vec<usize> = failures
        .map(|failure| {
            let number = |record: &Value| {
                record["dynamodb"]["SequenceNumber"] == failure.item_identifier.as_str()
            };
            records
                .iter()
                .position(number)
                .expect("a record of the batch")
        })
        .collect();
    places.sort_unstable();
    places
}

#[tokio::test(flavor = "multi_thread")]
async fn the_record_of_its_task_clears_the_edges_of_a_large_deleted_group() {
    let target = Target::start().await;
    let client = target.tenant().await;
    deleted_crowd(&target, &client, 4_500).await;
    assert_eq!(left(&target, &client).await, 9_001);
    let records = records(&target, &client).await;
    let answer = invoke(&target.stack.service, &records, LONG).await;
    assert_eq!(answer, BatchResponse::default());
    assert_eq!(left(&target, &client).await, 0);
    // The stream says everything at least once.
    assert_eq!(invoke(&target.stack.service, &records, LONG).await, answer);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_whose_owner_died_is_completed_or_rolled_back() {
    for (death, ahead_by, joined) in [
        // The task, the part, two batches of intents, the commit.
        (Death::After(5), 31, 40),
        (Death::Before(5), 61, 0),
    ] {
        let target = Target::start().await;
        let client = target.tenant().await;
        let (id, _) = dead_plan(&target, &client, death).await;
        let records = records(&target, &client).await;
        assert_eq!(records.len(), 1);
        let answer = invoke(&ahead(&target, ahead_by), &records, LONG).await;
        assert_eq!(answer, BatchResponse::default(), "{death:?}");
        assert_eq!(members(&client, &id).await.len(), joined, "{death:?}");
        let table = sound(&target, &client).await;
        assert!(table.keys("task").is_empty());
        target.stack.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_owner_may_still_work_on_it_is_retried_later() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let (id, users) = dead_plan(&target, &client, Death::After(5)).await;
    let records = records(&target, &client).await;
    let service = &target.stack.service;
    let (answer, spent) = service.handle_records(&records, SHORT).await;
    assert_eq!(again(&records, &answer), [0]);
    assert!(spent.writes == 0.0 && spent.calls > 0, "{spent:?}");
    assert_eq!(
        invoke(&ahead(&target, 31), &records, LONG).await,
        BatchResponse::default()
    );
    assert_eq!(members(&client, &id).await.len(), users.len());
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_change_gets_more_time_than_a_committed_one() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let (id, _) = dead_plan(&target, &client, Death::Before(5)).await;
    let records = records(&target, &client).await;
    let (answer, spent) = ahead(&target, 55).handle_records(&records, SHORT).await;
    assert_eq!(again(&records, &answer), [0]);
    assert!(spent.writes == 0.0, "{spent:?}");
    assert_eq!(
        invoke(&ahead(&target, 61), &records, LONG).await,
        BatchResponse::default()
    );
    assert!(members(&client, &id).await.is_empty());
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_another_writer_finishes_is_only_waited_for() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let (id, users) = dead_plan(&target, &client, Death::After(5)).await;
    let records = records(&target, &client).await;
    let owner = async {
        tokio::time::sleep(SHORT).await;
        // The next one to change members carries the plan out.
        let value = json!([{ "value": users[0] }]);
        let leave = json!([{ "op": "remove", "path": "members", "value": value }]);
        client
            .patch(&format!("/Groups/{id}"), leave)
            .await
            .expect(204);
    };
    let service = &target.stack.service;
    let (answer, ()) = tokio::join!(service.handle_records(&records, LONG), owner);
    assert_eq!(answer.0, BatchResponse::default());
    assert!(answer.1.writes == 0.0, "{:?}", answer.1);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_retried_while_the_table_throttles() {
    let target = Target::with_faults().await;
    let client = target.tenant().await;
    deleted_crowd(&target, &client, 1_100).await;
    let healthy = target.tenant().await;
    deleted_crowd(&target, &healthy, 1_100).await;
    let mut all = records(&target, &client).await;
    all.push(record(tenant_of(&healthy), "any", 7));
    let service = &target.stack.service;
    for fault in [
        "throttle:on=write",
        "throttle:on=read",
        "internal:on=read",
        "deny:on=read",
        "deny:on=write",
        "drop-before:on=write",
    ] {
        let rule = format!("{fault},item={}#", tenant_of(&client));
        faults::one(target.faults(), &rule);
        let answer = invoke(service, &all, LONG).await;
        assert_eq!(again(&all, &answer), [0], "{fault}");
        assert_eq!(
            left(&target, &healthy).await,
            0,
            "the other tenant does not wait"
        );
    }
    target.faults().clear();
    assert_eq!(left(&target, &client).await, 2_201);
    assert_eq!(invoke(service, &all, LONG).await, BatchResponse::default());
    assert_eq!(left(&target, &client).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_done_by_the_deadline_is_kept_and_the_rest_is_retried() {
    let target = Target::with_faults().await;
    let client = target.tenant().await;
    deleted_crowd(&target, &client, 6_000).await;
    let records = records(&target, &client).await;
    faults::one(target.faults(), "delay:on=BatchWriteItem,ms=60");
    let (mut seen, mut patience) = (vec![12_001], Duration::from_millis(600));
    loop {
        let answer = invoke(&target.stack.service, &records, patience).await;
        seen.push(left(&target, &client).await);
        if answer == BatchResponse::default() {
            break;
        }
        assert_eq!(again(&records, &answer), [0]);
        patience += patience / 2;
    }
    assert!(seen.is_sorted_by(|one, next| one >= next), "{seen:?}");
    assert!(
        seen.iter().any(|left| (1..12_001).contains(left)),
        "{seen:?}"
    );
    assert_eq!(seen.last(), Some(&0), "{seen:?}");
}

/// On one thread, which is the one whose log is kept.
#[tokio::test]
async fn work_that_cannot_succeed_is_logged_and_skipped() {
    let log = Log::kept();
    let target = Target::start().await;
    let client = target.tenant().await;
    let tenant = tenant_of(&client);
    for (sk, kind) in [
        ("rubbish", "group"),
        ("2819c223-7f76-453a-919d-413861904646#w", "journey"),
    ] {
        let key = Key {
            pk: format!("{tenant}#task"),
            sk: sk.to_owned(),
        };
        let mut item = key.attributes();
        item.insert(
            "k".to_owned(),
            aws_sdk_dynamodb::types::AttributeValue::S(kind.to_owned()),
        );
        item.insert(
            "b".to_owned(),
            aws_sdk_dynamodb::types::AttributeValue::N("1".to_owned()),
        );
        seed::put_all(&target, vec![item]).await;
    }
    deleted_crowd(&target, &client, 1_100).await;
    let mut records = records(&target, &client).await;
    records.push(json!({ "eventName": "INSERT" }));
    records.push(record("No Tenant", "x", 8));
    let answer = invoke(&target.stack.service, &records, LONG).await;
    assert_eq!(
        answer,
        BatchResponse::default(),
        "the record does not block the shard"
    );
    let table = Table::of(&target, &client).await;
    assert_eq!(
        table.keys("task").len(),
        2,
        "they stay for somebody to look at"
    );
    assert!(table.keys("member").is_empty(), "the others were finished");
    let text = log.text();
    let errors = |of: &str| {
        let line = |line: &&str| line.contains(r#""level":"ERROR""#) && line.contains(of);
        text.lines().filter(line).count()
    };
    assert_eq!(errors("event.abandoned"), 2, "{text}");
    assert_eq!(errors(&format!(r#""tenant.id":"{tenant}""#)), 2, "{text}");
    assert_eq!(errors("event.unreadable"), 1, "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweep_finishes_work_without_a_record_for_every_tenant() {
    let target = Target::with_faults().await;
    let (one, other) = (target.tenant().await, target.tenant().await);
    deleted_crowd(&target, &one, 1_100).await;
    let (id, _) = dead_plan(&target, &other, Death::After(5)).await;
    // An owner may be at the plan.
    target
        .stack
        .service
        .sweep(LONG)
        .await
        .expect("nothing is wrong");
    assert_eq!(left(&target, &one).await, 0);
    assert_eq!(Table::of(&target, &other).await.keys("task").len(), 1);
    let later = ahead(&target, 31);
    faults::one(target.faults(), "throttle:on=TransactWriteItems");
    assert!(later.sweep(LONG).await.is_err(), "the sweep is retried");
    target.faults().clear();
    let swept = later.sweep(LONG).await.expect("nothing is wrong");
    assert!(swept.writes > 0.0);
    assert_eq!(members(&other, &id).await.len(), 40);
    sound(&target, &other).await;
    // One query for the tenants, one for the tasks and one for the feed of each.
    let idle = later.sweep(LONG).await.expect("nothing is wrong");
    assert_eq!((idle.calls, idle.writes), (5, 0.0));
}

#[tokio::test]
async fn only_records_and_sweeps_are_events() {
    use service::events::Event;
    let read = |payload: Value| Event::read(payload);
    assert!(
        matches!(read(json!({ "Records": [] })), Ok(Event::Records(records)) if records.is_empty())
    );
    assert!(matches!(
        read(json!({ "sweep": "tasks" })),
        Ok(Event::Sweep)
    ));
    assert!(matches!(
        read(json!({ "sweep": "closing" })),
        Ok(Event::Closing)
    ));
    assert!(matches!(read(json!({ "sweep": "keys" })), Ok(Event::Keys)));
    for other in [
        json!({}),
        json!([]),
        json!(null),
        json!({ "sweep": "floor" }),
        json!({ "Records": {} }),
    ] {
        assert!(read(other.clone()).is_err(), "{other}");
    }
    let again = BatchResponse {
        batch_item_failures: vec![service::events::FailedRecord {
            item_identifier: "7".to_owned(),
        }],
    };
    let wire = serde_json::to_value(again).unwrap();
    assert_eq!(
        wire,
        json!({ "batchItemFailures": [{ "itemIdentifier": "7" }] })
    );
}
