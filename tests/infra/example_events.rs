//! The example events for `cargo lambda invoke` belong to routes, to the table's stream or to a schedule, and work.

use std::fs;
use std::sync::Arc;

use serde_json::Value;
use service::{Binary, Function, Service, lambda};

use crate::house::source::ROOT;
use crate::support::table::sound;
use crate::support::{Client, Target, seed, stream};

/// The text in an example that a reader replaces.
const TOKEN: &str = "REPLACE-WITH-A-TOKEN";

/// The examples of all binaries with routes.
fn examples() -> Vec<(Binary, String, String)> {
    let mut all = all_examples();
    all.retain(|(binary, ..)| *binary != Binary::Events);
    all
}

/// The examples of all binaries in name order, each with its binary.
fn all_examples() -> Vec<(Binary, String, String)> {
    let mut found = Vec::new();
    for binary in Binary::ALL {
        let folder = format!("functions/{}/events", binary.name());
        let Ok(entries) = fs::read_dir(format!("{ROOT}/{folder}")) else {
            continue;
        };
        for entry in entries {
            let entry = entry.expect("an example");
            let text = fs::read_to_string(entry.path()).expect("an example is text");
            found.push((
                binary,
                format!("{folder}/{}", entry.file_name().display()),
                text,
            ));
        }
    }
    found.sort_by(|one, other| one.1.cmp(&other.1));
    found
}

#[test]
fn example_events_are_events_of_their_route() {
    let routes = local::stack::routes().expect("template.yaml has routes");
    let examples = examples();
    assert!(!examples.is_empty(), "there are no example events");
    for (binary, path, text) in examples {
        let event: Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let key = event["routeKey"].as_str().unwrap_or_default();
        let route = routes.iter().find(|route| route.key() == key);
        let route = route.unwrap_or_else(|| panic!("{path}: there is no route `{key}`"));
        let function = Function::named(route.function());
        assert_eq!(function.map(Function::binary), Some(binary), "{path}");
        assert_eq!(event["requestContext"]["routeKey"], key, "{path}");
        assert_eq!(
            event["requestContext"]["http"]["path"], event["rawPath"],
            "{path}"
        );
        let tenant = event["pathParameters"]["tenant"]
            .as_str()
            .unwrap_or_default();
        let called = key.replace("{tenant}", tenant);
        let (method, raw_path) = called.split_once(' ').unwrap_or_default();
        assert_eq!(event["requestContext"]["http"]["method"], method, "{path}");
        assert_eq!(event["rawPath"], raw_path, "{path}");
        assert!(text.contains(TOKEN), "{path}: no `{TOKEN}` to replace");
    }
}

/// The status and body of the response to an event, as under `cargo lambda watch`.
async fn answer(service: &Arc<Service>, binary: Binary, path: &str, event: &str) -> (u16, Value) {
    let event = serde_json::from_str(event).unwrap_or_else(|error| panic!("{path}: {error}"));
    let event = lambda::readable(event).into();
    let response = lambda::answer(service, binary.catch_all(), event).await;
    let status = response.status().as_u16();
    let body = serde_json::from_slice(response.body())
        .unwrap_or_else(|error| panic!("{path}: {status}: {error}"));
    (status, body)
}

#[tokio::test]
async fn example_events_are_answered() {
    let target = Target::start().await;
    let access = target
        .stack
        .tenant("acme", None)
        .await
        .expect("a tenant can be made");
    let mut statuses = Vec::new();
    for (binary, path, text) in examples() {
        let event = text.replace(TOKEN, &access.token);
        let (status, body) = answer(&target.stack.service, binary, &path, &event).await;
        assert!((200..300).contains(&status), "{path}: {status} {body}");
        statuses.push((path, status));
        if status == 200 {
            assert_eq!(body["totalResults"], 1, "{body}");
        }
    }
    target.stack.shutdown().await;
    assert_eq!(
        statuses,
        [
            ("functions/scim/events/create-user.json".to_owned(), 201),
            ("functions/scim/events/list-users.json".to_owned(), 200),
        ]
    );
}

/// The examples of the binary without routes, in name order.
fn of_background_work() -> Vec<(String, Value)> {
    let all = all_examples().into_iter();
    all.filter(|(binary, ..)| *binary == Binary::Events)
        .map(|(_, path, text)| {
            let event = serde_json::from_str(&text);
            let event = event.unwrap_or_else(|error| panic!("{path}: {error}"));
            (path, event)
        })
        .collect()
}

#[test]
fn example_events_of_background_work_pass_the_templates_filter() {
    let mapping = stream::mapping();
    let schedules = local::stack::events::schedules().expect("the template has schedules");
    let inputs: Vec<&Value> = schedules.iter().map(|schedule| &schedule.input).collect();
    let examples = of_background_work();
    assert_eq!(examples.len(), 2, "one of the stream, one of the schedule");
    for (path, event) in examples {
        let Some(records) = event["Records"].as_array() else {
            assert!(inputs.contains(&&event), "{path}");
            continue;
        };
        for record in records {
            let is_taken = mapping.patterns.iter().any(|pattern| pattern.takes(record));
            assert!(is_taken, "{path}: {record}");
        }
    }
}

#[tokio::test]
async fn example_events_of_background_work_clear_the_edges_of_a_deleted_group() {
    for (path, event) in of_background_work() {
        let target = Target::start().await;
        let access = target.stack.tenant("acme", None).await;
        let access = access.expect("a tenant can be made");
        let client = Client::new(&access.base, &access.token);
        let id = client.create_group("Crowd", &[]).await;
        seed::crowd(&target, &client, &id, 1_100).await;
        client.delete(&format!("/Groups/{id}")).await.expect(204);
        let timeout = stream::mapping().timeout;
        let service = &target.stack.service;
        let answer = local::stack::events::invoke(service, "events", timeout, event).await;
        let nothing_failed = serde_json::json!({ "batchItemFailures": [] });
        assert_eq!(answer, Ok(nothing_failed), "{path}");
        let table = sound(&target, &client).await;
        assert!(table.keys("memberOf").is_empty(), "{path}");
        target.stack.shutdown().await;
    }
}
