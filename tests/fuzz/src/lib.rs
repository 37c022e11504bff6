//! Laws that hold for any input bytes, one module for each kind of input. `check` panics if a law is broken. libFuzzer
//! generates the bytes (`tests/fuzz/run`); the tests replay seeds and past findings.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a broken law must stop the fuzzer"
)]

pub mod filter;
pub mod patch;
pub mod path;
pub mod request;
mod sample;
pub mod seeds;

use scim_core::{ErrorKind, ScimError};

/// Asserts that an error has one of these kinds and a detail that can be shown to an administrator.
fn is_told(error: &ScimError, kinds: &[ErrorKind]) {
    assert!(kinds.contains(&error.kind()), "{error:?}");
    let detail = error.detail().to_string();
    assert!(!detail.is_empty() && detail.len() < 2_000, "{detail}");
    assert!(!detail.contains(char::is_control), "{detail:?}");
}
