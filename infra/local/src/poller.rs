//! What Lambda does with a stream: it reads records, leaves out what no pattern of the mapping takes, gathers the
//! rest, invokes the function with a batch, and has what failed come again, before anything behind it.
//!
//! There is one shard here, and one batch at a time: batches of one shard side by side are not stood in for.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use service::clock::Clock;
use tokio::time::Instant;

use crate::dynamo::{DynamoError, Stream};
use crate::template::Mapping;

mod pattern;

pub use pattern::Pattern;

/// How often the stream is read; as often as Lambda does.
const PAUSE: Duration = Duration::from_millis(250);
/// How long to wait before what failed is tried again: twice as long each time, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A reader of a stream that invokes a function.
pub struct Poller {
    stream: Stream,
    mapping: Mapping,
    clock: Clock,
    /// The records that the function is to be invoked with.
    waiting: VecDeque<Value>,
    /// When the first of them was read.
    since: Option<Instant>,
    /// How many of them the next batch has at most; fewer after a failure.
    size: usize,
    /// How often the first of them failed.
    attempts: u64,
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// There was nothing to invoke the function for, or not yet.
    Idle,
    /// The function was invoked, and so many records are done with.
    Done(usize),
    /// The function was invoked, and the first record of the batch comes again.
    Failed,
}

impl Poller {
    /// A reader of this stream.
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

    /// Reads and invokes for ever.
    pub async fn run(mut self, invoke: impl AsyncFn(Value) -> Result<Value, String>) -> Infallible {
        loop {
            match self.turn(&invoke).await {
                Ok(Turn::Idle) => tokio::time::sleep(PAUSE).await,
                Ok(Turn::Done(_)) => {}
                Ok(Turn::Failed) => {
                    let doubled = 2_u32.saturating_pow(u32::try_from(self.attempts).unwrap_or(9));
                    tokio::time::sleep(LONGEST_PAUSE.min(PAUSE * doubled.min(1_000))).await;
                }
                Err(error) => {
                    tracing::error!(%error, "stream");
                    tokio::time::sleep(LONGEST_PAUSE).await;
                }
            }
        }
    }

    /// Reads what is new, and invokes the function once if there is reason to.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub async fn turn(
        &mut self,
        invoke: &impl AsyncFn(Value) -> Result<Value, String>,
    ) -> Result<Turn, DynamoError> {
        self.gather().await?;
        self.forget();
        let Some(since) = self.since else {
            return Ok(Turn::Idle);
        };
        let is_full = self.waiting.len() >= self.mapping.batch_size;
        match is_full || since.elapsed() >= self.mapping.window {
            true => Ok(self.invoke(invoke).await),
            false => Ok(Turn::Idle),
        }
    }

    /// Reads what is new in the stream, unless there is a batch waiting.
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

    /// Passes over what is too old.
    fn forget(&mut self) {
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
            self.done(old);
        }
    }

    async fn invoke(&mut self, invoke: &impl AsyncFn(Value) -> Result<Value, String>) -> Turn {
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
                    self.done(size);
                }
                Turn::Failed
            }
            failed => {
                let handled = failed.unwrap_or(size);
                self.done(handled);
                self.size = self.mapping.batch_size;
                Turn::Done(handled)
            }
        }
    }

    /// Is done with the first records that wait.
    fn done(&mut self, number_of: usize) {
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

/// The time since a second of the epoch.
fn age(now: Timestamp, made: f64) -> Duration {
    let seconds = now.as_duration().as_secs_f64() - made;
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// The sequence number of a record.
fn number(record: &Value) -> &str {
    let number = record.pointer("/dynamodb/SequenceNumber");
    number.and_then(Value::as_str).unwrap_or_default()
}

/// The first record of a batch that the function's answer calls failed; all of them when it cannot be understood.
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
