//! The table: calls to DynamoDB with what they cost, and what their failures mean.
//!
//! Every read is strongly consistent. What a request consumes is counted in a [`Meter`], from the
//! figures that DynamoDB returns.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConsumedCapacity, DeleteRequest, KeysAndAttributes, ReturnConsumedCapacity,
    TransactWriteItem, WriteRequest,
};
use futures_util::future::try_join_all;

use crate::error::{DirectoryError, from_sdk};
use crate::keys::{Key, PARTITION_KEY, SORT_KEY};

/// An item's attributes.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// How many keys one BatchGetItem takes.
const BATCH_GET: usize = 100;
/// How many requests one BatchWriteItem takes.
const BATCH_WRITE: usize = 25;
/// How often a call is repeated because of contention or unprocessed keys.
const ATTEMPTS: u32 = 12;

/// What a request consumed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Spent {
    /// Read request units.
    pub reads: f64,
    /// Write request units.
    pub writes: f64,
    /// Calls.
    pub calls: u32,
    /// Calls one after the other; calls side by side count once.
    pub round_trips: u32,
    /// The IAM actions that were used.
    pub actions: BTreeSet<&'static str>,
}

/// Counts what a request consumes.
///
/// Calls that are made side by side are counted by branches of the meter, so that of these only the
/// longest row of calls counts as round trips, however they happen to overlap.
#[derive(Debug, Default)]
pub struct Meter {
    spent: Arc<Mutex<Spent>>,
    /// Calls one after the other, up to now.
    depth: Arc<AtomicU32>,
    /// The depth of the meter that this is a branch of.
    trunk: Option<Arc<AtomicU32>>,
}

impl Meter {
    /// What was consumed so far.
    pub fn spent(&self) -> Spent {
        let round_trips = self.depth.load(Ordering::Relaxed);
        self.with(|spent| Spent {
            round_trips,
            ..spent.clone()
        })
    }

    /// A meter for calls that are made beside others; it counts into this one.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self {
            spent: Arc::clone(&self.spent),
            depth: Arc::new(AtomicU32::new(self.depth.load(Ordering::Relaxed))),
            trunk: Some(Arc::clone(&self.depth)),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Spent) -> T) -> T {
        act(&mut self.spent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn call(&self, actions: &[&'static str]) {
        self.depth.fetch_add(1, Ordering::Relaxed);
        self.with(|spent| {
            spent.calls += 1;
            spent.actions.extend(actions);
        });
    }

    fn read(&self, capacity: Option<&ConsumedCapacity>) {
        self.with(|spent| spent.reads += units(capacity));
    }

    fn wrote(&self, capacity: Option<&ConsumedCapacity>) {
        self.with(|spent| spent.writes += units(capacity));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(trunk) = &self.trunk {
            trunk.fetch_max(self.depth.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

fn units(capacity: Option<&ConsumedCapacity>) -> f64 {
    capacity
        .and_then(ConsumedCapacity::capacity_units)
        .unwrap_or_default()
}

/// Sort keys from one to another, both included.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) pk: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Range {
    /// All sort keys that begin with `prefix`.
    pub(crate) fn prefix(pk: String, prefix: &str) -> Self {
        Self {
            pk,
            from: prefix.to_owned(),
            to: format!("{prefix}\u{10ffff}"),
        }
    }
}

/// How a conditional write of one item ended.
pub(crate) enum Put {
    Done,
    /// The condition failed; the item as it is.
    Refused(Option<Item>),
}

/// How a transaction ended.
pub(crate) enum Transacted {
    Done,
    /// The places of the actions whose conditions failed.
    Refused(Vec<usize>),
}

/// The table.
#[derive(Debug)]
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// The table called `table`.
    #[must_use]
    pub const fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    pub(crate) fn table(&self) -> &str {
        &self.table
    }

    /// Opens a connection, so that the first request finds one. A failure is left to that request.
    pub async fn warm(&self) {
        let key = Key {
            pk: "tenants".to_owned(),
            sk: "-".to_owned(),
        };
        let _ = self.get(&key, &Meter::default()).await;
    }

    pub(crate) async fn get(
        &self,
        key: &Key,
        meter: &Meter,
    ) -> Result<Option<Item>, DirectoryError> {
        meter.call(&["dynamodb:GetItem"]);
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| from_sdk(&error))?;
        meter.read(output.consumed_capacity());
        Ok(output.item)
    }

    /// The items of a range in order, up to `limit`.
    pub(crate) async fn query(
        &self,
        range: &Range,
        limit: Option<usize>,
        meter: &Meter,
    ) -> Result<Vec<Item>, DirectoryError> {
        let mut items = Vec::new();
        let mut from = None;
        loop {
            let left = limit.map(|limit| limit - items.len());
            let (page, next) = self.query_page(range, left, from, meter).await?;
            items.extend(page);
            if next.is_none() || limit.is_some_and(|limit| items.len() >= limit) {
                return Ok(items);
            }
            from = next;
        }
    }

    /// One page of a range (at most 1 MB), and where the next one starts.
    pub(crate) async fn query_page(
        &self,
        range: &Range,
        limit: Option<usize>,
        from: Option<Item>,
        meter: &Meter,
    ) -> Result<(Vec<Item>, Option<Item>), DirectoryError> {
        meter.call(&["dynamodb:Query"]);
        let output = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", AttributeValue::S(range.pk.clone()))
            .expression_attribute_values(":from", AttributeValue::S(range.from.clone()))
            .expression_attribute_values(":to", AttributeValue::S(range.to.clone()))
            .set_limit(limit.map(|limit| i32::try_from(limit.max(1)).unwrap_or(i32::MAX)))
            .set_exclusive_start_key(from)
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| from_sdk(&error))?;
        meter.read(output.consumed_capacity());
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// The items that there are at the keys, in no order.
    pub(crate) async fn batch_get(
        &self,
        keys: &[Key],
        meter: &Meter,
    ) -> Result<Vec<Item>, DirectoryError> {
        let batches = keys.chunks(BATCH_GET).map(|batch| {
            let branch = meter.branch();
            async move { self.batch_get_one(batch, &branch).await }
        });
        Ok(try_join_all(batches).await?.concat())
    }

    async fn batch_get_one(
        &self,
        keys: &[Key],
        meter: &Meter,
    ) -> Result<Vec<Item>, DirectoryError> {
        let mut found = Vec::with_capacity(keys.len());
        let mut left: Vec<Item> = keys.iter().map(Key::attributes).collect();
        for attempt in 0..ATTEMPTS {
            backoff(attempt, keys.len()).await;
            let wanted = KeysAndAttributes::builder()
                .set_keys(Some(left))
                .consistent_read(true)
                .build()
                .map_err(|_| DirectoryError::Internal("a batch without keys".to_owned()))?;
            meter.call(&["dynamodb:BatchGetItem"]);
            let output = self
                .client
                .batch_get_item()
                .request_items(&self.table, wanted)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await
                .map_err(|error| from_sdk(&error))?;
            output
                .consumed_capacity()
                .iter()
                .for_each(|capacity| meter.read(Some(capacity)));
            found.extend(
                output
                    .responses
                    .unwrap_or_default()
                    .remove(&self.table)
                    .unwrap_or_default(),
            );
            left = output
                .unprocessed_keys
                .unwrap_or_default()
                .remove(&self.table)
                .map(|unprocessed| unprocessed.keys)
                .unwrap_or_default();
            if left.is_empty() {
                return Ok(found);
            }
        }
        Err(DirectoryError::Throttled)
    }

    /// Deletes items without conditions, in batches one after the other.
    pub(crate) async fn batch_delete(
        &self,
        keys: &[Key],
        meter: &Meter,
    ) -> Result<(), DirectoryError> {
        for batch in keys.chunks(BATCH_WRITE) {
            let mut left = batch
                .iter()
                .map(|key| {
                    DeleteRequest::builder()
                        .set_key(Some(key.attributes()))
                        .build()
                        .map(|delete| WriteRequest::builder().delete_request(delete).build())
                })
                .collect::<Result<Vec<_>, _>>()
                .map_err(|_| DirectoryError::Internal("a deletion without a key".to_owned()))?;
            let mut attempt = 0;
            while !left.is_empty() {
                if attempt == ATTEMPTS {
                    return Err(DirectoryError::Throttled);
                }
                backoff(attempt, left.len()).await;
                left = self.batch_write_one(left, meter).await?;
                attempt += 1;
            }
        }
        Ok(())
    }

    async fn batch_write_one(
        &self,
        requests: Vec<WriteRequest>,
        meter: &Meter,
    ) -> Result<Vec<WriteRequest>, DirectoryError> {
        meter.call(&["dynamodb:BatchWriteItem"]);
        let output = self
            .client
            .batch_write_item()
            .request_items(&self.table, requests)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| from_sdk(&error))?;
        output
            .consumed_capacity()
            .iter()
            .for_each(|capacity| meter.wrote(Some(capacity)));
        Ok(output
            .unprocessed_items
            .unwrap_or_default()
            .remove(&self.table)
            .unwrap_or_default())
    }

    /// One conditional update. A retry by the SDK after a lost answer meets its own write; the caller
    /// knows it by the write id in the item that comes back.
    pub(crate) async fn update(
        &self,
        update: aws_sdk_dynamodb::types::Update,
        meter: &Meter,
    ) -> Result<Put, DirectoryError> {
        for attempt in 0..ATTEMPTS {
            backoff(attempt, update.update_expression().len()).await;
            meter.call(&["dynamodb:UpdateItem"]);
            let result = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(update.key().clone()))
                .update_expression(update.update_expression())
                .set_condition_expression(update.condition_expression().map(str::to_owned))
                .set_expression_attribute_values(update.expression_attribute_values().cloned())
                .return_values_on_condition_check_failure(
                    aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let error = match result {
                Ok(output) => {
                    meter.wrote(output.consumed_capacity());
                    return Ok(Put::Done);
                }
                Err(error) => error,
            };
            if let Some(service) = error.as_service_error() {
                if service.code() == Some("TransactionConflictException") {
                    continue;
                }
                if service.is_conditional_check_failed_exception() {
                    let item = match error.into_service_error() {
                        aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(failed) => failed.item,
                        _ => None,
                    };
                    return Ok(Put::Refused(item));
                }
            }
            return Err(from_sdk(&error));
        }
        Err(DirectoryError::Contended)
    }

    /// Writes all or nothing. `token` makes a repetition by the SDK harmless; it must not be used for
    /// another transaction.
    pub(crate) async fn transact(
        &self,
        actions: Vec<TransactWriteItem>,
        token: &str,
        meter: &Meter,
    ) -> Result<Transacted, DirectoryError> {
        for attempt in 0..ATTEMPTS {
            backoff(attempt, seed(token)).await;
            meter.call(&iam_actions(&actions));
            let result = self
                .client
                .transact_write_items()
                .set_transact_items(Some(actions.clone()))
                .client_request_token(token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let error = match result {
                Ok(output) => {
                    output
                        .consumed_capacity()
                        .iter()
                        .for_each(|capacity| meter.wrote(Some(capacity)));
                    return Ok(Transacted::Done);
                }
                Err(error) => error,
            };
            match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                    let codes: Vec<_> = canceled
                        .cancellation_reasons()
                        .iter()
                        .map(|reason| reason.code().unwrap_or("None"))
                        .collect();
                    if let Some(refused) = refused(&codes)? {
                        return Ok(Transacted::Refused(refused));
                    }
                }
                Some(TransactWriteItemsError::TransactionInProgressException(_)) => {}
                _ => return Err(from_sdk(&error)),
            }
        }
        Err(DirectoryError::Contended)
    }
}

/// Reads the reasons of a canceled transaction: the places of failed conditions; `None` when it was
/// canceled by contention alone and can be repeated.
fn refused(codes: &[&str]) -> Result<Option<Vec<usize>>, DirectoryError> {
    let failed: Vec<usize> = codes
        .iter()
        .enumerate()
        .filter(|(_, code)| **code == "ConditionalCheckFailed")
        .map(|(index, _)| index)
        .collect();
    if !failed.is_empty() {
        return Ok(Some(failed));
    }
    let passing = [
        "None",
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
    ];
    match codes.iter().find(|code| !passing.contains(code)) {
        Some(code) => Err(DirectoryError::Internal((*code).to_owned())),
        None => Ok(None),
    }
}

fn iam_actions(actions: &[TransactWriteItem]) -> Vec<&'static str> {
    let used: BTreeSet<&'static str> = actions
        .iter()
        .flat_map(|action| {
            [
                action.put().map(|_| "dynamodb:PutItem"),
                action.update().map(|_| "dynamodb:UpdateItem"),
                action.delete().map(|_| "dynamodb:DeleteItem"),
                action
                    .condition_check()
                    .map(|_| "dynamodb:ConditionCheckItem"),
            ]
        })
        .flatten()
        .collect();
    used.into_iter().collect()
}

/// Waits before a repetition: nothing before the first attempt, then up to twice as long each time,
/// at most half a second, spread by `seed` so that competitors do not meet again.
pub async fn backoff(attempt: u32, seed: usize) {
    if attempt == 0 {
        return;
    }
    let most = 5_u64.saturating_mul(1 << attempt.min(7)).min(500);
    let spread = seed.wrapping_mul(0x9E37_79B9).wrapping_add(
        usize::try_from(attempt)
            .unwrap_or_default()
            .wrapping_mul(0x85EB_CA6B),
    );
    let wait = most / 2 + u64::try_from(spread % 1_000).unwrap_or_default() * most / 2_000;
    tokio::time::sleep(Duration::from_millis(wait)).await;
}

/// A number out of a write id, to spread repetitions.
pub(crate) fn seed(token: &str) -> usize {
    token.bytes().fold(0, |sum: usize, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(byte))
    })
}

/// A text attribute of an item.
pub(crate) fn text<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// A number attribute of an item.
pub(crate) fn number<N: std::str::FromStr>(item: &Item, name: &str) -> Option<N> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// The sort key of an item.
pub(crate) fn sort_key(item: &Item) -> &str {
    text(item, SORT_KEY).unwrap_or_default()
}

/// An item at a key.
pub(crate) fn item(
    key: &Key,
    attributes: impl IntoIterator<Item = (&'static str, AttributeValue)>,
) -> Item {
    let mut item: Item = attributes
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    item.insert(PARTITION_KEY.to_owned(), AttributeValue::S(key.pk.clone()));
    item.insert(SORT_KEY.to_owned(), AttributeValue::S(key.sk.clone()));
    item
}
