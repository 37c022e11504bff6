//! `cargo run -- cost`: what each operation costs, beside what it may cost.
//!
//! Round trips and capacity units are counted, not timed, so the figures are the same on any machine.
//! The units are those that the embedded engine reports, which follow DynamoDB's rules: a strongly
//! consistent read of 4 KB is one, a write of 1 KB is one, in a transaction two.

use std::io::Write;

use bytes::Bytes;
use directory::store::Spent;
use http::{Method, Request, Response, header};
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::{Function, Origin};

use crate::dynamo::Storage;
use crate::stack::{Access, Options, Stack, StartError};

mod plan;

pub use plan::{Sizes, measure};

/// What an operation may cost.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Budget {
    /// Calls one after the other.
    pub round_trips: u32,
    /// Read request units.
    pub reads: f64,
    /// Write request units.
    pub writes: f64,
}

/// What an operation cost.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// The operation.
    pub operation: String,
    /// What it cost.
    pub spent: Spent,
    /// What it may cost.
    pub budget: Budget,
}

impl Row {
    /// Whether the operation kept to its budget.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.spent.round_trips <= self.budget.round_trips
            && self.spent.reads <= self.budget.reads
            && self.spent.writes <= self.budget.writes
    }
}

/// A stack with one tenant, to be measured.
pub struct Bench {
    stack: Stack,
    access: Access,
}

impl Bench {
    /// Starts an empty stack in memory.
    ///
    /// # Errors
    ///
    /// As [`Stack::start`].
    pub async fn start() -> Result<Self, StartError> {
        let stack = Stack::start(Options {
            listen: ([127, 0, 0, 1], 0).into(),
            storage: Storage::Memory,
            endpoint: None,
            faults: None,
            rate: None,
            clock: Clock::system(),
            ids: Ids::system(),
        })
        .await?;
        let access = stack.tenant("acme", None).await?;
        let bench = Self { stack, access };
        // Fills the caches of keys and tenants, which a warm function has.
        bench.ask(Method::GET, "/Users?count=0", None).await?;
        Ok(bench)
    }

    /// Sends a request to the service behind the gateway.
    ///
    /// # Errors
    ///
    /// When the answer is not a success.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Response<Bytes>, StartError> {
        let function = match path.starts_with("/Groups") {
            true => Function::Groups,
            false => Function::Users,
        };
        let request = Request::builder()
            .method(method.clone())
            .uri(format!("{}{path}", self.access.base))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.access.token),
            )
            .header(header::CONTENT_TYPE, "application/scim+json")
            .body(body.map_or_else(Bytes::new, |body| body.to_string().into()))?;
        let service = &self.stack.service;
        let response = service.handle(function, request, Origin::default()).await;
        if !response.status().is_success() {
            let answer = String::from_utf8_lossy(response.body()).into_owned();
            return Err(format!("{method} {path}: {} {answer}", response.status()).into());
        }
        Ok(response)
    }

    /// Creates a resource and gives its id.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub async fn create(&self, path: &str, body: Value) -> Result<String, StartError> {
        let response = self.ask(Method::POST, path, Some(body)).await?;
        let created: Value = serde_json::from_slice(response.body())?;
        let id = created.get("id").and_then(Value::as_str);
        Ok(id.ok_or("an answer without an id")?.to_owned())
    }

    /// What a request costs.
    ///
    /// # Errors
    ///
    /// When the answer is not a success.
    pub async fn cost(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Spent, StartError> {
        let response = self.ask(method, path, body).await?;
        Ok(response
            .extensions()
            .get::<Spent>()
            .cloned()
            .unwrap_or_default())
    }

    /// Ends the stack.
    pub async fn shutdown(self) {
        self.stack.shutdown().await;
    }
}

/// A user of a usual size: about 800 bytes.
#[must_use]
pub fn user(number: usize) -> Value {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
        ],
        "externalId": format!("00u{number:017}"),
        "userName": format!("user{number}@example.com"),
        "name": { "givenName": "Barbara", "familyName": format!("Jensen {number}"), "formatted": format!("Ms. Barbara Jensen {number}") },
        "displayName": format!("Babs Jensen {number}"),
        "title": "Tour Guide",
        "preferredLanguage": "en-US",
        "locale": "en-US",
        "timezone": "America/Los_Angeles",
        "active": true,
        "emails": [{ "value": format!("user{number}@example.com"), "type": "work", "primary": true }],
        "phoneNumbers": [{ "value": "+1 555 555 8377", "type": "work" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
            "employeeNumber": number.to_string(), "department": "Tour Operations", "costCenter": "4130"
        }
    })
}

/// Measures everything and prints it as a table.
///
/// # Errors
///
/// When an operation fails, or the table cannot be written.
pub async fn print(out: &mut impl Write) -> Result<(), StartError> {
    let rows = measure(&Sizes::LARGE).await?;
    writeln!(
        out,
        "| operation | round trips | reads (RRU) | writes (WRU) | budget |"
    )?;
    writeln!(out, "|---|---:|---:|---:|---|")?;
    for row in &rows {
        let Budget {
            round_trips,
            reads,
            writes,
        } = row.budget;
        let mark = if row.is_within() { "" } else { " **exceeded**" };
        writeln!(
            out,
            "| {} | {} | {} | {} | {round_trips} / {reads} / {writes}{mark} |",
            row.operation, row.spent.round_trips, row.spent.reads, row.spent.writes
        )?;
    }
    Ok(())
}
