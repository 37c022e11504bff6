//! The table: calls to DynamoDB, their cost, and the meaning of their errors.
//!
//! Every read is strongly consistent, unless a query says otherwise ([`Pages::eventually`]). A [`Meter`] counts the capacity
//! that a request consumes, as DynamoDB reports it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure,
};

use scim_core::sort::Direction;

use crate::table::error::{DirectoryError, from_sdk, is_contended, meaning};
use crate::table::keys::{self, Key};
use keyring::aws::{Reaction, quota, reaction_to};

use super::actions::Actions;
use super::backoff::backoff;
use super::item::Item;
use super::meter::Meter;
use super::update::ItemUpdate;
use crate::limits::ATTEMPTS;

mod batch;
mod pages;

pub(crate) use pages::{KeyPages, Pages};

/// An inclusive range of sort keys in a partition.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    pub(crate) pk: String,
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Range {
    /// All sort keys. The range does not start with an empty key because DynamoDB rejects empty keys.
    pub(crate) fn all(pk: String) -> Self {
        Self {
            pk,
            from: "\u{1}".to_owned(),
            to: "\u{10ffff}".to_owned(),
        }
    }

    /// All sort keys that begin with `prefix`.
    pub(crate) fn prefix(pk: String, prefix: &str) -> Self {
        Self {
            pk,
            from: prefix.to_owned(),
            to: format!("{prefix}\u{10ffff}"),
        }
    }
}

/// The result of a conditional write of one item.
pub(crate) enum Put {
    Done,
    /// The condition failed; holds the current item.
    ConditionFailed(Option<Item>),
}

/// The result of an update: the requested attributes, or the item that failed the condition.
pub(crate) enum Updated {
    Done(Item),
    ConditionFailed(Option<Item>),
}

/// The result of a transaction.
pub(crate) enum Transacted {
    Done,
    /// The indexes of the actions whose conditions failed.
    ConditionFailed(Vec<usize>),
}

/// The table.
#[derive(Debug)]
pub struct Store {
    client: Client,
    table: String,
}

impl Store {
    /// A store for the table with this name.
    #[must_use]
    pub const fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// The same table for background work: it shares the connections but has its own retry quota.
    #[must_use]
    pub fn behind(&self) -> Self {
        let config = self.client.config().to_builder().retry_partition(quota());
        Self {
            client: Client::from_conf(config.build()),
            table: self.table.clone(),
        }
    }

    /// Opens a connection so that the first request need not. Errors are ignored, because that request will report them.
    pub async fn warm(&self) {
        let key = Key {
            pk: keys::TENANTS.to_owned(),
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
        Ok(output.item.map(Item::new))
    }

    /// The items of a range in ascending order, up to `limit`.
    pub(crate) async fn query(
        &self,
        range: &Range,
        limit: Option<usize>,
        meter: &Meter,
    ) -> Result<Vec<Item>, DirectoryError> {
        self.query_in(range, limit, Direction::Ascending, meter)
            .await
    }

    /// The items of a range in the given order, up to `limit`.
    pub(crate) async fn query_in(
        &self,
        range: &Range,
        limit: Option<usize>,
        direction: Direction,
        meter: &Meter,
    ) -> Result<Vec<Item>, DirectoryError> {
        let mut pages = self.pages(range, direction, meter);
        let mut items = Vec::new();
        while let Some(page) = pages
            .next_of(limit.map(|limit| limit - items.len()))
            .await?
        {
            items.extend(page);
            if limit.is_some_and(|limit| items.len() >= limit) {
                break;
            }
        }
        Ok(items)
    }

    /// Runs one conditional update. If the SDK retries after a lost response, the condition fails on its own write; the
    /// caller recognises that by the write id in the returned item.
    pub(crate) async fn update(
        &self,
        update: &ItemUpdate,
        meter: &Meter,
    ) -> Result<Put, DirectoryError> {
        Ok(match self.update_item(update, None, meter).await? {
            Updated::Done(_) => Put::Done,
            Updated::ConditionFailed(item) => Put::ConditionFailed(item),
        })
    }

    /// Runs one conditional update and returns the new item. As with [`Self::update`], its own write may be what fails the
    /// condition.
    pub(crate) async fn change(
        &self,
        update: &ItemUpdate,
        meter: &Meter,
    ) -> Result<Updated, DirectoryError> {
        let after = Some(ReturnValue::AllNew);
        self.update_item(update, after, meter).await
    }

    /// Runs an unconditional update and returns the new item. If a response is lost, the SDK retries and the update is
    /// applied twice.
    pub(crate) async fn add(
        &self,
        update: &ItemUpdate,
        meter: &Meter,
    ) -> Result<Item, DirectoryError> {
        let after = Some(ReturnValue::AllNew);
        match self.update_item(update, after, meter).await? {
            Updated::Done(item) => Ok(item),
            Updated::ConditionFailed(_) => Err(DirectoryError::Internal(
                "an update without conditions was refused".to_owned(),
            )),
        }
    }

    /// Runs an update, with retries on contention.
    async fn update_item(
        &self,
        update: &ItemUpdate,
        returned: Option<ReturnValue>,
        meter: &Meter,
    ) -> Result<Updated, DirectoryError> {
        let (expression, given) = update.expressions();
        let old = update
            .is_conditional()
            .then_some(ReturnValuesOnConditionCheckFailure::AllOld);
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            meter.call(&["dynamodb:UpdateItem"]);
            let result = self
                .client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(update.key().attributes()))
                .update_expression(&expression)
                .set_condition_expression(given.condition.clone())
                .set_expression_attribute_names(given.names.clone())
                .set_expression_attribute_values(given.values.clone())
                .set_return_values(returned.clone())
                .set_return_values_on_condition_check_failure(old.clone())
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            match result {
                Ok(output) => {
                    meter.wrote(output.consumed_capacity());
                    return Ok(Updated::Done(Item::new(
                        output.attributes.unwrap_or_default(),
                    )));
                }
                Err(error) if is_contended(&error) => {}
                Err(error) => {
                    let updated = not_updated(error)?;
                    meter.refused();
                    return Ok(updated);
                }
            }
        }
        Err(DirectoryError::Contended)
    }

    /// Runs a transaction. `token` makes retries by the SDK idempotent; it must not be used for another transaction.
    pub(crate) async fn transact(
        &self,
        actions: &Actions,
        token: &str,
        meter: &Meter,
    ) -> Result<Transacted, DirectoryError> {
        let (items, permissions) = (actions.to_items(&self.table)?, actions.permissions());
        for attempt in 0..ATTEMPTS {
            backoff(attempt).await;
            meter.call(&permissions);
            let result = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .client_request_token(token)
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let error = match result {
                Ok(output) => {
                    meter.wrote(output.consumed_capacity());
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
                        return Ok(Transacted::ConditionFailed(refused));
                    }
                }
                _ if is_contended(&error) => {}
                _ => return Err(from_sdk(&error)),
            }
        }
        Err(DirectoryError::Contended)
    }
}

/// The meaning of a failed update: the condition did not hold, or an error.
fn not_updated(error: SdkError<UpdateItemError>) -> Result<Updated, DirectoryError> {
    let is_refused = error
        .as_service_error()
        .is_some_and(UpdateItemError::is_conditional_check_failed_exception);
    if !is_refused {
        return Err(from_sdk(&error));
    }
    Ok(Updated::ConditionFailed(match error.into_service_error() {
        UpdateItemError::ConditionalCheckFailedException(failed) => failed.item.map(Item::new),
        _ => None,
    }))
}

/// Interprets the reasons of a cancelled transaction: the indexes of failed conditions, or `None` if only contention
/// cancelled it and it can be retried.
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
    let repeats = |code: &&&str| {
        matches!(
            reaction_to(Some(code), 400),
            Reaction::Retry | Reaction::Throttle
        )
    };
    let reasons = codes.iter().filter(|code| **code != "None");
    match reasons.clone().find(|code| !repeats(code)) {
        Some(code) => Err(meaning(Some(code), 400)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_of_a_cancelled_transaction_decide_between_retry_rejection_and_error() {
        let none = "None";
        for again in [
            ["TransactionConflict", none],
            [none, "ThrottlingError"],
            ["ProvisionedThroughputExceeded", "TransactionConflict"],
            [none, none],
        ] {
            assert!(matches!(refused(&again), Ok(None)), "{again:?}");
        }
        for (codes, places) in [
            (["ConditionalCheckFailed", none], vec![0]),
            (["TransactionConflict", "ConditionalCheckFailed"], vec![1]),
            (
                ["ConditionalCheckFailed", "ConditionalCheckFailed"],
                vec![0, 1],
            ),
        ] {
            assert_eq!(refused(&codes).unwrap(), Some(places), "{codes:?}");
        }
        for code in ["ItemCollectionSizeLimitExceeded", "ValidationError"] {
            let failed = refused(&[none, code]);
            assert!(matches!(failed, Err(DirectoryError::Internal(named)) if named == code));
        }
        for code in ["AccessDenied", "SomethingNew"] {
            let failed = refused(&["TransactionConflict", code]);
            assert!(matches!(failed, Err(DirectoryError::Refused(named)) if named == code));
        }
    }
}
