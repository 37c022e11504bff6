//! Lambda's event source mapping for a stream: it reads records, drops those that match no pattern, collects the rest into
//! a batch, invokes the function, and retries a failed record before any later one.
//!
//! There is one shard and one batch at a time; Lambda's parallel batches per shard are not simulated.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use service::clock::Clock;
use tokio::time::Instant;

use crate::dynamo::{DynamoError, Stream};
use crate::template::Mapping;

/// Pause between two reads of the stream, as in Lambda.
pub(crate) const PAUSE: Duration = Duration::from_millis(250);
/// Upper limit of the exponential backoff after failures.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Reads a stream and invokes a function with its records.
pub struct Poller {
    stream: Stream,
    mapping: Mapping,
    clock: Clock,
    /// Matching records that are not handled yet.
    waiting: VecDeque<Value>,
    /// When the first waiting record was read: start of the batching window.
    since: Option<Instant>,
    /// Largest size of the next batch; halved after a failure if the mapping bisects.
    size: usize,
    /// How often the first waiting record has failed.
    attempts: u64,
}

/// The result of a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollStep {
    /// The function was not invoked: no record is waiting, or the batching window is still open.
    Idle,
    /// The function was invoked and handled this many records.
    Done(usize),
    /// The function was invoked and failed at the first record of the batch.
    Failed,
}

impl Poller {
    #[must_use]
    pub const fn new(stream: Stream, mapping: Mapping, clock: Clock) -> Self {
        Self {
            stream,
            size: mapping.batch_size,
            mapping,
            clock,
            waiting: VecDeque::new(),
            since: None,
            attempts: 0,
        }
    }

    /// Reads and invokes without end.
    pub async fn run(mut self, invoke: impl AsyncFn(Value) -> Result<Value, String>) -> Infallible {
        loop {
            match self.turn(&invoke).await {
                Ok(PollStep::Idle) => tokio::time::sleep(PAUSE).await,
                Ok(PollStep::Done(_)) => {}
                Ok(PollStep::Failed) => {
                    let doubled = 2_u32.saturating_pow(u32::try_from(self.attempts).unwrap_or(9));
                    tokio::time::sleep(LONGEST_PAUSE.min(PAUSE * doubled.min(1_000))).await;
                }
                Err(error) => {
                    tracing::error!(%error, "stream.failed");
                    tokio::time::sleep(LONGEST_PAUSE).await;
                }
            }
        }
    }

    /// Reads new records, and invokes the function once if a batch is due.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub async fn turn(
        &mut self,
        invoke: &impl AsyncFn(Value) -> Result<Value, String>,
    ) -> Result<PollStep, DynamoError> {
        self.gather().await?;
        self.skip_expired();
        let Some(since) = self.since else {
            return Ok(PollStep::Idle);
        };
        let is_full = self.waiting.len() >= self.mapping.batch_size;
        match is_full || since.elapsed() >= self.mapping.window {
            true => Ok(self.invoke(invoke).await),
            false => Ok(PollStep::Idle),
        }
    }

    /// Reads new records until a batch is full or the stream has no more.
    async fn gather(&mut self) -> Result<(), DynamoError> {
        while self.waiting.len() < self.mapping.batch_size {
            let records = self.stream.read().await?;
            let Some(last) = records.last().map(|last| number(last).to_owned()) else {
                return Ok(());
            };
            let patterns = &self.mapping.patterns;
            let taken = records.into_iter().filter(|record| {
                patterns.is_empty() || patterns.iter().any(|pattern| pattern.takes(record))
            });
            self.waiting.extend(taken);
            match self.waiting.is_empty() {
                true => self.stream.keep(&last),
                false => self.since = self.since.or_else(|| Some(Instant::now())),
            }
        }
        Ok(())
    }

    /// Skips waiting records that are older than the mapping's limit.
    fn skip_expired(&mut self) {
        let Some(oldest) = self.mapping.oldest else {
            return;
        };
        let now = self.clock.now();
        let is_old = |record: &Value| {
            let made = record.pointer("/dynamodb/ApproximateCreationDateTime");
            let made = made.and_then(Value::as_f64).unwrap_or_default();
            age(now, made) > oldest
        };
        let old = self.waiting.iter().take_while(|record| is_old(record));
        let old = old.count();
        if old > 0 {
            tracing::error!(
                function = self.mapping.function,
                records = old,
                "stream.too_old"
            );
            self.acknowledge(old);
        }
    }

    async fn invoke(&mut self, invoke: &impl AsyncFn(Value) -> Result<Value, String>) -> PollStep {
        let batch: Vec<&Value> = self.waiting.iter().take(self.size).collect();
        let size = batch.len();
        let failed = match invoke(json!({ "Records": batch })).await {
            Ok(answer) if self.mapping.reports => first_failure(&answer, &batch),
            Ok(_) => None,
            Err(error) => {
                tracing::error!(function = self.mapping.function, error, "function.failed");
                if self.mapping.bisects {
                    self.size = size.div_ceil(2);
                }
                Some(0)
            }
        };
        match failed {
            Some(0) => {
                self.attempts += 1;
                if self
                    .mapping
                    .attempts
                    .is_some_and(|most| self.attempts > most)
                {
                    tracing::error!(function = self.mapping.function, "stream.too_often");
                    self.acknowledge(size);
                }
                PollStep::Failed
            }
            failed => {
                let handled = failed.unwrap_or(size);
                self.acknowledge(handled);
                self.size = self.mapping.batch_size;
                PollStep::Done(handled)
            }
        }
    }

    /// Removes the first waiting records and remembers their position in the stream.
    fn acknowledge(&mut self, number_of: usize) {
        self.attempts = 0;
        let done = self.waiting.drain(..number_of).next_back();
        if let Some(last) = done {
            self.stream.keep(number(&last));
        }
        if self.waiting.is_empty() {
            self.since = None;
        }
    }
}

/// The time since `made`, in seconds of the Unix epoch.
fn age(now: Timestamp, made: f64) -> Duration {
    let seconds = now.as_duration().as_secs_f64() - made;
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

fn number(record: &Value) -> &str {
    let number = record.pointer("/dynamodb/SequenceNumber");
    number.and_then(Value::as_str).unwrap_or_default()
}

/// The index of the first record that the function's answer reports as failed; 0 if it names a record that is not in the
/// batch.
fn first_failure(answer: &Value, batch: &[&Value]) -> Option<usize> {
    let failures = answer.get("batchItemFailures")?.as_array()?;
    let places = failures.iter().map(|failure| {
        let named = failure.get("itemIdentifier").and_then(Value::as_str);
        let place = batch
            .iter()
            .position(|record| Some(number(record)) == named);
        place.unwrap_or_default()
    });
    places.min()
}
