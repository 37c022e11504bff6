//! Work that changes of the table trigger: the function `events`, which the table's stream invokes, and the function `feed`
//! in its own file.
//!
//! [`Subject`] says what a record is about. Records of one subject in a batch are handled together, and subjects in
//! parallel. A new kind of work needs a variant of it, an arm in [`StreamRecord::subject`] and in `Service::handle_subject`,
//! and a pattern in the filter of `template.yaml`, which selects the records.
//!
//! A record only wakes the function; the table says what there is to do. So a record may arrive twice, late, or at
//! the same time as others, even of the same tenant: the stream keeps the order of changes to one item only. A record
//! whose work failed temporarily is reported and delivered again. A record whose work can never succeed is logged and
//! skipped, because it would block its shard. The [sweep](Service::sweep) does the work of records that were skipped,
//! or that were lost because the stream forgets after a day.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use directory::tenants::Status;
use directory::{Author, Directory, DirectoryError, Meter, Spent, Store};
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use keyring::TenantId;
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::Service;
use crate::limits::{SUBJECTS_AT_ONCE, SWEPT_AT_ONCE};

mod closing;
mod deliver;
mod expiring_keys;
mod feed;
mod record;
mod tasks;

pub use deliver::{DeliveryCall, Outside};
pub use expiring_keys::Expiring;
pub(crate) use feed::Tails;
pub use record::StreamRecord;

/// The event that invokes the function.
#[derive(Debug)]
pub enum Event {
    Records(Vec<Value>),
    /// The schedule for looking through all tenants.
    Sweep,
    /// The schedule for continuing postponed deletions.
    Closing,
    /// The schedule for looking through all keys.
    Keys,
}

impl Event {
    /// Parses the payload of an invocation.
    ///
    /// # Errors
    ///
    /// When it is none of these events.
    pub fn read(mut payload: Value) -> Result<Self, String> {
        if let Some(Value::Array(records)) = payload.get_mut("Records").map(Value::take) {
            return Ok(Self::Records(records));
        }
        match payload.get("sweep").and_then(Value::as_str) {
            Some("tasks") => Ok(Self::Sweep),
            Some("closing") => Ok(Self::Closing),
            Some("keys") => Ok(Self::Keys),
            _ => Err(
                r#"the event must have "Records" of the table's stream, or be {"sweep":"tasks"}, {"sweep":"closing"} or {"sweep":"keys"}"#
                    .into(),
            ),
        }
    }
}

/// The response to an invocation by the stream: the records to retry.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// These records. Lambda also retries all records after the first of them in the batch.
    pub batch_item_failures: Vec<FailedRecord>,
}

/// A record to retry.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FailedRecord {
    pub item_identifier: String,
}

/// The subject of a record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Subject {
    /// A large write of this tenant has begun.
    Tasks(TenantId),
    /// This tenant is being deleted.
    Closing(TenantId),
}

impl Subject {
    /// The tenant.
    const fn tenant(&self) -> &TenantId {
        match self {
            Self::Tasks(tenant) | Self::Closing(tenant) => tenant,
        }
    }
}

/// The result of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
enum RecordResult {
    /// Nothing is left to do.
    Done,
    /// A retry may succeed, for this reason.
    Again(String),
    /// A retry cannot succeed, for this reason.
    GivenUp(String),
}

impl RecordResult {
    /// The result of a record whose work failed with this error. A retry does not help with data that the service
    /// cannot read or calls that it cannot build. It may help with any other error, so such a record is retried until
    /// it is too old for the event source mapping of `template.yaml`.
    fn of(error: &DirectoryError) -> Self {
        match error {
            DirectoryError::Internal(_) => Self::GivenUp(error.to_string()),
            _ => Self::Again(error.to_string()),
        }
    }
}

impl Service {
    /// Handles records of the table's stream for at most `patience`. Unfinished work is retried and continues from
    /// where it stopped. Returns the records to retry and the consumption.
    pub async fn handle_records(
        &self,
        records: &[Value],
        patience: Duration,
    ) -> (BatchResponse, Spent) {
        let (until, started) = (Instant::now() + patience, self.clock.now());
        let meter = Arc::new(Meter::default());
        let by_subject = by_subject(records);
        let handled: Vec<_> = by_subject
            .iter()
            .map(|(subject, records)| {
                let meter = Arc::new(meter.branch());
                async move {
                    let outcomes = self.handle_subject(subject, records, &meter);
                    let outcomes = timeout_at(until, AssertUnwindSafe(outcomes).catch_unwind());
                    let every = |outcome: RecordResult| vec![outcome; records.len()];
                    let outcomes = match outcomes.await {
                        Ok(Ok(outcomes)) => outcomes,
                        Ok(Err(_)) => every(RecordResult::GivenUp("panicked".to_owned())),
                        Err(_) => every(RecordResult::Again("timed out".to_owned())),
                    };
                    report(subject, records, outcomes)
                }
            })
            .collect();
        let failures: Vec<Vec<FailedRecord>> = stream::iter(handled)
            .buffer_unordered(SUBJECTS_AT_ONCE)
            .collect()
            .await;
        let answer = BatchResponse {
            batch_item_failures: failures.concat(),
        };
        let spent = meter.spent();
        tracing::info!(
            records = records.len(),
            retried = answer.batch_item_failures.len(),
            duration_ms = self.clock.now().duration_since(started).as_secs_f64() * 1_000.0,
            dynamodb.reads = spent.reads,
            dynamodb.writes = spent.writes,
            dynamodb.calls = spent.calls,
            "event.batch"
        );
        (answer, spent)
    }

    /// Handles records about one subject and returns the result of each.
    async fn handle_subject(
        &self,
        subject: &Subject,
        records: &[StreamRecord],
        meter: &Arc<Meter>,
    ) -> Vec<RecordResult> {
        match subject {
            Subject::Tasks(tenant) => {
                let directory = self.background_directory(tenant, meter);
                tasks::finish_and_wait(&directory, records, &self.clock, &self.ids).await
            }
            Subject::Closing(tenant) => {
                let outcome = self.close(tenant, meter).await;
                vec![outcome; records.len()]
            }
        }
    }

    /// Looks through all tenants for unfinished work without a record in the stream: the stream forgets records after
    /// a day, and a restored table has no records. Also keeps the end of feeds in which nothing happens. A task that its owner may still work on is skipped, because it has
    /// a record of its own.
    ///
    /// # Errors
    ///
    /// When work is left that may succeed later.
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
            "sweep.tasks"
        );
        left.map_or(Ok(spent), Err)
    }

    /// Sweeps all tenants; returns their number, and the first error that a retry may resolve.
    async fn sweep_all(
        &self,
        meter: &Arc<Meter>,
    ) -> Result<(usize, Option<DirectoryError>), DirectoryError> {
        let names = directory::task::tenants(&self.background_store(), meter).await?;
        let each: Vec<_> = names
            .iter()
            .map(|(tenant, status)| {
                let meter = Arc::new(meter.branch());
                let directory = self.background_directory(tenant, &meter);
                async move {
                    if *status == Some(Status::Closing) {
                        return self.clear(tenant, &meter).await.err();
                    }
                    let left = tasks::sweep(&directory, tenant, &self.clock, &self.ids).await;
                    left.or(self.keep_feed(tenant, &meter).await)
                }
            })
            .collect();
        let swept = stream::iter(each).buffer_unordered(SWEPT_AT_ONCE);
        let left: Vec<Option<DirectoryError>> = swept.collect().await;
        Ok((names.len(), left.into_iter().flatten().next()))
    }

    /// A tenant's directory for background work.
    #[must_use]
    fn background_directory(&self, tenant: &TenantId, meter: &Arc<Meter>) -> Directory {
        let (store, meter) = (self.background_store(), Arc::clone(meter));
        Directory::new(store, tenant.clone(), meter, Author::background())
    }

    /// The table for background work.
    fn background_store(&self) -> Arc<Store> {
        let store = self
            .background_store
            .get_or_init(|| Arc::new(self.store.behind()));
        Arc::clone(store)
    }
}

/// The readable records, grouped by subject.
fn by_subject(records: &[Value]) -> BTreeMap<Subject, Vec<StreamRecord>> {
    let mut grouped: BTreeMap<Subject, Vec<StreamRecord>> = BTreeMap::new();
    let mut unread = 0_usize;
    for value in records {
        match StreamRecord::read(value).and_then(|record| Some((record.subject()?, record))) {
            Some((subject, record)) => grouped.entry(subject).or_default().push(record),
            None => unread += 1,
        }
    }
    if unread > 0 {
        tracing::error!(records = unread, "event.unreadable");
    }
    grouped
}

/// Logs the results of records and returns the records to retry.
fn report(
    subject: &Subject,
    records: &[StreamRecord],
    outcomes: Vec<RecordResult>,
) -> Vec<FailedRecord> {
    let tenant = subject.tenant();
    let mut failures = Vec::new();
    for (record, outcome) in records.iter().zip(outcomes) {
        match outcome {
            RecordResult::Done => {}
            RecordResult::Again(error) => {
                tracing::warn!(tenant.id = %tenant, item.key = record.sk, error, "event.retry");
                failures.push(FailedRecord {
                    item_identifier: record.sequence_number.clone(),
                });
            }
            RecordResult::GivenUp(error) => {
                tracing::error!(tenant.id = %tenant, item.key = record.sk, error, "event.abandoned");
            }
        }
    }
    failures
}
