//! Reads memberships while a large change is in progress.
//!
//! Readers see a committed plan as a whole, however much of it has been applied. Readers do not search for plans: parts
//! sort before the members of their group, and intents are among a member's memberships, so a reader gets them in the range
//! that it reads anyway and pays only for existing ones. A plan counts if its group names it. The group must be read
//! *first*: the parts or intents of a plan that it names are then either still in the range or already applied.
//!
//! An edge may also be marked because its member is being deleted and is in more groups than fit one transaction. A marked
//! edge counts as long as its member exists.

use std::collections::{BTreeMap, BTreeSet};

use scim_core::sort::Direction;
use scim_core::{ResourceId, ResourceKind};

use super::edge_kind;
use super::plan_part::{LEAVES, PlanPart};
use crate::people::directory::{Directory, MemberRef};
use crate::people::item::Stored;
use crate::table::keys::attribute::member::{DEPARTS, KIND};
use crate::table::keys::attribute::resource as attribute;
use crate::table::keys::{self, Key};
use crate::table::{DirectoryError, Item, Range, sort_key, text};

/// The open plans of groups.
pub(crate) type Plans = BTreeMap<ResourceId, String>;

/// The open plans of these groups.
pub(crate) fn plans_of(groups: &[Stored]) -> Plans {
    let named = groups
        .iter()
        .filter_map(|group| Some((group.resource.id, group.plan.clone()?)));
    named.collect()
}

/// A plan's intent for one member.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Intent {
    member: ResourceId,
    group: ResourceId,
    plan: String,
    /// The type of a member that joins; `None` for a member that leaves.
    joins: Option<ResourceKind>,
}

impl Intent {
    fn read(item: &Item) -> Option<Self> {
        let (member, group, plan) = keys::intended(sort_key(item))?;
        Some(Self {
            member,
            group,
            plan: plan.to_owned(),
            joins: (text(item, KIND) != Some(LEAVES)).then(|| edge_kind(item)),
        })
    }
}

/// The edges, and the parts of open plans, from a range of edges.
#[derive(Default)]
pub(super) struct EdgesRead {
    members: BTreeMap<ResourceId, Vec<MemberRef>>,
    /// Members that join by parts of open plans that are not applied yet.
    joining: Vec<(ResourceId, MemberRef)>,
    leaving: BTreeSet<(ResourceId, ResourceId)>,
    /// The marked edges, whose member may be deleted.
    departing: Vec<(ResourceId, MemberRef)>,
    /// Whether the range contained a part of any plan.
    is_planned: bool,
}

impl EdgesRead {
    fn of(edges: &[Item]) -> Self {
        let mut read = Self::default();
        for item in edges {
            read.edge(item);
        }
        read
    }

    /// Merges the results of two consecutive ranges.
    pub(super) fn and(mut self, other: Self) -> Self {
        for (group, members) in other.members {
            self.members.entry(group).or_default().extend(members);
        }
        self.joining.extend(other.joining);
        self.leaving.extend(other.leaving);
        self.departing.extend(other.departing);
        self.is_planned |= other.is_planned;
        self
    }

    /// Adds an item if it is an edge; returns whether it is.
    fn edge(&mut self, item: &Item) -> bool {
        let Some((group, id)) = keys::edge(sort_key(item)) else {
            return false;
        };
        let kind = edge_kind(item);
        let member = MemberRef { id, kind };
        if item.has(DEPARTS) {
            self.departing.push((group, member));
        }
        self.members.entry(group).or_default().push(member);
        true
    }

    /// Adds the members that join and leave by a part.
    fn part(&mut self, part: &PlanPart) {
        let joining = part.join.iter().map(|(id, kind)| {
            let (id, kind) = (*id, *kind);
            (part.group, MemberRef { id, kind })
        });
        self.joining.extend(joining);
        self.leaving
            .extend(part.leave.iter().map(|id| (part.group, *id)));
    }
}

impl Directory {
    /// The members of all groups in a range of ids. `plans` are the groups' open plans, read before.
    pub(crate) async fn members_between(
        &self,
        first: ResourceId,
        last: ResourceId,
        plans: &Plans,
    ) -> Result<BTreeMap<ResourceId, Vec<MemberRef>>, DirectoryError> {
        let read = self.read_edges(first, last, plans, usize::MAX).await?;
        self.settled(read).await
    }

    /// The members of a group that was not read before; `None` if the group does not exist.
    ///
    /// # Errors
    ///
    /// `TooMany` when the group has more than `most` members.
    pub(crate) async fn members_now(
        &self,
        group: ResourceId,
        most: usize,
    ) -> Result<Option<Vec<MemberRef>>, DirectoryError> {
        let beside = self.branch();
        let (head, read) = futures_util::future::try_join(
            beside.get(ResourceKind::Group, group),
            self.read_edges(group, group, &Plans::new(), most),
        )
        .await?;
        drop(beside);
        let mut members = match head {
            None => return Ok(None),
            Some(_) if !read.is_planned => self.settled(read).await?,
            Some(_) => {
                let head = self.get(ResourceKind::Group, group).await?;
                let plans = plans_of(head.as_slice());
                self.members_between(group, group, &plans).await?
            }
        };
        Ok(Some(members.remove(&group).unwrap_or_default()))
    }

    pub(super) async fn read_edges(
        &self,
        first: ResourceId,
        last: ResourceId,
        plans: &Plans,
        most: usize,
    ) -> Result<EdgesRead, DirectoryError> {
        let (from, to) = keys::edge_range(first, last);
        let pk = keys::members(self.table.tenant());
        self.read_range(&Range { pk, from, to }, plans, most).await
    }

    /// Reads a range of edges.
    ///
    /// # Errors
    ///
    /// `TooMany` when the range has more than `most` members.
    pub(super) async fn read_range(
        &self,
        range: &Range,
        plans: &Plans,
        most: usize,
    ) -> Result<EdgesRead, DirectoryError> {
        let mut read = EdgesRead::default();
        let mut pages = self.table.pages(range, Direction::Ascending);
        while let Some(items) = pages.next().await? {
            for item in &items {
                if read.edge(item) {
                    continue;
                }
                if let Some(part) = PlanPart::read(self.table.tenant(), item)? {
                    read.is_planned = true;
                    if part.done.is_none() && plans.get(&part.group) == Some(&part.plan) {
                        read.part(&part);
                    }
                }
            }
            if read.members.values().map(Vec::len).sum::<usize>() > most {
                return Err(DirectoryError::TooMany);
            }
        }
        Ok(read)
    }

    /// The members after applying the open plans, without deleted members.
    pub(super) async fn settled(
        &self,
        read: EdgesRead,
    ) -> Result<BTreeMap<ResourceId, Vec<MemberRef>>, DirectoryError> {
        let EdgesRead {
            mut members,
            joining,
            mut leaving,
            departing,
            ..
        } = read;
        if joining.is_empty() && leaving.is_empty() && departing.is_empty() {
            return Ok(members);
        }
        let doubtful = joining.iter().chain(&departing).map(|(_, member)| *member);
        let present = self.present(doubtful).await?;
        for (group, member) in joining {
            if present.contains(&member.id) {
                members.entry(group).or_default().push(member);
            }
        }
        let gone = departing.iter().map(|(group, member)| (*group, member.id));
        leaving.extend(gone.filter(|(_, member)| !present.contains(member)));
        for (group, members) in &mut members {
            members.retain(|member| !leaving.contains(&(*group, member.id)));
            members.sort_unstable_by_key(|member| member.id);
            members.dedup_by_key(|member| member.id);
        }
        Ok(members)
    }

    /// The edges of all members in a range of ids, as pairs of member and group, including deleted groups.
    pub(crate) async fn edges_between(
        &self,
        first: ResourceId,
        last: ResourceId,
    ) -> Result<Vec<(ResourceId, ResourceId)>, DirectoryError> {
        let (edges, intents) = self.edges_and_intents(first, last).await?;
        if intents.is_empty() {
            return Ok(edges);
        }
        let groups = intents.into_iter().map(|intent| intent.group);
        let plans = self.plans_named(groups.collect()).await?;
        let (edges, intents) = self.edges_and_intents(first, last).await?;
        let mut edges: BTreeSet<_> = edges.into_iter().collect();
        for intent in intents {
            if plans.get(&intent.group) == Some(&intent.plan) {
                match intent.joins {
                    Some(_) => edges.insert((intent.member, intent.group)),
                    None => edges.remove(&(intent.member, intent.group)),
                };
            }
        }
        Ok(edges.into_iter().collect())
    }

    async fn edges_and_intents(
        &self,
        first: ResourceId,
        last: ResourceId,
    ) -> Result<(Vec<(ResourceId, ResourceId)>, Vec<Intent>), DirectoryError> {
        let (from, to) = keys::edge_range(first, last);
        let pk = keys::memberships(self.table.tenant());
        let range = Range { pk, from, to };
        let items = self.table.query(&range, None).await?;
        let edges = items.iter().filter_map(|item| keys::edge(sort_key(item)));
        let intents = items.iter().filter_map(Intent::read);
        Ok((edges.collect(), intents.collect()))
    }

    /// The open plans of groups.
    async fn plans_named(&self, groups: BTreeSet<ResourceId>) -> Result<Plans, DirectoryError> {
        let heads = self.heads(groups.into_iter()).await?;
        Ok(heads
            .into_iter()
            .filter_map(|(group, plan)| Some((group, plan?)))
            .collect())
    }

    /// The existing groups among these, each with its open plan.
    async fn heads(
        &self,
        groups: impl Iterator<Item = ResourceId>,
    ) -> Result<BTreeMap<ResourceId, Option<String>>, DirectoryError> {
        let keys: Vec<Key> = groups
            .map(|id| keys::resource(self.table.tenant(), ResourceKind::Group, id))
            .collect();
        let items = self.table.batch_get(&keys).await?;
        let heads = items.iter().filter_map(|item| {
            let plan = text(item, attribute::OPEN).map(str::to_owned);
            Some((ResourceId::parse(sort_key(item))?, plan))
        });
        Ok(heads.collect())
    }

    /// Which of these members are in which of these groups, as pairs of group and member; a deleted group has no members.
    /// `plans` are the groups' open plans if they were read before.
    pub(crate) async fn joined(
        &self,
        groups: &[ResourceId],
        members: &[ResourceId],
        plans: Option<Plans>,
    ) -> Result<Vec<(ResourceId, MemberRef)>, DirectoryError> {
        let pairs = groups
            .iter()
            .flat_map(|group| members.iter().map(|member| (*group, *member)));
        let pairs: Vec<_> = pairs.collect();
        let heads = groups.iter().filter(|_| plans.is_none());
        let heads = heads.map(|id| keys::resource(self.table.tenant(), ResourceKind::Group, *id));
        let edges = pairs
            .iter()
            .map(|(group, member)| keys::member(self.table.tenant(), *group, *member));
        let keys: Vec<Key> = match &plans {
            Some(plans) if !plans.is_empty() => Vec::new(),
            _ => heads.chain(edges).collect(),
        };
        let items = self.table.batch_get(&keys).await?;
        let (edges, heads): (Vec<Item>, Vec<Item>) = items
            .into_iter()
            .partition(|item| keys::edge(sort_key(item)).is_some());
        let mut there: BTreeSet<ResourceId> = groups.iter().copied().collect();
        let plans = plans.unwrap_or_else(|| {
            let named = heads
                .iter()
                .filter_map(|head| Some((ResourceId::parse(sort_key(head))?, head)));
            there = named.clone().map(|(id, _)| id).collect();
            named
                .filter_map(|(id, head)| Some((id, text(head, attribute::OPEN)?.to_owned())))
                .collect()
        });
        let read = match plans.is_empty() {
            true => EdgesRead::of(&edges),
            false => self.read_among(&pairs, &plans).await?,
        };
        let members = self.settled(read).await?.into_iter();
        Ok(members
            .filter(|(group, _)| there.contains(group))
            .flat_map(|(group, members)| members.into_iter().map(move |member| (group, member)))
            .collect())
    }

    /// Reads the intents and edges between these groups and members. Intents are read first, because an applied intent has
    /// become an edge.
    async fn read_among(
        &self,
        pairs: &[(ResourceId, ResourceId)],
        plans: &Plans,
    ) -> Result<EdgesRead, DirectoryError> {
        let intents = pairs.iter().filter_map(|(group, member)| {
            let plan = plans.get(group)?;
            Some(keys::intent(self.table.tenant(), *member, *group, plan))
        });
        let intents: Vec<Key> = intents.collect();
        let intents = self.table.batch_get(&intents).await?;
        let edges: Vec<Key> = pairs
            .iter()
            .map(|(group, member)| keys::member(self.table.tenant(), *group, *member))
            .collect();
        let edges = self.table.batch_get(&edges).await?;
        let mut read = EdgesRead::of(&edges);
        for intent in intents.iter().filter_map(Intent::read) {
            match intent.joins {
                Some(kind) => {
                    let id = intent.member;
                    read.joining.push((intent.group, MemberRef { id, kind }));
                }
                None => {
                    read.leaving.insert((intent.group, intent.member));
                }
            }
        }
        Ok(read)
    }
}
