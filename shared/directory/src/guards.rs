//! Items that expire: counters of requests and attempts, idempotency keys, sessions and setup links.

pub mod attempts;
pub mod idempotency;
pub mod links;
pub mod rate;
pub mod sessions;
