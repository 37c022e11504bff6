//! What expires: counts of requests and of attempts, requests that are carried out once, sessions and setup links.

pub mod attempts;
pub mod links;
pub mod once;
pub mod rate;
pub mod sessions;
