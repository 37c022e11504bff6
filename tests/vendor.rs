//! The vendor's side: the admin API, the console, the failure log, and what applications offer with it.

pub(crate) mod console;
pub(crate) mod failure_log;

mod api;
mod features;
