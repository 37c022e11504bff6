//! The feed of a directory: what happened to its users and groups, as entries with positions.
//!
//! An entry is derived from the change of one stored item, without reading anything else, so the same change always gives
//! the same entry. [`derive()`] knows these changes:
//!
//! | item | change | entry |
//! |---|---|---|
//! | user | new, version 1 | `user.created`, `imported` if it was in the application before provisioning |
//! | user | new, later version | `user.reactivated` with `restored`; `user.updated` with `restored` if it is inactive |
//! | user | new version | `user.deactivated` or `user.reactivated` if `active` changed, else `user.updated`; `adopted` if a client adopted it |
//! | user | gone | `user.deleted`; `user.deactivated` with `deleted` if the tenant keeps it |
//! | group | new | `group.created` |
//! | group | new version | `group.updated` if an attribute changed, else `group.members_changed` |
//! | group | gone | `group.deleted` |
//! | both | same version | none |
//!
//! [`derive_tenant`] does the same for the items of tenants and the account feed.
//!
//! A deletion counts as a version: it has the one after the last. A group's entries say who joins and leaves, more than
//! [`PART_MEMBERS`] members in several parts, of which the last one completes the version. The members of a group follow
//! from the entries of that group alone.
//!
//! The JSON is made for receivers that match patterns on it. What is absent is left out and never `null`; a path has values
//! of one type; no array contains another, and no two paths are equal once names are joined by full stops.
//!
//! This module does not append, deliver or count anything: it has no clock and no table.

mod data;
mod derive;
mod entry;
mod event_type;
mod id;
mod message;
mod order;
mod outward;
mod position;
mod shown;
mod sum;
mod tenant;
#[cfg(test)]
mod tests;
mod version;

pub use data::{EntryData, MemberLists};
pub use derive::{BrokenHistory, PART_MEMBERS, derive};
pub use entry::{Effect, EntryKey, FeedEntry, ResyncReason};
pub use event_type::{EventType, Subscription, TypePattern};
pub use id::{BatchId, EventId};
pub use message::{Message, Packing, pack};
pub use order::arranged;
pub use outward::{Outward, UnreadableBatch, print, read};
pub use position::{Epoch, Position};
pub use sum::Sum;
pub use tenant::{TenantState, TenantVersion, derive_tenant};
pub use version::{
    Gone, GroupMember, MemberChange, MemberSets, PasswordMark, Stamp, StoredVersion, VersionChange,
};
