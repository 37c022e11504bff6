//! The journal of a tenant: the failure log, which has rejected and failed requests for the people who have to fix the
//! cause, and the activity, which has what administrators did. Both are in one partition, as entries of two kinds.
//!
//! A failure is stored with its repetitions within a period: how often it happened, when first and when last. It contains
//! the name and the id of the user or group and no other attribute value. Each write replaces the whole entry, so a
//! repeated call changes nothing. Entries expire.
//!
//! Entries are sorted by the time of their first failure. A search reads them, newest first, up to a bound and can then be
//! continued. There is no index, because people search the log only now and then and an index would cost another write for
//! each entry.

use jiff::{SignedDuration, Timestamp};
use scim_core::sort::Direction;

use crate::limits::{ENTRIES_AT_ONCE, ENTRIES_LOOKED_AT};
use crate::table::keys::{self, Key};
use crate::table::{
    Actions, DirectoryError, Item, ItemUpdate, Pages, Range, Role, TenantTable, Transacted,
    WriteId, sort_key,
};

pub mod delivery;
pub mod destinations;
mod entry;
pub mod feed;
#[cfg(test)]
mod numbered;

use entry::is_live;
pub use entry::{Act, Entry, EntryFilter, EntryId, LoggedFailure, Person, Recorded, UserMatch};

/// A page of failures or of acts, newest first.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalPage<C> {
    /// The entries that matched.
    pub entries: Vec<Recorded<C>>,
    /// The entry after which the next page begins; `None` at the end of the log. Even a page with few or no entries may
    /// have a next page.
    pub next: Option<EntryId>,
}

/// The failures and acts of one tenant.
#[derive(Clone, Debug)]
pub struct Journal {
    table: TenantTable,
}

impl Journal {
    /// The journal of a tenant.
    #[must_use]
    pub const fn new(table: TenantTable) -> Self {
        Self { table }
    }

    /// Stores new and repeated entries. They expire `kept` after their last occurrence.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn put(
        &self,
        entries: &[Recorded<LoggedFailure>],
        kept: SignedDuration,
    ) -> Result<(), DirectoryError> {
        let items = entries
            .iter()
            .map(|entry| entry.to_item(self.table.tenant(), kept));
        let items: Vec<Item> = items.collect::<Result<_, _>>()?;
        self.table.batch_put(items).await
    }

    /// Stores an act. It expires `kept` after it was done.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn put_act(
        &self,
        entry: &Recorded<Act>,
        kept: SignedDuration,
    ) -> Result<(), DirectoryError> {
        let mut update = ItemUpdate::of(keys::request(self.table.tenant(), entry.id.as_str()));
        for (name, value) in entry.attributes(kept)? {
            update = update.set(name, value);
        }
        self.table.add(&update).await.map(drop)
    }

    /// Stores an entry if the tenant exists, because an unauthenticated caller may have made up the tenant. Returns whether
    /// it exists.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn put_if_there(
        &self,
        entry: &Recorded<LoggedFailure>,
        kept: SignedDuration,
        write: &WriteId,
    ) -> Result<bool, DirectoryError> {
        let mut actions = Actions::default();
        actions.check_present(keys::tenant(self.table.tenant()), Role::Resource);
        actions.put(entry.to_item(self.table.tenant(), kept)?, Role::Certain);
        let done = self.table.transact(&actions, &write.token(0)).await?;
        Ok(matches!(done, Transacted::Done))
    }

    /// A page of the matching failures, newest first, after `after`.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn failures(
        &self,
        filter: &EntryFilter,
        count: usize,
        after: Option<&EntryId>,
        now: Timestamp,
    ) -> Result<JournalPage<LoggedFailure>, DirectoryError> {
        let pick = |entry: Entry| {
            let failure = entry.into_failure();
            failure.filter(|failure| filter.matches(failure))
        };
        self.page(self.range(filter), (count, after), now, pick)
            .await
    }

    /// A page of the acts, newest first, after `after`.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn acts(
        &self,
        count: usize,
        after: Option<&EntryId>,
        now: Timestamp,
    ) -> Result<JournalPage<Act>, DirectoryError> {
        let range = self.range(&EntryFilter::default());
        self.page(range, (count, after), now, Entry::into_act).await
    }

    /// A page of the entries that `pick` selects.
    async fn page<C>(
        &self,
        range: Range,
        (count, after): (usize, Option<&EntryId>),
        now: Timestamp,
        pick: impl Fn(Entry) -> Option<C>,
    ) -> Result<JournalPage<C>, DirectoryError> {
        let after_key = after.map(|id| keys::request(self.table.tenant(), id.as_str()));
        let mut pages = self.backwards(&range).after(after_key.as_ref());
        let mut page = JournalPage {
            entries: Vec::new(),
            next: after.cloned(),
        };
        let mut looked_at = 0;
        loop {
            let most = ENTRIES_AT_ONCE.min(ENTRIES_LOOKED_AT - looked_at);
            let items = pages.next_of(Some(most)).await?;
            for item in &items.unwrap_or_default() {
                looked_at += 1;
                page.next = EntryId::parse(sort_key(item));
                let entry = Recorded::read(item).filter(|_| is_live(item, now));
                page.entries
                    .extend(entry.and_then(|entry| entry.with(&pick)));
                if page.entries.len() >= count {
                    return Ok(page);
                }
            }
            if pages.is_over() {
                page.next = None;
                return Ok(page);
            }
            if looked_at >= ENTRIES_LOOKED_AT {
                return Ok(page);
            }
        }
    }

    /// All entries about a person, newest first.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn about(
        &self,
        person: &Person,
        now: Timestamp,
    ) -> Result<Vec<Recorded<Entry>>, DirectoryError> {
        let mut found = Vec::new();
        let range = self.range(&EntryFilter::default());
        let mut pages = self.backwards(&range);
        while let Some(items) = pages.next_of(Some(ENTRIES_AT_ONCE)).await? {
            let live = items.iter().filter(|item| is_live(item, now));
            let entries = live.filter_map(Recorded::read);
            found.extend(entries.filter(|entry| entry.content.is_about(person)));
        }
        Ok(found)
    }

    /// Deletes all entries about a person and returns their number.
    ///
    /// # Errors
    ///
    /// When the table does not answer; entries deleted by then stay deleted.
    pub async fn erase(&self, person: &Person) -> Result<usize, DirectoryError> {
        // This includes expired entries that DynamoDB has not deleted yet.
        let found = self.about(person, Timestamp::MIN).await?;
        let keys = found
            .iter()
            .map(|entry| keys::request(self.table.tenant(), entry.id.as_str()));
        let keys: Vec<Key> = keys.collect();
        self.table.batch_delete(&keys).await?;
        Ok(keys.len())
    }

    fn backwards(&self, range: &Range) -> Pages<'_> {
        self.table.pages(range, Direction::Descending)
    }

    fn range(&self, filter: &EntryFilter) -> Range {
        let digits = |instant: Option<Timestamp>, other: i64| {
            let instant = instant.map(EntryId::digits);
            instant.unwrap_or_else(|| format!("{other:013}"))
        };
        Range {
            pk: keys::requests(self.table.tenant()),
            from: digits(filter.from, 0),
            // An id is longer than its digits, so entries of exactly this millisecond are excluded.
            to: match filter.until {
                Some(until) => EntryId::digits(until),
                None => ":".to_owned(),
            },
        }
    }
}
