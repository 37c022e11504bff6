//! What a directory does within the time of a request.

use std::time::Duration;

use tokio::time::Instant;

use crate::people::directory::Directory;
use crate::table::{Deadline, DirectoryError, until_then};

impl Directory {
    /// The directory with the deadlines of a request. Without them there is no limit.
    #[must_use]
    pub fn within(self, deadline: Deadline) -> Self {
        let deadline = Some(deadline);
        Self { deadline, ..self }
    }

    /// Whether it is too late to start a change.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let passed = |deadline: Deadline| deadline.begun.elapsed() >= deadline.limits.prepare;
        self.deadline.is_some_and(passed)
    }

    /// When a request that changed something must stop reading for its response.
    #[must_use]
    pub fn shown_by(&self) -> Option<Instant> {
        let by = |deadline: Deadline| deadline.begun + deadline.limits.show;
        self.deadline.map(by)
    }

    /// Runs the preparation of a change.
    pub(crate) async fn prepared<T>(
        &self,
        work: impl Future<Output = Result<T, DirectoryError>>,
    ) -> Result<T, DirectoryError> {
        let Some(deadline) = self.deadline else {
            return work.await;
        };
        let until = deadline.begun + deadline.limits.prepare;
        let done = until_then(until, work).await.transpose()?;
        // A busy process may return late.
        done.filter(|_| !self.is_late())
            .ok_or(DirectoryError::OutOfTime)
    }

    /// Runs the work after a commit, at most for `most`; `None` if the time is up.
    pub(crate) async fn afterwards<T>(
        &self,
        most: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let most = Instant::now() + most;
        let until = self.deadline.map_or(most, |deadline| {
            most.min(deadline.begun + deadline.limits.carry_out)
        });
        until_then(until, work).await
    }
}
