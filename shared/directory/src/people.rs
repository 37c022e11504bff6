//! The users, groups and memberships of a tenant.

mod adopt;
mod author;
pub mod counts;
mod deadline;
mod directory;
mod item;
mod members;
mod nested;
mod query_plan;
mod rule_changes;
mod rules;
pub mod search;
mod seats;
mod shared_addresses;
pub mod task;
mod task_item;
pub mod walk;
mod write;

pub use author::Author;
pub use directory::{Directory, GroupRef, MemberRef, ResourcePage, Spread, Through};
pub use item::Stored;
pub(crate) use item::read_resource;
pub(crate) use members::{add_members, read_delta};
pub use seats::Seats;
pub use write::{KeptUser, NewResource, PasswordHash, ResourceOrigin};
