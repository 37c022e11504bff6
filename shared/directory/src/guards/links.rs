//! Setup links: a link opens one tenant's setup page, once, for anyone who has it.
//!
//! The URL contains an id and a secret; the table stores the digest of the secret. The item remains for a month after the
//! link expires, so that a late visitor is told why the link does not open.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use jiff::Timestamp;

use crate::limits::LINK_KNOWN;
use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::attribute::link::{CREATED, DIGEST, ENDS, KEY, REVOKED, USED, WRITE};
use crate::table::{
    self, Actions, ConditionExpression, DirectoryError, Item, ItemUpdate, Put, Range, Role,
    TenantTable, Transacted, WriteId, above, instant_if, keys, lacks, n, number, s, sort_key, text,
};
use keyring::{Digest, KeyId};

/// The secret part of a link's URL: 256 random bits.
pub struct LinkSecret(Box<str>);

impl LinkSecret {
    /// Makes a secret from random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(BASE32_DNSSEC.encode(&random).into())
    }

    /// Wraps the secret that a request's URL contains.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.into())
    }

    /// The text for the URL.
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
    /// The id, which is not secret.
    pub id: KeyId,
    /// The id of the admin key that created the link.
    pub key: String,
    /// When the link was created.
    pub created: Timestamp,
    /// When the link expires.
    pub ends: Timestamp,
    /// When the link was used.
    pub used: Option<Timestamp>,
    /// When the link was revoked.
    pub revoked: Option<Timestamp>,
}

/// The state of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkStatus {
    /// The link can be used.
    Open,
    /// The link was used at this time.
    Used(Timestamp),
    /// The link was revoked at this time.
    Revoked(Timestamp),
    /// The link expired at this time without being used.
    Ended(Timestamp),
}

impl Link {
    /// The state at an instant.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> LinkStatus {
        match (self.revoked, self.used) {
            (Some(revoked), _) => LinkStatus::Revoked(revoked),
            (None, Some(used)) => LinkStatus::Used(used),
            (None, None) if now >= self.ends => LinkStatus::Ended(self.ends),
            (None, None) => LinkStatus::Open,
        }
    }

    fn read(item: &Item) -> Option<Self> {
        let instant = |name: &str| Timestamp::from_second(number(item, name)?).ok();
        Some(Self {
            id: KeyId::parse(sort_key(item))?,
            key: text(item, KEY)?.to_owned(),
            // In milliseconds, so that links created in the same second have an order.
            created: Timestamp::from_millisecond(number(item, CREATED)?).ok()?,
            ends: instant(ENDS)?,
            used: instant_if(item, USED, Timestamp::from_second).ok()?,
            revoked: instant_if(item, REVOKED, Timestamp::from_second).ok()?,
        })
    }
}

/// The setup links of one tenant.
#[derive(Clone, Debug)]
pub struct Links {
    /// The tenant and the table.
    pub table: TenantTable,
}

impl Links {
    /// Stores a link if the tenant exists; returns whether it does.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn put(
        &self,
        link: &Link,
        secret: &LinkSecret,
        write: &WriteId,
    ) -> Result<bool, DirectoryError> {
        let attributes = [
            (DIGEST, s(secret.digest().to_hex())),
            (KEY, s(link.key.as_str())),
            (CREATED, n(link.created.as_millisecond())),
            (ENDS, n(link.ends.as_second())),
            (EXPIRES, n((link.ends + LINK_KNOWN).as_second())),
        ];
        let mut actions = Actions::default();
        actions.check_present(keys::tenant(self.table.tenant()), Role::Resource);
        let item = table::item(
            &keys::link(self.table.tenant(), link.id.as_str()),
            attributes,
        );
        actions.put(item, Role::Certain);
        let done = self.table.transact(&actions, &write.token(0)).await?;
        Ok(matches!(done, Transacted::Done))
    }

    /// The links, newest first.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn list(&self) -> Result<Vec<Link>, DirectoryError> {
        let (from, to) = ("0".to_owned(), "w".to_owned());
        let pk = keys::links(self.table.tenant());
        let range = Range { pk, from, to };
        let items = self.table.query(&range, None).await?;
        let mut links: Vec<Link> = items.iter().filter_map(Link::read).collect();
        links.sort_by(|one, other| (other.created, &other.id).cmp(&(one.created, &one.id)));
        Ok(links)
    }

    /// The link with this id and secret; `None` if the id is unknown or the secret is wrong.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn find(
        &self,
        id: KeyId,
        secret: &LinkSecret,
    ) -> Result<Option<Link>, DirectoryError> {
        let key = keys::link(self.table.tenant(), id.as_str());
        let item = self.table.get(&key).await?;
        Ok(item
            .filter(|item| {
                let stored = text(item, DIGEST).and_then(Digest::from_hex);
                stored == Some(secret.digest())
            })
            .and_then(|item| Link::read(&item)))
    }

    /// The link with this id, for callers who have already opened it; `None` if it no longer exists.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn read(&self, id: KeyId) -> Result<Option<Link>, DirectoryError> {
        let key = keys::link(self.table.tenant(), id.as_str());
        let item = self.table.get(&key).await?;
        Ok(item.and_then(|item| Link::read(&item)))
    }

    /// Marks a link as used and returns whether it was open. If several requests try at once, one succeeds.
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
        let is_open = ConditionExpression::Present
            .and(lacks(USED))
            .and(lacks(REVOKED))
            .and(above(ENDS, n(now.as_second())));
        self.close(id, (USED, is_open), now, write).await
    }

    /// Revokes a link, used or not, and returns whether it existed and was not revoked already.
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
        let is_there = ConditionExpression::Present.and(lacks(REVOKED));
        self.close(id, (REVOKED, is_there), now, write).await
    }

    async fn close(
        &self,
        id: KeyId,
        (how, condition): (&'static str, ConditionExpression),
        now: Timestamp,
        write: &WriteId,
    ) -> Result<bool, DirectoryError> {
        let key = keys::link(self.table.tenant(), id.as_str());
        let closed = ItemUpdate::of(key)
            .set(how, n(now.as_second()))
            .set(WRITE, s(write.as_str()))
            .when(condition);
        Ok(match self.table.update(&closed).await? {
            Put::Done => true,
            // If the SDK repeated the write after a lost response, the item already has this write id.
            Put::ConditionFailed(item) => {
                item.is_some_and(|item| text(&item, WRITE) == Some(write.as_str()))
            }
        })
    }
}
