//! Causes every reason: the rows of the table, more rows, tenants with settings and schemas of their own, and
//! failures that depend on time or the storage.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use directory::{DirectoryError, TimeLimits};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use keyring::{KeyRecord, KeyringId, Scope};
use local::stack::{KEYRING_PREFIX, service};
use scim_core::error::Reason;
use scim_core::{ResourceId, ScimError};
use serde_json::{Value, json};
use service::Service;
use service::clock::{Clock, Ids};
use service::too_late;
use service::wire::{Coding, Failure, Success, explain};

use super::super::{NOBODY, Names, failures, old_cursor, table};
use crate::support::client::{BULK, USER, group, user};
use crate::support::moving::{keyring, new_key, other_process};
use crate::support::table::tenant_of;
use crate::support::{Client, Target, seed};

mod rows;

const BADGES: &str = "urn:example:badges:1.0:User";

/// At least one failure of each reason.
pub(super) async fn all() -> Vec<ScimError> {
    let target = Target::start().await;
    let mut reached = Box::pin(of_rows(&target)).await;
    reached.extend(Box::pin(of_pages(&target)).await);
    reached.extend(Box::pin(of_settings(&target)).await);
    reached.extend(Box::pin(of_schemas(&target)).await);
    reached.extend(Box::pin(of_tokens(&target)).await);
    reached.extend(Box::pin(of_time(&target)).await);
    reached.extend(of_storage());
    reached
}

/// A tenant, and the names in rows.
struct Asked<'t> {
    service: &'t Service,
    client: Client,
    names: Names,
}

impl<'t> Asked<'t> {
    async fn of(target: &'t Target) -> Self {
        Self {
            service: &target.stack.service,
            client: target.tenant().await,
            names: Names::default(),
        }
    }

    async fn ask(&self, request: &str, body: &Value) -> Vec<ScimError> {
        let body = match body {
            Value::Null => String::new(),
            body => body.to_string(),
        };
        failures(self.service, &self.client, &self.names, (request, &body)).await
    }
}

async fn of_rows(target: &Target) -> Vec<ScimError> {
    let mut asked = Asked::of(target).await;
    asked.names = Names::prepare(&asked.client).await;
    let Asked {
        service,
        client,
        names,
    } = &asked;
    let mut reached = Vec::new();
    let more = rows::ROWS.iter().copied();
    for row in table::requests().map(|row| (row.0, row.1)).chain(more) {
        let failures = failures(service, client, names, row).await;
        assert!(!failures.is_empty(), "{row:?} is no failure");
        reached.extend(failures);
    }
    for (path, op) in rows::PATCHES {
        let body = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": op, "path": path, "value": [{ "value": "a" }, { "value": "b" }] }] });
        let body = body.to_string();
        let failures = failures(service, client, names, ("PATCH /Users/<user>", &body)).await;
        assert!(!failures.is_empty(), "{path} is no failure");
        reached.extend(failures);
    }
    let long = |path: String| json!({ "Operations": [{ "op": "remove", "path": path }] });
    for body in [
        long(format!("emails[type eq \"{}\"]", "x".repeat(16_385))),
        long("x".repeat(513)),
    ] {
        reached.extend(asked.ask("PATCH /Users/<user>", &body).await);
    }
    for operation in rows::operations() {
        let body = json!({ "schemas": [BULK], "Operations": [operation] });
        let failures = asked.ask("POST /Bulk", &body).await;
        assert!(!failures.is_empty(), "{operation} is no failure");
        reached.extend(failures);
    }
    for operations in rows::several() {
        let body = json!({ "schemas": [BULK], "Operations": operations });
        let failures = asked.ask("POST /Bulk", &body).await;
        assert!(!failures.is_empty(), "{operations} is no failure");
        reached.extend(failures);
    }
    let not_text = client.base.clone() + "/Users";
    let request = http::Request::builder()
        .method(Method::POST)
        .uri(not_text)
        .header("authorization", format!("Bearer {}", client.token))
        .body(bytes::Bytes::from_static(b"{\"userName\":\"\xff\"}"))
        .unwrap();
    let answer = service.handle(
        service::Function::CATCH_ALL,
        request,
        service::Origin::default(),
    );
    let answer = Box::pin(answer).await;
    reached.extend(
        answer
            .extensions()
            .get::<service::wire::Failures>()
            .unwrap()
            .0
            .clone(),
    );
    reached
}

async fn of_pages(target: &Target) -> Vec<ScimError> {
    let asked = Asked::of(target).await;
    asked.client.create_user("a").await;
    asked.client.create_user("b").await;
    let page = asked
        .client
        .get("/Users?cursor=&count=1")
        .await
        .expect(200)
        .json();
    let next = page["nextCursor"].as_str().unwrap();
    asked
        .ask(&format!("GET /Users?cursor={next}&count=2"), &Value::Null)
        .await
}

/// Failures from a tenant's settings.
async fn of_settings(target: &Target) -> Vec<ScimError> {
    let mut reached = Vec::new();
    let person = |emails: Value| json!({ "schemas": [USER], "userName": "ann", "emails": emails });
    let home = json!([{ "value": "a@x", "type": "home" }]);
    let work = json!([{ "value": "a@x", "type": "work" }]);
    let several = json!([{ "value": "a@x", "type": "work" }, { "value": "b@x", "type": "home" }]);
    for (settings, request, body) in [
        (
            json!({ "emails": "work" }),
            "POST /Users",
            person(home.clone()),
        ),
        (json!({ "emails": "work" }), "POST /Users", person(several)),
        (
            json!({ "userNameIsEmail": true }),
            "POST /Users",
            person(home),
        ),
        (
            json!({ "userNameIsEmail": true }),
            "POST /Users",
            person(work),
        ),
        (json!({ "groups": false }), "POST /Groups", group("a", &[])),
    ] {
        let asked = Asked::of(target).await;
        target.settings(&asked.client, &settings).await;
        let failures = asked.ask(request, &body).await;
        assert!(!failures.is_empty(), "{settings} refuses {body}");
        reached.extend(failures);
    }
    let full = Asked::of(target).await;
    target.settings(&full.client, &json!({ "seats": 0 })).await;
    seed::directory(target, &full.client)
        .open_seats(0)
        .await
        .unwrap();
    reached.extend(full.ask("POST /Users", &user("ann")).await);
    let existing = Asked::of(target).await;
    target
        .settings(&existing.client, &json!({ "adopt": "reject" }))
        .await;
    let path = format!("/tenants/{}/preload", tenant_of(&existing.client));
    let brought = target
        .admin()
        .post(&path, &json!({ "users": [user("ann")] }))
        .await;
    let brought = brought.expect(200).json();
    let id = brought["items"][0]["id"].as_str().expect("an id");
    reached.extend(existing.ask("POST /Users", &user("ann")).await);
    reached.extend(
        existing
            .ask(&format!("PUT /Users/{id}"), &user("ann"))
            .await,
    );
    let off = Asked::of(target).await;
    let change = |tenant: &mut directory::tenants::Tenant| {
        tenant.status = directory::tenants::Status::Off;
    };
    target
        .stack
        .change(tenant_of(&off.client), change)
        .await
        .unwrap();
    target.becomes_known();
    reached.extend(off.ask("GET /Users", &Value::Null).await);
    reached
}

/// Failures from extension schemas.
async fn of_schemas(target: &Target) -> Vec<ScimError> {
    let schema = |id: &str, attributes: Value, required: bool| {
        json!({ "resourceType": "User", "required": required,
            "schema": { "id": id, "name": "Test", "attributes": attributes } })
    };
    let asked = Asked::of(target).await;
    let badges = json!([{ "name": "badge", "required": true }, { "name": "floor" },
        { "name": "serial", "mutability": "immutable" }]);
    let desks = json!([{ "name": "floor" }]);
    let schemas = json!([
        schema(BADGES, badges, true),
        schema("urn:example:desks:1.0:User", desks, false)
    ]);
    target.extend(&asked.client, &schemas).await;
    let person = json!({ "schemas": [USER, BADGES], "userName": "ann",
        BADGES: { "badge": "B", "serial": "1" } });
    let id = asked.client.post("/Users", &person).await.expect(201).id();
    let path = format!("PATCH /Users/{id}");
    let operation =
        |op: &str, path: &str| json!({ "Operations": [{ "op": op, "path": path, "value": "2" }] });
    let serial = format!("{BADGES}:serial");
    let mut reached = asked.ask("POST /Users", &user("bob")).await;
    reached.extend(asked.ask(&path, &operation("replace", &serial)).await);
    reached.extend(asked.ask(&path, &operation("replace", "floor")).await);
    let other = json!({ "schemas": [USER, BADGES], "userName": "eve", BADGES: { "badge": "B" } });
    let other = asked.client.post("/Users", &other).await.expect(201).id();
    let path = format!("PATCH /Users/{other}");
    reached.extend(asked.ask(&path, &operation("remove", BADGES)).await);
    reached
}

async fn of_tokens(target: &Target) -> Vec<ScimError> {
    let asked = Asked::of(target).await;
    let id = asked.client.create_user("anna").await;
    let mut reached = Vec::new();
    for scope in [Scope::Me, Scope::Scim] {
        let (record, token) = new_key(tenant_of(&asked.client));
        let record = KeyRecord {
            subject: Some(id.clone()),
            scopes: vec![scope],
            ..record
        };
        let keyrings = other_process(target);
        keyrings
            .add(&keyring(), &record, record.created)
            .await
            .unwrap();
        target.becomes_known();
        let asked = Asked {
            client: asked.client.with_token(&token),
            ..Asked::of(target).await
        };
        for path in ["/Users", "/Me"] {
            reached.extend(asked.ask(&format!("POST {path}"), &user("bob")).await);
        }
    }
    let secrets = &target.stack.services.clients.secrets;
    let odd = KeyringId::parse("odd").expect("a keyring");
    let name = format!("{KEYRING_PREFIX}odd");
    let created = secrets.create_secret().name(name).secret_string("odd");
    created.send().await.unwrap();
    let token = Ids::system().token(&odd);
    let unreadable = Asked {
        client: asked.client.with_token(token.expose()),
        ..Asked::of(target).await
    };
    reached.extend(unreadable.ask("GET /Users", &Value::Null).await);
    let clients = directory::to_stand_ins(&target.stack.services.dynamodb, "http://127.0.0.1:9");
    let alone = service(&clients.unwrap(), None, Clock::system(), Ids::system());
    let unreachable = Asked {
        service: &alone,
        ..asked
    };
    reached.extend(unreachable.ask("GET /Users", &Value::Null).await);
    reached
}

/// Failures for lack of time.
async fn of_time(target: &Target) -> Vec<ScimError> {
    let asked = Asked::of(target).await;
    let users = seed::users(&seed::directory(target, &asked.client), "user", 40, 16).await;
    let clients = &target.stack.services.clients;
    let none = Duration::ZERO;
    let mut reached = vec![
        too_late(&Method::GET, "/t/Users"),
        too_late(&Method::PUT, "/t/Groups/1"),
    ];
    for patience in [
        TimeLimits {
            prepare: none,
            ..TimeLimits::AMPLE
        },
        TimeLimits {
            show: none,
            ..TimeLimits::AMPLE
        },
    ] {
        let service =
            service(clients, None, Clock::system(), Ids::system()).with_patience(patience);
        let hurried = Asked {
            service: &service,
            client: asked.client.with_token(&asked.client.token),
            names: Names::default(),
        };
        reached.extend(hurried.ask("POST /Groups", &group("Team", &users)).await);
    }
    // Where a request is when its time ends depends on the scheduler: the times are tried until each reason was reached.
    let by_chance = [Reason::CycleInterrupted, Reason::NotEnded, Reason::NotTried];
    let is_met = |reached: &[ScimError]| {
        let is_among = |reason| reached.iter().any(|error| error.reason() == reason);
        by_chance.into_iter().all(is_among)
    };
    for step in [40, 400, 4_000, 200, 700, 3_000].repeat(10) {
        if is_met(&reached) {
            break;
        }
        let service = service(clients, None, fast(step), Ids::system());
        let hurried = Asked {
            service: &service,
            client: target.tenant().await,
            names: Names::default(),
        };
        let body = json!({ "schemas": [BULK], "Operations": rows::cycle_and_users() });
        reached.extend(hurried.ask("POST /Bulk", &body).await);
    }
    reached
}

/// A clock that advances by `step` milliseconds with each call.
fn fast(step: i64) -> Clock {
    let asked = Arc::new(AtomicI64::new(0));
    let began = Clock::system().now();
    Clock::from_fn(move || -> Timestamp {
        let passed = asked.fetch_add(step, Ordering::Relaxed);
        began + SignedDuration::from_millis(passed)
    })
}

/// Failures of the storage, and responses that are too large.
fn of_storage() -> Vec<ScimError> {
    let id = ResourceId::parse(NOBODY).unwrap();
    let errors = [
        DirectoryError::TooMany,
        DirectoryError::Contended,
        DirectoryError::Gone,
        DirectoryError::Unavailable("timed out".to_owned()),
        DirectoryError::Internal("ValidationException".to_owned()),
        DirectoryError::NoSuchMember(id),
    ];
    let large = Success::Message(Value::String("x".repeat(6 * 1024 * 1024)));
    errors
        .into_iter()
        .map(explain)
        .chain([
            old_cursor(),
            Failure::slow_down(7).error,
            large.into_response(Coding::Identity).unwrap_err(),
        ])
        .collect()
}
