//! Two tenants, and access between them: Z-01 … Z-04, T-08, T-10, T-14. Also the properties of one tenant: its keys,
//! its rate limit, its rules.

mod disjoint;
mod kept_users;
mod keyrings;
mod keys;
mod rate;
mod rules;
mod tenants;
mod tokens;
mod turned_off;

use bytes::Bytes;
use http::Method;
use scim_core::ResourceKind;
use serde_json::{Value, json};
use service::wire::routes::{Endpoint, Route, routes};

use crate::support::client::{group, patch, user};
use crate::support::{Answer, Client};

/// A valid request for a route: method, path after the base address, body.
fn request(route: &Route, ids: &Ids) -> (Method, String, Option<Value>) {
    let method = route.method.clone().unwrap_or(Method::GET);
    let id = match route.endpoint {
        Endpoint::Read(kind)
        | Endpoint::Replace(kind)
        | Endpoint::Modify(kind)
        | Endpoint::Delete(kind) => match kind {
            ResourceKind::User => ids.user.as_str(),
            ResourceKind::Group => ids.group.as_str(),
        },
        Endpoint::ResourceType => "User",
        _ => "urn:ietf:params:scim:schemas:core:2.0:User",
    };
    let path = route
        .path
        .strip_prefix("/{tenant}/scim/v2")
        .expect("a path of a tenant");
    let path = path
        .replace("{id}", id)
        .replace("{name}", id)
        .replace("{urn}", id);
    let body = match route.endpoint {
        Endpoint::Create(ResourceKind::User) => Some(user("stolen")),
        Endpoint::Create(ResourceKind::Group) => Some(group("stolen", &[])),
        Endpoint::Replace(ResourceKind::User) => Some(user("replaced")),
        Endpoint::Replace(ResourceKind::Group) => Some(group("replaced", &[])),
        Endpoint::Modify(_) => Some(patch(
            json!([{ "op": "replace", "value": { "displayName": "changed" } }]),
        )),
        _ => None,
    };
    (method, path, body)
}

/// The ids of a user and a group of a tenant.
struct Ids {
    user: String,
    group: String,
}

/// Creates a user and a group in a tenant.
async fn fill(client: &Client) -> Ids {
    let mut anna = user("anna@example.com");
    anna["externalId"] = json!("e1");
    let user = client.post("/Users", &anna).await.expect(201).id();
    let group = client
        .create_group("Sales", std::slice::from_ref(&user))
        .await;
    Ids { user, group }
}

/// Sends a request for every route.
async fn on_every_route(client: &Client, ids: &Ids) -> Vec<(&'static Route, Answer)> {
    let mut answers = Vec::new();
    for route in routes() {
        let (method, path, body) = request(route, ids);
        let body = body.map(|body| Bytes::from(body.to_string()));
        let headers = [("content-type", "application/scim+json")];
        answers.push((
            route,
            client.send(method.as_str(), &path, &headers, body).await,
        ));
    }
    answers
}

/// Everything that distinguishes a response for a client.
fn seen(answer: &Answer) -> (u16, Option<&str>, Option<&str>, &str) {
    let header = |name: &str| {
        answer
            .headers
            .get(name)
            .map(|value| value.to_str().expect("text"))
    };
    (
        answer.status.as_u16(),
        header("www-authenticate"),
        header("content-type"),
        &answer.text,
    )
}

/// Asserts the 401 that every caller without access gets.
#[track_caller]
fn refused(answer: &Answer, why: &str) {
    let (status, _, detail) = answer.error();
    assert_eq!(status, 401, "{why}: {answer:?}");
    assert_eq!(
        detail,
        "the bearer token is missing, invalid or expired, or belongs to another tenant; send `Authorization: Bearer TOKEN` with a token from the application's settings",
        "{why}"
    );
    assert_eq!(
        answer.json()["schemas"],
        json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
    );
    assert_eq!(answer.headers["www-authenticate"], "Bearer", "{why}");
    assert_eq!(
        answer.headers["content-type"], "application/scim+json",
        "{why}"
    );
    assert!(!answer.text.contains("scimType"), "{why}");
}
