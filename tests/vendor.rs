//! The vendor's side: the admin API, the console, the failure log, and the features that applications offer with
//! them.

pub(crate) mod console;
pub(crate) mod failure_log;

mod actors;
mod api;
mod features;
mod problems;
mod views;
