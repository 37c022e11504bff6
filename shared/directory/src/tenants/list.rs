//! Looking through the tenants, in the order of their ids.

use scim_core::sort::Direction;

use super::{Status, Tenant, Tenants};
use crate::table::{DirectoryError, Meter, Range, keys, sort_key};
use keyring::TenantId;

/// How many tenants one call looks at before it gives what it found.
const LOOKED_AT: usize = 2_000;
/// How many are read at a time.
const STRIDE: usize = 200;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Search<'s> {
    /// What the id begins with, or the name contains, in any case.
    pub text: Option<&'s str>,
    /// The status.
    pub status: Option<Status>,
    /// The tenant after which to go on.
    pub after: Option<&'s TenantId>,
    /// How many to give at most.
    pub count: usize,
}

/// Some tenants.
#[derive(Debug)]
pub struct Listed {
    /// The tenants.
    pub tenants: Vec<Tenant>,
    /// The tenant after which to go on, if there may be more. It need not be among those given.
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
    /// The next tenants that are looked for. One call looks at 2,000 of them, so it may give fewer than it was
    /// asked for, or none, and still say where to go on.
    pub async fn list(&self, search: &Search<'_>, meter: &Meter) -> Result<Listed, DirectoryError> {
        let mut found = Vec::new();
        let mut last: Option<String> = search.after.map(ToString::to_string);
        let mut looked_at = 0;
        while looked_at < LOOKED_AT {
            let range = Range {
                pk: keys::TENANTS.to_owned(),
                // No id holds a character below `-`.
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
