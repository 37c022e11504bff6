//! Deliveries: how far the feed of each tenant was sent to each destination.
//!
//! What is delivered to a destination is a prefix of a tenant's feed: in order, each entry at least once, and nothing new
//! before everything before it was acknowledged. One run at a time works on a delivery, under a lease in its item.
//!
//! | File | What is in it |
//! |---|---|
//! | `machine` | the steps of a run, without I/O |
//! | `ask` | what a run asks, and the answers |
//! | `schedule` | when a delivery that failed is tried again |
//! | `item` | a delivery as an item |
//! | `write` | what a run asks of the table |
//! | `due` | what is due at which minute |
//!
//! `machine` is pure so that a test can try every order of steps of several runs that die, are late, or are repeated.

use scim_core::event::Position;

use crate::journal::destinations::DestinationId;
use crate::table::keys::attribute::delivery::{
    ACKNOWLEDGED, INVOCATION, LEASED_UNTIL, OWNER, THROUGH,
};
use crate::table::keys::{self, Partition};
use crate::table::{
    ConditionExpression, DirectoryError, ItemUpdate, Range, TenantTable, Updated, below, n,
};

mod ask;
mod due;
mod item;
mod machine;
#[cfg(test)]
mod model;
mod schedule;
mod write;

use ask::NewState;
use item::set_state;

pub use ask::{Breaker, Receipt, RunAsk, RunSetting, RunTold};
pub use due::{DueItem, DueList};
pub use item::{Delivery, DeliveryState};
pub use machine::DeliveryRun;
pub use schedule::DueMinute;
pub use write::DeliveryTable;

/// The deliveries of one tenant's feed.
///
/// Whoever moves one takes the lease away from the run that works on it, and must invoke another run.
#[derive(Clone, Debug)]
pub struct Deliveries {
    table: TenantTable,
}

impl Deliveries {
    /// The deliveries of a tenant.
    #[must_use]
    pub const fn new(table: TenantTable) -> Self {
        Self { table }
    }

    /// All of them, also to destinations that were deleted.
    ///
    /// # Errors
    ///
    /// When the table does not answer, or one of them cannot be read.
    pub async fn list(&self) -> Result<Vec<Delivery>, DirectoryError> {
        let range = Range::all(Partition::Delivery.of(self.table.tenant()));
        let items = self.table.query(&range, None).await?;
        items.iter().map(Delivery::read).collect()
    }

    /// The delivery to a destination; `None` if nothing was ever delivered there.
    ///
    /// # Errors
    ///
    /// When the table does not answer, or it cannot be read.
    pub async fn load(&self, id: &DestinationId) -> Result<Option<Delivery>, DirectoryError> {
        let key = keys::delivery(self.table.tenant(), id.as_str());
        let item = self.table.get(&key).await?;
        item.as_ref().map(Delivery::read).transpose()
    }

    /// Delivers everything behind a position once more. For the receiver, `after` is what it acknowledged last. Returns
    /// the delivery; `None` if there is none.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn replay(
        &self,
        id: &DestinationId,
        after: Position,
    ) -> Result<Option<Delivery>, DirectoryError> {
        let update = self.moved(id).set(THROUGH, n(after.value()));
        self.change(update.set(ACKNOWLEDGED, n(after.value())))
            .await
    }

    /// Goes on behind a position without delivering what is before it. Returns the delivery; `None` if there is none, or it
    /// has come as far as that.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn skip(
        &self,
        id: &DestinationId,
        through: Position,
    ) -> Result<Option<Delivery>, DirectoryError> {
        let update = self.moved(id).set(THROUGH, n(through.value()));
        self.change(update.when(below(THROUGH, n(through.value()))))
            .await
    }

    /// Tries a delivery again that fails or is disabled. Returns the delivery; `None` if there is none.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn resume(&self, id: &DestinationId) -> Result<Option<Delivery>, DirectoryError> {
        self.change(self.moved(id)).await
    }

    /// Forgets a delivery to a destination that was deleted.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn forget(&self, id: &DestinationId) -> Result<(), DirectoryError> {
        let key = keys::delivery(self.table.tenant(), id.as_str());
        self.table.batch_delete(&[key]).await
    }

    /// An update that takes the lease away, after which the delivery is well.
    fn moved(&self, id: &DestinationId) -> ItemUpdate {
        let key = keys::delivery(self.table.tenant(), id.as_str());
        let update = ItemUpdate::of(key)
            .remove(OWNER)
            .remove(INVOCATION)
            .remove(LEASED_UNTIL)
            .when(ConditionExpression::Present);
        set_state(update, &NewState::Well)
    }

    async fn change(&self, update: ItemUpdate) -> Result<Option<Delivery>, DirectoryError> {
        match self.table.change(&update).await? {
            Updated::Done(item) => Delivery::read(&item).map(Some),
            Updated::ConditionFailed(_) => Ok(None),
        }
    }
}
