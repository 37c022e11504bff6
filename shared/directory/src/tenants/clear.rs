//! Deletes a tenant: all of its data first and its own item last, so that the id cannot be reused while data is left.
//!
//! A closing tenant rejects all requests, but a process with a cached tenant may still write for it until
//! [`SETTLED`](super::SETTLED) after the status change. So the item stays at least that long and is deleted only after a
//! later scan of all partitions found nothing. The caller may stop at any time and call again. It need not
//! wait: a deletion that must wait is put off under a key of its own, by which a later run finds it.
//!
//! One process at a time deletes the data of a tenant, under a lease in the tenant's item, and only it deletes that item. If
//! two did, the slower one could delete what a new tenant with the same id has just written.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Status, Tenant, Tenants};
use crate::limits::CLOCKS_APART;
use crate::table::keys::attribute::tenant::{STATUS, SWEEPER, SWEPT_UNTIL};
use crate::table::keys::{self, Partition, attribute};
use crate::table::{
    self, Actions, DirectoryError, ItemUpdate, Meter, Put, Role, Transacted, WriteId, below, is,
    lacks, n, s,
};
use keyring::TenantId;

/// The progress of a tenant's deletion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cleared {
    /// Everything is deleted.
    Gone,
    /// More is left: call again.
    NotYet,
    /// Another process is deleting the data: call again later.
    Elsewhere,
    /// The tenant was closed too recently: other processes may still write for it, and its keys may still be in removal.
    Early,
    /// The tenant still has keys. The caller must remove them from the keyrings first.
    HasKeys,
    /// The tenant is not being deleted.
    InUse,
}

/// The right of one process to delete the data of a tenant for a while.
struct Lease<'w> {
    owner: &'w WriteId,
    from: Timestamp,
    until: Timestamp,
}

impl<'w> Lease<'w> {
    fn new(owner: &'w WriteId, from: Timestamp, patience: Duration) -> Self {
        let patience = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
        let end = from.saturating_add(patience.saturating_add(CLOCKS_APART));
        Self {
            owner,
            from,
            until: end.unwrap_or(Timestamp::MAX),
        }
    }
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
        let lease = Lease::new(write, now, patience);
        if !self.take(id, &lease, meter).await? {
            return Ok(Cleared::Elsewhere);
        }
        let cleared = self
            .clear_leased(&tenant, now, patience, write, meter)
            .await;
        if !matches!(cleared, Ok(Cleared::Gone)) {
            self.give_back(id, &lease, meter).await;
        }
        cleared
    }

    /// Deletes the data and finally the tenant, under a lease.
    async fn clear_leased(
        &self,
        tenant: &Tenant,
        now: Timestamp,
        patience: Duration,
        write: &WriteId,
        meter: &Meter,
    ) -> Result<Cleared, DirectoryError> {
        let id = &tenant.id;
        if !self.sweep_for(id, patience, meter).await? {
            return Ok(Cleared::NotYet);
        }
        if !tenant.is_settled(now) {
            return Ok(Cleared::Early);
        }
        let mut actions = Actions::default();
        let is_same = is(attribute::tenant::VERSION, n(tenant.version));
        let is_mine = is(SWEEPER, s(write.as_str()));
        actions.delete_if(keys::tenant(id), is_same.and(is_mine), Role::Resource);
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

    /// Deletes the data of a closing tenant that has no keys left, but not the tenant itself, as far as the time allows and
    /// unless another process does so.
    ///
    /// # Errors
    ///
    /// When the table does not answer; items deleted by then stay deleted.
    pub async fn empty(
        &self,
        id: &TenantId,
        now: Timestamp,
        patience: Duration,
        write: &WriteId,
        meter: &Meter,
    ) -> Result<(), DirectoryError> {
        let lease = Lease::new(write, now, patience);
        if self.take(id, &lease, meter).await? {
            let swept = self.sweep_for(id, patience, meter).await;
            self.give_back(id, &lease, meter).await;
            swept?;
        }
        Ok(())
    }

    /// Takes the lease of a closing tenant; returns whether it was free.
    async fn take(
        &self,
        id: &TenantId,
        lease: &Lease<'_>,
        meter: &Meter,
    ) -> Result<bool, DirectoryError> {
        let is_free = lacks(SWEPT_UNTIL)
            .or(below(SWEPT_UNTIL, n(lease.from.as_millisecond())))
            .or(is(SWEEPER, s(lease.owner.as_str())));
        let update = ItemUpdate::of(keys::tenant(id))
            .set(SWEEPER, s(lease.owner.as_str()))
            .set(SWEPT_UNTIL, n(lease.until.as_millisecond()))
            .when(is(STATUS, s(Status::Closing.word())))
            .when(is_free);
        Ok(match self.store.update(&update, meter).await? {
            Put::Done => true,
            Put::ConditionFailed(_) => false,
        })
    }

    /// Gives the lease back. If that fails, it ends by itself.
    async fn give_back(&self, id: &TenantId, lease: &Lease<'_>, meter: &Meter) {
        let update = ItemUpdate::of(keys::tenant(id))
            .remove(SWEEPER)
            .remove(SWEPT_UNTIL)
            .when(is(SWEEPER, s(lease.owner.as_str())));
        let _ = self.store.update(&update, meter).await;
    }

    /// Sweeps until nothing is left; returns whether the time was sufficient.
    async fn sweep_for(
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
