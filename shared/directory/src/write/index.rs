//! What follows from a resource: its marker, its lookups, its count.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::Update;
use scim_core::Resource;

use super::{Actions, Role, update};
use crate::counts::Part;
use crate::directory::Directory;
use crate::error::DirectoryError;
use crate::items::{Indexed, n, s};
use crate::keys::Lookup;
use crate::members::MOST_ACTIONS;
use crate::{keys, store};

/// How many e-mail addresses one request can give or change: a transaction has the resource, its counter,
/// its marker before and after, its externalId before and after besides.
const MOST_ADDRESSES: usize = MOST_ACTIONS - 6;

/// How a number of resources changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// One is created.
    More,
    /// One is deleted.
    Less,
}

impl Directory {
    /// The update of the counter of a resource's bucket.
    pub(crate) fn count(
        &self,
        resource: &Resource,
        change: Change,
    ) -> Result<Update, DirectoryError> {
        let (number, one) = Part::of(resource.id).counter();
        let change = match change {
            Change::More => n(one),
            Change::Less => n(format_args!("-{one}")),
        };
        update(
            self.store.table(),
            &keys::count(&self.tenant, resource.kind, resource.id),
            &format!("ADD {number} :change"),
            None,
            vec![(":change", change)],
        )
    }

    /// Adds what takes the index entries of a resource from one state to another.
    pub(crate) fn index(
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

/// Refuses e-mail addresses beyond those that one transaction can index, and take out again.
pub(super) fn check_addresses(
    before: Option<&Indexed>,
    after: &Indexed,
) -> Result<(), DirectoryError> {
    let addresses = |entries: &Indexed| -> BTreeSet<String> {
        let emails = entries
            .lookups
            .iter()
            .filter(|(lookup, _)| *lookup == Lookup::Email);
        emails.map(|(_, value)| value.clone()).collect()
    };
    let old = before.map(addresses).unwrap_or_default();
    let new = addresses(after);
    let given = new.len().max(old.symmetric_difference(&new).count());
    match given > MOST_ADDRESSES {
        true => Err(DirectoryError::TooManyAddresses {
            given,
            most: MOST_ADDRESSES,
        }),
        false => Ok(()),
    }
}
