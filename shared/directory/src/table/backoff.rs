//! Backoff before a retry.
//!
//! The SDK retries transient errors within its quota (see `connect`). This crate additionally retries what the SDK does
//! not: transactions that were cancelled by contention, and the unprocessed items of a batch. In both cases nothing was
//! written.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The most attempts of a call in case of contention or unprocessed items.
pub(super) const ATTEMPTS: u32 = 12;

/// Waits before a retry: not before the first attempt, then up to twice as long each time, at most half a second. `seed`
/// and a random number spread competing callers.
pub async fn backoff(attempt: u32, seed: usize) {
    if attempt > 0 {
        // No response depends on this random number, so it need not come from `service::clock`.
        let chance = RandomState::new().hash_one(seed);
        tokio::time::sleep(wait(attempt, usize::try_from(chance).unwrap_or(seed))).await;
    }
}

fn wait(attempt: u32, seed: usize) -> Duration {
    let most = 5_u64.saturating_mul(1 << attempt.min(7)).min(500);
    let spread = seed.wrapping_mul(0x9E37_79B9).wrapping_add(
        usize::try_from(attempt)
            .unwrap_or_default()
            .wrapping_mul(0x85EB_CA6B),
    );
    Duration::from_millis(
        most / 2 + u64::try_from(spread % 1_000).unwrap_or_default() * most / 2_000,
    )
}

/// A number derived from a write id, to spread retries.
pub(crate) fn seed(token: &str) -> usize {
    token.bytes().fold(0, |sum: usize, byte| {
        sum.wrapping_mul(31).wrapping_add(usize::from(byte))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn competing_callers_wait_for_different_short_times() {
        for attempt in 1..ATTEMPTS {
            let waits: BTreeSet<Duration> = (0..100).map(|seed| wait(attempt, seed)).collect();
            let most = Duration::from_millis((5 << attempt.min(7)).min(500));
            assert!(waits.len() > 2, "{attempt}: {waits:?}");
            assert!(waits.iter().all(|wait| *wait >= most / 2 && *wait <= most));
        }
        let longest: Duration = (1..ATTEMPTS)
            .map(|attempt| (0..1_000).map(|seed| wait(attempt, seed)).max().unwrap())
            .sum();
        assert!(longest <= Duration::from_secs(4), "{longest:?}");
    }
}
