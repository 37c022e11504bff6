//! Lists and searches tenants, sorted by id.

use scim_core::sort::Direction;

use super::{Status, Tenant, Tenants};
use crate::table::{DirectoryError, Meter, Range, keys, sort_key};
use keyring::TenantId;

/// The most tenants that one call reads before it returns.
const LOOKED_AT: usize = 2_000;
/// The number of tenants per query.
const STRIDE: usize = 200;

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
pub struct Listed {
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
    pub async fn list(&self, search: &Search<'_>, meter: &Meter) -> Result<Listed, DirectoryError> {
        let mut found = Vec::new();
        let mut last: Option<String> = search.after.map(ToString::to_string);
        let mut looked_at = 0;
        while looked_at < LOOKED_AT {
            let range = Range {
                pk: keys::TENANTS.to_owned(),
                // No id contains a character below `-`.
                from: last.map_or_else(|| "-".to_owned(), |last| last + "!"),
                to: "~".to_owned(),
            };
            let page =
                self.store
                    .query_page(&range, Some(STRIDE), None, Direction::Ascending, meter);
            let (items, more) = page.await?;
            for (at, item) in items.iter().enumerate() {
                let tenant = Tenant::read(item)?;
                if search.matches(&tenant) {
                    found.push(tenant);
                }
                let is_last = more.is_none() && at + 1 == items.len();
                if found.len() >= search.count && !is_last {
                    return Ok(Listed {
                        tenants: found,
                        next: TenantId::parse(sort_key(item)),
                    });
                }
            }
            if more.is_none() {
                return Ok(Listed {
                    tenants: found,
                    next: None,
                });
            }
            looked_at += items.len();
            last = items.last().map(|item| sort_key(item).to_owned());
        }
        Ok(Listed {
            tenants: found,
            next: last.as_deref().and_then(TenantId::parse),
        })
    }
}
