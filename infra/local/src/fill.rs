//! Filling a tenant with thousands of users in seconds: what the directory itself made of one user, under
//! other ids and names, put into the table past the service.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use directory::counts::Part;
use directory::keys::{self, Key};
use keyring::TenantId;
use scim_core::{ResourceId, ResourceKind};
use service::clock::Ids;

use crate::stack::{Services, StartError, TABLE};

/// An item of the table.
pub type Item = HashMap<String, AttributeValue>;

/// How many users are put into the table at once.
const AT_ONCE: usize = 2_000;

/// Everything that the table has of one user: its item, marker, lookups and edges.
#[derive(Clone)]
pub struct Pattern {
    tenant: TenantId,
    id: String,
    name: String,
    items: Vec<Item>,
}

impl Pattern {
    /// Reads what the table has of the user; `name` is the text of it that each copy has another one for.
    ///
    /// # Errors
    ///
    /// When the table cannot be read, or has nothing of this user.
    pub async fn of(
        services: &Services,
        tenant: &str,
        id: &str,
        name: &str,
    ) -> Result<Self, StartError> {
        let tenant = TenantId::parse(tenant).ok_or("no name of a tenant")?;
        let own = format!("{tenant}#");
        let mut scan = services
            .clients
            .dynamodb
            .scan()
            .table_name(TABLE)
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = scan.next().await {
            let item = item?;
            if text(&item, keys::PARTITION_KEY).starts_with(&own)
                && item.values().any(|value| names(value, id))
            {
                items.push(item);
            }
        }
        if items.is_empty() {
            return Err("the table has nothing of the user that is to be copied".into());
        }
        Ok(Self {
            tenant,
            id: id.to_owned(),
            name: name.to_owned(),
            items,
        })
    }

    /// The items of a copy.
    fn copy(&self, id: ResourceId, name: &str) -> impl Iterator<Item = Item> {
        let own = move |text: &str| {
            text.replace(&self.id, id.as_str())
                .replace(&self.name, name)
        };
        self.items.iter().map(move |item| {
            let attributes = item.iter().map(|(attribute, value)| match value {
                AttributeValue::S(text) => (attribute.clone(), AttributeValue::S(own(text))),
                other => (attribute.clone(), other.clone()),
            });
            attributes.collect()
        })
    }

    /// The size of all items of the user, as `DynamoDB` counts it for storage: 100 bytes an item besides names and values.
    #[must_use]
    pub fn size(&self) -> usize {
        let value = |value: &AttributeValue| match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(digits) => digits.len() / 2 + 1,
            _ => 1,
        };
        let item = |item: &Item| -> usize {
            item.iter()
                .map(|(name, given)| name.len() + value(given))
                .sum()
        };
        self.items.iter().map(|one| 100 + item(one)).sum()
    }
}

/// The copies that there are of a pattern, in a tenant that has no other users while copies are put there.
pub struct Copies {
    pattern: Pattern,
    /// Their ids, in the order of their numbers.
    pub ids: Vec<ResourceId>,
    counters: BTreeMap<Key, BTreeMap<&'static str, u128>>,
}

impl Copies {
    /// What they are copies of.
    #[must_use]
    pub const fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    /// None yet.
    #[must_use]
    pub const fn new(pattern: Pattern) -> Self {
        Self {
            pattern,
            ids: Vec::new(),
            counters: BTreeMap::new(),
        }
    }

    /// Puts copies into the table until there are so many, named by their number from 0 on.
    ///
    /// # Errors
    ///
    /// When the table cannot be written.
    pub async fn grow(
        &mut self,
        services: &Services,
        number: usize,
        name: impl Fn(usize) -> String,
        mut progress: impl FnMut(usize),
    ) -> Result<(), StartError> {
        let random = Ids::system();
        while self.ids.len() < number {
            let first = self.ids.len();
            let mut items = Vec::new();
            for at in first..number.min(first + AT_ONCE) {
                let id = random.resource();
                self.count(id);
                items.extend(self.pattern.copy(id, &name(at)));
            }
            services.load(items).await?;
            progress(self.ids.len());
        }
        services.load(self.counted()).await
    }

    fn count(&mut self, id: ResourceId) {
        self.ids.push(id);
        let key = keys::count(&self.pattern.tenant, ResourceKind::User, id);
        let counter = self.counters.entry(key).or_default();
        let (number, one) = Part::of(id).counter();
        *counter.entry(number).or_default() += one;
    }

    /// The counters that the users have.
    fn counted(&self) -> Vec<Item> {
        let item =
            |(key, counts): (&Key, &BTreeMap<&'static str, u128>)| {
                let mut item = key.attributes();
                item.extend(counts.iter().map(|(name, count)| {
                    ((*name).to_owned(), AttributeValue::N(count.to_string()))
                }));
                item
            };
        self.counters.iter().map(item).collect()
    }
}

fn names(value: &AttributeValue, id: &str) -> bool {
    value.as_s().is_ok_and(|text| text.contains(id))
}

fn text<'i>(item: &'i Item, name: &str) -> &'i str {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .map_or("", String::as_str)
}
