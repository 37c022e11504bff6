//! Checks resources against the filter and computes their sort keys.

use scim_core::effort::EffortExceeded;
use scim_core::sort::SortKey;
use scim_core::{Attributes, ResourceKind};
use serde_json::Value;

use super::memberships::NeededMemberships;
use super::{Matches, Order, PageStart, ResourceQuery};
use crate::people::directory::{Directory, Spread};
use crate::people::item::Stored;
use crate::table::DirectoryError;

impl Directory {
    /// Checks candidates against the filter.
    pub(super) async fn matching(
        &self,
        query: ResourceQuery<'_>,
        asked: &NeededMemberships,
        resources: Vec<Stored>,
        spread: Spread,
    ) -> Result<Matches, DirectoryError> {
        let mut memberships = self.memberships(query, asked, &resources, spread).await?;
        let name = match query.of.kind {
            ResourceKind::User => "groups",
            ResourceKind::Group => "members",
        };
        let mut matches = Matches::default();
        for mut stored in resources {
            let resource = &mut stored.resource;
            let id = resource.id;
            if let Some(values) = memberships.remove(&id) {
                let values = Value::Array(values);
                resource.attributes.insert(name.to_owned(), values);
            }
            let key = resource.seen(query.of, query.base, |whole| query.key(whole))?;
            resource.attributes.shift_remove(name);
            let Some(key) = key else {
                continue;
            };
            matches.total += 1;
            match (query.order, query.place) {
                (Order::By(_) | Order::Alike, _) => matches.keys.push((key, id)),
                (Order::Ids, PageStart::After(after)) if id <= after => matches.before += 1,
                (Order::Ids, _) if matches.first.len() < query.within() => {
                    matches.first.push(stored);
                }
                (Order::Ids, _) => {}
            }
        }
        Ok(matches)
    }
}

impl ResourceQuery<'_> {
    /// The sort key of a representation; `None` if it does not match the filter.
    fn key(&self, whole: &Attributes) -> Result<Option<SortKey>, EffortExceeded> {
        if let Some(filter) = self.filter
            && !filter.matches(whole, self.effort)?
        {
            return Ok(None);
        }
        let key = self.order.sort().map(|sort| sort.key(whole, self.effort));
        Ok(Some(key.transpose()?.unwrap_or(SortKey::Unassigned)))
    }
}
