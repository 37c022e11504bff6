//! End to end: the same client at the local stack, or at any address that serves Muster.

#![cfg(test)]
#![expect(
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    clippy::string_slice,
    reason = "a test is a table or a story, told with literals"
)]

mod conformance;
mod events;
mod hostile;
mod house;
mod infra;
mod providers;
mod storage;
mod support;
mod tenancy;
mod vendor;
