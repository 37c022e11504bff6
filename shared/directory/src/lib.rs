//! What is stored: users, groups, memberships, tenants and the failure log. The only crate that knows DynamoDB.
//!
//! `README.md` beside `src` lists the items, the access patterns, the invariants and the limits, and gives the reasons for
//! them. [`keys`] has the key template of every item.

mod credentials;
mod guards;
pub mod journal;
pub mod limits;
mod people;
mod table;
pub mod tenants;

pub use credentials::{Login, RevokedAdminKeys, last_used, password, tenant_keys};
pub use guards::{attempts, idempotency, links, rate, sessions};
pub use people::{
    Author, Directory, GroupRef, KeptUser, MemberRef, NewResource, PasswordHash, ResourceOrigin,
    ResourcePage, Seats, Spread, Stored, Through, counts, search, task, walk,
};
pub use table::{
    Clients, Deadline, DirectoryError, Meter, Spent, Store, TenantTable, TimeLimits, WriteId,
    backoff, connect, keys, to_millis, to_stand_ins, until_then,
};
