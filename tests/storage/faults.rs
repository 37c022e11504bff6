//! Faults below the service: after any fault, either the request has no effect, or it has taken effect exactly once.

use local::faults::{Faults, Rule};

mod crash;
mod model;
mod overload;
mod quota;
mod refusals;
mod seats;

fn rule(text: &str) -> Rule {
    text.parse().expect("a rule")
}

/// Sets one fault rule.
pub(crate) fn one(faults: &Faults, text: &str) {
    faults.set(vec![rule(text)], 1);
}
