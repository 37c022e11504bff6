//! Background work: the owners of large writes die, and the function `events` finishes the writes. The function `feed`
//! appends all that happened to the feed.

use std::time::Duration;

use serde_json::{Value, json};
use service::Function;
use service::events::BatchResponse;

use super::{Functions, large};
use crate::support::client::{group, patch};
use crate::support::mortal::{Death, send};
use crate::support::{Target, stream};

/// Longer than any of this takes.
const LONG: Duration = Duration::from_mins(1);

/// A committed plan, an uncommitted plan, a deleted group, a user deleted from many groups, and a sweep.
pub(super) async fn everything(functions: &Functions, target: &Target) {
    let users = large::some_users(functions, "background").await;
    let values: Vec<Value> = users.iter().map(|id| json!({ "value": id })).collect();
    let join = patch(json!([{ "op": "add", "path": "members", "value": values }]));
    let team = functions.create("/Groups", group("Background", &[])).await;
    let other = functions.create("/Groups", group("Other", &[])).await;
    let (team, other) = (format!("/Groups/{team}"), format!("/Groups/{other}"));

    // The task, the part, two batches of intents, the commit.
    let change = ("PATCH", team.as_str(), Some(&join));
    dies(functions, target, change, Death::After(5)).await;
    finish(functions, target, 31).await;
    dies(functions, target, ("DELETE", &team, None), Death::After(1)).await;
    finish(functions, target, 0).await;

    // A reader of the user's groups finds a plan that may add one.
    let mut teams = Vec::new();
    for number in 0..40 {
        let team = group(&format!("Background {number}"), &users[..1]);
        teams.push(functions.create("/Groups", team).await);
    }
    let change = ("PATCH", other.as_str(), Some(&join));
    dies(functions, target, change, Death::Before(5)).await;
    let user = format!("/Users/{}", users[0]);
    // The task, a mark on each edge, the commit.
    dies(functions, target, ("DELETE", &user, None), Death::After(42)).await;
    finish(functions, target, 31).await;
    finish(functions, target, 61).await;

    let swept = stream::ahead(target, 61).sweep(LONG).await;
    functions.called(Function::Events, &swept.expect("nothing is left to do"));
    let ended = stream::ahead(target, 61).end_deletions(LONG).await;
    functions.called(Function::Events, &ended.expect("nothing is left to do"));
    feed(functions, target).await;
}

/// Appends to the feed what happened in the whole conversation.
async fn feed(functions: &Functions, target: &Target) {
    let mapping = stream::mapping_of(Function::Feed);
    let size = mapping.batch_size;
    let records = stream::records_by(target, mapping).await;
    let service = stream::ahead(target, 61);
    for records in records.expect("a stream").chunks(size) {
        let fed = service.handle_feed(records, LONG).await;
        let (answer, spent) = fed.expect("the records name their stream");
        assert_eq!(answer, BatchResponse::default());
        functions.called(Function::Feed, &spent);
    }
}

async fn dies(
    functions: &Functions,
    target: &Target,
    request: (&str, &str, Option<&Value>),
    death: Death,
) {
    let is_dead = send(target, &functions.client, request, death).await;
    assert!(is_dead, "{} {}", request.0, request.1);
}

/// Lets the function finish all tasks, as if `seconds` had passed.
async fn finish(functions: &Functions, target: &Target, seconds: i64) {
    let records = stream::records(target, &functions.client).await;
    assert!(!records.is_empty(), "the owner left nothing");
    let service = stream::ahead(target, seconds);
    let patience = Duration::from_secs(3);
    let (_, spent) = service.handle_records(&records, patience).await;
    functions.called(Function::Events, &spent);
}
