//! Faults below the service: whatever happens to a request, the state is as if it had never been made, or
//! as if it had been made once.

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

/// Puts one rule in force.
pub(crate) fn one(faults: &Faults, text: &str) {
    faults.set(vec![rule(text)], 1);
}
