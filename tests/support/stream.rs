//! The table's stream and the function that it invokes.

use std::cell::RefCell;
use std::time::Duration;

use jiff::SignedDuration;
use local::poller::{PollStep, Poller};
use local::stack::events::mappings;
use local::template::Mapping;
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::{Function, Service};

use super::table::{Table, tenant_of};
use super::{Client, Target};

/// The template's event source mapping of the function `events` without its batching window.
pub fn mapping() -> Mapping {
    mapping_of(Function::Events)
}

/// The template's event source mapping of a function without its batching window.
pub fn mapping_of(function: Function) -> Mapping {
    let mappings = mappings().expect("the template has mappings").into_iter();
    let mut own = mappings.filter(|mapping| mapping.function == function.name());
    let mapping = own.next().expect("a mapping");
    assert_eq!(own.next(), None, "one mapping of {}", function.name());
    Mapping {
        window: Duration::ZERO,
        ..mapping
    }
}

/// A poller from the beginning of the stream, or `None` if the tests run on another DynamoDB, whose stream they do not
/// read.
pub fn poller(target: &Target, mapping: Mapping) -> Option<Poller> {
    let poller = target.stack.services.poller(mapping, Clock::system());
    poller.expect("the stream can be read")
}

/// All records from the beginning of the stream that match the mapping.
pub async fn records_by(target: &Target, mapping: Mapping) -> Option<Vec<Value>> {
    let seen = RefCell::new(Vec::new());
    let keep = async |payload: Value| {
        let records = payload["Records"].as_array().expect("records").clone();
        seen.borrow_mut().extend(records);
        Ok(Value::Null)
    };
    let mut poller = poller(target, mapping)?;
    while poller.turn(&keep).await.expect("the stream can be read") != PollStep::Idle {}
    Some(seen.into_inner())
}

/// The stream records for the beginning of a tenant's tasks.
pub async fn records(target: &Target, client: &Client) -> Vec<Value> {
    let tenant = tenant_of(client);
    let table = Table::of(target, client).await;
    let tasks = table.keys("task").into_iter().enumerate();
    tasks.map(|(at, sk)| record(tenant, sk, at)).collect()
}

/// The stream record of a task, at position `at`.
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

/// A service of another process on the target's table whose clock is `seconds` ahead, so that tasks count as abandoned.
pub fn ahead(target: &Target, seconds: i64) -> Service {
    let clients = &target.stack.services.clients;
    let clock = Clock::from_fn(move || Clock::system().now() + SignedDuration::from_secs(seconds));
    local::stack::service(clients, None, clock, Ids::system())
}
