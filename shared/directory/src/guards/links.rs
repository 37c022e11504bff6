//! Setup links: a link opens one tenant's setup page, once, to whoever has it.
//!
//! The address holds an id and a secret; the table has the digest of the secret. What became of a link stays there
//! for a month after its end, so that whoever comes too late is told why it does not open.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use jiff::{SignedDuration, Timestamp};

use crate::table::{
    self, Actions, DirectoryError, Item, Meter, Put, Range, Role, Store, Transacted, WriteId,
    instant_if, keys, n, number, s, sort_key, text, update,
};
use keyring::{Digest, KeyId, TenantId};

/// How long it is known what became of a link.
const KNOWN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How many links of a tenant can be open at a time.
pub const MOST_OPEN: usize = 20;

/// The secret part of a link's address: 256 random bits.
pub struct LinkSecret(Box<str>);

impl LinkSecret {
    /// A secret made of random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(BASE32_DNSSEC.encode(&random).into())
    }

    /// What an address presents.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.into())
    }

    /// The text, for the address.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    fn digest(&self) -> Digest {
        Digest::of(&self.0)
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(…)")
    }
}

/// A setup link.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// Its id, which is no secret.
    pub id: KeyId,
    /// The admin key that asked for it.
    pub key: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub ends: Timestamp,
    /// When it was used.
    pub used: Option<Timestamp>,
    /// When it was revoked.
    pub revoked: Option<Timestamp>,
}

/// What is to be said of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// It can be used.
    Open,
    /// It was used.
    Used(Timestamp),
    /// It was revoked.
    Revoked(Timestamp),
    /// It was not used in time.
    Ended(Timestamp),
}

impl Link {
    /// Its state at an instant.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        match (self.revoked, self.used) {
            (Some(revoked), _) => State::Revoked(revoked),
            (None, Some(used)) => State::Used(used),
            (None, None) if now >= self.ends => State::Ended(self.ends),
            (None, None) => State::Open,
        }
    }

    fn read(item: &Item) -> Option<Self> {
        let instant = |name: &str| Timestamp::from_second(number(item, name)?).ok();
        Some(Self {
            id: KeyId::parse(sort_key(item))?,
            key: text(item, "k")?.to_owned(),
            // Links of one second have an order, too.
            created: Timestamp::from_millisecond(number(item, "c")?).ok()?,
            ends: instant("x")?,
            used: instant_if(item, "u", Timestamp::from_second).ok()?,
            revoked: instant_if(item, "r", Timestamp::from_second).ok()?,
        })
    }
}

/// The setup links of one tenant.
#[derive(Clone, Copy, Debug)]
pub struct Links<'s> {
    /// The table.
    pub store: &'s Store,
    /// The tenant.
    pub tenant: &'s TenantId,
    /// Where calls are counted.
    pub meter: &'s Meter,
}

impl Links<'_> {
    /// Puts a link, if there is such a tenant; gives whether there is.
    ///
    /// # Errors
    ///
    /// When the table does not take it.
    pub async fn put(
        &self,
        link: &Link,
        secret: &LinkSecret,
        write: &WriteId,
    ) -> Result<bool, DirectoryError> {
        let attributes = [
            ("h", s(secret.digest().to_hex())),
            ("k", s(link.key.as_str())),
            ("c", n(link.created.as_millisecond())),
            ("x", n(link.ends.as_second())),
            ("expires", n((link.ends + KNOWN).as_second())),
        ];
        let (table, mut actions) = (self.store.table(), Actions::default());
        actions.check_present(table, &keys::tenant(self.tenant), Role::Resource)?;
        let item = table::item(&keys::link(self.tenant, link.id.as_str()), attributes);
        actions.put(table, item, Role::Certain)?;
        let (items, token) = (actions.into_items(), write.token(0));
        let done = self.store.transact(items, &token, self.meter).await?;
        Ok(matches!(done, Transacted::Done))
    }

    /// The links, newest first.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn list(&self) -> Result<Vec<Link>, DirectoryError> {
        let (from, to) = ("0".to_owned(), "w".to_owned());
        let pk = keys::links(self.tenant);
        let range = Range { pk, from, to };
        let items = self.store.query(&range, None, self.meter).await?;
        let mut links: Vec<Link> = items.iter().filter_map(Link::read).collect();
        links.sort_by(|one, other| (other.created, &other.id).cmp(&(one.created, &one.id)));
        Ok(links)
    }

    /// The link of an id and its secret; `None` when there is none, whatever of the two is wrong.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn find(
        &self,
        id: KeyId,
        secret: &LinkSecret,
    ) -> Result<Option<Link>, DirectoryError> {
        let key = keys::link(self.tenant, id.as_str());
        let item = self.store.get(&key, self.meter).await?;
        Ok(item
            .filter(|item| {
                let stored = text(item, "h").and_then(Digest::from_hex);
                stored == Some(secret.digest())
            })
            .and_then(|item| Link::read(&item)))
    }

    /// The link of an id, for those who opened it; `None` when there is none any more.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn read(&self, id: KeyId) -> Result<Option<Link>, DirectoryError> {
        let key = keys::link(self.tenant, id.as_str());
        let item = self.store.get(&key, self.meter).await?;
        Ok(item.and_then(|item| Link::read(&item)))
    }

    /// Uses a link up, and gives whether it was open: of several who try at once, one succeeds.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn consume(
        &self,
        id: KeyId,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<bool, DirectoryError> {
        let is_open = "attribute_exists(pk) AND attribute_not_exists(u) AND attribute_not_exists(r) AND x > :now";
        self.close(id, ("SET u = :now, w = :w", is_open), now, write)
            .await
    }

    /// Revokes a link, used or not, and gives whether it was there and not revoked before.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn revoke(
        &self,
        id: KeyId,
        now: Timestamp,
        write: &WriteId,
    ) -> Result<bool, DirectoryError> {
        let is_there = "attribute_exists(pk) AND attribute_not_exists(r)";
        self.close(id, ("SET r = :now, w = :w", is_there), now, write)
            .await
    }

    async fn close(
        &self,
        id: KeyId,
        (how, condition): (&str, &str),
        now: Timestamp,
        write: &WriteId,
    ) -> Result<bool, DirectoryError> {
        let closed = update(
            self.store.table(),
            &keys::link(self.tenant, id.as_str()),
            how,
            Some(condition),
            vec![(":now", n(now.as_second())), (":w", s(write.as_str()))],
        )?;
        Ok(match self.store.update(closed, self.meter).await? {
            Put::Done => true,
            // Repeated by the SDK after a lost answer, the write meets itself.
            Put::Refused(item) => item.is_some_and(|item| text(&item, "w") == Some(write.as_str())),
        })
    }
}
