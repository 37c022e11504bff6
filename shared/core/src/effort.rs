//! How much work a request may cause, counted in steps and so the same on every machine.
//!
//! A step is to look at one value, or at 64 letters of it; it takes some 50 ns. What a request sends is
//! bounded, but a filter of 256 terms on a thousand values, or a thousand operations on each of them,
//! is work of another size.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::limits;

/// The steps that are left to a request.
#[derive(Debug)]
pub struct Effort(AtomicU64);

/// No step is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spent;

impl Effort {
    /// So many steps.
    #[must_use]
    pub const fn new(steps: u64) -> Self {
        Self(AtomicU64::new(steps))
    }

    /// What one request may take.
    #[must_use]
    pub const fn of_request() -> Self {
        Self::new(limits::EFFORT)
    }

    /// Takes steps off what is left. A request is worked on by one thread at a time.
    ///
    /// # Errors
    ///
    /// When there are not as many; then none is left.
    pub fn spend(&self, steps: u64) -> Result<(), Spent> {
        let left = self.0.load(Ordering::Relaxed).checked_sub(steps);
        self.0.store(left.unwrap_or(0), Ordering::Relaxed);
        left.map(drop).ok_or(Spent)
    }
}

/// The steps to read a text and, unless it is compared as it is, to fold it: letters beyond ASCII take
/// one each.
#[must_use]
pub fn of_text(text: &str) -> u64 {
    let letters = match text.is_ascii() {
        true => text.len() / 64,
        false => text.len(),
    };
    steps(letters + 1)
}

/// The steps to read a value and all that is in it.
#[must_use]
pub fn of_value(value: &Value) -> u64 {
    sum(value, &of_text)
}

/// The steps to copy a value and keep the copy: memory is scarcer than time.
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

/// A number of things as a number of steps.
#[must_use]
pub fn steps(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_spent_is_spent() {
        let effort = Effort::new(10);
        assert_eq!(effort.spend(7), Ok(()));
        assert_eq!(effort.spend(4), Err(Spent));
        assert_eq!(effort.spend(1), Err(Spent));
    }

    #[test]
    fn steps_grow_with_what_there_is_to_read() {
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
