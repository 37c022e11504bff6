//! The page for developers of applications: its examples are what the code produces, and it names everything.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::event::{EventType, ResyncReason, TenantState, TenantVersion, derive_tenant};
use crate::urn;

const PAGE: &str = include_str!("../../../EVENTS.md");

const ANN: &str = "2819c223-7f76-453a-919d-413861904646";
const BOB: &str = "902c246b-6245-4190-8e05-00816be7344a";
const SALES: &str = "e9e30dba-f08f-4109-8486-d5c6a331660a";

fn named(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

/// The version of a resource that a step of the story makes.
fn at(kind: ResourceKind, step: u32, v: u64, attributes: Value) -> StoredVersion {
    let mut version = version(kind, 1, v, attributes);
    version.resource.id = named(match kind {
        ResourceKind::User => ANN,
        ResourceKind::Group => SALES,
    });
    version.resource.meta.created = instant("2026-11-28T10:00:00.123Z");
    version.resource.meta.last_modified = instant(&format!("2026-11-28T10:{step:02}:00.123Z"));
    version.stamp = by_client(step);
    version
}

fn by_client(step: u32) -> Stamp {
    Stamp {
        txn: Some(format!("b1c7a9{step:02}")),
        by: Some("key:k3v9q0s7me".to_owned()),
        request: Some(format!("OeUhHhvMjoEE{step:02}A=")),
    }
}

fn ann(step: u32, v: u64, department: &str, is_active: bool) -> StoredVersion {
    let attributes = json!({
        "userName": "ann.berg@example.com",
        "name": { "givenName": "Ann", "familyName": "Berg" },
        "active": is_active,
        "emails": [{ "value": "Ann.Berg@example.com", "type": "work", "primary": true }],
        urn::ENTERPRISE_USER: { "department": department },
    });
    at(ResourceKind::User, step, v, attributes)
}

fn sales(step: u32, v: u64, name: &str, joined: &[&str], left: &[&str]) -> StoredVersion {
    let mut sets = MemberSets::default();
    for one in joined {
        sets.join(named(one), ResourceKind::User);
    }
    for one in left {
        sets.leave(named(one), Some(ResourceKind::User));
    }
    let group = at(ResourceKind::Group, step, v, json!({ "displayName": name }));
    with(group, MemberChange::Known(sets))
}

fn gone_at(step: u32, kept: bool) -> Gone {
    Gone {
        stamp: by_client(step),
        kept,
    }
}

fn tenant(v: u64, seats: u32) -> TenantVersion {
    TenantVersion {
        id: "acme".to_owned(),
        name: "Acme Ltd".to_owned(),
        state: TenantState::On,
        version: Version(v),
        created: instant("2026-11-27T08:00:00Z"),
        last_modified: instant("2026-11-28T11:00:00Z"),
        settings: object(json!({ "seats": seats })),
        stamp: Stamp {
            txn: Some("b1c7a999".to_owned()),
            by: Some("admin:0v2m8r5t1c".to_owned()),
            request: Some("OeUhHhvMjoEE99A=".to_owned()),
        },
    }
}

/// The life of a user and a group.
fn story() -> Vec<FeedEntry> {
    let recorded = |step: u32| instant(&format!("2026-11-28T10:{step:02}:00Z"));
    let told = |before: Option<&StoredVersion>, after: Option<&StoredVersion>, gone, step| {
        let change = VersionChange::between(before, after, gone).unwrap();
        derive(change, recorded(step), Catalogue::standard()).unwrap()
    };
    let users = [
        ann(0, 1, "Sales", true),
        ann(2, 2, "Marketing", true),
        ann(5, 3, "Marketing", false),
        ann(6, 4, "Marketing", true),
        ann(8, 6, "Marketing", true),
    ];
    let groups = [
        sales(1, 1, "Sales", &[ANN], &[]),
        sales(3, 2, "Sales", &[BOB], &[ANN]),
        sales(4, 3, "Sales EMEA", &[], &[]),
    ];
    let mut story = [
        told(None, Some(&users[0]), None, 0),
        told(None, Some(&groups[0]), None, 1),
        told(Some(&users[0]), Some(&users[1]), None, 2),
        told(Some(&groups[0]), Some(&groups[1]), None, 3),
        told(Some(&groups[1]), Some(&groups[2]), None, 4),
        told(Some(&users[1]), Some(&users[2]), None, 5),
        told(Some(&users[2]), Some(&users[3]), None, 6),
        told(Some(&users[3]), None, Some(&gone_at(7, true)), 7),
        told(None, Some(&users[4]), None, 8),
        told(Some(&users[4]), None, Some(&gone_at(9, false)), 9),
        told(Some(&groups[2]), None, Some(&gone_at(10, false)), 10),
    ]
    .concat();
    story.push(FeedEntry::resync_required(
        ResyncReason::Restored,
        None,
        recorded(11),
    ));
    story.push(FeedEntry::baseline(recorded(12)));
    story.push(FeedEntry::test(recorded(13), by_client(13)));
    story
}

/// The examples, in the order of the story.
fn examples() -> Vec<Value> {
    let positions = (1..).map(|n| Position::new(476_640_000_000_000 + n).unwrap());
    let mut examples: Vec<Value> = positions
        .zip(&story())
        .map(|(position, entry)| serde_json::to_value(entry.outward("acme", position)).unwrap())
        .collect();
    let change = derive_tenant(
        Some(&tenant(1, 100)),
        Some(&tenant(2, 250)),
        instant(RECORDED),
    );
    let position = Position::new(475_680_000_000_007).unwrap();
    let change = change.unwrap().unwrap();
    examples.push(serde_json::to_value(change.outward_of_account(position)).unwrap());
    examples
}

/// The JSON blocks of the page.
fn blocks() -> Vec<String> {
    let blocks = PAGE.split("```json\n").skip(1);
    let json = blocks.map(|rest| rest.split("\n```").next().unwrap().to_owned());
    json.collect()
}

#[test]
fn the_examples_of_the_page_are_what_the_code_produces() {
    let examples: Vec<String> = examples()
        .iter()
        .map(|example| serde_json::to_string_pretty(example).unwrap())
        .collect();
    let blocks = blocks();
    let missing: Vec<&String> = examples
        .iter()
        .filter(|example| !blocks.contains(example))
        .collect();
    let odd: Vec<&String> = blocks
        .iter()
        .filter(|block| !examples.contains(block))
        .collect();
    assert!(
        missing.is_empty() && odd.is_empty(),
        "EVENTS.md lacks:\n{missing:#?}\nand should not have:\n{odd:#?}"
    );
}

#[test]
fn the_page_names_every_type_and_member_and_reason() {
    for what in EventType::ALL {
        assert!(PAGE.contains(&format!("`{what}`")), "{what}");
    }
    let reasons = [
        ResyncReason::Unreadable,
        ResyncReason::Restored,
        ResyncReason::Expired,
        ResyncReason::Mismatch,
    ];
    for reason in reasons.map(ResyncReason::name) {
        assert!(PAGE.contains(&format!("`{reason}`")), "{reason}");
    }
    let mut names = BTreeSet::new();
    let written = include_str!("../data.rs")
        .split("#[cfg(test)]")
        .next()
        .unwrap();
    for line in written.lines() {
        let field = line
            .trim()
            .strip_prefix("pub ")
            .and_then(|rest| rest.split_once(": "));
        if let Some((name, _)) = field.filter(|(name, _)| *name != "other") {
            names.insert(name.replace("previous_version", "previousVersion"));
        }
    }
    assert!(names.len() > 20, "{names:?}");
    let unnamed: Vec<_> = names
        .iter()
        .filter(|name| !PAGE.contains(&format!("`{name}`")))
        .collect();
    assert!(unnamed.is_empty(), "{unnamed:?}");
}
