//! Laws for any history of a directory: its entries, in any order that keeps those of a resource, give its state.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::shapes::Flattened;
use super::*;
use crate::event::{EventId, Sum, print, read};
use crate::laws::generate::user_attributes;

/// A step of a history. Steps that cannot be taken are passed over.
#[derive(Clone, Debug)]
enum Deed {
    Write(usize, Attributes),
    Switch(usize),
    Delete {
        user: usize,
        kept: bool,
    },
    Rename(usize, u8),
    Members {
        group: usize,
        joined: Vec<usize>,
        left: Vec<usize>,
        name: Option<u8>,
    },
    DeleteGroup(usize),
}

const USERS: usize = 4;
const GROUPS: usize = 3;

fn deed() -> impl Strategy<Value = Deed> {
    let member = || vec(0..USERS + GROUPS, 0..4);
    prop_oneof![
        4 => (0..USERS, user_attributes()).prop_map(|(user, attributes)| Deed::Write(user, attributes)),
        2 => (0..USERS).prop_map(Deed::Switch),
        1 => (0..USERS, any::<bool>()).prop_map(|(user, kept)| Deed::Delete { user, kept }),
        1 => (0..GROUPS, 0..3_u8).prop_map(|(group, name)| Deed::Rename(group, name)),
        4 => (0..GROUPS, member(), member(), proptest::option::of(0..3_u8)).prop_map(
            |(group, joined, left, name)| Deed::Members { group, joined, left, name }
        ),
        1 => (0..GROUPS).prop_map(Deed::DeleteGroup),
    ]
}

/// A directory that writes its history down, for each resource apart.
#[derive(Default)]
struct Written {
    live: BTreeMap<u32, StoredVersion>,
    kept: BTreeMap<u32, StoredVersion>,
    members: BTreeMap<u32, BTreeSet<u32>>,
    erased: BTreeSet<u32>,
    streams: BTreeMap<u32, Vec<FeedEntry>>,
    writes: u64,
}

impl Written {
    fn record(&mut self, n: u32, after: Option<StoredVersion>, kept: bool) {
        self.writes += 1;
        let mut after = after;
        if let Some(after) = &mut after {
            after.stamp = stamp(&format!("w{}", self.writes));
        }
        let before = self.live.remove(&n);
        let found = entries(before.as_ref(), after.as_ref(), Some(&gone(kept)));
        self.streams.entry(n).or_default().extend(found);
        match after {
            Some(after) => {
                self.live.insert(n, after);
            }
            None if kept => {
                self.kept.extend(before.map(|last| (n, last)));
            }
            None => {
                self.erased.insert(n);
            }
        }
    }

    fn next_version(&mut self, n: u32) -> u64 {
        if let Some(live) = self.live.get(&n) {
            return live.resource.meta.version.0 + 1;
        }
        // The kept item has the deletion's version.
        self.kept
            .remove(&n)
            .map_or(1, |last| last.resource.meta.version.0 + 2)
    }

    fn take(&mut self, deed: Deed) {
        let group_of = |group: usize| u32::try_from(USERS + group).unwrap();
        match deed {
            Deed::Write(user, attributes) => self.write(user, attributes),
            Deed::Switch(user) => {
                let n = u32::try_from(user).unwrap();
                if let Some(live) = self.live.get(&n) {
                    let mut attributes = live.resource.attributes.clone();
                    let is_active = crate::active::is_active(&attributes);
                    attributes.insert("active".to_owned(), json!(!is_active));
                    self.write(user, attributes);
                }
            }
            Deed::Delete { user, kept } => self.delete(u32::try_from(user).unwrap(), kept),
            Deed::Rename(group, name) => self.change(group_of(group), &[], &[], Some(name)),
            Deed::Members {
                group,
                joined,
                left,
                name,
            } => {
                self.change(group_of(group), &joined, &left, name);
            }
            Deed::DeleteGroup(group) => {
                let n = group_of(group);
                self.delete(n, false);
                self.members.remove(&n);
            }
        }
    }

    fn write(&mut self, user: usize, attributes: Attributes) {
        let n = u32::try_from(user).unwrap();
        if self.erased.contains(&n) {
            return;
        }
        let v = self.next_version(n);
        let after = version(ResourceKind::User, n, v, Value::Object(attributes));
        self.record(n, Some(after), false);
    }

    fn delete(&mut self, n: u32, kept: bool) {
        if !self.live.contains_key(&n) {
            return;
        }
        let groups: Vec<u32> = self.members.keys().copied().collect();
        for group in groups {
            if self.members[&group].contains(&n) {
                let at = usize::try_from(n).unwrap();
                self.change(group, &[], &[at], None);
            }
        }
        self.record(n, None, kept);
    }

    fn change(&mut self, group: u32, joined: &[usize], left: &[usize], name: Option<u8>) {
        if self.erased.contains(&group) {
            return;
        }
        let current = self.members.get(&group).cloned().unwrap_or_default();
        let number = |at: &usize| u32::try_from(*at).unwrap();
        let left: BTreeSet<u32> = left
            .iter()
            .map(number)
            .filter(|n| current.contains(n))
            .collect();
        let joined: BTreeSet<u32> = joined
            .iter()
            .map(number)
            .filter(|n| *n != group && self.live.contains_key(n))
            .filter(|n| !current.contains(n))
            .collect();
        let kind = |n: &u32| match usize::try_from(*n).unwrap() < USERS {
            true => (ResourceKind::User, *n),
            false => (ResourceKind::Group, *n),
        };
        let (added, removed): (Vec<_>, Vec<_>) = (
            joined.iter().map(kind).collect(),
            left.iter().map(kind).collect(),
        );
        let former = self
            .live
            .get(&group)
            .map(|live| live.resource.attributes["displayName"].clone());
        let name = name.map(|name| json!(format!("group {name}"))).or(former);
        let v = self.next_version(group);
        let attributes = json!({ "displayName": name.unwrap_or_else(|| json!("new")) });
        let after = version(ResourceKind::Group, group, v, attributes);
        self.record(group, Some(with(after, delta(&added, &removed))), false);
        let members = self.members.entry(group).or_default();
        members.retain(|n| !left.contains(n));
        members.extend(joined);
    }
}

/// A receiver. It knows the JSON of entries and nothing else.
#[derive(Default)]
struct Receiver {
    resources: BTreeMap<String, (u64, Value)>,
    members: BTreeMap<String, BTreeSet<String>>,
}

impl Receiver {
    fn apply(&mut self, sent: &Value) {
        let data = &sent["data"];
        let id = data["id"].as_str().unwrap().to_owned();
        let name = sent["type"].as_str().unwrap();
        let ids = |list: &Value| -> Vec<String> {
            let list = list.as_array().cloned().unwrap_or_default();
            list.iter()
                .map(|one| one["value"].as_str().unwrap().to_owned())
                .collect()
        };
        if name.ends_with(".deleted") || data["deleted"] == true {
            let (mine, _) = self
                .resources
                .remove(&id)
                .expect("the deleted one is known");
            assert_eq!(data["previousVersion"], mine);
            if name == "group.deleted" {
                self.members.remove(&id);
            }
            return;
        }
        let mine = self.resources.get(&id).map(|(version, _)| *version);
        assert_eq!(data.get("previousVersion").and_then(Value::as_u64), mine);
        if name.starts_with("group.") {
            let members = self.members.entry(id.clone()).or_default();
            for gone in ids(&data["members"]["removed"]) {
                assert!(members.remove(&gone), "{gone} was no member");
            }
            for new in ids(&data["members"]["added"]) {
                assert!(members.insert(new), "a member twice");
            }
        }
        let version = data["version"].as_u64().unwrap();
        self.resources
            .insert(id, (version, data["resource"].clone()));
    }
}

/// The entries of all resources in some order that keeps those of a resource.
fn mixed(streams: &BTreeMap<u32, Vec<FeedEntry>>, picks: &[usize]) -> Vec<FeedEntry> {
    let mut rest: Vec<Vec<FeedEntry>> = streams.values().cloned().collect();
    let mut picks = picks.iter().cycle();
    let mut feed = Vec::new();
    while rest.iter().any(|stream| !stream.is_empty()) {
        rest.retain(|stream| !stream.is_empty());
        let at = picks.next().unwrap() % rest.len();
        feed.push(rest[at].remove(0));
    }
    feed
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_entries_give_the_directory(
        deeds in vec(deed(), 1..40),
        picks in vec(0..100_usize, 1..50)
    ) {
        let mut written = Written::default();
        for deed in deeds {
            written.take(deed);
        }
        let feed = mixed(&written.streams, &picks);
        prop_assert_eq!(&read(&print(&feed)).unwrap(), &feed);
        let (mut receiver, mut sum, mut keys) = (Receiver::default(), Sum::EMPTY, HashSet::new());
        let mut flattened = Flattened::default();
        let mut position = Position::new(9_000_000_000).unwrap();
        for entry in &feed {
            position = position.next().unwrap();
            let sent = serde_json::to_value(entry.outward("acme", position)).unwrap();
            receiver.apply(&sent);
            flattened.add(&sent);
            sum = sum.after(&entry.effect().unwrap());
            prop_assert!(keys.insert(entry.key().unwrap()), "a key twice");
            let id = EventId::parse(sent["id"].as_str().unwrap()).unwrap();
            prop_assert_eq!(id.position(), position);
        }
        prop_assert_eq!(flattened.faults(), [""; 0]);
        let scanned = written.live.values().fold(Sum::EMPTY, |sum, live| {
            let Resource { kind, id, meta, .. } = live.resource;
            sum.with(kind, id, meta.version)
        });
        prop_assert_eq!(sum, scanned);
        prop_assert_eq!(receiver.resources.len(), written.live.len());
        for live in written.live.values() {
            let resource = &live.resource;
            let (version, shown) = &receiver.resources[resource.id.as_str()];
            prop_assert_eq!(*version, resource.meta.version.0);
            for (name, value) in &resource.attributes {
                prop_assert_eq!(&shown[name.as_str()], value);
            }
        }
        let members = |of: &BTreeMap<u32, BTreeSet<u32>>| -> BTreeMap<String, BTreeSet<String>> {
            let named = of.iter().map(|(group, members)| {
                (id(*group).to_string(), members.iter().map(|n| id(*n).to_string()).collect())
            });
            named.collect()
        };
        prop_assert_eq!(receiver.members, members(&written.members));
    }
}
