//! Groups repeated failures, so that a misconfigured client does not cause endless writes.
//!
//! A failure that equals an earlier one of the last ten minutes increases its count. The entry is written the first
//! time, each time the count has doubled, and otherwise at most once a minute. So a thousand failures in a second
//! cause ten writes, and a hundred per second cause about two writes a minute. Failures that differ are limited per
//! tenant by [`FAILURE_BURST`] and [`FAILURE_PAUSE_MILLIS`]; further ones share one entry. Callers without a valid token have a limit of
//! their own per tenant, so that they cannot use up the tenant's own limit or that of another tenant. All limits
//! apply per process.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use crate::limits::{
    FAILURE_BURST, FAILURE_PAUSE_MILLIS, GROUP_SILENCE, GROUPED_FOR, REMEMBERED_FAILURES,
    STRANGERS_ENTRIES,
};
use directory::journal::{EntryId, LoggedFailure};
use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use scim_core::error::cause::Cause;

/// The caller whose request failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum CallerClass {
    /// A caller with a key of the tenant.
    Known,
    /// A caller without a valid token, in a tenant that exists.
    Stranger,
}

/// An entry to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DueEntry {
    pub(super) id: EntryId,
    pub(super) failure: LoggedFailure,
    pub(super) count: u64,
}

/// The recent failures of this process.
#[derive(Debug, Default)]
pub(super) struct Grouping(Mutex<Recent>);

#[derive(Debug, Default)]
struct Recent {
    groups: HashMap<(TenantId, u64), Group>,
    tenants: HashMap<TenantId, Bucket>,
    strangers: HashMap<TenantId, Bucket>,
}

#[derive(Debug)]
struct Group {
    id: EntryId,
    count: u64,
    written: u64,
    wrote: Timestamp,
}

impl Group {
    fn is_open(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.id.made());
        age >= SignedDuration::ZERO && age < GROUPED_FOR
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.count >= self.written.saturating_mul(2)
            || now.duration_since(self.wrote).abs() >= GROUP_SILENCE
    }
}

/// A token bucket: allows a burst, then one more per pause.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// When the bucket is full again, in milliseconds since 1970.
    full: i64,
}

impl Bucket {
    fn take(&mut self, now: Timestamp, burst: i64, pause: i64) -> bool {
        let now = now.as_millisecond();
        let full = self
            .full
            .clamp(now, now.saturating_add(burst.saturating_mul(pause)));
        let taken = full.saturating_add(pause);
        let is_there = taken <= now.saturating_add(burst.saturating_mul(pause));
        self.full = if is_there { taken } else { full };
        is_there
    }
}

impl Grouping {
    /// Counts a failure; returns its entry if it has to be written.
    pub(super) fn count(
        &self,
        tenant: &TenantId,
        failure: LoggedFailure,
        caller: CallerClass,
        now: Timestamp,
        random: [u8; 4],
    ) -> Option<DueEntry> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.make_room(now);
        let (key, is_open) = seen.find(tenant, &failure, now);
        if !is_open && caller == CallerClass::Known && !seen.grant(tenant, now) {
            let more = beyond();
            let (key, is_open) = seen.find(tenant, &more, now);
            return seen.step(&key, is_open, more, caller, now, random);
        }
        seen.step(&key, is_open, failure, caller, now, random)
    }

    /// Makes the next repeat write the entry again, because the write failed.
    pub(super) fn unwritten(&self, tenant: &TenantId, failure: &LoggedFailure) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = seen.groups.get_mut(&(tenant.clone(), digest(failure))) {
            group.written = 0;
        }
    }
}

impl Recent {
    /// Forgets expired failures when the limit is reached. A bucket that is not full is kept as long as possible:
    /// other callers must not be able to reset it.
    fn make_room(&mut self, now: Timestamp) {
        if self.groups.len() >= REMEMBERED_FAILURES {
            self.groups.retain(|_, group| group.is_open(now));
        }
        if self.groups.len() >= REMEMBERED_FAILURES {
            self.groups.clear();
        }
        for buckets in [&mut self.tenants, &mut self.strangers] {
            if buckets.len() >= REMEMBERED_FAILURES {
                buckets.retain(|_, bucket| bucket.full > now.as_millisecond());
            }
            if buckets.len() >= REMEMBERED_FAILURES {
                buckets.clear();
            }
        }
    }

    /// The key under which a failure is counted, and whether it has an open entry.
    fn find(
        &self,
        tenant: &TenantId,
        failure: &LoggedFailure,
        now: Timestamp,
    ) -> ((TenantId, u64), bool) {
        let key = (tenant.clone(), digest(failure));
        let is_open = self
            .groups
            .get(&key)
            .is_some_and(|group| group.is_open(now));
        (key, is_open)
    }

    fn grant(&mut self, tenant: &TenantId, now: Timestamp) -> bool {
        let full = Bucket { full: 0 };
        let bucket = self.tenants.entry(tenant.clone()).or_insert(full);
        bucket.take(now, FAILURE_BURST, FAILURE_PAUSE_MILLIS)
    }

    fn step(
        &mut self,
        key: &(TenantId, u64),
        is_open: bool,
        failure: LoggedFailure,
        caller: CallerClass,
        now: Timestamp,
        random: [u8; 4],
    ) -> Option<DueEntry> {
        let (tenant, strangers) = (&key.0, &mut self.strangers);
        let mut granted = || match caller {
            CallerClass::Known => true,
            CallerClass::Stranger => {
                let bucket = strangers
                    .entry(tenant.clone())
                    .or_insert(Bucket { full: 0 });
                bucket.take(now, STRANGERS_ENTRIES, 60_000 / STRANGERS_ENTRIES)
            }
        };
        if !is_open {
            if !granted() {
                return None;
            }
            let new = Group {
                id: EntryId::new(now, random),
                count: 0,
                written: 0,
                wrote: now,
            };
            self.groups.insert(key.clone(), new);
        }
        let group = self.groups.get_mut(key)?;
        group.count += 1;
        if !group.is_due(now) || (is_open && !granted()) {
            return None;
        }
        (group.written, group.wrote) = (group.count, now);
        Some(DueEntry {
            id: group.id.clone(),
            failure,
            count: group.count,
        })
    }
}

/// The entry for failures beyond the limits.
fn beyond() -> LoggedFailure {
    LoggedFailure {
        operation: "unknown".to_owned(),
        cause: Cause::LogOverflow.word().to_owned(),
        reason: "further requests were rejected or failed, too many to list each one".to_owned(),
        ..LoggedFailure::default()
    }
}

fn digest(failure: &LoggedFailure) -> u64 {
    let mut hasher = DefaultHasher::new();
    failure.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + milliseconds).unwrap()
    }

    fn about(name: &str) -> LoggedFailure {
        LoggedFailure {
            name: Some(name.to_owned()),
            ..LoggedFailure::default()
        }
    }

    /// The counts that are written for the same failure at these instants.
    fn counts(
        groups: &Grouping,
        caller: CallerClass,
        instants: impl Iterator<Item = i64>,
    ) -> Vec<u64> {
        let acme = TenantId::parse("acme").unwrap();
        let due = instants
            .filter_map(|instant| groups.count(&acme, about("ann"), caller, at(instant), [0; 4]));
        due.map(|due| due.count).collect()
    }

    #[test]
    fn a_thousand_equal_failures_in_a_second_are_ten_writes() {
        let written = counts(&Grouping::default(), CallerClass::Known, 0..1_000);
        assert_eq!(written, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    }

    #[test]
    fn equal_failures_without_end_are_written_twice_a_minute_at_most() {
        let hour = (0..3_600_000).step_by(10);
        let written = counts(&Grouping::default(), CallerClass::Known, hour);
        assert!((60..=150).contains(&written.len()), "{}", written.len());
        let rare = counts(
            &Grouping::default(),
            CallerClass::Known,
            [0, 61_000, 122_000].into_iter(),
        );
        assert_eq!(rare, [1, 2, 3]);
    }

    #[test]
    fn after_ten_minutes_an_entry_of_its_own_begins() {
        let groups = Grouping::default();
        let instants = [0, 599_999, 600_000, 600_001];
        assert_eq!(
            counts(&groups, CallerClass::Known, instants.into_iter()),
            [1, 2, 1, 2]
        );
    }

    #[test]
    fn different_failures_beyond_the_bound_are_counted_in_one_entry() {
        let (groups, acme) = (Grouping::default(), TenantId::parse("acme").unwrap());
        let mut written = Vec::new();
        for number in 0..FAILURE_BURST + 1_000 {
            let failure = about(&number.to_string());
            written.extend(groups.count(&acme, failure, CallerClass::Known, at(0), [0; 4]));
        }
        let (own, more): (Vec<_>, Vec<_>) = written
            .into_iter()
            .partition(|due| due.failure.name.is_some());
        assert_eq!(own.len(), usize::try_from(FAILURE_BURST).unwrap());
        let counts: Vec<u64> = more.iter().map(|due| due.count).collect();
        assert_eq!(counts, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
        let other = TenantId::parse("globex").unwrap();
        assert!(
            groups
                .count(&other, about("ann"), CallerClass::Known, at(0), [0; 4])
                .is_some()
        );
        // After the pause there is room for one more.
        let later = |name| {
            groups.count(
                &acme,
                about(name),
                CallerClass::Known,
                at(FAILURE_PAUSE_MILLIS),
                [0; 4],
            )
        };
        assert!(later("x").unwrap().failure.name.is_some());
        assert!(later("y").is_none());
    }

    #[test]
    fn strangers_cause_ten_writes_a_minute_at_a_tenant_whatever_they_ask_for() {
        let (groups, acme) = (Grouping::default(), TenantId::parse("acme").unwrap());
        let other = TenantId::parse("globex").unwrap();
        let mut written = 0;
        for number in 0..10_000_i64 {
            let failure = about(&number.to_string());
            let due = groups.count(
                &acme,
                failure,
                CallerClass::Stranger,
                at(number * 6),
                [0; 4],
            );
            written += usize::from(due.is_some());
        }
        assert!((10..=20).contains(&written), "{written}");
        // The tenant's own failures, and failures of strangers at another tenant, are still written.
        for (tenant, caller) in [(&acme, CallerClass::Known), (&other, CallerClass::Stranger)] {
            let due = groups.count(tenant, about("ann"), caller, at(60_000), [0; 4]);
            assert!(due.is_some(), "{tenant} {caller:?}");
        }
        let same = counts(
            &Grouping::default(),
            CallerClass::Stranger,
            (0..60_000).step_by(6),
        );
        assert!((10..=20).contains(&same.len()), "{same:?}");
    }

    #[test]
    fn a_flood_at_many_tenants_gives_nobody_a_new_bound() {
        let (groups, acme) = (Grouping::default(), TenantId::parse("acme").unwrap());
        let mut written = 0;
        for number in 0..3 * REMEMBERED_FAILURES {
            let tenant = TenantId::parse(&format!("t{number}")).unwrap();
            let _ = groups.count(&tenant, about("x"), CallerClass::Stranger, at(0), [0; 4]);
            let failure = about(&number.to_string());
            let due = groups.count(&acme, failure, CallerClass::Known, at(0), [0; 4]);
            written += usize::from(due.is_some_and(|due| due.failure.name.is_some()));
        }
        assert_eq!(written, usize::try_from(FAILURE_BURST).unwrap());
    }

    #[test]
    fn an_unwritten_entry_is_written_with_the_next_repeat() {
        let (groups, acme) = (Grouping::default(), TenantId::parse("acme").unwrap());
        let count = || {
            groups
                .count(&acme, about("ann"), CallerClass::Known, at(0), [0; 4])
                .map(|due| due.count)
        };
        assert_eq!((count(), count(), count()), (Some(1), Some(2), None));
        groups.unwritten(&acme, &about("ann"));
        assert_eq!((count(), count()), (Some(4), None));
    }
}
