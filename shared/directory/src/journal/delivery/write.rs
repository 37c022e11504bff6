//! What a run asks of the table. Each write of a delivery has the condition that the run still has the lease.

use std::sync::Arc;

use jiff::Timestamp;
use scim_core::event::Position;

use super::ask::{DeliveryChange, DueWhat, FeedPart, RunAsk, RunSetting, RunTold};
use super::due::{DueItem, DueList};
use super::item::{Delivery, FAILING, WELL, set_state};
use super::schedule::DueMinute;
use crate::journal::destinations::{DeliveryStart, Destination, Destinations};
use crate::journal::feed::Feed;
use crate::limits::CLOCKS_APART;
use crate::table::keys::attribute::delivery::{
    ACKNOWLEDGED, DUE, INVOCATION, LEASED_UNTIL, OWNER, STATE, THROUGH,
};
use crate::table::keys::attribute::tenant::{CREATED, STATUS};
use crate::table::keys::{self, Key};
use crate::table::{
    self, Actions, ConditionExpression, DirectoryError, Item, ItemUpdate, Meter, Put, Role, Store,
    TenantTable, Transacted, Updated, at_most, is, lacks, n, number, s, text,
};
use crate::tenants::{Status, Tenants};

/// The table for the runs of one delivery.
#[derive(Clone, Debug)]
pub struct DeliveryTable {
    store: Arc<Store>,
    meter: Arc<Meter>,
    feed: Feed,
    destination: Destination,
    setting: RunSetting,
}

impl DeliveryTable {
    /// The table for a run to a destination; `meter` counts the calls.
    #[must_use]
    pub fn new(
        store: &Arc<Store>,
        meter: &Arc<Meter>,
        destination: Destination,
        setting: RunSetting,
    ) -> Self {
        let tenant = setting.tenant.clone();
        let table = TenantTable::new(Arc::clone(store), tenant, Arc::clone(meter));
        Self {
            store: Arc::clone(store),
            meter: Arc::clone(meter),
            feed: Feed::new(table),
            destination,
            setting,
        }
    }

    /// The answer of the table to what a run asks; `None` if it does not ask the table.
    ///
    /// # Errors
    ///
    /// When the table does not answer: the run must be invoked again.
    pub async fn answer(
        &self,
        ask: &RunAsk,
        now: Timestamp,
    ) -> Result<Option<RunTold>, DirectoryError> {
        let id = &self.destination.id;
        let destinations = || Destinations::new(Arc::clone(&self.store), Arc::clone(&self.meter));
        Ok(Some(match ask {
            RunAsk::Take(until) => self.take(*until, now).await?,
            RunAsk::Begin => self.begin().await?,
            RunAsk::Read(after) => RunTold::Part(self.read(*after, now).await?),
            RunAsk::Write(change) => self.write(change).await?,
            RunAsk::Look(after) => RunTold::News(self.feed.has_behind(*after).await?),
            RunAsk::PutDue(what, minute) => self.put_due(*what, *minute).await?,
            RunAsk::CountFailure => {
                let tenant = &self.setting.tenant;
                let counted = destinations().note_failure(id, tenant).await?;
                RunTold::Counted(counted.is_some_and(|destination| destination.is_failing()))
            }
            RunAsk::CloseBreaker => {
                destinations().note_success(id).await?;
                RunTold::Done
            }
            RunAsk::DisableDestination(error) => {
                destinations().disable(id, error).await?;
                RunTold::Done
            }
            RunAsk::Post(_)
            | RunAsk::Pause(_)
            | RunAsk::Schedule(_)
            | RunAsk::InvokeAgain
            | RunAsk::Nothing => {
                return Ok(None);
            }
        }))
    }

    /// The key of the delivery.
    fn key(&self) -> Key {
        keys::delivery(&self.setting.tenant, self.destination.id.as_str())
    }

    /// Takes the lease: if it is free, over, or held by a run of this invocation, which has died then.
    async fn take(&self, until: Timestamp, now: Timestamp) -> Result<RunTold, DirectoryError> {
        let (owner, invocation) = (self.setting.owner.as_str(), &self.setting.invocation);
        let is_free = lacks(OWNER)
            .or(at_most(LEASED_UNTIL, n(now.as_millisecond())))
            .or(is(INVOCATION, s(invocation.as_str())));
        // The clock that made it due may have been fast.
        let due = now.saturating_add(CLOCKS_APART).unwrap_or(now).as_second();
        let is_due = is(STATE, s(WELL)).or(is(STATE, s(FAILING)).and(at_most(DUE, n(due))));
        let taken = ItemUpdate::of(self.key())
            .set(OWNER, s(owner))
            .set(INVOCATION, s(invocation.as_str()))
            .set(LEASED_UNTIL, n(until.as_millisecond()))
            .when(ConditionExpression::Present)
            .when(is_free)
            .when(is_due);
        Ok(match self.store.change(&taken, &self.meter).await? {
            Updated::Done(item) => RunTold::Taken(Delivery::read(&item)?.taken()),
            Updated::ConditionFailed(None) => RunTold::Absent,
            Updated::ConditionFailed(Some(_)) => RunTold::Refused,
        })
    }

    /// Creates the delivery where it has to begin, unless the tenant is gone.
    async fn begin(&self) -> Result<RunTold, DirectoryError> {
        let id = &self.setting.tenant;
        let tenants = Tenants::new(Arc::clone(&self.store));
        let tenant = tenants.read(id, &self.meter).await?;
        let Some(tenant) = tenant.filter(|tenant| tenant.status != Status::Closing) else {
            return Ok(RunTold::NoTenant);
        };
        let created = self.destination.created;
        let through = match self.destination.settings.from {
            // Everything in the feed of a younger tenant came after the destination.
            DeliveryStart::Now if tenant.created <= created => self.feed.end_at(created).await?,
            DeliveryStart::Now | DeliveryStart::Beginning => Position::BEGINNING,
        };
        let item = table::item(
            &self.key(),
            [
                (THROUGH, n(through.value())),
                (ACKNOWLEDGED, n(Position::BEGINNING.value())),
                (STATE, s(WELL)),
            ],
        );
        let is_same = is(CREATED, n(tenant.created.as_millisecond()));
        let is_same = is_same.and(is(STATUS, s(tenant.status.word())));
        let mut actions = Actions::default();
        actions.check(keys::tenant(id), is_same, Role::Resource);
        actions.put(item, Role::Marker);
        let token = self.setting.owner.token(0);
        let done = self.store.transact(&actions, &token, &self.meter).await?;
        match done {
            Transacted::ConditionFailed(failed) if failed.contains(&0) => {
                Err(DirectoryError::Contended)
            }
            Transacted::Done | Transacted::ConditionFailed(_) => Ok(RunTold::Begun),
        }
    }

    async fn read(&self, after: Position, now: Timestamp) -> Result<FeedPart, DirectoryError> {
        let wanted = &self.destination.settings.types;
        let behind = self.feed.behind(after, wanted, now).await?;
        Ok(FeedPart {
            entries: behind.entries.into(),
            next: behind.next,
            is_over: behind.is_over,
        })
    }

    /// Writes a change as the owner.
    async fn write(&self, change: &DeliveryChange) -> Result<RunTold, DirectoryError> {
        let owner = self.setting.owner.as_str();
        let update = ItemUpdate::of(self.key())
            .set(THROUGH, n(change.through.value()))
            .set(ACKNOWLEDGED, n(change.acked.value()))
            .when(is(OWNER, s(owner)))
            .when(is(THROUGH, n(change.from.value())));
        let update = match change.until {
            Some(until) => update.set(LEASED_UNTIL, n(until.as_millisecond())),
            None => update.remove(OWNER).remove(INVOCATION).remove(LEASED_UNTIL),
        };
        let update = match &change.state {
            Some(state) => set_state(update, state),
            None => update,
        };
        Ok(match self.store.update(&update, &self.meter).await? {
            Put::Done => RunTold::Written,
            Put::ConditionFailed(item) => refused(item.as_ref(), owner, change),
        })
    }

    async fn put_due(&self, what: DueWhat, minute: DueMinute) -> Result<RunTold, DirectoryError> {
        let due = DueItem {
            minute,
            tenant: match what {
                DueWhat::Delivery => Some(self.setting.tenant.clone()),
                DueWhat::Destination => None,
            },
            destination: self.destination.id.clone(),
        };
        let list = DueList::new(Arc::clone(&self.store), Arc::clone(&self.meter));
        list.put(&due).await?;
        Ok(RunTold::Done)
    }
}

/// What a refused change means. If the SDK repeated it after a lost response, it may be its own work.
fn refused(item: Option<&Item>, owner: &str, change: &DeliveryChange) -> RunTold {
    let there = item.and_then(|item| text(item, OWNER));
    let through = item.and_then(|item| number(item, THROUGH));
    match there {
        Some(there) if there == owner && through == Some(change.through.value()) => {
            RunTold::Written
        }
        None if item.is_some() => RunTold::Unowned,
        _ => RunTold::Lost,
    }
}
