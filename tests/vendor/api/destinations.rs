//! Destinations of events.

use jiff::Timestamp;
use keyring::WebhookSecrets;
use local::faults::Faults;
use local::stack::WEBHOOK_PREFIX;
use serde_json::{Value, json};

use super::keys::{list, make, text};
use crate::support::moving::{self, Time};
use crate::support::table::tenant_of;
use crate::support::{Answer, Client, Target};

const PATH: &str = "/destinations";

/// A destination of all users' events.
pub(in crate::vendor) fn destination(name: &str) -> Value {
    json!({ "name": name, "kind": "webhook", "url": "https://app.example.com/hooks?a=b",
        "types": ["user.*"], "tenants": "all" })
}

async fn send(
    client: &Client,
    (method, path): (&str, &str),
    header: (&str, &str),
    body: &Value,
) -> Answer {
    let headers = [("content-type", "application/json"), header];
    let body = Some(body.to_string().into());
    client.send(method, path, &headers, body).await
}

async fn patch(admin: &Client, path: &str, tag: &str, body: &Value) -> Answer {
    send(admin, ("PATCH", path), ("if-match", tag), body).await
}

/// The path of a destination.
fn path_of(made: &Value) -> String {
    format!("{PATH}/{}", text(made, "id"))
}

/// The secrets with which a process signs that knows nothing yet.
async fn live(target: &Target, id: &str, now: Timestamp) -> Vec<String> {
    let client = target.stack.services.clients.secrets.clone();
    let secrets = WebhookSecrets::new(client, WEBHOOK_PREFIX);
    let live = secrets.live(id, now).await.expect("the secrets");
    let live = live.iter().map(|secret| secret.reveal().to_owned());
    live.collect()
}

#[tokio::test]
async fn a_destination_is_made_with_a_secret_that_is_shown_once() {
    let (target, time) = moving::start().await;
    let (tenant, admin) = (target.tenant().await, target.admin());
    let body = json!({ "name": " App ", "kind": "webhook", "url": "https://app.example.com/hooks",
        "types": ["user.*", "group.created", "user.*"], "batch": 100, "from": "beginning",
        "tenants": [tenant_of(&tenant), tenant_of(&tenant)] });
    let answer = admin.post(PATH, &body).await.expect(201);
    let made = answer.json();
    let (id, secret) = (text(&made, "id"), text(&made, "secret"));
    let expected = json!({ "id": id, "name": "App", "kind": "webhook",
        "url": "https://app.example.com/hooks", "types": ["user.*", "group.created"],
        "tenants": [tenant_of(&tenant)], "batch": 100, "from": "beginning", "state": "on",
        "created": made["created"], "version": 1, "secret": secret });
    assert_eq!(made, expected);
    let location = format!("{}{PATH}/{id}", admin.base);
    assert_eq!(answer.headers["location"], location.as_str());
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(live(&target, id, time.now()).await, [secret]);

    let one = admin.get(&path_of(&made)).await.expect(200);
    assert_eq!(one.headers["etag"], "W/\"1\"");
    let mut shown = made.clone();
    shown.as_object_mut().expect("an object").remove("secret");
    assert_eq!(one.json(), shown);
    time.pass(1);
    // What has a default is absent.
    let other = make(&admin, PATH, destination("Other")).await;
    assert_eq!(
        (&other["batch"], &other["from"], &other["tenants"]),
        (&json!(1), &json!("now"), &json!("all"))
    );
    let all = admin.get(PATH).await.expect(200);
    assert!(!all.text.contains("whsec_"), "{}", all.text);
    assert_eq!(list(&admin, PATH).await[0], shown);
}

#[tokio::test]
async fn a_retry_gets_the_first_destination_and_its_secret() {
    let target = Target::start().await;
    let admin = target.admin();
    let named = ("idempotency-key", "app-1");
    let post = async || send(&admin, ("POST", PATH), named, &destination("App")).await;
    let first = post().await.expect(201);
    let again = post().await.expect(201);
    assert_eq!(again.text, first.text);
    let secret = format!("{}/secret", path_of(&first.json()));
    let rotate = async || send(&admin, ("POST", &secret), named, &json!({})).await;
    // The name is bound to the first request.
    rotate().await.expect(400);
    let named = ("idempotency-key", "app-2");
    let rotate = async || send(&admin, ("POST", &secret), named, &json!({})).await;
    let rotated = rotate().await.expect(200);
    assert_eq!(rotate().await.expect(200).text, rotated.text);
    assert_eq!(list(&admin, PATH).await.len(), 1);
}

#[tokio::test]
async fn a_change_applies_to_the_version_that_was_read() {
    let target = Target::start().await;
    let admin = target.admin();
    let made = make(&admin, PATH, destination("App")).await;
    make(&admin, PATH, destination("Other")).await;
    let path = path_of(&made);
    let change = json!({ "name": "New", "batch": 7, "types": ["*"] });
    let changed = patch(&admin, &path, "W/\"1\"", &change).await.expect(200);
    assert_eq!(changed.headers["etag"], "W/\"2\"");
    let mut expected = made.clone();
    for (name, value) in [
        ("name", json!("New")),
        ("batch", json!(7)),
        ("types", json!(["*"])),
        ("version", json!(2)),
    ] {
        expected[name] = value;
    }
    expected
        .as_object_mut()
        .expect("an object")
        .remove("secret");
    assert_eq!(changed.json(), expected);
    for (tag, body, status) in [
        ("W/\"1\"", json!({ "name": "x" }), 412),
        ("", json!({ "name": "Other" }), 409),
        ("", json!({ "name": "New" }), 200),
        ("", json!({ "kind": "webhook" }), 400),
        ("", json!({ "batch": 0 }), 400),
    ] {
        patch(&admin, &path, tag, &body).await.expect(status);
    }
    let nothing = "/destinations/dst_0000000000000000";
    patch(&admin, nothing, "", &json!({})).await.expect(404);

    let stale = [("if-match", "W/\"1\"")];
    let kept = admin.send("DELETE", &path, &stale, None).await;
    kept.expect(412);
    admin.delete(&path).await.expect(204);
    admin.delete(&path).await.expect(404);
    admin.get(&path).await.expect(404);
    let id = text(&made, "id");
    assert!(live(&target, id, Time::running().now()).await.is_empty());
    // The name is free again.
    make(&admin, PATH, destination("New")).await;
}

#[tokio::test]
async fn a_tenant_that_was_deleted_may_stay_in_a_list() {
    let target = Target::start().await;
    let admin = target.admin();
    for tenant in ["acme", "globex"] {
        make(&admin, "/tenants", json!({ "id": tenant, "name": tenant })).await;
    }
    let mut body = destination("App");
    body["tenants"] = json!(["acme", "globex"]);
    let made = make(&admin, PATH, body).await;
    admin.delete("/tenants/acme").await.expect(202);
    let path = path_of(&made);
    for (tenants, status) in [
        (json!(["acme", "globex"]), 200),
        (json!(["globex"]), 200),
        (json!(["acme", "globex"]), 400),
        (json!("all"), 200),
    ] {
        let change = json!({ "tenants": tenants });
        patch(&admin, &path, "", &change).await.expect(status);
    }
}

/// Members of a destination with faults, and the faults in the response as `POINTER: DETAIL`.
fn faults() -> Vec<(Value, Vec<String>)> {
    let one = |member: Value, fault: &str| (member, vec![fault.to_owned()]);
    let url = |url: &str, fault: &str| one(json!({ "url": url }), &format!("/url: {fault}"));
    let families = "use types such as `user.created`, the families `user.*`, `group.*`, `directory.*`, or `*` for all";
    let unknown = |index: usize, given: &str| {
        format!("/types/{index}: no event of a tenant has the type `{given}`; {families}")
    };
    vec![
        one(
            json!({ "kind": "bus" }),
            "/kind: no destination has the kind `bus`; the only kind is `webhook`",
        ),
        url(
            "http://app.example.com",
            "must begin with `https://`, because events contain personal data",
        ),
        url(
            "https://app.example.com:8443",
            "must use port 443, not 8443; leave the port out",
        ),
        url(
            "https://10.0.0.1/hooks",
            "10.0.0.1 is not a public address; the receiver must be reachable from the internet",
        ),
        url(
            "https://[::1]/hooks",
            "::1 is not a public address; the receiver must be reachable from the internet",
        ),
        (
            json!({ "types": ["user.created", "users", "tenant.*", "test.event", "person.*"] }),
            vec![
                unknown(1, "users"),
                unknown(2, "tenant.*"),
                unknown(3, "test.event"),
                unknown(4, "person.*"),
            ],
        ),
        one(
            json!({ "types": [] }),
            &format!("/types: must have at least one type; {families}"),
        ),
        one(
            json!({ "tenants": "acme" }),
            "/tenants: must be `all` or a list of ids of tenants, not `acme`",
        ),
        (
            json!({ "tenants": ["nobody-there", "A B"] }),
            vec!["/tenants/1: the tenant `A B` does not exist".to_owned()],
        ),
        (
            json!({ "tenants": ["nobody-there", "nor-here"] }),
            vec![
                "/tenants/0: the tenant `nobody-there` does not exist".to_owned(),
                "/tenants/1: the tenant `nor-here` does not exist".to_owned(),
            ],
        ),
        (
            json!({ "name": "", "batch": 101, "from": "today", "tenants": [] }),
            vec![
                "/name: must have 1 to 100 characters in one line".to_owned(),
                "/tenants: must name at least one tenant, or be `all`".to_owned(),
                "/batch: must be a number from 1 to 100".to_owned(),
                "/from: must be `now` or `beginning`, not `today`".to_owned(),
            ],
        ),
        (
            json!({ "tenants": 1, "batch": "1", "colour": 1 }),
            vec![
                "/tenants: must be text or an array, not a number".to_owned(),
                "/batch: must be a whole number, not text".to_owned(),
                "/colour: this member does not exist; the members are `name`, `kind`, `url`, `types`, `tenants`, `batch`, `from`".to_owned(),
            ],
        ),
    ]
}

#[tokio::test]
async fn what_cannot_be_a_destination_is_rejected_with_each_fault() {
    let target = Target::start().await;
    let admin = target.admin();
    for (members, expected) in faults() {
        let mut body = destination("App");
        for (name, value) in members.as_object().expect("members") {
            body[name] = value.clone();
        }
        let problem = admin.post(PATH, &body).await.expect(400).json();
        let found = problem["errors"].as_array().expect("places").iter();
        let found: Vec<String> = found
            .map(|one| format!("{}: {}", text(one, "pointer"), text(one, "detail")))
            .collect();
        assert_eq!(found, expected, "{members}");
    }
    assert!(list(&admin, PATH).await.is_empty());
    // The local stack also delivers to receivers on this machine.
    let mut body = destination("App");
    body["url"] = json!("http://127.0.0.1:3000/hooks");
    make(&admin, PATH, body).await;
}

#[tokio::test]
async fn a_rotated_secret_signs_beside_the_new_one_until_the_end_of_the_overlap() {
    let (target, time) = moving::start().await;
    let admin = target.admin();
    let made = make(&admin, PATH, destination("App")).await;
    let (path, id) = (format!("{}/secret", path_of(&made)), text(&made, "id"));
    let live = async || live(&target, id, time.now()).await;
    let rotate = async |body: Value| admin.post(&path, &body).await.expect(200).json();
    let first = text(&made, "secret").to_owned();
    let second = rotate(json!({})).await;
    let second = text(&second, "secret").to_owned();
    assert_eq!(live().await, [second.clone(), first.clone()]);
    time.pass(24 * 60 * 60 - 1);
    assert_eq!(live().await, [second.clone(), first]);
    time.pass(1);
    assert_eq!(live().await, std::slice::from_ref(&second));
    let third = rotate(json!({ "overlapSeconds": 60 })).await;
    assert_eq!(third["version"], 1);
    let third = text(&third, "secret").to_owned();
    assert_eq!(live().await, [third.clone(), second]);
    let fourth = rotate(json!({ "overlapSeconds": 0 })).await;
    assert_eq!(live().await, [text(&fourth, "secret")]);
    for seconds in [-1, 30 * 24 * 60 * 60 + 1] {
        let body = json!({ "overlapSeconds": seconds });
        admin.post(&path, &body).await.expect(400);
    }
    let nothing = "/destinations/dst_0000000000000000/secret";
    admin.post(nothing, &json!({})).await.expect(404);
}

#[tokio::test]
async fn a_destination_is_paused_until_it_is_resumed() {
    let target = Target::start().await;
    let admin = target.admin();
    let path = path_of(&make(&admin, PATH, destination("App")).await);
    let act = async |act: &str| {
        let answer = admin.post(&format!("{path}/{act}"), &json!({})).await;
        let shown = answer.expect(200).json();
        (text(&shown, "state").to_owned(), shown["version"].clone())
    };
    let expected = |state: &str, version: u64| (state.to_owned(), json!(version));
    assert_eq!(act("pause").await, expected("paused", 2));
    assert_eq!(act("pause").await, expected("paused", 2));
    assert_eq!(act("resume").await, expected("on", 3));
    assert_eq!(list(&admin, PATH).await[0]["state"], "on");
}

/// Whoever ends in the middle leaves at most a secret that signs nothing.
#[tokio::test(flavor = "multi_thread")]
async fn no_destination_is_ever_without_a_secret() {
    let time = Time::running();
    let target = Target::begin(time.clone(), Some(Faults::new(None)), None).await;
    let admin = target.admin();
    let dies = |rule: &str| crate::storage::faults::one(target.faults(), rule);
    for rule in [
        "end-before:on=TransactWriteItems",
        "end-after:on=TransactWriteItems",
    ] {
        dies(rule);
        let lost = admin.post(PATH, &destination(rule)).await;
        assert!(lost.status.is_server_error(), "{rule}: {}", lost.text);
        target.faults().clear();
        for made in list(&admin, PATH).await {
            let id = text(&made, "id");
            assert_eq!(live(&target, id, time.now()).await.len(), 1, "{rule}");
        }
    }
    assert_eq!(list(&admin, PATH).await.len(), 1);
    let path = path_of(&list(&admin, PATH).await[0]);
    let id = path.rsplit('/').next().expect("an id");
    for (rule, left, secrets) in [
        ("end-before:on=TransactWriteItems", 200, 1),
        ("end-after:on=TransactWriteItems", 404, 1),
    ] {
        dies(rule);
        let lost = admin.delete(&path).await;
        assert!(lost.status.is_server_error(), "{rule}: {}", lost.text);
        target.faults().clear();
        admin.get(&path).await.expect(left);
        assert_eq!(live(&target, id, time.now()).await.len(), secrets, "{rule}");
    }
    admin.delete(&path).await.expect(404);
    assert!(live(&target, id, time.now()).await.is_empty());
}
