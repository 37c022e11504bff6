//! Deleting a tenant: everything that is kept of it goes, and its own item last, so that nobody can take the id
//! anew while there is something left.
//!
//! A tenant that is closing answers nobody, but a process that remembers it as it was may still write for it
//! for [`SETTLED`](super::SETTLED) after the switch. So the item stays at least that long, and goes only when a
//! look through all partitions after that found nothing. Whoever calls may stop at any time, and call again. Nobody has to
//! stay until then: a deletion that has to wait is put off, under a key of its own, by which it is found again.

use std::time::Duration;

use jiff::Timestamp;

use super::{Status, Tenants};
use crate::table::keys::{self, Partition};
use crate::table::{Actions, DirectoryError, Meter, Role, Transacted, WriteId, n};
use keyring::TenantId;

/// How far the deletion of a tenant has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cleared {
    /// There is nothing left of it.
    Gone,
    /// It is to be called again: there is more.
    NotYet,
    /// The tenant was closed too short a time ago: it may be written for still, and whoever closed it may be at its keys.
    Early,
    /// The tenant has keys still. Whoever closes it takes them out of the keyrings first.
    HasKeys,
    /// The tenant is not being deleted.
    InUse,
}

impl Tenants {
    /// Deletes what is kept of a tenant that is closing, and at last the tenant, as far as it comes in the time.
    ///
    /// # Errors
    ///
    /// When the table does not answer; what is done by then is done.
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
        if keyrings.is_some_and(|item| item.contains_key("k")) {
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
        let version = [(":v", n(tenant.version))];
        actions.delete(
            self.store.table(),
            &keys::tenant(id),
            Some(("v = :v", &version)),
            Role::Resource,
        )?;
        let items = actions.into_items();
        let done = self.store.transact(items, &write.token(0), meter).await;
        self.forget(id);
        match done? {
            Transacted::Done => Ok(Cleared::Gone),
            Transacted::Refused(_) => Ok(Cleared::NotYet),
        }
    }

    /// Puts the deletion of a tenant off.
    ///
    /// # Errors
    ///
    /// When the table does not take it.
    pub async fn put_off(&self, id: &TenantId, meter: &Meter) -> Result<(), DirectoryError> {
        let item = keys::closing(id).attributes();
        self.store.batch_put(vec![item], meter).await
    }

    /// The tenants whose deletions were put off.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn put_off_ones(&self, meter: &Meter) -> Result<Vec<TenantId>, DirectoryError> {
        let (mut all, mut from) = (Vec::new(), None);
        loop {
            let (keys, next) = self.store.keys_page(keys::CLOSING, from, meter).await?;
            all.extend(keys.iter().filter_map(|key| TenantId::parse(&key.sk)));
            from = next;
            if from.is_none() {
                return Ok(all);
            }
        }
    }

    /// The deletion of a tenant has not to be looked at any more.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn settle(&self, id: &TenantId, meter: &Meter) -> Result<(), DirectoryError> {
        self.store.batch_delete(&[keys::closing(id)], meter).await
    }

    /// Deletes what is kept of a tenant that is closing and has no keys any more, but for the tenant itself; whether
    /// the time was enough.
    ///
    /// # Errors
    ///
    /// When the table does not answer; what is done by then is done.
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

    /// Looks through all partitions and deletes what is there; how much that was.
    async fn sweep(&self, id: &TenantId, meter: &Meter) -> Result<usize, DirectoryError> {
        let mut found = 0;
        for partition in Partition::ALL {
            let pk = partition.of(id);
            let mut from = None;
            loop {
                let (keys, next) = self.store.keys_page(&pk, from, meter).await?;
                self.store.batch_delete(&keys, meter).await?;
                found += keys.len();
                from = next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }
}
