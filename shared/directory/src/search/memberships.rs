//! What a query has to know about who belongs to what.

use std::collections::BTreeMap;

use scim_core::{ResourceId, ResourceKind};
use serde_json::{Value, json};

use super::Query;
use crate::directory::{Directory, MemberRef, Spread, edge_kind};
use crate::error::DirectoryError;
use crate::items::Stored;
use crate::keys::{self, Key};
use crate::plan::Memberships;
use crate::store::sort_key;

/// How many members are looked at for one filter before the query is refused.
const MOST_MEMBERS_READ: u64 = 100_000;

impl Directory {
    /// The values of `groups` or `members` that the filter asks about.
    pub(super) async fn memberships(
        &self,
        query: Query<'_>,
        resources: &[Stored],
        spread: Spread,
    ) -> Result<BTreeMap<ResourceId, Vec<Value>>, DirectoryError> {
        let asked = Memberships::asked(query.of.kind, query.filter, query.order.sort());
        let (Some(first), Some(last)) = (resources.first(), resources.last()) else {
            return Ok(BTreeMap::new());
        };
        let (first, last) = (first.resource.id, last.resource.id);
        match (asked, query.of.kind) {
            (Memberships::Unasked, _) => Ok(BTreeMap::new()),
            (Memberships::Of(ids), kind) => self.edges_among(kind, resources, &ids).await,
            (Memberships::All, ResourceKind::User) => {
                let groups = match spread {
                    Spread::Neighbours => self.groups_between(first, last).await?,
                    Spread::Scattered => {
                        let ids: Vec<_> = resources.iter().map(|one| one.resource.id).collect();
                        self.groups_of(&ids).await?
                    }
                };
                Ok(groups
                    .into_iter()
                    .map(|(id, groups)| {
                        (
                            id,
                            groups
                                .iter()
                                .map(|group| group.to_json(query.base))
                                .collect(),
                        )
                    })
                    .collect())
            }
            (Memberships::All, ResourceKind::Group) => {
                let members: u64 = resources.iter().map(|group| group.members).sum();
                if members > MOST_MEMBERS_READ {
                    return Err(DirectoryError::TooMany);
                }
                let members = match spread {
                    Spread::Neighbours => self.members_between(first, last).await?,
                    Spread::Scattered => {
                        let groups = self.with_members_each(resources.to_vec()).await?;
                        let members = groups.into_iter();
                        members
                            .map(|(group, members)| (group.resource.id, members))
                            .collect()
                    }
                };
                Ok(members
                    .into_iter()
                    .map(|(id, members)| {
                        (
                            id,
                            members
                                .into_iter()
                                .map(|one| one.to_json(query.base))
                                .collect(),
                        )
                    })
                    .collect())
            }
        }
    }

    /// Which of `ids` are joined to which of the resources.
    async fn edges_among(
        &self,
        kind: ResourceKind,
        resources: &[Stored],
        ids: &[ResourceId],
    ) -> Result<BTreeMap<ResourceId, Vec<Value>>, DirectoryError> {
        let wanted: Vec<Key> = resources
            .iter()
            .flat_map(|stored| {
                ids.iter().map(|id| match kind {
                    ResourceKind::User => keys::member(&self.tenant, *id, stored.resource.id),
                    ResourceKind::Group => keys::member(&self.tenant, stored.resource.id, *id),
                })
            })
            .collect();
        let mut found: BTreeMap<ResourceId, Vec<Value>> = BTreeMap::new();
        for item in self.store.batch_get(&wanted, &self.meter).await? {
            let Some((group, member)) = keys::edge(sort_key(&item)) else {
                continue;
            };
            match kind {
                ResourceKind::User => {
                    let value = json!({ "value": group.as_str() });
                    found.entry(member).or_default().push(value);
                }
                ResourceKind::Group => {
                    let member = MemberRef {
                        id: member,
                        kind: edge_kind(&item),
                    };
                    found.entry(group).or_default().push(member.to_json(""));
                }
            }
        }
        Ok(found)
    }
}
