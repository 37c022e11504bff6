//! Injects faults into DynamoDB calls, which the embedded engine never has by itself.
//!
//! A [`Rule`], written as in `cargo run -- --fault RULE`, selects calls and gives them a fault. A proxy between the SDK and
//! the engine applies the rules, so that tests include the SDK's retries and wire format. The random generator has a seed:
//! the same calls get the same faults.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod proxy;
mod response;
mod rule;

pub use proxy::Proxy;
pub use rule::{Fault, Rule};

/// The rules in force and the counts of their faults. Clones share one state.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<FaultState>>);

#[derive(Default)]
struct FaultState {
    rules: Vec<ActiveRule>,
    chance: u64,
    injected: BTreeMap<&'static str, u64>,
    writes: u64,
    has_ended: bool,
    at_end: Option<fn()>,
}

/// A rule and the number of calls that it selected.
struct ActiveRule {
    rule: Rule,
    calls: u64,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("injected", &self.injected())
            .finish_non_exhaustive()
    }
}

impl Faults {
    /// Starts without rules. `at_end` carries out the end of the process. Without it, every later connection is dropped
    /// until [`Faults::set`]: to the table that looks like a process that has ended.
    #[must_use]
    pub fn new(at_end: Option<fn()>) -> Self {
        let faults = Self::default();
        faults.state().at_end = at_end;
        faults
    }

    /// Replaces the rules, resets the counts and revives a process that has ended.
    pub fn set(&self, rules: Vec<Rule>, seed: u64) {
        let mut state = self.state();
        let at_end = state.at_end;
        *state = FaultState {
            rules: rules
                .into_iter()
                .map(|rule| ActiveRule { rule, calls: 0 })
                .collect(),
            chance: seed,
            at_end,
            ..FaultState::default()
        };
    }

    /// Removes all rules and resets the counts.
    pub fn clear(&self) {
        self.set(Vec::new(), 0);
    }

    /// The number of injected faults of each kind since the rules were set.
    #[must_use]
    pub fn injected(&self) -> BTreeMap<&'static str, u64> {
        self.state().injected.clone()
    }

    /// The number of write calls since the rules were set.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    /// Whether a rule has ended the process.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.state().has_ended
    }

    fn state(&self) -> MutexGuard<'_, FaultState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and returns its fault, if a rule gives it one.
    fn strike(&self, operation: &str, body: &[u8]) -> Option<Fault> {
        let mut state = self.state();
        if state.has_ended {
            return Some(Fault::DropBefore);
        }
        state.writes += u64::from(rule::is_write(operation));
        let mut chance = state.chance;
        let mut next = || {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // The upper 31 bits: the low bits of a linear congruential generator have a short period.
            f64::from(u32::try_from(chance >> 33).unwrap_or_default()) / 2_f64.powi(31)
        };
        let mut found = None;
        for struck in &mut state.rules {
            if !struck.rule.is_about(operation, body) {
                continue;
            }
            struck.calls += 1;
            if found.is_none() && struck.rule.strikes(struck.calls, &mut next) {
                found = Some(struck.rule.fault);
            }
        }
        state.chance = chance;
        if let Some(fault) = found {
            *state.injected.entry(fault.name()).or_default() += 1;
            tracing::debug!(fault = fault.name(), operation, "fault.applied");
        }
        found
    }

    /// Ends the process, or pretends to.
    fn end(&self) {
        let mut state = self.state();
        state.has_ended = true;
        if let Some(at_end) = state.at_end {
            at_end();
        }
    }
}

#[cfg(test)]
mod tests;
