//! Reads groups with all their members, each group in one consistent version.
//!
//! Members are sorted by their group's id, so the members of a page of neighbouring groups are one range, which a few
//! parallel queries read. Then the groups are read again; a group whose version changed meanwhile is read anew, alone.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt, TryStreamExt};
use scim_core::{ResourceId, ResourceKind};

use super::overlay::{EdgesRead, Plans, plans_of};
use crate::limits::{LARGE_SIDE_BY_SIDE, MEMBERS_PER_QUERY, READ_ATTEMPTS, SIDE_BY_SIDE};
use crate::people::directory::{Directory, MemberRef, Spread};
use crate::people::item::{Stored, read_resource};
use crate::table::{DirectoryError, Range, keys};

/// The range boundaries for the members of a large group: the first digit of their ids.
const CUTS: [&str; 17] = [
    "", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f", "~",
];

impl Directory {
    /// A group and all its members, in the version of `group`, or in a later one if the group changes meanwhile. `None` if
    /// it is deleted meanwhile.
    pub async fn with_members(
        &self,
        group: Stored,
    ) -> Result<Option<(Stored, Vec<MemberRef>)>, DirectoryError> {
        let id = group.resource.id;
        let mut head = Some(group);
        for _ in 0..READ_ATTEMPTS {
            let Some(group) = head else {
                return Ok(None);
            };
            if is_bare(&group) {
                return Ok(Some((group, Vec::new())));
            }
            let members = self.members_of_group(&group).await?;
            head = self.get(ResourceKind::Group, id).await?;
            match &head {
                Some(now) if is_same(now, &group) => return Ok(Some((group, members))),
                _ => {}
            }
        }
        Err(DirectoryError::Contended)
    }

    /// Groups and all their members, each in one version, without groups that are deleted meanwhile.
    pub async fn with_members_each(
        &self,
        groups: Vec<Stored>,
        spread: Spread,
    ) -> Result<Vec<(Stored, Vec<MemberRef>)>, DirectoryError> {
        let mut members = self.members_of_groups(&groups, spread).await?;
        let mut heads = self.read_again(&groups, spread).await?;
        let branches = groups.into_iter().map(|group| {
            let id = group.resource.id;
            let members = members.remove(&id).unwrap_or_default();
            let head = heads.remove(&id);
            let branch = self.branch();
            async move {
                match head {
                    // A member that joined after the group was read belongs to a later version.
                    _ if is_bare(&group) => Ok(Some((group, Vec::new()))),
                    Some(now) if is_same(&now, &group) => Ok(Some((group, members))),
                    Some(now) => branch.with_members(now).await,
                    None => Ok(None),
                }
            }
        });
        let found: Vec<_> = stream::iter(branches)
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The members of groups that were read before, sorted by id.
    pub(crate) async fn members_of_groups(
        &self,
        groups: &[Stored],
        spread: Spread,
    ) -> Result<BTreeMap<ResourceId, Vec<MemberRef>>, DirectoryError> {
        let branches: Vec<_> = runs(groups, spread)
            .into_iter()
            .map(|run| async move {
                // The branch is created when the future runs, so that its calls count as round trips after the earlier
                // ones.
                self.branch().members_of_run(run).await
            })
            .collect();
        let found: Vec<_> = stream::iter(branches)
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The members of consecutive groups. Only leftovers of deleted groups may lie between them.
    async fn members_of_run(
        &self,
        run: &[Stored],
    ) -> Result<Vec<(ResourceId, Vec<MemberRef>)>, DirectoryError> {
        if let [first, .., last] = run {
            let (first, last) = (first.resource.id, last.resource.id);
            let most = usize::try_from(2 * MEMBERS_PER_QUERY).unwrap_or(usize::MAX);
            let read = self.read_edges(first, last, &plans_of(run), most).await;
            match read {
                Ok(read) => return Ok(self.settled(read).await?.into_iter().collect()),
                Err(DirectoryError::TooMany) => {}
                Err(error) => return Err(error),
            }
        }
        let mut found = Vec::new();
        for group in run {
            found.push((group.resource.id, self.members_of_group(group).await?));
        }
        Ok(found)
    }

    /// The members of a group that was read before, sorted by id.
    pub(crate) async fn members_of_group(
        &self,
        group: &Stored,
    ) -> Result<Vec<MemberRef>, DirectoryError> {
        let id = group.resource.id;
        let plans = plans_of(std::slice::from_ref(group));
        let read = match group.members > MEMBERS_PER_QUERY {
            true => self.read_in_parallel(id, &plans).await?,
            false => self.read_edges(id, id, &plans, usize::MAX).await?,
        };
        Ok(self.settled(read).await?.remove(&id).unwrap_or_default())
    }

    async fn read_in_parallel(
        &self,
        group: ResourceId,
        plans: &Plans,
    ) -> Result<EdgesRead, DirectoryError> {
        let branches: Vec<_> = CUTS
            .windows(2)
            .filter_map(|cut| match cut {
                [from, to] => Some(Range {
                    pk: keys::members(self.table.tenant()),
                    from: format!("{group}#{from}"),
                    to: format!("{group}#{to}"),
                }),
                _ => None,
            })
            .map(|range| async move { self.branch().read_range(&range, plans, usize::MAX).await })
            .collect();
        stream::iter(branches)
            .buffered(LARGE_SIDE_BY_SIDE)
            .try_fold(EdgesRead::default(), |all, read| async {
                Ok(all.and(read))
            })
            .await
    }

    /// Reads again the groups that have members; deleted groups are missing from the result.
    async fn read_again(
        &self,
        groups: &[Stored],
        spread: Spread,
    ) -> Result<BTreeMap<ResourceId, Stored>, DirectoryError> {
        let mut with = groups.iter().filter(|group| !is_bare(group));
        let heads = match (spread, with.next(), with.next_back()) {
            (_, None, _) => Vec::new(),
            (Spread::Neighbours, Some(first), Some(last)) => {
                let range = Range {
                    pk: keys::resources(self.table.tenant(), ResourceKind::Group),
                    from: first.resource.id.to_string(),
                    to: last.resource.id.to_string(),
                };
                let items = self.table.query(&range, None).await?;
                let read = |item| read_resource(ResourceKind::Group, item);
                items.iter().map(read).collect::<Result<_, _>>()?
            }
            _ => {
                let with = groups.iter().filter(|group| !is_bare(group));
                let ids = with.map(|group| group.resource.id).collect();
                self.resources(ResourceKind::Group, ids).await?
            }
        };
        let by_id = heads.into_iter().map(|head| (head.resource.id, head));
        Ok(by_id.collect())
    }
}

/// Splits groups into runs, each of which one query reads: consecutive groups with few members in total.
fn runs(groups: &[Stored], spread: Spread) -> Vec<&[Stored]> {
    let mut runs = Vec::new();
    let mut rest = groups;
    while let Some(first) = rest.first() {
        let mut sum = 0;
        let fits = |group: &&Stored| {
            sum += group.members;
            spread == Spread::Neighbours && sum <= MEMBERS_PER_QUERY && group.plan.is_none()
        };
        let length = rest.iter().take_while(fits).count().max(1);
        let (run, others) = rest.split_at(length.min(rest.len()));
        if run.len() > 1 || !is_bare(first) {
            runs.push(run);
        }
        rest = others;
    }
    runs
}

/// Whether a group has no members and no open plan.
const fn is_bare(group: &Stored) -> bool {
    group.members == 0 && group.plan.is_none()
}

fn is_same(now: &Stored, before: &Stored) -> bool {
    now.resource.meta.version == before.resource.meta.version
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use scim_core::resource::Meta;
    use scim_core::{Attributes, Resource, Version};

    use super::*;

    fn group(members: u64, plan: Option<&str>) -> Stored {
        Stored {
            resource: Resource {
                kind: ResourceKind::Group,
                id: ResourceId::parse("00000000-0000-4000-8000-000000000000").unwrap(),
                meta: Meta {
                    created: Timestamp::UNIX_EPOCH,
                    last_modified: Timestamp::UNIX_EPOCH,
                    version: Version(1),
                },
                attributes: Attributes::new(),
            },
            members,
            fence: 0,
            plan: plan.map(str::to_owned),
            waiting: false,
        }
    }

    #[test]
    fn a_query_reads_neighbours_with_few_members_and_no_plan() {
        let groups: Vec<Stored> = [
            (10, None),
            (0, None),
            (4_990, None),
            (1, None),
            (5, Some("p")),
            (0, Some("q")),
            (250_000, None),
            (0, None),
            (3, None),
        ]
        .map(|(members, plan)| group(members, plan))
        .into();
        let shape = |spread| -> Vec<Vec<u64>> {
            let members = |run: &[Stored]| run.iter().map(|group| group.members).collect();
            runs(&groups, spread).into_iter().map(members).collect()
        };
        assert_eq!(
            shape(Spread::Neighbours),
            [
                vec![10, 0, 4_990],
                vec![1],
                vec![5],
                vec![0],
                vec![250_000],
                vec![0, 3]
            ]
        );
        assert_eq!(
            shape(Spread::Scattered),
            [[10], [4_990], [1], [5], [0], [250_000], [3]]
        );
        assert!(runs(&[], Spread::Neighbours).is_empty());
    }
}
