//! The table as one tenant's requests use it: the store, the tenant, and the meter that counts the calls.

use std::sync::Arc;

use keyring::TenantId;
use scim_core::sort::Direction;

use super::store::{KeyPages, Pages};
use super::{
    Actions, DirectoryError, Item, ItemUpdate, Meter, Put, Range, Store, Transacted, Updated,
};
use crate::table::keys::Key;

/// The table, a tenant in it, and the meter of a request.
#[derive(Clone, Debug)]
pub struct TenantTable {
    store: Arc<Store>,
    tenant: TenantId,
    meter: Arc<Meter>,
}

impl TenantTable {
    /// The table of a store for one tenant; `meter` counts the calls.
    #[must_use]
    pub const fn new(store: Arc<Store>, tenant: TenantId, meter: Arc<Meter>) -> Self {
        Self {
            store,
            tenant,
            meter,
        }
    }

    /// The same with a separate meter, for calls in parallel to others.
    pub(crate) fn branch(&self) -> Self {
        Self {
            meter: Arc::new(self.meter.branch()),
            ..self.clone()
        }
    }

    pub(crate) const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.meter
    }

    /// See [`Store::get`].
    pub(crate) async fn get(&self, key: &Key) -> Result<Option<Item>, DirectoryError> {
        self.store.get(key, &self.meter).await
    }

    /// See [`Store::query`].
    pub(crate) async fn query(
        &self,
        range: &Range,
        limit: Option<usize>,
    ) -> Result<Vec<Item>, DirectoryError> {
        self.store.query(range, limit, &self.meter).await
    }

    /// See [`Store::query_in`].
    pub(crate) async fn query_in(
        &self,
        range: &Range,
        limit: Option<usize>,
        direction: Direction,
    ) -> Result<Vec<Item>, DirectoryError> {
        let found = self.store.query_in(range, limit, direction, &self.meter);
        found.await
    }

    /// See [`Store::pages`].
    pub(crate) fn pages(&self, range: &Range, direction: Direction) -> Pages<'_> {
        self.store.pages(range, direction, &self.meter)
    }

    /// See [`Store::key_pages`].
    pub(crate) fn key_pages(&self, pk: String) -> KeyPages<'_> {
        self.store.key_pages(pk, &self.meter)
    }

    /// See [`Store::update`].
    pub(crate) async fn update(&self, update: &ItemUpdate) -> Result<Put, DirectoryError> {
        self.store.update(update, &self.meter).await
    }

    /// See [`Store::change`].
    pub(crate) async fn change(&self, update: &ItemUpdate) -> Result<Updated, DirectoryError> {
        self.store.change(update, &self.meter).await
    }

    /// See [`Store::add`].
    pub(crate) async fn add(&self, update: &ItemUpdate) -> Result<Item, DirectoryError> {
        self.store.add(update, &self.meter).await
    }

    /// See [`Store::transact`].
    pub(crate) async fn transact(
        &self,
        actions: &Actions,
        token: &str,
    ) -> Result<Transacted, DirectoryError> {
        self.store.transact(actions, token, &self.meter).await
    }

    /// See [`Store::batch_get`].
    pub(crate) async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Item>, DirectoryError> {
        self.store.batch_get(keys, &self.meter).await
    }

    /// See [`Store::batch_keys`].
    pub(crate) async fn batch_keys(&self, keys: &[Key]) -> Result<Vec<Item>, DirectoryError> {
        self.store.batch_keys(keys, &self.meter).await
    }

    /// See [`Store::batch_put`].
    pub(crate) async fn batch_put(&self, items: Vec<Item>) -> Result<(), DirectoryError> {
        self.store.batch_put(items, &self.meter).await
    }

    /// See [`Store::batch_delete`].
    pub(crate) async fn batch_delete(&self, keys: &[Key]) -> Result<(), DirectoryError> {
        self.store.batch_delete(keys, &self.meter).await
    }
}
