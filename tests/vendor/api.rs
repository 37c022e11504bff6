//! The admin API: authentication and responses.

mod admin_keys;
mod bodies;
pub(super) mod destinations;
mod events;
pub(super) mod keys;
mod operations;
mod passwords;
mod people;
mod person;
mod tenants;
mod test_event;

use serde_json::json;

use crate::support::Target;

#[tokio::test]
async fn the_first_admin_key_may_do_everything() {
    let target = Target::start().await;
    let answer = target.admin().get("").await.expect(200);
    assert_eq!(
        answer.json()["key"],
        json!({ "id": "first", "scopes": ["read", "tenants", "keys", "data", "events"] })
    );
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn without_an_admin_key_nothing_but_the_description_is_readable() {
    let target = Target::start().await;
    let tenant = target.tenant().await;
    let admin = target.admin();
    let issued = tenant.token.clone();
    let reversed: String = admin.token.chars().rev().collect();
    for token in ["", "x", &issued, &reversed] {
        for path in ["", "/tenants", "/nothing"] {
            let answer = admin.with_token(token).get(path).await.expect(401);
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
            assert_eq!(answer.headers["content-type"], "application/problem+json");
            assert_eq!(answer.json()["type"], "urn:muster:problem:unauthorized");
        }
    }
    let none = [("authorization", "")];
    let described = admin.send("GET", "/openapi.json", &none, None).await;
    let described = described.expect(200).json();
    assert_eq!(described["openapi"], "3.1.0");
    assert_eq!(described["servers"][0]["url"], admin.base.as_str());
}

/// An admin key gives no access to a tenant's endpoints.
#[tokio::test]
async fn an_admin_key_is_no_token_of_a_tenant() {
    let target = Target::start().await;
    let tenant = target.tenant().await;
    let admin = tenant.with_token(&target.stack.admin_key);
    admin.get("/Users").await.expect(401);
}

#[tokio::test]
async fn an_unknown_path_or_method_is_a_problem_that_says_what_there_is() {
    let target = Target::start().await;
    let admin = target.admin();
    let nothing = admin.get("/nothing").await.expect(404).json();
    let detail = nothing["detail"].as_str().expect("a detail");
    assert!(detail.contains("/admin/v1/openapi.json"), "{detail}");
    let other = admin.delete("/openapi.json").await.expect(405);
    assert_eq!(other.headers["allow"], "GET");
}

#[tokio::test]
async fn a_parameter_given_twice_is_refused() {
    let target = Target::start().await;
    let answer = target.admin().get("/?count=1&count=2").await.expect(400);
    let problem = answer.json();
    assert_eq!(problem["detail"], "the parameter `count` is repeated");
    assert_eq!(problem["title"], "Invalid value");
}
