//! Filling a tenant past HTTP, through the very `Directory` that the service writes with.

use std::sync::Arc;

use directory::directory::Directory;
use directory::items::WriteId;
use directory::store::{Meter, Store};
use directory::tenant_id::TenantId;
use directory::write::NewResource;
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use local::fill::{Copies, Item, Pattern};
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
    Directory::new(store, tenant, Arc::new(Meter::default()))
}

/// Finishes large writes that nobody asked for again, as the table's stream makes a function do: none is too
/// young for it.
pub async fn finish(target: &Target, client: &Client) {
    let later = Clock::system().now() + SignedDuration::from_mins(5);
    let young = directory(target, client)
        .finish(later, &Ids::system().write())
        .await;
    assert_eq!(young.expect("time enough"), 0);
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
/// directory, because thousands of transactions take their time.
pub async fn copies(target: &Target, client: &Client, prefix: &str, number: usize) -> Vec<String> {
    const PATTERN: &str = "pattern-of-a-name";
    let services = &target.stack.services;
    let pattern = client
        .post("/Users", &json!({ "schemas": [USER], "userName": PATTERN }))
        .await
        .id();
    let read = Pattern::of(services, tenant_of(client), &pattern, PATTERN);
    let mut copies = Copies::new(read.await.expect("a pattern"));
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

/// Puts items into the table as they are.
pub async fn put_all(target: &Target, items: Vec<Item>) {
    let loaded = target.stack.services.load(items).await;
    loaded.expect("the items are written");
}
