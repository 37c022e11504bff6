//! When a delivery that failed is tried again.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use crate::limits::{DUE_AHEAD, FAILING_LIFE, RETRY_AFTER};

/// The pauses between the attempts of a delivery, after the second one: 75.6 hours in all, as Standard Webhooks advises.
const PAUSES: [SignedDuration; 8] = [
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];
/// The longest pause while the deliveries of other tenants wait for this one to succeed.
const LONGEST_OF_PROBE: usize = 1;

/// How long to wait after an attempt. `attempts` is how many have failed before it; up to a tenth of the pause more or less
/// is by chance, so that deliveries that failed together are not all tried together.
pub(super) fn pause(
    attempts: u32,
    is_probe: bool,
    retry_after: Option<SignedDuration>,
    chance: u64,
) -> SignedDuration {
    let last = PAUSES.len() - 1;
    let most = if is_probe { LONGEST_OF_PROBE } else { last };
    let index = usize::try_from(attempts).unwrap_or(last).min(most);
    let pause = PAUSES.get(index).copied().unwrap_or(RETRY_AFTER);
    let tenth = pause.as_millis() / 10;
    let spread = tenth.saturating_mul(2).saturating_add(1);
    let by_chance = i128::from(chance).checked_rem(spread).unwrap_or_default() - tenth;
    let by_chance = i64::try_from(by_chance).unwrap_or_default();
    let pause = pause.saturating_add(SignedDuration::from_millis(by_chance));
    pause.max(retry_after.unwrap_or_default().min(RETRY_AFTER))
}

/// Whether a delivery that has been failing since then is given up.
pub(super) fn is_exhausted(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) >= FAILING_LIFE
}

/// A minute at which deliveries are due.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DueMinute(i64);

impl DueMinute {
    /// The first minute that begins after a pause. It is some minutes ahead, because a schedule that has been fired can
    /// still exist for a while, and would not be fired again.
    #[must_use]
    pub fn after(now: Timestamp, pause: SignedDuration) -> Self {
        let pause = pause.max(DUE_AHEAD);
        let second = now.saturating_add(pause).unwrap_or(now).as_second();
        Self(second.saturating_add(59).div_euclid(60))
    }

    /// The minute that is running.
    #[must_use]
    pub fn of(now: Timestamp) -> Self {
        Self(now.as_second().div_euclid(60))
    }

    /// Parses what it prints.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_number = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten().map(Self)
    }

    /// When it begins.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_second(self.0.saturating_mul(60)).unwrap_or(Timestamp::MAX)
    }
}

/// Minutes since 1970 in ten digits, which sort like the minutes.
impl fmt::Display for DueMinute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(tenths: i64) -> SignedDuration {
        SignedDuration::from_mins(tenths * 6)
    }

    #[test]
    fn eight_pauses_take_75_hours_and_36_minutes_up_to_a_tenth() {
        for (chance, from, to) in [
            (0, 680, 681),
            (u64::MAX / 2, 680, 832),
            (1_440_000, 680, 832),
        ] {
            let pauses = (0..8).map(|attempts| pause(attempts, false, None, chance));
            let sum: SignedDuration = pauses.sum();
            assert!(sum >= hours(from) && sum <= hours(to), "{chance}: {sum:?}");
        }
        let all: SignedDuration = PAUSES.into_iter().sum();
        assert_eq!(all, hours(755) + SignedDuration::from_mins(5));
    }

    #[test]
    fn the_attempt_after_the_last_pause_is_the_last_one_whatever_chance_says() {
        let at = |attempts: u32, percent: i64| {
            let sum: SignedDuration = PAUSES.into_iter().take(attempts as usize).sum();
            Timestamp::UNIX_EPOCH + SignedDuration::from_secs(sum.as_secs() * percent / 100)
        };
        for percent in [90, 100, 110] {
            assert!(
                !is_exhausted(Timestamp::UNIX_EPOCH, at(7, percent)),
                "{percent}"
            );
            assert!(
                is_exhausted(Timestamp::UNIX_EPOCH, at(8, percent)),
                "{percent}"
            );
        }
    }

    #[test]
    fn a_probe_is_tried_at_least_every_half_hour_and_a_receiver_is_heard_up_to_a_day() {
        let half_hour = SignedDuration::from_mins(33);
        for attempts in 0..100 {
            assert!(pause(attempts, true, None, u64::MAX) <= half_hour);
        }
        let asked = SignedDuration::from_hours(7);
        assert_eq!(pause(0, false, Some(asked), 0), asked);
        assert!(pause(5, false, Some(asked), 0) > asked);
        let long = SignedDuration::from_hours(700);
        assert_eq!(pause(0, true, Some(long), 0), RETRY_AFTER);
    }

    #[test]
    fn a_due_minute_is_at_least_two_minutes_ahead_and_sorts_as_text() {
        let now = Timestamp::from_second(1_800_000_030).unwrap();
        let soon = DueMinute::after(now, SignedDuration::ZERO);
        assert_eq!(soon.start().as_second(), 1_800_000_180);
        let later = DueMinute::after(now, SignedDuration::from_mins(5));
        assert_eq!(later.start().as_second(), 1_800_000_360);
        assert!(soon.to_string() < later.to_string());
        assert_eq!(DueMinute::parse(&soon.to_string()), Some(soon));
        for odd in ["", "30000003", "+000000001", "00000000001", "due-000000"] {
            assert_eq!(DueMinute::parse(odd), None, "{odd}");
        }
        assert_eq!(DueMinute::of(soon.start()), soon);
    }
}
