//! The shapes that receivers' pattern matchers cannot handle. They flatten an entry to paths and leaves: names joined by full
//! stops, arrays left out. AWS's event-ruler does, and so do most filters of webhook services.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::event::{ResyncReason, TenantState, TenantVersion, derive_tenant};

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Shape {
    Text,
    Number,
    Boolean,
    Object,
}

/// The paths of many entries, each with its shape and the names it is joined from.
#[derive(Default)]
pub(super) struct Flattened {
    paths: BTreeMap<String, (Shape, Vec<String>)>,
    faults: Vec<String>,
}

impl Flattened {
    pub(super) fn add(&mut self, entry: &Value) {
        self.walk(&mut Vec::new(), entry, false);
    }

    pub(super) fn faults(&self) -> &[String] {
        &self.faults
    }

    fn walk(&mut self, names: &mut Vec<String>, value: &Value, is_in_array: bool) {
        let at = names.join(".");
        let shape = match value {
            Value::Null => return self.faults.push(format!("{at}: null")),
            Value::Array(_) if is_in_array => {
                return self.faults.push(format!("{at}: an array in an array"));
            }
            Value::Array(values) => {
                if values.is_empty() {
                    self.faults.push(format!("{at}: an empty array"));
                }
                return values
                    .iter()
                    .for_each(|value| self.walk(names, value, true));
            }
            Value::Bool(_) => Shape::Boolean,
            Value::Number(_) => Shape::Number,
            Value::String(_) => Shape::Text,
            Value::Object(_) => Shape::Object,
        };
        let known = self
            .paths
            .entry(at.clone())
            .or_insert_with(|| (shape, names.clone()));
        if known.0 != shape {
            self.faults
                .push(format!("{at}: {:?} and {shape:?}", known.0));
        }
        if known.1 != *names {
            self.faults
                .push(format!("{at}: {:?} and {names:?}", known.1));
        }
        if let Value::Object(members) = value {
            for (name, value) in members {
                names.push(name.clone());
                self.walk(names, value, is_in_array);
                names.pop();
            }
        }
    }
}

/// A user with a value for every attribute of its schemas.
fn everything() -> Value {
    use crate::schema::{Attribute, Type};
    fn value(attribute: &Attribute) -> Value {
        let single = match attribute.kind {
            Type::Boolean => json!(true),
            Type::Integer => json!(7),
            Type::Decimal => json!(7.5),
            Type::DateTime => json!("2026-01-01T00:00:00Z"),
            Type::Complex => {
                let parts = attribute.sub_attributes.iter();
                Value::Object(parts.map(|part| (part.name.clone(), value(part))).collect())
            }
            Type::String | Type::Binary | Type::Reference => json!("Text"),
        };
        match attribute.multi_valued {
            true => json!([single, single]),
            false => single,
        }
    }
    let of = Catalogue::standard().resource_type(ResourceKind::User);
    let own = of
        .schema
        .attributes
        .iter()
        .filter(|attribute| !attribute.is_secret() && !attribute.is_read_only());
    let mut all: Attributes = own
        .map(|attribute| (attribute.name.clone(), value(attribute)))
        .collect();
    all.insert("externalId".to_owned(), json!("7"));
    for extension in &of.extensions {
        let inner = extension.schema.attributes.iter();
        let inner = inner
            .map(|attribute| (attribute.name.clone(), value(attribute)))
            .collect();
        all.insert(extension.schema.id.clone(), Value::Object(inner));
    }
    Value::Object(all)
}

/// The life of a tenant.
fn tenants() -> Vec<FeedEntry> {
    let version = |v, state| TenantVersion {
        id: "acme".to_owned(),
        name: "Acme".to_owned(),
        state,
        version: Version(v),
        created: instant(CREATED),
        last_modified: instant(MODIFIED),
        settings: object(json!({ "seats": v })),
        stamp: stamp("w1"),
    };
    let states = [
        TenantState::On,
        TenantState::On,
        TenantState::Off,
        TenantState::On,
        TenantState::Closing,
    ];
    let versions: Vec<_> = (1..)
        .zip(states)
        .map(|(v, state)| Some(version(v, state)))
        .collect();
    let mut life = vec![None];
    life.extend(versions);
    life.push(None);
    let pairs = life.windows(2);
    let entry = |pair: &[Option<TenantVersion>]| {
        derive_tenant(pair[0].as_ref(), pair[1].as_ref(), instant(RECORDED)).unwrap()
    };
    pairs.filter_map(entry).collect()
}

fn samples() -> Vec<FeedEntry> {
    let mut inactive = everything();
    inactive["active"] = json!(false);
    let mut waiting = user(1, everything());
    waiting.waiting = true;
    let bare = user(2, json!({ "userName": "ann", "active": true }));
    let people: Vec<_> = (10..2_500).map(|n| (ResourceKind::User, n)).collect();
    let nested = [(ResourceKind::Group, 3)];
    let head = |v, name| group(v, json!({ "displayName": name, "externalId": "9" }));
    let mut found = [
        entries(None, Some(&waiting), None),
        entries(Some(&waiting), Some(&bare), None),
        entries(Some(&bare), Some(&user(3, everything())), None),
        entries(
            Some(&user(3, everything())),
            Some(&user(4, inactive.clone())),
            None,
        ),
        entries(Some(&user(4, inactive)), Some(&user(5, everything())), None),
        entries(Some(&user(5, everything())), None, Some(&gone(true))),
        entries(None, Some(&user(7, everything())), None),
        entries(Some(&user(7, everything())), None, Some(&gone(false))),
        entries(None, Some(&with(head(1, "a"), delta(&people, &[]))), None),
        entries(
            Some(&head(1, "a")),
            Some(&with(head(2, "b"), delta(&nested, &people))),
            None,
        ),
        entries(
            Some(&head(2, "b")),
            Some(&with(head(3, "b"), MemberChange::Unknown)),
            None,
        ),
        entries(Some(&head(3, "b")), None, None),
    ]
    .concat();
    for at in [1, 9] {
        let mut cut = found[at].clone();
        cut.truncate();
        found.push(cut.clone());
        cut.erase();
        found.push(cut);
        found[at].name_early(|_| true);
    }
    found.extend(tenants());
    let time = instant(RECORDED);
    found.push(FeedEntry::resync_required(
        ResyncReason::Unreadable,
        Some("4711"),
        time,
    ));
    found.push(FeedEntry::baseline(time));
    found.push(FeedEntry::test(time, stamp("w1")));
    found
}

#[test]
fn entries_have_no_shape_that_a_pattern_cannot_match() {
    let mut flattened = Flattened::default();
    let samples = samples();
    for (number, entry) in (1..).zip(&samples) {
        let position = Position::new(476_640_000_000_000 + number).unwrap();
        let sent = match entry.data().tenant.is_some() {
            true => entry.outward_of_account(position),
            false => entry.outward("acme", position),
        };
        let sent = sent.after(position.before());
        flattened.add(&serde_json::to_value(sent).unwrap());
    }
    assert_eq!(flattened.faults(), [""; 0]);
    // One single-valued `type`, and every type is among the samples.
    let mut names: Vec<_> = samples.iter().filter_map(FeedEntry::event_type).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, crate::event::EventType::ALL);
    for path in [
        "type",
        "data.version",
        "data.resource.active",
        "data.members.added.value",
        "data.members.early.value",
        "data.emails",
    ] {
        assert!(flattened.paths.contains_key(path), "{path}");
    }
    // A path that a pattern may name has no name that needs a guess where it ends.
    let ours = flattened.paths.values().flat_map(|(_, names)| names);
    let odd = ours.filter(|name| name.contains('.') && !name.starts_with("urn:"));
    assert_eq!(odd.count(), 0);
}

#[test]
fn planted_shapes_are_reported() {
    for (entries, fault) in [
        (vec![json!({ "a": null })], "a: null"),
        (vec![json!({ "a": [] })], "a: an empty array"),
        (vec![json!({ "a": [[1]] })], "a: an array in an array"),
        (
            vec![json!({ "a": [{ "b": [1] }] })],
            "a.b: an array in an array",
        ),
        (
            vec![json!({ "a": 1 }), json!({ "a": "1" })],
            "a: Number and Text",
        ),
        (
            vec![json!({ "a": { "b": 1 } }), json!({ "a": "1" })],
            "a: Object and Text",
        ),
        (
            vec![json!({ "a": { "b": 1 }, "a.b": 1 })],
            "a.b: [\"a\", \"b\"] and [\"a.b\"]",
        ),
    ] {
        let mut flattened = Flattened::default();
        for entry in &entries {
            flattened.add(entry);
        }
        assert_eq!(flattened.faults(), [fault]);
    }
}
