//! Limits the work of a request, counted in steps, so that the limit is the same on every machine.
//!
//! A step reads one value, or 64 ASCII letters of it, and takes about 50 ns. Limits on the request's size are not enough: a
//! filter with 256 terms on a thousand values, or a thousand operations on each of them, multiplies the work.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::limits;

/// The remaining steps of a request.
#[derive(Debug)]
pub struct Effort(AtomicU64);

/// The error if no steps are left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EffortExceeded;

impl Effort {
    /// A budget of `steps`.
    #[must_use]
    pub const fn new(steps: u64) -> Self {
        Self(AtomicU64::new(steps))
    }

    /// The budget of one request.
    #[must_use]
    pub const fn of_request() -> Self {
        Self::new(limits::EFFORT)
    }

    /// Subtracts steps. Load and store are separate, because only one thread works on a request at a time.
    ///
    /// # Errors
    ///
    /// When fewer steps are left; the budget is then empty.
    pub fn spend(&self, steps: u64) -> Result<(), EffortExceeded> {
        let left = self.0.load(Ordering::Relaxed).checked_sub(steps);
        self.0.store(left.unwrap_or(0), Ordering::Relaxed);
        left.map(drop).ok_or(EffortExceeded)
    }
}

/// The steps to read and fold a text: one for 64 ASCII letters, but one for each byte of other text, because folding is
/// slower.
#[must_use]
pub fn of_text(text: &str) -> u64 {
    let letters = match text.is_ascii() {
        true => text.len() / 64,
        false => text.len(),
    };
    steps(letters + 1)
}

/// The steps to read a value with all its parts.
#[must_use]
pub fn of_value(value: &Value) -> u64 {
    sum(value, &of_text)
}

/// The steps to copy a value and keep the copy. Higher than for reading, because memory is scarcer than time.
#[must_use]
pub fn of_copy(value: &Value) -> u64 {
    sum(value, &|text| steps(text.len() / 2 + 1))
}

fn sum(value: &Value, of_text: &impl Fn(&str) -> u64) -> u64 {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 1,
        Value::String(text) => of_text(text),
        Value::Array(values) => values.iter().map(|one| sum(one, of_text)).sum(),
        Value::Object(parts) => parts.values().map(|one| sum(one, of_text)).sum(),
    }
}

/// Converts a count to steps.
#[must_use]
pub fn steps(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_spent_budget_stays_empty() {
        let effort = Effort::new(10);
        assert_eq!(effort.spend(7), Ok(()));
        assert_eq!(effort.spend(4), Err(EffortExceeded));
        assert_eq!(effort.spend(1), Err(EffortExceeded));
    }

    #[test]
    fn steps_grow_with_the_size_of_a_value() {
        for (value, read, copied) in [
            (json!(null), 1, 1),
            (json!("a"), 1, 1),
            (json!("a".repeat(640)), 11, 321),
            (json!("ä".repeat(320)), 641, 321),
            (json!([{ "value": "a", "primary": true }, "b"]), 3, 3),
        ] {
            assert_eq!(of_value(&value), read, "{value}");
            assert_eq!(of_copy(&value), copied, "{value}");
        }
    }
}
