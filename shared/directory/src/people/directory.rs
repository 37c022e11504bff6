//! A tenant's users and groups.
//!
//! A [`Directory`] is made for one tenant, after the caller was authenticated for it; none of its
//! methods takes a tenant. Absent is `None` here, and only the service says 404.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use scim_core::members::represent;
use scim_core::{ResourceId, ResourceKind};
use serde_json::{Value, json};

use crate::people::item::{Stored, read_resource};
use crate::people::members::Plans;
use crate::people::rules::Rules;
use crate::table::{
    Deadline, DirectoryError, Item, Meter, SIDE_BY_SIDE, Store, keys, sort_key, text,
};
use keyring::TenantId;

/// One tenant's users and groups.
#[derive(Clone, Debug)]
pub struct Directory {
    pub(crate) store: Arc<Store>,
    pub(crate) tenant: TenantId,
    pub(crate) meter: Arc<Meter>,
    pub(crate) rules: Rules,
    pub(crate) deadline: Option<Deadline>,
}

/// A member of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemberRef {
    /// Its id.
    pub id: ResourceId,
    /// What it is.
    pub kind: ResourceKind,
}

/// A group that someone belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupRef {
    /// Its id.
    pub id: ResourceId,
    /// Its displayName.
    pub display: String,
    /// How.
    pub through: Through,
}

/// How someone belongs to a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Through {
    /// As its member.
    Itself,
    /// As a member of a group that belongs to it.
    Another,
}

impl MemberRef {
    /// The member as it is answered.
    #[must_use]
    pub fn to_json(self, base: &str) -> Value {
        represent(self.id, self.kind, base)
    }
}

impl GroupRef {
    /// The group as a value of `groups`.
    #[must_use]
    pub fn to_json(&self, base: &str) -> Value {
        json!({
            "value": self.id.as_str(),
            "$ref": format!("{base}/Groups/{}", self.id),
            "display": self.display,
            "type": match self.through {
                Through::Itself => "direct",
                Through::Another => "indirect",
            },
        })
    }
}

/// A page of resources.
#[derive(Debug)]
pub struct Found {
    /// How many there are on all pages.
    pub total: u64,
    /// How many of them stand up to the id after which the page starts; `None` if it starts at a rank.
    pub given: Option<u64>,
    /// The page.
    pub page: Vec<Stored>,
    /// How the ids on the page lie.
    pub spread: Spread,
}

/// How the ids of several resources lie.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spread {
    /// One beside the other: what belongs to them is one range.
    Neighbours,
    /// Anywhere.
    Scattered,
}

impl Directory {
    /// The directory of one tenant without rules of its own, and where its consumption is counted.
    #[must_use]
    pub const fn new(store: Arc<Store>, tenant: TenantId, meter: Arc<Meter>) -> Self {
        Self {
            store,
            tenant,
            meter,
            rules: Rules::NONE,
            deadline: None,
        }
    }

    /// The same directory, where what is deleted is gone.
    #[must_use]
    pub const fn without_keeping(mut self) -> Self {
        self.rules = self.rules.without_keeping();
        self
    }

    /// The same directory, by these rules.
    #[must_use]
    pub fn by(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// The same directory, for calls that are made beside others.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self {
            meter: Arc::new(self.meter.branch()),
            ..self.clone()
        }
    }

    /// The resource with an id.
    pub async fn get(
        &self,
        kind: ResourceKind,
        id: ResourceId,
    ) -> Result<Option<Stored>, DirectoryError> {
        let key = keys::resource(&self.tenant, kind, id);
        match self.store.get(&key, &self.meter).await? {
            Some(item) => read_resource(kind, &item).map(Some),
            None => Ok(None),
        }
    }

    /// The userNames and displayNames of those that there are.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn names(
        &self,
        of: &HashMap<ResourceId, ResourceKind>,
    ) -> Result<HashMap<ResourceId, String>, DirectoryError> {
        let key =
            |(id, kind): (&ResourceId, &ResourceKind)| keys::resource(&self.tenant, *kind, *id);
        let wanted: Vec<_> = of.iter().map(key).collect();
        let items = self.store.batch_get(&wanted, &self.meter).await?;
        let named = items.iter().filter_map(|item| {
            let id = ResourceId::parse(sort_key(item))?;
            let kind = *of.get(&id)?;
            let stored = read_resource(kind, item).ok()?;
            let name = stored.resource.text(keys::unique_attribute(kind))?;
            Some((id, name.to_owned()))
        });
        Ok(named.collect())
    }

    /// All members of a group that no plan changes, in the order of their ids.
    pub async fn members_of(&self, group: ResourceId) -> Result<Vec<MemberRef>, DirectoryError> {
        let mut by_group = self.members_between(group, group, &Plans::new()).await?;
        Ok(by_group.remove(&group).unwrap_or_default())
    }

    /// The ids of the groups that someone belongs to, deleted groups included.
    pub(crate) async fn edges_of(
        &self,
        member: ResourceId,
    ) -> Result<Vec<ResourceId>, DirectoryError> {
        let edges = self.edges_between(member, member).await?;
        Ok(edges.into_iter().map(|(_, group)| group).collect())
    }

    /// The groups of all members from one id to another: one query for a page of neighbours.
    pub async fn groups_between(
        &self,
        first: ResourceId,
        last: ResourceId,
    ) -> Result<BTreeMap<ResourceId, Vec<GroupRef>>, DirectoryError> {
        let edges = self.edges_between(first, last).await?;
        self.groups_at(edges).await
    }

    /// The groups of these members: a query each, side by side.
    pub async fn groups_of(
        &self,
        members: &[ResourceId],
    ) -> Result<BTreeMap<ResourceId, Vec<GroupRef>>, DirectoryError> {
        let branches = members.iter().copied().map(|member| {
            let branch = self.branch();
            async move { branch.edges_between(member, member).await }
        });
        let edges: Vec<_> = stream::iter(branches)
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        self.groups_at(edges.concat()).await
    }
}

/// What the member of an edge is.
pub(crate) fn edge_kind(item: &Item) -> ResourceKind {
    match text(item, "k") {
        Some("g") => ResourceKind::Group,
        _ => ResourceKind::User,
    }
}
