//! Hostile input: every request gets a response in time, a rejection is a SCIM error, and a rejected request leaves
//! no trace.

mod addresses;
mod below_500;
mod bodies;
mod headers;
mod laws;
mod texts;
mod wire;
mod work;

use std::time::Duration;

use bytes::Bytes;
use fuzz::request::{Table, stored};
use serde_json::{Value, json};

use crate::support::{Answer, Client, Target};

/// The time limit of a response; other tests may load the machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A tenant whose state must stay the same.
struct Fort {
    target: Target,
    client: Client,
    user: String,
    group: String,
    before: Table,
}

impl Fort {
    async fn start() -> Self {
        let target = Target::start().await;
        let client = target.tenant().await;
        let mut anna = crate::support::client::user("anna");
        anna["title"] = json!("Guide");
        anna["externalId"] = json!("E1");
        let user = client.post("/Users", &anna).await.expect(201).id();
        let members = std::slice::from_ref(&user);
        let group = client.create_group("Sales", members).await;
        let before = stored(&target.stack).await;
        Self {
            target,
            client,
            user,
            group,
            before,
        }
    }

    /// Sends a request; `<user>` and `<group>` mean their ids.
    async fn send(&self, line: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let line = line.replace("<user>", &self.user);
        let line = line.replace("<group>", &self.group);
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let mut all = vec![("content-type", "application/scim+json")];
        all.extend(headers);
        let answer = self.client.send(method, path, &all, Some(body.into()));
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        answer.unwrap_or_else(|_| panic!("{line} is not answered"))
    }

    /// Asserts that a request is rejected with a SCIM error of this status and `scimType`.
    async fn refused(&self, line: &str, body: &str, expected: (u16, &str)) {
        let body = body.replace("<user>", &self.user);
        let body = body.replace("<group>", &self.group);
        let answer = self.send(line, &[], body.clone()).await;
        let what = format!("{} {}", short(line), short(&body));
        let (scim_type, _) = told(&answer, &what);
        let given = (answer.status.as_u16(), scim_type.as_str());
        assert_eq!(given, expected, "{what}: {answer:?}");
    }

    /// Asserts that nothing has changed.
    async fn stands(self) {
        assert_eq!(stored(&self.target.stack).await, self.before);
        self.target.stack.shutdown().await;
    }
}

/// The `scimType` and detail of a rejection; asserts that it has the form of RFC 7644 §3.12 and reveals no internals.
#[track_caller]
fn told(answer: &Answer, what: &str) -> (String, String) {
    let status = answer.status.as_u16();
    assert!((400..500).contains(&status), "{what}: {answer:?}");
    let media = answer
        .headers
        .get("content-type")
        .map(http::HeaderValue::as_bytes);
    assert_eq!(
        media,
        Some(&b"application/scim+json"[..]),
        "{what}: {answer:?}"
    );
    let json: Value = answer.json();
    assert_eq!(
        json["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
    );
    let (_, scim_type, detail) = answer.error();
    assert!(
        !detail.is_empty() && detail.len() < 1_000,
        "{what}: {detail}"
    );
    assert!(!detail.contains(char::is_control), "{what}: {detail:?}");
    for inside in ["panicked", "src/", "::", "dynamodb", "DynamoDB", "muster"] {
        assert!(
            !detail.contains(inside) || what.contains(inside),
            "R-05, {what}: {detail}"
        );
    }
    (scim_type, detail)
}

fn short(text: &str) -> String {
    text.chars().take(120).collect()
}

/// A PATCH body with these operations.
fn patch(operations: &str) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{operations}]}}"#
    )
}
