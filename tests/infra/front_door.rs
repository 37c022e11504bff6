//! Everything between a provider and the service in AWS: the gateway's event, the address that the client called, the
//! log.

use data_encoding::BASE64;
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::{Function, Service, lambda};

use crate::support::client::{BULK, USER, encode, group, patch, user};
use crate::support::log::Log;
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

/// A request in the gateway's format.
struct Event<'e> {
    method: &'e str,
    path: &'e str,
    query: &'e str,
    domain: &'e str,
    headers: Value,
    body: Option<(String, bool)>,
}

impl Event<'_> {
    fn json(&self, token: &str) -> Value {
        let mut headers = self.headers.clone();
        headers["authorization"] = json!(format!("Bearer {token}"));
        let mut event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": self.path,
            "rawQueryString": self.query, "headers": headers,
            "requestContext": {
                "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "r1",
                "domainName": self.domain,
                "routeKey": "$default", "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1,
                "http": {
                    "method": self.method, "path": self.path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1", "userAgent": "x"
                }
            },
            "isBase64Encoded": self.body.as_ref().is_some_and(|(_, is_encoded)| *is_encoded)
        });
        if let Some((body, _)) = &self.body {
            event["body"] = json!(body);
        }
        event
    }

    /// The status and body of the function's response; the gateway sees the body as text.
    async fn answered(&self, service: &Service, token: &str) -> (u16, Value) {
        let event = serde_json::from_value(self.json(token)).expect("an event");
        let request = lambda::readable(event).into();
        let response = lambda::answer(service, Function::CATCH_ALL, request).await;
        let body = format!("{:?}", response.body());
        assert!(
            body.starts_with("Text(") || body == "Empty",
            "the gateway gets {body}"
        );
        let json = serde_json::from_slice(response.body()).unwrap_or_default();
        (response.status().as_u16(), json)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t05_t06_bodies_arrive_as_text_and_as_base64() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let path = format!("/{}/scim/v2/Users", tenant_of(&client));
    for (number, (media, is_encoded)) in [
        ("application/scim+json", true),
        ("application/scim+json; charset=utf-8", true),
        ("application/json", false),
        ("application/json; charset=utf-8", false),
    ]
    .into_iter()
    .enumerate()
    {
        let text = user(&format!("jörg{number}")).to_string();
        let body = match is_encoded {
            true => BASE64.encode(text.as_bytes()),
            false => text,
        };
        let event = Event {
            method: "POST",
            path: &path,
            query: "",
            domain: "scim.example.com",
            headers: json!({ "host": "scim.example.com", "content-type": media }),
            body: Some((body, is_encoded)),
        };
        let (status, created) = event.answered(&target.stack.service, &client.token).await;
        assert_eq!(status, 201, "{media}: {created}");
        assert_eq!(created["userName"], format!("jörg{number}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn q07_unencoded_quotes_and_spaces_are_accepted() {
    let target = Target::start().await;
    let client = target.tenant().await;
    client.create_user("a+b@example.com").await;
    let path = format!("/{}/scim/v2/Users", tenant_of(&client));
    for (query, total) in [
        (r#"filter=userName eq "a%2Bb@example.com""#, 1),
        (r#"filter=userName+eq+"a%2Bb@example.com"&"#, 1),
        (r#"filter=userName eq "a+b@example.com""#, 0),
        (r#"filter=userName eq "ä<>^`{|}\\""#, 0),
    ] {
        let event = Event {
            method: "GET",
            path: &path,
            query,
            domain: "scim.example.com",
            headers: json!({ "host": "scim.example.com" }),
            body: None,
        };
        let (status, list) = event.answered(&target.stack.service, &client.token).await;
        assert_eq!(
            (status, &list["totalResults"]),
            (200, &json!(total)),
            "{query}: {list}"
        );
    }
}

fn addresses(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("://") => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| addresses(item, found)),
        Value::Object(members) => members.values().for_each(|member| addresses(member, found)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i10_addresses_begin_with_what_the_client_called() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let tenant = tenant_of(&client);
    let user = client.create_user("anna").await;
    let group = client
        .create_group("Sales", std::slice::from_ref(&user))
        .await;
    let of = |public: Option<&str>| {
        let clients = &target.stack.services.clients;
        let public = public.map(str::to_owned);
        local::stack::service(clients, public, Clock::system(), Ids::system())
    };
    let https = json!({ "host": "scim.example.com", "x-forwarded-proto": "https" });
    let http = json!({ "host": "localhost:9000", "x-forwarded-proto": "http" });
    let odd = json!({ "host": "evil.example", "x-forwarded-host": "evil.example", "forwarded": "host=evil.example" });
    let (custom, own) = (
        "scim.example.com",
        "a.execute-api.eu-central-1.amazonaws.com",
    );
    // The vendor's own domain, a mapping or a stage in the path, the API's own domain, headers that only a client can
    // set, a developer's machine, a fixed address.
    for (public, domain, headers, prefix, expected) in [
        (None, custom, &https, "", "https://scim.example.com"),
        (
            None,
            custom,
            &https,
            "/live",
            "https://scim.example.com/live",
        ),
        (None, custom, &https, "/a/b", "https://scim.example.com/a/b"),
        (
            None,
            own,
            &odd,
            "",
            "https://a.execute-api.eu-central-1.amazonaws.com",
        ),
        (None, "localhost:9000", &http, "", "http://localhost:9000"),
        (
            Some("https://id.example.com/x"),
            own,
            &http,
            "/live",
            "https://id.example.com/x",
        ),
    ] {
        let service = of(public);
        for path in [
            format!("/Users/{user}"),
            format!("/Groups/{group}"),
            "/Schemas".into(),
            "/Groups".into(),
        ] {
            let event = Event {
                method: "GET",
                path: &format!("{prefix}/{tenant}/scim/v2{path}"),
                query: "",
                domain,
                headers: headers.clone(),
                body: None,
            };
            let (status, body) = event.answered(&service, &client.token).await;
            assert_eq!(status, 200, "{path}: {body}");
            let mut found = Vec::new();
            addresses(&body, &mut found);
            assert!(!found.is_empty(), "{body}");
            for address in found {
                let base = format!("{expected}/{tenant}/scim/v2/");
                assert!(
                    address.starts_with(&base),
                    "{path}: {address} is not below {base}"
                );
            }
        }
    }
}

/// Texts of a provider that no log may contain.
const SAID: [&str; 7] = [
    "mallory",
    "Secret-Wq8",
    "quokka",
    "wombat",
    "+47-555-0199",
    "Numbats",
    "x-odd-header",
];

/// Successful and failing requests with all of [`SAID`] in them.
async fn talk(client: &Client) {
    let mut mallory = user("mallory");
    mallory["password"] = json!("Secret-Wq8");
    mallory["phoneNumbers"] = json!([{ "value": "+47-555-0199" }]);
    let id = client.post("/Users", &mallory).await.expect(201).id();
    client.post("/Users", &mallory).await.expect(409);
    let path = format!("/Users/{id}");
    let numbats = group("Numbats", std::slice::from_ref(&id));
    client.post("/Groups", &numbats).await.expect(201);
    client
        .filter("/Users", r#"userName eq "mallory""#)
        .await
        .expect(200);
    client
        .filter("/Users", r#"quokka eq "wombat""#)
        .await
        .expect(400);
    client.get("/Users/quokka").await.expect(404);
    client.get("/wombat?quokka=wombat").await.expect(404);
    let change = |value: Value| json!([{ "op": "replace", "path": "password", "value": value }]);
    client
        .patch(&path, change(json!("Secret-Wq8")))
        .await
        .expect(200);
    client
        .patch(&path, change(json!(["Secret-Wq8", "Secret-Wq8"])))
        .await
        .expect(400);
    let wrong = format!(r#"{{"schemas":["{USER}"],"userName":"mallory"#);
    let odd = [
        ("x-odd-header", "wombat"),
        ("content-type", "application/json"),
    ];
    client
        .send("POST", "/Users", &odd, Some(wrong.into()))
        .await
        .expect(400);
    let other = client.with_token(&format!("{}quokka", client.token));
    other
        .get(&format!("/Users?filter={}", encode("userName pr")))
        .await
        .expect(401);
    let bulk = json!({ "schemas": [BULK], "Operations": [
        { "method": "PATCH", "path": path, "data": patch(change(json!("Secret-Wq8"))) },
        { "method": "POST", "path": "/Users", "bulkId": "quokka", "data": mallory },
    ] });
    client.post("/Bulk", &bulk).await.expect(200);
    client.delete(&path).await.expect(204);
}

/// The same for the admin API; returns the created and imported tokens.
async fn manage(admin: &Client, tenant: &str) -> Vec<String> {
    const IMPORTED: &str = "0f9c1e5b7a3d48629b0e4c7f8a1d2365";
    let path = format!("/tenants/{tenant}/keys");
    let body = json!({ "purpose": "quokka", "token": IMPORTED });
    admin.post(&path, &body).await.expect(201);
    admin.post(&path, &body).await.expect(409);
    let made = admin.post(&path, &json!({ "purpose": "quokka" })).await;
    let made = made.expect(201).json();
    let rotate = format!("{path}/{}/rotate", made["id"].as_str().expect("an id"));
    let rotated = admin.post(&rotate, &json!({})).await.expect(201).json();
    let body = json!({ "purpose": "wombat", "scopes": ["read"] });
    let own = admin.post("/keys", &body).await.expect(201).json();
    let mut tokens = vec![IMPORTED.to_owned(), admin.token.clone()];
    for key in [made, rotated, own] {
        let token = key["token"].as_str().expect("a token");
        tokens.push(
            token
                .rsplit('_')
                .nth(1)
                .expect("the random part")
                .to_owned(),
        );
    }
    tokens
}

/// On one thread: the log of this thread is captured.
#[tokio::test]
async fn z05_z06_w06_no_log_has_a_token_a_body_a_value_or_a_query() {
    let log = Log::kept();
    let target = Target::start().await;
    let client = target.tenant().await;
    talk(&client).await;
    let tokens = manage(&target.admin(), tenant_of(&client)).await;
    target.stack.shutdown().await;
    let text = log.text();
    for operation in [
        "users.create",
        "users.list",
        "users.modify",
        "bulk",
        "users.delete",
        "createKey",
        "rotateKey",
        "createAdminKey",
    ] {
        let entry = format!(r#""operation":"{operation}""#);
        assert!(text.contains(&entry), "no {operation} in {text}");
    }
    for status in ["201", "400", "401", "404", "409"] {
        assert!(
            text.contains(&format!(r#""status":{status}"#)),
            "no {status}"
        );
    }
    let secret = client.token.rsplit('_').nth(1).expect("the random part");
    let lower = text.to_lowercase();
    let tokens = tokens.iter().map(String::as_str);
    for said in SAID
        .into_iter()
        .chain([secret, &client.token])
        .chain(tokens)
    {
        let line = lower
            .lines()
            .find(|line| line.contains(&said.to_lowercase()));
        assert_eq!(line, None, "{said}");
    }
}
