//! How many requests a tenant may make, so that one tenant's flood is not everybody's bill and wait.
//!
//! Requests are counted in windows of ten seconds: a tenant may use all of a window's at once, which is
//! the burst that the assignment of a whole group needs. Many processes serve a tenant, so the count is
//! kept in the table; a process adds to it what it served once in [`STEP`] requests, beside a request, and
//! learns what the others served. A tenant below that is never counted and costs nothing; what many
//! processes have not told yet is the error of the count.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use directory::rate::{Window, count};
use directory::{Meter, Store};
use jiff::Timestamp;
use keyring::TenantId;

/// How many requests a process serves before it tells the others.
const STEP: u32 = 8;
/// How many tenants are remembered; beyond it all are forgotten.
const REMEMBERED: usize = 10_000;

/// What becomes of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// It is served.
    Served,
    /// It is served, and beside it so many requests of this window are told to the others.
    Told(Window, u32),
    /// It is refused: the tenant's window is used up for so many seconds more.
    Refused(i64),
}

/// The requests of all tenants, as this process knows them.
#[derive(Debug)]
pub struct Rates {
    limit: Option<u32>,
    seen: Mutex<HashMap<TenantId, Seen>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    window: Window,
    /// What all processes served, when this one asked last, and what it served since.
    all: u64,
    untold: u32,
}

impl Rates {
    /// `limit` is in requests a second of a tenant that has none of its own.
    #[must_use]
    pub fn new(limit: Option<u32>) -> Self {
        Self {
            limit,
            seen: Mutex::default(),
        }
    }

    /// Counts a request of a tenant, whose `own` limit counts if it has one; without any nothing is counted.
    #[must_use]
    pub fn turn(&self, tenant: &TenantId, own: Option<u32>, now: Timestamp) -> Turn {
        let Some(limit) = own.or(self.limit) else {
            return Turn::Served;
        };
        let window = Window::at(now);
        self.with(|seen| {
            if seen.len() >= REMEMBERED {
                seen.clear();
            }
            let fresh = Seen {
                window,
                all: 0,
                untold: 0,
            };
            let one = seen.entry(tenant.clone()).or_insert(fresh);
            if one.window != window {
                *one = fresh;
            }
            if one.all >= u64::from(limit) * Window::SECONDS.unsigned_abs() {
                return Turn::Refused(window.left(now));
            }
            one.all += 1;
            one.untold += 1;
            if one.untold < STEP {
                return Turn::Served;
            }
            Turn::Told(window, std::mem::take(&mut one.untold))
        })
    }

    /// Tells the others what was served, and learns what they served. A table that does not answer refuses
    /// nobody.
    pub async fn tell(
        &self,
        store: &Arc<Store>,
        tenant: &TenantId,
        (window, served): (Window, u32),
        meter: &Meter,
    ) {
        let Ok(all) = count(store, tenant, window, served, meter).await else {
            return;
        };
        self.with(|seen| {
            if let Some(one) = seen.get_mut(tenant).filter(|one| one.window == window) {
                one.all = all + u64::from(one.untold);
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<TenantId, Seen>) -> T) -> T {
        act(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn a_window_may_be_used_up_at_once_and_then_is_refused_until_the_next() {
        let (rates, acme) = (Rates::new(Some(3)), TenantId::parse("acme").unwrap());
        for _ in 0..30 {
            assert!(!matches!(rates.turn(&acme, None, at(2)), Turn::Refused(_)));
        }
        assert_eq!(rates.turn(&acme, None, at(3)), Turn::Refused(7));
        assert_eq!(rates.turn(&acme, None, at(9)), Turn::Refused(1));
        let other = TenantId::parse("globex").unwrap();
        assert_eq!(rates.turn(&other, None, at(3)), Turn::Served);
        assert_eq!(rates.turn(&acme, None, at(10)), Turn::Served);
        // A limit of its own.
        for _ in 0..10 {
            assert!(!matches!(
                rates.turn(&other, Some(1), at(20)),
                Turn::Refused(_)
            ));
        }
        assert_eq!(rates.turn(&other, Some(1), at(20)), Turn::Refused(10));
    }

    #[test]
    fn a_process_tells_the_others_once_in_eight_requests() {
        let (rates, acme) = (Rates::new(Some(100)), TenantId::parse("acme").unwrap());
        let told = |turn: &Turn| matches!(turn, Turn::Told(_, 8));
        let turns: Vec<_> = (0..24).map(|_| rates.turn(&acme, None, at(0))).collect();
        assert_eq!(turns.iter().filter(|turn| told(turn)).count(), 3);
        assert_eq!(Rates::new(None).turn(&acme, None, at(0)), Turn::Served);
    }
}
