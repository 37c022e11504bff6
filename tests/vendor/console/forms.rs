//! Forms are accepted only from pages of this site and of the same session.

use http::Method;
use vendor::pages::{Who, pages};

use super::reach::addresses;
use super::visitor::body;
use super::{customer, tenant, vendor};
use crate::support::Target;

#[tokio::test]
async fn a_form_without_the_mark_of_its_session_does_nothing() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let own = customer(&target, &tenant).await;
    let home = format!("/console/setup/{tenant}");
    let mut visitor = own.clone();
    visitor.get(&home).await.expect(200);
    let mark = visitor.mark();
    assert_eq!(mark.len(), 52);
    let mut other = customer(&target, &tenant).await;
    other.get(&home).await.expect(200);
    let before = target
        .admin()
        .get(&format!("/tenants/{tenant}/keys"))
        .await
        .text;
    let secret = own.cookie().1;
    for wrong in ["", "x", &other.mark(), &secret, &mark.to_uppercase()] {
        let mut forger = own.clone();
        let form = body(&[("form", wrong), ("purpose", "stolen")]);
        let headers = [("sec-fetch-site", "same-origin")];
        let answer = forger
            .send("POST", &format!("{home}/keys"), &headers, &form)
            .await;
        let answer = answer.expect(403);
        assert!(
            answer.text.contains("nothing was changed"),
            "{}",
            answer.text
        );
    }
    let after = target
        .admin()
        .get(&format!("/tenants/{tenant}/keys"))
        .await
        .text;
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_form_of_another_site_is_refused_even_with_the_mark() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let mut visitor = customer(&target, &tenant).await;
    let home = format!("/console/setup/{tenant}");
    visitor.get(&home).await.expect(200);
    let form = body(&[("form", &visitor.mark())]);
    let own = format!("http://{}", target.stack.address);
    let elsewhere = "https://evil.example";
    let refused: [&[(&str, &str)]; 8] = [
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site"), ("origin", &own)],
        &[("origin", elsewhere)],
        &[("origin", "null")],
        &[("origin", "http://127.0.0.1")],
        &[],
    ];
    for headers in refused {
        let mut forger = visitor.clone();
        let off = format!("{home}/off");
        let answer = forger.send("POST", &off, headers, &form).await;
        assert_eq!(answer.status, 403, "{headers:?}");
    }
    let still = target.admin().get(&format!("/tenants/{tenant}")).await;
    assert_eq!(still.expect(200).json()["status"], "on");
    // A browser without fetch metadata identifies the form's origin in another header.
    let headers = [("origin", own.as_str())];
    let leave = format!("{home}/leave");
    visitor
        .send("POST", &leave, &headers, &form)
        .await
        .expect(200);
}

/// For every form.
#[tokio::test]
async fn every_form_is_guarded() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let (signed_in, opened) = (vendor(&target).await, customer(&target, &tenant).await);
    let mut tried = 0;
    for page in pages().filter(|page| page.method == Method::POST) {
        for address in addresses(page, &tenant) {
            for visitor in [&signed_in, &opened] {
                let is_theirs = page.who == Who::Anyone
                    || address.starts_with("/console/setup/")
                        == (visitor.cookies == opened.cookies);
                if !is_theirs {
                    continue;
                }
                for headers in [
                    [("sec-fetch-site", "cross-site")],
                    [("origin", "https://evil.example")],
                ] {
                    let mut forger = visitor.clone();
                    let answer = forger.send("POST", &address, &headers, "key=x").await;
                    assert_eq!(answer.status, 403, "{address}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 30, "{tried}");
}

#[tokio::test]
async fn what_no_form_sends_is_not_read() {
    let target = Target::start().await;
    let mut visitor = super::visitor::Visitor::of(&target);
    let own = ("sec-fetch-site", "same-origin");
    for kind in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=a",
    ] {
        let headers = [own, ("content-type", kind)];
        let answer = visitor
            .send("POST", "/console/sign-in", &headers, "key=x")
            .await;
        answer.expect_any(&[400, 415]);
    }
    let large = format!("key={}", "x".repeat(300_000));
    visitor
        .send("POST", "/console/sign-in", &[own], &large)
        .await
        .expect(413);
    visitor
        .send("POST", "/console/sign-in", &[own], "key=%ff")
        .await
        .expect(400);
}

/// Reloading the page after a form shows the same page.
#[tokio::test]
async fn a_form_that_is_sent_twice_makes_one_key_and_shows_its_token_again() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let mut visitor = customer(&target, &tenant).await;
    let home = format!("/console/setup/{tenant}");
    visitor.get(&home).await.expect(200);
    let mark = visitor.mark();
    let form = body(&[
        ("form", &mark),
        ("once", "0123456789abcdef"),
        ("purpose", "Okta"),
        ("life", "90"),
    ]);
    let own = [("sec-fetch-site", "same-origin")];
    let (mut tokens, path) = (Vec::new(), format!("{home}/keys"));
    for _ in 0..3 {
        let answer = visitor.send("POST", &path, &own, &form).await.expect(200);
        let at = answer.text.find("muster_k").expect("a token");
        let token: String = answer.text[at..]
            .chars()
            .take_while(|c| *c != '<')
            .collect();
        tokens.push(token);
    }
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    let keys = target
        .admin()
        .get(&format!("/tenants/{tenant}/keys"))
        .await
        .json();
    let made = keys["items"].as_array().expect("keys").iter();
    assert_eq!(
        made.filter(|key| key["purpose"] == "Okta").count(),
        1,
        "{keys}"
    );
}

#[tokio::test]
async fn the_vendor_brings_a_token_of_another_system_and_a_customer_does_not() {
    const TOKEN: &str = "sk_live_0f9c1e5b7a3d48629b0e4c7f8a1d2365";
    let target = Target::start().await;
    let client = target.tenant().await;
    let tenant = crate::support::table::tenant_of(&client).to_owned();
    let fields = [("purpose", "from the old system"), ("token", TOKEN)];
    let mut opened = customer(&target, &tenant).await;
    let home = format!("/console/setup/{tenant}");
    let page = opened.get(&format!("{home}/keys")).await.expect(200);
    assert!(!page.text.contains("another system"));
    opened
        .post(&format!("{home}/keys"), &fields)
        .await
        .expect(200);
    client.with_token(TOKEN).get("/Users").await.expect(401);

    let mut signed_in = vendor(&target).await;
    let keys = format!("/console/tenants/{tenant}/keys");
    signed_in.get(&keys).await.expect(200);
    let weak = [("purpose", "x"), ("token", "too short")];
    let refused = signed_in.post(&keys, &weak).await.expect(400);
    assert!(refused.text.contains("fewer than 32 characters"));
    assert!(!refused.text.contains("too short"));
    let brought = signed_in.post(&keys, &fields).await.expect(303);
    assert_eq!(brought.headers["location"], keys.as_str());
    // The token was rejected before its import, which a function caches for a second.
    target.becomes_known();
    client.with_token(TOKEN).get("/Users").await.expect(200);
    let page = signed_in.get(&keys).await.expect(200);
    assert!(page.text.contains("from the old system") && !page.text.contains(TOKEN));
}
