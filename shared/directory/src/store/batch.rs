//! Batches: many items in few calls, what is left unprocessed tried again.

use aws_sdk_dynamodb::types::{
    DeleteRequest, KeysAndAttributes, ReturnConsumedCapacity, WriteRequest,
};
use futures_util::future::try_join_all;

use super::{ATTEMPTS, Item, Meter, Store, backoff};
use crate::error::{DirectoryError, from_sdk};
use crate::keys::Key;

/// How many keys one BatchGetItem takes.
const BATCH_GET: usize = 100;
/// How many requests one BatchWriteItem takes.
const BATCH_WRITE: usize = 25;

impl Store {
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
}
