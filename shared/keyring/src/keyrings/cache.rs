//! The cache of keyrings in a process, and the rules for looking them up again. No I/O and no clock: `now` is passed in.
//!
//! The rules; `limits` has the values:
//! * A look-up is fresh for [`FRESH`]. A keyring is looked up at most once per [`PAUSE`]. A token that is not in a fresh
//!   look-up is judged by a look-up that began after the token arrived, because its key may be new: the request waits for
//!   the next look-up that the pause permits. Failed look-ups cause the same pause.
//! * A judged token does not wait again: a repeated wrong token within the pause gets the same answer at once. A token that
//!   we issue cannot have been presented before. A token from another system can: imported within a second after it was
//!   rejected, it stays rejected for the rest of that second.
//! * Invented tokens make requests wait. A process therefore waits in vain at most [`WAITS`] times per [`WAITS_WITHIN`] (a
//!   wait that finds a key does not count), and at most [`MOST_WAITING`] requests wait for one keyring; beyond that the
//!   answer is `Unavailable` (503 with `Retry-After`). The flood itself causes the next look-up within a second, so a new
//!   token succeeds at its second attempt.
//! * A keyring that does not exist is cached in the same way. Clients can invent names, so look-ups of keyrings that are
//!   not known to exist are limited to [`UNKNOWN_LOOKUPS`] a second per process, and a request beyond that is
//!   `Unavailable`: a cold process must not reject a valid key because of a flood. A name takes a place only after its
//!   look-up was granted; at most [`MOST_KEYRINGS`] are cached, and absent ones are evicted first.
//! * While Secrets Manager is *unavailable* (no answer, 5xx, throttled), keys of a look-up younger than [`STALE`] keep
//!   working, and requests with them wait for a new attempt only once per [`RETRY`]. A key that is not in it is
//!   `Unavailable`, because it may be new.
//!
//! Why the last rule is safe: nobody outside can make Secrets Manager fail for this process, and revoking a key needs
//! Secrets Manager too. The remaining case is a network partition that affects this process but not the administrator: a
//! revoked key then works for up to 15 minutes instead of one. Without the rule, every short outage would stop all
//! customers' provisioning. An answer that *rejects* (permission removed, KMS key disabled, secret marked for deletion,
//! value destroyed) is not an outage but may be an emergency stop, so it ends the use of cached keys like a revocation:
//! within 60 seconds.
//!
//! Ages count from before the call. They use the wall clock, and a time in the future counts as just as old as one in the
//! past: a clock that jumps back does not extend the life of a key.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::document::Keyring;
use super::record::{KeyRecord, Record};
use crate::error::KeyringError;
use crate::limits::{
    AHEAD, FRESH, MOST_JUDGED, MOST_KEYRINGS, MOST_WAITING, PAUSE, RETRY, STALE, UNKNOWN_LOOKUPS,
    WAITS, WAITS_WITHIN,
};
use crate::tenant_id::TenantId;
use crate::token::{Digest, KeyringId};

/// The result of a look-up for a key.
pub(super) type LookUp<R> = Result<Option<Arc<R>>, KeyringError>;

/// A token to judge: its digest, and the expected owner if the token's text does not name one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct SoughtToken {
    owner: Option<TenantId>,
    digest: [u8; 32],
}

impl SoughtToken {
    pub(super) fn new(owner: Option<&TenantId>, digest: &Digest) -> Self {
        Self {
            owner: owner.cloned(),
            digest: *digest.bytes(),
        }
    }
}

/// All cached keyrings.
pub(super) struct Cache<R = KeyRecord> {
    slots: HashMap<KeyringId, Arc<Slot<R>>>,
    unknown: Limiter,
    waits: Limiter,
}

impl<R> Default for Cache<R> {
    fn default() -> Self {
        Self {
            slots: HashMap::new(),
            unknown: Limiter::new(UNKNOWN_LOOKUPS, PAUSE),
            waits: Limiter::new(WAITS, WAITS_WITHIN),
        }
    }
}

impl<R: Record> Cache<R> {
    /// The slot of a keyring, created if needed.
    ///
    /// # Errors
    /// `Unavailable`: the keyring has no slot yet, and too many unknown keyrings were looked up in this second.
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

    /// Takes one of this minute's waits for the end of a pause.
    pub(super) fn wait(&mut self, now: Timestamp) -> Result<(), KeyringError> {
        match self.waits.take(now) {
            true => Ok(()),
            false => Err(too_many_new()),
        }
    }

    /// Returns the last wait: it found a key, so the token was not invented.
    pub(super) fn waited_for_a_key(&mut self) {
        self.waits.give_back();
    }

    /// Makes the next request look up the keyring, because this process has changed it.
    pub(super) fn forget(&self, keyring: &KeyringId) {
        if let Some(slot) = self.slots.get(keyring) {
            slot.state().forget();
        }
    }
}

/// The cache slot of one keyring.
pub(super) struct Slot<R = KeyRecord> {
    state: Mutex<SlotState<R>>,
    /// Held during a look-up; waiting requests use its result.
    pub(super) turn: tokio::sync::Mutex<()>,
    waiting: AtomicUsize,
}

/// A request's place in the queue for a keyring.
pub(super) struct Waiting<'s>(&'s AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<R: Record> Slot<R> {
    fn new(now: Timestamp) -> Self {
        let state = SlotState {
            ring: None,
            read: None,
            tried: None,
            failed: None,
            judged: HashSet::new(),
            lookups: 0,
            touched: now,
        };
        Self {
            state: Mutex::new(state),
            turn: tokio::sync::Mutex::default(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Takes a place in the queue.
    ///
    /// # Errors
    /// `Unavailable`: the queue is full.
    pub(super) fn queue(&self) -> Result<Waiting<'_>, KeyringError> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Waiting(&self.waiting);
        match before < MOST_WAITING {
            true => Ok(place),
            false => Err(too_many_new()),
        }
    }

    /// Locks the state. Never held across an await.
    pub(super) fn state(&self) -> MutexGuard<'_, SlotState<R>> {
        lock(&self.state)
    }
}

/// The cached state of one keyring.
pub(super) struct SlotState<R> {
    /// The keyring of the last successful look-up; `None` if it did not exist or was never read.
    ring: Option<Arc<Keyring<R>>>,
    /// When it was last read or found absent.
    read: Option<Timestamp>,
    /// When it was last looked up, with any result.
    tried: Option<Timestamp>,
    /// The error of the last look-up, if it failed.
    failed: Option<KeyringError>,
    /// Tokens that were not found by a look-up that began after they arrived.
    judged: HashSet<SoughtToken>,
    /// The number of look-ups that have begun.
    lookups: u64,
    touched: Timestamp,
}

impl<R: Record> SlotState<R> {
    /// The answer, if no look-up is due. `asked` is `None` if no token is to be judged.
    pub(super) fn answer(
        &self,
        asked: Option<&SoughtToken>,
        now: Timestamp,
        pick: impl Fn(&Keyring<R>) -> Option<Arc<R>>,
    ) -> Option<LookUp<R>> {
        let found = self.ring.as_deref().and_then(pick);
        if within(self.read, now, FRESH) && found.is_some() {
            return Some(Ok(found));
        }
        if self.bridges(found.as_ref(), now) {
            return within(self.tried, now, RETRY).then(|| self.conclude(found, now));
        }
        let is_judged = asked.is_none_or(|asked| self.judged.contains(asked));
        let is_known = self.failed.is_some() || is_judged;
        (is_known && self.pause(now).is_some()).then(|| self.conclude(found, now))
    }

    /// The time until the keyring may be looked up again.
    pub(super) fn pause(&self, now: Timestamp) -> Option<Duration> {
        let since = now.duration_since(self.tried?);
        let is_ahead = since.is_negative();
        let age = since.unsigned_abs();
        match is_ahead {
            true => (age < AHEAD).then_some(PAUSE),
            false => PAUSE.checked_sub(age).filter(|left| !left.is_zero()),
        }
    }

    /// The answer of the last look-up, which began after the token arrived.
    pub(super) fn settle(
        &mut self,
        asked: Option<SoughtToken>,
        now: Timestamp,
        pick: impl Fn(&Keyring<R>) -> Option<Arc<R>>,
    ) -> LookUp<R> {
        let answer = self.conclude(self.ring.as_deref().and_then(pick), now);
        if let (Ok(None), Some(asked)) = (&answer, asked) {
            if self.judged.len() >= MOST_JUDGED {
                self.judged.clear();
            }
            self.judged.insert(asked);
        }
        answer
    }

    fn conclude(&self, found: Option<Arc<R>>, now: Timestamp) -> LookUp<R> {
        match &self.failed {
            None => Ok(found),
            Some(_) if self.bridges(found.as_ref(), now) => Ok(found),
            Some(error) => Err(error.clone()),
        }
    }

    /// Whether a cached key keeps working because Secrets Manager is unavailable.
    fn bridges(&self, found: Option<&Arc<R>>, now: Timestamp) -> bool {
        let outage = matches!(self.failed, Some(KeyringError::Unavailable(_)));
        outage && found.is_some() && within(self.read, now, STALE)
    }

    /// The number of look-ups that have begun.
    pub(super) const fn lookups(&self) -> u64 {
        self.lookups
    }

    /// Whether a look-up needs a grant: it is a repeated one of a keyring that is not known to exist.
    pub(super) const fn needs_grant(&self) -> bool {
        self.ring.is_none() && self.lookups > 0
    }

    /// Counts the start of a look-up.
    pub(super) const fn begin(&mut self) {
        self.lookups += 1;
    }

    /// Stores the result of a look-up that began at `now`; `Ok(None)` for a keyring that does not exist.
    pub(super) fn learn(
        &mut self,
        result: Result<Option<Keyring<R>>, KeyringError>,
        now: Timestamp,
    ) {
        self.tried = Some(now);
        self.touched = now;
        match result {
            Ok(ring) => (self.ring, self.read, self.failed) = (ring.map(Arc::new), Some(now), None),
            Err(error) => self.failed = Some(error),
        }
    }

    fn forget(&mut self) {
        (self.read, self.tried, self.failed) = (None, None, None);
        self.judged.clear();
    }

    /// The order of eviction: absent keyrings first, then the least recently looked up.
    const fn worth(&self) -> (bool, Timestamp) {
        (self.ring.is_some(), self.touched)
    }
}

fn too_many_new() -> KeyringError {
    KeyringError::Unavailable("too many unknown tokens".to_owned())
}

/// A sliding-window limiter: at most `most` in any period of `within`.
struct Limiter {
    most: usize,
    within: Duration,
    taken: VecDeque<Timestamp>,
}

impl Limiter {
    const fn new(most: usize, within: Duration) -> Self {
        Self {
            most,
            within,
            taken: VecDeque::new(),
        }
    }

    fn take(&mut self, now: Timestamp) -> bool {
        let long = self.within;
        self.taken.retain(|at| within(Some(*at), now, long));
        let granted = self.taken.len() < self.most;
        if granted {
            self.taken.push_back(now);
        }
        granted
    }

    fn give_back(&mut self) {
        self.taken.pop_back();
    }
}

/// Whether the two times differ by less than `limit`, in either order.
fn within(at: Option<Timestamp>, now: Timestamp, limit: Duration) -> bool {
    at.is_some_and(|at| now.duration_since(at).unsigned_abs() < limit)
}

/// Locks and ignores poisoning: every change under these locks is complete.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::document::{Document, EMPTY};
    use super::super::record::tests::{at, key};
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

    /// The answer without a look-up, or "look" if one is due.
    fn seen(slot: &Slot, second: i64, number: u16) -> &'static str {
        match slot.state().answer(None, at(second), pick(number)) {
            None => "look",
            Some(Ok(Some(_))) => "key",
            Some(Ok(None)) => "none",
            Some(Err(_)) => "error",
        }
    }

    /// Rows of events with their seconds, then (second, key 0, key 9) as requests see them.
    #[test]
    fn answers_depend_on_their_age() {
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

    /// Rows of the second, the answer for an unjudged token, and for a judged one.
    #[test]
    fn a_judged_token_is_answered_within_the_pause() {
        let slot = Slot::new(at(0));
        slot.state().learn(Ok(Some(ring(1))), at(0));
        let asked = |number| SoughtToken::new(None, &key(number).0.digest());
        assert_eq!(
            slot.state().settle(Some(asked(8)), at(0), pick(8)),
            Ok(None)
        );
        let seen = |second, number| {
            let answer = slot
                .state()
                .answer(Some(&asked(number)), at(second), pick(number));
            match answer {
                None => "look",
                Some(Ok(None)) => "none",
                Some(_) => "other",
            }
        };
        for (second, new, judged) in [
            (0, "look", "none"),
            (1, "look", "look"),
            (-1, "look", "none"),
        ] {
            assert_eq!(
                (seen(second, 9), seen(second, 8)),
                (new, judged),
                "{second}"
            );
        }
        // A later look-up does not revoke the judgement.
        slot.state().learn(Ok(Some(ring(1))), at(5));
        assert_eq!((seen(5, 9), seen(5, 8)), ("look", "none"));
        // A change by this process does.
        slot.state().forget();
        assert_eq!(seen(5, 8), "look");
    }

    #[test]
    fn a_pause_ends_a_second_after_the_look_up_whatever_the_clock_says() {
        let slot = Slot::<KeyRecord>::new(at(0));
        assert_eq!(slot.state().pause(at(0)), None);
        slot.state().learn(Ok(None), at(10));
        let half = Timestamp::from_millisecond(at(10).as_millisecond() + 400).unwrap();
        assert_eq!(slot.state().pause(half), Some(Duration::from_millis(600)));
        for (second, left) in [(10, Some(PAUSE)), (11, None), (9, Some(PAUSE)), (5, None)] {
            assert_eq!(slot.state().pause(at(second)), left, "{second}");
        }
    }

    #[test]
    fn a_process_waits_ten_times_a_minute() {
        let mut cache = Cache::<KeyRecord>::default();
        assert_eq!(
            (0..30).filter(|n| cache.wait(at(*n)).is_ok()).count(),
            WAITS
        );
        assert!(cache.wait(at(59)).is_err());
        assert!(cache.wait(at(60)).is_ok());
        assert!(cache.wait(at(60)).is_err());
    }

    #[test]
    fn at_most_a_thousand_requests_wait_for_one_keyring() {
        let slot = Slot::<KeyRecord>::new(at(0));
        let mut places: Vec<_> = (0..MOST_WAITING).map(|_| slot.queue().unwrap()).collect();
        assert!(slot.queue().is_err());
        places.pop();
        assert!(slot.queue().is_ok());
    }

    #[test]
    fn a_rejection_ends_the_use_of_cached_keys_after_60_seconds() {
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
    fn a_name_takes_a_slot_only_after_its_look_up_is_granted() {
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
        slot.state().begin();
        slot.state().learn(Err(outage()), at(0));
        assert!(slot.state().needs_grant());
        slot.state().learn(Ok(Some(ring(1))), at(0));
        assert!(!slot.state().needs_grant());
        slot.state().learn(Ok(None), at(0));
        assert!(slot.state().needs_grant());
    }

    #[test]
    fn absent_keyrings_are_evicted_first() {
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
