//! Reads the memberships that a query needs.

use std::collections::{BTreeMap, BTreeSet};

use scim_core::{ResourceId, ResourceKind};
use serde_json::{Value, json};

use super::ResourceQuery;
use crate::limits::MOST_MEMBERS_READ;
use crate::people::directory::{Directory, MemberRef, Spread};
use crate::people::item::Stored;
use crate::people::members::plans_of;
use crate::people::query_plan::Memberships;
use crate::table::DirectoryError;

/// Up to this number of candidate users, their groups are read instead of the groups' members.
const FEW: usize = 32;

/// The memberships that a query needs.
pub(super) enum NeededMemberships {
    /// No memberships.
    Unasked,
    /// Whether these resources are members of the groups.
    Members(Vec<ResourceId>),
    /// Whether the users are members of these groups, each with its nested groups.
    Groups(BTreeMap<ResourceId, BTreeSet<ResourceId>>),
    /// All memberships.
    All,
}

impl NeededMemberships {
    pub(super) fn of(query: ResourceQuery<'_>) -> Self {
        let kind = query.of.kind;
        match Memberships::asked(kind, query.filter, query.order.sort()) {
            Memberships::Unasked => Self::Unasked,
            Memberships::All => Self::All,
            Memberships::Of(ids) => match kind {
                ResourceKind::Group => Self::Members(ids),
                ResourceKind::User => {
                    Self::Groups(ids.into_iter().map(|id| (id, BTreeSet::new())).collect())
                }
            },
        }
    }
}

impl Directory {
    /// Finds the groups nested in those that the filter names, once for all users. If there are only a few `candidates`,
    /// found without the groups, their own groups are read instead, however large the groups are.
    pub(super) async fn with_descendants(
        &self,
        asked: NeededMemberships,
        candidates: Option<usize>,
    ) -> Result<NeededMemberships, DirectoryError> {
        match (asked, candidates) {
            (NeededMemberships::Groups(_), Some(candidates)) if candidates <= FEW => {
                Ok(NeededMemberships::All)
            }
            (NeededMemberships::Groups(mut groups), _) => {
                for (id, within) in &mut groups {
                    let most = usize::try_from(MOST_MEMBERS_READ).unwrap_or(usize::MAX);
                    *within = self.descendants(*id, most).await?.groups;
                }
                Ok(NeededMemberships::Groups(groups))
            }
            (other, _) => Ok(other),
        }
    }

    /// The values of `groups` or `members` that the filter asks about.
    pub(super) async fn memberships(
        &self,
        query: ResourceQuery<'_>,
        asked: &NeededMemberships,
        resources: &[Stored],
        spread: Spread,
    ) -> Result<BTreeMap<ResourceId, Vec<Value>>, DirectoryError> {
        let (Some(first), Some(last)) = (resources.first(), resources.last()) else {
            return Ok(BTreeMap::new());
        };
        let (first, last) = (first.resource.id, last.resource.id);
        match (asked, query.of.kind) {
            (NeededMemberships::Unasked, _) => Ok(BTreeMap::new()),
            (NeededMemberships::Members(ids), _) => self.members_among(resources, ids).await,
            (NeededMemberships::Groups(groups), _) => self.groups_among(resources, groups).await,
            (NeededMemberships::All, ResourceKind::User) => {
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
            (NeededMemberships::All, ResourceKind::Group) => {
                self.all_members(query, resources, spread).await
            }
        }
    }

    /// All members of groups, as values.
    async fn all_members(
        &self,
        query: ResourceQuery<'_>,
        groups: &[Stored],
        spread: Spread,
    ) -> Result<BTreeMap<ResourceId, Vec<Value>>, DirectoryError> {
        let members: u64 = groups.iter().map(|group| group.members).sum();
        if members > MOST_MEMBERS_READ {
            return Err(DirectoryError::TooMany);
        }
        let members = self.members_of_groups(groups, spread).await?;
        let shown = |members: Vec<MemberRef>| {
            let members = members.into_iter();
            members.map(|one| one.to_json(query.base)).collect()
        };
        Ok(members
            .into_iter()
            .map(|(id, members)| (id, shown(members)))
            .collect())
    }

    /// Which of `ids` are members of which of the groups.
    async fn members_among(
        &self,
        groups: &[Stored],
        ids: &[ResourceId],
    ) -> Result<BTreeMap<ResourceId, Vec<Value>>, DirectoryError> {
        let own: Vec<ResourceId> = groups.iter().map(|one| one.resource.id).collect();
        let plans = plans_of(groups);
        let mut found: BTreeMap<ResourceId, Vec<Value>> = BTreeMap::new();
        for (group, member) in self.joined(&own, ids, Some(plans)).await? {
            found.entry(group).or_default().push(member.to_json(""));
        }
        Ok(found)
    }

    /// Which of the users are direct or indirect members of which of these groups.
    async fn groups_among(
        &self,
        users: &[Stored],
        groups: &BTreeMap<ResourceId, BTreeSet<ResourceId>>,
    ) -> Result<BTreeMap<ResourceId, Vec<Value>>, DirectoryError> {
        let all: BTreeSet<ResourceId> = groups.values().flatten().copied().collect();
        let all: Vec<ResourceId> = all.into_iter().collect();
        let users: Vec<ResourceId> = users.iter().map(|one| one.resource.id).collect();
        let mut found: BTreeMap<ResourceId, Vec<Value>> = BTreeMap::new();
        for (group, user) in self.joined(&all, &users, None).await? {
            let through = groups.iter().filter(|(_, within)| within.contains(&group));
            let values = through.map(|(id, _)| json!({ "value": id.as_str() }));
            found.entry(user.id).or_default().extend(values);
        }
        Ok(found)
    }
}
