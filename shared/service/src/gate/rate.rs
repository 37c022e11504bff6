//! The rate limit of a tenant, so that a flood of one tenant's requests does not cost and delay all others.
//!
//! Requests are counted in windows of ten seconds. A tenant may use up a window at once: the assignment of a whole
//! group needs such a burst. Many processes serve a tenant, so the shared count is in the table. A process adds its
//! own count to it once per [`RATE_STEP`] requests, in parallel with a request, and receives the total. A tenant below
//! that many requests costs nothing. The error of the total is what the processes have not added yet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::limits::{RATE_STEP, REMEMBERED_RATES};
use directory::rate::{Window, count};
use directory::{Meter, Store};
use jiff::Timestamp;
use keyring::TenantId;

/// What to do with a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Serve it.
    Served,
    /// Serve it, and in parallel add this number of requests to the shared count of the window.
    Told(Window, u32),
    /// Reject it: the tenant's window is used up for this many more seconds.
    Refused(i64),
}

/// The request counts of all tenants, as far as this process knows.
#[derive(Debug)]
pub struct Rates {
    limit: Option<u32>,
    seen: Mutex<HashMap<TenantId, TenantCount>>,
}

#[derive(Clone, Copy, Debug)]
struct TenantCount {
    window: Window,
    /// The last known total of all processes plus this process's requests since.
    all: u64,
    untold: u32,
}

impl Rates {
    /// `limit` is in requests per second and applies to tenants without a limit of their own.
    #[must_use]
    pub fn new(limit: Option<u32>) -> Self {
        Self {
            limit,
            seen: Mutex::default(),
        }
    }

    /// Counts a request of a tenant. Its `own` limit takes precedence; without any limit nothing is counted.
    #[must_use]
    pub fn turn(&self, tenant: &TenantId, own: Option<u32>, now: Timestamp) -> Turn {
        let Some(limit) = own.or(self.limit) else {
            return Turn::Served;
        };
        let window = Window::at(now);
        self.with(|seen| {
            if seen.len() >= REMEMBERED_RATES {
                seen.clear();
            }
            let fresh = TenantCount {
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
            if one.untold < RATE_STEP {
                return Turn::Served;
            }
            Turn::Told(window, std::mem::take(&mut one.untold))
        })
    }

    /// Adds this process's requests to the shared count and reads the total. If the table does not respond, no
    /// request is rejected.
    async fn tell(
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

    /// A number of requests to add to the shared count of a window, in parallel to a request of this meter.
    pub(super) fn uncounted<'g>(
        &'g self,
        store: &'g Arc<Store>,
        (window, requests): (Window, u32),
        meter: &Meter,
    ) -> Uncounted<'g> {
        Uncounted {
            rates: self,
            store,
            window,
            requests,
            meter: meter.branch(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut HashMap<TenantId, TenantCount>) -> T) -> T {
        act(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Requests of this process that the shared count does not contain yet.
pub(crate) struct Uncounted<'g> {
    rates: &'g Rates,
    store: &'g Arc<Store>,
    window: Window,
    requests: u32,
    meter: Meter,
}

impl Uncounted<'_> {
    /// Adds them to the shared count of the tenant.
    pub(crate) async fn add(self, tenant: &TenantId) {
        let counted = (self.window, self.requests);
        self.rates
            .tell(self.store, tenant, counted, &self.meter)
            .await;
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
        // Its own limit is 1.
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
