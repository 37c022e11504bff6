//! What is done about changes of the table: the function `events`, which its stream invokes.
//!
//! [`Subject`] says what a record is about. Records of one subject in a batch are looked after together, subjects side
//! by side; a new kind of work is a variant of it, an arm in [`Record::subject`] and in
//! `Service::look_after`, and a pattern in the filter of `template.yaml`, which says what comes here.
//!
//! A record is a wake-up: what there is to do stands in the table. So a record may come twice, late, or beside
//! others, also those of the same tenant: the stream keeps the order of one item, and of nothing else. One whose work
//! failed for now is reported, and comes again. One whose work can never succeed is
//! logged and passed over, because its shard would stand still behind it. Whatever was passed over, or never
//! came because the stream forgets after a day, is met by the [sweep](Service::sweep).

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use directory::tenants::Status;
use directory::{Directory, DirectoryError, Meter, Spent, Store};
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use keyring::TenantId;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::Service;

mod closing;
mod keys;
mod record;
mod tasks;

pub use keys::{Expiring, KEY_EXPIRING};
pub use record::Record;

/// How many subjects are looked after side by side.
const SIDE_BY_SIDE: usize = 8;

/// How many tenants are swept side by side: there is next to nothing to do for most.
const SWEPT_AT_ONCE: usize = 8;

/// What the function is invoked with.
#[derive(Debug)]
pub enum Event {
    /// Records of the table's stream.
    Records(Vec<Value>),
    /// It is time to look through all tenants.
    Sweep,
    /// It is time to go on with deletions that were put off.
    Closing,
    /// It is time to look through all keys.
    Keys,
}

impl Event {
    /// Reads the payload of an invocation.
    ///
    /// # Errors
    ///
    /// When it is none of these.
    pub fn read(mut payload: Value) -> Result<Self, String> {
        if let Some(Value::Array(records)) = payload.get_mut("Records").map(Value::take) {
            return Ok(Self::Records(records));
        }
        match payload.get("sweep").and_then(Value::as_str) {
            Some("tasks") => Ok(Self::Sweep),
            Some("closing") => Ok(Self::Closing),
            Some("keys") => Ok(Self::Keys),
            _ => Err(
                r#"an event has "Records" of the table's stream, or is {"sweep":"tasks"}, {"sweep":"closing"} or {"sweep":"keys"}"#
                    .into(),
            ),
        }
    }
}

/// What an invocation by the stream answers: the records that are to come again.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// These, and with them whatever stands behind the first of them in the batch.
    pub batch_item_failures: Vec<Failure>,
}

/// A record that is to come again.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Its sequence number.
    pub item_identifier: String,
}

/// What records are about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// The large writes of a tenant: one was begun.
    Tasks(TenantId),
    /// The deletion of a tenant.
    Closing(TenantId),
}

impl Subject {
    /// Whose it is.
    const fn tenant(&self) -> &TenantId {
        match self {
            Self::Tasks(tenant) | Self::Closing(tenant) => tenant,
        }
    }
}

/// What came of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Outcome {
    /// There is nothing to do about it any more.
    Done,
    /// It is to come again.
    Again(String),
    /// Coming again would not help it.
    GivenUp(String),
}

impl Outcome {
    /// What an error makes of the records that met it: what the service cannot read or build does not get better by
    /// a retry. Everything else may, so it is retried until its record is too old for the mapping of `template.yaml`.
    fn of(error: &DirectoryError) -> Self {
        match error {
            DirectoryError::Internal(_) => Self::GivenUp(error.to_string()),
            _ => Self::Again(error.to_string()),
        }
    }
}

impl Service {
    /// Looks after records of the table's stream, for so long at most; what is not done by then comes again,
    /// and goes on from where it was left. Says which do, and what it consumed.
    pub async fn look_after_all(&self, records: &[Value], patience: Duration) -> (Answer, Spent) {
        let (until, started) = (Instant::now() + patience, self.clock.now());
        let meter = Arc::new(Meter::default());
        let mut by_subject: BTreeMap<Subject, Vec<Record>> = BTreeMap::new();
        let mut unread = 0_usize;
        for value in records {
            match Record::read(value).and_then(|record| Some((record.subject()?, record))) {
                Some((subject, record)) => by_subject.entry(subject).or_default().push(record),
                None => unread += 1,
            }
        }
        if unread > 0 {
            tracing::error!(records = unread, "event.unreadable");
        }
        let looked_after: Vec<_> = by_subject
            .iter()
            .map(|(subject, records)| {
                let meter = Arc::new(meter.branch());
                async move {
                    let outcomes = self.look_after(subject, records, &meter);
                    let outcomes = timeout_at(until, AssertUnwindSafe(outcomes).catch_unwind());
                    let every = |outcome: Outcome| vec![outcome; records.len()];
                    let outcomes = match outcomes.await {
                        Ok(Ok(outcomes)) => outcomes,
                        Ok(Err(_)) => every(Outcome::GivenUp("it panicked".to_owned())),
                        Err(_) => every(Outcome::Again("out of time".to_owned())),
                    };
                    report(subject, records, outcomes)
                }
            })
            .collect();
        let failures: Vec<Vec<Failure>> = stream::iter(looked_after)
            .buffer_unordered(SIDE_BY_SIDE)
            .collect()
            .await;
        let answer = Answer {
            batch_item_failures: failures.concat(),
        };
        let spent = meter.spent();
        tracing::info!(
            records = records.len(),
            again = answer.batch_item_failures.len(),
            duration_ms = self.clock.now().duration_since(started).as_secs_f64() * 1_000.0,
            dynamodb.reads = spent.reads,
            dynamodb.writes = spent.writes,
            dynamodb.calls = spent.calls,
            "events"
        );
        (answer, spent)
    }

    /// What came of each of these records, which are all about one subject.
    async fn look_after(
        &self,
        subject: &Subject,
        records: &[Record],
        meter: &Arc<Meter>,
    ) -> Vec<Outcome> {
        match subject {
            Subject::Tasks(tenant) => {
                let directory = self.directory(tenant, meter);
                tasks::tend(&directory, records, &self.clock, &self.ids).await
            }
            Subject::Closing(tenant) => {
                let outcome = self.close(tenant, meter).await;
                vec![outcome; records.len()]
            }
        }
    }

    /// Looks through all tenants for what no record of the stream led to: they are forgotten after a day, and
    /// there are none of what a table was restored with. What an owner may be at is left to its own record.
    ///
    /// # Errors
    ///
    /// When something is left to do that may succeed another time.
    pub async fn sweep(&self, patience: Duration) -> Result<Spent, DirectoryError> {
        let meter = Arc::new(Meter::default());
        let swept = timeout_at(Instant::now() + patience, self.sweep_all(&meter)).await;
        let (tenants, left) = swept.map_err(|_| DirectoryError::Contended)??;
        let spent = meter.spent();
        tracing::info!(
            tenants,
            dynamodb.reads = spent.reads,
            dynamodb.writes = spent.writes,
            dynamodb.calls = spent.calls,
            "sweep"
        );
        left.map_or(Ok(spent), Err)
    }

    /// The number of tenants, and what keeps the work of one of them from being done.
    async fn sweep_all(
        &self,
        meter: &Arc<Meter>,
    ) -> Result<(usize, Option<DirectoryError>), DirectoryError> {
        let names = directory::task::tenants(&self.behind(), meter).await?;
        let each: Vec<_> = names
            .iter()
            .map(|(tenant, status)| {
                let directory = self.directory(tenant, &Arc::new(meter.branch()));
                let meter = meter.branch();
                async move {
                    match status {
                        Some(Status::Closing) => self.clear(tenant, &meter).await.err(),
                        _ => tasks::sweep(&directory, tenant, &self.clock, &self.ids).await,
                    }
                }
            })
            .collect();
        let swept = stream::iter(each).buffer_unordered(SWEPT_AT_ONCE);
        let left: Vec<Option<DirectoryError>> = swept.collect().await;
        Ok((names.len(), left.into_iter().flatten().next()))
    }

    /// A tenant's directory, for work that takes its time.
    #[must_use]
    pub fn directory(&self, tenant: &TenantId, meter: &Arc<Meter>) -> Directory {
        Directory::new(self.behind(), tenant.clone(), Arc::clone(meter))
    }

    /// The table for work that nobody waits for.
    fn behind(&self) -> Arc<Store> {
        let behind = self.behind.get_or_init(|| Arc::new(self.store.behind()));
        Arc::clone(behind)
    }
}

/// Logs what came of records, and gives those that are to come again.
fn report(subject: &Subject, records: &[Record], outcomes: Vec<Outcome>) -> Vec<Failure> {
    let tenant = subject.tenant();
    let mut failures = Vec::new();
    for (record, outcome) in records.iter().zip(outcomes) {
        match outcome {
            Outcome::Done => {}
            Outcome::Again(reason) => {
                tracing::warn!(tenant.id = %tenant, item = record.sk, reason, "event.again");
                failures.push(Failure {
                    item_identifier: record.sequence_number.clone(),
                });
            }
            Outcome::GivenUp(reason) => {
                tracing::error!(tenant.id = %tenant, item = record.sk, reason, "event.given_up");
            }
        }
    }
    failures
}
