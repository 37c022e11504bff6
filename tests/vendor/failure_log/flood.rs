//! Endless failures do not cause endless writes, and nobody else pays for the log.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use local::faults::Faults;
use serde_json::json;
use tokio::time::Instant;

use super::entries;
use crate::support::client::user;
use crate::support::moving::start;
use crate::support::table::{Table, sound};
use crate::support::{Client, Target};

const NOBODY: &str = "/Users/2819c223-7f76-453a-919d-413861904646";

/// The number of writing calls during `work`.
async fn writes<T>(faults: &Faults, work: impl Future<Output = T>) -> u64 {
    faults.set(Vec::new(), 1);
    work.await;
    faults.writes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_one_write_and_its_repetitions_are_few() {
    let target = Target::with_faults().await;
    let client = target.tenant().await;
    client.get("/Users").await.expect(200);
    let asked = async { client.get(NOBODY).await.expect(404) };
    assert_eq!(writes(target.faults(), asked).await, 1);
    let often = async {
        for _ in 0..127 {
            client.get(NOBODY).await.expect(404);
        }
    };
    // At the counts 2, 4, … 128.
    assert_eq!(writes(target.faults(), often).await, 7);
    let all = entries(&target, &client).await;
    let [one] = all.as_slice() else {
        panic!("{all:?}");
    };
    assert_eq!((one.count, one.content.status), (128, 404));
    assert_eq!(one.content.operation, "users.read");
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_success_writes_nothing_into_the_log() {
    let target = Target::with_faults().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    // Each function records a key's use once an hour.
    client.get("/Groups").await.expect(200);
    let reads = async {
        client.get(&format!("/Users/{id}")).await.expect(200);
        client
            .filter("/Users", r#"userName eq "nobody""#)
            .await
            .expect(200);
        client.get("/Groups").await.expect(200);
        client.get("/Schemas").await.expect(200);
    };
    assert_eq!(writes(target.faults(), reads).await, 0);
    assert!(entries(&target, &client).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_write_for_tenants_that_there_are_and_ten_times_a_minute() {
    let target = Target::with_faults().await;
    let client = target.tenant().await;
    client.get("/Users").await.expect(200);
    let stranger = client.with_token("wrong");
    let flood = async {
        for invented in 0..300 {
            let path = format!("origin:/invented-{invented}/scim/v2/Users");
            stranger.get(&path).await.expect(401);
        }
    };
    assert_eq!(writes(target.faults(), flood).await, 0);
    // Made-up tenant names used up no limit, so strangers at the real tenant are still recorded.
    let flood = async {
        for _ in 0..300 {
            stranger.get("/Users").await.expect(401);
        }
    };
    let written = writes(target.faults(), flood).await;
    assert!((1..=20).contains(&written), "{written}");
    let all = entries(&target, &client).await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].content.cause, "tokenUnknown");
    assert!(all[0].count >= 100);
    let dynamodb = &target.stack.services.clients.dynamodb;
    let items = dynamodb.scan().table_name(local::stack::TABLE).send().await;
    let invented = items.unwrap().items.unwrap_or_default().into_iter();
    let pks = invented.filter(|item| item["pk"].as_s().unwrap().starts_with("invented"));
    assert_eq!(pks.count(), 0);
}

/// Endless different requests to one tenant displace neither its own failures nor another tenant's.
#[tokio::test(flavor = "multi_thread")]
async fn strangers_at_one_tenant_push_nothing_out_of_the_log_of_it_or_of_another() {
    let (target, _) = start().await;
    let (client, other) = (target.tenant().await, target.tenant().await);
    let stranger = client.with_token("wrong");
    for number in 0..30 {
        for path in ["/Users", "/Groups", "/Users/x", "/Groups/x", "/Bulk"] {
            for agent in ["okta", "Microsoft", "x"] {
                let agent = format!("{agent}/{number}");
                let headers = [("user-agent", agent.as_str())];
                stranger.send("GET", path, &headers, None).await.expect(401);
            }
        }
    }
    client.get(NOBODY).await.expect(404);
    other.with_token("wrong").get("/Users").await.expect(401);
    let own = entries(&target, &client).await;
    assert!(
        own.iter().any(|entry| entry.content.status == 404),
        "{own:?}"
    );
    assert!(own.len() <= 12, "{}", own.len());
    let others = entries(&target, &other).await;
    let causes: Vec<_> = others
        .iter()
        .map(|entry| entry.content.cause.as_str())
        .collect();
    assert_eq!(causes, ["tokenUnknown"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_written_changes_no_answer_and_holds_none_up() {
    let target = Target::with_faults().await;
    let client = target.tenant().await;
    client.get("/Users").await.expect(200);
    for fault in [
        "throttle:on=write",
        "drop-before:on=write",
        "unprocessed",
        "delay:on=write,ms=20000",
    ] {
        target.faults().set(vec![fault.parse().unwrap()], 1);
        let begin = Instant::now();
        let answer = client.get(NOBODY).await.expect(404);
        assert!(
            begin.elapsed() < Duration::from_secs(4),
            "{fault}: {:?}",
            begin.elapsed()
        );
        assert!(answer.error().2.contains("no User"));
        target.faults().clear();
    }
    // The next repetition writes it.
    client.get(NOBODY).await.expect(404);
    let all = entries(&target, &client).await;
    assert_eq!(all.iter().map(|entry| entry.count).max(), Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_expires_after_thirty_days() {
    let (target, time) = start().await;
    let client = target.tenant().await;
    client.post("/Users", &json!({})).await.expect(400);
    let table = Table::of(&target, &client).await;
    let [item] = table.partitions(&["request"]).collect::<Vec<_>>()[..] else {
        panic!("one entry");
    };
    let expires: i64 = item["expires"].as_n().unwrap().parse().unwrap();
    assert_eq!(expires, time.now().as_second() + 30 * 24 * 3_600);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_of_which_every_user_is_refused_lists_every_user() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let refused = (0..300).map(|number| {
        let client: &Client = &client;
        async move {
            let mut user = user(&format!("user{number}@example.com"));
            user["active"] = json!("perhaps");
            client.post("/Users", &user).await.expect(400);
        }
    });
    stream::iter(refused)
        .buffer_unordered(4)
        .collect::<()>()
        .await;
    let all = entries(&target, &client).await;
    let mut names: Vec<_> = all
        .iter()
        .filter_map(|entry| entry.content.name.clone())
        .collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 300);
}
