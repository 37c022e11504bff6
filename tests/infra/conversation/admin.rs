//! The vendor's side: every operation of the admin API, and the pages.

use std::collections::BTreeSet;

use bytes::Bytes;
use directory::store::Spent;
use http::Request;
use serde_json::{Value, json};
use service::Origin;
use service::admin::routes::routes;

use crate::support::Target;
use crate::support::table::tenant_of;

/// The vendor's side, and what was seen of it.
struct Vendor<'t> {
    target: &'t Target,
    actions: BTreeSet<String>,
    operations: BTreeSet<&'static str>,
}

impl Vendor<'_> {
    /// Sends a request for an operation, and gives the body of the answer. `path` is behind `/admin/v1`.
    async fn send(
        &mut self,
        operation: &str,
        path: &str,
        body: Option<Value>,
        status: u16,
    ) -> Value {
        let route = routes().find(|route| route.operation == operation);
        let route = route.unwrap_or_else(|| panic!("there is no operation {operation}"));
        let request = Request::builder()
            .method(route.method.clone())
            .uri(format!("/admin/v1{path}"))
            .header("host", "example.com")
            .header(
                "authorization",
                format!("Bearer {}", self.target.stack.admin_key),
            )
            .header("content-type", "application/json")
            .body(body.map_or_else(Bytes::new, |body| body.to_string().into()))
            .expect("a request");
        let admin = &self.target.stack.admin;
        let response = admin.handle(request, Origin::default()).await;
        let text = String::from_utf8_lossy(response.body());
        assert_eq!(response.status(), status, "{operation} {path}: {text}");
        let spent = response.extensions().get::<Spent>();
        let actions = &spent.expect("what it consumed").actions;
        self.actions
            .extend(actions.iter().map(|action| (*action).to_owned()));
        self.operations.insert(route.operation);
        serde_json::from_str(&text).unwrap_or_default()
    }
}

impl Vendor<'_> {
    /// Asks for a page, and gives the cookie that it sets.
    async fn visit(&mut self, method: &str, path: &str, cookie: &str, form: &str) -> String {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "example.com")
            .header("cookie", cookie)
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form.to_owned()))
            .expect("a request");
        let admin = &self.target.stack.admin;
        let response = admin.handle(request, Origin::default()).await;
        assert!(response.status().as_u16() < 400, "{path}: {response:?}");
        let spent = response.extensions().get::<Spent>();
        let actions = &spent.expect("what it consumed").actions;
        self.actions
            .extend(actions.iter().map(|action| (*action).to_owned()));
        let cookie = response.headers().get("set-cookie");
        let cookie = cookie.map_or("", |cookie| cookie.to_str().expect("text"));
        cookie.split(';').next().unwrap_or_default().to_owned()
    }
}

async fn people(vendor: &mut Vendor<'_>) {
    let client = vendor.target.tenant().await;
    let tenant = tenant_of(&client);
    let ann = client.create_user("ann@example.com").await;
    client.create_user("bob@example.com").await;
    client.create_group("None", &[]).await;
    let all = client.create_group("All", std::slice::from_ref(&ann)).await;
    for query in ["", "?search=a", "?count=1&cursor=", "?count=1"] {
        for (operation, kind) in [("listUsers", "users"), ("listGroups", "groups")] {
            let path = format!("/tenants/{tenant}/{kind}{query}");
            vendor.send(operation, &path, None, 200).await;
        }
    }
    let user = format!("/tenants/{tenant}/users/{ann}");
    vendor.send("readUser", &user, None, 200).await;
    let group = format!("/tenants/{tenant}/groups/{all}");
    vendor.send("readGroup", &group, None, 200).await;
    let members = format!("{group}/members");
    vendor.send("listMembers", &members, None, 200).await;
}

/// A refusal about somebody whose name is looked up.
async fn refused(vendor: &mut Vendor<'_>) {
    let client = vendor.target.tenant().await;
    let tenant = tenant_of(&client);
    let ann = client.create_user("ann@example.com").await;
    let wrong = json!([{ "op": "add", "path": "active", "value": "perhaps" }]);
    let answer = client.patch(&format!("/Users/{ann}"), wrong).await;
    answer.expect(400);
    let path = format!("/tenants/{tenant}/requests?user=ann");
    vendor.send("listRequests", &path, None, 200).await;
    let path = format!("/tenants/{tenant}/requests.csv");
    vendor.send("downloadRequests", &path, None, 200).await;
}

async fn links(vendor: &mut Vendor<'_>) {
    let client = vendor.target.tenant().await;
    let tenant = tenant_of(&client).to_owned();
    let path = format!("/tenants/{tenant}/links");
    let (used, other) = (
        vendor.send("createLink", &path, None, 201).await,
        vendor.send("createLink", &path, None, 201).await,
    );
    vendor.send("listLinks", &path, None, 200).await;
    let id = other["id"].as_str().expect("an id");
    let one = format!("{path}/{id}");
    vendor.send("revokeLink", &one, None, 204).await;
    let url = used["url"].as_str().expect("a url");
    let at = url.find("/console").expect("a page");
    vendor.visit("GET", &url[at..], "", "").await;
    vendor.visit("POST", &url[at..], "", "").await;
}

/// The door of the console.
async fn door(vendor: &mut Vendor<'_>) {
    let key = format!("key={}", vendor.target.stack.admin_key);
    let cookie = vendor.visit("POST", "/console/sign-in", "", &key).await;
    vendor
        .visit("GET", "/console/new-tenant", &cookie, "")
        .await;
    // Signing in again ends the session before.
    vendor
        .visit("POST", "/console/sign-in", &cookie, &key)
        .await;
}

/// The actions on the table that the vendor's side called in a conversation with all operations.
pub(super) async fn actions_called(target: &Target) -> BTreeSet<String> {
    let mut vendor = Vendor {
        target,
        actions: BTreeSet::from(["dynamodb:GetItem".to_owned()]), // opens the connection during init
        operations: BTreeSet::new(),
    };
    vendor.send("describeApi", "/openapi.json", None, 200).await;
    vendor.send("describeCaller", "/", None, 200).await;
    people(&mut vendor).await;
    refused(&mut vendor).await;
    links(&mut vendor).await;
    door(&mut vendor).await;
    let all: BTreeSet<&str> = routes().map(|route| route.operation).collect();
    assert_eq!(
        vendor.operations, all,
        "operations in the conversation, and in admin::routes"
    );
    vendor.actions
}
