//! Batch calls, which retry unprocessed items.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, DeleteRequest, KeysAndAttributes, PutRequest, ReturnConsumedCapacity,
    WriteRequest,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::Store;
use crate::limits::{ATTEMPTS, BATCH_GET, BATCH_WRITE, SIDE_BY_SIDE};
use crate::table::backoff::backoff;
use crate::table::error::{DirectoryError, from_sdk};
use crate::table::item::Item;
use crate::table::keys::{Key, PARTITION_KEY, SORT_KEY};
use crate::table::meter::Meter;

/// A key or an item as the SDK has it.
type Attributes = HashMap<String, AttributeValue>;

impl Store {
    /// The existing items with these keys, in no particular order.
    pub(crate) async fn batch_get(
        &self,
        keys: &[Key],
        meter: &Meter,
    ) -> Result<Vec<Item>, DirectoryError> {
        self.batch_read(keys, None, meter).await
    }

    /// The existing items with these keys, in no particular order and with only their key attributes.
    pub(crate) async fn batch_keys(
        &self,
        keys: &[Key],
        meter: &Meter,
    ) -> Result<Vec<Item>, DirectoryError> {
        self.batch_read(keys, Some(&format!("{PARTITION_KEY}, {SORT_KEY}")), meter)
            .await
    }

    async fn batch_read(
        &self,
        keys: &[Key],
        projection_expression: Option<&str>,
        meter: &Meter,
    ) -> Result<Vec<Item>, DirectoryError> {
        let batches = keys.chunks(BATCH_GET).map(|batch| {
            let mut left: Vec<_> = batch.iter().map(Key::attributes).collect();
            async move {
                // The branch is created when the future runs, so that its calls count as round trips after the earlier
                // ones.
                let branch = meter.branch();
                let mut found = Vec::with_capacity(left.len());
                for attempt in 0..ATTEMPTS {
                    backoff(attempt).await;
                    let (items, rest) = self
                        .batch_get_one(left, projection_expression, &branch)
                        .await?;
                    found.extend(items);
                    left = rest;
                    if left.is_empty() {
                        return Ok(found);
                    }
                }
                Err(DirectoryError::Throttled)
            }
        });
        // Collected first: a future that holds the closures would not be `Send` for every lifetime.
        let batches: Vec<_> = batches.collect();
        let found: Vec<_> = stream::iter(batches)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(found.concat())
    }

    /// One call: the items that it returned, and the keys that it left over.
    async fn batch_get_one(
        &self,
        keys: Vec<Attributes>,
        projection_expression: Option<&str>,
        meter: &Meter,
    ) -> Result<(Vec<Item>, Vec<Attributes>), DirectoryError> {
        let wanted = KeysAndAttributes::builder()
            .set_keys(Some(keys))
            .consistent_read(true)
            .set_projection_expression(projection_expression.map(str::to_owned))
            .build()?;
        meter.call(&["dynamodb:BatchGetItem"]);
        let output = self
            .client
            .batch_get_item()
            .request_items(&self.table, wanted)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| from_sdk(&error))?;
        meter.read(output.consumed_capacity());
        let found = self.own(output.responses).unwrap_or_default();
        let left = self.own(output.unprocessed_keys);
        Ok((
            found.into_iter().map(Item::new).collect(),
            left.map(|left| left.keys).unwrap_or_default(),
        ))
    }

    /// The part of a batch's response that is about this table.
    fn own<T>(&self, by_table: Option<HashMap<String, T>>) -> Option<T> {
        by_table?.remove(&self.table)
    }

    /// Deletes items without conditions, in no particular order.
    pub(crate) async fn batch_delete(
        &self,
        keys: &[Key],
        meter: &Meter,
    ) -> Result<(), DirectoryError> {
        let requests = keys.iter().map(|key| {
            let delete = DeleteRequest::builder().set_key(Some(key.attributes()));
            Ok(WriteRequest::builder()
                .delete_request(delete.build()?)
                .build())
        });
        self.batch_write(requests.collect(), meter).await
    }

    /// Puts items without conditions, in no particular order.
    pub(crate) async fn batch_put(
        &self,
        items: Vec<Item>,
        meter: &Meter,
    ) -> Result<(), DirectoryError> {
        let requests = items.into_iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(item.into_attributes()));
            Ok(WriteRequest::builder().put_request(put.build()?).build())
        });
        self.batch_write(requests.collect(), meter).await
    }

    async fn batch_write(
        &self,
        requests: Result<Vec<WriteRequest>, BuildError>,
        meter: &Meter,
    ) -> Result<(), DirectoryError> {
        let batches: Vec<_> = requests?
            .chunks(BATCH_WRITE)
            .map(|batch| {
                let mut left = batch.to_vec();
                async move {
                    let branch = meter.branch();
                    for attempt in 0..ATTEMPTS {
                        backoff(attempt).await;
                        left = match self.batch_write_one(&left, &branch).await {
                            Ok(left) if left.is_empty() => return Ok(()),
                            Ok(left) => left,
                            Err(DirectoryError::Contended) => left,
                            Err(error) => return Err(error),
                        };
                    }
                    Err(DirectoryError::Throttled)
                }
            })
            .collect();
        stream::iter(batches)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    /// One call: the requests that it left over.
    async fn batch_write_one(
        &self,
        requests: &[WriteRequest],
        meter: &Meter,
    ) -> Result<Vec<WriteRequest>, DirectoryError> {
        meter.call(&["dynamodb:BatchWriteItem"]);
        let output = self
            .client
            .batch_write_item()
            .request_items(&self.table, requests.to_vec())
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .map_err(|error| from_sdk(&error))?;
        meter.wrote(output.consumed_capacity());
        Ok(self.own(output.unprocessed_items).unwrap_or_default())
    }
}
