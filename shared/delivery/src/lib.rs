//! Delivery of events to an application: signatures and the connections to receivers.
//!
//! [`signature`] is Standard Webhooks, version 1. [`outbound`] is the only place that connects to addresses that a customer
//! of the stack chose. Neither knows what is delivered, or when: that is the work of the function `deliver`.

pub mod outbound;
pub mod signature;
