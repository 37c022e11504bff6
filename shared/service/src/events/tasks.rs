//! Large writes whose owner died, or left to others what it had no time for.

use std::collections::BTreeMap;
use std::time::Duration;

use directory::task::Fate;
use directory::{Directory, DirectoryError};
use keyring::TenantId;

use super::{Outcome, Record};
use crate::clock::{Clock, Ids};

/// How long to wait before looking again whether an owner is still at its task, or the table less busy.
const PAUSE: Duration = Duration::from_secs(2);

/// Finishes the tasks of a tenant, and stays until that is so for those of which there are records. What there
/// is beside them has records of its own, or met the end of them: it is finished on the way.
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
        let fates: BTreeMap<&str, &Fate> = met.iter().map(|met| (&*met.sk, &met.fate)).collect();
        let own = || records.iter().map(|record| fates.get(&*record.sk).copied());
        if !own().flatten().any(is_unsettled) {
            return own().map(outcome).collect();
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether looking again soon may show another fate.
const fn is_unsettled(fate: &Fate) -> bool {
    matches!(fate, Fate::Young | Fate::Failed(DirectoryError::Contended))
}

/// What came of a record, by the fate of its task, if there was one.
fn outcome(fate: Option<&Fate>) -> Outcome {
    match fate {
        None | Some(Fate::Finished | Fate::Young) => Outcome::Done,
        Some(Fate::Failed(error)) => Outcome::of(error),
    }
}

/// Finishes the tasks of a tenant that no owner is at; what is left of them and may be finished another time.
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
        let Fate::Failed(error) = met.fate else {
            continue;
        };
        if let Outcome::GivenUp(reason) = Outcome::of(&error) {
            tracing::error!(tenant.id = %tenant, item = met.sk, reason, "event.given_up");
        } else {
            tracing::warn!(tenant.id = %tenant, item = met.sk, reason = %error, "event.again");
            left = Some(error);
        }
    }
    left
}
