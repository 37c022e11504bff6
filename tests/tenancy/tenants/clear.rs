//! The deletion of a tenant: its data is unreadable at once and then deleted, and only afterwards its id is free.

use std::sync::Arc;
use std::time::Duration;

use directory::keys::Partition;
use directory::tenants::{Cleared, Status, Tenants};
use directory::{DirectoryError, Meter};
use service::clock::Ids;

use super::{id, new, tenants};
use crate::support::moving::{Time, start};
use crate::support::seed::{copies, put_all};
use crate::support::table::{Item, Table, tenant_of};
use crate::support::{Client, Target};

const PATIENCE: Duration = Duration::from_mins(1);

async fn clear(tenants: &Tenants, time: &Time, client: &Client, patience: Duration) -> Cleared {
    let (now, write, meter) = (
        time.now(),
        Ids::system().write(),
        Arc::new(Meter::default()),
    );
    let id = id(tenant_of(client));
    tenants
        .clear(&id, now, patience, &write, &meter)
        .await
        .unwrap()
}

/// Puts an item into every partition of a tenant.
async fn litter(target: &Target, client: &Client) {
    let text = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let items = Partition::ALL.iter().flat_map(|partition| {
        (0..30).map(|number| {
            let pk = text(&partition.of(&id(tenant_of(client))));
            let sk = text(&format!("left-{number}"));
            Item::from([("pk".to_owned(), pk), ("sk".to_owned(), sk)])
        })
    });
    put_all(target, items.collect()).await;
}

async fn turn(target: &Target, client: &Client, status: Status) {
    let changed = target
        .stack
        .change(tenant_of(client), |tenant| tenant.status = status);
    changed.await.unwrap();
    target.becomes_known();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_is_closing_answers_as_if_there_were_none() {
    let (target, _) = start().await;
    let client = target.tenant().await;
    let user = client.create_user("ann").await;
    let unknown = client.with_token("wrong").get("/Users").await;
    turn(&target, &client, Status::Closing).await;
    for path in ["/Users", "/Groups", "/Schemas", &format!("/Users/{user}")] {
        let answer = client.get(path).await.expect(401);
        assert_eq!(answer.text, unknown.text);
    }
    client.delete(&format!("/Users/{user}")).await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_deleted_tenant_is_left_in_any_partition_and_others_keep_theirs() {
    let (target, time) = start().await;
    let (client, other) = (target.tenant().await, target.tenant().await);
    for client in [&client, &other] {
        let ids = copies(&target, client, "user", 300).await;
        client.create_group("Sales", &ids).await;
        client.get("/Users?startIndex=1&count=10").await.expect(200);
    }
    litter(&target, &client).await;
    let before = Table::of(&target, &other).await.len();
    let tenants = tenants(&target);
    assert_eq!(
        clear(&tenants, &time, &client, PATIENCE).await,
        Cleared::InUse
    );
    assert!(
        Table::of(&target, &client).await.len() > 300,
        "a tenant in use was cleared"
    );
    turn(&target, &client, Status::Closing).await;
    let cleared = clear(&tenants, &time, &client, PATIENCE).await;
    assert_eq!(
        cleared,
        Cleared::Early,
        "whoever closed it may be at its keys"
    );
    let (spent, tenant) = (Arc::new(Meter::default()), id(tenant_of(&client)));
    let keys = target.stack.service.keys(&tenant, &spent);
    keys.remove_all(time.now()).await.unwrap();

    assert_eq!(
        clear(&tenants, &time, &client, Duration::ZERO).await,
        Cleared::NotYet
    );
    assert_eq!(
        clear(&tenants, &time, &client, PATIENCE).await,
        Cleared::Early
    );
    assert_eq!(Table::of(&target, &client).await.len(), 0);
    let meter = Arc::new(Meter::default());
    let name = tenant_of(&client);
    let again = tenants
        .create(new(name), time.now(), &Ids::system().write(), &meter)
        .await;
    assert!(
        matches!(again, Err(DirectoryError::Taken { .. })),
        "the id is free too early"
    );

    // A process with an old cache entry writes once more.
    litter(&target, &client).await;
    time.pass(90);
    assert_eq!(
        clear(&tenants, &time, &client, PATIENCE).await,
        Cleared::Gone
    );
    assert_eq!(Table::of(&target, &client).await.len(), 0);
    assert!(tenants.read(&id(name), &meter).await.unwrap().is_none());
    assert_eq!(
        clear(&tenants, &time, &client, PATIENCE).await,
        Cleared::Gone
    );
    tenants
        .create(new(name), time.now(), &Ids::system().write(), &meter)
        .await
        .unwrap();
    assert_eq!(Table::of(&target, &other).await.len(), before);
}
