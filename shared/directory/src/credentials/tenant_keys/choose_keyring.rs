//! Chooses the keyring for a new key.
//!
//! A new key is added to a keyring that already holds keys of the tenant; otherwise to one that may have room; otherwise to
//! a new one. One item for all tenants lists the keyrings that may have room: the number of the last keyring that was
//! created, and the keyrings from which a key was removed. The list is a hint; the keyring itself decides whether it is
//! full.
//!
//! If two requests find the last keyring full at the same time, both create the next one. Keyrings are numbered, so they
//! create the same keyring.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::current_keys::{CurrentKeys, named};
use super::{CreatedKey, HeldKey, KeysError, NewKey, TenantKeys, made};
use crate::limits::KEYRINGS_OPENED;
use crate::table::keys::attribute::keyrings::RINGS;
use crate::table::keys::attribute::room;
use crate::table::{
    Actions, DirectoryError, ItemUpdate, Meter, Put, Role, Store, Transacted, Value, WriteId,
    below, is, keys, lacks, n, number_if, set_of,
};
use keyring::{KeyringError, KeyringId};

impl TenantKeys<'_> {
    /// Adds a key to one of the tenant's keyrings, except the one known to be full, or to another keyring.
    pub(super) async fn place(
        &self,
        new: &NewKey,
        current: &CurrentKeys,
        full: Option<&KeyringId>,
        write: &WriteId,
        now: Timestamp,
    ) -> Result<CreatedKey, KeysError> {
        let own = &current.rings;
        let placing = Placing {
            keys: self,
            new,
            current,
            write,
            now,
        };
        for ring in own.iter().filter(|ring| full != Some(*ring)) {
            if let Some(made) = placing.attempt(ring).await? {
                return Ok(made);
            }
        }
        let item = self.table.get(&keys::room()).await?.unwrap_or_default();
        let last: u32 = number_if(&item, room::OPENED)?.unwrap_or(1);
        let roomy = named(&item, room::ROOMY);
        let others = roomy.iter().cloned().chain(KeyringId::numbered(last));
        for ring in others.filter(|ring| !own.contains(ring)) {
            match placing.attempt(&ring).await? {
                Some(made) => return Ok(made),
                None if roomy.contains(&ring) => self.withdraw(&ring).await?,
                None => {}
            }
        }
        for number in last.saturating_add(1)..=last.saturating_add(KEYRINGS_OPENED) {
            let ring = KeyringId::numbered(number).ok_or(KeyringError::Full)?;
            self.keyrings.create(&ring).await?;
            self.opened(number).await?;
            if let Some(made) = placing.attempt(&ring).await? {
                return Ok(made);
            }
        }
        Err(KeyringError::Contended.into())
    }

    /// Adds a keyring to the tenant's list. This happens before a key is added to the keyring.
    ///
    /// # Errors
    ///
    /// `NoSuchTenant`, or when the table does not answer.
    pub async fn note(&self, ring: &KeyringId, write: &WriteId) -> Result<(), KeysError> {
        let mut actions = Actions::default();
        let note = ItemUpdate::of(keys::keyrings(self.table.tenant())).add(RINGS, names([ring]));
        actions.update(note, Role::Certain);
        actions.check_present(keys::tenant(self.table.tenant()), Role::Resource);
        let token = write.derived(ring.as_str()).token(0);
        match self.table.transact(&actions, &token).await? {
            Transacted::Done => Ok(()),
            Transacted::ConditionFailed(_) => Err(KeysError::NoSuchTenant),
        }
    }

    /// Deletes the tenant's list of keyrings, unless it has changed.
    pub(super) async fn forget(&self, rings: &BTreeSet<KeyringId>) -> Result<bool, KeysError> {
        let update = ItemUpdate::of(keys::keyrings(self.table.tenant()))
            .remove(RINGS)
            .when(is(RINGS, names(rings)));
        Ok(matches!(self.table.update(&update).await?, Put::Done))
    }

    /// Lists a keyring as one that may have room. Errors are ignored because the list is a hint.
    pub(super) async fn offer(&self, ring: &KeyringId) {
        let hint = ItemUpdate::of(keys::room()).add(room::ROOMY, names([ring]));
        let _ = self.table.update(&hint).await;
    }

    /// Removes a full keyring from the list.
    async fn withdraw(&self, ring: &KeyringId) -> Result<(), DirectoryError> {
        let hint = ItemUpdate::of(keys::room()).take_from(room::ROOMY, names([ring]));
        self.table.update(&hint).await.map(drop)
    }

    /// Records that this keyring and all before it exist.
    async fn opened(&self, number: u32) -> Result<(), DirectoryError> {
        let update = ItemUpdate::of(keys::room())
            .set(room::OPENED, n(number))
            .when(lacks(room::OPENED).or(below(room::OPENED, n(number))));
        self.table.update(&update).await.map(drop)
    }
}

/// A new key that needs a keyring.
struct Placing<'p> {
    keys: &'p TenantKeys<'p>,
    new: &'p NewKey,
    current: &'p CurrentKeys,
    write: &'p WriteId,
    now: Timestamp,
}

impl Placing<'_> {
    /// Adds the key to a keyring; `None` if another keyring must be tried.
    async fn attempt(&self, ring: &KeyringId) -> Result<Option<CreatedKey>, KeysError> {
        if !self.current.rings.contains(ring) {
            self.keys.note(ring, self.write).await?;
        }
        let (record, token) = self.new.made(ring, self.keys.table.tenant(), self.now);
        let same = |key: &&HeldKey| key.record.sha256 == record.sha256 && key.keyring != *ring;
        if self.current.held.iter().any(|key| same(&key)) {
            return Err(KeyringError::Taken.into());
        }
        let (keyrings, room) = (self.keys.keyrings, self.current.room(ring, self.now));
        let mut placed = keyrings.place(ring, &record, room, self.now).await;
        if placed == Err(KeyringError::Missing) {
            keyrings.create(ring).await?;
            placed = keyrings.place(ring, &record, room, self.now).await;
        }
        match placed {
            Ok(()) => Ok(Some(made(ring, record, token))),
            Err(KeyringError::Full | KeyringError::Worn) => Ok(None),
            // The id is in use, not the token: a retry uses another id.
            Err(KeyringError::Taken) if token.is_some() => Err(KeyringError::Contended.into()),
            Err(error) => Err(error.into()),
        }
    }
}

fn names<'r>(rings: impl IntoIterator<Item = &'r KeyringId>) -> Value {
    set_of(rings.into_iter().map(KeyringId::as_str))
}

/// All keyrings that were created for tenants' keys.
///
/// # Errors
///
/// When the table does not answer.
pub async fn opened(store: &Store, meter: &Meter) -> Result<Vec<KeyringId>, DirectoryError> {
    let item = store.get(&keys::room(), meter).await?.unwrap_or_default();
    let last: u32 = number_if(&item, room::OPENED)?.unwrap_or(1);
    Ok((1..=last).filter_map(KeyringId::numbered).collect())
}
