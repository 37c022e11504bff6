//! Rules for every operation of the admin API, as its `OpenAPI` document lists them: it needs a key with the
//! documented scope, and no request to one tenant reaches another tenant's data.

use serde_json::{Value, json};

use super::destinations::destination;
use super::keys::{keys_of, list, make, text};
use crate::support::client::Answer;
use crate::support::table::{Table, tenant_of};
use crate::support::{Client, Target, moving};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
const SCOPES: [&str; 5] = ["read", "tenants", "keys", "data", "events"];

/// An operation of the document.
struct Operation {
    method: String,
    path: String,
    name: String,
    scope: String,
}

impl Operation {
    /// The response to a valid request with these ids in its path.
    async fn call(&self, client: &Client, ids: &[(&str, &str)]) -> Answer {
        let mut path = self.path.clone();
        for (variable, id) in ids {
            path = path.replace(&format!("{{{variable}}}"), id);
        }
        let body = match self.name.as_str() {
            "createTenant" | "changeTenant" => json!({ "name": "x" }),
            "createKey" => json!({ "purpose": "x" }),
            "createAdminKey" => json!({ "purpose": "x", "scopes": ["read"] }),
            "createLink" => json!({ "expiresInSeconds": 3_600 }),
            "createDestination" => destination("App"),
            "verifyPassword" => json!({ "userName": "ann", "password": "x" }),
            "preloadUsers" => json!({ "users": [] }),
            _ => json!({}),
        };
        let headers = [("content-type", "application/json")];
        let body = (self.method != "GET").then(|| body.to_string().into());
        client.send(&self.method, &path, &headers, body).await
    }
}

/// All operations except the document itself.
async fn operations(admin: &Client) -> Vec<Operation> {
    let described = admin.get("/openapi.json").await.expect(200).json();
    let mut operations = Vec::new();
    for (path, methods) in described["paths"].as_object().expect("paths") {
        for method in METHODS {
            let operation = &methods[method];
            let scope = &operation["security"][0]["adminKey"][0];
            if let (Some(name), Some(scope)) = (operation["operationId"].as_str(), scope.as_str()) {
                operations.push(Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    name: name.to_owned(),
                    scope: scope.to_owned(),
                });
            }
        }
    }
    assert!(operations.len() > 30, "{}", operations.len());
    operations
}

/// Ids of nothing, for variables that do not matter.
const NOTHING: [(&str, &str); 6] = [
    ("tenant", "nobody-there"),
    ("key", "0000000000000000"),
    ("link", "0000000000000000"),
    ("user", "2819c223-7f76-453a-919d-413861904646"),
    ("group", "2819c223-7f76-453a-919d-413861904646"),
    ("destination", "dst_0000000000000000"),
];

#[tokio::test]
async fn every_operation_is_refused_without_a_key_and_without_its_scope() {
    let target = Target::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let mut ids = NOTHING;
    ids[0].1 = tenant_of(&tenant);
    let mut clients = Vec::new();
    for scope in SCOPES {
        let body = json!({ "purpose": scope, "scopes": [scope] });
        let key = make(&admin, "/keys", body).await;
        clients.push((scope, admin.with_token(text(&key, "token"))));
    }
    let strangers = ["", "nonsense", &tenant.token].map(|token| admin.with_token(token));
    let before = Table::of(&target, &tenant).await.len();
    for operation in operations(&admin).await {
        let name = &operation.name;
        for stranger in &strangers {
            let refused = operation.call(stranger, &ids).await;
            assert_eq!(refused.status, 401, "{name}");
        }
        for (scope, client) in &clients {
            if *scope != operation.scope {
                let refused = operation.call(client, &ids).await;
                assert_eq!(refused.status, 403, "{name} with {scope}");
                let detail = refused.json()["detail"].to_string();
                assert!(detail.contains(&operation.scope), "{name}: {detail}");
            }
        }
    }
    let after = Table::of(&target, &tenant).await.len();
    assert_eq!(after, before, "what is refused leaves nothing");
}

#[tokio::test]
async fn what_belongs_to_a_tenant_is_not_found_under_another_one_or_none() {
    let target = Target::start().await;
    let (tenant, other, admin) = (target.tenant().await, target.tenant().await, target.admin());
    let of = |client: &Client, what: &str| format!("/tenants/{}/{what}", tenant_of(client));
    let user = tenant.create_user("ann@example.com").await;
    let group = tenant
        .create_group("Sales", std::slice::from_ref(&user))
        .await;
    let key = make(&admin, &of(&tenant, "keys"), json!({ "purpose": "x" })).await;
    let life = json!({ "expiresInSeconds": 3_600 });
    let link = make(&admin, &of(&tenant, "links"), life).await;
    let own = [
        ("key", text(&key, "id")),
        ("link", text(&link, "id")),
        ("user", &user),
        ("group", &group),
    ];
    for elsewhere in [tenant_of(&other), "nobody-there", "No_Name", "admin%23once"] {
        let mut ids = vec![("tenant", elsewhere)];
        ids.extend(own);
        for operation in operations(&admin).await {
            let is_of_one = own
                .iter()
                .any(|(name, _)| operation.path.contains(&format!("{{{name}}}")));
            let is_of_tenant = operation.path.contains("{tenant}");
            if is_of_tenant && (is_of_one || elsewhere != tenant_of(&other)) {
                let answer = operation.call(&admin, &ids).await;
                let name = &operation.name;
                assert_eq!(answer.status, 404, "{name} of {elsewhere}");
                assert_eq!(
                    answer.headers["content-type"], "application/problem+json",
                    "{name}"
                );
            }
        }
    }
    // Nothing was changed.
    tenant
        .with_token(text(&key, "token"))
        .get(&format!("/Users/{user}"))
        .await
        .expect(200);
    tenant.get(&format!("/Groups/{group}")).await.expect(200);
    let links = admin.get(&of(&tenant, "links")).await.expect(200).json();
    assert_eq!(links["items"][0]["id"], link["id"]);
}

#[tokio::test]
async fn a_repeated_creation_makes_one_tenant_and_gets_the_first_answer() {
    let target = Target::start().await;
    let admin = target.admin();
    let post = async |client: &Client, name: &str, body: &Value| {
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", name),
        ];
        let body = Some(body.to_string().into());
        client.send("POST", "/tenants", &headers, body).await
    };
    let body = json!({ "name": "Acme Inc." });
    let first = post(&admin, "signup-1", &body).await.expect(201);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = post(&admin, "signup-1", &body).await.expect(201);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.text, first.text);

    // Another body with the same name is the caller's mistake; another name or another caller makes another request.
    let other = post(&admin, "signup-1", &json!({ "name": "Globex" })).await;
    let detail = other.expect(400).json()["detail"].to_string();
    assert!(detail.contains("used for another request"), "{detail}");
    let second = post(&admin, "signup-2", &body).await.expect(201).json();
    let key = json!({ "purpose": "x", "scopes": ["tenants", "read"] });
    let key = make(&admin, "/keys", key).await;
    let colleague = admin.with_token(text(&key, "token"));
    let third = post(&colleague, "signup-1", &body).await.expect(201).json();
    let listed = admin.get("/tenants").await.expect(200).json();
    let ids: Vec<_> = listed["items"].as_array().expect("items").iter().collect();
    assert_eq!(ids.len(), 3);
    for made in [&first.json(), &second, &third] {
        assert!(ids.iter().any(|listed| listed["id"] == made["id"]));
    }

    // A rejection is repeated without being evaluated again.
    let taken = json!({ "id": first.json()["id"], "name": "x" });
    for _ in 0..2 {
        post(&admin, "signup-3", &taken).await.expect(409);
    }
    for name in [" ", "a b", &"x".repeat(256)] {
        post(&admin, name, &body).await.expect(400);
    }
}

/// A backend's key and the name are not enough to compute a token: after a day the same name creates another token.
#[tokio::test]
async fn a_token_made_with_an_idempotency_key_does_not_follow_from_it() {
    let (target, time) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let path = keys_of(&tenant);
    let headers = [
        ("content-type", "application/json"),
        ("idempotency-key", "signup-4711"),
    ];
    let made = async || {
        let body = json!({ "purpose": "Okta" }).to_string();
        let answer = admin.send("POST", &path, &headers, Some(body.into())).await;
        answer.expect(201).json()
    };
    let first = made().await;
    assert_eq!(made().await, first);
    time.pass(24 * 60 * 60 + 1);
    let second = made().await;
    assert_ne!(second["id"], first["id"]);
    assert_ne!(second["token"], first["token"]);
    assert_eq!(list(&admin, &path).await.len(), 3);
}
