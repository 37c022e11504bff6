//! Fills a tenant with thousands of users in seconds: copies the items that the service stored for one user, with other ids
//! and names, and writes them to the table past the service.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use directory::counts::IdPart;
use directory::keys::{self, Key};
use keyring::TenantId;
use scim_core::{ResourceId, ResourceKind};
use service::clock::Ids;

use crate::dynamo::RawItem;
use crate::stack::{Services, StartError, TABLE};

/// Users to write at once.
const AT_ONCE: usize = 2_000;

/// All items of one user: the user, marker, look-ups and edges.
#[derive(Clone)]
pub struct UserTemplate {
    tenant: TenantId,
    id: String,
    name: String,
    items: Vec<RawItem>,
}

impl UserTemplate {
    /// Reads the items of a user by a scan of the table. `name` is the text in it that every copy replaces.
    ///
    /// # Errors
    ///
    /// When the table cannot be read, or holds no item of this user.
    pub async fn of(
        services: &Services,
        tenant: &str,
        id: &str,
        name: &str,
    ) -> Result<Self, StartError> {
        let tenant = TenantId::parse(tenant).ok_or("not a tenant name")?;
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
            return Err("the table holds no item of the user to copy".into());
        }
        Ok(Self {
            tenant,
            id: id.to_owned(),
            name: name.to_owned(),
            items,
        })
    }

    fn copy(&self, id: ResourceId, name: &str) -> impl Iterator<Item = RawItem> {
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

    /// The storage size of the user's items by `DynamoDB`'s rules: names and values, plus 100 bytes per item.
    #[must_use]
    pub fn size(&self) -> usize {
        let value = |value: &AttributeValue| match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(digits) => digits.len() / 2 + 1,
            _ => 1,
        };
        let item = |item: &RawItem| -> usize {
            item.iter()
                .map(|(name, given)| name.len() + value(given))
                .sum()
        };
        self.items.iter().map(|one| 100 + item(one)).sum()
    }
}

/// The copies of a template user. The tenant must have no other users while copies are written, because the counters count copies
/// only.
pub struct UserCopies {
    template: UserTemplate,
    /// Ids in the order of the copies' numbers.
    pub ids: Vec<ResourceId>,
    counters: BTreeMap<Key, BTreeMap<&'static str, u128>>,
}

impl UserCopies {
    #[must_use]
    pub const fn template(&self) -> &UserTemplate {
        &self.template
    }

    #[must_use]
    pub const fn new(template: UserTemplate) -> Self {
        Self {
            template,
            ids: Vec::new(),
            counters: BTreeMap::new(),
        }
    }

    /// Writes copies until there are `number` of them, named by their numbers from 0.
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
                items.extend(self.template.copy(id, &name(at)));
            }
            services.load(items).await?;
            progress(self.ids.len());
        }
        services.load(self.counted()).await
    }

    fn count(&mut self, id: ResourceId) {
        self.ids.push(id);
        let key = keys::count(&self.template.tenant, ResourceKind::User, id);
        let counter = self.counters.entry(key).or_default();
        let (number, one) = IdPart::of(id).counter();
        *counter.entry(number).or_default() += one;
    }

    /// The tenant's user counters as items.
    fn counted(&self) -> Vec<RawItem> {
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

fn text<'i>(item: &'i RawItem, name: &str) -> &'i str {
    item.get(name)
        .and_then(|value| value.as_s().ok())
        .map_or("", String::as_str)
}
