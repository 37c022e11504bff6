//! The SDK's retry quota: an outage uses it up, and recovers for the requests after the outage.

use std::sync::Arc;
use std::time::Duration;

use directory::{Author, Directory, DirectoryError, Meter, Store};
use futures_util::future::join_all;
use keyring::TenantId;
use local::stack::TABLE;
use scim_core::{ResourceId, ResourceKind};
use serde_json::json;

use super::one;
use crate::support::stream::records;
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target, seed};

/// Sends requests during an outage, more than the quota has retries; returns the number of calls.
async fn outage(target: &Target, client: &Client, path: &str) -> u64 {
    one(target.faults(), "internal");
    let requests = (0..OUTAGE).map(|_| client.get(path));
    for answer in join_all(requests).await {
        assert_eq!(answer.error().0, 503, "{answer:?}");
    }
    let calls = target.faults().injected()["internal"];
    target.faults().clear();
    calls
}

const OUTAGE: u64 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_the_first_request_succeeds_and_a_fault_after_it_is_not_noticed() {
    let target = Target::with_faults().await;
    let client = target.tenant().await;
    let id = client.create_user("anna").await;
    let path = format!("/Users/{id}?excludedAttributes=groups");
    let calls = outage(&target, &client, &path).await;
    // Five attempts of each request, and of each entry of the failure log, would be many more. The quota keeps
    // retries from making an outage worse.
    assert!(calls < 4 * OUTAGE, "{calls}");
    client.get(&path).await.expect(200);
    for fault in [
        "internal:nth=1",
        "page:nth=1",
        "throttle:nth=1",
        "drop-before:nth=1",
    ] {
        one(target.faults(), fault);
        client.get(&path).await.expect(200);
        assert_eq!(target.faults().injected().len(), 1, "{fault}");
    }
    target.faults().clear();
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    one(target.faults(), "page-after:on=write,nth=1");
    client.patch(&format!("/Users/{id}"), off).await.expect(200);
    target.faults().clear();
    sound(&target, &client).await;
}

/// Uses up the quota of a store; returns whether the store still retries a fault.
async fn is_repeated(target: &Target, directory: &Directory, id: ResourceId) -> bool {
    one(target.faults(), "internal:nth=1");
    let found = directory.get(ResourceKind::User, id).await;
    target.faults().clear();
    match found {
        Ok(found) => found.is_some(),
        Err(DirectoryError::Unavailable(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn background_work_has_a_quota_of_its_own() {
    let target = Target::with_faults().await;
    let client = target.tenant().await;
    let id = ResourceId::parse(&client.create_user("anna").await).unwrap();
    let dynamodb = target.stack.services.clients.dynamodb.clone();
    let store = Store::new(dynamodb, TABLE.to_owned());
    let behind = store.behind();
    let of = |store| {
        let tenant = TenantId::parse(tenant_of(&client)).unwrap();
        Directory::new(
            Arc::new(store),
            tenant,
            Arc::new(Meter::default()),
            Author::background(),
        )
    };
    let (front, behind) = (of(store), of(behind));
    assert!(is_repeated(&target, &front, id).await);
    assert!(is_repeated(&target, &behind, id).await);
    one(target.faults(), "internal");
    join_all((0..OUTAGE).map(|_| front.get(ResourceKind::User, id))).await;
    target.faults().clear();
    assert!(is_repeated(&target, &behind, id).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_requests_uses_up_no_retries_of_background_work() {
    let target = Target::with_faults().await;
    let client = target.tenant().await;
    let user = client.create_user("anna").await;
    let group = client.create_group("Team", &[]).await;
    seed::crowd(&target, &client, &group, 1_100).await;
    client.delete(&format!("/Groups/{group}")).await.expect(204);
    let records = records(&target, &client).await;
    assert_eq!(records.len(), 1);
    outage(&target, &client, &format!("/Users/{user}")).await;
    one(target.faults(), "internal:on=Query,nth=1");
    let service = &target.stack.service;
    let (answer, _) = service
        .handle_records(&records, Duration::from_mins(1))
        .await;
    assert_eq!(answer.batch_item_failures, []);
    assert_eq!(target.faults().injected()["internal"], 1);
    target.faults().clear();
    let table = sound(&target, &client).await;
    assert!(table.keys("member").is_empty() && table.keys("task").is_empty());
}
