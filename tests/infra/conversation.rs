//! A conversation that makes every function do everything that it can, and records the calls.
//!
//! Each function has a service of its own, as each function in AWS has its own processes, so no function benefits
//! from the caches of another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use directory::Spent;
use http::{Method, Request};
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::wire::routes::{RouteMatch, find, routes};
use service::{Function, Origin, Service};

use crate::support::client::{encode, group, patch, user};
use crate::support::{Client, Target};

mod admin;
mod background;
mod bulk;
mod everything;
mod large;

/// The functions and their recorded calls.
struct Functions {
    client: Client,
    /// The text between the base address and a path: a slash keeps the request from matching a route.
    between: &'static str,
    tenant: String,
    services: BTreeMap<Function, Arc<Service>>,
    actions: Mutex<BTreeMap<String, BTreeSet<String>>>,
    operations: Mutex<BTreeSet<String>>,
}

impl Functions {
    fn new(target: &Target, client: Client) -> Self {
        let clients = &target.stack.services.clients;
        let service = |function| {
            let service = local::stack::service(clients, None, Clock::system(), Ids::system());
            (function, Arc::new(service))
        };
        let tenant = client
            .base
            .rsplit('/')
            .nth(2)
            .expect("a base address has a tenant")
            .to_owned();
        Self {
            client,
            between: "",
            tenant,
            services: Function::ALL
                .into_iter()
                .filter(|function| *function != Function::Admin)
                .map(service)
                .collect(),
            actions: Mutex::default(),
            operations: Mutex::default(),
        }
    }

    /// The function that receives a request, and the requested operation.
    fn addressed(&self, method: &Method, path: &str) -> (Function, Option<&'static str>) {
        let bare = path.split('?').next().unwrap_or_default();
        let segments: Vec<&str> = bare.split('/').filter(|part| !part.is_empty()).collect();
        match find(method, &segments) {
            RouteMatch::Route(route, _) => {
                let function = match self.between {
                    "" => route.function,
                    _ => Function::CATCH_ALL,
                };
                (function, Some(route.endpoint.operation()))
            }
            _ => (Function::CATCH_ALL, None),
        }
    }

    /// Sends a request to the function of its route, and returns the response's body.
    async fn send(&self, method: Method, path: &str, body: Option<Value>, status: u16) -> Value {
        let (function, operation) = self.addressed(&method, path);
        let shown = format!("{method} {path}");
        let request = Request::builder()
            .method(method)
            .uri(format!("/{}/scim/v2{}{path}", self.tenant, self.between))
            .header("host", "example.com")
            .header("authorization", format!("Bearer {}", self.client.token))
            .header("content-type", "application/scim+json")
            .body(body.map_or_else(Bytes::new, |body| body.to_string().into()))
            .expect("a request");
        // In a task of its own: the conversation and a request are large futures, and would be nested on the stack.
        let service = Arc::clone(&self.services[&function]);
        let asked =
            tokio::spawn(async move { service.handle(function, request, Origin::default()).await });
        let response = asked.await.expect("an answer");
        let text = String::from_utf8_lossy(response.body());
        assert_eq!(response.status(), status, "{shown}: {text}");
        let spent = response
            .extensions()
            .get::<Spent>()
            .expect("what it consumed");
        self.called(function, spent);
        if let Some(operation) = operation {
            self.operations.lock().unwrap().insert(operation.to_owned());
        }
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Records the calls of a function.
    fn called(&self, function: Function, spent: &Spent) {
        let actions = spent.actions.iter().map(|action| (*action).to_owned());
        self.actions
            .lock()
            .unwrap()
            .entry(function.name().to_owned())
            .or_default()
            .extend(actions);
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

    /// One PATCH per operation. The response contains users but not groups.
    async fn patch<const N: usize>(&self, path: &str, operations: [Value; N]) {
        let status = if path.starts_with("/Users") { 200 } else { 204 };
        for operation in operations {
            let body = patch(json!([operation]));
            self.send(Method::PATCH, path, Some(body), status).await;
        }
    }

    async fn delete(&self, path: &str) {
        self.send(Method::DELETE, path, None, 204).await;
    }

    async fn filter(&self, path: &str, filters: &[(&str, u64)]) {
        for (filter, total) in filters {
            let found = self.get(&format!("{path}?filter={}", encode(filter))).await;
            assert_eq!(found["totalResults"], *total, "{path}: {filter}");
        }
    }
}

/// The table actions that each function called in a conversation with all operations.
pub(crate) async fn actions_called() -> BTreeMap<String, BTreeSet<String>> {
    let target = Target::start().await;
    let mut functions = Functions::new(&target, target.tenant().await);
    // The whole conversation is a large future for a test's stack.
    for between in ["", "/"] {
        functions.between = between;
        Box::pin(discovery(&functions)).await;
        Box::pin(users(&functions)).await;
        Box::pin(groups(&functions)).await;
        Box::pin(everything::all(&functions)).await;
        Box::pin(bulk::everything(&functions)).await;
    }
    let admin = Box::pin(admin::actions_called(&target)).await;
    Box::pin(background::everything(&functions, &target)).await;
    target.stack.shutdown().await;
    let all: BTreeSet<String> = routes()
        .map(|route| route.endpoint.operation().to_owned())
        .collect();
    assert_eq!(
        functions.operations.into_inner().unwrap(),
        all,
        "operations in the conversation, and in ROUTES"
    );
    let mut actions = functions.actions.into_inner().unwrap();
    actions.insert(Function::Admin.name().to_owned(), admin);
    actions
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
    functions
        .send(Method::GET, "/Schemas/urn:x", None, 404)
        .await;
    functions.send(Method::GET, "/Nothing", None, 404).await;
    functions.send(Method::DELETE, "/Users", None, 405).await;
}

/// An id that no resource has.
const NOBODY: &str = "2819c223-7f76-453a-919d-413861904646";

fn add(path: &str, value: &Value) -> Value {
    json!({ "op": "add", "path": path, "value": value })
}

fn replace(path: &str, value: &Value) -> Value {
    json!({ "op": "replace", "path": path, "value": value })
}

fn remove(path: &str) -> Value {
    json!({ "op": "remove", "path": path })
}

fn full_user(name: &str, external: &str) -> Value {
    let mut user = user(name);
    user["externalId"] = json!(external);
    user["password"] = json!("correct horse battery staple");
    user
}

async fn users(functions: &Functions) {
    let create = |name, external| functions.create("/Users", full_user(name, external));
    let ann = create("ann@example.com", "a1").await;
    let bob = create("bob@example.com", "b1").await;
    let taken = full_user("ANN@example.com", "a2");
    functions
        .send(Method::POST, "/Users", Some(taken), 409)
        .await;
    let both = [ann, bob];
    let all = functions.create("/Groups", group("All", &both)).await;
    let some = functions.create("/Groups", group("Some", &both[..1])).await;
    let path = format!("/Users/{}", both[0]);

    let shown = functions.get(&path).await;
    assert_eq!(shown["groups"].as_array().map(Vec::len), Some(2));
    read(functions, &path, "groups").await;
    functions.send(Method::GET, "/Me", None, 501).await;
    filter_users(functions, &both[0], &all, &some).await;
    change_user(functions, &path).await;

    for path in [path.clone(), format!("/Users/{}", both[1])] {
        functions.delete(&path).await;
        functions.send(Method::DELETE, &path, None, 404).await;
    }
    functions.delete(&format!("/Groups/{all}")).await;
    functions.delete(&format!("/Groups/{some}")).await;
    large::user_in_many_groups(functions).await;
}

/// One resource, all, a page, an empty page, and a missing resource.
async fn read(functions: &Functions, path: &str, costly: &str) {
    let (all, _) = path.rsplit_once('/').expect("a path of a resource");
    for query in ["", "?startIndex=2&count=1", "?count=0"] {
        functions.get(&format!("{all}{query}")).await;
    }
    for path in [path, all] {
        let without = format!("{path}?excludedAttributes={costly}");
        functions.get(&without).await;
    }
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "sortBy": "meta.created"
    });
    let searched = format!("{all}/.search");
    functions
        .send(Method::POST, &searched, Some(search), 200)
        .await;
    let absent = format!("{all}/{NOBODY}");
    functions.send(Method::GET, &absent, None, 404).await;
}

/// A filter for each kind of search.
async fn filter_users(functions: &Functions, ann: &str, all: &str, some: &str) {
    let filters = [
        (&*format!(r#"id eq "{ann}""#), 1),
        (r#"userName eq "ann@example.com""#, 1),
        (r#"userName eq "nobody""#, 0),
        (r#"externalId eq "b1""#, 1),
        (r#"emails.value eq "bob@example.com""#, 1),
        (
            r#"emails[type eq "work" and value eq "bob@example.com"]"#,
            1,
        ),
        (&*format!(r#"groups.value eq "{all}""#), 2),
        (&*format!(r#"groups eq "{all}" or groups eq "{some}""#), 2),
        (r#"groups.display eq "Some""#, 1),
        (r#"userName sw "ann""#, 1),
    ];
    functions.filter("/Users", &filters).await;
}

/// No change, a change, a lookup, the name, the password.
async fn change_user(functions: &Functions, path: &str) {
    let operations = [
        replace("active", &json!(true)),
        replace("active", &json!(false)),
        replace("externalId", &json!("a3")),
        remove("emails"),
        replace("password", &json!("another horse staple")),
        remove("password"),
    ];
    functions.patch(path, operations).await;
    let anna = full_user("anna@example.com", "a4");
    functions.put(path, anna.clone()).await;
    functions.put(path, anna).await;
    let taken = full_user("bob@example.com", "a4");
    functions.send(Method::PUT, path, Some(taken), 409).await;
}

async fn groups(functions: &Functions) {
    let mut users = Vec::new();
    for name in ["carl@example.com", "dora@example.com", "eric@example.com"] {
        users.push(functions.create("/Users", user(name)).await);
    }
    let red = functions.create("/Groups", group("Red", &users[..1])).await;
    let blue = functions.create("/Groups", group("Blue", &[])).await;
    let taken = group("RED", &[]);
    functions
        .send(Method::POST, "/Groups", Some(taken), 409)
        .await;
    let (path, other) = (format!("/Groups/{red}"), format!("/Groups/{blue}"));

    functions.get(&path).await;
    read(functions, &path, "members").await;
    change_group(functions, &path, &users, &blue).await;
    let nested = json!([{ "value": red, "type": "Group" }]);
    functions.patch(&other, [add("members", &nested)]).await;
    // A member of another group.
    let leaf = functions.create("/Groups", group("Leaf", &[])).await;
    let joins = json!([{ "value": leaf, "type": "Group" }]);
    functions.patch(&path, [add("members", &joins)]).await;
    functions.delete(&format!("/Groups/{leaf}")).await;
    large::group_of_many(functions).await;
    filter_groups(functions, &users[0], &red).await;

    functions.delete(&path).await;
    functions.patch(&other, [remove("members")]).await;
    functions.delete(&other).await;
    for id in users {
        functions.delete(&format!("/Users/{id}")).await;
    }
}

/// Members join, join again, leave and are replaced, with groups among them; names change alone and together with
/// members.
async fn change_group(functions: &Functions, path: &str, users: &[String], nested: &String) {
    let members = |ids: &[&String]| {
        let members: Vec<_> = ids.iter().map(|id| json!({ "value": id })).collect();
        json!(members)
    };
    let second = members(&[&users[1]]);
    let operations = [
        add("members", &second),
        add("members", &second),
        add("members", &members(&[nested])),
        remove(&format!("members[value eq \"{}\"]", users[1])),
        json!({ "op": "remove", "path": "members", "value": second }),
        replace("displayName", &json!("Green")),
        replace("externalId", &json!("g1")),
        replace("members", &members(&[&users[2]])),
    ];
    functions.patch(path, operations).await;
    let with_group = [users[0].clone(), nested.clone()];
    functions.put(path, group("Green", &with_group)).await;
    functions.put(path, group("Lime", users)).await;
    let externally = [add("externalId", &json!("g2"))];
    functions.patch(path, externally).await;
}

/// A filter for each kind of search.
async fn filter_groups(functions: &Functions, carl: &str, red: &str) {
    let filters = [
        (&*format!(r#"id eq "{red}""#), 1),
        (r#"displayName eq "lime""#, 1),
        (r#"displayName sw "b""#, 1),
        (r#"externalId eq "g2""#, 1),
        (&*format!(r#"members.value eq "{carl}""#), 1),
        (&*format!(r#"members eq "{carl}" or members eq "{red}""#), 2),
        (r#"members.type eq "Group""#, 1),
    ];
    functions.filter("/Groups", &filters).await;
}
