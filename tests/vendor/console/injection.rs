//! Texts of other people remain text on every page.

use serde_json::json;

use super::{customer, vendor};
use crate::support::client::{GROUP, USER, encode};
use crate::support::{Client, Target};

const SCRIPT: &str = "<script>alert(1)</script>";
const BREAKING: &str = "\"><img src=x onerror=alert(1)>";
const TURNED: &str = "\u{202e}nimda";

#[track_caller]
fn harmless(text: &str) {
    for odd in ["<script>alert", "<img src=x", "onerror=alert(1)>"] {
        assert!(!text.contains(odd), "{odd} in {text}");
    }
}

#[tokio::test]
async fn names_of_users_groups_tenants_and_keys_are_text() {
    let target = Target::start().await;
    let admin = target.admin();
    let wanted = json!({ "id": "acme", "name": format!("{SCRIPT}{BREAKING}") });
    admin.post("/tenants", &wanted).await.expect(201);
    let on = admin
        .post("/tenants/acme/on", &json!({}))
        .await
        .expect(200)
        .json();
    let token = on["key"]["token"].as_str().expect("a token");
    let client = Client::new(
        &format!("http://{}/acme/scim/v2", target.stack.address),
        token,
    );
    let key = json!({ "purpose": format!("{BREAKING}{SCRIPT}") });
    let key = admin
        .post("/tenants/acme/keys", &key)
        .await
        .expect(201)
        .id();
    let user = json!({
        "schemas": [USER], "userName": format!("u{SCRIPT}"), "displayName": format!("{TURNED}{BREAKING}"),
        "emails": [{ "value": "a@b.example", "display": SCRIPT }], "externalId": BREAKING,
    });
    let user = client.post("/Users", &user).await.expect(201).id();
    client
        .post(
            "/Users",
            &json!({ "schemas": [USER], "userName": format!("u{SCRIPT}") }),
        )
        .await
        .expect(409);
    let members = json!([{ "value": user }]);
    let group = json!({ "schemas": [GROUP], "displayName": format!("{BREAKING}{SCRIPT}"), "members": members });
    let group = client.post("/Groups", &group).await.expect(201).id();
    let mut vendor = vendor(&target).await;
    let search = encode(&format!("{BREAKING}{SCRIPT}"));
    let mut pages = vec![
        "/console/tenants".to_owned(),
        format!("/console/tenants?search={search}&status={search}"),
    ];
    for end in [
        String::new(),
        "/keys".to_owned(),
        format!("/keys/{key}/rotate"),
        format!("/keys/{key}/revoke"),
        "/links".to_owned(),
        "/requests".to_owned(),
        format!("/requests?user={search}&operation={search}"),
        "/users".to_owned(),
        format!("/users?search={search}"),
        format!("/users/{user}"),
        "/groups".to_owned(),
        format!("/groups/{group}"),
        "/settings".to_owned(),
        "/delete".to_owned(),
        "/off".to_owned(),
    ] {
        pages.push(format!("/console/tenants/acme{end}"));
    }
    for page in pages {
        let answer = vendor.get(&page).await.expect_any(&[200, 400]);
        harmless(&answer.text);
    }
    let listed = vendor.get("/console/tenants/acme/users").await.text;
    assert!(
        listed.contains("u&lt;script&gt;alert(1)&lt;/script&gt;"),
        "{listed}"
    );
    // A name that changes the writing direction affects only itself.
    assert!(listed.contains(&format!("<bdi>{TURNED}")), "{listed}");
    let mut customer = customer(&target, "acme").await;
    for end in ["", "/keys", "/requests", "/steps/okta", "/off"] {
        let answer = customer.get(&format!("/console/setup/acme{end}")).await;
        harmless(&answer.expect(200).text);
    }
}

/// A rejected form shows the entered values again, as text.
#[tokio::test]
async fn what_a_form_was_refused_with_is_text() {
    let target = Target::start().await;
    let mut vendor = vendor(&target).await;
    vendor.get("/console/new-tenant").await.expect(200);
    let odd = format!("{BREAKING}{SCRIPT}");
    let refused = vendor
        .post("/console/new-tenant", &[("name", &odd), ("id", &odd)])
        .await;
    let refused = refused.expect(400);
    harmless(&refused.text);
    assert!(
        refused.text.contains("value=\"&quot;&gt;&lt;img"),
        "{}",
        refused.text
    );
}
