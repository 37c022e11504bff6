//! The local poller stands in for Lambda's: what it passes on, and what it does when the function fails.

use std::cell::RefCell;

use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::events::StreamRecord;

use super::{LONG, deleted_crowd, left};
use crate::support::client::{group, user};
use crate::support::stream::{mapping, poller, records_by};
use crate::support::{Client, Target};
use local::poller::PollStep;
use local::stack::events::{invoke, schedules};
use local::template::Mapping;

/// A mapping that passes everything on.
fn unfiltered() -> Mapping {
    Mapping {
        patterns: Vec::new(),
        ..mapping()
    }
}

async fn some_users(client: &Client, number: usize) {
    for at in 0..number {
        client.create_user(&format!("user{at}")).await;
    }
}

fn numbers(payload: &Value) -> Vec<String> {
    let records = payload["Records"].as_array().expect("records").iter();
    let number = |record: &Value| {
        record["dynamodb"]["SequenceNumber"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    records.map(number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_templates_filter_passes_only_records_that_the_function_uses() {
    let target = Target::start().await;
    let client = target.tenant().await;
    some_users(&client, 3).await;
    deleted_crowd(&target, &client, 1_100).await;
    let anna = client.post("/Users", &user("anna")).await.expect(201).id();
    let team = client
        .post("/Groups", &group("Team", std::slice::from_ref(&anna)))
        .await
        .id();
    let rename = json!([{ "op": "replace", "path": "displayName", "value": "Tribe" }]);
    client
        .patch(&format!("/Groups/{team}"), rename)
        .await
        .expect(204);
    client.delete(&format!("/Groups/{team}")).await.expect(204);
    client.delete(&format!("/Users/{anna}")).await.expect(204);
    let Some(all) = records_by(&target, unfiltered()).await else {
        return;
    };
    let taken = records_by(&target, mapping()).await.expect("a stream");
    let useful = |record: &&Value| {
        StreamRecord::read(record)
            .expect("a record")
            .subject()
            .is_some()
    };
    let useful: Vec<Value> = all.iter().filter(useful).cloned().collect();
    assert!(all.len() > 20, "{} records", all.len());
    assert_eq!(taken.len(), 2, "two groups with members were deleted");
    assert_eq!(taken, useful);
    assert!(
        taken[0]["eventSourceARN"]
            .as_str()
            .is_some_and(|arn| arn.contains("/stream/"))
    );
    assert_eq!(taken[0]["dynamodb"]["NewImage"]["k"]["S"], "group");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_group_is_cleared_by_way_of_the_stream() {
    let target = Target::start().await;
    let client = target.tenant().await;
    deleted_crowd(&target, &client, 2_500).await;
    let Some(mut poller) = poller(&target, mapping()) else {
        return;
    };
    let timeout = mapping().timeout;
    let call = async |payload| invoke(&target.stack.service, "events", timeout, payload).await;
    assert_eq!(poller.turn(&call).await.unwrap(), PollStep::Done(1));
    assert_eq!(left(&target, &client).await, 0);
    assert_eq!(poller.turn(&call).await.unwrap(), PollStep::Idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_record_is_retried_before_later_ones() {
    let target = Target::start().await;
    let client = target.tenant().await;
    some_users(&client, 1).await;
    let Some(mut poller) = poller(&target, unfiltered()) else {
        return;
    };
    let seen = RefCell::new(Vec::new());
    let call = async |payload: Value| {
        let numbers = numbers(&payload);
        let failed = match seen.borrow().len() {
            // The third and the fifth, then the first of what is left.
            0 => json!([{ "itemIdentifier": numbers[4] }, { "itemIdentifier": numbers[2] }]),
            1 => json!([{ "itemIdentifier": numbers[0] }]),
            _ => json!([]),
        };
        seen.borrow_mut().push(numbers);
        Ok(json!({ "batchItemFailures": failed }))
    };
    assert_eq!(poller.turn(&call).await.unwrap(), PollStep::Done(2));
    assert_eq!(poller.turn(&call).await.unwrap(), PollStep::Failed);
    let rest = seen.borrow()[0].len() - 2;
    assert_eq!(poller.turn(&call).await.unwrap(), PollStep::Done(rest));
    assert_eq!(poller.turn(&call).await.unwrap(), PollStep::Idle);
    let seen = seen.borrow();
    assert_eq!(seen[1], seen[0][2..]);
    assert_eq!(seen[2], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_ends_in_an_error_is_halved_until_its_cause_is_alone() {
    let target = Target::start().await;
    let client = target.tenant().await;
    some_users(&client, 2).await;
    let Some(mut poller) = poller(&target, unfiltered()) else {
        return;
    };
    let sizes = RefCell::new(Vec::new());
    let poison = records_by(&target, unfiltered()).await.expect("a stream")[5].clone();
    let poison = numbers(&json!({ "Records": [poison] })).remove(0);
    let call = async |payload: Value| {
        let numbers = numbers(&payload);
        sizes.borrow_mut().push(numbers.len());
        match numbers.contains(&poison) && sizes.borrow().len() < 12 {
            true => Err("the process ended".to_owned()),
            false => Ok(json!({ "batchItemFailures": [] })),
        }
    };
    while poller.turn(&call).await.unwrap() != PollStep::Idle {}
    let sizes = sizes.into_inner();
    assert!(sizes.contains(&1), "{sizes:?}");
    assert_eq!(
        sizes.last().copied().map(|last| last > 1),
        Some(true),
        "{sizes:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_tried_too_often_or_too_old_are_skipped() {
    let target = Target::start().await;
    let client = target.tenant().await;
    some_users(&client, 1).await;
    let fails = async |_: Value| Err("no".to_owned());
    let twice = Mapping {
        attempts: Some(2),
        bisects: false,
        ..unfiltered()
    };
    let Some(mut stubborn) = poller(&target, twice) else {
        return;
    };
    for _ in 0..3 {
        assert_eq!(stubborn.turn(&fails).await.unwrap(), PollStep::Failed);
    }
    assert_eq!(stubborn.turn(&fails).await.unwrap(), PollStep::Idle);
    let a_day_on = Clock::from_fn(|| Clock::system().now() + jiff::SignedDuration::from_hours(24));
    let late = target.stack.services.poller(unfiltered(), a_day_on);
    let mut late = late.expect("a stream").expect("a stream");
    assert_eq!(late.turn(&fails).await.unwrap(), PollStep::Idle);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_gathered_for_the_time_of_the_mapping() {
    let target = Target::start().await;
    let client = target.tenant().await;
    some_users(&client, 1).await;
    let patient = Mapping {
        window: std::time::Duration::from_hours(1),
        ..unfiltered()
    };
    let Some(mut patient_one) = poller(&target, patient.clone()) else {
        return;
    };
    let accepts = async |_: Value| Ok(Value::Null);
    assert_eq!(patient_one.turn(&accepts).await.unwrap(), PollStep::Idle);
    let full = Mapping {
        batch_size: 3,
        ..patient
    };
    let mut full = poller(&target, full).expect("a stream");
    assert_eq!(full.turn(&accepts).await.unwrap(), PollStep::Done(3));
}

/// What `cargo run` does beside its gateway, with the time that the template gathers records for.
#[tokio::test(flavor = "multi_thread")]
async fn the_running_stack_clears_a_deleted_group_by_itself() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let deletion = async {
        deleted_crowd(&target, &client, 1_100).await;
        while left(&target, &client).await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    tokio::select! {
        ended = target.stack.events() => panic!("it ended: {:?}", ended.err()),
        done = tokio::time::timeout(LONG, deletion) => done.expect("it is cleared in time"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schedule_of_the_template_is_a_sweep() {
    let target = Target::start().await;
    let client = target.tenant().await;
    deleted_crowd(&target, &client, 1_100).await;
    let schedules = schedules().expect("the template has schedules");
    let schedule = schedules
        .iter()
        .find(|schedule| schedule.input["sweep"] == "tasks");
    let schedule = schedule.expect("a sweep of tasks");
    let service = local::stack::service(
        &target.stack.services.clients,
        None,
        Clock::system(),
        Ids::system(),
    );
    let input = schedule.input.clone();
    let answer = invoke(&service, &schedule.function, schedule.timeout, input).await;
    assert_eq!(answer, Ok(json!({ "batchItemFailures": [] })));
    assert_eq!(left(&target, &client).await, 0);
    let often = schedules
        .iter()
        .find(|schedule| schedule.input["sweep"] == "closing");
    let often = often.expect("deletions that were put off are ended");
    assert!(often.every <= std::time::Duration::from_mins(5));
    let answer = invoke(
        &service,
        &often.function,
        often.timeout,
        often.input.clone(),
    )
    .await;
    assert_eq!(answer, Ok(json!({ "batchItemFailures": [] })));
    let refused = invoke(&service, "events", schedule.timeout, json!({})).await;
    assert!(refused.is_err_and(|error| error.contains("Records")));
}
