//! What tests stand on: a target, a client of it, and short ways to say what they mean.

pub mod client;
pub mod listed;
pub mod log;
pub mod mortal;
pub mod moving;
pub mod numbers;
pub mod process;
pub mod seed;
pub mod stream;
pub mod table;
pub mod target;

pub use client::{Answer, Client};
pub use target::Target;
