//! Forms are taken from the pages of this site and of the same session only.

use http::Method;
use service::console::{Who, pages};

use super::reach::addresses;
use super::{customer, tenant, vendor};
use crate::support::Target;

/// Of every form there is.
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
