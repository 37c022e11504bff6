//! The whole of Muster in one process: embedded DynamoDB, a Secrets Manager stand-in, the gateway with
//! the routes of `template.yaml`, the service behind it, and what the table's stream and schedules invoke.
//!
//! For development and tests. It is the same code that runs in AWS, behind the same events; it does not
//! look after permissions, quotas of an account, or more than one machine.

pub mod bench;
pub mod cli;
pub mod cold_start;
pub mod dynamo;
pub mod faults;
pub mod fill;
pub mod gateway;
pub mod poller;
mod private;
pub mod secrets;
pub mod stack;
pub mod template;
