//! The views of the admin API byte for byte, with the order of their members. Programs do not depend on the order, but
//! people compare responses, and a changed view must be noticed.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::support::client::user;
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

/// Members whose texts differ from run to run.
const VARYING: [&str; 23] = [
    "id",
    "created",
    "lastModified",
    "lastUsed",
    "expires",
    "exported",
    "first",
    "last",
    "used",
    "revoked",
    "at",
    "baseUrl",
    "url",
    "openapi",
    "token",
    "request",
    "key",
    "next",
    "about",
    "by",
    "instance",
    "location",
    "secret",
];

/// A response's text, with the name of a varying member in place of its value.
fn steady(text: &str) -> String {
    VARYING.iter().fold(text.to_owned(), |text, name| {
        let begin = format!("\"{name}\":\"");
        let mut parts = text.split(&begin);
        let mut steady = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (_, rest) = part.split_once('"').expect("the end of a text");
            write!(steady, "{begin}<{name}>\"{rest}").unwrap();
        }
        steady
    })
}

/// Checks that each instant in a response is in UTC with three decimals.
fn has_one_form_of_instants(text: &str) {
    for part in text.split('"').skip(1).step_by(2) {
        if part.parse::<jiff::Timestamp>().is_ok() {
            let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
            let shape: String = part.chars().map(shape).collect();
            assert_eq!(shape, "0000-00-00T00:00:00.000Z", "{part}");
        }
    }
}

/// The requests and their responses so far.
struct Shown {
    admin: Client,
    tenant: String,
    text: String,
}

impl Shown {
    async fn ask(&mut self, name: &str, (method, path): (&str, &str), body: Value) -> Value {
        let path = path.replace("{tenant}", &self.tenant);
        let headers = [("content-type", "application/json")];
        let body = (method != "GET").then(|| body.to_string().into());
        let answer = self.admin.send(method, &path, &headers, body).await;
        has_one_form_of_instants(&answer.text);
        let text = steady(&answer.text).replace(&self.tenant, "<tenant>");
        writeln!(self.text, "{name} | {}\n    {text}", answer.status.as_u16()).unwrap();
        answer.json()
    }
}

/// A request does not wait long for the record of its key's use; the next one records it.
async fn until_its_use_is_recorded(client: &Client, shown: &Shown) {
    let keys = format!("/tenants/{}/keys", shown.tenant);
    for _ in 0..50 {
        client.get("/Users?count=1").await.expect(200);
        if shown.admin.get(&keys).await.text.contains("lastUsed") {
            return;
        }
    }
    panic!("no request recorded its key's use");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_view_has_its_members_in_the_order_of_the_snapshot() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let mut shown = Shown {
        admin: target.admin(),
        tenant: tenant_of(&client).to_owned(),
        text: String::new(),
    };
    let ann = client.create_user("ann@example.com").await;
    client
        .post("/Users", &user("ann@example.com"))
        .await
        .expect(409);
    let none = || json!({});
    shown.ask("the caller", ("GET", "/"), none()).await;
    let made =
        json!({ "id": "acme", "name": "Acme", "settings": { "seats": 5, "emails": "work" } });
    shown.ask("a new tenant", ("POST", "/tenants"), made).await;
    shown
        .ask("a tenant turned on", ("POST", "/tenants/acme/on"), none())
        .await;
    shown
        .ask("a tenant", ("GET", "/tenants/acme"), none())
        .await;
    shown
        .ask("the tenants", ("GET", "/tenants?search=acme"), none())
        .await;
    shown
        .ask("a tenant turned off", ("POST", "/tenants/acme/off"), none())
        .await;
    let key = json!({
        "purpose": "Okta", "scopes": ["scim", "me"], "subject": ann,
        "expires": "2099-01-01T00:00:00Z", "sources": ["127.0.0.0/8"]
    });
    shown
        .ask("a new key", ("POST", "/tenants/{tenant}/keys"), key)
        .await;
    until_its_use_is_recorded(&client, &shown).await;
    shown
        .ask("the keys", ("GET", "/tenants/{tenant}/keys"), none())
        .await;
    let key = json!({ "purpose": "backend", "scopes": ["read"], "expires": "2099-01-01T00:00:00Z", "sources": ["127.0.0.0/8"] });
    shown.ask("a new admin key", ("POST", "/keys"), key).await;
    shown.ask("the admin keys", ("GET", "/keys"), none()).await;
    let links = "/tenants/{tenant}/links";
    let link = shown.ask("a new link", ("POST", links), none()).await;
    let one = format!("{links}/{}", link["id"].as_str().expect("an id"));
    let path = one.replace("{tenant}", &shown.tenant);
    shown.admin.delete(&path).await.expect(204);
    shown.ask("the links", ("GET", links), none()).await;
    let wrong = json!({ "userName": "ann@example.com", "password": "x" });
    shown
        .ask(
            "a wrong password",
            ("POST", "/tenants/{tenant}/verify-password"),
            wrong,
        )
        .await;
    let bob = json!({ "users": [user("bob@example.com"), user("ann@example.com")] });
    shown
        .ask(
            "preloaded users",
            ("POST", "/tenants/{tenant}/preload"),
            bob,
        )
        .await;
    shown
        .ask(
            "the failures",
            ("GET", "/tenants/{tenant}/requests?outcome=refused"),
            none(),
        )
        .await;
    shown
        .ask(
            "the activity",
            ("GET", "/tenants/{tenant}/activity?count=1"),
            none(),
        )
        .await;
    let person = format!("/tenants/{{tenant}}/users/{ann}");
    shown
        .ask(
            "an exported person",
            ("GET", &format!("{person}/export")),
            none(),
        )
        .await;
    shown
        .ask(
            "an erased person",
            ("POST", &format!("{person}/erase")),
            none(),
        )
        .await;
    let destination = json!({ "name": "App", "kind": "webhook", "url": "https://app.example.com", "types": ["*"], "tenants": ["acme"] });
    shown
        .ask("a new destination", ("POST", "/destinations"), destination)
        .await;
    shown
        .ask("the destinations", ("GET", "/destinations"), none())
        .await;
    let wrong = json!({ "purpose": " " });
    shown
        .ask("a problem", ("POST", "/tenants/{tenant}/keys"), wrong)
        .await;
    let text = shown.text.replace(&ann, "<ann>");
    let expected = include_str!("views.txt");
    assert!(text == expected, "the views:\n{text}");
}
