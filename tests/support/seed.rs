//! Fills a tenant without HTTP: through the `Directory`, or by writing items.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use directory::keys::{self, Key};
use directory::task::{TaskOutcome, TaskResult};
use directory::{Author, Directory, Meter, NewResource, ResourceOrigin, Store, WriteId};
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use keyring::TenantId;
use local::dynamo::RawItem;
use local::fill::{UserCopies, UserTemplate};
use local::stack::TABLE;
use scim_core::{Attributes, ResourceId, ResourceKind};
use serde_json::{Value, json};
use service::clock::{Clock, Ids};

use super::client::USER;
use super::table::tenant_of;
use super::{Client, Target};

/// The directory of a client's tenant.
pub fn directory(target: &Target, client: &Client) -> Directory {
    let dynamodb = target.stack.services.clients.dynamodb.clone();
    let store = Arc::new(Store::new(dynamodb, TABLE.to_owned()));
    let tenant = TenantId::parse(tenant_of(client)).expect("the name of a tenant");
    Directory::new(
        store,
        tenant,
        Arc::new(Meter::default()),
        Author::background(),
    )
}

/// Finishes all large writes, as the function `events` does, with a clock five minutes ahead: each counts as abandoned by
/// its request.
pub async fn finish(target: &Target, client: &Client) {
    let later = Clock::system().now() + SignedDuration::from_mins(5);
    let met = directory(target, client)
        .finish(later, &Ids::system().write())
        .await
        .expect("the tasks are read");
    for TaskResult { sk, outcome } in met {
        assert!(
            matches!(outcome, TaskOutcome::Finished),
            "{sk}: {outcome:?}"
        );
    }
}

/// A user to create.
pub fn new_user(id: ResourceId, attributes: Value) -> NewResource {
    NewResource {
        kind: ResourceKind::User,
        id,
        attributes: object(attributes),
        password: None,
        members: Vec::new(),
        origin: ResourceOrigin::Client,
    }
}

pub fn object(value: Value) -> Attributes {
    match value {
        Value::Object(object) => object,
        other => panic!("no object: {other}"),
    }
}

/// New ids for a resource and for the write that creates it.
pub fn new_ids() -> (ResourceId, WriteId) {
    let ids = Ids::system();
    (ids.resource(), ids.write())
}

/// Creates users with the userNames `<prefix>0` … and returns their ids, with `at_once` requests in parallel.
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

/// Fills an empty tenant with users named `<prefix>0` … and returns their ids. Writes items directly, because thousands of
/// transactions would be slow.
pub async fn copies(target: &Target, client: &Client, prefix: &str, number: usize) -> Vec<String> {
    const PATTERN: &str = "pattern-of-a-name";
    let services = &target.stack.services;
    let pattern = client
        .post("/Users", &json!({ "schemas": [USER], "userName": PATTERN }))
        .await
        .id();
    let read = UserTemplate::of(services, tenant_of(client), &pattern, PATTERN);
    let mut copies = UserCopies::new(read.await.expect("a pattern"));
    client
        .delete(&format!("/Users/{pattern}"))
        .await
        .expect(204);
    copies
        .grow(services, number, |at| format!("{prefix}{at}"), |_| ())
        .await
        .expect("the copies are written");
    copies.ids.iter().map(ToString::to_string).collect()
}

/// Gives a group `number` members by writing items directly. The users do not exist.
pub async fn crowd(target: &Target, client: &Client, group: &str, number: usize) {
    let tenant = TenantId::parse(tenant_of(client)).expect("the name of a tenant");
    let id = ResourceId::parse(group).expect("an id");
    let item = |key: Key, kind: Option<&str>| {
        let mut item = key.attributes();
        item.extend(kind.map(|kind| ("k".to_owned(), AttributeValue::S(kind.to_owned()))));
        item
    };
    let mut items = Vec::new();
    for _ in 0..number {
        let (member, _) = new_ids();
        items.push(item(keys::member(&tenant, id, member), Some("u")));
        items.push(item(keys::membership(&tenant, member, id), None));
    }
    put_all(target, items).await;
    let head = keys::resource(&tenant, ResourceKind::Group, id);
    let dynamodb = &target.stack.services.clients.dynamodb;
    dynamodb
        .update_item()
        .table_name(TABLE)
        .set_key(Some(head.attributes()))
        .update_expression("SET n = :n")
        .expression_attribute_values(":n", AttributeValue::N(number.to_string()))
        .send()
        .await
        .expect("the group is there");
}

/// Writes items into the table unchanged.
pub async fn put_all(target: &Target, items: Vec<RawItem>) {
    let loaded = target.stack.services.load(items).await;
    loaded.expect("the items are written");
}

/// Writes `number` member edges of a group, which need not exist.
pub async fn members(target: &Target, client: &Client, group: &str, number: usize) {
    let tenant = TenantId::parse(tenant_of(client)).expect("a name or an id");
    let group = ResourceId::parse(group).expect("a name or an id");
    let edges = (0..number).map(|_| {
        let mut edge: RawItem = keys::member(&tenant, group, Ids::system().resource()).attributes();
        edge.insert("k".to_owned(), AttributeValue::S("u".to_owned()));
        edge
    });
    put_all(target, edges.collect()).await;
}

/// Sets a group's stored member count.
pub async fn member_count(target: &Target, client: &Client, group: &str, number: usize) {
    let tenant = TenantId::parse(tenant_of(client)).expect("a name or an id");
    let id = ResourceId::parse(group).expect("a name or an id");
    let dynamodb = &target.stack.services.clients.dynamodb;
    let update = dynamodb
        .update_item()
        .table_name(TABLE)
        .set_key(Some(
            keys::resource(&tenant, ResourceKind::Group, id).attributes(),
        ))
        .update_expression("SET n = :n")
        .expression_attribute_values(":n", AttributeValue::N(number.to_string()));
    update.send().await.expect("the group is written");
}
