//! Idempotency keys: a request with the same key is processed once, however often it is sent.
//!
//! The response is stored for a day. The caller encrypts it, so this crate cannot read it.

use jiff::Timestamp;

use crate::limits::{IDEMPOTENCY_KEPT, IDEMPOTENCY_UNDER_WAY};
use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::attribute::idempotency::{BEGUN, REQUEST, RESULT, SEED, WRITE};
use crate::table::{
    ConditionExpression, DirectoryError, Item, ItemUpdate, Meter, Put, Store, WriteId, at_most, is,
    keys, lacks, n, s, text,
};

/// A request with an idempotency key.
#[derive(Debug)]
pub struct IdempotencyRecord<'o> {
    /// The table.
    pub store: &'o Store,
    /// The digest of the caller's idempotency key.
    pub name: &'o str,
    /// The digest of the request.
    pub request: &'o str,
    /// Counts the calls.
    pub meter: &'o Meter,
}

/// The state of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IdempotencyState {
    /// The request must be processed now; holds the seed for its ids and tokens.
    Now(String),
    /// The request was processed before; holds the stored response.
    Before(String),
    /// The request is in progress.
    UnderWay,
    /// The idempotency key belongs to a different request.
    Other,
}

impl IdempotencyRecord<'_> {
    /// Begins the request unless it was begun before. `seed` is random and is stored until the request ends, so that a
    /// retry that continues the request generates the same ids.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn begin(
        &self,
        now: Timestamp,
        by: &WriteId,
        seed: &str,
    ) -> Result<IdempotencyState, DirectoryError> {
        let second = now.as_second();
        let begin = ItemUpdate::of(keys::idempotency(self.name))
            .set(REQUEST, s(self.request))
            .set(SEED, s(seed))
            .set(BEGUN, n(second))
            .set(WRITE, s(by.as_str()))
            .set(EXPIRES, n(second + IDEMPOTENCY_KEPT.as_secs()))
            .remove(RESULT)
            .when(ConditionExpression::Absent.or(at_most(EXPIRES, n(second))));
        let Put::ConditionFailed(Some(there)) = self.store.update(&begin, self.meter).await? else {
            return Ok(IdempotencyState::Now(seed.to_owned()));
        };
        let was = |name: &str| text(&there, name);
        match (was(REQUEST) == Some(self.request), was(RESULT)) {
            (false, _) => Ok(IdempotencyState::Other),
            (true, Some(kept)) => Ok(IdempotencyState::Before(kept.to_owned())),
            // Our own write, whose response was lost.
            (true, None) if was(WRITE) == Some(by.as_str()) => {
                Ok(IdempotencyState::Now(seed.to_owned()))
            }
            (true, None) => self.go_on(&there, second, by).await,
        }
    }

    /// Continues a request whose function has ended.
    async fn go_on(
        &self,
        there: &Item,
        second: i64,
        by: &WriteId,
    ) -> Result<IdempotencyState, DirectoryError> {
        let (Some(seed), Some(before)) = (text(there, SEED), text(there, WRITE)) else {
            return Ok(IdempotencyState::UnderWay);
        };
        let go_on = ItemUpdate::of(keys::idempotency(self.name))
            .set(BEGUN, n(second))
            .set(WRITE, s(by.as_str()))
            .set(EXPIRES, n(second + IDEMPOTENCY_KEPT.as_secs()))
            .when(is(WRITE, s(before)))
            .when(lacks(RESULT))
            .when(at_most(BEGUN, n(second - IDEMPOTENCY_UNDER_WAY.as_secs())));
        let is_ours = match self.store.update(&go_on, self.meter).await? {
            Put::Done => true,
            // Our own write, whose response was lost.
            Put::ConditionFailed(Some(now)) => text(&now, WRITE) == Some(by.as_str()),
            Put::ConditionFailed(None) => false,
        };
        match is_ours {
            true => Ok(IdempotencyState::Now(seed.to_owned())),
            false => Ok(IdempotencyState::UnderWay),
        }
    }

    /// Ends the request and stores its response; with `None` nothing is stored, and the request may be sent again.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn end(&self, by: &WriteId, kept: Option<String>) -> Result<(), DirectoryError> {
        let end = ItemUpdate::of(keys::idempotency(self.name)).when(is(WRITE, s(by.as_str())));
        let end = match kept {
            Some(kept) => end.set(RESULT, s(kept)).remove(SEED),
            None => end.set(BEGUN, n(0)),
        };
        self.store.update(&end, self.meter).await.map(drop)
    }
}
