//! Conversations of identity providers, replayed from `fixtures/`: one folder per scenario, one file per exchange.
//! Each scenario has an empty tenant of its own and ends with a check of the state.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;

use crate::support::target::elsewhere;
use crate::support::{Answer, Client, Target};

mod answers;
mod needs;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures");

async fn replay(provider: &str) {
    let served = Served::find().await;
    let mut failures = Vec::new();
    let mut exchanges = 0;
    for scenario in sorted(&Path::new(FIXTURES).join(provider)) {
        let client = served.empty_tenant().await;
        let mut variables = BTreeMap::from([("base".to_owned(), client.base.clone())]);
        for file in sorted(&scenario) {
            exchanges += 1;
            if let Err(problem) = exchange(&client, &file, &mut variables).await {
                let name = file
                    .strip_prefix(FIXTURES)
                    .unwrap_or(&file)
                    .display()
                    .to_string();
                failures.push(format!("{name}: {problem}"));
            }
        }
    }
    served.end().await;
    assert!(exchanges > 0, "no fixtures of {provider}");
    assert!(
        failures.is_empty(),
        "{} of {exchanges}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The server of the conversations.
enum Served {
    Here(Box<Target>),
    /// A remote tenant, which serves one conversation after another.
    There(Box<Client>),
}

impl Served {
    async fn find() -> Self {
        match elsewhere() {
            Some(client) => Self::There(Box::new(client)),
            None => Self::Here(Box::new(Target::start().await)),
        }
    }

    async fn empty_tenant(&self) -> Client {
        match self {
            Self::Here(target) => target.tenant().await,
            Self::There(client) => {
                empty(client).await;
                Client::clone(client)
            }
        }
    }

    async fn end(self) {
        match self {
            Self::Here(target) => target.stack.shutdown().await,
            Self::There(client) => empty(&client).await,
        }
    }
}

async fn empty(client: &Client) {
    for path in ["/Groups", "/Users"] {
        let all = client
            .get(&format!("{path}?count=1000&attributes=id"))
            .await
            .expect(200)
            .json();
        for one in all["Resources"].as_array().unwrap() {
            client
                .delete(&format!("{path}/{}", one["id"].as_str().unwrap()))
                .await
                .expect(204);
        }
    }
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

async fn exchange(
    client: &Client,
    file: &Path,
    variables: &mut BTreeMap<String, String>,
) -> Result<(), String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let fixture: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let request = &fixture["request"];
    let of = |value: &Value| substitute(value.as_str().unwrap_or_default(), variables);
    let headers: Vec<(String, String)> = request["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), of(value)))
        .collect();
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let body = match (request.get("body"), request.get("body_text")) {
        (Some(body), _) => Some(Bytes::from(substitute(&body.to_string(), variables))),
        (None, Some(text)) => Some(Bytes::from(of(text))),
        (None, None) => None,
    };
    let method = request["method"].as_str().unwrap_or_default();
    let answer = client
        .send(method, &of(&request["path"]), &headers, body)
        .await;
    check(&fixture["expect"], &answer, variables)?;
    for (name, pointer) in fixture["capture"].as_object().into_iter().flatten() {
        let json = answer.json();
        let value = json.pointer(pointer.as_str().unwrap_or_default());
        let value = value
            .and_then(Value::as_str)
            .ok_or_else(|| format!("no {pointer} in {json}"))?;
        variables.insert(name.clone(), value.to_owned());
    }
    Ok(())
}

fn substitute(text: &str, variables: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    for (name, value) in variables {
        text = text.replace(&format!("{{{{{name}}}}}"), value);
    }
    assert!(!text.contains("{{"), "a variable is unknown: {text}");
    text
}

fn check(
    expect: &Value,
    answer: &Answer,
    variables: &BTreeMap<String, String>,
) -> Result<(), String> {
    let shown = || format!("{} {}", answer.status, answer.text);
    if expect["status"].as_u64() != Some(u64::from(answer.status.as_u16())) {
        return Err(format!("expected {}, got {}", expect["status"], shown()));
    }
    if answer.status == 201 {
        let json = answer.json();
        let location = json.pointer("/meta/location").and_then(Value::as_str);
        if location.is_some_and(|location| answer.headers["location"] != location) {
            return Err(format!("the location is not that in meta: {}", shown()));
        }
    }
    let is_scim = answer
        .headers
        .get("content-type")
        .is_some_and(|media| media == "application/scim+json");
    if is_scim == (answer.status == 304) {
        return Err(format!(
            "the content type does not fit: {:?}",
            answer.headers
        ));
    }
    for (name, value) in expect["headers"].as_object().into_iter().flatten() {
        let value = substitute(value.as_str().unwrap_or_default(), variables);
        let given = answer
            .headers
            .get(name)
            .and_then(|given| given.to_str().ok());
        if given.is_none() || value != "*" && given != Some(&value) {
            return Err(format!("header {name}: expected {value}, got {given:?}"));
        }
    }
    if expect["empty"] == true && !answer.text.is_empty() {
        return Err(format!("expected no body, got {}", shown()));
    }
    match expect.get("body") {
        None => Ok(()),
        Some(body) => {
            let body: Value =
                serde_json::from_str(&substitute(&body.to_string(), variables)).unwrap();
            matches(&body, Some(&answer.json()), "")
                .map_err(|problem| format!("{problem} in {}", shown()))
        }
    }
}

/// Whether a value is as expected: objects as subsets, arrays element by element.
fn matches(expected: &Value, given: Option<&Value>, place: &str) -> Result<(), String> {
    let wrong = || Err(format!("{place}: expected {expected}, got {given:?}"));
    let marker = |name: &str| {
        expected
            .as_object()
            .filter(|o| o.len() == 1)
            .and_then(|o| o.get(name))
    };
    if marker("$absent").is_some() {
        return if given.is_none() { Ok(()) } else { wrong() };
    }
    let Some(value) = given else {
        return wrong();
    };
    if let Some(kind) = marker("$any").and_then(Value::as_str) {
        let fits = match kind {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        };
        return if fits { Ok(()) } else { wrong() };
    }
    if let Some(all) = marker("$unordered").and_then(Value::as_array) {
        let mut left: Vec<&Value> = value.as_array().into_iter().flatten().collect();
        for one in all {
            match left
                .iter()
                .position(|value| matches(one, Some(value), place).is_ok())
            {
                Some(at) => drop(left.swap_remove(at)),
                None => return Err(format!("{place}: no {one}")),
            }
        }
        return if left.is_empty() && value.is_array() {
            Ok(())
        } else {
            wrong()
        };
    }
    match (expected, value) {
        (Value::Object(parts), Value::Object(given)) => {
            parts.iter().try_for_each(|(name, part)| {
                matches(part, given.get(name), &format!("{place}/{name}"))
            })
        }
        (Value::Array(all), Value::Array(given)) if all.len() == given.len() => all
            .iter()
            .zip(given)
            .enumerate()
            .try_for_each(|(at, (one, given))| matches(one, Some(given), &format!("{place}/{at}"))),
        _ if expected == value => Ok(()),
        _ => wrong(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_provider_relies_on_holds() {
    replay("everyone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn okta_is_understood() {
    replay("okta").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn entra_is_understood() {
    replay("entra").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn onelogin_is_understood() {
    replay("onelogin").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jumpcloud_is_understood() {
    replay("jumpcloud").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn google_workspace_is_understood() {
    replay("google").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pingfederate_is_understood() {
    replay("pingfederate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pingone_is_understood() {
    replay("pingone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cyberark_is_understood() {
    replay("cyberark").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sailpoint_is_understood() {
    replay("sailpoint").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rippling_is_understood() {
    replay("rippling").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keycloak_is_understood() {
    replay("keycloak").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn authentik_is_understood() {
    replay("authentik").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_rfc_7643_hold() {
    replay("rfc7643").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_rfc_7644_hold() {
    replay("rfc7644").await;
}
