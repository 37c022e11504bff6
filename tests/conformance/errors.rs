//! Every failure that a client can get, word for word. A change of a sentence also changes this table.
//!
//! Customers' administrators read the sentences. `every_kind_of_failure_is_in_the_table` fails when a kind of
//! `scim_core::error` has no row.

use std::collections::BTreeSet;

use bytes::Bytes;
use directory::DirectoryError;
use http::{Method, Request};
use scim_core::error::reason;
use scim_core::sort::SortKey;
use scim_core::{ErrorKind, ResourceId, ScimError};
use service::cursor::{After, Cursor};
use service::too_late;
use service::wire::{Failure, Failures, explain};
use service::{Function, Origin, Service};

use crate::support::client::encode;
use crate::support::listed::total;
use crate::support::{Client, Target};

/// A request, `METHOD PATH` and its body, and its failure, `STATUS SCIMTYPE DETAIL`.
pub(crate) type Row = (&'static str, &'static str, &'static str);

mod reasons;
pub(crate) mod table;

/// The values of the names in rows: the tenant's ids, and texts too long for a table.
#[derive(Default)]
pub(crate) struct Names {
    user: String,
    group: String,
    above: String,
    groups: Vec<String>,
}

const NOBODY: &str = "2819c223-7f76-453a-919d-413861904646";

impl Names {
    pub(crate) async fn prepare(client: &Client) -> Self {
        let user = client.create_user("anna").await;
        client.create_user("berta").await;
        let mut groups = Vec::new();
        for number in 0..99 {
            groups.push(client.create_group(&format!("Group {number}"), &[]).await);
        }
        let group = client
            .create_group("Sales", std::slice::from_ref(&user))
            .await;
        let above = client
            .create_group("All", std::slice::from_ref(&group))
            .await;
        Self {
            user,
            group,
            above,
            groups,
        }
    }

    /// Replaces the names in a text by their values.
    pub(crate) fn fill(&self, text: &str) -> String {
        let groups: Vec<String> = self
            .groups
            .iter()
            .map(|id| format!(r#"{{"value":"{id}"}}"#))
            .collect();
        let members: Vec<String> = (0..25_001)
            .map(|n| format!(r#""{n:08x}-7f76-453a-919d-413861904646""#))
            .collect();
        let addresses: Vec<String> = (0..95).map(|n| format!(r#"{{"value":"{n}@b"}}"#)).collect();
        let roles: Vec<String> = (0..8)
            .map(|n| format!(r#"{{"value":"{n}{}"}}"#, "x".repeat(60_000)))
            .collect();
        let operations = vec![r#"{"op":"remove","path":"title"}"#; 1_001];
        text.replace("<user>", &self.user)
            .replace("<group>", &self.group)
            .replace("<above>", &self.above)
            .replace("<nobody>", NOBODY)
            .replace("<25001 members>", &members.join(","))
            .replace("<99 groups>", &groups.join(","))
            .replace("<95 addresses>", &addresses.join(","))
            .replace("<480 KB of roles>", &roles.join(","))
            .replace(
                "<999 roles>",
                &(0..999)
                    .map(|n| format!(r#"{{"value":"{n}"}}"#))
                    .collect::<Vec<_>>()
                    .join(","),
            )
            .replace(
                "<1001 roles>",
                &(0..1_001)
                    .map(|n| format!("\"{n}\""))
                    .collect::<Vec<_>>()
                    .join(","),
            )
            .replace("<1001 deletions>", &vec!["{}"; 1_001].join(","))
            .replace("<60000 letters>", &"x".repeat(60_000))
            .replace("<1001 operations>", &operations.join(","))
            .replace("<513 letters>", &"x".repeat(513))
            .replace("<16385 letters>", &"x".repeat(16_385))
            .replace("<65537 letters>", &"x".repeat(65_537))
            .replace("<201 names>", &vec!["a"; 201].join(","))
            .replace("<33 parentheses>", &encode(&"(".repeat(33)))
            .replace("<257 terms>", &encode(&vec!["title pr"; 257].join(" or ")))
            .replace("<1 MiB>", &"x".repeat(1_048_576))
            .replace(
                "<User>",
                r#""schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]"#,
            )
            .replace(
                "<Group>",
                r#""schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"]"#,
            )
            .replace(
                "<PatchOp>",
                r#""schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"]"#,
            )
            .replace(
                "<Search>",
                r#""schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]"#,
            )
    }

    /// Replaces the values in a text by their names.
    pub(crate) fn hide(&self, text: &str) -> String {
        text.replace(&self.user, "<user>")
            .replace(&self.group, "<group>")
            .replace(&self.above, "<above>")
            .replace(NOBODY, "<nobody>")
    }
}

/// Sends the request of a row. Headers follow the path, each after ` | `; a filter after `?filter=` is encoded here.
pub(crate) async fn send(
    client: &Client,
    names: &Names,
    request: &str,
    body: &str,
) -> crate::support::Answer {
    let (method, path, headers) = head(names, request);
    let body = (!body.is_empty()).then(|| Bytes::from(names.fill(body)));
    client.send(method, &path, &headers, body).await
}

type Headers<'r> = Vec<(&'r str, &'r str)>;

/// The method, path and headers of a row.
fn head<'r>(names: &Names, request: &'r str) -> (&'r str, String, Headers<'r>) {
    let mut parts = request.split(" | ");
    let (method, path) = parts.next().unwrap().split_once(' ').unwrap();
    let path = match path.split_once("?filter=") {
        Some((path, filter)) if !filter.contains('<') || filter.contains("<user>") => {
            format!("{path}?filter={}", encode(&names.fill(filter)))
        }
        _ => names.fill(path),
    };
    let mut headers: Headers<'_> = parts
        .map(|header| header.split_once(": ").unwrap())
        .collect();
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        headers.push(("content-type", "application/scim+json"));
    }
    (method, path, headers)
}

/// The failures of a row's request from a service without a gateway.
pub(crate) async fn failures(
    service: &Service,
    client: &Client,
    names: &Names,
    (request, body): (&str, &str),
) -> Vec<ScimError> {
    let (method, path, headers) = head(names, request);
    let uri = match path.strip_prefix("origin:") {
        Some(path) => path.to_owned(),
        None => format!("{}{path}", client.base),
    };
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(uri);
    if !headers.iter().any(|(name, _)| *name == "authorization") {
        request = request.header("authorization", format!("Bearer {}", client.token));
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request.body(Bytes::from(names.fill(body))).unwrap();
    let answer = service.handle(Function::CATCH_ALL, request, Origin::default());
    // The future of all endpoints is large.
    let answer = Box::pin(answer).await;
    let failures = answer.extensions().get::<Failures>();
    failures
        .map(|failures| failures.0.clone())
        .unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_r03_r04_every_failure_says_what_the_table_says() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let names = Names::prepare(&client).await;
    let before = (
        client.get("/Users?count=50").await.text,
        client.get("/Groups").await.text,
    );
    let mut wrong = Vec::new();
    for (request, body, expected) in table::requests() {
        let answer = send(&client, &names, request, body).await;
        let given = if answer.status.is_success() {
            format!("{} is no failure", answer.status.as_u16())
        } else {
            let (status, scim_type, detail) = answer.error();
            names.hide(&format!("{status} {scim_type} {detail}"))
        };
        if given != *expected {
            wrong.push(format!(
                "(\n    {request:?},\n    {body:?},\n    {given:?},\n)"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join(",\n")
    );
    let after = (
        client.get("/Users?count=50").await.text,
        client.get("/Groups").await.text,
    );
    assert_eq!(before, after, "R-06: a refused request changed something");
    assert_eq!(total(&client.get("/Users").await), 2);
}

/// The failure of an expired cursor.
fn old_cursor() -> ScimError {
    let id = ResourceId::parse(NOBODY).unwrap();
    let cursor = Cursor {
        issued: 0,
        count: 1,
        after: After::Key(SortKey::Unassigned, id),
    };
    cursor.check_age(jiff::Timestamp::MAX).unwrap_err()
}

/// Failures that depend on the storage or on time, so that no request alone causes them.
fn rare() -> Vec<(&'static str, String)> {
    let id = ResourceId::parse(NOBODY).unwrap();
    [
        ("too many candidates", DirectoryError::TooMany),
        ("too much at once", DirectoryError::Contended),
        ("throttled", DirectoryError::Throttled),
        ("always changed under the request", DirectoryError::Stale),
        ("deleted under the request", DirectoryError::Gone),
        (
            "out of reach",
            DirectoryError::Unavailable("timed out".to_owned()),
        ),
        (
            "refused by AWS",
            DirectoryError::Refused("AccessDeniedException".to_owned()),
        ),
        ("out of time", DirectoryError::OutOfTime),
        (
            "a defect",
            DirectoryError::Internal("ValidationException".to_owned()),
        ),
        ("no such member", DirectoryError::NoSuchMember(id)),
    ]
    .into_iter()
    .map(|(name, error)| (name, explain(error)))
    .chain([("an answer too large", reason::answer_too_large())])
    .chain([("a cursor too old", old_cursor())])
    .chain([
        (
            "a list that takes too long",
            too_late(&Method::GET, "/t/Users"),
        ),
        (
            "a search that takes too long",
            too_late(&Method::POST, "/t/.search"),
        ),
        (
            "a change that takes too long",
            too_late(&Method::PUT, "/t/Groups/1"),
        ),
        (
            "a change that is made and not shown",
            reason::change_not_shown(),
        ),
    ])
    .chain([("over the rate", Failure::slow_down(7).error)])
    .map(|(name, error)| {
        let (status, scim_type) = error.kind().code();
        (
            name,
            format!(
                "{status} {} {}",
                scim_type.unwrap_or_default(),
                error.detail()
            ),
        )
    })
    .collect()
}

#[test]
fn r05_failures_of_the_storage_say_what_the_table_says_and_nothing_of_the_inside() {
    let given = rare();
    let given: Vec<(&str, &str)> = given
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    assert_eq!(given, table::RARE);
}

#[test]
fn every_kind_of_failure_is_in_the_table() {
    /// Kinds without a row.
    const UNUSED: [ErrorKind; 2] = [ErrorKind::Conflict, ErrorKind::Gone];
    let texts = table::requests()
        .map(|row| row.2)
        .chain(table::RARE.iter().map(|row| row.1));
    let codes: BTreeSet<(u16, &str)> = texts
        .map(|text| {
            let mut words = text.splitn(3, ' ');
            (
                words.next().unwrap().parse().unwrap(),
                words.next().unwrap(),
            )
        })
        .collect();
    for kind in ErrorKind::ALL {
        let (status, scim_type) = kind.code();
        let is_there = codes.contains(&(status, scim_type.unwrap_or_default()));
        assert_eq!(is_there, !UNUSED.contains(&kind), "{kind:?}");
    }
}

#[test]
fn every_detail_is_a_sentence_for_an_administrator() {
    let texts = table::requests()
        .map(|row| row.2)
        .chain(table::RARE.iter().map(|row| row.1));
    for text in texts {
        let detail = text.splitn(3, ' ').nth(2).unwrap();
        let first = detail.chars().next().unwrap();
        assert!(
            first.is_lowercase() || first == '`',
            "begins in lower case: {detail}"
        );
        assert!(
            !detail.ends_with(['.', '!', ' ']),
            "has no full stop: {detail}"
        );
        assert!(
            (15..=330).contains(&detail.len()),
            "{} letters: {detail}",
            detail.len()
        );
        assert_eq!(
            detail.matches('`').count() % 2,
            0,
            "backticks in pairs: {detail}"
        );
        let inside = [
            "::", "Some(", "None", "Err(", "DynamoDB", "dynamo", "unwrap", "panic", " table",
            "sort key", "Lambda", "null",
        ];
        // A header's name, not a value of Rust.
        let said = detail.replace("If-None-Match", "");
        for word in inside {
            assert!(!said.contains(word), "says {word}: {detail}");
        }
    }
}

#[test]
fn no_request_stands_in_the_table_twice() {
    let mut seen = BTreeSet::new();
    for (request, body, _) in table::requests() {
        assert!(seen.insert((request, body)), "{request} {body}");
    }
    assert_eq!(seen.len(), table::requests().count());
}
