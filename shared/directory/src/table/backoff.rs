//! Backoff before a retry.
//!
//! The SDK retries transient errors within its quota (see `keyring::aws`). This crate additionally retries what the SDK
//! does not: transactions that were cancelled by contention, and the unprocessed items of a batch. In both cases nothing
//! was written.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

/// Waits before a retry: not before the first attempt, then up to twice as long each time, at most half a second. The
/// second half of each wait is random. It takes no seed: what competing callers know, such as the item that they write,
/// they have in common.
pub async fn backoff(attempt: u32) {
    if attempt > 0 {
        tokio::time::sleep(wait(attempt, chance())).await;
    }
}

/// A random number. The keys of a `RandomState` are random per thread, and no two are the same.
#[expect(
    clippy::disallowed_methods,
    reason = "only waits depend on it, so tests need not control it"
)]
fn chance() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn wait(attempt: u32, chance: u64) -> Duration {
    let most = Duration::from_millis(5_u64.saturating_mul(1 << attempt.min(7)).min(500));
    let half = most / 2;
    let micros = u64::try_from(half.as_micros()).unwrap_or(u64::MAX);
    half + Duration::from_micros(chance % micros.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::limits::ATTEMPTS;

    #[test]
    fn competing_callers_wait_for_different_short_times() {
        for attempt in 1..ATTEMPTS {
            let waits: BTreeSet<Duration> = (0..100).map(|_| wait(attempt, chance())).collect();
            let most = Duration::from_millis((5 << attempt.min(7)).min(500));
            assert!(waits.len() > 90, "{attempt}: {waits:?}");
            assert!(waits.iter().all(|wait| *wait >= most / 2 && *wait <= most));
        }
        let longest: Duration = (1..ATTEMPTS)
            .map(|attempt| (0..1_000).map(|_| wait(attempt, chance())).max().unwrap())
            .sum();
        assert!(longest <= Duration::from_secs(4), "{longest:?}");
    }
}
