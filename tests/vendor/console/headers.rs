//! The headers of all pages.

use super::visitor::Visitor;
use super::{customer, link, tenant, vendor};
use crate::support::{Answer, Target};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

#[track_caller]
fn check(answer: &Answer) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(answer.headers[name], value, "{answer:?}");
    }
    assert!(!answer.text.contains("style=\""), "{}", answer.text);
    assert!(!answer.text.contains("<script>") && !answer.text.contains(" onclick"));
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_pages_to_themselves() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    let (path, _) = link(&target, &tenant, 3_600).await;
    let mut outside = Visitor::of(&target);
    for address in [
        "/console",
        "/console/nothing",
        "/console/new-tenant",
        "/console?a=1&a=2",
        &path,
    ] {
        check(&outside.get(address).await);
    }
    check(&outside.post("/console/sign-in", &[("key", "x")]).await);
    let mut vendor = vendor(&target).await;
    for address in ["/console", "/console/new-tenant", "/console/tenants"] {
        check(&vendor.get(address).await);
    }
    let mut customer = customer(&target, &tenant).await;
    for end in [
        "",
        "/keys",
        "/steps/okta",
        "/steps/entra",
        "/steps/nothing",
        "/requests",
        "/requests.csv",
    ] {
        let answer = customer.get(&format!("/console/setup/{tenant}{end}")).await;
        check(&answer);
    }
}

/// The names of assets change with their content, so browsers may cache them for ever.
#[tokio::test]
async fn assets_are_kept_and_change_their_names_with_their_content() {
    let target = Target::start().await;
    let mut visitor = Visitor::of(&target);
    let page = visitor.get("/console").await.expect(200).text;
    let assets: Vec<&str> = page
        .split('"')
        .filter(|part| part.starts_with("/console/assets/"))
        .collect();
    assert!(assets.len() >= 3, "{page}");
    for asset in assets {
        let answer = visitor.get(asset).await.expect(200);
        assert_eq!(
            answer.headers["cache-control"],
            "public, max-age=31536000, immutable"
        );
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        let kind = answer.headers["content-type"].to_str().expect("text");
        assert!(
            ["text/css", "text/javascript", "image/svg"]
                .iter()
                .any(|known| kind.starts_with(known))
        );
    }
    visitor.get("/console/assets/style.css").await.expect(404);
    visitor
        .get("/console/assets/..%2fmain.rs")
        .await
        .expect(404);
}

/// With HTTPS, the response tells browsers to stay with HTTPS.
#[tokio::test]
async fn browsers_stay_with_https() {
    let target = Target::start().await;
    let mut visitor = Visitor::of(&target);
    let plain = visitor.get("/console").await;
    assert!(plain.headers.get("strict-transport-security").is_none());
    let secure = [("x-forwarded-proto", "https")];
    let secure = visitor.send("GET", "/console", &secure, "").await;
    if let Some(value) = secure.headers.get("strict-transport-security") {
        assert_eq!(value, "max-age=63072000");
    }
}
