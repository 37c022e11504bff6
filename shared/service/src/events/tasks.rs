//! Finishes large writes whose owner died or ran out of time.

use std::collections::BTreeMap;
use std::time::Duration;

use directory::task::TaskOutcome;
use directory::{Directory, DirectoryError};
use keyring::TenantId;

use super::{Outcome, Record};
use crate::clock::{Clock, Ids};

/// How long to wait before checking again whether an owner has finished its task, or the table is less busy.
const PAUSE: Duration = Duration::from_secs(2);

/// Finishes the tasks of a tenant, and waits until those in `records` are settled. Other tasks of the tenant are
/// finished on the way, but not waited for: they have records of their own.
pub(super) async fn tend(
    directory: &Directory,
    records: &[Record],
    clock: &Clock,
    ids: &Ids,
) -> Vec<Outcome> {
    loop {
        let met = match directory.finish(clock.now(), &ids.write()).await {
            Ok(met) => met,
            Err(error) => return vec![Outcome::of(&error); records.len()],
        };
        let outcomes: BTreeMap<&str, &TaskOutcome> =
            met.iter().map(|met| (&*met.sk, &met.outcome)).collect();
        let own = || {
            records
                .iter()
                .map(|record| outcomes.get(&*record.sk).copied())
        };
        if !own().flatten().any(is_unsettled) {
            return own().map(outcome).collect();
        }
        tokio::time::sleep(PAUSE).await;
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
fn outcome(task: Option<&TaskOutcome>) -> Outcome {
    match task {
        None | Some(TaskOutcome::Finished | TaskOutcome::Young) => Outcome::Done,
        Some(TaskOutcome::Failed(error)) => Outcome::of(error),
    }
}

/// Finishes the abandoned tasks of a tenant; returns an error that a retry may resolve.
pub(super) async fn sweep(
    directory: &Directory,
    tenant: &TenantId,
    clock: &Clock,
    ids: &Ids,
) -> Option<DirectoryError> {
    let met = match directory.finish(clock.now(), &ids.write()).await {
        Ok(met) => met,
        Err(error) => return Some(error),
    };
    let mut left = None;
    for met in met {
        let TaskOutcome::Failed(error) = met.outcome else {
            continue;
        };
        if let Outcome::GivenUp(reason) = Outcome::of(&error) {
            tracing::error!(tenant.id = %tenant, item = met.sk, reason, "event.abandoned");
        } else {
            tracing::warn!(tenant.id = %tenant, item = met.sk, reason = %error, "event.retry");
            left = Some(error);
        }
    }
    left
}
