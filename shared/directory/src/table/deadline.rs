//! Deadlines of a request: the gateway times out after 30 seconds, and Lambda ends a function after 28.
//!
//! A large change is prepared, committed, carried out and shown. A change that is not prepared in time is not committed:
//! nothing has changed, and the response says so. A committed change is visible as a whole, so the request responds when
//! its time is up, and another process finishes the rest (see `task`).

use std::time::Duration;

use tokio::time::Instant;

use crate::limits::{ANSWERED_BY, CARRIED_OUT_BY, PREPARED_BY, SHOWN_BY};

/// How long a request may spend on each phase, counted from its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimeLimits {
    /// Preparing a change.
    pub prepare: Duration,
    /// Carrying out a committed change.
    pub carry_out: Duration,
    /// Reading what the response shows.
    pub show: Duration,
    /// The whole request.
    pub answer: Duration,
}

impl TimeLimits {
    pub const USUAL: Self = Self {
        prepare: PREPARED_BY,
        carry_out: CARRIED_OUT_BY,
        show: SHOWN_BY,
        answer: ANSWERED_BY,
    };

    /// Practically no limit.
    pub const AMPLE: Self = Self {
        prepare: Duration::from_hours(1),
        carry_out: Duration::from_hours(1),
        show: Duration::from_hours(1),
        answer: Duration::from_hours(1),
    };
}

/// The deadlines of one request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deadline {
    pub(crate) begun: Instant,
    pub(crate) limits: TimeLimits,
}

impl Deadline {
    /// The deadlines of a request that starts now.
    #[must_use]
    pub fn of(limits: TimeLimits) -> Self {
        Self {
            begun: Instant::now(),
            limits,
        }
    }

    /// When the request must be answered.
    #[must_use]
    pub fn answer(&self) -> Instant {
        self.begun + self.limits.answer
    }
}

/// Runs `work` until `until`; `None` if the time is up first. Work without any time left is not started.
pub async fn until_then<T>(until: Instant, work: impl Future<Output = T>) -> Option<T> {
    // This future is most of a request; on the heap it is not copied between stack frames.
    let work = Box::pin(work);
    match Instant::now() < until {
        true => tokio::time::timeout_at(until, work).await.ok(),
        false => None,
    }
}
