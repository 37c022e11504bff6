//! Counting what a request consumes, from the figures that DynamoDB returns.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// What a request consumed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Spent {
    /// Read request units.
    pub reads: f64,
    /// Write request units.
    pub writes: f64,
    /// Calls.
    pub calls: u32,
    /// Calls one after the other; calls side by side count once.
    pub round_trips: u32,
    /// The IAM actions that were used.
    pub actions: BTreeSet<&'static str>,
}

/// Counts what a request consumes.
///
/// Calls that are made side by side are counted by branches of the meter, so that of these only the
/// longest row of calls counts as round trips, however they happen to overlap.
#[derive(Debug, Default)]
pub struct Meter {
    spent: Arc<Mutex<Spent>>,
    /// Calls one after the other, up to now.
    depth: Arc<AtomicU32>,
    /// The depth of the meter that this is a branch of.
    trunk: Option<Arc<AtomicU32>>,
}

impl Meter {
    /// What was consumed so far.
    pub fn spent(&self) -> Spent {
        let round_trips = self.depth.load(Ordering::Relaxed);
        self.with(|spent| Spent {
            round_trips,
            ..spent.clone()
        })
    }

    /// A meter for calls that are made beside others; it counts into this one.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self {
            spent: Arc::clone(&self.spent),
            depth: Arc::new(AtomicU32::new(self.depth.load(Ordering::Relaxed))),
            trunk: Some(Arc::clone(&self.depth)),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Spent) -> T) -> T {
        act(&mut self.spent.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn call(&self, actions: &[&'static str]) {
        self.depth.fetch_add(1, Ordering::Relaxed);
        self.with(|spent| {
            spent.calls += 1;
            spent.actions.extend(actions);
        });
    }

    pub(super) fn read(&self, capacity: Option<&ConsumedCapacity>) {
        self.with(|spent| spent.reads += units(capacity));
    }

    pub(super) fn wrote(&self, capacity: Option<&ConsumedCapacity>) {
        self.with(|spent| spent.writes += units(capacity));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(trunk) = &self.trunk {
            trunk.fetch_max(self.depth.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

fn units(capacity: Option<&ConsumedCapacity>) -> f64 {
    capacity
        .and_then(ConsumedCapacity::capacity_units)
        .unwrap_or_default()
}
