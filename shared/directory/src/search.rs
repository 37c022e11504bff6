//! Finding resources by a filter.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::try_join_all;
use scim_core::filter::Resolved;
use scim_core::{ResourceId, ResourceKind, ResourceType};
use serde_json::{Value, json};

use crate::directory::{Directory, Found, MemberRef, edge_kind};
use crate::error::DirectoryError;
use crate::items::{Stored, read_resource};
use crate::keys::{self, Key};
use crate::plan::{Memberships, Plan};
use crate::store::{Range, sort_key, text};

/// How long everything of a tenant is looked through before the query is refused. The gateway waits
/// 30 seconds.
const SCAN_TIME: Duration = Duration::from_secs(20);
/// How many resources an index may give before the query is refused.
const MOST_CANDIDATES: usize = 10_000;
/// How many members are looked at for one filter before the query is refused.
const MOST_MEMBERS_READ: u64 = 100_000;
/// Everything is looked through in ranges side by side, one for each first digit of the ids.
const RANGES: [(&str, &str); 16] = [
    ("0", "1"),
    ("1", "2"),
    ("2", "3"),
    ("3", "4"),
    ("4", "5"),
    ("5", "6"),
    ("6", "7"),
    ("7", "8"),
    ("8", "9"),
    ("9", "a"),
    ("a", "b"),
    ("b", "c"),
    ("c", "d"),
    ("d", "e"),
    ("e", "f"),
    ("f", "g"),
];

/// A query: what is searched for, and the page of it that is wanted.
#[derive(Clone, Copy)]
pub struct Query<'q> {
    /// The resource type.
    pub of: &'q ResourceType,
    /// The filter.
    pub filter: &'q Resolved<'q>,
    /// The base address that locations are compared with.
    pub base: &'q str,
    /// How many results stand before the page.
    pub skipped: u64,
    /// How many results the page may have.
    pub count: usize,
}

/// The results of one range of ids: how many, and the resources that may be on the page.
struct Matches {
    total: u64,
    first: Vec<Stored>,
}

impl Query<'_> {
    /// How many results of a range may be on the page.
    fn within(&self) -> usize {
        usize::try_from(self.skipped)
            .unwrap_or(usize::MAX)
            .saturating_add(self.count)
    }
}

impl Directory {
    /// The page of the resources that meet a filter, in the order of their ids.
    ///
    /// # Errors
    ///
    /// `TooMany` when no index serves the filter and the time is not enough.
    pub async fn search(&self, query: Query<'_>) -> Result<Found, DirectoryError> {
        let plan = Plan::of(query.of.kind, query.filter);
        let ranges = match self.candidates(query.of.kind, plan).await? {
            Some(candidates) => vec![self.judge(query, candidates).await?],
            None => tokio::time::timeout(
                SCAN_TIME,
                try_join_all(RANGES.iter().map(|range| {
                    let branch = self.branch();
                    async move { branch.scan(query, *range).await }
                })),
            )
            .await
            .map_err(|_| DirectoryError::TooMany)??,
        };
        let total = ranges.iter().map(|matches| matches.total).sum();
        let skipped = usize::try_from(query.skipped).unwrap_or(usize::MAX);
        let mut page = Vec::new();
        let mut before = 0_usize;
        for matches in ranges {
            let length = usize::try_from(matches.total).unwrap_or(usize::MAX);
            let ahead = skipped.saturating_sub(before);
            let wanted = query.count - page.len();
            page.extend(matches.first.into_iter().skip(ahead).take(wanted));
            before = before.saturating_add(length);
        }
        Ok(Found { total, page })
    }

    /// What an index gives, in the order of the ids; `None` when none serves.
    async fn candidates(
        &self,
        kind: ResourceKind,
        plan: Plan,
    ) -> Result<Option<Vec<Stored>>, DirectoryError> {
        let ids = match plan {
            Plan::Scan => return Ok(None),
            Plan::Id(id) => Vec::from_iter(id),
            Plan::Marker(value) => {
                let key = keys::marker(&self.tenant, kind, &value);
                let marker = self.store.get(&key, &self.meter).await?;
                Vec::from_iter(marker.and_then(|item| ResourceId::parse(text(&item, "id")?)))
            }
            Plan::Lookup(lookup, value) => {
                let pk = keys::lookups(&self.tenant, kind, lookup);
                let prefix = keys::lookup_prefix(&value);
                let range = Range::prefix(pk, &prefix);
                self.ids(&range, |sk| sk.strip_prefix(&prefix)).await?
            }
            Plan::GroupsOf(None) | Plan::MembersOf(None) => Vec::new(),
            Plan::GroupsOf(Some(member)) => self.edges_of(member).await?,
            Plan::MembersOf(Some(group)) => {
                let (from, to) = keys::edge_range(group, group);
                let pk = keys::members(&self.tenant);
                self.ids(&Range { pk, from, to }, |sk| {
                    sk.split_once('#').map(|(_, member)| member)
                })
                .await?
            }
        };
        let mut resources = match ids.as_slice() {
            [] => Vec::new(),
            [id] => Vec::from_iter(self.get(kind, *id).await?),
            ids => {
                let keys: Vec<Key> = ids
                    .iter()
                    .map(|id| keys::resource(&self.tenant, kind, *id))
                    .collect();
                self.store
                    .batch_get(&keys, &self.meter)
                    .await?
                    .iter()
                    .map(|item| read_resource(kind, item))
                    .collect::<Result<Vec<_>, _>>()?
            }
        };
        resources.sort_unstable_by_key(|stored| stored.resource.id);
        Ok(Some(resources))
    }

    async fn ids(
        &self,
        range: &Range,
        id: impl Fn(&str) -> Option<&str>,
    ) -> Result<Vec<ResourceId>, DirectoryError> {
        let items = self
            .store
            .query(range, Some(MOST_CANDIDATES + 1), &self.meter)
            .await?;
        if items.len() > MOST_CANDIDATES {
            return Err(DirectoryError::TooMany);
        }
        Ok(items
            .iter()
            .filter_map(|item| ResourceId::parse(id(sort_key(item))?))
            .collect())
    }

    /// Looks through one range of ids.
    async fn scan(
        &self,
        query: Query<'_>,
        (from, to): (&str, &str),
    ) -> Result<Matches, DirectoryError> {
        let range = Range {
            pk: keys::resources(&self.tenant, query.of.kind),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let mut all = Matches {
            total: 0,
            first: Vec::new(),
        };
        let mut next = None;
        loop {
            let (items, following) = self
                .store
                .query_page(&range, None, next, &self.meter)
                .await?;
            let resources = items
                .iter()
                .map(|item| read_resource(query.of.kind, item))
                .collect::<Result<Vec<_>, _>>()?;
            let found = self.judge(query, resources).await?;
            all.total += found.total;
            let room = query.within().saturating_sub(all.first.len());
            all.first.extend(found.first.into_iter().take(room));
            if following.is_none() {
                return Ok(all);
            }
            next = following;
        }
    }

    /// Puts resources to the filter.
    async fn judge(
        &self,
        query: Query<'_>,
        resources: Vec<Stored>,
    ) -> Result<Matches, DirectoryError> {
        let memberships = self.memberships(query, &resources).await?;
        let name = match query.of.kind {
            ResourceKind::User => "groups",
            ResourceKind::Group => "members",
        };
        let mut matches = Matches {
            total: 0,
            first: Vec::new(),
        };
        for stored in resources {
            let mut whole = stored.resource.represent(query.of, query.base);
            if let Some(values) = memberships.get(&stored.resource.id) {
                whole.insert(name.to_owned(), Value::Array(values.clone()));
            }
            if query.filter.matches(&whole) {
                matches.total += 1;
                if matches.first.len() < query.within() {
                    matches.first.push(stored);
                }
            }
        }
        Ok(matches)
    }

    /// The values of `groups` or `members` that the filter asks about.
    async fn memberships(
        &self,
        query: Query<'_>,
        resources: &[Stored],
    ) -> Result<BTreeMap<ResourceId, Vec<Value>>, DirectoryError> {
        let asked = Memberships::asked(query.of.kind, query.filter);
        let (Some(first), Some(last)) = (resources.first(), resources.last()) else {
            return Ok(BTreeMap::new());
        };
        let (first, last) = (first.resource.id, last.resource.id);
        match (asked, query.of.kind) {
            (Memberships::Unasked, _) => Ok(BTreeMap::new()),
            (Memberships::Of(ids), kind) => self.edges_among(kind, resources, &ids).await,
            (Memberships::All, ResourceKind::User) => {
                let groups = self.groups_between(first, last).await?;
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
                let members = self.members_between(first, last).await?;
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
