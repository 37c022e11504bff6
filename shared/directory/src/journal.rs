//! The requests log: what was refused or failed, for whoever has to put it right.
//!
//! An entry is one failure and its repetitions within a while: how often, when first and when last. It carries the
//! name and the id of the user or group, and no other value of an attribute. It is put whole each time, so that a
//! call that is made twice changes nothing, and it expires.
//!
//! Entries stand in the order of their first time. They are searched by reading them, newest first, up to a bound,
//! after which the search can be gone on with: what matches is looked for by people, now and then, and an index
//! would cost each entry another write.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use scim_core::sort::Direction;

use crate::table::keys::{self, Key};
use crate::table::{
    Actions, DirectoryError, Item, Meter, Range, Role, Store, Transacted, WriteId, sort_key, update,
};
use keyring::TenantId;

mod entry;

pub use entry::{Entry, EntryId, Person, Refusal, Wanted, Who};

/// How many entries are looked at for one page.
const LOOKED_AT: usize = 2_000;
/// How many entries one query gives at most.
const QUERIED: usize = 500;

/// A page of the log, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The entries.
    pub entries: Vec<Entry>,
    /// The entry behind which to go on; none when all was seen. A page may have few entries, or none, and still have
    /// one.
    pub next: Option<EntryId>,
}

/// The requests log of one tenant.
#[derive(Clone, Debug)]
pub struct RequestLog {
    store: Arc<Store>,
    tenant: TenantId,
    meter: Arc<Meter>,
}

impl RequestLog {
    /// The log of a tenant.
    #[must_use]
    pub const fn new(store: Arc<Store>, tenant: TenantId, meter: Arc<Meter>) -> Self {
        Self {
            store,
            tenant,
            meter,
        }
    }

    /// Puts entries, new ones and such that happened again, and keeps them so long after their last time.
    ///
    /// # Errors
    ///
    /// When the table does not take them.
    pub async fn put(&self, entries: &[Entry], kept: SignedDuration) -> Result<(), DirectoryError> {
        let items = entries
            .iter()
            .map(|entry| entry.to_item(&self.tenant, kept));
        let items: Vec<Item> = items.collect::<Result<_, _>>()?;
        self.store.batch_put(items, &self.meter).await
    }

    /// Puts one entry, as [`Self::put`].
    ///
    /// # Errors
    ///
    /// When the table does not take it.
    pub async fn put_one(&self, entry: &Entry, kept: SignedDuration) -> Result<(), DirectoryError> {
        let key = keys::request(&self.tenant, entry.id.as_str());
        let values = entry.values(kept)?;
        let expression = "SET d = :d, n = :n, l = :l, r = :r, expires = :expires";
        let update = update(self.store.table(), &key, expression, None, values.into())?;
        self.store.add(update, &self.meter).await.map(|_| ())
    }

    /// Puts an entry if there is such a tenant, for a caller who may have invented it. Gives whether there is.
    ///
    /// # Errors
    ///
    /// When the table does not take it.
    pub async fn put_if_there(
        &self,
        entry: &Entry,
        kept: SignedDuration,
        write: &WriteId,
    ) -> Result<bool, DirectoryError> {
        let mut actions = Actions::default();
        let table = self.store.table();
        actions.check_present(table, &keys::tenant(&self.tenant), Role::Resource)?;
        actions.put(table, entry.to_item(&self.tenant, kept)?, Role::Certain)?;
        let (items, token) = (actions.into_items(), write.token(0));
        let done = self.store.transact(items, &token, &self.meter).await?;
        Ok(matches!(done, Transacted::Done))
    }

    /// A page of the entries that are wanted, newest first, behind `after`.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn page(
        &self,
        wanted: &Wanted,
        count: usize,
        after: Option<&EntryId>,
        now: Timestamp,
    ) -> Result<Page, DirectoryError> {
        let range = self.range(wanted);
        let mut from = after.map(|id| keys::request(&self.tenant, id.as_str()).attributes());
        let mut page = Page {
            entries: Vec::new(),
            next: after.cloned(),
        };
        let mut looked_at = 0;
        loop {
            let most = QUERIED.min(LOOKED_AT - looked_at);
            let (items, next) = self.backwards(&range, most, from).await?;
            for item in &items {
                looked_at += 1;
                page.next = EntryId::parse(sort_key(item));
                let entry = Entry::read(item).filter(|_| Entry::is_live(item, now));
                page.entries
                    .extend(entry.filter(|entry| wanted.matches(entry)));
                if page.entries.len() >= count {
                    return Ok(page);
                }
            }
            if next.is_none() {
                page.next = None;
                return Ok(page);
            }
            if looked_at >= LOOKED_AT {
                return Ok(page);
            }
            from = next;
        }
    }

    /// Everything in the log about a person, newest first.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn about(
        &self,
        person: &Person,
        now: Timestamp,
    ) -> Result<Vec<Entry>, DirectoryError> {
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let range = self.range(&Wanted::default());
            let (items, next) = self.backwards(&range, QUERIED, from).await?;
            let live = items.iter().filter(|item| Entry::is_live(item, now));
            let entries = live.filter_map(Entry::read);
            found.extend(entries.filter(|entry| entry.is_about(person)));
            if next.is_none() {
                return Ok(found);
            }
            from = next;
        }
    }

    /// Deletes everything in the log about a person, and gives how many entries that were.
    ///
    /// # Errors
    ///
    /// When the table does not answer; what is deleted by then is deleted.
    pub async fn erase(&self, person: &Person) -> Result<usize, DirectoryError> {
        // What has expired and still lies there is deleted, too.
        let found = self.about(person, Timestamp::MIN).await?;
        let keys = found
            .iter()
            .map(|entry| keys::request(&self.tenant, entry.id.as_str()));
        let keys: Vec<Key> = keys.collect();
        self.store.batch_delete(&keys, &self.meter).await?;
        Ok(keys.len())
    }

    async fn backwards(
        &self,
        range: &Range,
        most: usize,
        from: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), DirectoryError> {
        let (limit, direction) = (Some(most), Direction::Descending);
        self.store
            .query_page(range, limit, from, direction, &self.meter)
            .await
    }

    fn range(&self, wanted: &Wanted) -> Range {
        let digits = |instant: Option<Timestamp>, other: i64| {
            let instant = instant.map(EntryId::digits);
            instant.unwrap_or_else(|| format!("{other:013}"))
        };
        Range {
            pk: keys::requests(&self.tenant),
            from: digits(wanted.from, 0),
            // No id is equal to digits alone, so those of that very millisecond are left out.
            to: match wanted.until {
                Some(until) => EntryId::digits(until),
                None => ":".to_owned(),
            },
        }
    }
}
