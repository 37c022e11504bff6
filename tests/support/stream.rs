//! The table's stream, and the function that it invokes.

use std::cell::RefCell;
use std::time::Duration;

use jiff::SignedDuration;
use local::poller::{Poller, Turn};
use local::stack::events::mappings;
use local::template::Mapping;
use serde_json::{Value, json};
use service::Service;
use service::clock::{Clock, Ids};

use super::table::{Table, tenant_of};
use super::{Client, Target};

/// The mapping of the template, without the time that it gathers records for.
pub fn mapping() -> Mapping {
    let mappings = mappings().expect("the template has mappings");
    let [mapping] = <[Mapping; 1]>::try_from(mappings).expect("one mapping");
    Mapping {
        window: Duration::ZERO,
        ..mapping
    }
}

/// A poller from the beginning of the stream; `None` where the table is in a DynamoDB that is not ours, whose stream
/// nothing reads here.
pub fn poller(target: &Target, mapping: Mapping) -> Option<Poller> {
    let poller = target.stack.services.poller(mapping, Clock::system());
    poller.expect("the stream can be read")
}

/// Everything that a mapping makes of the stream from its beginning.
pub async fn records_by(target: &Target, mapping: Mapping) -> Option<Vec<Value>> {
    let seen = RefCell::new(Vec::new());
    let keep = async |payload: Value| {
        let records = payload["Records"].as_array().expect("records").clone();
        seen.borrow_mut().extend(records);
        Ok(Value::Null)
    };
    let mut poller = poller(target, mapping)?;
    while poller.turn(&keep).await.expect("the stream can be read") != Turn::Idle {}
    Some(seen.into_inner())
}

/// The records that said that the tasks of a tenant were begun.
pub async fn records(target: &Target, client: &Client) -> Vec<Value> {
    let tenant = tenant_of(client);
    let table = Table::of(target, client).await;
    let tasks = table.keys("task").into_iter().enumerate();
    tasks.map(|(at, sk)| record(tenant, sk, at)).collect()
}

/// The record of a task, as the `at`-th one of the stream.
pub fn record(tenant: &str, sk: &str, at: usize) -> Value {
    let keys = json!({ "pk": { "S": format!("{tenant}#task") }, "sk": { "S": sk } });
    json!({
        "eventID": format!("{at:032x}"), "eventName": "INSERT", "eventVersion": "1.1",
        "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_767_225_600, "Keys": keys,
            "SequenceNumber": format!("1000000000000000000{at:05}"),
            "SizeBytes": 300, "StreamViewType": "NEW_AND_OLD_IMAGES"
        }
    })
}

/// The service of a process on the target's table whose time is so many seconds ahead: no owner is at a task any
/// more.
pub fn ahead(target: &Target, seconds: i64) -> Service {
    let clients = &target.stack.services.clients;
    let clock = Clock::other(move || Clock::system().now() + SignedDuration::from_secs(seconds));
    local::stack::service(clients, None, clock, Ids::system())
}
