//! The function `deliver`: sends the entries of a tenant's feed to a destination. `feed` invokes it after it has appended,
//! and a schedule for what is due.
//!
//! `directory::journal::delivery` decides each step and keeps what must be remembered; this file performs the steps. An
//! invocation that fails is invoked again under the same id.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use directory::journal::delivery::{
    Breaker, Deliveries, DeliveryRun, DeliveryTable, DueItem, DueList, DueMinute, Receipt, RunAsk,
    RunSetting, RunTold,
};
use directory::journal::destinations::{
    Destination, DestinationId, DestinationState, Destinations,
};
use directory::tenants::Status;
use directory::{DirectoryError, Meter, Spent, TenantTable};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use scim_core::event::Message;
use serde_json::{Value, json};

use crate::Service;
use crate::limits::INVOKED_AT_ONCE;

/// What deliveries need besides the table.
pub trait Outside: Sync {
    /// Sends a message to a destination.
    fn post(
        &self,
        destination: &Destination,
        message: &Message,
    ) -> impl Future<Output = Receipt> + Send;

    /// Waits.
    fn pause(&self, time: SignedDuration) -> impl Future<Output = ()> + Send;

    /// Invokes the function asynchronously. The error says what does not answer.
    fn invoke(&self, call: &DeliveryCall) -> impl Future<Output = Result<(), String>> + Send;

    /// Has the function invoked for what is due at a minute. It is fine if that is so already.
    fn schedule(&self, minute: DueMinute) -> impl Future<Output = Result<(), String>> + Send;
}

/// An invocation for one delivery.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DeliveryCall {
    /// Whose feed is delivered.
    pub tenant: TenantId,
    /// Where to.
    pub destination: DestinationId,
}

impl DeliveryCall {
    /// The payload of the invocation.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "deliver": { "tenant": self.tenant.as_ref(), "destination": self.destination.as_str() } })
    }

    /// Parses the payload; `None` if it is another one.
    #[must_use]
    pub fn read(payload: &Value) -> Option<Self> {
        let member = |name: &str| payload.get("deliver")?.get(name)?.as_str();
        Some(Self {
            tenant: TenantId::parse(member("tenant")?)?,
            destination: DestinationId::parse(member("destination")?)?,
        })
    }
}

/// What a run did.
#[derive(Default)]
struct RunCount {
    messages: usize,
    events: usize,
}

impl Service {
    /// Delivers to a destination what a tenant's feed has for it, for at most `patience`. Returns the consumption.
    ///
    /// # Errors
    ///
    /// When the table or what is outside does not answer: the function must be invoked again under the same id.
    pub async fn deliver<O: Outside>(
        &self,
        call: &DeliveryCall,
        invocation: &str,
        patience: Duration,
        outside: &O,
    ) -> Result<Spent, DirectoryError> {
        let (meter, started) = (Arc::new(Meter::default()), self.clock.now());
        let destinations = Destinations::new(self.background_store(), Arc::clone(&meter));
        let Some(destination) = destinations.load(&call.destination).await? else {
            self.deliveries(call, &meter)
                .forget(&call.destination)
                .await?;
            return Ok(meter.spent());
        };
        if destination.state != DestinationState::On {
            return Ok(meter.spent());
        }
        let patience = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
        let setting = RunSetting {
            tenant: call.tenant.clone(),
            batch: destination.settings.batch,
            breaker: Breaker::of(&destination, &call.tenant),
            invocation: invocation.to_owned(),
            owner: self.ids.write(),
            deadline: started.saturating_add(patience).unwrap_or(Timestamp::MAX),
            chance: u64::from_be_bytes(self.ids.bytes()),
        };
        let run = match destination.is_for(&call.tenant) {
            true => DeliveryRun::new(setting.clone()),
            false => DeliveryRun::of_nothing(setting.clone(), started),
        };
        let store = self.background_store();
        let table = DeliveryTable::new(&store, &meter, destination.clone(), setting);
        let count = self.run(run, call, &destination, &table, outside).await?;
        let spent = meter.spent();
        tracing::info!(
            tenant.id = %call.tenant,
            destination.id = %call.destination,
            messages = count.messages,
            entries = count.events,
            duration_ms = self.clock.now().duration_since(started).as_secs_f64() * 1_000.0,
            dynamodb.reads = spent.reads,
            dynamodb.writes = spent.writes,
            dynamodb.calls = spent.calls,
            "delivery.run"
        );
        Ok(spent)
    }

    /// Performs the steps of a run.
    async fn run<O: Outside>(
        &self,
        mut run: DeliveryRun,
        call: &DeliveryCall,
        destination: &Destination,
        table: &DeliveryTable,
        outside: &O,
    ) -> Result<RunCount, DirectoryError> {
        let unavailable = DirectoryError::Unavailable;
        let mut count = RunCount::default();
        loop {
            let now = self.clock.now();
            let ask = run.ask(now);
            let told = match &ask {
                RunAsk::Nothing => return Ok(count),
                RunAsk::Post(message) => {
                    let receipt = outside.post(destination, message).await;
                    count.note(call, message, &receipt);
                    RunTold::Receipt(receipt)
                }
                RunAsk::Pause(time) => {
                    outside.pause(*time).await;
                    RunTold::Done
                }
                RunAsk::Schedule(minute) => {
                    outside.schedule(*minute).await.map_err(unavailable)?;
                    RunTold::Done
                }
                RunAsk::InvokeAgain => {
                    outside.invoke(call).await.map_err(unavailable)?;
                    RunTold::Done
                }
                of_table => {
                    report(call, of_table);
                    let told = table.answer(of_table, now).await?;
                    told.ok_or_else(|| DirectoryError::Internal("a step has no answer".to_owned()))?
                }
            };
            run.tell(told, self.clock.now());
        }
    }

    /// Invokes the function for everything that is due. Returns the consumption.
    ///
    /// # Errors
    ///
    /// When the table or what is outside does not answer: what is left stays due.
    pub async fn deliver_due<O: Outside>(&self, outside: &O) -> Result<Spent, DirectoryError> {
        let meter = Arc::new(Meter::default());
        let list = DueList::new(self.background_store(), Arc::clone(&meter));
        let mut invoked = 0_usize;
        loop {
            let due = list.until(DueMinute::of(self.clock.now())).await?;
            if due.is_empty() {
                break;
            }
            let calls = self.calls(&due, &meter).await?;
            invoked = invoked.saturating_add(calls.len());
            invoke_all(calls, outside).await?;
            list.remove(&due).await?;
        }
        tracing::info!(deliveries = invoked, "delivery.due");
        Ok(meter.spent())
    }

    /// Makes all deliveries to a destination due within a few minutes: it was created, changed or resumed.
    ///
    /// # Errors
    ///
    /// When the table or what is outside does not answer.
    pub async fn make_due<O: Outside>(
        &self,
        destination: &DestinationId,
        meter: &Arc<Meter>,
        outside: &O,
    ) -> Result<(), DirectoryError> {
        let minute = DueMinute::after(self.clock.now(), SignedDuration::ZERO);
        let due = DueItem {
            minute,
            tenant: None,
            destination: destination.clone(),
        };
        let list = DueList::new(self.background_store(), Arc::clone(meter));
        list.put(&due).await?;
        let scheduled = outside.schedule(minute).await;
        scheduled.map_err(DirectoryError::Unavailable)
    }

    /// The deliveries of due items, each once.
    async fn calls(
        &self,
        due: &[DueItem],
        meter: &Arc<Meter>,
    ) -> Result<BTreeSet<DeliveryCall>, DirectoryError> {
        let mut calls = BTreeSet::new();
        let whole: BTreeSet<_> = due.iter().filter(|due| due.tenant.is_none()).collect();
        let mut tenants = Vec::new();
        if !whole.is_empty() {
            tenants = directory::task::tenants(&self.background_store(), meter).await?;
            tenants.retain(|(_, status)| *status != Some(Status::Closing));
        }
        let destinations = Destinations::new(self.background_store(), Arc::clone(meter));
        for due in whole {
            let Some(destination) = destinations.load(&due.destination).await? else {
                continue;
            };
            let concerned = tenants.iter().map(|(tenant, _)| tenant);
            let concerned = concerned.filter(|tenant| destination.is_for(tenant));
            calls.extend(concerned.map(|tenant| DeliveryCall {
                tenant: tenant.clone(),
                destination: due.destination.clone(),
            }));
        }
        calls.extend(due.iter().filter_map(|due| {
            Some(DeliveryCall {
                tenant: due.tenant.clone()?,
                destination: due.destination.clone(),
            })
        }));
        Ok(calls)
    }

    fn deliveries(&self, call: &DeliveryCall, meter: &Arc<Meter>) -> Deliveries {
        let (store, meter) = (self.background_store(), Arc::clone(meter));
        Deliveries::new(TenantTable::new(store, call.tenant.clone(), meter))
    }
}

/// Invokes the function for each of these deliveries.
async fn invoke_all<O: Outside>(
    calls: BTreeSet<DeliveryCall>,
    outside: &O,
) -> Result<(), DirectoryError> {
    let calls: Vec<_> = calls
        .into_iter()
        .map(|call| async move { outside.invoke(&call).await })
        .collect();
    let invoked = stream::iter(calls).buffer_unordered(INVOKED_AT_ONCE);
    let invoked: Result<(), String> = invoked.try_collect().await;
    invoked.map_err(DirectoryError::Unavailable)
}

impl RunCount {
    fn note(&mut self, call: &DeliveryCall, message: &Message, receipt: &Receipt) {
        if receipt.is_success() {
            self.messages = self.messages.saturating_add(1);
            self.events = self.events.saturating_add(message.events);
            return;
        }
        tracing::warn!(
            tenant.id = %call.tenant,
            destination.id = %call.destination,
            message.id = message.id,
            status = receipt.status,
            "delivery.failed"
        );
    }
}

/// Logs what somebody must look at.
fn report(call: &DeliveryCall, ask: &RunAsk) {
    match ask {
        RunAsk::DisableDestination(_) => {
            tracing::error!(destination.id = %call.destination, "destination.disabled");
        }
        RunAsk::Write(change) if change.disables() => {
            tracing::error!(
                tenant.id = %call.tenant,
                destination.id = %call.destination,
                "delivery.disabled"
            );
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invocation_is_read_from_its_payload() {
        let call = DeliveryCall {
            tenant: TenantId::parse("acme").unwrap(),
            destination: DestinationId::new([1; 10]),
        };
        assert_eq!(DeliveryCall::read(&call.to_json()), Some(call));
        for odd in [
            json!({}),
            json!({ "deliver": {} }),
            json!({ "due": "0000000001" }),
        ] {
            assert_eq!(DeliveryCall::read(&odd), None, "{odd}");
        }
    }
}
