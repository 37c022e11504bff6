//! Every failure that a request can meet leaves an entry: with its reason, with what to do, and with no value of an
//! attribute but the name.

use std::collections::BTreeSet;

use directory::journal::Entry;
use scim_core::ResourceId;
use serde_json::Value;
use service::requests::cause::{Cause, advice};

use super::entries;
use crate::conformance::errors::{Names, Row, send, table};
use crate::support::table::sound;
use crate::support::{Client, Target};

/// Rows whose address names no tenant that could be told of it.
const NOBODYS: [&str; 2] = ["GET origin:/", "GET origin:/acme/scim/v1/Users"];

/// The refused request of each row, in a tenant of its own.
async fn refuse(client: &Client, names: &Names) -> Vec<&'static Row> {
    let rows: Vec<&Row> = table::requests()
        .filter(|row| !NOBODYS.contains(&row.0))
        .collect();
    for (request, body, _) in &rows {
        let answer = send(client, names, request, body).await;
        assert!(answer.status.is_client_error() || answer.status.is_server_error());
    }
    rows
}

/// The words of a detail, and what it quotes at odd places, without a value that is quoted next to its attribute.
fn parts(detail: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in detail.split('`') {
        match parts.last() {
            Some(&" ") if parts.len() > 1 && parts.len() % 2 == 1 => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    parts
}

/// Whether a reason says what a detail does, with dots in the place of some of what it quotes.
fn says(reason: &str, detail: &str) -> bool {
    let (reason, detail) = (parts(reason), parts(detail));
    let mut parts = reason.iter().zip(&detail).enumerate();
    reason.len() == detail.len()
        && parts.all(|(at, (said, given))| said == given || (at % 2 == 1 && *said == "…"))
}

/// The entry that a row left.
fn left<'e>(all: &'e [Entry], names: &Names, row: &Row) -> Option<&'e Entry> {
    let mut expected = row.2.splitn(3, ' ');
    let status: u16 = expected.next().unwrap().parse().unwrap();
    let scim_type = expected.next().filter(|word| !word.is_empty());
    let detail = expected.next().unwrap();
    let method = row.0.split(' ').next().unwrap();
    all.iter().find(|entry| {
        let refusal = &entry.refusal;
        let says = match status {
            401 => refusal.reason.contains("token"),
            _ => says(&names.hide(&refusal.reason), detail),
        };
        says && refusal.method == method
            && refusal.status == status
            && refusal.scim_type.as_deref() == scim_type
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_table_leaves_an_entry_with_its_reason_and_what_to_do() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let names = Names::prepare(&client).await;
    let rows = refuse(&client, &names).await;
    let all = entries(&target, &client).await;
    let mut causes = BTreeSet::new();
    for row in rows {
        let Some(entry) = left(&all, &names, row) else {
            panic!(
                "no entry for {row:?} among {:#?}",
                all.iter()
                    .map(|one| &one.refusal.reason)
                    .collect::<Vec<_>>()
            );
        };
        let refusal = &entry.refusal;
        assert!(Cause::parse(&refusal.cause).is_some(), "{refusal:?}");
        assert!(advice(refusal).ends_with('.'));
        causes.insert(refusal.cause.clone());
        let is_known = row.0.contains("wrong");
        assert_eq!(refusal.key.is_none(), is_known, "{row:?}");
        if refusal.operation == "unknown" {
            assert!(refusal.path.is_none(), "{refusal:?}");
        }
    }
    assert!(causes.len() >= 15, "rows tell causes apart: {causes:?}");
    sound(&target, &client).await;
}

/// The values in a body that an entry must not have: those of attributes and those that filters compare with.
fn values(request: &str, body: &str, found: &mut BTreeSet<String>) {
    if let Ok(body) = serde_json::from_str::<Value>(body) {
        leaves(&body, "", found);
    }
    if let Some((_, filter)) = request.split_once("filter=") {
        found.extend(filter.split('"').skip(1).step_by(2).map(str::to_owned));
    }
}

/// The texts and numbers of a body but names, ids, and what belongs to the protocol.
fn leaves(value: &Value, name: &str, found: &mut BTreeSet<String>) {
    const OF_PROTOCOL: [&str; 8] = [
        "schemas",
        "username",
        "displayname",
        "op",
        "path",
        "filter",
        "sortby",
        "attributes",
    ];
    if OF_PROTOCOL.contains(&name.to_ascii_lowercase().as_str()) {
        return;
    }
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| leaves(value, name, found)),
        Value::Array(values) => values.iter().for_each(|value| leaves(value, name, found)),
        // A number alone could be that of a status or a place.
        Value::String(text)
            if ResourceId::parse(text).is_none() && text.parse::<u32>().is_err() =>
        {
            found.insert(text.clone());
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_entry_has_a_value_of_an_attribute_but_the_name() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let names = Names::prepare(&client).await;
    let rows = refuse(&client, &names).await;
    let mut secret = BTreeSet::new();
    for (request, body, _) in rows {
        values(request, &names.fill(body), &mut secret);
    }
    // Words of the protocol that the rows use as values, too.
    for word in ["", "x", "work", "Group", "User", "home"] {
        secret.remove(word);
    }
    assert!(secret.contains("perhaps") && secret.contains("yesterday"));
    for entry in entries(&target, &client).await {
        let mut refusal = entry.refusal;
        let name = refusal.name.take();
        assert!(name.is_none_or(|name| name.chars().count() <= 121));
        let text = serde_json::to_string(&refusal).unwrap();
        let words: BTreeSet<&str> = text
            .split(|c: char| !c.is_alphanumeric() && c != '@')
            .collect();
        let told: Vec<&String> = secret
            .iter()
            .filter(|value| {
                words.contains(value.as_str()) || (value.len() > 8 && text.contains(*value))
            })
            .collect();
        assert!(told.is_empty(), "{told:?} in {text}");
    }
}
