//! Deletes a tenant: all of its data first and its own item last, so that the id cannot be reused while data is left.
//!
//! A closing tenant rejects all requests, but a process with a cached tenant may still write for it until
//! [`SETTLED`](super::SETTLED) after the status change. So the item stays at least that long and is deleted only after a
//! later scan of all partitions found nothing. The caller may stop at any time and call again. It need not
//! wait: a deletion that must wait is put off under a key of its own, by which a later run finds it.

use std::time::Duration;

use jiff::Timestamp;

use super::{Status, Tenants};
use crate::table::keys::{self, Partition, attribute};
use crate::table::{self, Actions, DirectoryError, Meter, Role, Transacted, WriteId, is, n};
use keyring::TenantId;

/// The progress of a tenant's deletion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cleared {
    /// Everything is deleted.
    Gone,
    /// More is left: call again.
    NotYet,
    /// The tenant was closed too recently: other processes may still write for it, and its keys may still be in removal.
    Early,
    /// The tenant still has keys. The caller must remove them from the keyrings first.
    HasKeys,
    /// The tenant is not being deleted.
    InUse,
}

impl Tenants {
    /// Deletes the data of a closing tenant and finally the tenant, as far as the time allows.
    ///
    /// # Errors
    ///
    /// When the table does not answer; items deleted by then stay deleted.
    pub async fn clear(
        &self,
        id: &TenantId,
        now: Timestamp,
        patience: Duration,
        write: &WriteId,
        meter: &Meter,
    ) -> Result<Cleared, DirectoryError> {
        let Some(tenant) = self.read(id, meter).await? else {
            return Ok(Cleared::Gone);
        };
        if tenant.status != Status::Closing {
            return Ok(Cleared::InUse);
        }
        let keyrings = self.store.get(&keys::keyrings(id), meter).await?;
        if keyrings.is_some_and(|item| item.has(attribute::keyrings::RINGS)) {
            return Ok(match tenant.is_settled(now) {
                true => Cleared::HasKeys,
                false => Cleared::Early,
            });
        }
        if !self.empty(id, patience, meter).await? {
            return Ok(Cleared::NotYet);
        }
        if !tenant.is_settled(now) {
            return Ok(Cleared::Early);
        }
        let mut actions = Actions::default();
        let is_same = is(attribute::tenant::VERSION, n(tenant.version));
        actions.delete_if(keys::tenant(id), is_same, Role::Resource);
        let token = write.token(0);
        let done = self.store.transact(&actions, &token, meter).await;
        self.forget(id);
        match done? {
            Transacted::Done => Ok(Cleared::Gone),
            Transacted::ConditionFailed(_) => Ok(Cleared::NotYet),
        }
    }

    /// Puts off the deletion of a tenant.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn put_off(&self, id: &TenantId, meter: &Meter) -> Result<(), DirectoryError> {
        let item = table::item(&keys::closing(id), []);
        self.store.batch_put(vec![item], meter).await
    }

    /// The tenants whose deletion was put off.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn put_off_ones(&self, meter: &Meter) -> Result<Vec<TenantId>, DirectoryError> {
        let mut all = Vec::new();
        let mut pages = self.store.key_pages(keys::CLOSING.to_owned(), meter);
        while let Some(keys) = pages.next().await? {
            all.extend(keys.iter().filter_map(|key| TenantId::parse(&key.sk)));
        }
        Ok(all)
    }

    /// Removes a tenant from the deletions that were put off.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn settle(&self, id: &TenantId, meter: &Meter) -> Result<(), DirectoryError> {
        self.store.batch_delete(&[keys::closing(id)], meter).await
    }

    /// Deletes the data of a closing tenant that has no keys left, but not the tenant itself. Returns whether the time was
    /// sufficient.
    ///
    /// # Errors
    ///
    /// When the table does not answer; items deleted by then stay deleted.
    pub async fn empty(
        &self,
        id: &TenantId,
        patience: Duration,
        meter: &Meter,
    ) -> Result<bool, DirectoryError> {
        let swept = tokio::time::timeout(patience, async {
            while self.sweep(id, meter).await? > 0 {}
            Ok::<_, DirectoryError>(())
        });
        match swept.await {
            Ok(swept) => swept.map(|()| true),
            Err(_) => Ok(false),
        }
    }

    /// Deletes all items in all partitions of a tenant and returns their number.
    async fn sweep(&self, id: &TenantId, meter: &Meter) -> Result<usize, DirectoryError> {
        let mut found = 0;
        for partition in Partition::ALL {
            let mut pages = self.store.key_pages(partition.of(id), meter);
            while let Some(keys) = pages.next().await? {
                self.store.batch_delete(&keys, meter).await?;
                found += keys.len();
            }
        }
        Ok(found)
    }
}
