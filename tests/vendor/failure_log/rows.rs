//! Every failure of a request leaves an entry with its reason and with what to do, and without any attribute value
//! except the name.

use std::collections::BTreeSet;

use directory::journal::{LoggedFailure, Recorded};
use scim_core::error::Use;
use scim_core::error::cause::Cause;
use scim_core::{Catalogue, ResourceId, ScimError};
use serde_json::Value;
use service::failures::advice;

use super::entries;
use crate::conformance::errors::{Names, Row, failures, table};
use crate::support::table::sound;
use crate::support::{Client, Target};

/// Rows whose path names no tenant.
const NOBODYS: [&str; 2] = ["GET origin:/", "GET origin:/acme/scim/v1/Users"];

/// Sends each row's request to a new tenant; returns the rows with their failures.
async fn refuse(target: &Target, client: &Client, names: &Names) -> Vec<(&'static Row, ScimError)> {
    let rows = table::requests().filter(|row| !NOBODYS.contains(&row.0));
    let mut refused = Vec::new();
    for row in rows {
        let service = &target.stack.service;
        let failures = failures(service, client, names, (row.0, row.1)).await;
        let [failure] = failures.try_into().expect("one failure");
        refused.push((row, failure));
    }
    refused
}

/// The entry of a rejected request.
fn left<'e>(
    all: &'e [Recorded<LoggedFailure>],
    row: &Row,
    failure: &ScimError,
) -> Option<&'e Recorded<LoggedFailure>> {
    let is_attribute = |path: &str| Catalogue::standard().names_attribute(path);
    let reason = failure.detail().without_values(is_attribute);
    let (status, scim_type) = failure.kind().code();
    let method = row.0.split(' ').next().unwrap();
    all.iter().find(|entry| {
        let stored = &entry.content;
        let says = match status {
            401 => stored.cause == Cause::TokenUnknown.word(),
            _ => stored.reason == reason,
        };
        let cause = Cause::parse(&stored.cause);
        let is_its = [Use::Change, Use::Query]
            .into_iter()
            .any(|of| cause == Some(failure.cause(of)));
        says && is_its
            && stored.method == method
            && stored.status == status
            && stored.scim_type.as_deref() == scim_type
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_table_leaves_an_entry_with_its_reason_and_what_to_do() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let names = Names::prepare(&client).await;
    let rows = refuse(&target, &client, &names).await;
    let all = entries(&target, &client).await;
    let mut causes = BTreeSet::new();
    for (row, failure) in &rows {
        let Some(entry) = left(&all, row, failure) else {
            panic!(
                "no entry for {row:?} among {:#?}",
                all.iter()
                    .map(|one| &one.content.reason)
                    .collect::<Vec<_>>()
            );
        };
        let failure = &entry.content;
        assert!(Cause::parse(&failure.cause).is_some(), "{failure:?}");
        assert!(advice(failure).ends_with('.'));
        causes.insert(failure.cause.clone());
        let is_known = row.0.contains("wrong");
        assert_eq!(failure.key.is_none(), is_known, "{row:?}");
        if failure.operation == "unknown" {
            assert!(failure.path.is_none(), "{failure:?}");
        }
    }
    assert!(causes.len() >= 15, "rows tell causes apart: {causes:?}");
    sound(&target, &client).await;
}

/// The values in a body that no entry may contain: those of attributes and those in filters.
fn values(request: &str, body: &str, found: &mut BTreeSet<String>) {
    if let Ok(body) = serde_json::from_str::<Value>(body) {
        leaves(&body, "", found);
    }
    if let Some((_, filter)) = request.split_once("filter=") {
        found.extend(filter.split('"').skip(1).step_by(2).map(str::to_owned));
    }
}

/// The texts and numbers in a body, without names, ids and protocol words.
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
        // A number alone could be a status or a position.
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
    let rows = refuse(&target, &client, &names).await;
    let mut secret = BTreeSet::new();
    for ((request, body, _), _) in rows {
        values(request, &names.fill(body), &mut secret);
    }
    // Protocol words that the rows also use as values.
    for word in ["", "x", "work", "Group", "User", "home"] {
        secret.remove(word);
    }
    assert!(secret.contains("perhaps") && secret.contains("yesterday"));
    for entry in entries(&target, &client).await {
        let mut failure = entry.content;
        let name = failure.name.take();
        assert!(name.is_none_or(|name| name.chars().count() <= 121));
        let text = serde_json::to_string(&failure).unwrap();
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
