//! The users, groups and memberships of a tenant.

mod adopt;
pub mod counts;
mod directory;
mod item;
mod members;
mod nested;
mod query_plan;
mod rules;
pub mod search;
pub mod task;
mod time;
pub mod walk;
mod write;

pub use directory::{Directory, GroupRef, MemberRef, ResourcePage, Spread, Through};
pub use item::Stored;
pub(crate) use item::read_resource;
pub use rules::Seats;
pub use write::{KeptUser, NewResource, PasswordHash, ResourceOrigin};
