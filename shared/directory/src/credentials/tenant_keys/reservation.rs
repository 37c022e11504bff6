//! The limits on a tenant's keys: the number of live keys and the number of changes per day.
//!
//! A keyring counts the tenant's keys that it holds, but not those in other keyrings. So a place is reserved before a key
//! is created: the tenant's list of keyrings also has a counter, which every reservation and release increments, and the
//! ids of the keys that are being created. A reservation counts the live keys and the reserved places, and succeeds only
//! if the counter has not changed meanwhile. A reservation expires after a minute, in case its process died.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;

use super::current_keys::{CurrentKeys, named};
use super::{KeysError, TenantKeys};
use crate::limits::{PLACE_ATTEMPTS, PLACE_PAUSE_MILLIS, PLACE_SECONDS};
use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::attribute::keyrings::{CHANGES, PLACES, RINGS};
use crate::table::keys::attribute::window::COUNT;
use crate::table::{
    Actions, ConditionExpression, Item, ItemUpdate, Put, Role, Transacted, WriteId, below, is,
    keys, lacks, n, number_if, set_of, texts,
};
use keyring::{KeyId, KeyRecord, KeyringError, Record as _};

/// The kind of caller that changes a tenant's keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The vendor, with an admin key.
    Vendor,
    /// The customer's administrator, through a setup link.
    Customer,
}

impl By {
    /// The daily limit of changes to a tenant's keys for this caller.
    #[must_use]
    pub const fn most_a_day(self) -> i64 {
        match self {
            Self::Vendor => 60,
            Self::Customer => 20,
        }
    }

    /// The number of changes of a keyring in 24 hours up to which this caller may revoke or expire keys there. Secrets
    /// Manager accepts about 100; the last 30 are reserved for the vendor, because a keyring holds the keys of many
    /// tenants.
    pub(super) const fn most_of_keyring(self) -> u64 {
        match self {
            Self::Vendor => u64::MAX,
            Self::Customer => 70,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Customer => "customer",
        }
    }
}

const DAY: i64 = 24 * 60 * 60;

/// A reserved place among the live keys of a tenant.
pub(super) struct Reserved(String);

impl TenantKeys<'_> {
    /// Counts one change towards the tenant's daily limit.
    ///
    /// # Errors
    ///
    /// `TooOften` when the daily limit is reached.
    pub(super) async fn spend(&self, now: Timestamp) -> Result<(), KeysError> {
        let day = now.as_second().div_euclid(DAY);
        let (end, most) = ((day + 1) * DAY, self.by.most_a_day());
        let count = ItemUpdate::of(keys::key_changes(self.table.tenant(), self.by.word(), day))
            .set(EXPIRES, n(end))
            .add(COUNT, n(1))
            .when(lacks(COUNT).or(below(COUNT, n(most))));
        match self.table.update(&count).await? {
            Put::Done => Ok(()),
            Put::ConditionFailed(_) => Err(KeysError::TooOften {
                most,
                until: Timestamp::from_second(end).unwrap_or(now),
            }),
        }
    }

    /// Reserves a place among the live keys for a new key, which may replace `leaving`. Also returns the current keys.
    ///
    /// # Errors
    ///
    /// `TooMany`, `NoSuchTenant`, `Contended`.
    pub(super) async fn reserve(
        &self,
        id: KeyId,
        leaving: Option<KeyId>,
        write: &WriteId,
        now: Timestamp,
    ) -> Result<(Reserved, CurrentKeys), KeysError> {
        let (_turn, keyrings) = (
            self.keyrings.reserving.lock().await,
            keys::keyrings(self.table.tenant()),
        );
        for attempt in 0..PLACE_ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(pause(attempt, id)).await;
            }
            let item = self.table.get(&keyrings).await?;
            let item = item.unwrap_or_default();
            let current = self.current_keys(named(&item, RINGS)).await?;
            let places = places(&item, now);
            let live = current.held.iter().filter(|key| key.record.is_live(now));
            let mut taken: BTreeSet<KeyId> = live.map(|key| key.record.id).collect();
            taken.extend(places.iter().filter_map(|place| reserved(place)));
            taken.remove(&id);
            taken.retain(|held| leaving != Some(*held));
            if taken.len() >= KeyRecord::MOST_LIVE {
                return Err(KeyringError::TooMany(KeyRecord::MOST_LIVE).into());
            }
            let place = format!("{id} {}", now.as_second());
            if self.take(&item, places, &place, write).await? {
                return Ok((Reserved(place), current));
            }
        }
        Err(KeyringError::Contended.into())
    }

    /// Writes a reservation, unless the item changed since it was read.
    async fn take(
        &self,
        item: &Item,
        mut places: Vec<String>,
        place: &str,
        write: &WriteId,
    ) -> Result<bool, KeysError> {
        if !places.iter().any(|there| there == place) {
            places.push(place.to_owned());
        }
        let count = number_if::<u64>(item, CHANGES)?;
        let is_same = match count {
            None => lacks(CHANGES),
            Some(count) => is(CHANGES, n(count)),
        };
        let next = count.unwrap_or_default() + 1;
        let take = ItemUpdate::of(keys::keyrings(self.table.tenant()))
            .set(PLACES, set_of(places))
            .set(CHANGES, n(next))
            .when(is_same);
        let mut actions = Actions::default();
        actions.update(take, Role::Certain);
        actions.check_present(keys::tenant(self.table.tenant()), Role::Resource);
        // The token includes the place, because DynamoDB rejects the same token with different content.
        let token = write.derived(&format!("{place} {next}")).token(0);
        match self.table.transact(&actions, &token).await? {
            Transacted::Done => Ok(true),
            Transacted::ConditionFailed(failed) if failed.contains(&1) => {
                Err(KeysError::NoSuchTenant)
            }
            Transacted::ConditionFailed(_) => Ok(false),
        }
    }

    /// Releases a place once its key is in a keyring or was not created. If that fails, the reservation expires.
    pub(super) async fn release(&self, Reserved(place): Reserved) {
        let release = ItemUpdate::of(keys::keyrings(self.table.tenant()))
            .take_from(PLACES, set_of([place]))
            .add(CHANGES, n(1))
            .when(ConditionExpression::Present);
        let _ = self.table.update(&release).await;
    }
}

/// The unexpired reservations in an item.
fn places(item: &Item, now: Timestamp) -> Vec<String> {
    let is_kept = |place: &&str| {
        let since = place.split_once(' ').and_then(|(_, at)| at.parse().ok());
        since.is_some_and(|since: i64| (now.as_second() - since).abs() < PLACE_SECONDS)
    };
    let places = texts(item, PLACES).filter(is_kept);
    places.map(str::to_owned).collect()
}

fn reserved(place: &str) -> Option<KeyId> {
    KeyId::parse(place.split_once(' ')?.0)
}

/// A pause between one and two times [`PLACE_PAUSE_MILLIS`], doubled per attempt; the key's id spreads competing requests.
fn pause(attempt: u32, id: KeyId) -> Duration {
    let base = PLACE_PAUSE_MILLIS << attempt.min(5);
    let spread = u64::from(crc32fast::hash(format!("{id}{attempt}").as_bytes())) % base;
    Duration::from_millis(base + spread)
}
