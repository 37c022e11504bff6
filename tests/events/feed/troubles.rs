//! Tenants that are off, gone or made anew, records that cannot be read, and a table that does not answer.

use directory::tenants::Status;
use serde_json::{Value, json};
use service::Function;

use super::super::LONG;
use super::{agrees, append, entries, fill, names, records};
use crate::storage::faults;
use crate::support::log::Log;
use crate::support::moving;
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

fn of_tenant<'r>(records: &'r [Value], client: &Client) -> Vec<&'r str> {
    let prefix = format!("{}#", tenant_of(client));
    let own = records.iter().filter(|record| {
        let pk = record["dynamodb"]["Keys"]["pk"]["S"].as_str();
        pk.is_some_and(|pk| pk.starts_with(&prefix))
    });
    own.map(|record| {
        record["dynamodb"]["SequenceNumber"]
            .as_str()
            .expect("a number")
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_feed_of_a_tenant_that_is_off_goes_on_and_one_that_closes_gets_nothing() {
    let target = Target::start().await;
    let (off, closing) = (target.tenant().await, target.tenant().await);
    for (client, status) in [(&off, Status::Off), (&closing, Status::Closing)] {
        client.create_user("ann").await;
        let changed = target
            .stack
            .change(tenant_of(client), |tenant| tenant.status = status);
        changed.await.expect("the tenant is there");
    }
    let Some(all) = records(&target).await else {
        return;
    };
    let service = target.stack.of(Function::Feed);
    let (left, _) = append(&service, &all).await;
    assert!(left.is_empty(), "{left:?}");
    assert_eq!(names(&target, &off).await, ["user.created"]);
    assert!(entries(&target, &closing).await.is_empty());
    // There is no such tenant any more: nothing is written under its name.
    let mut record = all[0].clone();
    record["dynamodb"]["Keys"]["pk"]["S"] = "nobody#user".into();
    let (left, spent) = append(&service, &[record]).await;
    assert!(left.is_empty(), "{left:?}");
    assert!(spent.writes == 0.0, "{spent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_made_anew_under_the_same_id_has_a_feed_of_its_own() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let name = tenant_of(&client).to_owned();
    let service = target.stack.of(Function::Feed);
    client.create_user("ann").await;
    if fill(&target, &service).await.is_none() {
        return;
    }
    let (before, _) = entries(&target, &client).await[0];
    // This one was not in the feed when the tenant was deleted.
    client.create_user("bob").await;
    let (admin, path) = (target.admin(), format!("/tenants/{name}"));
    let off = admin.post(&format!("{path}/off"), &json!({})).await;
    off.expect(200);
    admin.delete(&path).await.expect(202);
    let sweeper = target.stack.of(Function::Events);
    sweeper.sweep(LONG).await.expect("nothing is wrong");
    time.pass(120);
    sweeper.sweep(LONG).await.expect("nothing is wrong");
    admin.get(&path).await.expect(404);
    let access = target.stack.tenant(&name, None).await.expect("it is free");
    let anew = Client::new(&access.base, &access.token);
    anew.create_user("cho").await;
    for service in [service, super::ahead(&target, 120).into()] {
        fill(&target, &service).await;
        let entries = agrees(&target, &anew).await;
        assert_eq!(entries.len(), 1, "nothing of the earlier tenant");
        let (position, _) = entries[0];
        assert!(position.epoch() > before.epoch() && position.number() == 1);
    }
}

/// On one thread, which is the one whose log is kept.
#[tokio::test]
async fn an_unreadable_record_demands_a_new_snapshot_once() {
    let log = Log::kept();
    let target = Target::start().await;
    let client = target.tenant().await;
    client.create_user("ann").await;
    client.create_user("bob").await;
    let Some(mut all) = records(&target).await else {
        return;
    };
    all[0]["dynamodb"]["NewImage"] = json!({ "v": { "S": "secret" } });
    let service = target.stack.of(Function::Feed);
    for _ in 0..2 {
        let (left, _) = append(&service, &all).await;
        assert!(left.is_empty(), "it does not block its shard: {left:?}");
    }
    let entries = entries(&target, &client).await;
    let mut names: Vec<&str> = entries.iter().map(|(_, entry)| entry.name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["directory.resync_required", "user.created"]);
    let demand = entries.iter().find(|(_, entry)| entry.breaks_sum());
    let data = demand.expect("a demand").1.data();
    assert_eq!(data.reason.as_deref(), Some("unreadable"));
    let number = all[0]["dynamodb"]["SequenceNumber"].as_str();
    assert_eq!(data.record.as_deref(), number);
    let text = log.text();
    assert!(
        text.contains("feed.unreadable") && !text.contains("secret"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_do_not_name_their_stream_are_an_error() {
    let target = Target::start().await;
    let client = target.tenant().await;
    client.create_user("ann").await;
    let Some(mut all) = records(&target).await else {
        return;
    };
    all[0]["eventSourceARN"] = "arn:aws:dynamodb:eu-central-1:1:table/muster".into();
    let payload = json!({ "Records": all });
    let service = target.stack.of(Function::Feed);
    let invoke = local::stack::events::invoke(&service, "feed", LONG, payload);
    let error = invoke.await.expect_err("the age of the stream is unknown");
    assert!(error.contains("eventSourceARN"), "{error}");
    let sweep = local::stack::events::invoke(&service, "feed", LONG, json!({ "sweep": "tasks" }));
    sweep.await.expect_err("another function sweeps");
    assert!(entries(&target, &client).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_records_of_one_tenant_are_retried_while_the_table_throttles_and_others_do_not_wait() {
    let target = Target::with_faults().await;
    let (client, healthy) = (target.tenant().await, target.tenant().await);
    for client in [&client, &healthy] {
        client.create_user("ann").await;
    }
    let Some(all) = records(&target).await else {
        return;
    };
    for fault in ["throttle:on=write", "deny:on=read", "internal:on=read"] {
        let rule = format!("{fault},item={}#feed", tenant_of(&client));
        faults::one(target.faults(), &rule);
        let (left, _) = append(&super::ahead(&target, 0), &all).await;
        let left: Vec<&str> = left.iter().map(String::as_str).collect();
        assert_eq!(left, of_tenant(&all, &client), "{fault}");
        assert_eq!(names(&target, &healthy).await, ["user.created"], "{fault}");
        target.faults().clear();
        assert!(entries(&target, &client).await.is_empty(), "{fault}");
    }
    let (left, _) = append(&super::ahead(&target, 0), &all).await;
    assert!(left.is_empty(), "{left:?}");
    agrees(&target, &client).await;
}
