//! The state of the table under concurrency, reordering and repetition. Every test ends with a check of the raw
//! items.

mod crowd;
pub(crate) mod faults;
mod groups;
mod large;
mod late;
pub(crate) mod model;
mod names;
mod pages;
mod plans;
mod races;
mod retries;
mod visible;
