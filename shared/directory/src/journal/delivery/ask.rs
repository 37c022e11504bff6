//! What a run of a delivery asks of the table, the receiver and the clock, and the answers.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use scim_core::event::{FeedEntry, Message, Position};

use super::schedule::DueMinute;
use crate::journal::destinations::Destination;
use crate::table::WriteId;

/// What the other deliveries to the destination mean for a run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Breaker {
    /// No delivery fails.
    Whole,
    /// Some began to fail since the last success.
    Counting,
    /// So many fail that the others wait until this one succeeds.
    Probe,
    /// So many fail that this one waits for the probe.
    Open,
}

/// What a run knows when it begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RunSetting {
    /// Whose feed it delivers.
    pub tenant: TenantId,
    /// The most events in a request; with 1, the body is the event.
    pub batch: u8,
    /// Whether other deliveries fail.
    pub breaker: Breaker,
    /// The id of the invocation, which is the same when it is invoked again after a death.
    pub invocation: String,
    /// The name of this run, which no other has.
    pub owner: WriteId,
    /// When the run must have ended.
    pub deadline: Timestamp,
    /// A random number.
    pub chance: u64,
}

/// A part of a feed behind a position.
#[derive(Clone, PartialEq, Debug)]
pub struct FeedPart {
    /// The entries for the receiver.
    pub entries: VecDeque<(Position, FeedEntry)>,
    /// Up to where it was read. It also moves past entries that are not for the receiver.
    pub next: Position,
    /// Whether there was nothing behind.
    pub is_over: bool,
}

/// What the table says when a run takes the lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Up to where the feed was read.
    pub through: Position,
    /// The position that the receiver acknowledged last.
    pub acked: Position,
    /// How many attempts have failed, one for each pause.
    pub attempts: u32,
    /// Since when it fails.
    pub since: Option<Timestamp>,
}

/// The state of a delivery that a run writes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum NewState {
    /// It works.
    Well,
    /// It fails and is tried again.
    Failing {
        /// How many attempts have failed.
        attempts: u32,
        /// When it is tried again.
        due: DueMinute,
        /// Since when it fails.
        since: Timestamp,
        /// Why.
        error: String,
    },
    /// It is not tried again by itself.
    Disabled {
        /// Since when it fails.
        since: Timestamp,
        /// Why.
        error: String,
    },
}

/// A change of a delivery that its owner writes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct DeliveryChange {
    /// The position that the table must have.
    pub from: Position,
    /// Up to where the feed was read.
    pub through: Position,
    /// The position that the receiver acknowledged last.
    pub acked: Position,
    /// Until when the owner keeps the lease; `None` to give it back.
    pub until: Option<Timestamp>,
    /// The new state, if it changes.
    pub state: Option<NewState>,
}

/// What is due.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DueWhat {
    /// The delivery of this tenant.
    Delivery,
    /// The deliveries of all tenants to the destination.
    Destination,
}

/// What a run asks.
#[derive(Clone, PartialEq, Debug)]
pub enum RunAsk {
    /// Of the table: the lease until then.
    Take(Timestamp),
    /// Of the table: a delivery, because there is none.
    Begin,
    /// Of the table: the entries behind a position.
    Read(Position),
    /// Of the receiver: to accept a message.
    Post(Message),
    /// To wait.
    Pause(SignedDuration),
    /// Of the table: a change of the delivery.
    Write(DeliveryChange),
    /// Of the table: to count that the delivery begins to fail.
    CountFailure,
    /// Of the table: something due at a minute.
    PutDue(DueWhat, DueMinute),
    /// Of the scheduler: a run of what is due at a minute.
    Schedule(DueMinute),
    /// Of the table: that the destination has no failures.
    CloseBreaker,
    /// Of the table: that the destination fails for good, with the reason.
    DisableDestination(String),
    /// Of the table: whether something is behind a position.
    Look(Position),
    /// To be invoked again, because time is up.
    InvokeAgain,
    /// Nothing more.
    Nothing,
}

/// What a receiver answered, or why it did not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Receipt {
    /// The status; `None` without an answer.
    pub status: Option<u16>,
    /// How long the receiver asks to wait.
    pub retry_after: Option<SignedDuration>,
    /// What went wrong, for people.
    pub error: String,
}

impl DeliveryChange {
    /// Whether nothing is sent any longer.
    #[must_use]
    pub const fn disables(&self) -> bool {
        matches!(self.state, Some(NewState::Disabled { .. }))
    }
}

impl Breaker {
    /// What the failures of a destination mean for the delivery of a tenant.
    #[must_use]
    pub fn of(destination: &Destination, tenant: &TenantId) -> Self {
        match destination.failures {
            0 => Self::Whole,
            _ if !destination.is_failing() => Self::Counting,
            _ if destination.probe.as_ref() == Some(tenant) => Self::Probe,
            _ => Self::Open,
        }
    }
}

impl Receipt {
    /// Whether the receiver accepted the message.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, Some(200..=299))
    }

    /// Whether the receiver says that it is gone for good.
    pub(super) const fn is_gone(&self) -> bool {
        matches!(self.status, Some(410))
    }

    /// Whether a smaller message may be accepted: the receiver answered, and not that it is busy.
    pub(super) const fn is_about_content(&self) -> bool {
        match self.status {
            None | Some(410 | 429 | 503) => false,
            Some(_) => !self.is_success(),
        }
    }
}

/// An answer to what was asked.
#[derive(Clone, PartialEq, Debug)]
pub enum RunTold {
    /// It has the lease.
    Taken(Taken),
    /// There is no delivery.
    Absent,
    /// Another run has the lease, or the delivery is not due.
    Refused,
    /// There is a delivery.
    Begun,
    /// There is no such tenant.
    NoTenant,
    Part(FeedPart),
    Receipt(Receipt),
    /// The change is written.
    Written,
    /// It is not: another run has the lease.
    Lost,
    /// It is not: nobody has the lease. Perhaps it was given back by this change, whose answer was lost.
    Unowned,
    /// The failure is counted; whether the destination counts as failing.
    Counted(bool),
    /// Whether something is behind.
    News(bool),
    /// What was asked is done.
    Done,
}
