//! Support for the tests: a target, its client, and helpers.

pub mod client;
pub mod fold;
pub mod listed;
pub mod log;
pub mod mortal;
pub mod moving;
pub mod numbers;
pub mod process;
pub mod receiver;
pub mod seed;
pub mod stream;
pub mod table;
pub mod target;

pub use client::{Answer, Client};
pub use target::Target;
