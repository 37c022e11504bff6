//! Finishes large writes whose owner died or ran out of time.

use std::collections::BTreeMap;

use directory::task::TaskOutcome;
use directory::{Directory, DirectoryError};
use keyring::TenantId;

use super::{RecordResult, StreamRecord};
use crate::clock::{Clock, Ids};
use crate::limits::TASK_PAUSE;

/// Finishes the tasks of a tenant, and waits until those in `records` are settled. Other tasks of the tenant are
/// finished on the way, but not waited for: they have records of their own.
pub(super) async fn finish_and_wait(
    directory: &Directory,
    records: &[StreamRecord],
    clock: &Clock,
    ids: &Ids,
) -> Vec<RecordResult> {
    loop {
        let results = match directory.finish(clock.now(), &ids.write()).await {
            Ok(results) => results,
            Err(error) => return vec![RecordResult::of(&error); records.len()],
        };
        let outcomes: BTreeMap<&str, &TaskOutcome> = results
            .iter()
            .map(|result| (&*result.sk, &result.outcome))
            .collect();
        let own = || {
            records
                .iter()
                .map(|record| outcomes.get(&*record.sk).copied())
        };
        if !own().flatten().any(is_unsettled) {
            return own().map(outcome).collect();
        }
        tokio::time::sleep(TASK_PAUSE).await;
    }
}

/// Whether the outcome may change soon.
const fn is_unsettled(outcome: &TaskOutcome) -> bool {
    matches!(
        outcome,
        TaskOutcome::Young | TaskOutcome::Failed(DirectoryError::Contended)
    )
}

/// The result of a record, from the outcome of its task if the task still exists.
fn outcome(task: Option<&TaskOutcome>) -> RecordResult {
    match task {
        None | Some(TaskOutcome::Finished | TaskOutcome::Young) => RecordResult::Done,
        Some(TaskOutcome::Failed(error)) => RecordResult::of(error),
    }
}

/// Finishes the abandoned tasks of a tenant; returns an error that a retry may resolve.
pub(super) async fn sweep(
    directory: &Directory,
    tenant: &TenantId,
    clock: &Clock,
    ids: &Ids,
) -> Option<DirectoryError> {
    let results = match directory.finish(clock.now(), &ids.write()).await {
        Ok(results) => results,
        Err(error) => return Some(error),
    };
    let mut left = None;
    for result in results {
        let TaskOutcome::Failed(error) = result.outcome else {
            continue;
        };
        if let RecordResult::GivenUp(error) = RecordResult::of(&error) {
            tracing::error!(tenant.id = %tenant, item.key = result.sk, error, "event.abandoned");
        } else {
            tracing::warn!(tenant.id = %tenant, item.key = result.sk, %error, "event.retry");
            left = Some(error);
        }
    }
    left
}
