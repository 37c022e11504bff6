//! The vendor's side: every operation of the admin API, and the pages.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use directory::{Meter, Spent};
use http::Request;
use jiff::Timestamp;
use keyring::TenantId;
use serde_json::{Value, json};
use service::Origin;
use vendor::api::routes::routes;

use crate::support::Target;
use crate::support::client::{USER, user};
use crate::support::receiver::Receiver;
use crate::support::table::tenant_of;

/// The vendor's side and its recorded calls.
struct Vendor<'t> {
    target: &'t Target,
    actions: BTreeSet<String>,
    operations: BTreeSet<&'static str>,
}

impl Vendor<'_> {
    /// Sends the request of an operation, and returns the response's body. `path` is relative to `/admin/v1`.
    async fn send(
        &mut self,
        operation: &str,
        path: &str,
        body: Option<Value>,
        status: u16,
    ) -> Value {
        let route = routes().find(|route| route.operation.name() == operation);
        let route = route.unwrap_or_else(|| panic!("there is no operation {operation}"));
        let request = Request::builder()
            .method(route.operation.method())
            .uri(format!("/admin/v1{path}"))
            .header("host", "example.com")
            .header(
                "authorization",
                format!("Bearer {}", self.target.stack.admin_key),
            )
            .header("content-type", "application/json")
            .body(body.map_or_else(Bytes::new, |body| body.to_string().into()))
            .expect("a request");
        // In a task of its own: an operation is a large future, too.
        let admin = Arc::clone(&self.target.stack.admin);
        let asked = tokio::spawn(async move { admin.handle(request, Origin::default()).await });
        let response = asked.await.expect("an answer");
        let text = String::from_utf8_lossy(response.body());
        assert_eq!(response.status(), status, "{operation} {path}: {text}");
        let spent = response.extensions().get::<Spent>();
        let actions = &spent.expect("what it consumed").actions;
        self.actions
            .extend(actions.iter().map(|action| (*action).to_owned()));
        self.operations.insert(route.operation.name());
        serde_json::from_str(&text).unwrap_or_default()
    }
}

impl Vendor<'_> {
    /// Requests a page, and returns the cookie that it sets.
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
        // A page runs several operations in parallel, which is a large future for a test's stack.
        let admin = Arc::clone(&self.target.stack.admin);
        let asked = tokio::spawn(async move { admin.handle(request, Origin::default()).await });
        let response = asked.await.expect("an answer");
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

/// A rejection that concerns a user whose name has to be looked up.
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
    let path = format!("/tenants/{tenant}/activity");
    vendor.send("listActivity", &path, None, 200).await;
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
    let cookie = vendor.visit("POST", &url[at..], "", "").await;
    let home = format!("/console/setup/{tenant}");
    vendor.visit("GET", &home, &cookie, "").await;
}

/// Signing in to the console.
async fn door(vendor: &mut Vendor<'_>) {
    let key = format!("key={}", vendor.target.stack.admin_key);
    let cookie = vendor.visit("POST", "/console/sign-in", "", &key).await;
    vendor
        .visit("GET", "/console/new-tenant", &cookie, "")
        .await;
    // Signing in again ends the earlier session.
    vendor
        .visit("POST", "/console/sign-in", &cookie, &key)
        .await;
}

async fn keys(vendor: &mut Vendor<'_>) {
    let client = vendor.target.tenant().await;
    let ann = client.create_user("ann@example.com").await;
    let path = format!("/tenants/{}/keys", tenant_of(&client));
    let body = json!({ "purpose": "me", "scopes": ["me"], "subject": ann });
    let key = vendor.send("createKey", &path, Some(body), 201).await;
    let one = format!("{path}/{}", key["id"].as_str().expect("an id"));
    vendor.send("listKeys", &path, None, 200).await;
    vendor.send("readKey", &one, None, 200).await;
    let rotated = format!("{one}/rotate");
    vendor.send("rotateKey", &rotated, None, 201).await;
    vendor.send("revokeKey", &one, None, 204).await;

    let body = json!({ "purpose": "backend", "scopes": ["read"] });
    let key = vendor
        .send("createAdminKey", "/keys", Some(body), 201)
        .await;
    vendor.send("listAdminKeys", "/keys", None, 200).await;
    let one = format!("/keys/{}", key["id"].as_str().expect("an id"));
    vendor.send("revokeAdminKey", &one, None, 204).await;

    // The first key of a tenant without a keyring.
    let (tenant, meter) = (tenant_of(&client), Arc::new(Meter::default()));
    let tenant = TenantId::parse(tenant).expect("a tenant");
    let stored = vendor.target.stack.service.keys(&tenant, &meter);
    stored
        .remove_all(Timestamp::UNIX_EPOCH)
        .await
        .expect("the keyrings");
    let body = json!({ "purpose": "first" });
    vendor.send("createKey", &path, Some(body), 201).await;
}

/// A user in more groups than one transaction can leave, and in the failure log.
async fn person(vendor: &mut Vendor<'_>) {
    let client = vendor.target.tenant().await;
    let mut ann = user("ann@example.com");
    ann["password"] = json!("correct horse battery staple");
    let ann = client.post("/Users", &ann).await.expect(201).id();
    for number in 0..34 {
        let name = format!("Group {number}");
        client.create_group(&name, std::slice::from_ref(&ann)).await;
    }
    let wrong = json!([{ "op": "add", "path": "active", "value": "perhaps" }]);
    let refused = client.patch(&format!("/Users/{ann}"), wrong).await;
    refused.expect(400);
    let path = format!("/tenants/{}", tenant_of(&client));
    for password in ["correct horse battery staple", "wrong"] {
        let body = json!({ "userName": "ann@example.com", "password": password });
        let login = format!("{path}/verify-password");
        vendor.send("verifyPassword", &login, Some(body), 200).await;
    }
    let export = format!("{path}/users/{ann}/export");
    vendor.send("exportUser", &export, None, 200).await;
    let erase = format!("{path}/users/{ann}/erase");
    vendor.send("eraseUser", &erase, None, 200).await;
}

async fn tenants(vendor: &mut Vendor<'_>) {
    let body = json!({ "id": "acme", "name": "Acme", "settings": { "seats": 5 } });
    vendor
        .send("createTenant", "/tenants", Some(body), 201)
        .await;
    vendor.send("listTenants", "/tenants", None, 200).await;
    vendor.send("readTenant", "/tenants/acme", None, 200).await;
    let events = "/tenants/acme/events";
    vendor.send("listEvents", events, None, 200).await;
    let body = json!({ "settings": { "seats": 6, "uniqueEmails": true, "adopt": "link" } });
    vendor
        .send("changeTenant", "/tenants/acme", Some(body), 200)
        .await;
    let ann = json!({ "schemas": [USER], "userName": "ann", "emails": [{ "value": "a@b" }] });
    let body = json!({ "users": [ann] });
    vendor
        .send("preloadUsers", "/tenants/acme/preload", Some(body), 200)
        .await;
    vendor
        .send("turnTenantOn", "/tenants/acme/on", Some(json!({})), 200)
        .await;
    vendor
        .send("turnTenantOff", "/tenants/acme/off", Some(json!({})), 200)
        .await;
    vendor
        .send("deleteTenant", "/tenants/acme", None, 202)
        .await;
}

async fn destinations(vendor: &mut Vendor<'_>) {
    let receiver = Receiver::start(|_| 204).await;
    let body = json!({ "name": "App", "kind": "webhook", "url": receiver.url(),
        "types": ["*"], "tenants": "all" });
    let made = vendor
        .send("createDestination", "/destinations", Some(body), 201)
        .await;
    vendor
        .send("listDestinations", "/destinations", None, 200)
        .await;
    let path = format!("/destinations/{}", made["id"].as_str().expect("an id"));
    vendor.send("readDestination", &path, None, 200).await;
    let body = json!({ "name": "New" });
    vendor
        .send("changeDestination", &path, Some(body), 200)
        .await;
    for (operation, act) in [
        ("rotateSecret", "secret"),
        ("testDestination", "test"),
        ("pauseDestination", "pause"),
        ("resumeDestination", "resume"),
    ] {
        let path = format!("{path}/{act}");
        vendor.send(operation, &path, None, 200).await;
    }
    vendor.send("deleteDestination", &path, None, 204).await;
}

/// The table actions that the vendor's side called in a conversation with all operations.
pub(super) async fn actions_called(target: &Target) -> BTreeSet<String> {
    let mut vendor = Vendor {
        target,
        actions: BTreeSet::from(["dynamodb:GetItem".to_owned()]), // opens the connection during init
        operations: BTreeSet::new(),
    };
    vendor.send("describeApi", "/openapi.json", None, 200).await;
    vendor.send("describeCaller", "/", None, 200).await;
    keys(&mut vendor).await;
    people(&mut vendor).await;
    tenants(&mut vendor).await;
    refused(&mut vendor).await;
    links(&mut vendor).await;
    door(&mut vendor).await;
    person(&mut vendor).await;
    destinations(&mut vendor).await;
    let all: BTreeSet<&str> = routes().map(|route| route.operation.name()).collect();
    assert_eq!(
        vendor.operations, all,
        "operations in the conversation, and in api::routes"
    );
    vendor.actions
}
