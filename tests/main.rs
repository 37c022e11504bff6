//! End to end: the same client at the local stack, or at any address that serves Muster.

#![cfg(test)]
#![expect(
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    clippy::string_slice,
    reason = "a test is a table or a story, told with literals"
)]

mod admin;
mod bench;
mod bulk;
mod cold_start;
mod console;
mod cursors;
mod errors;
mod events;
mod everything;
mod extensions;
mod faults;
mod features;
mod front_door;
mod hostile;
mod house;
mod idp;
mod infra;
mod keys;
mod matrix;
mod me;
mod nested;
mod people;
mod protocol;
mod rate;
mod requests;
mod schema_walk;
mod search;
mod storage;
mod support;
mod tenancy;
mod tenants;
mod versions;
mod walks;
