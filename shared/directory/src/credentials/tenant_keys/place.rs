//! Where a new key goes.
//!
//! A new key goes to a keyring that its tenant has keys in; else to one that may have room; else to a new one.
//! Which may have room is said by one item for all tenants: the number of the keyring opened last, and the
//! keyrings that a key was taken out of. It is a hint: a keyring itself says whether it is full.
//!
//! Two administrators who both find the last keyring full open the next one both: it is named by its number,
//! so that one keyring comes of it.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::limits::Standing;
use super::{Held, KeysError, Made, NewKey, TenantKeys, made};
use crate::table::{
    Actions, DirectoryError, Item, Meter, Put, Role, Store, Transacted, WriteId, keys, n,
    number_if, update,
};
use keyring::{KeyringError, KeyringId, TenantId};

/// How many keyrings are opened for one key, if all turn out full.
const OPENED: u32 = 8;

impl TenantKeys<'_> {
    /// Puts a key into one of the tenant's own keyrings, but the one that is known to be full, or elsewhere.
    pub(super) async fn place(
        &self,
        new: &NewKey,
        standing: &Standing,
        full: Option<&KeyringId>,
        write: &WriteId,
        now: Timestamp,
    ) -> Result<Made, KeysError> {
        let own = &standing.rings;
        let placing = Placing {
            keys: *self,
            new,
            standing,
            write,
            now,
        };
        for ring in own.iter().filter(|ring| full != Some(*ring)) {
            if let Some(made) = placing.attempt(ring).await? {
                return Ok(made);
            }
        }
        let item = self
            .store
            .get(&keys::room(), self.meter)
            .await?
            .unwrap_or_default();
        let last: u32 = number_if(&item, "n")?.unwrap_or(1);
        let roomy = names(&item, "r");
        let others = roomy.iter().cloned().chain(KeyringId::numbered(last));
        for ring in others.filter(|ring| !own.contains(ring)) {
            match placing.attempt(&ring).await? {
                Some(made) => return Ok(made),
                None if roomy.contains(&ring) => self.withdraw(&ring).await?,
                None => {}
            }
        }
        for number in last.saturating_add(1)..=last.saturating_add(OPENED) {
            let ring = KeyringId::numbered(number).ok_or(KeyringError::Full)?;
            self.keyrings.create(&ring).await?;
            self.opened(number).await?;
            if let Some(made) = placing.attempt(&ring).await? {
                return Ok(made);
            }
        }
        Err(KeyringError::Contended.into())
    }

    /// Notes that a keyring may hold keys of the tenant: before one is put into it.
    ///
    /// # Errors
    ///
    /// `NoSuchTenant`, or the table does not answer.
    pub async fn note(&self, ring: &KeyringId, write: &WriteId) -> Result<(), KeysError> {
        let table = self.store.table();
        let mut actions = Actions::default();
        let (key, value) = (keys::keyrings(self.tenant), set([ring]));
        actions.update(
            update(table, &key, "ADD k :k", None, vec![(":k", value)])?,
            Role::Certain,
        );
        actions.check_present(table, &keys::tenant(self.tenant), Role::Resource)?;
        let token = write.derived(ring.as_str()).token(0);
        match self
            .store
            .transact(actions.into_items(), &token, self.meter)
            .await?
        {
            Transacted::Done => Ok(()),
            Transacted::Refused(_) => Err(KeysError::NoSuchTenant),
        }
    }

    /// Forgets where keys were, unless there are other keyrings by now.
    pub(super) async fn forget(&self, rings: &BTreeSet<KeyringId>) -> Result<bool, KeysError> {
        let (key, value) = (keys::keyrings(self.tenant), set(rings));
        let values = vec![(":k", value)];
        let update = update(self.store.table(), &key, "REMOVE k", Some("k = :k"), values)?;
        Ok(matches!(
            self.store.update(update, self.meter).await?,
            Put::Done
        ))
    }

    /// Says that a keyring may have room. It is a hint, so failing to give it fails nothing.
    pub(super) async fn offer(&self, ring: &KeyringId) {
        let _ = self.hint("ADD r :r", vec![(":r", set([ring]))]).await;
    }

    /// Says that a keyring has no room.
    async fn withdraw(&self, ring: &KeyringId) -> Result<(), DirectoryError> {
        self.hint("DELETE r :r", vec![(":r", set([ring]))]).await
    }

    async fn hint(
        &self,
        expression: &str,
        values: Vec<(&str, AttributeValue)>,
    ) -> Result<(), DirectoryError> {
        let update = update(self.store.table(), &keys::room(), expression, None, values)?;
        self.store.update(update, self.meter).await.map(|_| ())
    }

    /// Says that a keyring was opened, and all before it.
    async fn opened(&self, number: u32) -> Result<(), DirectoryError> {
        let update = update(
            self.store.table(),
            &keys::room(),
            "SET n = :n",
            Some("attribute_not_exists(n) OR n < :n"),
            vec![(":n", n(number))],
        )?;
        self.store.update(update, self.meter).await.map(|_| ())
    }
}

/// A key that is being placed.
struct Placing<'p> {
    keys: TenantKeys<'p>,
    new: &'p NewKey,
    standing: &'p Standing,
    write: &'p WriteId,
    now: Timestamp,
}

impl Placing<'_> {
    /// Puts the key into a keyring; `None` when it is to go elsewhere.
    async fn attempt(&self, ring: &KeyringId) -> Result<Option<Made>, KeysError> {
        if !self.standing.rings.contains(ring) {
            self.keys.note(ring, self.write).await?;
        }
        let (record, token) = self.new.made(ring, self.keys.tenant, self.now);
        let same = |key: &&Held| key.record.sha256 == record.sha256 && key.keyring != *ring;
        if self.standing.held.iter().any(|key| same(&key)) {
            return Err(KeyringError::Taken.into());
        }
        let (keyrings, room) = (self.keys.keyrings, self.standing.room(ring, self.now));
        let mut placed = keyrings.place(ring, &record, room, self.now).await;
        if placed == Err(KeyringError::Missing) {
            keyrings.create(ring).await?;
            placed = keyrings.place(ring, &record, room, self.now).await;
        }
        match placed {
            Ok(()) => Ok(Some(made(ring, record, token))),
            Err(KeyringError::Full | KeyringError::Worn) => Ok(None),
            // An id that is in use, not a token: the next one will be free.
            Err(KeyringError::Taken) if token.is_some() => Err(KeyringError::Contended.into()),
            Err(error) => Err(error.into()),
        }
    }
}

fn set<'r>(rings: impl IntoIterator<Item = &'r KeyringId>) -> AttributeValue {
    AttributeValue::Ss(
        rings
            .into_iter()
            .map(|ring| ring.as_str().to_owned())
            .collect(),
    )
}

pub(super) fn names(item: &Item, attribute: &str) -> BTreeSet<KeyringId> {
    let names = item.get(attribute).and_then(|value| value.as_ss().ok());
    let names = names.into_iter().flatten();
    names.filter_map(|name| KeyringId::parse(name)).collect()
}

pub(super) async fn rings(
    store: &Store,
    tenant: &TenantId,
    meter: &Meter,
) -> Result<BTreeSet<KeyringId>, DirectoryError> {
    let item = store.get(&keys::keyrings(tenant), meter).await?;
    Ok(names(&item.unwrap_or_default(), "k"))
}

/// All keyrings that were opened for tenants' keys.
///
/// # Errors
///
/// When the table does not answer.
pub async fn opened(store: &Store, meter: &Meter) -> Result<Vec<KeyringId>, DirectoryError> {
    let item = store.get(&keys::room(), meter).await?.unwrap_or_default();
    let last: u32 = number_if(&item, "n")?.unwrap_or(1);
    Ok((1..=last).filter_map(KeyringId::numbered).collect())
}
