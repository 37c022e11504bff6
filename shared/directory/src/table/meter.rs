//! Counts the capacity that a request consumes, as DynamoDB reports it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::types::ConsumedCapacity;

/// The capacity and calls that a request consumed.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Spent {
    /// Read request units.
    pub reads: f64,
    /// Write request units.
    pub writes: f64,
    /// Calls to DynamoDB.
    pub calls: u32,
    /// Updates whose condition failed. DynamoDB bills them like any write, but does not report their units.
    pub refused: u32,
    /// Sequential calls; parallel calls count once.
    pub round_trips: u32,
    /// The IAM actions that the calls needed.
    pub actions: BTreeSet<&'static str>,
}

/// Counts the capacity and calls that a request consumes.
///
/// Branches of the meter count parallel calls, so that only the longest chain of calls counts as round trips, however the
/// calls overlap.
#[derive(Debug, Default)]
pub struct Meter {
    spent: Arc<Mutex<Spent>>,
    /// The number of sequential calls so far.
    depth: Arc<AtomicU32>,
    /// The depth of the meter that this meter is a branch of.
    trunk: Option<Arc<AtomicU32>>,
}

impl Meter {
    /// The consumption so far.
    pub fn spent(&self) -> Spent {
        let round_trips = self.depth.load(Ordering::Relaxed);
        self.with(|spent| Spent {
            round_trips,
            ..spent.clone()
        })
    }

    /// A meter for calls in parallel to others; its counts are added to this meter.
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

    /// Counts an update whose condition failed.
    pub(super) fn refused(&self) {
        self.with(|spent| spent.refused += 1);
    }

    /// Counts what a call read; a batch reports it for each table.
    pub(super) fn read<'c>(&self, capacity: impl IntoIterator<Item = &'c ConsumedCapacity>) {
        let units = units(capacity);
        self.with(|spent| spent.reads += units);
    }

    /// Counts what a call wrote; a batch or a transaction reports it for each table.
    pub(super) fn wrote<'c>(&self, capacity: impl IntoIterator<Item = &'c ConsumedCapacity>) {
        let units = units(capacity);
        self.with(|spent| spent.writes += units);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(trunk) = &self.trunk {
            trunk.fetch_max(self.depth.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

fn units<'c>(capacity: impl IntoIterator<Item = &'c ConsumedCapacity>) -> f64 {
    capacity
        .into_iter()
        .filter_map(ConsumedCapacity::capacity_units)
        .sum()
}
