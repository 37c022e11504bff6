//! Requests to the admin API for reasons that need no preparation.

use serde_json::{Value, json};

use crate::vendor::api::destinations::destination;

/// Requests with the initial admin key: method, path and body. `{t}` is a tenant that is turned on.
pub(super) fn requests() -> Vec<(&'static str, String, Value)> {
    let none = Value::Null;
    let get = |path: &str| ("GET", path.to_owned(), none.clone());
    let post = |path: &str, body: Value| ("POST", path.to_owned(), body);
    let settings = |settings: Value| {
        let path = "/tenants/{t}".to_owned();
        ("PATCH", path, json!({ "settings": settings }))
    };
    let delete = |path: &str| ("DELETE", path.to_owned(), none.clone());
    let rotate = "/tenants/{t}/keys/0000000000/rotate";
    let users = vec![json!({}); 501];
    let mut requests = vec![
        get("/nothing"),
        get("/?count=1&count=2"),
        get("/tenants?count=0"),
        get("/tenants?status=x"),
        get("/tenants?cursor=A%20B"),
        get("/tenants/nobody-there"),
        get("/tenants/{t}/requests?from=x"),
        get("/tenants/{t}/requests?outcome=x"),
        get("/tenants/{t}/requests?cursor=x"),
        get("/tenants/{t}/events?limit=0"),
        get("/tenants/{t}/events?after=x"),
        get("/tenants/{t}/events?type=person.*"),
        get("/tenants/{t}/events?after=1"),
        get("/tenants/{t}/keys/0000000000"),
        get("/tenants/{t}/users/nobody/export"),
        // Each dot takes three characters in the request to the tenant's endpoint.
        get(&format!(
            "/tenants/{{t}}/users?filter={}",
            ".".repeat(25_000)
        )),
        get("/destinations/dst_0000000000000000"),
        post(
            "/destinations/dst_0000000000000000/secret",
            json!({ "overlapSeconds": -1 }),
        ),
        delete("/openapi.json"),
        delete("/tenants/{t}"),
        delete("/tenants/{t}/links/0000000000"),
        delete("/keys/first"),
        delete("/keys/0000000000"),
        post("/tenants", json!([])),
        post("/tenants", json!({})),
        post("/tenants", json!({ "name": 1 })),
        post("/tenants", json!({ "name": "x", "colour": 1 })),
        post("/tenants", json!({ "name": "" })),
        post("/tenants", json!({ "name": "x", "id": "A" })),
        post("/tenants", json!({ "name": "x", "id": "admin" })),
        post("/tenants", json!({ "name": "x", "id": "{t}" })),
        post("/tenants/{t}/links", json!({ "expiresInSeconds": 1 })),
        post("/tenants/{t}/preload", json!({ "users": users })),
        post(rotate, json!({ "overlapSeconds": -1 })),
        settings(json!({ "seats": "x" })),
        settings(json!({ "seats": 5 })),
    ];
    let destinations = destinations().into_iter();
    requests.extend(destinations.map(|body| post("/destinations", body)));
    let keys = keys().into_iter();
    requests.extend(keys.map(|body| post("/tenants/{t}/keys", body)));
    requests
}

/// Keys that are rejected.
fn keys() -> Vec<Value> {
    let networks: Vec<String> = (0..11).map(|n| format!("10.0.0.{n}")).collect();
    let nobody = "2819c223-7f76-453a-919d-413861904646";
    vec![
        json!({ "purpose": "" }),
        json!({ "purpose": "x".repeat(101) }),
        json!({ "purpose": "a\nb" }),
        json!({ "purpose": "x", "scopes": [] }),
        json!({ "purpose": "x", "scopes": ["all"] }),
        json!({ "purpose": "x", "expires": "tomorrow" }),
        json!({ "purpose": "x", "expires": "2020-01-01T00:00:00Z" }),
        json!({ "purpose": "x", "sources": ["x"] }),
        json!({ "purpose": "x", "sources": networks }),
        json!({ "purpose": "x", "scopes": ["me"] }),
        json!({ "purpose": "x", "scopes": ["me"], "subject": "ann" }),
        json!({ "purpose": "x", "scopes": ["me"], "subject": nobody }),
        json!({ "purpose": "x", "token": "short" }),
    ]
}

/// Destinations that are rejected.
fn destinations() -> Vec<Value> {
    let tenants: Vec<String> = (0..101).map(|n| format!("t{n}")).collect();
    let long = format!("https://app.example.com/{}", "x".repeat(2_048));
    let urls = [
        long.as_str(),
        "app.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://ann:secret@app.example.com",
        "https://app.example.com/#a",
        "https://10.0.0.1",
        "https://wiki.internal",
    ];
    let others = [
        json!({ "kind": "bus" }),
        json!({ "types": [] }),
        json!({ "types": ["person.*"] }),
        json!({ "tenants": "some" }),
        json!({ "tenants": [] }),
        json!({ "tenants": tenants }),
        json!({ "tenants": ["nobody-there"] }),
        json!({ "batch": 0 }),
        json!({ "from": "today" }),
    ];
    let urls = urls.iter().map(|url| json!({ "url": url }));
    let wrong = |members: Value| {
        let mut body = destination("App");
        for (name, value) in members.as_object().expect("members") {
            body[name] = value.clone();
        }
        body
    };
    urls.chain(others).map(wrong).collect()
}
