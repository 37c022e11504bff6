//! Until when a request does what: the gateway gives up after 30 seconds, and Lambda ends a function after 28.
//!
//! A large change is prepared, committed, carried out and shown. What is not prepared in time is not committed: nothing
//! was changed, and the answer says so. What is committed is seen whole from then on, so that the request answers as
//! soon as the time is over, and others carry out the rest (see `task`).

use std::time::Duration;

use tokio::time::Instant;

use crate::directory::Directory;
use crate::error::DirectoryError;

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
    begun: Instant,
    patience: Patience,
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

impl Directory {
    /// The same directory for one request, which has so much time. Without it there is no hurry.
    #[must_use]
    pub fn within(self, deadline: Deadline) -> Self {
        let deadline = Some(deadline);
        Self { deadline, ..self }
    }

    /// Whether there is no time left to begin a change.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let passed = |deadline: Deadline| deadline.begun.elapsed() >= deadline.patience.prepare;
        self.deadline.is_some_and(passed)
    }

    /// When a request that changed something stops reading what it shows.
    #[must_use]
    pub fn shown_by(&self) -> Option<Instant> {
        let by = |deadline: Deadline| deadline.begun + deadline.patience.show;
        self.deadline.map(by)
    }

    /// Does what comes before a change.
    pub(crate) async fn prepared<T>(
        &self,
        work: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<T, DirectoryError> {
        let Some(deadline) = self.deadline else {
            return work.await;
        };
        let until = deadline.begun + deadline.patience.prepare;
        let done = until_then(until, work).await.transpose()?;
        // A busy process may notice the end of the time late.
        done.filter(|_| !self.is_late())
            .ok_or(DirectoryError::OutOfTime)
    }

    /// Does what comes after a change, for so long at most; `None` when the time is over.
    pub(crate) async fn afterwards<T>(
        &self,
        most: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let most = Instant::now() + most;
        let until = self.deadline.map_or(most, |deadline| {
            most.min(deadline.begun + deadline.patience.carry_out)
        });
        until_then(until, work).await
    }
}
