//! The requests log: what was refused or failed, and what to do about it.

mod log;
