//! The deletion of a tenant after the response to the request.

use aws_sdk_dynamodb::types::AttributeValue;
use directory::keys;
use directory::keys::attribute::tenant as attribute;
use directory::tenants::{Status, Tenant};
use keyring::TenantId;
use local::stack::TABLE;
use serde_json::{Value, json};
use service::events::BatchResponse;

use super::{LONG, again, invoke};
use crate::storage::faults;
use crate::support::log::Log;
use crate::support::stream::ahead;
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

/// The record of a tenant that is to be deleted, as the `at`-th one of the stream.
fn closing(tenant: &str, at: usize) -> Value {
    json!({ "eventName": "MODIFY", "dynamodb": {
        "SequenceNumber": format!("2000000000000000000{at:05}"),
        "Keys": { "pk": { "S": "tenants" }, "sk": { "S": tenant } },
        "NewImage": { "status": { "S": "closing" } },
    } })
}

/// A tenant whose deletion was asked for.
async fn deleted(target: &Target) -> Client {
    let (client, admin) = (target.tenant().await, target.admin());
    client.create_user("ann").await;
    let path = format!("/tenants/{}", tenant_of(&client));
    let off = admin.post(&format!("{path}/off"), &json!({})).await;
    off.expect(200);
    admin.delete(&path).await.expect(202);
    client
}

async fn status(target: &Target, client: &Client) -> u16 {
    let path = format!("/tenants/{}", tenant_of(client));
    target.admin().get(&path).await.status.as_u16()
}

/// With a permission missing for a while, which is every code that AWS has for a mistake of the account.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_aws_rejects_for_a_while_is_retried() {
    let target = Target::with_faults().await;
    let client = deleted(&target).await;
    let later = ahead(&target, 90);
    let records = [closing(tenant_of(&client), 1)];
    for rule in ["deny:on=Query", "deny:on=GetItem", "deny:on=write"] {
        faults::one(target.faults(), rule);
        let answer = invoke(&later, &records, LONG).await;
        assert_eq!(again(&records, &answer), [0], "{rule}");
        target.faults().clear();
        assert_eq!(status(&target, &client).await, 200, "{rule}");
    }
    let answer = invoke(&later, &records, LONG).await;
    assert_eq!(answer, BatchResponse::default());
    assert_eq!(status(&target, &client).await, 404);
}

/// A record that waits blocks the records after it. The clock stands still for the processes that remember a
/// tenant for longer than the test has patience.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_has_to_wait_is_postponed_and_blocks_no_later_record() {
    let target = Target::start().await;
    let (one, other) = (deleted(&target).await, deleted(&target).await);
    let records = [closing(tenant_of(&one), 1), closing(tenant_of(&other), 2)];
    let service = &target.stack.service;
    for _ in 0..2 {
        let answer = invoke(service, &records, LONG).await;
        assert_eq!(answer, BatchResponse::default());
    }
    for client in [&one, &other] {
        assert_eq!(status(&target, client).await, 200);
    }
    // Too early is no failure, and nothing is lost by it.
    service.end_deletions(LONG).await.expect("nothing is wrong");
    let later = ahead(&target, 90);
    later.end_deletions(LONG).await.expect("nothing is wrong");
    for client in [&one, &other] {
        assert_eq!(status(&target, client).await, 404);
    }
    let idle = later.end_deletions(LONG).await.expect("nothing is wrong");
    assert_eq!((idle.calls, idle.writes), (1, 0.0), "{idle:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postponed_deletion_is_retried_until_aws_allows_it() {
    let target = Target::with_faults().await;
    let client = deleted(&target).await;
    let records = [closing(tenant_of(&client), 1)];
    faults::one(target.faults(), "deny:on=BatchWriteItem");
    let answer = invoke(&target.stack.service, &records, LONG).await;
    assert_eq!(again(&records, &answer), [0], "it could not be put off");
    target.faults().clear();
    let answer = invoke(&target.stack.service, &records, LONG).await;
    assert_eq!(answer, BatchResponse::default());
    let later = ahead(&target, 90);
    for rule in ["deny:on=Query", "deny:on=write", "throttle:on=read"] {
        faults::one(target.faults(), rule);
        assert!(later.end_deletions(LONG).await.is_err(), "{rule}");
        target.faults().clear();
    }
    later.end_deletions(LONG).await.expect("nothing is wrong");
    assert_eq!(status(&target, &client).await, 404);
}

/// Whoever closed it died before its keys were out of the keyrings; on one thread, which is the one whose log is kept.
#[tokio::test]
async fn a_closing_tenant_that_keeps_its_keys_is_retried_and_then_abandoned() {
    let log = Log::kept();
    let target = Target::start().await;
    let client = target.tenant().await;
    let name = tenant_of(&client);
    let closed = |tenant: &mut Tenant| tenant.status = Status::Closing;
    target.stack.change(name, closed).await.expect("it closes");
    let records = [closing(name, 1)];
    let answer = invoke(&target.stack.service, &records, LONG).await;
    assert_eq!(answer, BatchResponse::default());
    assert!(!log.text().contains("event.abandoned"));
    let later = ahead(&target, 90);
    for _ in 0..2 {
        later
            .end_deletions(LONG)
            .await
            .expect("the tenant is abandoned");
    }
    assert_eq!(log.text().matches("event.abandoned").count(), 1);
    // Asked again, it goes on.
    target
        .admin()
        .delete(&format!("/tenants/{name}"))
        .await
        .expect(202);
    assert_eq!(
        invoke(&later, &records, LONG).await,
        BatchResponse::default()
    );
    assert_eq!(status(&target, &client).await, 404);
}

/// If two processes deleted a tenant's data at once, the slower one could delete what a new tenant with the same id writes.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_data_another_process_deletes_stays_until_that_one_ends() {
    let target = Target::start().await;
    let client = deleted(&target).await;
    let name = tenant_of(&client);
    let records = [closing(name, 1)];
    let (early, late) = (ahead(&target, 90), ahead(&target, 200));
    let until = early.now().as_millisecond() + 60_000;
    let dynamodb = &target.stack.services.clients.dynamodb;
    let key = keys::tenant(&TenantId::parse(name).expect("a name"));
    dynamodb
        .update_item()
        .table_name(TABLE)
        .set_key(Some(key.attributes()))
        .update_expression("SET #o = :o, #u = :u")
        .expression_attribute_names("#o", attribute::SWEEPER)
        .expression_attribute_names("#u", attribute::SWEPT_UNTIL)
        .expression_attribute_values(":o", AttributeValue::S("another write".to_owned()))
        .expression_attribute_values(":u", AttributeValue::N(until.to_string()))
        .send()
        .await
        .expect("the item of the tenant can be changed");
    let answer = invoke(&early, &records, LONG).await;
    assert_eq!(answer, BatchResponse::default(), "it is postponed");
    early.end_deletions(LONG).await.expect("nothing is wrong");
    assert_eq!(status(&target, &client).await, 200);
    late.end_deletions(LONG).await.expect("nothing is wrong");
    assert_eq!(status(&target, &client).await, 404);
}
