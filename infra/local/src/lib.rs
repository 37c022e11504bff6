//! All of Muster in one process: embedded DynamoDB, a Secrets Manager stand-in, the gateway with the routes of
//! `template.yaml`, every function behind it, and the invocations by the table's stream and by schedules.
//!
//! For development and tests. The functions run the same code on the same events as in AWS. Permissions, account quotas and
//! more than one machine are not simulated.

pub mod bench;
pub mod cli;
pub mod cold_start;
pub mod dynamo;
pub mod faults;
pub mod fill;
pub mod gateway;
pub mod listen;
mod permissions;
pub mod poller;
pub mod secrets;
pub mod stack;
pub mod template;
