//! What a tenant's settings demand of its users. It is held by the very transaction that changes a user, so that no
//! number of simultaneous requests gets past it.
//!
//! A tenant that demands nothing pays nothing. With `seats`, a write that makes a user active, or ends that, has
//! one action more (two write units), and all those of a tenant meet in one item. With `unique_emails`, a write that
//! gives an address looks it up before (half a read unit, one round trip) and claims it (two write units), and one
//! that takes an address away gives the claim back. Everything else costs what it costs without.
//!
//! Rules bind who is or becomes active. An address is taken while an active user has it, which its lookup tells; the
//! claim only keeps two writers apart who look it up at the same time. Who is deactivated gives all claims back and
//! may have any address; who becomes active claims all addresses again. So a claim whose owner is inactive, or does
//! not have the address any more, is void.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use scim_core::active::is_active;
use scim_core::{Attributes, ResourceId, ResourceKind};

use crate::people::directory::Directory;
use crate::people::item::Indexed;
use crate::people::members::MOST_ACTIONS;
use crate::people::write::{check_addresses, taken};
use crate::table::{Actions, DirectoryError, Role, keys, n, s, text, update};
use crate::tenants::{Delete, Settings};

mod look;

pub use look::Seats;

/// How many actions of a deletion stand behind those for the rules, besides the groups that are left: the kept user,
/// and two tasks.
const BEHIND: usize = 3;

/// What a tenant demands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// How many users may be active, as far as this process knows; the table knows it exactly.
    pub seats: Option<u32>,
    /// Whether no two active users may have the same e-mail address.
    pub unique_emails: bool,
    /// What becomes of users that are deleted.
    pub delete: Delete,
}

impl Rules {
    /// Nothing is demanded.
    pub const NONE: Self = Self {
        seats: None,
        unique_emails: false,
        delete: Delete::Delete,
    };

    /// The same, but what is deleted is gone.
    #[must_use]
    pub const fn without_keeping(self) -> Self {
        Self {
            delete: Delete::Delete,
            ..self
        }
    }

    /// How many actions a transaction may have for them besides claims.
    pub(crate) fn actions(self) -> usize {
        usize::from(self.seats.is_some()) + usize::from(self.delete == Delete::Deactivate)
    }
}

impl Settings {
    /// What they demand of writes.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        Rules {
            seats: self.seats,
            unique_emails: self.unique_emails,
            delete: self.delete,
        }
    }
}

/// What a write has to do for the rules.
#[derive(Default)]
pub(crate) struct Demand {
    /// The seats that it takes.
    seats: i8,
    /// The addresses that it claims.
    claimed: Vec<Claim>,
    /// Those that it gives back.
    freed: Vec<String>,
}

struct Claim {
    address: String,
    /// Whose claim on it is void.
    stale: Option<String>,
}

impl Demand {
    pub(crate) const fn is_nothing(&self) -> bool {
        self.seats == 0 && self.claimed.is_empty() && self.freed.is_empty()
    }
}

/// A user before or after a write.
#[derive(Clone, Copy)]
pub(crate) struct Side<'s> {
    pub(crate) attributes: &'s Attributes,
    pub(crate) entries: &'s Indexed,
}

impl Side<'_> {
    fn seats(self) -> i8 {
        i8::from(is_active(self.attributes))
    }
}

impl Directory {
    /// What a write of a resource has to do for the rules.
    ///
    /// # Errors
    ///
    /// `TooManyAddresses`; `Taken` when an address is, or the name as well: then the name is told, by which
    /// whoever reads it can find the other user.
    pub(crate) async fn demand(
        &self,
        (kind, id): (ResourceKind, ResourceId),
        before: Option<Side<'_>>,
        after: Option<Side<'_>>,
    ) -> Result<Demand, DirectoryError> {
        let demand = self.demanded(kind, before, after);
        if let Some(after) = after {
            let before = before.map(|before| before.entries);
            check_addresses(self.rules, before, after.entries, demand.claimed.len())?;
        }
        let checks = demand.claimed.iter().map(|claim| {
            let address = claim.address.clone();
            async move { self.branch().check_free(id, &address).await }
        });
        // As a list: a future that keeps the closures is not `Send` for every lifetime.
        let checks: Vec<_> = checks.collect();
        if let Err(error) = try_join_all(checks).await {
            self.check_name((kind, id), before, after).await?;
            return Err(error);
        }
        Ok(demand)
    }

    /// Refuses a name that another one has.
    async fn check_name(
        &self,
        (kind, id): (ResourceKind, ResourceId),
        before: Option<Side<'_>>,
        after: Option<Side<'_>>,
    ) -> Result<(), DirectoryError> {
        let Some(Side { entries, .. }) = after else {
            return Ok(());
        };
        if before.is_some_and(|before| before.entries.marker == entries.marker) {
            return Ok(());
        }
        let key = keys::marker(&self.tenant, kind, &entries.marker);
        let marker = self.store.get(&key, &self.meter).await?;
        match marker.as_ref().and_then(|item| text(item, "id")) {
            Some(owner) if owner != id.as_str() => Err(taken(kind, entries.name.clone())),
            Some(_) | None => Ok(()),
        }
    }

    /// The same, without a look at who has the addresses.
    pub(crate) fn demanded(
        &self,
        kind: ResourceKind,
        before: Option<Side<'_>>,
        after: Option<Side<'_>>,
    ) -> Demand {
        let mut demand = Demand::default();
        if kind != ResourceKind::User {
            return demand;
        }
        if self.rules.seats.is_some() {
            let seats = |side: Option<Side<'_>>| side.map_or(0, Side::seats);
            demand.seats = seats(after) - seats(before);
        }
        if self.rules.unique_emails {
            let addresses = |side: Option<Side<'_>>| {
                let bound = side.filter(|side| is_active(side.attributes));
                bound
                    .map(|side| {
                        let addresses = side.entries.addresses().into_iter();
                        addresses.map(str::to_owned).collect::<BTreeSet<String>>()
                    })
                    .unwrap_or_default()
            };
            let (old, new) = (addresses(before), addresses(after));
            let claimed = new.difference(&old).map(|address| Claim {
                address: address.clone(),
                stale: None,
            });
            demand.claimed = claimed.collect();
            demand.freed = old.difference(&new).cloned().collect();
        }
        demand
    }

    async fn check_free(&self, id: ResourceId, address: &str) -> Result<(), DirectoryError> {
        let mut others = self.addressed(address, None).await?;
        others.retain(|other| *other != id);
        match self.active_among(others).await?.is_empty() {
            true => Ok(()),
            false => Err(address_taken(address)),
        }
    }

    /// Those of some users who are active.
    async fn active_among(
        &self,
        users: Vec<ResourceId>,
    ) -> Result<Vec<ResourceId>, DirectoryError> {
        let mut users = self.resources(ResourceKind::User, users).await?;
        users.retain(|user| is_active(&user.resource.attributes));
        Ok(users.into_iter().map(|user| user.resource.id).collect())
    }

    /// Adds what a write has to do for the rules to its transaction.
    pub(crate) fn meet_demand(
        &self,
        actions: &mut Actions,
        id: ResourceId,
        demand: &Demand,
    ) -> Result<(), DirectoryError> {
        let table = self.store.table();
        if demand.seats != 0 {
            let key = keys::seats(&self.tenant);
            let values = vec![(":seats", n(demand.seats))];
            let free = Some("attribute_not_exists(l) OR n < l");
            let (condition, role) = match demand.seats > 0 {
                true => (free, Role::Seat),
                false => (None, Role::Certain),
            };
            let take = update(table, &key, "ADD n :seats", condition, values)?;
            actions.update(take, role);
        }
        for claim in &demand.claimed {
            let key = keys::email_claim(&self.tenant, &claim.address);
            let stale = claim.stale.as_deref().unwrap_or(id.as_str());
            let take = update(
                table,
                &key,
                "SET id = :own",
                Some("attribute_not_exists(pk) OR id = :own OR id = :stale"),
                vec![(":own", s(id.as_str())), (":stale", s(stale))],
            )?;
            actions.update(take, Role::Claim(claim.address.clone()));
        }
        // A void claim does no harm, and a user may have more addresses from before the rule than are given back.
        let room = MOST_ACTIONS.saturating_sub(actions.len() + BEHIND);
        for address in demand.freed.iter().take(room) {
            let key = keys::email_claim(&self.tenant, address);
            actions.delete(table, &key, None, Role::Certain)?;
        }
        Ok(())
    }

    /// Learns why a transaction was refused for the rules.
    ///
    /// # Errors
    ///
    /// `NoSeat`, `Taken`.
    pub(crate) async fn settle_demand(
        &self,
        id: ResourceId,
        demand: &mut Demand,
        refused: &[Role],
    ) -> Result<(), DirectoryError> {
        if refused.contains(&Role::Seat) {
            return Err(DirectoryError::NoSeat(self.rules.seats.unwrap_or_default()));
        }
        for role in refused {
            let Role::Claim(address) = role else {
                continue;
            };
            // Who claimed it either has it by now, or had it once.
            self.check_free(id, address).await?;
            let key = keys::email_claim(&self.tenant, address);
            let claimed = self.store.get(&key, &self.meter).await?;
            let owner = claimed.as_ref().and_then(|item| text(item, "id"));
            let mut claims = demand.claimed.iter_mut();
            if let Some(claim) = claims.find(|claim| claim.address == *address) {
                claim.stale = owner.map(str::to_owned);
            }
        }
        Ok(())
    }
}

fn address_taken(address: &str) -> DirectoryError {
    DirectoryError::Taken {
        attribute: "emails",
        value: address.to_owned(),
    }
}
