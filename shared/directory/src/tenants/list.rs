//! Lists and searches tenants, sorted by id.

use scim_core::sort::Direction;

use super::{Status, Tenant, Tenants};
use crate::limits::{TENANTS_AT_ONCE, TENANTS_LOOKED_AT};
use crate::table::{DirectoryError, Meter, Range, keys, sort_key};
use keyring::TenantId;

/// The search criteria.
#[derive(Clone, Debug, Default)]
pub struct Search<'s> {
    /// The prefix of the id, or a part of the name, ignoring case.
    pub text: Option<&'s str>,
    /// The status that the tenants must have.
    pub status: Option<Status>,
    /// The tenant after which the page starts.
    pub after: Option<&'s TenantId>,
    /// The most tenants to return.
    pub count: usize,
}

/// A page of tenants.
#[derive(Debug)]
pub struct TenantPage {
    /// The tenants that matched.
    pub tenants: Vec<Tenant>,
    /// The tenant after which the next page starts, if there may be one. It need not be on this page.
    pub next: Option<TenantId>,
}

impl Search<'_> {
    fn matches(&self, tenant: &Tenant) -> bool {
        let has_text = self.text.is_none_or(|wanted| {
            let wanted = wanted.to_lowercase();
            tenant.id.as_str().starts_with(&wanted) || tenant.name.to_lowercase().contains(&wanted)
        });
        has_text && self.status.is_none_or(|status| status == tenant.status)
    }
}

impl Tenants {
    /// The next tenants that match. One call reads at most 2,000 tenants, so a page may have fewer results than requested,
    /// or none, and still have a next page.
    pub async fn list(
        &self,
        search: &Search<'_>,
        meter: &Meter,
    ) -> Result<TenantPage, DirectoryError> {
        let mut found = Vec::new();
        let mut last: Option<TenantId> = search.after.cloned();
        let mut looked_at = 0;
        let range = range_after(search.after);
        let mut pages = self.store.pages(&range, Direction::Ascending, meter);
        while looked_at < TENANTS_LOOKED_AT {
            let items = pages.next_of(Some(TENANTS_AT_ONCE)).await?;
            let items = items.unwrap_or_default();
            for (at, item) in items.iter().enumerate() {
                let tenant = Tenant::read(item)?;
                if search.matches(&tenant) {
                    found.push(tenant);
                }
                let is_last = pages.is_over() && at + 1 == items.len();
                if found.len() >= search.count && !is_last {
                    return Ok(TenantPage {
                        tenants: found,
                        next: TenantId::parse(sort_key(item)),
                    });
                }
            }
            if pages.is_over() {
                return Ok(TenantPage {
                    tenants: found,
                    next: None,
                });
            }
            looked_at += items.len();
            last = items
                .last()
                .and_then(|item| TenantId::parse(sort_key(item)));
        }
        Ok(TenantPage {
            tenants: found,
            next: last,
        })
    }
}

/// The tenants after this one, or all of them. No id contains a character below `-`.
fn range_after(tenant: Option<&TenantId>) -> Range {
    Range {
        pk: keys::TENANTS.to_owned(),
        from: tenant.map_or_else(|| "-".to_owned(), |tenant| format!("{tenant}!")),
        to: "~".to_owned(),
    }
}
