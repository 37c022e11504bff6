//! Tables of changes and their entries, whole entries as JSON, and laws for any history.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    FeedEntry, Gone, MemberChange, MemberSets, PasswordMark, Position, Stamp, StoredVersion,
    VersionChange, derive,
};
use crate::resource::Meta;
use crate::schema::Catalogue;
use crate::{Attributes, Resource, ResourceId, ResourceKind, Version};

mod laws;
mod page;
mod shapes;
mod table;
mod whole;

const CREATED: &str = "2026-11-28T10:00:00.123Z";
const MODIFIED: &str = "2026-11-28T11:30:00.5Z";
const RECORDED: &str = "2026-11-28T12:00:00Z";

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(n: u32) -> ResourceId {
    ResourceId::parse(&format!("{n:08x}-0000-4000-8000-000000000000")).unwrap()
}

fn object(value: Value) -> Attributes {
    match value {
        Value::Object(attributes) => attributes,
        other => panic!("{other} is no object"),
    }
}

/// A version as the table has it.
fn version(kind: ResourceKind, n: u32, version: u64, attributes: Value) -> StoredVersion {
    StoredVersion {
        resource: Resource {
            kind,
            id: id(n),
            meta: Meta {
                created: instant(CREATED),
                last_modified: instant(MODIFIED),
                version: Version(version),
            },
            attributes: object(attributes),
        },
        stamp: stamp("w1"),
        password: PasswordMark::default(),
        waiting: false,
        members: MemberChange::none(),
    }
}

fn user(v: u64, attributes: Value) -> StoredVersion {
    version(ResourceKind::User, 1, v, attributes)
}

fn group(v: u64, attributes: Value) -> StoredVersion {
    version(ResourceKind::Group, 2, v, attributes)
}

fn stamp(txn: &str) -> Stamp {
    Stamp {
        txn: Some(txn.to_owned()),
        by: Some("key_7".to_owned()),
        request: Some("req-1".to_owned()),
    }
}

fn delta(joined: &[(ResourceKind, u32)], left: &[(ResourceKind, u32)]) -> MemberChange {
    let mut sets = MemberSets::default();
    for (kind, n) in joined {
        sets.join(id(*n), *kind);
    }
    for (kind, n) in left {
        sets.leave(id(*n), Some(*kind));
    }
    MemberChange::Known(sets)
}

fn with(mut version: StoredVersion, members: MemberChange) -> StoredVersion {
    version.members = members;
    version
}

fn gone(kept: bool) -> Gone {
    Gone {
        stamp: stamp("w9"),
        kept,
    }
}

/// The entries of a change.
fn entries(
    before: Option<&StoredVersion>,
    after: Option<&StoredVersion>,
    gone: Option<&Gone>,
) -> Vec<FeedEntry> {
    let change = VersionChange::between(before, after, gone).unwrap();
    derive(change, instant(RECORDED), Catalogue::standard()).unwrap()
}

/// The JSON of an entry as receivers get it.
fn outward(entry: &FeedEntry) -> Value {
    let position = Position::new(476_640_000_000_001).unwrap();
    serde_json::to_value(entry.outward("acme", position)).unwrap()
}

fn ann() -> Value {
    json!({
        "userName": "ann@example.com",
        "active": true,
        "emails": [{ "value": "Ann@Example.com", "type": "work", "primary": true }],
    })
}
