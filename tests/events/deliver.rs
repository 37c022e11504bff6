//! The function `deliver`: what a receiver gets of the feeds of tenants, whatever happens on the way.

use std::sync::Arc;
use std::time::Duration;

use directory::journal::delivery::{Deliveries, Delivery, DeliveryState};
use directory::journal::destinations::{
    DeliveryStart, Destination, DestinationId, DestinationSettings, DestinationTenants,
    Destinations,
};
use directory::{Meter, Spent};
use keyring::TenantId;
use scim_core::event::Subscription;
use service::Function;
use service::clock::Ids;
use service::events::DeliveryCall;

use super::feed::fill;
use crate::support::moving::{self, Time};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};
use receiver::Receiver;

mod deaths;
mod receiver;
mod states;
mod troubles;

const PATIENCE: Duration = Duration::from_mins(5);

/// A stack whose feeds are delivered to a receiver.
struct Stage {
    target: Target,
    time: Time,
    receiver: Receiver,
}

impl Stage {
    /// `None` if the tests run on another DynamoDB, whose stream they do not read.
    async fn start() -> Option<Self> {
        let (target, time) = moving::start().await;
        let service = target.stack.of(Function::Feed);
        fill(&target, &service).await?;
        let receiver = Receiver::new(time.clone());
        Some(Self {
            target,
            time,
            receiver,
        })
    }

    /// A destination for all events of users, of all tenants.
    async fn destination(&self, batch: u8, from: DeliveryStart) -> Destination {
        let settings = DestinationSettings {
            name: "App".to_owned(),
            url: "https://app.example/hook".to_owned(),
            types: Subscription::parse(["user.*"]).expect("a pattern"),
            tenants: DestinationTenants::All,
            batch,
            from,
        };
        let (id, write) = (DestinationId::new(Ids::system().bytes()), Ids::system());
        let made = self
            .destinations()
            .create(id, settings, self.time.now(), &write.write())
            .await;
        self.time.pass(1);
        made.expect("the table answers").expect("there is room")
    }

    fn destinations(&self) -> Destinations {
        let store = Arc::clone(self.target.stack.service.store());
        Destinations::new(store, Arc::new(Meter::default()))
    }

    /// Creates users and appends what has happened to the feed.
    async fn users(&self, client: &Client, names: &[&str]) {
        for name in names {
            client.create_user(name).await;
        }
        let service = self.target.stack.of(Function::Feed);
        fill(&self.target, &service).await.expect("the stream");
        self.time.pass(1);
    }

    fn call(client: &Client, destination: &Destination) -> DeliveryCall {
        DeliveryCall {
            tenant: TenantId::parse(tenant_of(client)).expect("a tenant"),
            destination: destination.id.clone(),
        }
    }

    /// Invokes the function once, which must succeed.
    async fn deliver(&self, client: &Client, destination: &Destination) -> Spent {
        let call = Self::call(client, destination);
        let service = &self.target.stack.service;
        let name = format!("{:?}", Ids::system().write());
        let done = service.deliver(&call, &name, PATIENCE, &self.receiver);
        done.await.expect("the table answers")
    }

    /// Does what Lambda and its schedules do until nothing is left to do.
    async fn settle(&self) {
        let service = &self.target.stack.service;
        loop {
            if let Some(call) = self.receiver.next_call() {
                let name = format!("{:?}", Ids::system().write());
                let done = service.deliver(&call, &name, PATIENCE, &self.receiver);
                done.await.expect("the table answers");
            } else if self.receiver.pass_to_next_schedule() {
                let due = service.deliver_due(&self.receiver).await;
                due.expect("the table answers");
            } else {
                return;
            }
        }
    }

    fn deliveries(&self, client: &Client) -> Deliveries {
        let tenant = TenantId::parse(tenant_of(client)).expect("a tenant");
        let meter = Meter::default().into();
        Deliveries::new(self.target.stack.service.table(&tenant, &meter))
    }

    async fn delivery(&self, client: &Client, destination: &Destination) -> Delivery {
        let loaded = self.deliveries(client).load(&destination.id).await;
        loaded.expect("it can be read").expect("it is there")
    }

    async fn state(&self, client: &Client, destination: &Destination) -> DeliveryState {
        self.delivery(client, destination).await.state
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_delivered_once_and_in_order_at_two_write_units() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let client = stage.target.tenant().await;
    stage.users(&client, &["before"]).await;
    let now = stage.destination(1, DeliveryStart::Now).await;
    let whole = stage.destination(10, DeliveryStart::Beginning).await;
    stage.users(&client, &["ann"]).await;
    stage.deliver(&client, &now).await;
    stage.deliver(&client, &whole).await;
    assert_eq!(stage.receiver.names(&client, &now), ["ann"]);
    assert_eq!(stage.receiver.names(&client, &whole), ["before", "ann"]);
    stage.users(&client, &["bob"]).await;
    // The lease, and giving it back with the position; the destination, the feed, and the second look.
    let spent = stage.deliver(&client, &now).await;
    assert!(spent.writes <= 2.0, "{spent:?}");
    assert!(spent.reads <= 3.0, "{spent:?}");
    assert_eq!(spent.calls, 5, "{spent:?}");
    // Nothing new: it is not sent twice.
    stage.deliver(&client, &now).await;
    assert_eq!(stage.receiver.names(&client, &now), ["ann", "bob"]);
    let names: Vec<String> = (0..40).map(|n| format!("user-{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    stage.users(&client, &names).await;
    let messages = stage.receiver.messages();
    stage.deliver(&client, &whole).await;
    assert_eq!(stage.receiver.messages() - messages, 5, "41 events in tens");
    let all = [&["before", "ann", "bob"], names.as_slice()].concat();
    assert_eq!(stage.receiver.names(&client, &whole), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_for_a_destination_is_passed_over_and_is_no_gap() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let client = stage.target.tenant().await;
    let destination = stage.destination(1, DeliveryStart::Now).await;
    stage.users(&client, &["ann"]).await;
    client.create_group("Sales", &[]).await;
    stage.users(&client, &["bob"]).await;
    client.create_group("Support", &[]).await;
    stage.users(&client, &[]).await;
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.names(&client, &destination), ["ann", "bob"]);
    let delivery = stage.delivery(&client, &destination).await;
    assert!(delivery.through > delivery.acknowledged, "{delivery:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_time_invokes_the_function_again() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let client = stage.target.tenant().await;
    let destination = stage.destination(1, DeliveryStart::Now).await;
    stage.users(&client, &["ann"]).await;
    let call = Stage::call(&client, &destination);
    let service = &stage.target.stack.service;
    let short = Duration::from_secs(10);
    let done = service.deliver(&call, "short", short, &stage.receiver);
    done.await.expect("the table answers");
    assert_eq!(stage.receiver.names(&client, &destination), [""; 0]);
    assert_eq!(stage.receiver.waiting(), [call]);
    stage.settle().await;
    assert_eq!(stage.receiver.names(&client, &destination), ["ann"]);
}
