//! What people do with destinations and deliveries.

use directory::journal::destinations::{DeliveryStart, DestinationSettings, DestinationTenants};
use scim_core::event::Position;
use service::clock::Ids;

use super::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_delivers_everything_once_more() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let client = stage.target.tenant().await;
    let destination = stage.destination(10, DeliveryStart::Beginning).await;
    stage.users(&client, &["ann", "bob"]).await;
    stage.deliver(&client, &destination).await;
    stage.receiver.forget();
    let deliveries = stage.deliveries(&client);
    let replayed = deliveries.replay(&destination.id, Position::BEGINNING);
    replayed
        .await
        .expect("the table answers")
        .expect("it is there");
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.names(&client, &destination), ["ann", "bob"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_to_a_destination_that_is_paused_or_deleted_or_not_for_the_tenant() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let client = stage.target.tenant().await;
    let destination = stage.destination(1, DeliveryStart::Now).await;
    stage.users(&client, &["ann"]).await;
    let (all, write) = (stage.destinations(), || Ids::system().write());
    let paused = all.pause(&destination, &write()).await.expect("as seen");
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.messages(), 0);
    let resumed = all.resume(&paused, &write()).await.expect("as seen");
    let of_others = DestinationSettings {
        tenants: DestinationTenants::Listed(
            [super::TenantId::parse("other").expect("a tenant")].into(),
        ),
        ..resumed.settings.clone()
    };
    let others = all
        .change(&resumed, of_others, &write())
        .await
        .expect("as seen");
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.messages(), 0);
    let again = all
        .change(&others, destination.settings.clone(), &write())
        .await;
    let again = again.expect("as seen");
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.names(&client, &destination), ["ann"]);
    all.delete(&again, &write()).await.expect("as seen");
    stage.users(&client, &["bob"]).await;
    stage.deliver(&client, &destination).await;
    assert_eq!(stage.receiver.messages(), 1);
    let forgotten = stage.deliveries(&client).list().await.expect("a list");
    assert_eq!(forgotten, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_does_not_exist_leaves_nothing() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    let destination = stage.destination(1, DeliveryStart::Beginning).await;
    let call = service::events::DeliveryCall {
        tenant: super::TenantId::parse("nobody").expect("a tenant"),
        destination: destination.id.clone(),
    };
    let service = &stage.target.stack.service;
    let done = service.deliver(&call, "one", super::PATIENCE, &stage.receiver);
    let spent = done.await.expect("the table answers");
    assert_eq!(stage.receiver.messages(), 0);
    assert!(spent.writes <= 1.0, "{spent:?}");
}
