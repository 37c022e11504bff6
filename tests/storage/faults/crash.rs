//! Every crash point: the process ends before or after the n-th write of a request, for every n. Then the request is
//! repeated, as identity providers do.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::one;
use crate::support::client::{group, patch, user};
use crate::support::table::sound;
use crate::support::{Answer, Client, Target};

/// A request: method, path, body. `<name>` means the id of the resource with this name.
type Request = (&'static str, &'static str, Value);

/// A request with exactly one effect.
struct Case {
    name: &'static str,
    request: Request,
}

fn operations(operations: Value) -> Value {
    patch(operations)
}

fn case(name: &'static str, method: &'static str, path: &'static str, body: Value) -> Case {
    Case {
        name,
        request: (method, path, body),
    }
}

fn of_users() -> Vec<Case> {
    let mut full = user("full@example.com");
    full["externalId"] = json!("e1");
    full["password"] = json!("correct horse battery staple");
    let mut renamed = user("anna2@example.com");
    renamed["externalId"] = json!("e2");
    let set = |path: &str, value: Value| {
        operations(json!([{ "op": "replace", "path": path, "value": value }]))
    };
    vec![
        case("a user is created", "POST", "/Users", full),
        case(
            "a user is deactivated",
            "PATCH",
            "/Users/<anna>",
            set("active", json!(false)),
        ),
        case(
            "a user is renamed",
            "PATCH",
            "/Users/<anna>",
            set("userName", json!("anna3")),
        ),
        case(
            "a user gets another externalId",
            "PATCH",
            "/Users/<anna>",
            set("externalId", json!("e3")),
        ),
        case("a user is replaced", "PUT", "/Users/<anna>", renamed),
        case(
            "a user in no group is deleted",
            "DELETE",
            "/Users/<dora>",
            Value::Null,
        ),
        case(
            "a user in groups is deleted",
            "DELETE",
            "/Users/<anna>",
            Value::Null,
        ),
    ]
}

fn of_groups() -> Vec<Case> {
    let members = |names: &[&str]| -> Value {
        names
            .iter()
            .map(|name| json!({ "value": format!("<{name}>") }))
            .collect()
    };
    let change = |op: &str, names: &[&str]| {
        operations(json!([{ "op": op, "path": "members", "value": members(names) }]))
    };
    let mut made = group("Made", &[]);
    made["externalId"] = json!("g1");
    made["members"] = members(&["anna", "carl", "dora"]);
    let mut put = group("Sales", &[]);
    put["members"] = members(&["anna", "dora"]);
    let mixed = operations(json!([
        { "op": "replace", "path": "displayName", "value": "Trade" },
        { "op": "add", "path": "members", "value": members(&["carl"]) },
        { "op": "remove", "path": "members[value eq \"<berta>\"]" }
    ]));
    vec![
        case("a group is created", "POST", "/Groups", made),
        case(
            "a group gets members",
            "PATCH",
            "/Groups/<Lab>",
            change("add", &["anna", "carl"]),
        ),
        case(
            "a group gets a group",
            "PATCH",
            "/Groups/<Lab>",
            change("add", &["Sales"]),
        ),
        case(
            "a group loses a member",
            "PATCH",
            "/Groups/<Sales>",
            change("remove", &["anna"]),
        ),
        case(
            "a group changes name and members",
            "PATCH",
            "/Groups/<Sales>",
            mixed,
        ),
        case("a group is replaced", "PUT", "/Groups/<Sales>", put),
        case(
            "a group without members is deleted",
            "DELETE",
            "/Groups/<Lab>",
            Value::Null,
        ),
        case(
            "a group with members is deleted",
            "DELETE",
            "/Groups/<Sales>",
            Value::Null,
        ),
    ]
}

/// A new tenant with always the same users and groups.
async fn prepared(target: &Target) -> (Client, BTreeMap<String, String>) {
    let client = target.tenant().await;
    let mut ids = BTreeMap::new();
    for name in ["anna", "berta", "carl", "dora"] {
        ids.insert(name.to_owned(), client.create_user(name).await);
    }
    let of = |names: &[&str], ids: &BTreeMap<String, String>| -> Vec<String> {
        names.iter().map(|name| ids[*name].clone()).collect()
    };
    for (name, members) in [
        ("Sales", &["anna", "berta"][..]),
        ("Board", &["anna", "Sales"]),
        ("Lab", &[]),
    ] {
        let id = client.create_group(name, &of(members, &ids)).await;
        ids.insert(name.to_owned(), id);
    }
    (client, ids)
}

async fn ask(client: &Client, ids: &BTreeMap<String, String>, request: &Request) -> Answer {
    let fill = |text: &str| {
        let filled = ids.iter().fold(text.to_owned(), |text, (name, id)| {
            text.replace(&format!("<{name}>"), id)
        });
        assert!(!filled.contains('<'), "{filled}");
        filled
    };
    let (method, path, body) = request;
    let body = (!body.is_null()).then(|| fill(&body.to_string()).into());
    let headers = [("content-type", "application/scim+json")];
    client.send(method, &fill(path), &headers, body).await
}

/// All readable data, with names in place of ids and without times, so that equal states compare equal.
async fn state(client: &Client) -> Vec<String> {
    let mut all = Vec::new();
    for path in ["/Users?count=1000", "/Groups?count=1000"] {
        let list = client.get(path).await.expect(200).json();
        assert_eq!(list["totalResults"], list["itemsPerPage"]);
        all.extend(list["Resources"].as_array().unwrap().iter().cloned());
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names: BTreeMap<String, String> = all
        .iter()
        .map(|one| {
            (
                text(&one["id"]),
                text(&one["userName"]) + &text(&one["displayName"]),
            )
        })
        .collect();
    let mut texts: Vec<String> = all.iter().map(|one| named(one, client, &names)).collect();
    texts.sort();
    texts
}

fn named(resource: &Value, client: &Client, names: &BTreeMap<String, String>) -> String {
    let mut resource = resource.clone();
    for time in ["created", "lastModified"] {
        resource["meta"].as_object_mut().unwrap().remove(time);
    }
    for list in ["members", "groups"] {
        if let Some(values) = resource.get_mut(list).and_then(Value::as_array_mut) {
            values.sort_by_key(|value| names.get(value["value"].as_str().unwrap()));
        }
    }
    let text = resource.to_string().replace(&client.base, "");
    names
        .iter()
        .fold(text, |text, (id, name)| text.replace(id, name))
}

/// Ends the process at every write of a request and repeats the request; returns the number of crash points.
async fn every_point(target: &Target, case: &Case) -> usize {
    let faults = target.faults();
    let (client, ids) = prepared(target).await;
    let before = state(&client).await;
    faults.clear();
    let answer = ask(&client, &ids, &case.request).await;
    assert!(answer.status.is_success(), "{}: {answer:?}", case.name);
    let writes = faults.writes();
    let after = state(&client).await;
    assert_ne!(before, after, "{}", case.name);
    assert!(writes > 0);
    let mut points = 0;
    for end in ["end-before", "end-after"] {
        for nth in 1..=writes {
            let at = format!("{}: {end} write {nth} of {writes}", case.name);
            let (client, ids) = prepared(target).await;
            one(faults, &format!("{end}:on=write,nth={nth}"));
            let lost = ask(&client, &ids, &case.request).await;
            assert!(faults.has_ended(), "{at}");
            faults.clear();
            let seen = state(&client).await;
            assert!(
                seen == before || seen == after,
                "{at}: half done: {seen:#?}"
            );
            if lost.status.is_success() {
                assert_eq!(seen, after, "{at}: said to be done");
            }
            let again = ask(&client, &ids, &case.request).await;
            let known = match case.request.0 {
                "POST" => again.status == 409 && seen == after,
                "DELETE" => again.status == 404 && seen == after,
                _ => false,
            };
            assert!(again.status.is_success() || known, "{at}: {again:?}");
            assert_eq!(state(&client).await, after, "{at}: made again");
            sound(target, &client).await;
            points += 1;
        }
    }
    points
}

#[tokio::test(flavor = "multi_thread")]
async fn c06_m39_a_process_that_ends_at_any_write_of_a_user_leaves_nothing_half_done() {
    let target = Target::with_faults().await;
    for case in of_users() {
        assert!(every_point(&target, &case).await >= 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn m04_x02_a_process_that_ends_at_any_write_of_a_group_leaves_nothing_half_done() {
    let target = Target::with_faults().await;
    for case in of_groups() {
        assert!(every_point(&target, &case).await >= 2);
    }
}

/// Asserts that the SDK retries a lost response: the client sees one success, and there is one version.
async fn succeeds_once(target: &Target, fault: &str) {
    let faults = target.faults();
    for case in of_users().into_iter().chain(of_groups()) {
        let (client, ids) = prepared(target).await;
        ask(&client, &ids, &case.request).await;
        let after = state(&client).await;
        let mut at = 1;
        loop {
            let (client, ids) = prepared(target).await;
            one(faults, &format!("{fault}:on=write,nth={at}"));
            let answer = ask(&client, &ids, &case.request).await;
            let is_struck = !faults.injected().is_empty();
            faults.clear();
            assert!(
                answer.status.is_success(),
                "{fault}: {}, write {at}: {answer:?}",
                case.name
            );
            let seen = state(&client).await;
            assert_eq!(seen, after, "{fault}: {}, write {at}", case.name);
            sound(target, &client).await;
            if !is_struck {
                break;
            }
            at += 1;
        }
        assert!(at > 1, "{}", case.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_is_lost_is_made_once_and_succeeds() {
    succeeds_once(&Target::with_faults().await, "drop-after").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_was_made_and_answered_by_the_page_of_a_gateway_is_made_once_and_succeeds() {
    succeeds_once(&Target::with_faults().await, "page-after").await;
}
