//! Setup links: what they open, once, and their states.

use http::StatusCode;
use serde_json::json;

use super::visitor::Visitor;
use super::{customer, link, tenant};
use crate::support::{Target, moving};

#[tokio::test]
async fn a_link_opens_the_setup_page_of_its_tenant_once() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let (path, made) = link(&target, &tenant, 3_600).await;
    assert_eq!(made["state"], "open");
    assert_eq!(made["createdBy"], "first");
    // Scanners and previews may open it any number of times.
    for _ in 0..3 {
        let seen = Visitor::of(&target).get(&path).await.expect(200);
        assert!(seen.text.contains("Open the setup page"));
        assert!(seen.headers.get("set-cookie").is_none());
    }
    let mut visitor = Visitor::of(&target);
    visitor.get(&path).await.expect(200);
    let opened = visitor.post(&path, &[]).await.expect(303);
    assert_eq!(
        opened.headers["location"],
        format!("/console/setup/{tenant}").as_str()
    );
    let cookie = opened.headers["set-cookie"]
        .to_str()
        .expect("text")
        .to_owned();
    let end = "; Path=/; Max-Age=28800; Secure; HttpOnly; SameSite=Lax";
    assert!(
        cookie.starts_with(&format!("__Host-muster-setup-{tenant}=")),
        "{cookie}"
    );
    assert!(cookie.ends_with(end), "{cookie}");
    visitor
        .get(&format!("/console/setup/{tenant}"))
        .await
        .expect(200);
    // The second time it explains what happened and what to do.
    let mut other = Visitor::of(&target);
    for answer in [other.get(&path).await, other.post(&path, &[]).await] {
        let answer = answer.expect(404);
        assert!(
            answer.text.contains("This link was already opened"),
            "{}",
            answer.text
        );
        assert!(answer.text.contains("Ask the sender for a new link"));
        assert!(answer.headers.get("set-cookie").is_none());
    }
    let listed = target
        .admin()
        .get(&format!("/tenants/{tenant}/links"))
        .await;
    let listed = listed.expect(200).json();
    assert_eq!(listed["items"][0]["state"], "used");
    assert_eq!(listed["items"][0]["expires"], made["expires"]);
    assert!(listed["items"][0]["url"].is_null(), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_use_a_link_at_once_one_gets_in() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let (path, _) = link(&target, &tenant, 3_600).await;
    let tries = (0..12).map(|_| {
        let (mut visitor, path) = (Visitor::of(&target), path.clone());
        async move { visitor.post(&path, &[]).await.status }
    });
    let statuses = futures_util::future::join_all(tries).await;
    let opened = statuses
        .iter()
        .filter(|status| **status == StatusCode::SEE_OTHER);
    assert_eq!(opened.count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_link_ends_when_its_life_is_over() {
    let (target, time) = moving::start().await;
    let tenant = tenant(&target).await;
    let (path, _) = link(&target, &tenant, 300).await;
    let mut visitor = Visitor::of(&target);
    time.pass(299);
    visitor.get(&path).await.expect(200);
    time.pass(1);
    for answer in [visitor.get(&path).await, visitor.post(&path, &[]).await] {
        assert!(answer.expect(404).text.contains("This link has expired"));
    }
    let listed = target
        .admin()
        .get(&format!("/tenants/{tenant}/links"))
        .await;
    assert_eq!(listed.json()["items"][0]["state"], "expired");
}

#[tokio::test]
async fn a_session_of_a_link_ends_after_eight_hours() {
    let (target, time) = moving::start().await;
    let tenant = tenant(&target).await;
    let mut visitor = customer(&target, &tenant).await;
    let home = format!("/console/setup/{tenant}");
    time.pass(8 * 3_600 - 1);
    visitor.get(&home).await.expect(200);
    time.pass(1);
    let ended = visitor.get(&home).await.expect(401);
    assert!(ended.text.contains("This session has ended"));
}

#[tokio::test]
async fn revoking_a_link_closes_what_was_opened_with_it() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let (path, made) = link(&target, &tenant, 3_600).await;
    let (used, other) = link(&target, &tenant, 3_600).await;
    let mut visitor = Visitor::of(&target);
    visitor.post(&used, &[]).await.expect(303);
    let home = format!("/console/setup/{tenant}");
    visitor.get(&home).await.expect(200);
    for link in [&made, &other] {
        let id = link["id"].as_str().expect("an id");
        let address = format!("/tenants/{tenant}/links/{id}");
        target.admin().delete(&address).await.expect(204);
        // A second revocation succeeds, too.
        target.admin().delete(&address).await.expect(204);
    }
    visitor.get(&home).await.expect(401);
    let closed = visitor.post(&path, &[]).await.expect(404);
    assert!(closed.text.contains("This link was revoked"));
    let none = format!("/tenants/{tenant}/links/0000000000");
    target.admin().delete(&none).await.expect(404);
}

#[tokio::test]
async fn another_secret_id_or_tenant_opens_nothing() {
    let target = Target::start().await;
    let (one, two) = (tenant(&target).await, tenant(&target).await);
    let (path, _) = link(&target, &one, 3_600).await;
    let parts: Vec<&str> = path.split('/').collect();
    let [.., id, secret] = parts.as_slice() else {
        panic!("{path}")
    };
    let (_, other) = link(&target, &one, 3_600).await;
    let other = other["id"].as_str().expect("an id");
    let first = if secret.starts_with('0') { "1" } else { "0" };
    let wrong = format!("{first}{}", &secret[1..]);
    let shouted = secret.to_uppercase();
    for odd in [
        format!("/console/open/{two}/{id}/{secret}"),
        format!("/console/open/{one}/{other}/{secret}"),
        format!("/console/open/{one}/{id}/{wrong}"),
        format!("/console/open/{one}/{id}/{shouted}"),
        format!("/console/open/{one}/{id}/%23"),
        format!("/console/open/nobody/{id}/{secret}"),
        format!("/console/open/{one}%23link/{id}/{secret}"),
        format!("/console/open/{one}/x/{secret}"),
    ] {
        let mut visitor = Visitor::of(&target);
        for answer in [visitor.get(&odd).await, visitor.post(&odd, &[]).await] {
            assert!(
                answer.expect(404).text.contains("This link does not work"),
                "{odd}"
            );
        }
    }
    // None of this used up the link.
    Visitor::of(&target).post(&path, &[]).await.expect(303);
}

/// The console is the vendor's: its sign-in page is of no use to a customer.
#[tokio::test]
async fn no_page_leads_a_customer_to_the_vendors_console() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let (path, _) = link(&target, &tenant, 3_600).await;
    let mut visitor = customer(&target, &tenant).await;
    let home = format!("/console/setup/{tenant}");
    let unknown = visitor.get(&format!("{home}/users")).await.expect(404);
    let way = format!(r#"<a class="button" href="{home}">Go to the setup page</a>"#);
    assert!(unknown.text.contains(&way), "{}", unknown.text);
    let mut stranger = Visitor::of(&target);
    for page in [
        unknown.text,
        stranger.get(&path).await.expect(200).text,
        stranger.get(&format!("{path}0")).await.expect(404).text,
        stranger.get(&home).await.expect(401).text,
        stranger.get("/console/open/x").await.expect(404).text,
        stranger
            .get("/console/setup/%22/users")
            .await
            .expect(404)
            .text,
    ] {
        assert!(!page.contains(r#"href="/console""#), "{page}");
        assert!(!page.contains("Go to the console"), "{page}");
    }
}

#[tokio::test]
async fn a_link_lives_from_five_minutes_to_thirty_days() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let (admin, path) = (target.admin(), format!("/tenants/{tenant}/links"));
    for odd in [
        json!(299),
        json!(2_592_001),
        json!(-1),
        json!("1 day"),
        json!(1.5),
    ] {
        let wanted = json!({ "expiresInSeconds": odd });
        let refused = admin.post(&path, &wanted).await.expect(400).json();
        let pointer = &refused["errors"][0]["pointer"];
        assert_eq!(pointer, "/expiresInSeconds", "{refused}");
    }
    for good in [
        json!({}),
        json!({ "expiresInSeconds": 300 }),
        json!({ "expiresInSeconds": 2_592_000 }),
    ] {
        admin.post(&path, &good).await.expect(201);
    }
    admin
        .post("/tenants/nobody/links", &json!({}))
        .await
        .expect(404);
    admin.get("/tenants/nobody/links").await.expect(404);
    // More than twenty unused links are a mistake.
    for _ in 3..20 {
        admin.post(&path, &json!({})).await.expect(201);
    }
    let refused = admin.post(&path, &json!({})).await.expect(409).json();
    assert!(
        refused["detail"]
            .as_str()
            .expect("a detail")
            .contains("20 open links"),
        "{refused}"
    );
}

/// The table contains only digests.
#[tokio::test]
async fn neither_the_secret_of_a_link_nor_that_of_a_session_is_stored() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let (path, _) = link(&target, &tenant, 3_600).await;
    let mut visitor = Visitor::of(&target);
    visitor.post(&path, &[]).await.expect(303);
    let secret = path.rsplit('/').next().expect("a secret").to_owned();
    let (_, session) = visitor.cookie();
    let page = visitor
        .get(&format!("/console/setup/{tenant}"))
        .await
        .expect(200);
    let items = target.stack.services.clients.dynamodb.scan();
    let items = items
        .table_name(local::stack::TABLE)
        .send()
        .await
        .expect("the table");
    let stored = format!("{:?}", items.items());
    assert!(stored.contains("console#session") && stored.contains(&format!("{tenant}#link")));
    for secret in [&secret, &session, &visitor.mark()] {
        assert!(secret.len() >= 52 && !stored.contains(secret.as_str()));
    }
    assert!(!page.text.contains(&session));
}

/// A link is sent to another person, so a request must not be able to choose its domain.
#[tokio::test]
async fn a_link_and_every_address_lead_to_the_domain_of_the_api_whatever_host_a_request_names() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let admin = target.admin();
    let site = format!("http://{}/", target.stack.address);
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "evil.example:443"),
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-forwarded-proto", "https"),
    ] {
        let headers = [(name, value), ("content-type", "application/json")];
        let path = format!("/tenants/{tenant}/links");
        let made = admin
            .send(
                "POST",
                &path,
                &headers,
                Some(r#"{"expiresInSeconds":3600}"#.into()),
            )
            .await;
        let url = made.expect(201).json()["url"].clone();
        let url = url.as_str().expect("an address");
        assert!(
            url.starts_with(&format!("{site}console/open/{tenant}/")),
            "{name}: {url}"
        );
        let shown = admin
            .send("GET", &format!("/tenants/{tenant}"), &headers, None)
            .await;
        let base = format!("{site}{tenant}/scim/v2");
        assert_eq!(shown.expect(200).json()["baseUrl"], base, "{name}");
    }
}
