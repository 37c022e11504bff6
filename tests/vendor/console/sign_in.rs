//! Signing in and out of the vendor's console.

use serde_json::json;

use super::vendor;
use super::visitor::Visitor;
use crate::support::client::encode;
use crate::support::{Target, moving};

const COOKIE: &str = "__Host-muster-console";

#[tokio::test]
async fn the_cookie_of_a_session_is_for_this_site_alone_and_for_no_script() {
    let target = Target::start().await;
    let mut visitor = Visitor::of(&target);
    let key = target.stack.admin_key.clone();
    let signed_in = visitor.post("/console/sign-in", &[("key", &key)]).await;
    let signed_in = signed_in.expect(303);
    assert_eq!(signed_in.headers["location"], "/console/tenants");
    let cookie = signed_in.headers["set-cookie"].to_str().expect("text");
    let (pair, attributes) = cookie.split_once("; ").expect("attributes");
    let (name, secret) = pair.split_once('=').expect("a name");
    assert_eq!(name, COOKIE);
    assert_eq!(
        attributes,
        "Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Lax"
    );
    assert_eq!(secret.len(), 52);
    assert!(!signed_in.text.contains(&key));
    // A signed-in visitor is redirected from the sign-in page.
    let door = visitor.get("/console").await.expect(303);
    assert_eq!(door.headers["location"], "/console/tenants");
    assert!(!visitor.page.contains(secret));
}

#[tokio::test]
async fn what_is_no_admin_key_opens_nothing_and_is_not_shown_again() {
    let target = Target::start().await;
    let tenant = target.tenant().await;
    let reversed: String = target.stack.admin_key.chars().rev().collect();
    for key in ["", "x", &tenant.token, &reversed, "a\r\nb", "\u{1F511}"] {
        let mut visitor = Visitor::of(&target);
        let refused = visitor.post("/console/sign-in", &[("key", key)]).await;
        let refused = refused.expect(401);
        assert!(refused.text.contains("This key is not valid"), "{key}");
        assert!(refused.headers.get("set-cookie").is_none());
        assert!(key.len() < 2 || !refused.text.contains(key));
        let inside = visitor.get("/console/new-tenant").await.expect(401);
        assert!(inside.text.contains("action=\"/console/sign-in\""));
    }
}

#[tokio::test]
async fn a_session_gets_a_secret_that_nobody_could_know_before() {
    let target = Target::start().await;
    let mut visitor = Visitor::of(&target);
    let planted = "0".repeat(52);
    let name = COOKIE.to_owned();
    visitor.cookies.insert(name.clone(), planted.clone());
    visitor.get("/console/new-tenant").await.expect(401);
    let key = target.stack.admin_key.clone();
    visitor
        .post("/console/sign-in", &[("key", &key)])
        .await
        .expect(303);
    let first = visitor.clone();
    assert_ne!(visitor.cookies[&name], planted);
    // Signing in again ends the earlier session.
    visitor
        .post("/console/sign-in", &[("key", &key)])
        .await
        .expect(303);
    assert_ne!(visitor.cookies[&name], first.cookies[&name]);
    visitor.get("/console/new-tenant").await.expect(200);
    first.clone().get("/console/new-tenant").await.expect(401);
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let target = Target::start().await;
    let mut visitor = vendor(&target).await;
    visitor.get("/console/new-tenant").await.expect(200);
    let mut copy = visitor.clone();
    let out = visitor.post("/console/sign-out", &[]).await.expect(303);
    assert_eq!(out.headers["location"], "/console");
    assert!(visitor.cookies.is_empty());
    copy.get("/console/new-tenant").await.expect(401);
}

#[tokio::test]
async fn a_session_ends_after_an_hour_without_a_visit_and_after_twelve_in_any_case() {
    let (target, time) = moving::start().await;
    let mut visitor = vendor(&target).await;
    time.pass(3_599);
    visitor.get("/console/new-tenant").await.expect(200);
    time.pass(3_599);
    visitor.get("/console/new-tenant").await.expect(200);
    time.pass(3_600);
    visitor.get("/console/new-tenant").await.expect(401);
    let mut visitor = vendor(&target).await;
    for _ in 0..12 {
        time.pass(3_590);
        visitor.get("/console/new-tenant").await.expect(200);
    }
    time.pass(120);
    visitor.get("/console/new-tenant").await.expect(401);
}

#[tokio::test]
async fn a_revoked_admin_key_signs_out_whoever_came_in_with_it() {
    let (target, time) = moving::start().await;
    let wanted = json!({ "purpose": "desk", "scopes": ["read", "tenants"] });
    let made = target.admin().post("/keys", &wanted).await.expect(201);
    let (id, key) = (made.id(), made.json()["token"].clone());
    let key = key.as_str().expect("a token");
    let mut visitor = Visitor::of(&target);
    visitor
        .post("/console/sign-in", &[("key", key)])
        .await
        .expect(303);
    let page = visitor.get("/console/new-tenant").await.expect(200);
    assert!(page.text.contains(&id) && !page.text.contains(key));
    // The pages reject what the key's scopes do not allow, as the API does.
    let refused = visitor
        .post("/console/keys", &[("purpose", "x"), ("scope", "read")])
        .await;
    refused.expect(403);
    let revoked = target.admin().delete(&format!("/keys/{id}")).await;
    revoked.expect(204);
    time.pass(60);
    visitor.get("/console/new-tenant").await.expect(401);
}

#[tokio::test]
async fn after_ten_wrong_keys_in_five_minutes_even_the_right_one_has_to_wait() {
    let (target, time) = moving::start().await;
    let mut visitor = Visitor::of(&target);
    let key = target.stack.admin_key.clone();
    // Successful attempts do not count.
    for _ in 0..12 {
        visitor
            .post("/console/sign-in", &[("key", &key)])
            .await
            .expect(303);
    }
    let mut visitor = Visitor::of(&target);
    for _ in 0..10 {
        visitor
            .post("/console/sign-in", &[("key", "wrong")])
            .await
            .expect(401);
    }
    for key in ["wrong", &key] {
        let refused = visitor.post("/console/sign-in", &[("key", key)]).await;
        let refused = refused.expect(429);
        let wait: i64 = refused.headers["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!((1..=300).contains(&wait), "{wait}");
        assert!(
            refused.text.contains("Too many attempts"),
            "{}",
            refused.text
        );
    }
    time.pass(300);
    visitor
        .post("/console/sign-in", &[("key", &key)])
        .await
        .expect(303);
}

/// The table counts attempts before the key is checked: of many concurrent attempts, only ten are checked.
#[tokio::test]
async fn attempts_at_once_are_counted_together() {
    let (target, _) = moving::start().await;
    let attempts = (0..40).map(|_| {
        let mut visitor = Visitor::of(&target);
        async move {
            let answer = visitor.post("/console/sign-in", &[("key", "wrong")]).await;
            answer.status.as_u16()
        }
    });
    let statuses = futures_util::future::join_all(attempts).await;
    let looked_at = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(looked_at, 10, "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)));
}

/// The status of signing in with a key from an address.
async fn from(target: &Target, source: &str, key: &str) -> u16 {
    let request = http::Request::post("/console/sign-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        // The client sets this header, not the gateway.
        .header("x-forwarded-for", "203.0.113.9")
        .body(bytes::Bytes::from(format!("key={}", encode(key))))
        .expect("a request");
    let origin = service::Origin {
        source: source.parse().ok(),
        ..service::Origin::default()
    };
    target
        .stack
        .admin
        .handle(request, origin)
        .await
        .status()
        .as_u16()
}

/// A numbered text that could be a first key.
fn wrong(number: usize) -> String {
    format!("aZ3kQ9xLm2Vb7RtYw8PsHd4FgJc6NuEo1TiX{number:08}")
}

#[tokio::test]
async fn nobody_outside_locks_the_vendor_out_of_the_console() {
    let (target, _) = moving::start().await;
    let first = target.stack.admin_key.clone();
    let body = json!({ "purpose": "desk", "scopes": ["read"] });
    let made = target.admin().post("/keys", &body).await.expect(201).json();
    let made = made["token"].as_str().expect("a token");
    let mut statuses = std::collections::BTreeMap::new();
    for number in 0..310 {
        let status = from(&target, "192.0.2.1", &wrong(number)).await;
        *statuses.entry(status).or_insert(0) += 1;
    }
    assert_eq!(statuses, [(401, 10), (429, 300)].into());
    // The right key from elsewhere, and a created key from the same address.
    assert_eq!(from(&target, "198.51.100.7", &first).await, 303);
    assert_eq!(from(&target, "192.0.2.1", made).await, 303);
    assert_eq!(from(&target, "192.0.2.1", &first).await, 429);
    // From many addresses; a /64 network counts as one.
    for network in 0..40 {
        for number in 0..10 {
            let source = format!("2001:db8:0:{network:x}::{number:x}");
            assert_eq!(from(&target, &source, &wrong(number)).await, 401);
        }
        assert_eq!(
            from(&target, &format!("2001:db8:0:{network:x}::ff"), "x").await,
            429
        );
    }
    assert_eq!(from(&target, "198.51.100.7", &first).await, 303);
    assert_eq!(from(&target, "2001:db8:1::1", made).await, 303);
}

/// A whole office signs in from one address.
#[tokio::test(flavor = "multi_thread")]
async fn right_keys_at_once_from_one_address_are_all_let_in() {
    let (target, _) = moving::start().await;
    let first = target.stack.admin_key.clone();
    let crowd = (0..40).map(|_| from(&target, "192.0.2.1", &first));
    let statuses = futures_util::future::join_all(crowd).await;
    assert_eq!(statuses, vec![303; 40]);
}

#[tokio::test]
async fn signing_in_leads_back_to_the_page_that_was_asked_for_and_never_elsewhere() {
    let target = Target::start().await;
    let key = target.stack.admin_key.clone();
    let mut visitor = Visitor::of(&target);
    let asked = visitor
        .get("/console/tenants/acme/keys?a=b")
        .await
        .expect(401);
    assert!(
        asked
            .text
            .contains("name=\"to\" value=\"/console/tenants/acme/keys?a=b\"")
    );
    for (to, expected) in [
        (
            "/console/tenants/acme/keys?a=b",
            "/console/tenants/acme/keys?a=b",
        ),
        ("https://evil.example/", "/console/tenants"),
        ("//evil.example/console/tenants", "/console/tenants"),
        ("/\\evil.example", "/console/tenants"),
        ("/console/tenants\r\nset-cookie: a=b", "/console/tenants"),
        ("/console/tenants/../../admin", "/console/tenants"),
        ("javascript:alert(1)", "/console/tenants"),
    ] {
        let mut visitor = Visitor::of(&target);
        let fields = [("key", key.as_str()), ("to", to)];
        let answer = visitor.post("/console/sign-in", &fields).await.expect(303);
        assert_eq!(answer.headers["location"], expected, "{to}");
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
    }
    let shown = visitor
        .get("/console?to=//evil.example%22%3E%3Cscript%3E")
        .await;
    assert!(!shown.expect(200).text.contains("<script>"));
}
