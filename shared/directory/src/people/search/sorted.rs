//! Sorted results of one or several resource types.

use std::collections::BTreeMap;

use scim_core::sort::{Direction, SortKey};
use scim_core::{ResourceId, ResourceKind};

use super::{Matches, ResourceQuery, marked};
use crate::limits::SORTED_KEY_BYTES;
use crate::people::directory::Directory;
use crate::people::item::Stored;
use crate::table::keys::{self, UniqueName};
use crate::table::{DirectoryError, Range};

/// The start of a page of sorted results.
#[derive(Clone, PartialEq, Debug)]
pub enum SortedPageStart {
    /// After this number of results.
    Rank(u64),
    /// After the result with this id and this sort key, truncated to [`SORTED_KEY_BYTES`].
    After(SortKey, ResourceId),
}

/// A page of sorted results.
#[derive(Debug)]
pub struct Sorted {
    /// The number of results on all pages.
    pub total: u64,
    /// The results on the page, each with its sort key.
    pub page: Vec<(SortKey, Stored)>,
}

/// A result's sort key, type and id.
type Keyed = (SortKey, ResourceKind, ResourceId);

impl Directory {
    /// One sorted page of the results of several queries, each for a different resource type. The queries' own start and
    /// count are ignored.
    ///
    /// # Errors
    ///
    /// As [`Directory::search`].
    pub async fn search_sorted(
        &self,
        queries: &[ResourceQuery<'_>],
        direction: Direction,
        place: &SortedPageStart,
        count: usize,
    ) -> Result<Sorted, DirectoryError> {
        if let [query] = queries
            && query.filter.is_none()
            && query
                .order
                .sort()
                .is_some_and(|sort| sort.target.is_own(keys::unique_attribute(query.of.kind)))
        {
            return self.by_name(query.of.kind, direction, place, count).await;
        }
        let mut found: Vec<Keyed> = Vec::new();
        for query in queries {
            let kind = query.of.kind;
            let ranges = self.matches(*query).await?;
            found.extend(ranges.into_iter().flat_map(|matches| keyed(kind, matches)));
        }
        // The sort is stable: equal values stay in id order.
        found.sort_by(|(one, ..), (other, ..)| direction.order(one, other));
        let total = u64::try_from(found.len()).unwrap_or_default();
        let start = match place {
            SortedPageStart::Rank(skipped) => usize::try_from(*skipped).unwrap_or(usize::MAX),
            SortedPageStart::After(key, id) => start_after(&found, direction, key, *id),
        };
        let wanted = found.into_iter().skip(start).take(count).collect();
        Ok(Sorted {
            total,
            page: self.in_order(wanted).await?,
        })
    }

    /// The page of all resources of a type sorted by unique name. The markers are stored in that order.
    async fn by_name(
        &self,
        kind: ResourceKind,
        direction: Direction,
        place: &SortedPageStart,
        count: usize,
    ) -> Result<Sorted, DirectoryError> {
        let total = self.total(kind).await?;
        let mut range = Range {
            pk: keys::markers(self.table.tenant(), kind),
            from: "\u{0}".to_owned(),
            to: "\u{10ffff}".to_owned(),
        };
        let skipped = match place {
            SortedPageStart::Rank(skipped) => usize::try_from(*skipped).unwrap_or(usize::MAX),
            SortedPageStart::After(SortKey::Text(name), _) => {
                let given = keys::marker(self.table.tenant(), kind, &UniqueName::compared(name)).sk;
                match direction {
                    Direction::Ascending => range.from = given,
                    Direction::Descending => range.to = given,
                }
                0
            }
            SortedPageStart::After(..) => 0,
        };
        let page = Vec::new();
        if count == 0 || u64::try_from(skipped).unwrap_or(u64::MAX) >= total {
            return Ok(Sorted { total, page });
        }
        // One more, because the range includes the name that it starts after.
        let limit = skipped.saturating_add(count).saturating_add(1);
        let markers = self.table.query_in(&range, Some(limit), direction).await?;
        let given = match place {
            SortedPageStart::After(_, id) => Some(*id),
            SortedPageStart::Rank(_) => None,
        };
        let names = markers.iter().skip(skipped).filter_map(|marker| {
            let id = marked(marker).filter(|id| Some(*id) != given)?;
            let name = crate::table::sort_key(marker).to_owned();
            Some((SortKey::Text(name), kind, id))
        });
        let page = self.in_order(names.take(count).collect()).await?;
        Ok(Sorted { total, page })
    }

    /// Reads these results and keeps their order, without those deleted meanwhile.
    async fn in_order(
        &self,
        results: Vec<Keyed>,
    ) -> Result<Vec<(SortKey, Stored)>, DirectoryError> {
        let mut stored = BTreeMap::new();
        for kind in ResourceKind::ALL {
            let of_kind = results.iter().filter(|(_, other, _)| *other == kind);
            let ids: Vec<ResourceId> = of_kind.map(|(_, _, id)| *id).collect();
            for one in self.resources(kind, ids).await? {
                stored.insert(one.resource.id, one);
            }
        }
        Ok(results
            .into_iter()
            .filter_map(|(key, _, id)| Some((key, stored.remove(&id)?)))
            .collect())
    }
}

fn keyed(kind: ResourceKind, matches: Matches) -> impl Iterator<Item = Keyed> {
    let keys = matches.keys.into_iter();
    keys.map(move |(key, id)| (key, kind, id))
}

/// The index of the first result after the last result of the previous page, even if that result no longer exists.
fn start_after(found: &[Keyed], direction: Direction, given: &SortKey, id: ResourceId) -> usize {
    let against = |key: &SortKey| direction.order(&key.cut(SORTED_KEY_BYTES), given);
    let first = found.partition_point(|(key, ..)| against(key).is_lt());
    let equal = found.partition_point(|(key, ..)| against(key).is_le());
    let alike = found.get(first..equal).unwrap_or_default();
    let is_cut = matches!(given, SortKey::Text(text) if text.len() + 4 > SORTED_KEY_BYTES);
    let passed = match alike.iter().position(|(_, _, other)| *other == id) {
        Some(at) => at + 1,
        // Results with truncated keys are not in id order: it is better to return one twice than to miss one.
        None if is_cut => 0,
        None => alike.partition_point(|(_, _, other)| *other <= id),
    };
    first + passed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> ResourceId {
        ResourceId::parse(&format!("{n:02x}000000-0000-4000-8000-000000000000")).unwrap()
    }

    fn found(keys: &[(&str, u8)]) -> Vec<Keyed> {
        let keys = keys.iter();
        keys.map(|(key, n)| {
            let key = SortKey::Text((*key).to_owned());
            (key, ResourceKind::User, id(*n))
        })
        .collect()
    }

    #[test]
    fn k12_a_page_starts_after_the_last_result_even_if_that_was_deleted() {
        let sorted = found(&[("a", 5), ("b", 1), ("b", 3), ("b", 7), ("c", 2)]);
        let text = |text: &str| SortKey::Text(text.to_owned());
        let start = |key: &str, n| start_after(&sorted, Direction::Ascending, &text(key), id(n));
        assert_eq!(start("a", 5), 1);
        assert_eq!(start("b", 1), 2);
        assert_eq!(start("b", 4), 3);
        assert_eq!(start("b", 9), 4);
        assert_eq!(start("bb", 9), 4);
        assert_eq!(start("", 9), 0);
        assert_eq!(start("c", 2), 5);
        let down: Vec<Keyed> = found(&[("c", 2), ("b", 1), ("b", 3), ("a", 5)]);
        let place = start_after(&down, Direction::Descending, &text("b"), id(2));
        assert_eq!(place, 2);
    }

    #[test]
    fn k12_paging_over_long_keys_ends_and_misses_no_result() {
        let long = |end: &str| "x".repeat(SORTED_KEY_BYTES) + end;
        let (one, two) = (long("a"), long("b"));
        let sorted = found(&[(&one, 9), (&two, 1), ("y", 2)]);
        let cut = |n: usize| sorted[n].0.cut(SORTED_KEY_BYTES).into_owned();
        let start = |n: usize| start_after(&sorted, Direction::Ascending, &cut(n), sorted[n].2);
        assert_eq!((start(0), start(1), start(2)), (1, 2, 3));
        let gone = start_after(&sorted, Direction::Ascending, &cut(0), id(5));
        assert_eq!(gone, 0);
    }
}
