//! The keys of the admin API itself.

use serde_json::{Value, json};

use super::keys::{keys_of, list, make, text};
use crate::support::Target;
use crate::support::moving;
use crate::support::table::tenant_of;

#[tokio::test]
async fn an_admin_key_makes_no_key_that_may_do_more_than_itself() {
    let (target, time) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let end = (time.now() + jiff::SignedDuration::from_hours(1)).to_string();
    let body = json!({
        "purpose": "backend", "scopes": ["keys", "read"], "expires": end,
        "sources": ["127.0.0.0/8"]
    });
    let key = make(&admin, "/keys", body).await;
    assert_eq!(key["scopes"], json!(["read", "keys"]));
    let lesser = admin.with_token(text(&key, "token"));
    lesser.get(&keys_of(&tenant)).await.expect(200);
    let problem = lesser
        .get(&format!("/tenants/{}/users", tenant_of(&tenant)))
        .await;
    let detail = "this requires an admin key with the scope `data`";
    assert_eq!(problem.expect(403).json()["detail"], detail);
    let later = (time.now() + jiff::SignedDuration::from_hours(2)).to_string();
    for (more, says) in [
        (
            json!({ "purpose": "x", "scopes": ["data"] }),
            "the scope `data`",
        ),
        (
            json!({ "purpose": "x", "scopes": ["read"], "expires": later }),
            "expire later",
        ),
        (
            json!({ "purpose": "x", "scopes": ["read"], "sources": ["0.0.0.0/0"] }),
            "networks",
        ),
    ] {
        let problem = lesser.post("/keys", &more).await.expect(403).json();
        let detail = text(&problem, "detail");
        assert!(detail.contains(says), "{detail}");
    }
    // Absent limits are copied from the creator.
    let made = make(
        &lesser,
        "/keys",
        json!({ "purpose": "x", "scopes": ["read"] }),
    )
    .await;
    assert_eq!(
        (&made["expires"], &made["sources"]),
        (&key["expires"], &key["sources"])
    );
    let least = admin.with_token(text(&made, "token"));
    least.get("").await.expect(200);
    least.get("/keys").await.expect(403);
    least
        .post(&keys_of(&tenant), &json!({ "purpose": "x" }))
        .await
        .expect(403);

    let ids: Vec<Value> = list(&admin, "/keys").await;
    let ids: Vec<&str> = ids.iter().map(|key| text(key, "id")).collect();
    assert_eq!(ids[0], "first");
    assert_eq!(ids.len(), 3);
    let one = format!("/keys/{}", text(&made, "id"));
    lesser.delete(&one).await.expect(204);
    lesser.delete(&one).await.expect(404);
    least.get("").await.expect(401);
    admin.delete("/keys/first").await.expect(409);
    time.pass(60 * 60);
    lesser.get("").await.expect(401);
}

/// Each kind of key is invalid where the other is valid.
#[tokio::test]
async fn admin_keys_and_tenants_keys_are_told_apart() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let body = json!({ "purpose": "x", "scopes": ["read", "tenants", "keys", "data", "events"] });
    let key = make(&admin, "/keys", body).await;
    let token = text(&key, "token");
    admin.with_token(token).get("/keys").await.expect(200);
    tenant.with_token(token).get("/Users").await.expect(401);
    admin
        .with_token(&tenant.token)
        .get("/keys")
        .await
        .expect(401);
}
