//! What is measured, at which sizes, and what it may cost.

use http::Method;
use serde_json::{Value, json};

use super::{Bench, Budget, Row, user};
use crate::stack::StartError;

/// The sizes at which operations are measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// Numbers of users at which pages are read, growing.
    pub users: &'static [usize],
    /// Numbers of members of the group that one member joins and leaves, growing.
    pub members: &'static [usize],
}

impl Sizes {
    /// Those of the table in the README.
    pub const LARGE: Self = Self {
        users: &[1_000, 10_000],
        members: &[10, 5_000],
    };
    /// Those of the test that guards the budgets.
    pub const SMALL: Self = Self {
        users: &[300, 600],
        members: &[10, 100],
    };
}

/// A user as it is answered without a look at groups.
const ALONE: &str = "excludedAttributes=groups";
/// How many requests fill the directory side by side.
const SIDE_BY_SIDE: usize = 16;

struct Measuring {
    bench: Bench,
    rows: Vec<Row>,
    ids: Vec<String>,
}

const fn budget(round_trips: u32, reads: f64, writes: f64) -> Budget {
    Budget {
        round_trips,
        reads,
        writes,
    }
}

/// Measures every operation.
///
/// # Errors
///
/// When an operation fails.
pub async fn measure(sizes: &Sizes) -> Result<Vec<Row>, StartError> {
    let mut measuring = Measuring {
        bench: Bench::start().await?,
        rows: Vec::new(),
        ids: Vec::new(),
    };
    measuring.users().await?;
    for count in sizes.users {
        measuring.fill(*count).await?;
        measuring.pages(*count).await?;
    }
    let most = sizes.members.iter().copied().max().unwrap_or_default();
    measuring.fill(most + 1).await?;
    measuring.groups(sizes.members).await?;
    measuring.bench.shutdown().await;
    Ok(measuring.rows)
}

/// What it may cost that so many join at once: each is looked for among the members and the users, and gets two
/// edges and a mark in a transaction; beyond a transaction each has an intent too, which is cleared.
fn joining_budget(number: usize) -> Budget {
    let each = u32::try_from(number).unwrap_or(u32::MAX);
    match number {
        0..=31 => budget(2, 1.0, 2.0 + f64::from(each) * 6.0),
        // Calls of up to 100 reads, 25 writes or 33 members, sixteen side by side: how they overlap varies.
        _ => budget(
            15 + each / 120,
            f64::from(each) * 2.4 + 10.0,
            f64::from(each) * 8.6 + 20.0,
        ),
    }
}

impl Measuring {
    async fn row(
        &mut self,
        operation: impl Into<String>,
        (method, path, body): (Method, String, Option<Value>),
        budget: Budget,
    ) -> Result<(), StartError> {
        let spent = self.bench.cost(method, &path, body).await?;
        self.rows.push(Row {
            operation: operation.into(),
            spent,
            budget,
        });
        Ok(())
    }

    async fn get(
        &mut self,
        operation: impl Into<String>,
        path: &str,
        budget: Budget,
    ) -> Result<(), StartError> {
        self.row(operation, (Method::GET, path.to_owned(), None), budget)
            .await
    }

    async fn patch(
        &mut self,
        operation: impl Into<String>,
        path: &str,
        change: Value,
        budget: Budget,
    ) -> Result<(), StartError> {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [change]
        });
        self.row(
            operation,
            (Method::PATCH, path.to_owned(), Some(body)),
            budget,
        )
        .await
    }

    async fn users(&mut self) -> Result<(), StartError> {
        let new = (Method::POST, "/Users".to_owned(), Some(user(0)));
        self.row("create a user", new, budget(1, 0.0, 12.0)).await?;
        let id = self.bench.create("/Users", user(1)).await?;
        let group = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": "Tour Guides", "externalId": "g1", "members": [{ "value": id }]
        });
        let group = self.bench.create("/Groups", group).await?;
        let path = format!("/Users/{id}");
        self.reads(&path).await?;
        self.changes(path).await?;
        let gone = (Method::DELETE, format!("/Groups/{group}"), None);
        self.row("delete an empty group", gone, budget(3, 3.0, 8.0))
            .await
    }

    async fn reads(&mut self, path: &str) -> Result<(), StartError> {
        self.get(
            "read a user without groups",
            &format!("{path}?{ALONE}"),
            budget(1, 1.0, 0.0),
        )
        .await?;
        self.get("read a user in one group", path, budget(3, 3.0, 0.0))
            .await?;
        for (attribute, found) in [
            ("userName", "user1@example.com"),
            ("externalId", "00u00000000000000001"),
            ("emails.value", "user1@example.com"),
        ] {
            for (value, word, cost) in [("nobody", "nobody", 1), (found, "one", 2)] {
                let query = format!("/Users?{ALONE}&filter={attribute}+eq+%22{value}%22");
                let operation = format!("find a user by `{attribute}`: {word}");
                self.get(operation, &query, budget(cost, f64::from(cost), 0.0))
                    .await?;
            }
        }
        for (value, word, cost) in [("nothing", "none", 1), ("tour guides", "one", 2)] {
            let value = value.replace(' ', "+");
            let query =
                format!("/Groups?excludedAttributes=members&filter=displayName+eq+%22{value}%22");
            let operation = format!("find a group by `displayName`: {word}");
            self.get(operation, &query, budget(cost, f64::from(cost), 0.0))
                .await?;
        }
        Ok(())
    }

    async fn changes(&mut self, path: String) -> Result<(), StartError> {
        let title = json!({ "op": "replace", "path": "title", "value": "Guide" });
        let alone = format!("{path}?{ALONE}");
        self.patch(
            "change a user (PATCH)",
            &alone,
            title.clone(),
            budget(2, 1.0, 2.0),
        )
        .await?;
        self.patch(
            "change nothing of a user (PATCH)",
            &alone,
            title,
            budget(1, 1.0, 0.0),
        )
        .await?;
        let put = (Method::PUT, alone.clone(), Some(user(1)));
        self.row("change a user (PUT)", put, budget(2, 1.0, 2.0))
            .await?;
        let rename = json!({ "op": "replace", "path": "userName", "value": "renamed@example.com" });
        self.patch("rename a user (PATCH)", &alone, rename, budget(2, 1.0, 6.0))
            .await?;
        let gone = (Method::DELETE, path, None);
        self.row("delete a user in one group", gone, budget(3, 2.0, 16.0))
            .await
    }

    /// Creates users until there are so many.
    async fn fill(&mut self, count: usize) -> Result<(), StartError> {
        let first = self.ids.len();
        let missing: Vec<usize> = (first..count).collect();
        for numbers in missing.chunks(SIDE_BY_SIDE) {
            let bench = &self.bench;
            let created = numbers
                .iter()
                .map(|number| bench.create("/Users", user(number + 10)));
            self.ids
                .extend(futures_util::future::try_join_all(created).await?);
        }
        Ok(())
    }

    async fn pages(&mut self, count: usize) -> Result<(), StartError> {
        let page =
            |start: usize| format!("/Users?startIndex={start}&count=100&excludedAttributes=groups");
        let first = self.bench.cost(Method::GET, &page(1), None).await?;
        let total = self.bench.cost(Method::GET, "/Users?count=0", None).await?;
        let most = (first.reads - total.reads) * 1.2 + total.reads;
        for (word, start) in [("first", 1), ("middle", count / 2), ("last", count - 99)] {
            let operation = format!("{word} page of 100 of {count} users");
            self.get(operation, &page(start), budget(3, most.ceil() + 1.0, 1.0))
                .await?;
        }
        Ok(())
    }

    async fn groups(&mut self, sizes: &[usize]) -> Result<(), StartError> {
        let group = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Everyone"
        });
        let id = self.bench.create("/Groups", group).await?;
        let path = format!("/Groups/{id}");
        let mut members = 0;
        let last = self.ids.last().cloned().unwrap_or_default();
        for size in sizes {
            let joining: Vec<String> = self.ids.iter().take(*size).skip(members).cloned().collect();
            let number = joining.len();
            let values: Vec<Value> = joining.iter().map(|id| json!({ "value": id })).collect();
            let join = json!({ "op": "add", "path": "members", "value": values });
            let operation = format!("add {number} members to a group of {members} by one request");
            self.patch(operation, &path, join, joining_budget(number))
                .await?;
            members = *size;
            let alone = format!("{path}?excludedAttributes=members");
            let operation = format!("read a group of {size} without members");
            self.get(operation, &alone, budget(1, 1.0, 0.0)).await?;
            let join = json!({ "op": "add", "path": "members", "value": [{ "value": last }] });
            let operation = format!("add one member to a group of {size}");
            self.patch(operation, &path, join, budget(2, 3.0, 10.0))
                .await?;
            let leave = json!({ "op": "remove", "path": format!("members[value eq \"{last}\"]") });
            let operation = format!("remove one member from a group of {}", size + 1);
            self.patch(operation, &path, leave, budget(2, 3.0, 10.0))
                .await?;
            let query = format!(
                "/Groups?excludedAttributes=members&filter=id+eq+%22{id}%22+and+members+eq+%22{last}%22"
            );
            let operation = format!("ask whether one is a member of a group of {size}");
            self.get(operation, &query, budget(2, 2.0, 0.0)).await?;
        }
        Ok(())
    }
}
