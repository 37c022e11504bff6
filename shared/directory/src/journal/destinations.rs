//! Destinations: where the entries of feeds go. They belong to the stack, not to a tenant.
//!
//! Whoever changes a destination says which version they saw, so no change is lost. What deliveries note about it, their
//! failures and successes, needs no version.

use std::sync::Arc;

use jiff::Timestamp;
use keyring::TenantId;

use crate::limits::DESTINATIONS;
use crate::table::keys::attribute::destination::{
    CREATED, ERROR, FAILURES, PROBE, SETTINGS, STATE, VERSION, WRITE,
};
use crate::table::keys::attribute::number_of_destinations::NUMBER;
use crate::table::{
    self, Actions, ConditionExpression, DirectoryError, ItemUpdate, Meter, Range, Role, Store,
    Transacted, Updated, WriteId, below, is, keys, lacks, n, s, text,
};

mod item;

pub use item::{
    DeliveryStart, Destination, DestinationId, DestinationSettings, DestinationState,
    DestinationTenants,
};

/// All destinations.
#[derive(Clone, Debug)]
pub struct Destinations {
    store: Arc<Store>,
    meter: Arc<Meter>,
}

impl Destinations {
    /// The destinations of a table; `meter` counts the calls.
    #[must_use]
    pub const fn new(store: Arc<Store>, meter: Arc<Meter>) -> Self {
        Self { store, meter }
    }

    /// Creates a destination. `None` if there are [`DESTINATIONS`] already.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn create(
        &self,
        id: DestinationId,
        settings: DestinationSettings,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<Option<Destination>, DirectoryError> {
        let created = table::to_millis(now);
        let attributes = [
            (SETTINGS, s(settings.to_json()?)),
            (STATE, s(DestinationState::On.word())),
            (VERSION, n(1)),
            (WRITE, s(write.as_str())),
            (CREATED, n(created.as_millisecond())),
        ];
        let mut actions = Actions::default();
        let counted = ItemUpdate::of(keys::number_of_destinations())
            .add(NUMBER, n(1))
            .when(lacks(NUMBER).or(below(NUMBER, n(DESTINATIONS))));
        actions.update(counted, Role::Resource);
        let item = table::item(&keys::destination(id.as_str()), attributes);
        actions.put(item, Role::Marker);
        let done = self
            .store
            .transact(&actions, &write.token(0), &self.meter)
            .await?;
        let created = Destination {
            id,
            settings,
            state: DestinationState::On,
            version: 1,
            created,
            failures: 0,
            probe: None,
            error: None,
        };
        Ok(matches!(done, Transacted::Done).then_some(created))
    }

    /// All of them, in the order of their creation.
    ///
    /// # Errors
    ///
    /// When the table does not answer, or one of them cannot be read.
    pub async fn list(&self) -> Result<Vec<Destination>, DirectoryError> {
        let range = Range::prefix(keys::destinations(), DestinationId::PREFIX);
        let items = self.store.query(&range, None, &self.meter).await?;
        let mut all: Vec<Destination> = items
            .iter()
            .map(Destination::read)
            .collect::<Result<_, _>>()?;
        all.sort_by(|one, other| (one.created, &one.id).cmp(&(other.created, &other.id)));
        Ok(all)
    }

    /// The destination with this id.
    ///
    /// # Errors
    ///
    /// When the table does not answer, or it cannot be read.
    pub async fn load(&self, id: &DestinationId) -> Result<Option<Destination>, DirectoryError> {
        let item = self
            .store
            .get(&keys::destination(id.as_str()), &self.meter)
            .await?;
        item.as_ref().map(Destination::read).transpose()
    }

    /// Gives a destination other settings. With another address it begins without failures.
    ///
    /// # Errors
    ///
    /// `Stale` or `Gone` when it is not as it was seen; or the table does not answer.
    pub async fn change(
        &self,
        seen: &Destination,
        settings: DestinationSettings,
        write: &WriteId,
    ) -> Result<Destination, DirectoryError> {
        let update = Self::update(seen, write).set(SETTINGS, s(settings.to_json()?));
        let update = match settings.url == seen.settings.url {
            true => update,
            false => update.remove(FAILURES).remove(PROBE),
        };
        self.write(&update, write).await
    }

    /// Sends nothing to a destination until somebody resumes it.
    ///
    /// # Errors
    ///
    /// As [`Self::change`].
    pub async fn pause(
        &self,
        seen: &Destination,
        write: &WriteId,
    ) -> Result<Destination, DirectoryError> {
        let update = Self::update(seen, write).set(STATE, s(DestinationState::Paused.word()));
        self.write(&update, write).await
    }

    /// Sends to a destination that was paused or disabled. It begins without failures. The caller must make the deliveries
    /// of its tenants due.
    ///
    /// # Errors
    ///
    /// As [`Self::change`].
    pub async fn resume(
        &self,
        seen: &Destination,
        write: &WriteId,
    ) -> Result<Destination, DirectoryError> {
        let update = Self::update(seen, write)
            .set(STATE, s(DestinationState::On.word()))
            .remove(FAILURES)
            .remove(PROBE)
            .remove(ERROR);
        self.write(&update, write).await
    }

    /// Deletes a destination. What is stored of its deliveries is void from then on.
    ///
    /// # Errors
    ///
    /// As [`Self::change`].
    pub async fn delete(&self, seen: &Destination, write: &WriteId) -> Result<(), DirectoryError> {
        let key = keys::destination(seen.id.as_str());
        let mut actions = Actions::default();
        let is_as_seen = is(VERSION, n(seen.version));
        actions.delete_if(key.clone(), is_as_seen, Role::Resource);
        let counted = ItemUpdate::of(keys::number_of_destinations()).add(NUMBER, n(-1));
        actions.update(counted, Role::Certain);
        let done = self
            .store
            .transact(&actions, &write.token(0), &self.meter)
            .await?;
        if matches!(done, Transacted::Done) {
            return Ok(());
        }
        Err(match self.store.get(&key, &self.meter).await? {
            Some(_) => DirectoryError::Stale,
            None => DirectoryError::Gone,
        })
    }

    /// Notes that the delivery of a tenant began to fail. It is the one that is tried while the destination fails: only of
    /// the last one is it certain that it is tried again. Returns the destination with that; `None` if it is gone.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn note_failure(
        &self,
        id: &DestinationId,
        tenant: &TenantId,
    ) -> Result<Option<Destination>, DirectoryError> {
        let noted = ItemUpdate::of(keys::destination(id.as_str()))
            .add(FAILURES, n(1))
            .set(PROBE, s(tenant.as_ref()))
            .when(ConditionExpression::Present);
        match self.store.change(&noted, &self.meter).await? {
            Updated::Done(item) => Destination::read(&item).map(Some),
            Updated::ConditionFailed(_) => Ok(None),
        }
    }

    /// Notes that a delivery succeeded: the destination is without failures.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn note_success(&self, id: &DestinationId) -> Result<(), DirectoryError> {
        let noted = ItemUpdate::of(keys::destination(id.as_str()))
            .remove(FAILURES)
            .remove(PROBE)
            .when(ConditionExpression::Present);
        self.store.update(&noted, &self.meter).await.map(drop)
    }

    /// Sends nothing to a destination any longer, because it failed for this reason. One that is paused or disabled stays
    /// so.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn disable(&self, id: &DestinationId, error: &str) -> Result<(), DirectoryError> {
        let disabled = ItemUpdate::of(keys::destination(id.as_str()))
            .set(STATE, s(DestinationState::Disabled.word()))
            .set(ERROR, s(error))
            .add(VERSION, n(1))
            .when(is(STATE, s(DestinationState::On.word())));
        self.store.update(&disabled, &self.meter).await.map(drop)
    }

    /// An update of what somebody has seen.
    fn update(seen: &Destination, write: &WriteId) -> ItemUpdate {
        ItemUpdate::of(keys::destination(seen.id.as_str()))
            .set(VERSION, n(seen.version.saturating_add(1)))
            .set(WRITE, s(write.as_str()))
            .when(is(VERSION, n(seen.version)))
    }

    async fn write(
        &self,
        update: &ItemUpdate,
        write: &WriteId,
    ) -> Result<Destination, DirectoryError> {
        match self.store.change(update, &self.meter).await? {
            Updated::Done(item) => Destination::read(&item),
            Updated::ConditionFailed(None) => Err(DirectoryError::Gone),
            // If the SDK repeated the write after a lost response, the item already has this write id.
            Updated::ConditionFailed(Some(item)) if text(&item, WRITE) == Some(write.as_str()) => {
                Destination::read(&item)
            }
            Updated::ConditionFailed(Some(_)) => Err(DirectoryError::Stale),
        }
    }
}
