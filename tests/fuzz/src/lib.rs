//! What must hold for any bytes, a module for each thing they are taken for: `check` panics when a law is
//! broken. libFuzzer finds the bytes (`tests/fuzz/run`); the tests replay seeds and findings.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a law that does not hold must stop the fuzzer"
)]

pub mod filter;
pub mod patch;
pub mod path;
pub mod request;
mod sample;
pub mod seeds;

use scim_core::{ErrorKind, ScimError};

/// Demands that an error is of one of some kinds and can be shown to an administrator.
fn is_told(error: &ScimError, kinds: &[ErrorKind]) {
    assert!(kinds.contains(&error.kind()), "{error:?}");
    let detail = error.detail().to_string();
    assert!(!detail.is_empty() && detail.len() < 2_000, "{detail}");
    assert!(!detail.contains(char::is_control), "{detail:?}");
}
