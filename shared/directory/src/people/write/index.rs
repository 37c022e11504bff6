//! The index entries of a resource: its marker, its lookups and its counter.

use std::collections::BTreeSet;

use scim_core::Resource;

use crate::people::counts::IdPart;
use crate::people::directory::Directory;
use crate::people::item::Indexed;
use crate::table::keys::attribute::marker;
use crate::table::{self, Actions, ItemUpdate, Role, keys, n, s};

/// The change in the number of resources.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CountChange {
    /// A resource is created.
    More,
    /// A resource is deleted.
    Less,
}

impl Directory {
    /// The update of the counter for a resource's bucket.
    pub(crate) fn count(&self, resource: &Resource, change: CountChange) -> ItemUpdate {
        let (number, one) = IdPart::of(resource.id).counter();
        let change = match change {
            CountChange::More => n(one),
            CountChange::Less => n(format_args!("-{one}")),
        };
        let key = keys::count(self.table.tenant(), resource.kind, resource.id);
        ItemUpdate::of(key).add(number, change)
    }

    /// Adds the actions that change a resource's index entries from one state to another.
    pub(crate) fn index(
        &self,
        actions: &mut Actions,
        resource: &Resource,
        before: Option<&Indexed>,
        after: Option<&Indexed>,
    ) {
        let (kind, id) = (resource.kind, resource.id);
        let old = before.map(|entries| &entries.marker);
        let new = after.map(|entries| &entries.marker);
        if old != new {
            if let Some(old) = old {
                let key = keys::marker(self.table.tenant(), kind, old);
                actions.delete(key);
            }
            if let Some(former) = before.and_then(|entries| entries.former.as_ref()) {
                let key = keys::marker(self.table.tenant(), kind, former);
                actions.delete(key);
            }
            if let Some(new) = new {
                let key = keys::marker(self.table.tenant(), kind, new);
                let item = table::item(&key, [(marker::ID, s(id.as_str()))]);
                actions.put(item, Role::Marker);
            }
        }
        let none = BTreeSet::new();
        let old = before.map_or(&none, |entries| &entries.lookups);
        let new = after.map_or(&none, |entries| &entries.lookups);
        for (lookup, value) in old.difference(new) {
            let key = keys::lookup(self.table.tenant(), kind, *lookup, value, id);
            actions.delete(key);
        }
        for (lookup, value) in new.difference(old) {
            let key = keys::lookup(self.table.tenant(), kind, *lookup, value, id);
            actions.put(table::item(&key, []), Role::Certain);
        }
    }
}
