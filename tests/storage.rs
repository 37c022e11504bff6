//! What the table must hold whatever happens at once, in which order, and how often. Every test ends by
//! looking at the raw items.

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
