//! What follows from a resource: its marker, its lookups, its count.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::Update;
use scim_core::Resource;

use super::{Actions, Role, update};
use crate::directory::Directory;
use crate::error::DirectoryError;
use crate::items::{Indexed, n, s};
use crate::{keys, store};

impl Directory {
    /// The update of the counter of a resource's bucket, and of the part of it that the id falls into.
    pub(super) fn count(&self, resource: &Resource, change: i8) -> Result<Update, DirectoryError> {
        let part = keys::count_part(resource.id);
        update(
            self.store.table(),
            &keys::count(&self.tenant, resource.kind, resource.id),
            &format!("ADD n :change, {part} :change"),
            None,
            vec![(":change", n(change))],
        )
    }

    /// Adds what takes the index entries of a resource from one state to another.
    pub(super) fn index(
        &self,
        actions: &mut Actions,
        resource: &Resource,
        before: Option<&Indexed>,
        after: Option<&Indexed>,
    ) -> Result<(), DirectoryError> {
        let (kind, id) = (resource.kind, resource.id);
        let table = self.store.table();
        let old = before.map(|entries| entries.marker.as_str());
        let new = after.map(|entries| entries.marker.as_str());
        if old != new {
            if let Some(old) = old {
                let key = keys::marker(&self.tenant, kind, old);
                actions.delete(table, &key, None, Role::Certain)?;
            }
            if let Some(new) = new {
                let key = keys::marker(&self.tenant, kind, new);
                actions.put(
                    table,
                    store::item(&key, [("id", s(id.as_str()))]),
                    Role::Marker,
                )?;
            }
        }
        let none = BTreeSet::new();
        let old = before.map_or(&none, |entries| &entries.lookups);
        let new = after.map_or(&none, |entries| &entries.lookups);
        for (lookup, value) in old.difference(new) {
            let key = keys::lookup(&self.tenant, kind, *lookup, value, id);
            actions.delete(table, &key, None, Role::Certain)?;
        }
        for (lookup, value) in new.difference(old) {
            let key = keys::lookup(&self.tenant, kind, *lookup, value, id);
            actions.put(table, store::item(&key, []), Role::Certain)?;
        }
        Ok(())
    }
}
