//! What bounds the keys of a tenant: how many live at a time, and how often they are changed in a day.
//!
//! A keyring itself counts the keys of a tenant in it, but not those elsewhere. So a place is reserved before a key
//! is made: the tenant's item of keyrings has a counter, which every reservation and every release moves on, and the
//! ids of the keys that are being made. A reservation counts the live keys and the reserved places, and stands only
//! if the counter did not move meanwhile. One whose process ended lapses after a minute.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;

use super::place::names;
use super::{Held, KeysError, TenantKeys};
use crate::table::{Actions, Item, Put, Role, Transacted, WriteId, keys, n, number_if, update};
use crate::tenants::Ended;
use keyring::{End, KeyId, KeyRecord, KeyringError, KeyringId, Record as _};

/// Who changes the keys of a tenant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum By {
    /// The vendor, with an admin key.
    Vendor,
    /// The customer's administrator, by way of a setup link.
    Customer,
}

impl By {
    /// How often it may change the keys of a tenant on a day.
    #[must_use]
    pub const fn most_a_day(self) -> i64 {
        match self {
            Self::Vendor => 60,
            Self::Customer => 20,
        }
    }

    /// Up to how many changes of a keyring in 24 hours it may end keys there. Secrets Manager takes about 100; the
    /// last 30 are the vendor's, because a keyring holds the keys of many tenants.
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

/// How long a reserved place is kept for a process that does not come back: longer than a function may run.
const KEPT: i64 = 60;

/// How often a place is asked for while others of the tenant are reserved or released.
const ATTEMPTS: u32 = 10;

/// The shortest pause after the first attempt, in milliseconds; it doubles with each attempt up to the fifth.
const PAUSE: u64 = 20;

const DAY: i64 = 24 * 60 * 60;

/// The keys of a tenant as they stand.
#[derive(Clone)]
pub(super) struct Standing {
    pub(super) rings: BTreeSet<KeyringId>,
    /// As the keyrings have them, but for what is written down of their end.
    pub(super) held: Vec<Held>,
    /// Those that the keyrings hold, whatever is written down.
    pub(super) stored: Vec<(KeyringId, KeyId)>,
    pub(super) ended: Ended,
}

impl Standing {
    /// How they stand without one that is on its way out.
    pub(super) fn without(&self, id: KeyId) -> Self {
        let mut others = self.clone();
        others.held.retain(|key| key.record.id != id);
        others
    }

    /// How many live keys the tenant may have in one keyring beside those elsewhere, as the keyring counts them:
    /// to it, those are live whose end is only written down.
    pub(super) fn room(&self, ring: &KeyringId, now: Timestamp) -> usize {
        let elsewhere = self
            .held
            .iter()
            .filter(|key| key.keyring != *ring && key.record.is_live(now));
        KeyRecord::MOST_LIVE.saturating_sub(elsewhere.count()) + self.ended.len()
    }
}

/// A place among the live keys of a tenant.
pub(super) struct Reserved(String);

impl TenantKeys<'_> {
    /// How the keys stand in some keyrings.
    pub(super) async fn standing(&self, rings: BTreeSet<KeyringId>) -> Result<Standing, KeysError> {
        let key = keys::tenant(self.tenant);
        let tenant = async { Ok::<_, KeysError>(self.store.get(&key, self.meter).await?) };
        let held = async { Ok::<_, KeysError>(self.held(&rings).await?) };
        let (tenant, mut held) = futures_util::future::try_join(tenant, held).await?;
        let ended = tenant.as_ref().map(Ended::read).unwrap_or_default();
        let stored = held.iter().map(|key| (key.keyring.clone(), key.record.id));
        let stored = stored.collect();
        held.retain(|key| ended.of(key.record.id) != Some(End::Revoked));
        for key in &mut held {
            if let Some(End::At(end)) = ended.of(key.record.id) {
                let expires = &mut key.record.expires;
                *expires = Some(expires.map_or(end, |sooner| sooner.min(end)));
            }
        }
        Ok(Standing {
            rings,
            held,
            stored,
            ended,
        })
    }

    /// Counts a change of the tenant's keys.
    ///
    /// # Errors
    ///
    /// `TooOften`, when there were as many on this day as there may be.
    pub(super) async fn spend(&self, now: Timestamp) -> Result<(), KeysError> {
        let day = now.as_second().div_euclid(DAY);
        let (end, most) = ((day + 1) * DAY, self.by.most_a_day());
        let count = update(
            self.store.table(),
            &keys::key_changes(self.tenant, self.by.word(), day),
            "ADD n :one SET expires = :end",
            Some("attribute_not_exists(n) OR n < :most"),
            vec![(":one", n(1)), (":end", n(end)), (":most", n(most))],
        )?;
        match self.store.update(count, self.meter).await? {
            Put::Done => Ok(()),
            Put::Refused(_) => Err(KeysError::TooOften {
                most,
                until: Timestamp::from_second(end).unwrap_or(now),
            }),
        }
    }

    /// Reserves a place among the live keys for a new one, in the place of `leaving` if that is given; and how the
    /// keys stand.
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
    ) -> Result<(Reserved, Standing), KeysError> {
        let (_turn, keyrings) = (
            self.keyrings.reserving.lock().await,
            keys::keyrings(self.tenant),
        );
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(pause(attempt, id)).await;
            }
            let item = self.store.get(&keyrings, self.meter).await?;
            let item = item.unwrap_or_default();
            let standing = self.standing(names(&item, "k")).await?;
            let places = places(&item, now);
            let live = standing.held.iter().filter(|key| key.record.is_live(now));
            let mut taken: BTreeSet<KeyId> = live.map(|key| key.record.id).collect();
            taken.extend(places.iter().filter_map(|place| reserved(place)));
            taken.remove(&id);
            taken.retain(|held| leaving != Some(*held));
            if taken.len() >= KeyRecord::MOST_LIVE {
                return Err(KeyringError::TooMany(KeyRecord::MOST_LIVE).into());
            }
            let place = format!("{id} {}", now.as_second());
            if self.take(&item, places, &place, write).await? {
                return Ok((Reserved(place), standing));
            }
        }
        Err(KeyringError::Contended.into())
    }

    /// Takes a place, unless the item changed since it was read.
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
        let (table, count) = (self.store.table(), number_if::<u64>(item, "c")?);
        let (condition, was) = match count {
            None => ("attribute_not_exists(c)", None),
            Some(count) => ("c = :c", Some((":c", n(count)))),
        };
        let next = count.unwrap_or_default() + 1;
        let mut values = vec![(":p", AttributeValue::Ss(places)), (":next", n(next))];
        values.extend(was);
        let key = keys::keyrings(self.tenant);
        let take = update(
            table,
            &key,
            "SET p = :p, c = :next",
            Some(condition),
            values,
        )?;
        let mut actions = Actions::default();
        actions.update(take, Role::Certain);
        actions.check_present(table, &keys::tenant(self.tenant), Role::Resource)?;
        // The same request at another time is another one to DynamoDB.
        let token = write.derived(&format!("{place} {next}")).token(0);
        let items = actions.into_items();
        match self.store.transact(items, &token, self.meter).await? {
            Transacted::Done => Ok(true),
            Transacted::Refused(failed) if failed.contains(&1) => Err(KeysError::NoSuchTenant),
            Transacted::Refused(_) => Ok(false),
        }
    }

    /// Gives a place back: its key is in a keyring, or is not made. If that fails, it lapses.
    pub(super) async fn release(&self, Reserved(place): Reserved) {
        let release = update(
            self.store.table(),
            &keys::keyrings(self.tenant),
            "DELETE p :p ADD c :one",
            Some("attribute_exists(pk)"),
            vec![(":p", AttributeValue::Ss(vec![place])), (":one", n(1))],
        );
        if let Ok(release) = release {
            let _ = self.store.update(release, self.meter).await;
        }
    }
}

/// The places that are reserved.
fn places(item: &Item, now: Timestamp) -> Vec<String> {
    let places = item.get("p").and_then(|value| value.as_ss().ok());
    let is_kept = |place: &&String| {
        let since = place.split_once(' ').and_then(|(_, at)| at.parse().ok());
        since.is_some_and(|since: i64| (now.as_second() - since).abs() < KEPT)
    };
    places
        .into_iter()
        .flatten()
        .filter(is_kept)
        .cloned()
        .collect()
}

fn reserved(place: &str) -> Option<KeyId> {
    KeyId::parse(place.split_once(' ')?.0)
}

/// Once to twice [`PAUSE`] doubled per attempt; the key's id says where between the two.
fn pause(attempt: u32, id: KeyId) -> Duration {
    let base = PAUSE << attempt.min(5);
    let spread = u64::from(crc32fast::hash(format!("{id}{attempt}").as_bytes())) % base;
    Duration::from_millis(base + spread)
}
