//! Filling a tenant past HTTP, through the very `Directory` that the service writes with.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, WriteRequest};
use directory::directory::Directory;
use directory::items::WriteId;
use directory::keys;
use directory::store::{Meter, Store};
use directory::tenant_id::TenantId;
use directory::write::NewResource;
use futures_util::{StreamExt, stream};
use local::stack::TABLE;
use scim_core::{Attributes, ResourceId, ResourceKind};
use serde_json::{Value, json};
use service::clock::{Clock, Ids};

use super::client::USER;
use super::table::{Item, Table, bucket, tenant_of};
use super::{Client, Target};

/// The directory of a client's tenant.
pub fn directory(target: &Target, client: &Client) -> Directory {
    let dynamodb = target.stack.services.clients.dynamodb.clone();
    let store = Arc::new(Store::new(dynamodb, TABLE.to_owned()));
    let tenant = TenantId::parse(tenant_of(client)).expect("the name of a tenant");
    Directory::new(store, tenant, Arc::new(Meter::default()))
}

/// A user that is to be created.
pub fn new_user(id: ResourceId, attributes: Value) -> NewResource {
    NewResource {
        kind: ResourceKind::User,
        id,
        attributes: object(attributes),
        password: None,
        members: Vec::new(),
    }
}

pub fn object(value: Value) -> Attributes {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

/// A new id of a resource, and of the write that makes it.
pub fn new_ids() -> (ResourceId, WriteId) {
    let ids = Ids::system();
    (ids.resource(), ids.write())
}

/// Creates users with the userNames `<prefix>0` … and gives their ids; so many at a time.
pub async fn users(
    directory: &Directory,
    prefix: &str,
    number: usize,
    at_once: usize,
) -> Vec<String> {
    stream::iter(0..number)
        .map(|number| async move {
            let (id, write) = new_ids();
            let new = new_user(id, json!({ "userName": format!("{prefix}{number}") }));
            let now = Clock::system().now();
            directory
                .create(new, now, &write)
                .await
                .expect("the user is created");
            id.to_string()
        })
        .buffer_unordered(at_once)
        .collect()
        .await
}

/// Puts users with the userNames `<prefix>0` … into an empty tenant, and gives their ids. Past the
/// directory, because thousands of transactions take their time: what is put is what the directory made of
/// one user, under other ids and names.
pub async fn copies(target: &Target, client: &Client, prefix: &str, number: usize) -> Vec<String> {
    const PATTERN: &str = "pattern-of-a-name";
    let pattern = client
        .post("/Users", &json!({ "schemas": [USER], "userName": PATTERN }))
        .await
        .id();
    let table = Table::of(target, client).await;
    client
        .delete(&format!("/Users/{pattern}"))
        .await
        .expect(204);
    let ids: Vec<ResourceId> = (0..number).map(|_| new_ids().0).collect();
    let mut items = Vec::new();
    for (at, id) in ids.iter().enumerate() {
        let own = |text: &str| {
            text.replace(&pattern, id.as_str())
                .replace(PATTERN, &format!("{prefix}{at}"))
        };
        items.extend(
            table
                .partitions(&["user", "user#userName"])
                .map(|item| copy(item, own)),
        );
    }
    let pk = AttributeValue::S(format!("{}#user#count", tenant_of(client)));
    for (bucket, counts) in counted(&ids) {
        let counts = counts
            .into_iter()
            .map(|(name, count)| (name, AttributeValue::N(count.to_string())));
        let keys = [
            ("pk".to_owned(), pk.clone()),
            ("sk".to_owned(), AttributeValue::S(bucket)),
        ];
        items.push(counts.chain(keys).collect());
    }
    put_all(target, items).await;
    ids.iter().map(ToString::to_string).collect()
}

/// The item with other texts in it.
fn copy(item: &Item, own: impl Fn(&str) -> String) -> Item {
    let attributes = item.iter().map(|(name, value)| match value {
        AttributeValue::S(text) => (name.clone(), AttributeValue::S(own(text))),
        other => (name.clone(), other.clone()),
    });
    attributes.collect()
}

/// The counters that users have, by bucket.
fn counted(ids: &[ResourceId]) -> BTreeMap<String, BTreeMap<String, u32>> {
    let mut counters: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for id in ids {
        let counter = counters.entry(bucket(*id)).or_default();
        for name in ["n".to_owned(), keys::count_part(*id)] {
            *counter.entry(name).or_default() += 1;
        }
    }
    counters
}

/// Puts items into the table as they are.
pub async fn put_all(target: &Target, items: Vec<Item>) {
    let dynamodb = &target.stack.services.clients.dynamodb;
    let requests: Vec<WriteRequest> = items
        .into_iter()
        .map(|item| {
            let put = PutRequest::builder()
                .set_item(Some(item))
                .build()
                .expect("a put");
            WriteRequest::builder().put_request(put).build()
        })
        .collect();
    stream::iter(requests.chunks(25))
        .for_each_concurrent(4, |batch| async move {
            let batch = dynamodb
                .batch_write_item()
                .request_items(TABLE, batch.to_vec());
            let left = batch
                .send()
                .await
                .expect("a batch is written")
                .unprocessed_items;
            assert!(left.is_none_or(|left| left.is_empty()));
        })
        .await;
}
