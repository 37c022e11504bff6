//! The function `feed`: appends what happened to users and groups to the change feeds of their tenants. The table's stream
//! invokes it with every change of a user or group.
//!
//! `directory::journal::feed` knows what a feed has already, so a record may arrive twice, late, and at two processes at
//! once. Tenants are looked after side by side, and none waits for the trouble of another: records whose work failed for
//! now are reported and arrive again, with all after the first of them. A record that can never be read becomes an entry
//! that tells readers to take a new snapshot.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use directory::journal::feed::{Appended, Feed, ImageError, StreamChange, Tail};
use directory::tenants::{Status, Tenant, Tenants};
use directory::{DirectoryError, Meter, Spent, TenantTable};
use futures_util::FutureExt;
use futures_util::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{BatchResponse, FailedRecord, RecordResult};
use crate::Service;
use crate::limits::{FED_AT_ONCE, FED_TENANT_AGE, REMEMBERED_TAILS};

/// What this process knows of the ends of feeds. Another tenant with the same id has another epoch, in which this
/// knowledge is of no use.
#[derive(Debug, Default)]
pub(crate) struct Tails(Mutex<HashMap<TenantId, KnownFeed>>);

/// A tenant, when it was read, and what is known of the end of its feed.
#[derive(Debug)]
struct KnownFeed {
    tenant: Tenant,
    read: Timestamp,
    tail: Option<Tail>,
}

impl KnownFeed {
    /// Whether the tenant may be used without reading it again. Its deletion waits for processes that do not know of it yet.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.read);
        (SignedDuration::ZERO..FED_TENANT_AGE).contains(&age)
    }
}

impl Tails {
    fn take(&self, tenant: &TenantId) -> Option<KnownFeed> {
        self.with(|known| known.remove(tenant))
    }

    fn keep(&self, known_feed: KnownFeed) {
        self.with(|known| {
            if known.len() >= REMEMBERED_TAILS {
                known.clear();
            }
            known.insert(known_feed.tenant.id.clone(), known_feed);
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<TenantId, KnownFeed>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The records of one tenant in a batch.
#[derive(Default)]
struct Portion {
    changes: Vec<Result<StreamChange, ImageError>>,
    /// The numbers and times of all of them.
    marks: Vec<ImageError>,
}

/// What became of the records of one tenant.
#[derive(Default)]
struct Fed {
    entries: usize,
    /// The numbers of the records that must arrive again.
    left: BTreeSet<String>,
}

impl Service {
    /// Appends records of the table's stream to the feeds of their tenants, for at most `patience`. Returns the records
    /// to retry and the consumption.
    ///
    /// # Errors
    ///
    /// When the records do not say which stream they are from: its age is part of each position.
    pub async fn handle_feed(
        &self,
        records: &[Value],
        patience: Duration,
    ) -> Result<(BatchResponse, Spent), String> {
        let (until, started) = (Instant::now() + patience, self.clock.now());
        let meter = Arc::new(Meter::default());
        if records.is_empty() {
            return Ok((BatchResponse::default(), meter.spent()));
        }
        let streamed = stream_birth(records)?;
        let portions = by_tenant(records);
        let tenants = portions.len();
        let marks = portions.values().flat_map(|portion| &portion.marks);
        let oldest = marks.map(|mark| mark.time).min();
        let handled: Vec<_> = portions
            .into_iter()
            .map(|(tenant, portion)| {
                let meter = Arc::new(meter.branch());
                async move { self.feed(&tenant, portion, streamed, until, &meter).await }
            })
            .collect();
        let fed: Vec<Fed> = stream::iter(handled)
            .buffer_unordered(FED_AT_ONCE)
            .collect()
            .await;
        let entries: usize = fed.iter().map(|fed| fed.entries).sum();
        let left = fed.into_iter().flat_map(|fed| fed.left);
        let answer = BatchResponse {
            batch_item_failures: left
                .map(|item_identifier| FailedRecord { item_identifier })
                .collect(),
        };
        let (now, spent) = (self.clock.now(), meter.spent());
        let lag = oldest.and_then(|oldest| Timestamp::from_second(oldest).ok());
        tracing::info!(
            records = records.len(),
            retried = answer.batch_item_failures.len(),
            tenants,
            entries,
            lag_ms = lag.map(|oldest| now.duration_since(oldest).as_secs_f64() * 1_000.0),
            duration_ms = now.duration_since(started).as_secs_f64() * 1_000.0,
            dynamodb.reads = spent.reads,
            dynamodb.writes = spent.writes,
            dynamodb.calls = spent.calls,
            "feed.appended"
        );
        Ok((answer, spent))
    }

    /// Appends the records of one tenant. If that can never succeed, the feed says that something is missing.
    async fn feed(
        &self,
        tenant: &TenantId,
        portion: Portion,
        streamed: Timestamp,
        until: Instant,
        meter: &Arc<Meter>,
    ) -> Fed {
        let Portion { changes, marks } = portion;
        let unreadable = changes.iter().filter(|change| change.is_err()).count();
        if unreadable > 0 {
            tracing::error!(tenant.id = %tenant, records = unreadable, "feed.unreadable");
        }
        let mut attempt = self.attempt(tenant, changes, streamed, until, meter).await;
        if let (Err(RecordResult::GivenUp(error)), Some(first)) = (&attempt, marks.first()) {
            tracing::error!(tenant.id = %tenant, records = marks.len(), error, "feed.unreadable");
            let said = vec![Err(first.clone())];
            attempt = self.attempt(tenant, said, streamed, until, meter).await;
        }
        match attempt {
            Ok(fed) => fed,
            Err(RecordResult::Again(error)) => {
                tracing::warn!(tenant.id = %tenant, records = marks.len(), error, "feed.retry");
                Fed {
                    left: marks.into_iter().map(|mark| mark.sequence).collect(),
                    entries: 0,
                }
            }
            Err(RecordResult::GivenUp(error)) => {
                tracing::error!(tenant.id = %tenant, records = marks.len(), error, "feed.abandoned");
                Fed::default()
            }
            Err(RecordResult::Done) => Fed::default(),
        }
    }

    /// Appends in the time that is left. A panic concerns this tenant only.
    async fn attempt(
        &self,
        tenant: &TenantId,
        changes: Vec<Result<StreamChange, ImageError>>,
        streamed: Timestamp,
        until: Instant,
        meter: &Arc<Meter>,
    ) -> Result<Fed, RecordResult> {
        let work = self.append(tenant, changes, streamed, meter);
        match timeout_at(until, AssertUnwindSafe(work).catch_unwind()).await {
            Ok(Ok(Ok(Some(appended)))) => Ok(Fed {
                entries: appended.entries,
                left: appended.left,
            }),
            Ok(Ok(Ok(None))) => Ok(Fed::default()),
            Ok(Ok(Err(error))) => Err(RecordResult::of(&error)),
            Ok(Err(_)) => Err(RecordResult::GivenUp("panicked".to_owned())),
            Err(_) => Err(RecordResult::Again("timed out".to_owned())),
        }
    }

    /// Keeps the end of a tenant's feed for as long as the tenant exists; returns an error that a retry may resolve.
    pub(super) async fn keep_feed(
        &self,
        tenant: &TenantId,
        meter: &Arc<Meter>,
    ) -> Option<DirectoryError> {
        let (store, meter) = (self.background_store(), Arc::clone(meter));
        let feed = Feed::new(TenantTable::new(store, tenant.clone(), meter));
        let error = feed.renew(self.clock.now()).await.err()?;
        match RecordResult::of(&error) {
            RecordResult::GivenUp(error) => {
                tracing::error!(tenant.id = %tenant, records = 0, error, "feed.abandoned");
                None
            }
            _ => Some(error),
        }
    }

    /// Appends to the feed of a tenant; `None` if there is no such tenant, or it is being deleted.
    async fn append(
        &self,
        tenant: &TenantId,
        changes: Vec<Result<StreamChange, ImageError>>,
        streamed: Timestamp,
        meter: &Arc<Meter>,
    ) -> Result<Option<Appended>, DirectoryError> {
        let (store, now) = (self.background_store(), self.clock.now());
        let known = match self.tails.take(tenant) {
            Some(known) if known.is_fresh(now) => known,
            known => {
                let tenants = Tenants::new(Arc::clone(&store));
                let stored = tenants.read(tenant, meter).await?;
                let Some(stored) = stored.filter(|stored| stored.status != Status::Closing) else {
                    return Ok(None);
                };
                KnownFeed {
                    tenant: stored,
                    read: now,
                    tail: known.and_then(|known| known.tail),
                }
            }
        };
        let KnownFeed { tenant, read, tail } = known;
        let feed = Feed::new(TenantTable::new(
            store,
            tenant.id.clone(),
            Arc::clone(meter),
        ));
        let mut appended = feed.append(changes, &tenant, streamed, tail, now).await?;
        let tail = appended.tail.take();
        self.tails.keep(KnownFeed { tenant, read, tail });
        Ok(Some(appended))
    }
}

/// The records about users and groups, by tenant and in order.
fn by_tenant(records: &[Value]) -> BTreeMap<TenantId, Portion> {
    let mut portions: BTreeMap<TenantId, Portion> = BTreeMap::new();
    let mut unread = 0_usize;
    for record in records {
        let Some(change) = StreamChange::read(record) else {
            unread += 1;
            continue;
        };
        let mark = match &change {
            Ok(change) => ImageError {
                tenant: change.tenant.clone(),
                sequence: change.sequence.clone(),
                time: change.time,
            },
            Err(error) => error.clone(),
        };
        let portion = portions.entry(mark.tenant.clone()).or_default();
        portion.marks.push(mark);
        portion.changes.push(change);
    }
    if unread > 0 {
        tracing::error!(records = unread, "event.unreadable");
    }
    portions
}

/// When the stream of these records began.
fn stream_birth(records: &[Value]) -> Result<Timestamp, String> {
    let births: Option<BTreeSet<Timestamp>> = records.iter().map(birth).collect();
    match births.map(Vec::from_iter).as_deref() {
        Some([birth]) => Ok(*birth),
        _ => Err(
            "the records must name one stream in `eventSourceARN`, with its time after `/stream/`"
                .to_owned(),
        ),
    }
}

/// The time in the name of a record's stream. AWS writes a date and a time without a zone, in UTC; the local engine
/// writes seconds since 1970.
fn birth(record: &Value) -> Option<Timestamp> {
    let (_, label) = record
        .get("eventSourceARN")?
        .as_str()?
        .rsplit_once("/stream/")?;
    let (seconds, _) = label.split_once('.').unwrap_or((label, ""));
    match seconds.parse() {
        Ok(seconds) => Timestamp::from_second(seconds).ok(),
        Err(_) => format!("{label}Z").parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record(label: &str) -> Value {
        let arn = format!("arn:aws:dynamodb:eu-central-1:1:table/muster{label}");
        json!({ "eventSourceARN": arn })
    }

    #[test]
    fn the_birth_of_the_stream_is_in_its_name() {
        for (label, second) in [
            ("/stream/2026-11-28T10:00:00.000", 1_795_860_000),
            ("/stream/2026-11-28T10:00:00.999", 1_795_860_000),
            ("/stream/1795860000.123456789", 1_795_860_000),
        ] {
            let birth = stream_birth(&[record(label), record(label)]);
            assert_eq!(birth.map(Timestamp::as_second), Ok(second), "{label}");
        }
    }

    #[test]
    fn records_without_one_stream_are_an_error() {
        for records in [
            vec![record("")],
            vec![record("/stream/")],
            vec![record("/stream/yesterday")],
            vec![json!({})],
            vec![
                record("/stream/2026-11-28T10:00:00.000"),
                record("/stream/2026-11-28T10:01:00.000"),
            ],
            vec![record("/stream/2026-11-28T10:00:00.000"), json!({})],
        ] {
            let error = stream_birth(&records).unwrap_err();
            assert!(error.contains("eventSourceARN"), "{error}");
        }
    }
}
