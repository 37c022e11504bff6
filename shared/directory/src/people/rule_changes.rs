//! The rules that a tenant's settings impose on its users. The transaction that changes a user enforces them, so that
//! concurrent requests cannot violate them.
//!
//! A tenant without rules has no extra cost. With `seats`, a write that activates or deactivates a user has one more action
//! (two write units), and all these writes of a tenant update the same item. With `unique_emails`, a write that adds an
//! address first looks it up (half a read unit, one round trip) and claims it (two write units), and a write that removes
//! an address releases the claim. Other writes cost the same as without rules.
//!
//! The rules apply to active users. An address is taken while an active user has it, as the address's lookup shows; the
//! claim only prevents two concurrent writers from both taking it. A user that is deactivated releases all claims and
//! may have any address; a user that is activated claims all its addresses again. So a claim is void if its owner is
//! inactive or no longer has the address.

use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use scim_core::active::is_active;
use scim_core::{Attributes, ResourceId, ResourceKind};

use crate::limits::MOST_ACTIONS;
use crate::people::directory::Directory;
use crate::people::item::{Indexed, taken};
use crate::people::rules::Rules;
use crate::table::keys::attribute::marker;
use crate::table::keys::attribute::seats::{LIMIT, TAKEN};
use crate::table::{
    Actions, ConditionExpression, DirectoryError, ItemUpdate, Role, is, keys, lacks, n, s, text,
};

/// The actions of a transaction that do not concern e-mail addresses: the resource, its counter, its old and new marker,
/// its old and new externalId lookup.
const OTHERS: usize = 6;

/// The actions of a deletion that follow the rules' actions, besides those for groups: the kept user and two tasks.
const BEHIND: usize = 3;

/// The changes that a write makes to seats and claims.
#[derive(Default)]
pub(crate) struct RuleChanges {
    /// The change in the number of active users.
    seats: i8,
    /// The addresses to claim.
    claimed: Vec<Claim>,
    /// The addresses to release.
    freed: Vec<String>,
}

struct Claim {
    address: String,
    /// The owner of a void claim on this address.
    stale: Option<String>,
}

impl RuleChanges {
    pub(crate) const fn is_nothing(&self) -> bool {
        self.seats == 0 && self.claimed.is_empty() && self.freed.is_empty()
    }
}

/// The state of a resource before or after a write.
#[derive(Clone, Copy)]
pub(crate) struct UserState<'s> {
    pub(crate) attributes: &'s Attributes,
    pub(crate) entries: &'s Indexed,
}

impl UserState<'_> {
    fn seats(self) -> i8 {
        i8::from(is_active(self.attributes))
    }
}

impl Directory {
    /// The changes that a write of a resource makes to seats and claims.
    ///
    /// # Errors
    ///
    /// `TooManyAddresses`; `Taken` when an address is taken. If the name is taken too, the error is about the name, because
    /// it identifies the other user.
    pub(crate) async fn checked_rule_changes(
        &self,
        (kind, id): (ResourceKind, ResourceId),
        before: Option<UserState<'_>>,
        after: Option<UserState<'_>>,
    ) -> Result<RuleChanges, DirectoryError> {
        let changes = self.rule_changes(kind, before, after);
        if let Some(after) = after {
            let before = before.map(|before| before.entries);
            check_addresses(self.rules, before, after.entries, changes.claimed.len())?;
        }
        let checks = changes.claimed.iter().map(|claim| {
            let address = claim.address.clone();
            async move { self.branch().check_free(id, &address).await }
        });
        // As a list: a future that keeps the closures is not `Send` for every lifetime.
        let checks: Vec<_> = checks.collect();
        if let Err(error) = try_join_all(checks).await {
            self.check_name((kind, id), before, after).await?;
            return Err(error);
        }
        Ok(changes)
    }

    /// Rejects a name that another resource has.
    async fn check_name(
        &self,
        (kind, id): (ResourceKind, ResourceId),
        before: Option<UserState<'_>>,
        after: Option<UserState<'_>>,
    ) -> Result<(), DirectoryError> {
        let Some(UserState { entries, .. }) = after else {
            return Ok(());
        };
        if before.is_some_and(|before| before.entries.marker == entries.marker) {
            return Ok(());
        }
        let key = keys::marker(self.table.tenant(), kind, &entries.marker);
        let marker = self.table.get(&key).await?;
        match marker.as_ref().and_then(|item| text(item, marker::ID)) {
            Some(owner) if owner != id.as_str() => Err(taken(kind, entries.name.clone())),
            Some(_) | None => Ok(()),
        }
    }

    /// The same, without checking that the addresses are free.
    pub(crate) fn rule_changes(
        &self,
        kind: ResourceKind,
        before: Option<UserState<'_>>,
        after: Option<UserState<'_>>,
    ) -> RuleChanges {
        let mut changes = RuleChanges::default();
        if kind != ResourceKind::User {
            return changes;
        }
        if self.rules.seats.is_some() {
            let seats = |side: Option<UserState<'_>>| side.map_or(0, UserState::seats);
            changes.seats = seats(after) - seats(before);
        }
        if self.rules.unique_emails {
            let addresses = |side: Option<UserState<'_>>| {
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
            changes.claimed = claimed.collect();
            changes.freed = old.difference(&new).cloned().collect();
        }
        changes
    }

    async fn check_free(&self, id: ResourceId, address: &str) -> Result<(), DirectoryError> {
        let mut others = self.addressed(address, None).await?;
        others.retain(|other| *other != id);
        match self.active_among(others).await?.is_empty() {
            true => Ok(()),
            false => Err(address_taken(address)),
        }
    }

    /// The active users among these.
    pub(crate) async fn active_among(
        &self,
        users: Vec<ResourceId>,
    ) -> Result<Vec<ResourceId>, DirectoryError> {
        let mut users = self.resources(ResourceKind::User, users).await?;
        users.retain(|user| is_active(&user.resource.attributes));
        Ok(users.into_iter().map(|user| user.resource.id).collect())
    }

    /// Adds the changes to seats and claims to a write's transaction.
    pub(crate) fn add_rule_changes(
        &self,
        actions: &mut Actions,
        id: ResourceId,
        changes: &RuleChanges,
    ) {
        if changes.seats != 0 {
            let take =
                ItemUpdate::of(keys::seats(self.table.tenant())).add(TAKEN, n(changes.seats));
            let is_free = lacks(LIMIT).or(ConditionExpression::BelowAttribute(TAKEN, LIMIT));
            match changes.seats > 0 {
                true => actions.update(take.when(is_free), Role::Seat),
                false => actions.update(take, Role::Certain),
            }
        }
        for claim in &changes.claimed {
            let stale = claim.stale.as_deref().unwrap_or(id.as_str());
            let is_free = ConditionExpression::Absent
                .or(is(marker::ID, s(id.as_str())))
                .or(is(marker::ID, s(stale)));
            let take = ItemUpdate::of(keys::email_claim(self.table.tenant(), &claim.address))
                .set(marker::ID, s(id.as_str()))
                .when(is_free);
            actions.update(take, Role::Claim(claim.address.clone()));
        }
        // A user may have more addresses from before the rule than fit. The remaining claims become void, which does no
        // harm.
        let room = MOST_ACTIONS.saturating_sub(actions.len() + BEHIND);
        for address in changes.freed.iter().take(room) {
            let key = keys::email_claim(self.table.tenant(), address);
            actions.delete(key);
        }
    }

    /// Finds out which rule rejected a transaction.
    ///
    /// # Errors
    ///
    /// `NoSeat`, `Taken`.
    pub(crate) async fn settle_rule_changes(
        &self,
        id: ResourceId,
        changes: &mut RuleChanges,
        refused: &[Role],
    ) -> Result<(), DirectoryError> {
        if refused.contains(&Role::Seat) {
            return Err(DirectoryError::NoSeat(self.rules.seats.unwrap_or_default()));
        }
        for role in refused {
            let Role::Claim(address) = role else {
                continue;
            };
            // The claim's owner either has the address by now or no longer has it.
            self.check_free(id, address).await?;
            let key = keys::email_claim(self.table.tenant(), address);
            let claimed = self.table.get(&key).await?;
            let owner = claimed.as_ref().and_then(|item| text(item, marker::ID));
            let mut claims = changes.claimed.iter_mut();
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

/// Rejects more e-mail addresses than one transaction can add to the index or remove from it. Depending on the rules, the
/// transaction also needs room for the seats, for the kept user, or for claims on the addresses. A user that has more
/// addresses from before a rule keeps them.
fn check_addresses(
    rules: Rules,
    before: Option<&Indexed>,
    after: &Indexed,
    claims: usize,
) -> Result<(), DirectoryError> {
    let old = before.map(Indexed::addresses).unwrap_or_default();
    let new = after.addresses();
    let changed = old.symmetric_difference(&new).count();
    let room = MOST_ACTIONS - OTHERS - rules.actions();
    let grows = new.len() > old.len();
    if changed + claims <= room && !(grows && new.len() > room) {
        return Ok(());
    }
    Err(DirectoryError::TooManyAddresses {
        given: new.len().max(changed),
        most: match claims {
            0 => room,
            _ => room / 2,
        },
    })
}
