//! The table: calls to DynamoDB, their cost and the meaning of their errors, the keys and attributes of items, and the
//! assembly of transactions.

mod actions;
mod backoff;
mod connect;
mod deadline;
mod error;
mod item;
pub mod keys;
mod meter;
mod store;
mod tenant_table;
mod update;
mod write_id;

pub(crate) use actions::{Actions, Role};
pub use backoff::backoff;
pub use connect::{Clients, connect, to_stand_ins};
pub use deadline::{Deadline, TimeLimits, until_then};
pub use error::DirectoryError;
pub(crate) use error::corrupt;
pub use item::to_millis;
pub(crate) use item::{
    Item, Value, binary, bytes, instant_if, item, n, number, number_if, s, set_of, sort_key,
    stream_note_expiry, text, texts, yes,
};
pub use meter::{Meter, Spent};
pub use store::Store;
pub(crate) use store::{Pages, Put, Range, Transacted, Updated};
pub use tenant_table::TenantTable;
pub(crate) use update::{ConditionExpression, ItemUpdate, above, at_most, below, is, lacks};
pub use write_id::WriteId;
