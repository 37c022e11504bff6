//! A tenant with many users, and changes of many members.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Client, Target, seed};

pub(super) struct Crowd {
    pub(super) target: Target,
    pub(super) client: Client,
    /// The ids of the users in order.
    pub(super) users: Vec<String>,
}

impl Crowd {
    pub(super) async fn with(number: usize) -> Self {
        let target = Target::start().await;
        let client = target.tenant().await;
        let directory = seed::directory(&target, &client);
        let mut users = seed::users(&directory, "user", number, 32).await;
        users.sort_unstable();
        Self {
            target,
            client,
            users,
        }
    }

    pub(super) async fn version(&self, id: &str) -> u64 {
        let path = format!("/Groups/{id}?excludedAttributes=members");
        let json = self.client.get(&path).await.expect(200).json();
        let tag = json["meta"]["version"].as_str().unwrap();
        tag.trim_matches(|c: char| !c.is_ascii_digit())
            .parse()
            .unwrap()
    }

    /// Finishes abandoned tasks, as the function `events` does.
    pub(super) async fn finish(&self) {
        seed::finish(&self.target, &self.client).await;
    }
}

/// A PATCH operation on the members of a group.
pub(super) fn operation(op: &str, ids: &[String]) -> Value {
    let values: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    json!({ "op": op, "path": "members", "value": values })
}

pub(super) fn set(ids: &[String]) -> BTreeSet<String> {
    ids.iter().cloned().collect()
}
