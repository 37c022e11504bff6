//! Writes a new version of a tenant, together with other items that its settings affect.
//!
//! The setting `seats` and the limit that writes of users check are updated in one transaction, so that they cannot differ
//! even if the process dies.

use super::{Tenant, Tenants};
use crate::table::keys::attribute::seats::{LIMIT, TAKEN};
use crate::table::keys::attribute::tenant::VERSION;
use crate::table::{
    self, Actions, DirectoryError, Item, ItemUpdate, Meter, Put, Role, Transacted, WriteId, is,
    keys, n,
};
use keyring::TenantId;

impl Tenants {
    /// Replaces `current` with `next`.
    pub(super) async fn write(
        &self,
        current: &Tenant,
        next: &Tenant,
        write: &WriteId,
        meter: &Meter,
    ) -> Result<Put, DirectoryError> {
        let key = keys::tenant(&next.id);
        let was = is(VERSION, n(current.version));
        let mut change = ItemUpdate::of(key.clone()).when(was);
        for (name, value) in next.item(write).into_values() {
            change = change.set(name, value);
        }
        let limit = next.settings.seats;
        if current.settings.seats == limit {
            return self.store.update(&change, meter).await;
        }
        let mut actions = Actions::default();
        actions.update(change, Role::Resource);
        actions.update(limited(&next.id, limit), Role::Certain);
        let token = write.token(0);
        match self.store.transact(&actions, &token, meter).await? {
            Transacted::Done => Ok(Put::Done),
            Transacted::ConditionFailed(_) => {
                Ok(Put::ConditionFailed(self.store.get(&key, meter).await?))
            }
        }
    }
}

/// The seat item of a tenant that has no users yet.
pub(super) fn none_taken(tenant: &TenantId, limit: u32) -> Item {
    table::item(&keys::seats(tenant), [(TAKEN, n(0)), (LIMIT, n(limit))])
}

/// Sets the limit for active users, which are counted already; `None` removes the limit.
pub(crate) fn limited(tenant: &TenantId, limit: Option<u32>) -> ItemUpdate {
    let seats = ItemUpdate::of(keys::seats(tenant));
    match limit {
        Some(limit) => seats.set(LIMIT, n(limit)).set_if_absent(TAKEN, n(0)),
        None => seats.remove(LIMIT),
    }
}
