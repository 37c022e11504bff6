//! The pages under `/console`, for browsers and attackers.

mod forms;
mod headers;
mod injection;
mod links;
mod reach;
mod sign_in;
pub(crate) mod visitor;

use serde_json::{Value, json};

use crate::support::Target;
use visitor::Visitor;

/// A signed-in visitor from the vendor.
pub(crate) async fn vendor(target: &Target) -> Visitor {
    let mut visitor = Visitor::of(target);
    let key = target.stack.admin_key.clone();
    visitor.get("/console").await.expect(200);
    visitor
        .post("/console/sign-in", &[("key", &key)])
        .await
        .expect(303);
    visitor
}

/// A new setup link of a tenant: its path, and its JSON.
async fn link(target: &Target, tenant: &str, seconds: i64) -> (String, Value) {
    let path = format!("/tenants/{tenant}/links");
    let body = json!({ "expiresInSeconds": seconds });
    let link = target.admin().post(&path, &body).await.expect(201).json();
    let url = link["url"].as_str().expect("a url");
    let at = url.find("/console/open/").expect("the address of a link");
    (url[at..].to_owned(), link)
}

/// A customer's administrator who opened a setup link.
pub(super) async fn customer(target: &Target, tenant: &str) -> Visitor {
    let (path, _) = link(target, tenant, 3_600).await;
    let mut visitor = Visitor::of(target);
    visitor.get(&path).await.expect(200);
    visitor.post(&path, &[]).await.expect(303);
    visitor
}

/// The id of a new tenant, turned on.
async fn tenant(target: &Target) -> String {
    let client = target.tenant().await;
    crate::support::table::tenant_of(&client).to_owned()
}
