//! Receivers that do not accept.

use directory::journal::delivery::{DeliveryState, Receipt};
use directory::journal::destinations::{DeliveryStart, DestinationState};
use directory::limits::FAILURES_IN_A_ROW;
use jiff::SignedDuration;
use serde_json::Value;
use service::Function;
use service::clock::Ids;

use super::super::LONG;
use super::Stage;
use super::receiver::status;

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_never_answers_is_tried_for_three_days_and_then_no_more() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let client = stage.target.tenant().await;
    let destination = stage.destination(1, DeliveryStart::Now).await;
    stage.users(&client, &["ann"]).await;
    let silent = || Receipt {
        status: None,
        retry_after: None,
        error: "no answer within 15 s".to_owned(),
    };
    stage.receiver.answers(move |_| silent());
    stage.deliver(&client, &destination).await;
    let failing = stage.state(&client, &destination).await;
    assert!(
        matches!(&failing, DeliveryState::Failing { attempts: 1, error, .. } if error == "no answer within 15 s"),
        "{failing:?}"
    );
    // What happens meanwhile does not try again.
    let before = stage.receiver.messages();
    stage.users(&client, &["bob"]).await;
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.messages(), before);
    stage.settle().await;
    let attempts = stage.receiver.attempts();
    let pauses = attempts.windows(2);
    let pauses: Vec<i64> = pauses
        .map(|pair| pair[1].duration_since(pair[0]).as_secs())
        .collect();
    let expected = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    assert_eq!(pauses.len(), expected.len(), "{pauses:?}");
    for (pause, expected) in pauses.into_iter().zip(expected) {
        // A tenth by chance, and schedules are for whole minutes.
        assert!(pause >= expected - expected / 10 - 60, "{pause} {expected}");
        assert!(pause <= expected + expected / 10 + 60, "{pause} {expected}");
    }
    let disabled = stage.state(&client, &destination).await;
    assert!(
        matches!(disabled, DeliveryState::Disabled { .. }),
        "{disabled:?}"
    );
    stage.receiver.answers(|_| status(200));
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.names(&client, &destination), [""; 0]);
    let resumed = stage.deliveries(&client).resume(&destination.id).await;
    let resumed = resumed.expect("the table answers").expect("it is there");
    assert_eq!(resumed.state, DeliveryState::Well);
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.names(&client, &destination), ["ann", "bob"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_is_not_tried_again_and_another_tenant_is_not_delayed() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let (client, other) = (stage.target.tenant().await, stage.target.tenant().await);
    let destination = stage.destination(1, DeliveryStart::Now).await;
    stage.users(&client, &["ann"]).await;
    stage.users(&other, &["bob"]).await;
    let gone = super::tenant_of(&client).to_owned();
    stage.receiver.answers(move |events| {
        let is_of = |event: &Value| event["tenant"] == gone;
        status(if events.iter().any(is_of) { 410 } else { 200 })
    });
    stage.deliver(&client, &destination).await;
    stage.deliver(&other, &destination).await;
    stage.settle().await;
    assert_eq!(stage.receiver.messages(), 2);
    assert_eq!(stage.receiver.names(&other, &destination), ["bob"]);
    let disabled = stage.state(&client, &destination).await;
    assert!(
        matches!(&disabled, DeliveryState::Disabled { error, .. } if error == "answered 410"),
        "{disabled:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_asks_to_wait_is_heard() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let client = stage.target.tenant().await;
    let destination = stage.destination(10, DeliveryStart::Now).await;
    stage.users(&client, &["ann", "bob"]).await;
    let mut is_first = true;
    stage.receiver.answers(move |_| {
        let retry_after = std::mem::take(&mut is_first).then(|| SignedDuration::from_hours(3));
        Receipt {
            retry_after,
            ..status(if retry_after.is_some() { 503 } else { 200 })
        }
    });
    stage.deliver(&client, &destination).await;
    stage.settle().await;
    let attempts = stage.receiver.attempts();
    assert_eq!(
        attempts.len(),
        2,
        "a message is not halved because the receiver is busy"
    );
    let waited = attempts[1].duration_since(attempts[0]).as_secs();
    assert!((10_800..=10_920).contains(&waited), "{waited}");
    assert_eq!(stage.receiver.names(&client, &destination), ["ann", "bob"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_refused_is_found_and_holds_only_what_is_behind_it() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let client = stage.target.tenant().await;
    let destination = stage.destination(10, DeliveryStart::Now).await;
    let names = ["a", "b", "c", "poison", "d", "e"];
    stage.users(&client, &names).await;
    let is_poison = |event: &Value| event["data"]["resource"]["userName"] == "poison";
    stage.receiver.answers(move |events| {
        status(if events.iter().any(is_poison) {
            500
        } else {
            200
        })
    });
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.names(&client, &destination), ["a", "b", "c"]);
    // 6, 3, 3 in halves, the event alone, and once more after a pause.
    assert_eq!(stage.receiver.messages(), 5);
    let delivery = stage.delivery(&client, &destination).await;
    assert_eq!(delivery.through, delivery.acknowledged);
    let failing = delivery.through.next().expect("a position");
    let deliveries = stage.deliveries(&client);
    let skipped = deliveries.skip(&destination.id, failing).await;
    let skipped = skipped.expect("the table answers");
    assert_eq!(skipped.expect("it is there").state, DeliveryState::Well);
    stage.deliver(&client, &destination).await;
    let rest = ["a", "b", "c", "d", "e"];
    assert_eq!(stage.receiver.names(&client, &destination), rest);
    let back = stage
        .deliveries(&client)
        .skip(&destination.id, failing)
        .await;
    assert_eq!(
        back.expect("the table answers"),
        None,
        "it does not go back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn when_many_tenants_fail_one_is_tried_and_its_success_makes_all_due() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let destination = stage.destination(1, DeliveryStart::Now).await;
    let mut clients = Vec::new();
    for _ in 0..FAILURES_IN_A_ROW + 2 {
        let client = stage.target.tenant().await;
        stage.users(&client, &["ann"]).await;
        clients.push(client);
    }
    stage.receiver.answers(|_| status(500));
    for client in &clients {
        stage.deliver(client, &destination).await;
    }
    let most = usize::try_from(FAILURES_IN_A_ROW).expect("a small number");
    assert_eq!(
        stage.receiver.messages(),
        2 * most,
        "the others end at once"
    );
    let tried = stage.receiver.messages();
    // The first schedules: only one of the tenants is tried.
    assert!(stage.receiver.pass_to_next_schedule());
    for _ in 0..3 {
        stage.time.pass(60);
        let due = stage
            .target
            .stack
            .service
            .deliver_due(&stage.receiver)
            .await;
        due.expect("the table answers");
    }
    while let Some(call) = stage.receiver.next_call() {
        let service = &stage.target.stack.service;
        let done = service.deliver(&call, "due", super::PATIENCE, &stage.receiver);
        done.await.expect("the table answers");
    }
    assert_eq!(stage.receiver.messages() - tried, 1);
    stage.receiver.answers(|_| status(200));
    stage.settle().await;
    for client in &clients {
        assert_eq!(stage.receiver.names(client, &destination), ["ann"]);
    }
    let whole = stage.destinations().load(&destination.id).await;
    let whole = whole.expect("it can be read").expect("it is there");
    assert_eq!((whole.failures, whole.state), (0, DestinationState::On));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_at_which_everything_fails_is_disabled_and_can_be_resumed() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let destination = stage.destination(1, DeliveryStart::Now).await;
    let mut clients = Vec::new();
    for _ in 0..FAILURES_IN_A_ROW {
        let client = stage.target.tenant().await;
        stage.users(&client, &["ann"]).await;
        clients.push(client);
    }
    stage.receiver.answers(|_| status(500));
    for client in &clients {
        stage.deliver(client, &destination).await;
    }
    let begun = stage.time.now();
    stage.settle().await;
    let failed = stage.time.now().duration_since(begun).as_hours();
    assert!((67..84).contains(&failed), "{failed}");
    let all = stage.destinations();
    let disabled = all.load(&destination.id).await.expect("it can be read");
    let disabled = disabled.expect("it is there");
    assert_eq!(disabled.state, DestinationState::Disabled);
    assert_eq!(disabled.error.as_deref(), Some("answered 500"));
    stage.receiver.answers(|_| status(200));
    let resumed = all.resume(&disabled, &Ids::system().write()).await;
    resumed.expect("as seen");
    let service = &stage.target.stack.service;
    let meter = directory::Meter::default().into();
    let due = service.make_due(&destination.id, &meter, &stage.receiver);
    due.await.expect("the table answers");
    stage.settle().await;
    for client in &clients {
        assert_eq!(stage.receiver.names(client, &destination), ["ann"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_comes_back_after_its_events_expired_is_told() {
    const DAY: i64 = 24 * 60 * 60;
    let Some(stage) = Stage::start().await else {
        return;
    };
    let client = stage.target.tenant().await;
    let destination = stage.destination(1, DeliveryStart::Now).await;
    stage.users(&client, &["ann"]).await;
    stage.deliver(&client, &destination).await;
    stage.users(&client, &["bob"]).await;
    stage.users(&client, &["cho"]).await;
    stage.time.pass(61 * DAY);
    let sweeper = stage.target.stack.of(Function::Events);
    sweeper.sweep(LONG).await.expect("nothing is wrong");
    stage.time.pass(40 * DAY);
    stage.deliver(&client, &destination).await;
    let names = stage.receiver.names(&client, &destination);
    assert_eq!(names, ["ann", "directory.resync_required", "cho"]);
}
