//! What a process remembers of keyrings, and when it must look again. No I/O and no clock: `now`
//! comes with each request.
//!
//! Rules, with their figures beside the constants below:
//! * An answer is good for [`FRESH`]. A key that a good answer does not hold is looked up again, at
//!   most once per [`PAUSE`] and keyring, so a new key works at once and random tokens cause one
//!   call a second. Failures are paused likewise.
//! * A keyring that does not exist is remembered in the same way, but names are for clients to
//!   invent, so look-ups of keyrings not known to exist are limited to [`UNKNOWN_LOOKUPS`] a second
//!   for the whole process, and a request above that is `Unavailable`: a cold process must not call
//!   a good key bad because somebody floods it. Names take no place before such a look-up was
//!   granted; at most [`MOST_KEYRINGS`] are remembered, absent ones are the first to go.
//! * When Secrets Manager is *unavailable* (no answer, 5xx, throttled), keys of an answer younger
//!   than [`STALE`] go on working, and requests with them wait for a new attempt only once per
//!   [`RETRY`]; a key it does not hold is `Unavailable`, because it may be new.
//!
//! Is the last rule safe? Nobody outside can make Secrets Manager fail for this process, and
//! whoever wants to revoke a key needs Secrets Manager too. What remains is a partition that
//! separates this process but not the administrator: there a revoked key lives up to 15 minutes
//! instead of one. Against it stand all customers' provisioning at every short outage. An answer
//! that *refuses* (permission taken away, KMS key disabled, secret marked for deletion, value
//! destroyed) is no outage but may be the emergency brake, so it ends the use of remembered keys
//! like a revocation: within 60 seconds.
//!
//! Ages count from before the call was made. They are taken from the wall clock, so an answer from
//! the future is as old as one from the past: a clock that jumps back does not prolong a key's
//! life.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::error::KeyringError;
use super::record::{KeyRecord, Record};
use super::ring::Keyring;
use crate::token::KeyringId;

/// How long an answer is used without asking again: the bound of revocation.
pub(super) const FRESH: Duration = Duration::from_mins(1);

/// The shortest time between two look-ups of one keyring.
pub(super) const PAUSE: Duration = Duration::from_secs(1);

/// The shortest time between two look-ups while Secrets Manager is unavailable and the key is
/// remembered. Such a look-up can take as long as a call may take, and requests wait for it.
pub(super) const RETRY: Duration = Duration::from_secs(10);

/// How long an answer is used while Secrets Manager is unavailable.
pub(super) const STALE: Duration = Duration::from_mins(15);

/// Look-ups of keyrings that are not known to exist, per second and process.
pub(super) const UNKNOWN_LOOKUPS: usize = 10;

/// Keyrings remembered by a process: 50,000 keys, and at most about 32 MB.
pub(super) const MOST_KEYRINGS: usize = 256;

/// The key that was asked for, if there is one.
pub(super) type Answer<R> = Result<Option<Arc<R>>, KeyringError>;

/// All keyrings that are remembered.
pub(super) struct Cache<R = KeyRecord> {
    slots: HashMap<KeyringId, Arc<Slot<R>>>,
    unknown: Limiter,
}

impl<R> Default for Cache<R> {
    fn default() -> Self {
        let (slots, unknown) = Default::default();
        Self { slots, unknown }
    }
}

impl<R: Record> Cache<R> {
    /// The place of a keyring.
    ///
    /// # Errors
    /// `Unavailable`: the keyring has no place yet, and too many unknown keyrings were looked up in
    /// this second.
    pub(super) fn slot(
        &mut self,
        keyring: &KeyringId,
        now: Timestamp,
    ) -> Result<Arc<Slot<R>>, KeyringError> {
        if let Some(slot) = self.slots.get(keyring) {
            return Ok(Arc::clone(slot));
        }
        self.grant(now)?;
        if self.slots.len() >= MOST_KEYRINGS {
            let eldest = self
                .slots
                .iter()
                .min_by_key(|(_, slot)| slot.state().worth())
                .map(|(name, _)| name.clone());
            eldest.and_then(|name| self.slots.remove(&name));
        }
        let slot = Arc::new(Slot::new(now));
        self.slots.insert(keyring.clone(), Arc::clone(&slot));
        Ok(slot)
    }

    /// Takes one of this second's look-ups of unknown keyrings.
    pub(super) fn grant(&mut self, now: Timestamp) -> Result<(), KeyringError> {
        match self.unknown.take(now) {
            true => Ok(()),
            false => Err(KeyringError::Unavailable(
                "too many unknown keyrings".to_owned(),
            )),
        }
    }

    /// Makes the next request look the keyring up, because this process changed it.
    pub(super) fn forget(&self, keyring: &KeyringId) {
        if let Some(slot) = self.slots.get(keyring) {
            slot.state().forget();
        }
    }
}

/// The place of one keyring.
pub(super) struct Slot<R = KeyRecord> {
    state: Mutex<State<R>>,
    /// Held during a look-up: whoever waits for it takes the answer of the one before.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl<R: Record> Slot<R> {
    fn new(now: Timestamp) -> Self {
        let state = State {
            ring: None,
            read: None,
            tried: None,
            failed: None,
            lookups: 0,
            touched: now,
        };
        Self {
            state: Mutex::new(state),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// The state. Never held while waiting for anything.
    pub(super) fn state(&self) -> MutexGuard<'_, State<R>> {
        lock(&self.state)
    }
}

/// What is known of one keyring.
pub(super) struct State<R> {
    /// The keyring as it was read last; `None` when it did not exist or was never read.
    ring: Option<Arc<Keyring<R>>>,
    /// When it was read, or found not to exist.
    read: Option<Timestamp>,
    /// When it was looked up last, with whatever result.
    tried: Option<Timestamp>,
    /// Why the last look-up failed, if it did.
    failed: Option<KeyringError>,
    lookups: u64,
    touched: Timestamp,
}

impl<R: Record> State<R> {
    /// The answer, if no look-up is due.
    pub(super) fn answer(
        &self,
        now: Timestamp,
        pick: impl Fn(&Keyring<R>) -> Option<Arc<R>>,
    ) -> Option<Answer<R>> {
        let found = self.ring.as_deref().and_then(pick);
        if within(self.read, now, FRESH) && found.is_some() {
            return Some(Ok(found));
        }
        let pause = match self.bridges(found.as_ref(), now) {
            true => RETRY,
            false => PAUSE,
        };
        within(self.tried, now, pause).then(|| self.conclude(found, now))
    }

    /// The answer after the last look-up.
    pub(super) fn settle(
        &self,
        now: Timestamp,
        pick: impl Fn(&Keyring<R>) -> Option<Arc<R>>,
    ) -> Answer<R> {
        self.conclude(self.ring.as_deref().and_then(pick), now)
    }

    fn conclude(&self, found: Option<Arc<R>>, now: Timestamp) -> Answer<R> {
        match &self.failed {
            None => Ok(found),
            Some(_) if self.bridges(found.as_ref(), now) => Ok(found),
            Some(error) => Err(error.clone()),
        }
    }

    /// Whether a key goes on working because Secrets Manager is unavailable.
    fn bridges(&self, found: Option<&Arc<R>>, now: Timestamp) -> bool {
        let outage = matches!(self.failed, Some(KeyringError::Unavailable(_)));
        outage && found.is_some() && within(self.read, now, STALE)
    }

    /// The number of look-ups so far.
    pub(super) const fn lookups(&self) -> u64 {
        self.lookups
    }

    /// Whether a look-up now must be granted: a repeated one of a keyring that is not known to
    /// exist.
    pub(super) const fn needs_grant(&self) -> bool {
        self.ring.is_none() && self.lookups > 0
    }

    /// Takes the result of a look-up that began at `now`; `Ok(None)` for a keyring that does not
    /// exist.
    pub(super) fn learn(
        &mut self,
        result: Result<Option<Keyring<R>>, KeyringError>,
        now: Timestamp,
    ) {
        self.lookups += 1;
        self.tried = Some(now);
        self.touched = now;
        match result {
            Ok(ring) => (self.ring, self.read, self.failed) = (ring.map(Arc::new), Some(now), None),
            Err(error) => self.failed = Some(error),
        }
    }

    fn forget(&mut self) {
        (self.read, self.tried, self.failed) = (None, None, None);
    }

    /// What is worth least goes first: an absent keyring before any other, then the one that was
    /// read longest ago.
    const fn worth(&self) -> (bool, Timestamp) {
        (self.ring.is_some(), self.touched)
    }
}

/// At most [`UNKNOWN_LOOKUPS`] in any second.
#[derive(Default)]
struct Limiter {
    taken: VecDeque<Timestamp>,
}

impl Limiter {
    fn take(&mut self, now: Timestamp) -> bool {
        self.taken.retain(|at| within(Some(*at), now, PAUSE));
        let granted = self.taken.len() < UNKNOWN_LOOKUPS;
        if granted {
            self.taken.push_back(now);
        }
        granted
    }
}

/// Whether less than `limit` lies between the two, whichever is first.
fn within(at: Option<Timestamp>, now: Timestamp, limit: Duration) -> bool {
    at.is_some_and(|at| now.duration_since(at).unsigned_abs() < limit)
}

/// A lock that a panic elsewhere does not poison: every change made under these locks is complete.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::{at, key};
    use super::super::ring::{Document, EMPTY};
    use super::*;

    fn name(text: &str) -> KeyringId {
        KeyringId::parse(text).unwrap()
    }

    /// A keyring with the keys 0 to `keys`.
    fn ring(keys: u16) -> Keyring {
        let mut document = Document::parse(EMPTY).unwrap();
        for number in 0..keys {
            document.add(&key(number).1).unwrap();
        }
        Keyring::parse(&document.to_text()).unwrap()
    }

    fn pick(number: u16) -> impl Fn(&Keyring) -> Option<Arc<KeyRecord>> {
        let (token, record) = key(number);
        move |ring| ring.find(record.id, &token.digest())
    }

    fn outage() -> KeyringError {
        KeyringError::Unavailable("timeout".to_owned())
    }

    /// What a request gets without a look-up: "look" if one is due.
    fn seen(slot: &Slot, second: i64, number: u16) -> &'static str {
        match slot.state().answer(at(second), pick(number)) {
            None => "look",
            Some(Ok(Some(_))) => "key",
            Some(Ok(None)) => "none",
            Some(Err(_)) => "error",
        }
    }

    /// Each row: what happens at which second, then (second, key 0, key 9) as requests see them.
    #[test]
    fn the_rules_of_age() {
        let slot = Slot::new(at(0));
        assert_eq!(seen(&slot, 0, 0), "look");
        slot.state().learn(Ok(Some(ring(1))), at(0));
        for (second, known, unknown) in [
            (0, "key", "none"),
            (1, "key", "look"),
            (59, "key", "look"),
            (60, "look", "look"),
            (-60, "look", "look"),
        ] {
            assert_eq!(
                (seen(&slot, second, 0), seen(&slot, second, 9)),
                (known, unknown),
                "{second}"
            );
        }
        slot.state().learn(Err(outage()), at(60));
        for (second, known, unknown) in [
            (60, "key", "error"),
            (61, "key", "look"),
            (69, "key", "look"),
            (70, "look", "look"),
        ] {
            assert_eq!(
                (seen(&slot, second, 0), seen(&slot, second, 9)),
                (known, unknown),
                "{second}"
            );
        }
        slot.state().learn(Err(outage()), at(899));
        assert_eq!(seen(&slot, 899, 0), "key");
        slot.state().learn(Err(outage()), at(900));
        assert_eq!(seen(&slot, 900, 0), "error");
        slot.state().learn(Ok(None), at(901));
        assert_eq!((seen(&slot, 901, 0), seen(&slot, 902, 0)), ("none", "look"));
    }

    #[test]
    fn a_refusal_ends_the_use_of_remembered_keys_after_60_seconds() {
        let slot = Slot::new(at(0));
        slot.state().learn(Ok(Some(ring(1))), at(0));
        slot.state().learn(
            Err(KeyringError::Refused("AccessDeniedException".to_owned())),
            at(30),
        );
        assert_eq!((seen(&slot, 30, 0), seen(&slot, 30, 9)), ("key", "error"));
        slot.state().learn(Err(KeyringError::Unreadable), at(60));
        assert_eq!(seen(&slot, 60, 0), "error");
    }

    #[test]
    fn unknown_keyrings_are_looked_up_ten_times_in_any_second() {
        let mut cache = Cache::<KeyRecord>::default();
        let mut granted = |millisecond: i64| {
            let now = Timestamp::from_millisecond(1_800_000_000_000 + millisecond).unwrap();
            cache.grant(now).is_ok()
        };
        assert!((0..5).all(|_| granted(0)));
        assert!((0..5).all(|_| granted(900)));
        assert!(!granted(999));
        assert_eq!((0..10).filter(|_| granted(1000)).count(), 5);
        assert_eq!((0..10).filter(|_| granted(1900)).count(), 5);
    }

    #[test]
    fn a_name_takes_no_place_before_its_look_up_is_granted() {
        let mut cache = Cache::<KeyRecord>::default();
        let known = cache.slot(&name("k1"), at(0)).unwrap();
        known.state().learn(Ok(Some(ring(1))), at(0));
        for number in 2..100 {
            let _ = cache.slot(&name(&format!("k{number}")), at(0));
        }
        assert_eq!(cache.slots.len(), UNKNOWN_LOOKUPS);
        assert!(Arc::ptr_eq(
            &known,
            &cache.slot(&name("k1"), at(0)).unwrap()
        ));
    }

    #[test]
    fn only_repeated_look_ups_of_absent_keyrings_need_a_grant() {
        let slot = Slot::new(at(0));
        assert!(!slot.state().needs_grant());
        slot.state().learn(Err(outage()), at(0));
        assert!(slot.state().needs_grant());
        slot.state().learn(Ok(Some(ring(1))), at(0));
        assert!(!slot.state().needs_grant());
        slot.state().learn(Ok(None), at(0));
        assert!(slot.state().needs_grant());
    }

    #[test]
    fn absent_keyrings_make_room_first() {
        let mut cache = Cache::<KeyRecord>::default();
        for number in 0..1000 {
            let slot = cache
                .slot(&name(&format!("k{number}")), at(number))
                .unwrap();
            let result = if number < 10 {
                Ok(Some(ring(1)))
            } else {
                Ok(None)
            };
            slot.state().learn(result, at(number));
        }
        assert_eq!(cache.slots.len(), MOST_KEYRINGS);
        for number in (0..10).chain(999 - 200..1000) {
            assert!(
                cache.slots.contains_key(&name(&format!("k{number}"))),
                "{number}"
            );
        }
    }
}
