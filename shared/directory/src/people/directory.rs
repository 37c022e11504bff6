//! A tenant's users and groups.
//!
//! A [`Directory`] belongs to one tenant and is created after the caller was authenticated for it; its methods take no
//! tenant. A missing resource is `None` here; only the service responds with 404.

use std::collections::HashMap;
use std::sync::Arc;

use scim_core::members::represent;
use scim_core::{ResourceId, ResourceKind};
use serde_json::{Value, json};

use crate::people::author::Author;
use crate::people::item::{Stored, read_resource};
use crate::people::rules::Rules;
use crate::table::keys::{self, Key};
use crate::table::{
    Actions, Deadline, DirectoryError, Meter, Role, Store, TenantTable, Transacted, sort_key,
};
use keyring::TenantId;

/// One tenant's users and groups.
#[derive(Clone, Debug)]
pub struct Directory {
    pub(crate) table: TenantTable,
    pub(crate) author: Author,
    pub(crate) rules: Rules,
    pub(crate) deadline: Option<Deadline>,
}

/// A member of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemberRef {
    pub id: ResourceId,
    pub kind: ResourceKind,
}

/// A group that a member belongs to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupRef {
    pub id: ResourceId,
    pub display: String,
    pub through: Through,
}

/// Whether a membership is direct or through a nested group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Through {
    /// Direct.
    Itself,
    /// Through another group.
    Another,
}

impl MemberRef {
    /// The member as a value of `members`.
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
pub struct ResourcePage {
    /// The number of results on all pages.
    pub total: u64,
    /// The number of results up to the id after which the page starts; `None` if the page starts at a rank.
    pub given: Option<u64>,
    pub page: Vec<Stored>,
    /// How the ids on the page are distributed.
    pub spread: Spread,
}

/// How the ids of several resources are distributed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spread {
    /// They are consecutive: their edges form one key range.
    Neighbours,
    /// They are not consecutive.
    Scattered,
}

impl Directory {
    /// The directory of a tenant without rules; `meter` counts its capacity, and new versions name `author`.
    #[must_use]
    pub const fn new(
        store: Arc<Store>,
        tenant: TenantId,
        meter: Arc<Meter>,
        author: Author,
    ) -> Self {
        Self {
            table: TenantTable::new(store, tenant, meter),
            author,
            rules: Rules::NONE,
            deadline: None,
        }
    }

    /// The directory without keeping deleted users.
    #[must_use]
    pub const fn without_keeping(mut self) -> Self {
        self.rules = self.rules.without_keeping();
        self
    }

    /// The directory with these rules.
    #[must_use]
    pub fn by(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// The directory with a separate meter, for calls in parallel to others.
    #[must_use]
    pub fn branch(&self) -> Self {
        Self {
            table: self.table.branch(),
            ..self.clone()
        }
    }

    pub async fn get(
        &self,
        kind: ResourceKind,
        id: ResourceId,
    ) -> Result<Option<Stored>, DirectoryError> {
        let key = keys::resource(self.table.tenant(), kind, id);
        match self.table.get(&key).await? {
            Some(item) => read_resource(kind, &item).map(Some),
            None => Ok(None),
        }
    }

    /// The existing resources with these ids, sorted by id.
    pub(crate) async fn resources(
        &self,
        kind: ResourceKind,
        mut ids: Vec<ResourceId>,
    ) -> Result<Vec<Stored>, DirectoryError> {
        ids.sort_unstable();
        ids.dedup();
        let mut resources = match ids.as_slice() {
            [] => Vec::new(),
            [id] => Vec::from_iter(self.get(kind, *id).await?),
            ids => {
                let keys: Vec<Key> = ids
                    .iter()
                    .map(|id| keys::resource(self.table.tenant(), kind, *id))
                    .collect();
                self.table
                    .batch_get(&keys)
                    .await?
                    .iter()
                    .map(|item| read_resource(kind, item))
                    .collect::<Result<Vec<_>, _>>()?
            }
        };
        resources.sort_unstable_by_key(|stored| stored.resource.id);
        Ok(resources)
    }

    /// The userNames and displayNames of the resources that exist.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn names(
        &self,
        of: &HashMap<ResourceId, ResourceKind>,
    ) -> Result<HashMap<ResourceId, String>, DirectoryError> {
        let key = |(id, kind): (&ResourceId, &ResourceKind)| {
            keys::resource(self.table.tenant(), *kind, *id)
        };
        let wanted: Vec<_> = of.iter().map(key).collect();
        let items = self.table.batch_get(&wanted).await?;
        let named = items.iter().filter_map(|item| {
            let id = ResourceId::parse(sort_key(item))?;
            let kind = *of.get(&id)?;
            let stored = read_resource(kind, item).ok()?;
            let name = stored.resource.text(keys::unique_attribute(kind))?;
            Some((id, name.to_owned()))
        });
        Ok(named.collect())
    }

    /// Runs a transaction and returns the roles of the rejected actions; an empty result means success.
    pub(crate) async fn run(
        &self,
        actions: Actions,
        token: &str,
    ) -> Result<Vec<Role>, DirectoryError> {
        match self.table.transact(&actions, token).await? {
            Transacted::Done => Ok(Vec::new()),
            Transacted::ConditionFailed(places) => Ok(actions.roles_at(&places)),
        }
    }
}
