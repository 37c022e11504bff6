//! What a session can reach: each page with another tenant.

use http::Method;
use vendor::pages::{Page, Who, pages};

use super::visitor::Visitor;
use super::{customer, tenant, vendor};
use crate::support::Target;

/// The paths of a page for a tenant, with the other variables filled in.
pub fn addresses(page: &Page, tenant: &str) -> Vec<String> {
    let fill = |address: String| {
        address
            .replace("{tenant}", tenant)
            .replace("{provider}", "okta")
            .replace("{user}", "00000000-0000-4000-8000-000000000000")
            .replace("{group}", "00000000-0000-4000-8000-000000000000")
            .replace("{key}", "0000000000")
            .replace("{link}", "0000000000")
            .replace("{secret}", "x")
            .replace("{name}", "x")
    };
    page.addresses().into_iter().map(fill).collect()
}

async fn ask(visitor: &mut Visitor, page: &Page, address: &str) -> crate::support::Answer {
    match page.method == Method::POST {
        true => visitor.post(address, &[]).await,
        false => visitor.get(address).await,
    }
}

/// Every page of the vendor, and every page of another tenant.
#[tokio::test]
async fn a_setup_session_reaches_its_own_tenant_and_nothing_else() {
    let target = Target::start().await;
    let (own, other) = (tenant(&target).await, tenant(&target).await);
    let visitor = customer(&target, &own).await;
    let home = format!("/console/setup/{own}");
    let mut tried = 0;
    for page in pages().filter(|page| page.who != Who::Anyone) {
        for tenant in [&own, &other] {
            for address in addresses(page, tenant) {
                if address.starts_with(&home) {
                    continue;
                }
                let mut visitor = visitor.clone();
                visitor.get(&home).await.expect(200);
                let answer = ask(&mut visitor, page, &address).await;
                assert_eq!(answer.status, 401, "{} {address}", page.method);
                tried += 1;
            }
        }
    }
    assert!(tried > 40, "{tried}");
}

/// A tenant's session is not valid in the cookie of another tenant.
#[tokio::test]
async fn a_setup_session_under_another_name_is_none() {
    let target = Target::start().await;
    let (own, other) = (tenant(&target).await, tenant(&target).await);
    let visitor = customer(&target, &own).await;
    let (_, secret) = visitor.cookie();
    for name in [
        format!("__Host-muster-setup-{other}"),
        "__Host-muster-console".to_owned(),
    ] {
        let mut moved = Visitor::of(&target);
        moved.cookies.insert(name, secret.clone());
        for address in [
            format!("/console/setup/{other}"),
            "/console/new-tenant".to_owned(),
        ] {
            moved.get(&address).await.expect(401);
        }
    }
    let (_, secret) = vendor(&target).await.cookie();
    let mut moved = Visitor::of(&target);
    moved
        .cookies
        .insert(format!("__Host-muster-setup-{own}"), secret);
    moved
        .get(&format!("/console/setup/{own}"))
        .await
        .expect(401);
}

/// Without a session, only the sign-in page, links and assets are accessible.
#[tokio::test]
async fn without_a_session_every_page_asks_for_one() {
    let target = Target::start().await;
    let tenant = tenant(&target).await;
    for page in pages().filter(|page| page.who != Who::Anyone) {
        for address in addresses(page, &tenant) {
            let mut visitor = Visitor::of(&target);
            let answer = ask(&mut visitor, page, &address).await;
            assert_eq!(answer.status, 401, "{} {address}", page.method);
        }
    }
    let mut visitor = Visitor::of(&target);
    visitor.get("/console/nothing").await.expect(404);
    let other = visitor.get("/console/sign-in").await.expect(405);
    assert_eq!(other.headers["allow"], "POST");
}

/// One browser can set up several tenants.
#[tokio::test]
async fn two_setup_pages_stay_open_side_by_side() {
    let target = Target::start().await;
    let (one, two) = (tenant(&target).await, tenant(&target).await);
    let mut visitor = customer(&target, &one).await;
    let other = customer(&target, &two).await;
    visitor.cookies.extend(other.cookies);
    for tenant in [&one, &two] {
        let page = visitor.get(&format!("/console/setup/{tenant}")).await;
        let base = format!("/{tenant}/scim/v2");
        assert!(page.expect(200).text.contains(&base));
    }
}
