//! Causes every problem of the vendor's side: requests to the admin API and to the pages, and failures that depend on
//! time, on other requests, or on Secrets Manager.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use directory::keys::attribute::attempts::{FAILED, TAKEN};
use directory::keys::attribute::idempotency::RESULT;
use directory::keys::{self, Key, UniqueName};
use directory::tenants::{Status, Tenant};
use futures_util::future::join_all;
use jiff::SignedDuration;
use keyring::TenantId;
use local::faults::Faults;
use local::stack::{ADMIN_PREFIX, KEYRING_PREFIX, TABLE, service};
use scim_core::ResourceKind;
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use vendor::ProblemReason;

use self::asked::{Asked, FORM};
use crate::support::client::USER;
use crate::support::moving::Time;
use crate::support::table::tenant_of;
use crate::support::{Client, Target};
use crate::vendor::console::visitor::body;

mod asked;
mod destinations;
mod rows;

/// The reasons that were met.
pub(super) async fn all() -> BTreeSet<ProblemReason> {
    let time = Time::standing();
    let target = Target::begin(time.clone(), Some(Faults::new(None)), None).await;
    let other = Target::begin(Time::standing(), None, None).await;
    let third = Target::begin(Time::standing(), None, None).await;
    let asked = Asked::new(&target.stack.admin, &target.stack.admin_key);
    let (met, waited, unreadable) = tokio::join!(
        async {
            Box::pin(of_requests(&target, &asked)).await;
            Box::pin(of_keys(&target, &asked, &time)).await;
            Box::pin(of_tenants(&target, &asked, &time)).await;
            Box::pin(of_retries(&target, &asked)).await;
            Box::pin(of_pages(&target, &asked)).await;
            Box::pin(of_links(&target, &asked, &time)).await;
            Box::pin(destinations::of_destinations(&target, &asked)).await;
            Box::pin(of_worn_keyrings(&target, &asked)).await;
            asked.met()
        },
        Box::pin(of_another_stack(&other)),
        Box::pin(destinations::of_webhook_secrets(&third))
    );
    met.into_iter().chain(waited).chain(unreadable).collect()
}

/// Sets a number of an item.
async fn set(target: &Target, key: &Key, name: &str, value: AttributeValue) {
    let update = target.stack.services.clients.dynamodb.update_item();
    let update = update
        .table_name(TABLE)
        .key(keys::PARTITION_KEY, AttributeValue::S(key.pk.clone()))
        .key(keys::SORT_KEY, AttributeValue::S(key.sk.clone()))
        .update_expression("SET #name = :value")
        .expression_attribute_names("#name", name)
        .expression_attribute_values(":value", value);
    update.send().await.expect("the item is written");
}

fn number(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
}

async fn of_requests(target: &Target, asked: &Asked<'_>) {
    let client = target.tenant().await;
    let tenant = tenant_of(&client);
    for (method, path, body) in rows::requests() {
        let before = asked.met();
        let body = match body {
            Value::Null => Value::Null,
            body => serde_json::from_str(&body.to_string().replace("{t}", tenant)).unwrap(),
        };
        let path = path.replace("{t}", tenant);
        asked.api(method, &path, &body).await;
        assert_ne!(
            before,
            asked.met(),
            "{method} {path} {body} is no new problem"
        );
    }
    asked.with(("GET", "/tenants"), &[], &Value::Null).await;
}

async fn of_keys(target: &Target, asked: &Asked<'_>, time: &Time) {
    let end = |minutes| (time.now() + SignedDuration::from_mins(minutes)).to_string();
    let limited = json!({ "purpose": "x", "scopes": ["keys"], "expires": end(60), "sources": ["127.0.0.0/8"] });
    let limited = asked.api("POST", "/keys", &limited).await;
    for body in [
        json!({ "purpose": "x", "scopes": ["read"] }),
        json!({ "purpose": "x", "scopes": ["keys"], "expires": end(120) }),
        json!({ "purpose": "x", "scopes": ["keys"], "sources": ["10.0.0.0/8"] }),
    ] {
        let key = text(&limited, "token");
        asked.by(key, ("POST", "/keys"), &body).await;
    }
    asked
        .by(text(&limited, "token"), ("GET", "/tenants"), &Value::Null)
        .await;
    let client = target.tenant().await;
    let path = format!("/tenants/{}/keys", tenant_of(&client));
    // Several administrators rotate one key: all find it, and one of them is the first.
    for _ in 0..6 {
        if asked.met().contains(&ProblemReason::KeyGone) {
            break;
        }
        let key = asked.api("POST", &path, &json!({ "purpose": "x" })).await;
        let rotate = format!("{path}/{}/rotate", text(&key, "id"));
        let at_once = json!({ "overlapSeconds": 0 });
        join_all((0..8).map(|_| asked.api("POST", &rotate, &at_once))).await;
    }
    let client = target.tenant().await;
    let path = format!("/tenants/{}/keys", tenant_of(&client));
    let old = asked.api("POST", &path, &json!({ "purpose": "x" })).await;
    let rotate = format!("{path}/{}/rotate", text(&old, "id"));
    for _ in 0..2 {
        asked
            .api("POST", &rotate, &json!({ "overlapSeconds": 0 }))
            .await;
    }
    let imported = json!({ "purpose": "x", "token": "sk_live_0f9c1e5b7a3d48629b0e4c7f8a1d2365" });
    for _ in 0..2 {
        asked.api("POST", &path, &imported).await;
    }
    for _ in 0..18 {
        asked.api("POST", &path, &json!({ "purpose": "x" })).await;
    }
    let client = target.tenant().await;
    let key = Key {
        pk: format!("{}#keyring", tenant_of(&client)),
        sk: format!(
            "changes#vendor#{}",
            time.now().as_second().div_euclid(86_400)
        ),
    };
    set(target, &key, "n", number(60)).await;
    let path = format!("/tenants/{}/keys", tenant_of(&client));
    asked.api("POST", &path, &json!({ "purpose": "x" })).await;
}

async fn of_tenants(target: &Target, asked: &Asked<'_>, time: &Time) {
    let client = target.tenant().await;
    let path = format!("/tenants/{}", tenant_of(&client));
    // Several administrators change one version.
    for round in 0..20 {
        if asked.met().contains(&ProblemReason::TenantChanged) {
            break;
        }
        let name = json!({ "name": format!("name {round}") });
        join_all((0..8).map(|_| asked.api("PATCH", &path, &name))).await;
    }
    for name in ["ann", "bob"] {
        let user = json!({ "schemas": [USER], "userName": name, "emails": [{ "value": "a@example.com" }] });
        client.post("/Users", &user).await.expect(201);
    }
    let carl = client.create_user("carl@example.com").await;
    let unique = json!({ "settings": { "uniqueEmails": true } });
    asked
        .api("POST", &format!("{path}/off"), &Value::Null)
        .await;
    asked.api("PATCH", &path, &unique).await;
    time.pass(90);
    asked.api("PATCH", &path, &unique).await;
    crate::storage::faults::one(target.faults(), "deny:item=exportUser");
    let export = format!("{path}/users/{carl}/export");
    asked.api("GET", &export, &Value::Null).await;
    target.faults().clear();
    let verify = format!("{path}/verify-password");
    failed_log_ins(target, (&client, "ann"), time, true).await;
    let body = json!({ "userName": "ann", "password": "wrong" });
    asked.api("POST", &verify, &body).await;
    let closing = |tenant: &mut Tenant| tenant.status = Status::Closing;
    let changed = target.stack.change(tenant_of(&client), closing).await;
    changed.expect("the tenant is there");
    asked.api("PATCH", &path, &json!({ "name": "x" })).await;
}

/// Uses up the chances of a name to log in, by failures or by attempts in flight.
async fn failed_log_ins(
    target: &Target,
    (client, name): (&Client, &str),
    time: &Time,
    have_failed: bool,
) {
    let tenant = TenantId::parse(tenant_of(client)).expect("a tenant");
    let name = UniqueName::of(ResourceKind::User, name);
    let key = keys::logins(&tenant, &name, time.now().as_second().div_euclid(900));
    set(target, &key, TAKEN, number(10)).await;
    if have_failed {
        set(target, &key, FAILED, number(10)).await;
    }
}

async fn of_retries(target: &Target, asked: &Asked<'_>) {
    let client = target.tenant().await;
    let path = format!("/tenants/{}/keys", tenant_of(&client));
    let body = json!({ "purpose": "x" });
    asked.named("a b", &path, &body).await;
    asked.named("one", &path, &body).await;
    asked.named("one", &path, &json!({ "purpose": "y" })).await;
    for round in 0..20 {
        if asked.met().contains(&ProblemReason::RequestInProgress) {
            break;
        }
        let name = format!("round-{round}");
        join_all((0..8).map(|_| asked.named(&name, "/tenants", &body))).await;
    }
    let stored = target.stack.services.clients.dynamodb.query();
    let stored = stored
        .table_name(TABLE)
        .key_condition_expression("pk = :pk")
        .expression_attribute_values(":pk", AttributeValue::S(keys::idempotency("").pk));
    let stored = stored.send().await.expect("the items");
    for item in stored.items() {
        let sk = item[keys::SORT_KEY].as_s().expect("a sort key");
        let other = AttributeValue::S("AAAA".to_owned());
        set(target, &keys::idempotency(sk), RESULT, other).await;
    }
    asked.named("one", &path, &body).await;
}

async fn of_pages(target: &Target, asked: &Asked<'_>) {
    let tenant = target.tenant().await;
    let tenant = tenant_of(&tenant);
    for path in [
        "/console/nothing".to_owned(),
        "/console/assets/nothing".to_owned(),
        "/console/tenants".to_owned(),
        format!("/console/setup/{tenant}"),
    ] {
        asked.page(&path, "").await;
    }
    for (media_type, form) in [
        ("text/plain", Bytes::from_static(b"key=x")),
        (FORM, Bytes::from_static(b"key=\xff")),
        (FORM, Bytes::from(vec![b'x'; 256 * 1024 + 1])),
    ] {
        asked.form("/console/sign-in", ("", media_type), form).await;
    }
    let (cookie, token) = asked.session().await;
    let post = async |path: String, fields: &[(&str, &str)]| {
        asked.form(&path, (&cookie, FORM), body(fields)).await
    };
    let home = format!("/console/tenants/{tenant}");
    asked.page(&format!("{home}/steps/nothing"), &cookie).await;
    post(format!("{home}/off"), &[("form", "another")]).await;
    let settings = [("form", token.as_str()), ("seats", "x")];
    post(format!("{home}/settings"), &settings).await;
    post(format!("{home}/delete"), &[("form", &token)]).await;
    for _ in 0..11 {
        let key = body(&[("key", "wrong")]);
        asked.form("/console/sign-in", ("", FORM), key).await;
    }
}

async fn of_links(target: &Target, asked: &Asked<'_>, time: &Time) {
    let client = target.tenant().await;
    let tenant = tenant_of(&client);
    let path = format!("/tenants/{tenant}/links");
    let link = async || {
        let link = asked
            .api("POST", &path, &json!({ "expiresInSeconds": 300 }))
            .await;
        let url = text(&link, "url");
        let at = url.find("/console/open/").expect("the address of a link");
        (url[at..].to_owned(), text(&link, "id").to_owned())
    };
    let [(used, _), (revoked, id), (expired, _)] = [link().await, link().await, link().await];
    asked.form(&used, ("", FORM), "").await;
    let id = format!("{path}/{id}");
    asked.api("DELETE", &id, &Value::Null).await;
    time.pass(301);
    for path in [
        used,
        revoked,
        expired,
        format!("/console/open/{tenant}/0000000000/x"),
    ] {
        asked.page(&path, "").await;
    }
    for _ in 0..21 {
        asked.api("POST", &path, &json!({})).await;
    }
}

/// Writes a secret's own value until Secrets Manager accepts no further version of it on that day.
async fn wear_out(target: &Target, name: &str) {
    let secrets = &target.stack.services.clients.secrets;
    let value = secrets.get_secret_value().secret_id(name).send().await;
    let value = value.expect("the secret").secret_string.expect("its value");
    for _ in 0..101 {
        let put = secrets.put_secret_value().secret_id(name);
        if put.secret_string(&value).send().await.is_err() {
            return;
        }
    }
    panic!("there is no end");
}

async fn of_worn_keyrings(target: &Target, asked: &Asked<'_>) {
    let client = target.tenant().await;
    let path = format!("/tenants/{}", tenant_of(&client));
    asked
        .api("POST", &format!("{path}/off"), &Value::Null)
        .await;
    for ring in [format!("{ADMIN_PREFIX}a1"), format!("{KEYRING_PREFIX}k1")] {
        wear_out(target, &ring).await;
    }
    let body = json!({ "purpose": "x", "scopes": ["read"] });
    asked.api("POST", "/keys", &body).await;
    asked.api("DELETE", &path, &Value::Null).await;
}

/// Keyrings that cannot be reached or read, and log-ins that wait for others.
async fn of_another_stack(target: &Target) -> BTreeSet<ProblemReason> {
    let (clients, key) = (
        &target.stack.services.clients,
        target.stack.admin_key.as_str(),
    );
    let client = target.tenant().await;
    let keys = format!("/tenants/{}/keys", tenant_of(&client));
    let asked = Asked::new(&target.stack.admin, key);
    let admin_key = json!({ "purpose": "x", "scopes": ["read"] });
    let admin_key = asked.api("POST", "/keys", &admin_key).await;
    let admin_key = text(&admin_key, "token");
    // One more than the limit of 50; one is there already.
    for _ in 0..50 {
        let one = json!({ "purpose": "x", "scopes": ["read"] });
        asked.api("POST", "/keys", &one).await;
    }
    let unreachable =
        directory::to_stand_ins(&target.stack.services.dynamodb, "http://127.0.0.1:9");
    let unreachable = unreachable.expect("clients");
    for name in [format!("{ADMIN_PREFIX}a1"), format!("{KEYRING_PREFIX}k1")] {
        let put = clients.secrets.put_secret_value().secret_id(name);
        put.secret_string("odd").send().await.expect("the secret");
    }
    let mut met = asked.met();
    for (of_tenants, of_vendor, key) in [
        (clients, clients, key),
        (clients, clients, admin_key),
        (&unreachable, clients, key),
        (clients, &unreachable, key),
    ] {
        let service = service(of_tenants, None, Clock::system(), Ids::system());
        let vendor = local::stack::vendor_side(Arc::new(service), of_vendor);
        let asked = Asked::new(&vendor, key);
        asked.api("GET", &keys, &Value::Null).await;
        met.extend(asked.met());
    }
    // A log-in waits for the others while they are in flight.
    let time = Time::standing();
    failed_log_ins(target, (&client, "ann"), &time, false).await;
    let verify = format!("/tenants/{}/verify-password", tenant_of(&client));
    let body = json!({ "userName": "ann", "password": "wrong" });
    asked.api("POST", &verify, &body).await;
    met.extend(asked.met());
    met
}
