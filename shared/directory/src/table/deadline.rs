//! Until when a request does what: the gateway gives up after 30 seconds, and Lambda ends a function after 28.
//!
//! A large change is prepared, committed, carried out and shown. What is not prepared in time is not committed: nothing
//! was changed, and the answer says so. What is committed is seen whole from then on, so that the request answers as
//! soon as the time is over, and others carry out the rest (see `task`).

use std::time::Duration;

use tokio::time::Instant;

/// How long after its beginning a request may be at something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// At what comes before a change.
    pub prepare: Duration,
    /// At carrying a change out that is committed.
    pub carry_out: Duration,
    /// At showing what was changed.
    pub show: Duration,
    /// At anything.
    pub answer: Duration,
}

impl Patience {
    /// What leaves a commit five seconds, and an answer two before Lambda ends the function.
    pub const USUAL: Self = Self {
        prepare: Duration::from_secs(18),
        carry_out: Duration::from_secs(20),
        show: Duration::from_secs(23),
        answer: Duration::from_secs(26),
    };

    /// No hurry.
    pub const AMPLE: Self = Self {
        prepare: Duration::from_hours(1),
        carry_out: Duration::from_hours(1),
        show: Duration::from_hours(1),
        answer: Duration::from_hours(1),
    };
}

/// The time of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deadline {
    pub(crate) begun: Instant,
    pub(crate) patience: Patience,
}

impl Deadline {
    /// Of a request that begins now.
    #[must_use]
    pub fn of(patience: Patience) -> Self {
        Self {
            begun: Instant::now(),
            patience,
        }
    }

    /// When the request is answered, whatever it is at.
    #[must_use]
    pub fn answer(&self) -> Instant {
        self.begun + self.patience.answer
    }
}

/// What comes of work that ends in time. When there is no time at all it is not begun.
pub async fn until_then<T>(until: Instant, work: impl Future<Output = T>) -> Option<T> {
    // Work for which there is time is most of a request: on the heap it is not copied from frame to frame.
    let work = Box::pin(work);
    match Instant::now() < until {
        true => tokio::time::timeout_at(until, work).await.ok(),
        false => None,
    }
}
