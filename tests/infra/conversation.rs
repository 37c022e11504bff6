//! A conversation that makes every function do everything it can, and what it called for it.
//!
//! Each function has a service of its own, as it has a process of its own in AWS, so that none profits from
//! what another remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use bytes::Bytes;
use directory::store::Spent;
use http::{Method, Request};
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::routes::{Match, find, routes};
use service::{Function, Origin, Service};

use crate::support::client::{encode, group, patch, user};
use crate::support::{Client, Target};

/// The functions, and what was seen of them.
struct Functions {
    client: Client,
    tenant: String,
    services: BTreeMap<Function, Service>,
    actions: Mutex<BTreeMap<String, BTreeSet<String>>>,
    operations: Mutex<BTreeSet<String>>,
}

impl Functions {
    fn new(target: &Target, client: Client) -> Self {
        let clients = &target.stack.services.clients;
        let service = |function| {
            let service = local::stack::service(clients, None, Clock::system(), Ids::system());
            (function, service)
        };
        let tenant = client
            .base
            .rsplit('/')
            .nth(2)
            .expect("a base address has a tenant")
            .to_owned();
        Self {
            client,
            tenant,
            services: Function::ALL.map(service).into(),
            actions: Mutex::default(),
            operations: Mutex::default(),
        }
    }

    /// Sends a request to the function that serves its route, and gives the body of the answer.
    async fn send(&self, method: Method, path: &str, body: Option<Value>, status: u16) -> Value {
        let bare = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = bare.trim_start_matches('/').split('/').collect();
        let (function, operation) = match find(&method, &segments) {
            Match::Route(route, _) => (route.function, Some(route.endpoint.operation())),
            _ => (Function::Discovery, None),
        };
        let shown = format!("{method} {path}");
        let request = Request::builder()
            .method(method)
            .uri(format!("/{}/scim/v2{path}", self.tenant))
            .header("host", "example.com")
            .header("authorization", format!("Bearer {}", self.client.token))
            .header("content-type", "application/scim+json")
            .body(body.map_or_else(Bytes::new, |body| body.to_string().into()))
            .expect("a request");
        let response = self.services[&function]
            .handle(function, request, Origin::default())
            .await;
        let text = String::from_utf8_lossy(response.body());
        assert_eq!(response.status(), status, "{shown}: {text}");
        let spent = response
            .extensions()
            .get::<Spent>()
            .expect("what it consumed");
        let actions = spent.actions.iter().map(|action| (*action).to_owned());
        self.actions
            .lock()
            .unwrap()
            .entry(function.name().to_owned())
            .or_default()
            .extend(actions);
        if let Some(operation) = operation {
            self.operations.lock().unwrap().insert(operation.to_owned());
        }
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn create(&self, path: &str, body: Value) -> String {
        let created = self.send(Method::POST, path, Some(body), 201).await;
        created["id"].as_str().expect("an id").to_owned()
    }

    async fn get(&self, path: &str) -> Value {
        self.send(Method::GET, path, None, 200).await
    }

    async fn put(&self, path: &str, body: Value) {
        self.send(Method::PUT, path, Some(body), 200).await;
    }

    /// Users are answered, groups are not.
    async fn patch(&self, path: &str, operations: Value) {
        let status = if path.starts_with("/Users") { 200 } else { 204 };
        self.send(Method::PATCH, path, Some(patch(operations)), status)
            .await;
    }

    async fn delete(&self, path: &str) {
        self.send(Method::DELETE, path, None, 204).await;
    }

    async fn filter(&self, path: &str, filter: &str, total: u64) {
        let found = self.get(&format!("{path}?filter={}", encode(filter))).await;
        assert_eq!(found["totalResults"], total, "{path}: {filter}");
    }
}

/// The actions on the table that each function called in a conversation with all operations.
pub(crate) async fn actions_called() -> BTreeMap<String, BTreeSet<String>> {
    let target = Target::start().await;
    let functions = Functions::new(&target, target.tenant().await);
    discovery(&functions).await;
    users(&functions).await;
    groups(&functions).await;
    target.stack.shutdown().await;
    let all: BTreeSet<String> = routes()
        .map(|route| route.endpoint.operation().to_owned())
        .collect();
    assert_eq!(
        functions.operations.into_inner().unwrap(),
        all,
        "operations in the conversation, and in ROUTES"
    );
    functions.actions.into_inner().unwrap()
}

async fn discovery(functions: &Functions) {
    for path in [
        "/ServiceProviderConfig",
        "/ResourceTypes",
        "/ResourceTypes/User",
        "/Schemas",
    ] {
        functions.get(path).await;
    }
    functions
        .get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User")
        .await;
    functions.send(Method::GET, "/Me", None, 501).await;
    functions.send(Method::GET, "/Nothing", None, 404).await;
    functions.send(Method::DELETE, "/Users", None, 405).await;
}

async fn users(functions: &Functions) {
    let full = |name: &str, external: &str| {
        let mut user = user(name);
        user["externalId"] = json!(external);
        user["password"] = json!("correct horse battery staple");
        user
    };
    let ann = functions
        .create("/Users", full("ann@example.com", "a1"))
        .await;
    let bob = functions
        .create("/Users", full("bob@example.com", "b1"))
        .await;
    functions
        .send(
            Method::POST,
            "/Users",
            Some(full("ANN@example.com", "a2")),
            409,
        )
        .await;
    let all = functions
        .create("/Groups", group("All", &[ann.clone(), bob.clone()]))
        .await;
    let some = functions
        .create("/Groups", group("Some", std::slice::from_ref(&ann)))
        .await;
    let path = format!("/Users/{ann}");

    assert_eq!(
        functions.get(&path).await["groups"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    functions
        .get(&format!("{path}?excludedAttributes=groups"))
        .await;
    functions.get("/Users").await;
    functions.get("/Users?startIndex=2&count=1").await;
    functions.get("/Users?count=0").await;
    for (filter, total) in [
        (format!(r#"id eq "{ann}""#), 1),
        (r#"userName eq "ann@example.com""#.to_owned(), 1),
        (r#"externalId eq "b1""#.to_owned(), 1),
        (r#"emails.value eq "bob@example.com""#.to_owned(), 1),
        (
            r#"emails[type eq "work" and value eq "bob@example.com"]"#.to_owned(),
            1,
        ),
        (format!(r#"groups.value eq "{all}""#), 2),
        (
            format!(r#"groups.value eq "{all}" or groups.value eq "{some}""#),
            2,
        ),
        (r#"groups.display eq "Some""#.to_owned(), 1),
        (r#"userName sw "ann""#.to_owned(), 1),
        (r#"userName eq "nobody""#.to_owned(), 0),
    ] {
        functions.filter("/Users", &filter, total).await;
    }

    // Nothing changes, something changes, a lookup changes, the name changes, the password changes and goes.
    functions
        .patch(
            &path,
            json!([{"op": "replace", "path": "active", "value": true}]),
        )
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "replace", "path": "active", "value": false}]),
        )
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "replace", "path": "externalId", "value": "a3"}]),
        )
        .await;
    functions
        .patch(&path, json!([{"op": "remove", "path": "emails"}]))
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "replace", "path": "password", "value": "another horse staple"}]),
        )
        .await;
    functions
        .patch(&path, json!([{"op": "remove", "path": "password"}]))
        .await;
    functions.put(&path, full("anna@example.com", "a4")).await;
    functions.put(&path, full("anna@example.com", "a4")).await;
    functions
        .send(Method::PUT, &path, Some(full("bob@example.com", "a4")), 409)
        .await;
    functions
        .send(
            Method::GET,
            "/Users/2819c223-7f76-453a-919d-413861904646",
            None,
            404,
        )
        .await;

    functions.delete(&path).await;
    functions.delete(&format!("/Users/{bob}")).await;
    functions.send(Method::DELETE, &path, None, 404).await;
    functions.delete(&format!("/Groups/{all}")).await;
    functions.delete(&format!("/Groups/{some}")).await;
}

async fn groups(functions: &Functions) {
    let mut users = Vec::new();
    for name in ["carl", "dora", "eric"] {
        users.push(
            functions
                .create("/Users", user(&format!("{name}@example.com")))
                .await,
        );
    }
    let member = |id: &String| json!({ "value": id });
    let red = functions.create("/Groups", group("Red", &users[..1])).await;
    let blue = functions.create("/Groups", group("Blue", &[])).await;
    functions
        .send(Method::POST, "/Groups", Some(group("RED", &[])), 409)
        .await;
    let path = format!("/Groups/{red}");

    functions.get(&path).await;
    functions
        .get(&format!("{path}?excludedAttributes=members"))
        .await;
    functions.get("/Groups").await;
    functions
        .get("/Groups?startIndex=2&count=1&excludedAttributes=members")
        .await;

    functions
        .patch(
            &path,
            json!([{"op": "add", "path": "members", "value": [member(&users[1])]}]),
        )
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "add", "path": "members", "value": [member(&users[1])]}]),
        )
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "add", "path": "members", "value": [member(&blue)]}]),
        )
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "remove", "path": format!("members[value eq \"{}\"]", users[1])}]),
        )
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "remove", "path": "members", "value": [member(&users[1])]}]),
        )
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "replace", "path": "displayName", "value": "Green"}]),
        )
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "replace", "path": "externalId", "value": "g1"}]),
        )
        .await;
    functions
        .patch(
            &path,
            json!([{"op": "replace", "path": "members", "value": [member(&users[2])]}]),
        )
        .await;
    functions
        .put(&path, group("Green", &[users[0].clone(), blue.clone()]))
        .await;
    functions.put(&path, group("Lime", &users)).await;
    let nested =
        json!([{"op": "add", "path": "members", "value": [{"value": &red, "type": "Group"}]}]);
    functions.patch(&format!("/Groups/{blue}"), nested).await;
    functions
        .patch(
            &path,
            json!([{"op": "add", "path": "externalId", "value": "g2"}]),
        )
        .await;

    for (filter, total) in [
        (format!(r#"id eq "{red}""#), 1),
        (r#"displayName eq "lime""#.to_owned(), 1),
        (r#"externalId eq "g2""#.to_owned(), 1),
        (format!(r#"members.value eq "{}""#, users[0]), 1),
        (
            format!(
                r#"members.value eq "{}" or members.value eq "{red}""#,
                users[0]
            ),
            2,
        ),
        (r#"members.type eq "Group""#.to_owned(), 1),
        (r#"displayName sw "b""#.to_owned(), 1),
    ] {
        functions.filter("/Groups", &filter, total).await;
    }
    functions
        .send(
            Method::GET,
            "/Groups/2819c223-7f76-453a-919d-413861904646",
            None,
            404,
        )
        .await;

    functions.delete(&path).await;
    functions
        .patch(
            &format!("/Groups/{blue}"),
            json!([{"op": "remove", "path": "members"}]),
        )
        .await;
    functions.delete(&format!("/Groups/{blue}")).await;
    for id in users {
        functions.delete(&format!("/Users/{id}")).await;
    }
}
