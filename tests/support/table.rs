//! Reads a tenant's items from the table without the directory, and checks the invariants of `directory`'s crate docs on
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use aws_sdk_dynamodb::types::AttributeValue;
use directory::keys::attribute::count::NUMBERS;
use directory::keys::attribute::{marker, member, resource};
use directory::keys::{self, Key, Lookup, Partition, UniqueName};
use keyring::TenantId;
use local::stack::TABLE;
use scim_core::{ResourceId, ResourceKind, text};
use serde_json::Value;

use super::fold::Folded;
use super::{Client, Target};

pub type Item = std::collections::HashMap<String, AttributeValue>;

/// Every item of one tenant.
pub struct Table {
    tenant: TenantId,
    items: BTreeMap<Key, Item>,
}

/// A stored user or group.
pub struct Row {
    pub id: ResourceId,
    pub kind: ResourceKind,
    pub version: u64,
    /// The group's stored member count.
    pub members: Option<u64>,
    pub fence: u64,
    pub attributes: Value,
}

impl Table {
    /// Reads every item of the client's tenant.
    pub async fn of(target: &Target, client: &Client) -> Self {
        let tenant = TenantId::parse(tenant_of(client)).expect("the name of a tenant");
        let dynamodb = &target.stack.services.clients.dynamodb;
        let mut pages = dynamodb
            .scan()
            .table_name(TABLE)
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut items = BTreeMap::new();
        let own = format!("{tenant}#");
        while let Some(item) = pages.next().await {
            let item = item.expect("the table can be read");
            let key = Key {
                pk: string(&item, keys::PARTITION_KEY)
                    .expect("a partition key")
                    .to_owned(),
                sk: string(&item, keys::SORT_KEY)
                    .expect("a sort key")
                    .to_owned(),
            };
            if key.pk.starts_with(&own) {
                items.insert(key, item);
            }
        }
        Self { tenant, items }
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn resources(&self, kind: ResourceKind) -> Vec<Row> {
        self.partition(&keys::resources(&self.tenant, kind))
            .map(|(sk, item)| Row {
                id: ResourceId::parse(sk).expect("an id"),
                kind,
                version: number(item, resource::VERSION).expect("a version"),
                members: number(item, resource::MEMBERS),
                fence: number(item, resource::FENCE).unwrap_or_default(),
                attributes: serde_json::from_str(string(item, resource::DATA).expect("data"))
                    .expect("JSON"),
            })
            .collect()
    }

    pub fn group(&self, id: &str) -> Row {
        let mut groups = self.resources(ResourceKind::Group).into_iter();
        groups
            .find(|group| group.id.as_str() == id)
            .expect("a group")
    }

    /// The sort keys of one of the tenant's partitions, such as `user#userName`.
    pub fn keys(&self, partition: &str) -> Vec<&str> {
        let pk = format!("{}#{partition}", self.tenant);
        self.partition(&pk).map(|(sk, _)| sk).collect()
    }

    /// The items of some of the tenant's partitions.
    pub fn partitions(&self, names: &[&str]) -> impl Iterator<Item = &Item> {
        let pks: Vec<String> = names
            .iter()
            .map(|name| format!("{}#{name}", self.tenant))
            .collect();
        self.items
            .iter()
            .filter(move |(key, _)| pks.contains(&key.pk))
            .map(|(_, item)| item)
    }

    /// The sum of all counters of a kind.
    pub fn count(&self, kind: ResourceKind) -> i64 {
        self.partition(&keys::counts(&self.tenant, kind))
            .flat_map(|(_, item)| item.iter())
            .filter(|(name, _)| ![keys::PARTITION_KEY, keys::SORT_KEY].contains(&name.as_str()))
            .flat_map(|(_, value)| four_digits_each(value.as_n().expect("a number")))
            .sum()
    }

    /// The violated invariants.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let users = self.resources(ResourceKind::User);
        let groups = self.resources(ResourceKind::Group);
        self.check_partitions(&mut faults);
        self.check_finished(&mut faults);
        for (kind, rows) in [(ResourceKind::User, &users), (ResourceKind::Group, &groups)] {
            self.check_index(kind, rows, &mut faults);
            self.check_counters(kind, rows, &mut faults);
        }
        self.check_edges(&users, &groups, &mut faults);
        faults
    }

    fn check_partitions(&self, faults: &mut Vec<String>) {
        let known = Partition::ALL.iter().map(|partition| partition.word());
        let known: BTreeSet<&str> = known.collect();
        for key in self.items.keys() {
            let name = key.pk.split_once('#').map_or("", |(_, name)| name);
            if !known.contains(name) {
                faults.push(format!("an item of no known kind: {key:?}"));
            }
        }
    }

    /// Each resource has its marker and look-ups, and there are no others.
    fn check_index(&self, kind: ResourceKind, rows: &[Row], faults: &mut Vec<String>) {
        let mut expected = BTreeMap::new();
        for row in rows {
            let id = row.id;
            if row.version == 0 {
                faults.push(format!("{id} has version 0"));
            }
            for name in ["id", "meta", "schemas", "groups", "members", "password"] {
                if row.attributes.get(name).is_some() {
                    faults.push(format!("{id} keeps `{name}` among its attributes"));
                }
            }
            let text_of = |name: &str| row.attributes[name].as_str();
            let name = text_of(keys::unique_attribute(kind)).unwrap_or_default();
            let form = UniqueName::of(kind, name);
            if let Some(other) = expected.insert(keys::marker(&self.tenant, kind, &form), Some(id))
            {
                faults.push(format!("{id} and {other:?} have one name: {name}"));
            }
            if let Some(external_id) = text_of("externalId") {
                let key = keys::lookup(&self.tenant, kind, Lookup::ExternalId, external_id, id);
                expected.insert(key, None);
            }
            for email in row.attributes["emails"].as_array().into_iter().flatten() {
                if let Some(value) = email["value"].as_str() {
                    let value = text::fold(value);
                    let key = keys::lookup(&self.tenant, kind, Lookup::Email, &value, id);
                    expected.insert(key, None);
                }
            }
        }
        let name = keys::unique_attribute(kind);
        let word = keys::resources(&self.tenant, kind);
        let index = [name, "externalId", "email"].map(|name| format!("{word}#{name}"));
        let given = self
            .items
            .iter()
            .filter(|(key, _)| index.contains(&key.pk))
            .map(|(key, item)| {
                let id = string(item, marker::ID).and_then(ResourceId::parse);
                (key.clone(), id)
            });
        compare(&expected, &given.collect(), "index entry", faults);
    }

    fn check_counters(&self, kind: ResourceKind, rows: &[Row], faults: &mut Vec<String>) {
        let mut expected: BTreeMap<(String, String), i128> = BTreeMap::new();
        for row in rows {
            // The next five bits of the id select one of 32 parts; each of four numbers holds eight parts of four digits.
            let part = usize::from_str_radix(&row.id.as_str()[2..4], 16).unwrap() / 8;
            let number = NUMBERS[part / 8].to_owned();
            let one = 10_i128.pow(4 * u32::try_from(part % 8).unwrap());
            *expected.entry((bucket(row.id), number)).or_default() += one;
        }
        let mut given = BTreeMap::new();
        for (sk, item) in self.partition(&keys::counts(&self.tenant, kind)) {
            for name in item
                .keys()
                .filter(|name| ![keys::PARTITION_KEY, keys::SORT_KEY].contains(&name.as_str()))
            {
                let counted: i128 = number(item, name).expect("a number");
                if counted != 0 {
                    given.insert((sk.to_owned(), name.clone()), counted);
                }
            }
        }
        compare(&expected, &given, "counter", faults);
    }

    /// No large write is in progress: no tasks, no plan parts, no intents, no group that names a plan, and no marked edge.
    fn check_finished(&self, faults: &mut Vec<String>) {
        for (key, item) in &self.items {
            let name = key.pk.split_once('#').map_or("", |(_, name)| name);
            let is_left = match name {
                "group" => item.contains_key(resource::OPEN),
                "member" | "memberOf" => {
                    keys::edge(&key.sk).is_none() || item.contains_key(member::DEPARTS)
                }
                name => name == "task",
            };
            if is_left {
                faults.push(format!("left of a large write: {key:?}"));
            }
        }
    }

    /// Each edge has its counterpart in the other direction.
    fn check_edges(&self, users: &[Row], groups: &[Row], faults: &mut Vec<String>) {
        let members = self.edges(&keys::members(&self.tenant));
        let memberships = self.edges(&keys::memberships(&self.tenant));
        let twins = memberships
            .iter()
            .map(|(member, group)| (*group, *member))
            .collect();
        for (group, member) in members.symmetric_difference(&twins) {
            faults.push(format!("the edge of {group} and {member} has no twin"));
        }
        self.check_members(users, groups, &members, faults);
    }

    /// Each edge joins two existing resources and is counted by both.
    fn check_members(
        &self,
        users: &[Row],
        groups: &[Row],
        members: &BTreeSet<(ResourceId, ResourceId)>,
        faults: &mut Vec<String>,
    ) {
        let kinds: BTreeMap<ResourceId, &Row> = users
            .iter()
            .chain(groups)
            .map(|row| (row.id, row))
            .collect();
        let mut counts: BTreeMap<ResourceId, u64> = BTreeMap::new();
        let mut joined: BTreeMap<ResourceId, u64> = BTreeMap::new();
        for (group, member) in members {
            *counts.entry(*group).or_default() += 1;
            *joined.entry(*member).or_default() += 1;
            let key = keys::member(&self.tenant, *group, *member);
            let said = string(&self.items[&key], member::KIND);
            let is = kinds.get(member).map(|row| match row.kind {
                ResourceKind::User => "u",
                ResourceKind::Group => "g",
            });
            if said != is {
                faults.push(format!(
                    "member {member} of {group} is {is:?}, not {said:?}"
                ));
            }
            if kinds
                .get(group)
                .is_none_or(|row| row.kind != ResourceKind::Group)
            {
                faults.push(format!("{member} is in {group}, which is no group"));
            }
        }
        for row in groups {
            let counted = counts.get(&row.id).copied().unwrap_or_default();
            if row.members != Some(counted) {
                faults.push(format!(
                    "{} has {counted} edges and counts {:?}",
                    row.id, row.members
                ));
            }
        }
        for row in kinds.values() {
            let joined = joined.get(&row.id).copied().unwrap_or_default();
            if row.fence < joined {
                faults.push(format!(
                    "{} is in {joined} groups with fence {}",
                    row.id, row.fence
                ));
            }
        }
    }

    fn edges(&self, pk: &str) -> BTreeSet<(ResourceId, ResourceId)> {
        let keys = self.partition(pk).map(|(sk, _)| sk);
        keys.filter_map(keys::edge).collect()
    }

    /// The members of every group by its edges.
    fn members(&self) -> BTreeMap<ResourceId, BTreeSet<ResourceId>> {
        let groups = self.resources(ResourceKind::Group).into_iter();
        let mut members: BTreeMap<_, BTreeSet<_>> =
            groups.map(|group| (group.id, BTreeSet::new())).collect();
        for (group, member) in self.edges(&keys::members(&self.tenant)) {
            members.entry(group).or_default().insert(member);
        }
        members
    }

    fn partition(&self, pk: &str) -> impl Iterator<Item = (&str, &Item)> {
        let first = Key {
            pk: pk.to_owned(),
            sk: String::new(),
        };
        let pk = pk.to_owned();
        self.items
            .range(first..)
            .take_while(move |(key, _)| key.pk == pk)
            .map(|(key, item)| (key.sk.as_str(), item))
    }
}

/// Reads the tenant's items and asserts every invariant. The images of groups in the stream must give the same members.
pub async fn sound(target: &Target, client: &Client) -> Table {
    let table = Table::of(target, client).await;
    let mut faults = table.faults();
    if let Some(folded) = Folded::of(target, &table.tenant).await {
        faults.extend(folded.faults);
        compare(
            &folded.members,
            &table.members(),
            "the feed: members of",
            &mut faults,
        );
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    table
}

/// The counter bucket of an id.
pub fn bucket(id: ResourceId) -> String {
    id.as_str().chars().take(2).collect()
}

pub fn tenant_of(client: &Client) -> &str {
    let base = client
        .base
        .strip_suffix("/scim/v2")
        .expect("a base address");
    base.rsplit('/').next().expect("a tenant")
}

fn compare<K: Ord + Debug, V: PartialEq + Debug>(
    expected: &BTreeMap<K, V>,
    given: &BTreeMap<K, V>,
    what: &str,
    faults: &mut Vec<String>,
) {
    for (key, value) in expected {
        if given.get(key) != Some(value) {
            faults.push(format!(
                "{what} {key:?} should be {value:?}, is {:?}",
                given.get(key)
            ));
        }
    }
    for key in given.keys().filter(|key| !expected.contains_key(key)) {
        faults.push(format!("{what} {key:?} belongs to nothing"));
    }
}

/// Splits a counter number into its counts of four digits.
fn four_digits_each(number: &str) -> impl Iterator<Item = i64> {
    let digits = number.as_bytes().rchunks(4);
    digits.map(|four| str::from_utf8(four).unwrap().parse().unwrap())
}

fn string<'i>(item: &'i Item, name: &str) -> Option<&'i str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

fn number<N: std::str::FromStr>(item: &Item, name: &str) -> Option<N> {
    item.get(name)?.as_n().ok()?.parse().ok()
}
