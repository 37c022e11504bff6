//! Faults in front of the embedded DynamoDB: what the engine itself never does, by rules.
//!
//! A [`Rule`] says which calls it strikes and what becomes of them; it is written as on the command line of
//! `cargo run -- --fault RULE`. The proxy stands between the SDK and the engine, so that the SDK's own retries and wire
//! format are part of what is tested. Chance is a generator with a seed: the same calls meet the same faults.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

mod proxy;
mod response;
mod rule;

pub use proxy::Proxy;
pub use rule::{Fault, Rule};

/// The rules in force, and what came of them. Clones share them.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    rules: Vec<Struck>,
    chance: u64,
    injected: BTreeMap<&'static str, u64>,
    writes: u64,
    has_ended: bool,
    at_end: Option<fn()>,
}

/// A rule and how many calls it applied to.
struct Struck {
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
    /// No rules yet. `at_end` is what an end of the process comes to; without it every connection is dropped from then
    /// on, until [`Faults::set`], which is what the table sees of a process that ended.
    #[must_use]
    pub fn new(at_end: Option<fn()>) -> Self {
        let faults = Self::default();
        faults.state().at_end = at_end;
        faults
    }

    /// Puts these rules in the place of those before; counts start anew, and a process that ended is there again.
    pub fn set(&self, rules: Vec<Rule>, seed: u64) {
        let mut state = self.state();
        let at_end = state.at_end;
        *state = State {
            rules: rules
                .into_iter()
                .map(|rule| Struck { rule, calls: 0 })
                .collect(),
            chance: seed,
            at_end,
            ..State::default()
        };
    }

    /// No rules any more; counts start anew.
    pub fn clear(&self) {
        self.set(Vec::new(), 0);
    }

    /// How many faults of each kind came about since the rules were set.
    #[must_use]
    pub fn injected(&self) -> BTreeMap<&'static str, u64> {
        self.state().injected.clone()
    }

    /// How many writing calls there were since the rules were set.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.state().writes
    }

    /// Whether the process ended by a rule.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.state().has_ended
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What becomes of a call.
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
            // The upper 31 bits: the lower ones of such a generator repeat soon.
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
            tracing::debug!(fault = fault.name(), operation, "fault");
        }
        found
    }

    /// The process ends here.
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
