//! A delivery as an item.

use jiff::Timestamp;
use scim_core::event::Position;

use super::ask::{NewState, Taken};
use crate::journal::destinations::DestinationId;
use crate::limits::DELIVERY_ERROR_BYTES;
use crate::table::keys::attribute::delivery::{
    ACKNOWLEDGED, ATTEMPTS, DUE, ERROR, FAILING_SINCE, LEASED_UNTIL, STATE, THROUGH,
};
use crate::table::{
    DirectoryError, Item, ItemUpdate, corrupt, instant_if, n, number, number_if, s, sort_key, text,
};

pub(super) const WELL: &str = "well";
pub(super) const FAILING: &str = "failing";
pub(super) const DISABLED: &str = "disabled";

/// How far the feed of a tenant was delivered to a destination.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The destination.
    pub destination: DestinationId,
    /// The position up to which the feed was read.
    pub through: Position,
    /// The position that the receiver acknowledged last; 0 if none.
    pub acknowledged: Position,
    /// Whether it works.
    pub state: DeliveryState,
    /// Until when a run has it to itself, if one has.
    pub leased_until: Option<Timestamp>,
}

/// Whether a delivery works.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DeliveryState {
    /// It does, or there was nothing to deliver.
    Well,
    /// It does not, and is tried again.
    Failing {
        /// How many attempts have failed, one for each pause.
        attempts: u32,
        /// When it is tried again.
        due: Timestamp,
        /// Since when it fails.
        since: Timestamp,
        /// Why, in words.
        error: String,
    },
    /// It failed for so long, or the receiver said so, that it is not tried again until somebody resumes it.
    Disabled {
        /// Since when it failed.
        since: Timestamp,
        /// Why, in words.
        error: String,
    },
}

impl Delivery {
    pub(super) fn read(item: &Item) -> Result<Self, DirectoryError> {
        let read = || {
            let position = |name| Position::new(number(item, name)?);
            let since = instant_if(item, FAILING_SINCE, Timestamp::from_millisecond).ok()?;
            let error = text(item, ERROR).unwrap_or_default().to_owned();
            Some(Self {
                destination: DestinationId::parse(sort_key(item))?,
                through: position(THROUGH)?,
                acknowledged: position(ACKNOWLEDGED)?,
                leased_until: instant_if(item, LEASED_UNTIL, Timestamp::from_millisecond).ok()?,
                state: match text(item, STATE)? {
                    WELL => DeliveryState::Well,
                    FAILING => DeliveryState::Failing {
                        attempts: number_if(item, ATTEMPTS).ok()?.unwrap_or_default(),
                        due: Timestamp::from_second(number(item, DUE)?).ok()?,
                        since: since?,
                        error,
                    },
                    DISABLED => DeliveryState::Disabled {
                        since: since?,
                        error,
                    },
                    _ => return None,
                },
            })
        };
        read().ok_or_else(|| corrupt("delivery"))
    }

    /// What a run must know that has taken the lease.
    pub(super) fn taken(self) -> Taken {
        let (attempts, since) = match self.state {
            DeliveryState::Failing {
                attempts, since, ..
            } => (attempts, Some(since)),
            DeliveryState::Well | DeliveryState::Disabled { .. } => (0, None),
        };
        Taken {
            through: self.through,
            acked: self.acknowledged,
            attempts,
            since,
        }
    }
}

/// Adds a new state to an update.
pub(super) fn set_state(update: ItemUpdate, state: &NewState) -> ItemUpdate {
    let cut = |error: &str| {
        let end = error.floor_char_boundary(DELIVERY_ERROR_BYTES);
        s(error.get(..end).unwrap_or_default())
    };
    match state {
        NewState::Well => update
            .set(STATE, s(WELL))
            .remove(ATTEMPTS)
            .remove(DUE)
            .remove(FAILING_SINCE)
            .remove(ERROR),
        NewState::Failing {
            attempts,
            due,
            since,
            error,
        } => update
            .set(STATE, s(FAILING))
            .set(ATTEMPTS, n(attempts))
            .set(DUE, n(due.start().as_second()))
            .set(FAILING_SINCE, n(since.as_millisecond()))
            .set(ERROR, cut(error)),
        NewState::Disabled { since, error } => update
            .set(STATE, s(DISABLED))
            .remove(ATTEMPTS)
            .remove(DUE)
            .set(FAILING_SINCE, n(since.as_millisecond()))
            .set(ERROR, cut(error)),
    }
}
