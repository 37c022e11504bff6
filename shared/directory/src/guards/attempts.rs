//! Counts attempts at a secret across all processes, so that it cannot be guessed and valid users are not locked out.
//!
//! A name or address has a number of [`Chances`] in each window. An attempt takes a chance before it is checked, otherwise
//! parallel attempts would count as one. A successful attempt returns its chance, a failed one keeps it; so attempts in
//! flight and failures together never exceed the limit. If attempts in flight hold all chances, an attempt waits for one;
//! if failures hold them, it is rejected.
//!
//! For log-ins, names are counted whether or not the user exists, and failures also for the whole tenant. The key contains
//! a digest of the name.

use jiff::Timestamp;
use scim_core::ResourceKind;
use tokio::time::Instant;

use crate::limits::{CHANCE_TIME, FAILURES_OF_NAME, FAILURES_OF_TENANT, LOG_IN_SECONDS};
use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::attribute::attempts::{FAILED, TAKEN};
use crate::table::keys::attribute::window::COUNT;
use crate::table::keys::{self, Key, UniqueName};
use crate::table::{
    DirectoryError, ItemUpdate, Meter, Put, Store, TenantTable, above, backoff, below, lacks, n,
    number_if,
};

/// The chances of one name or address in a window.
pub struct Chances<'a> {
    store: &'a Store,
    meter: &'a Meter,
    key: Key,
    most: i64,
    /// Seconds until the window ends.
    left: i64,
    ends: i64,
}

/// Why no chance is available.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoChance {
    /// The limit of failures is reached; the seconds until the window ends.
    Failed(i64),
    /// Attempts in flight held all chances for longer than the wait.
    Busy,
}

impl<'a> Chances<'a> {
    /// The length of the window of sign-ins to the console, in seconds.
    pub const SIGN_IN: i64 = 5 * 60;

    /// The chances of an address that signs in to the console.
    #[must_use]
    pub fn of_address(
        (store, meter): (&'a Store, &'a Meter),
        source: &str,
        most: i64,
        now: Timestamp,
    ) -> Self {
        let key = |window| keys::attempts(source, window);
        Self::new((store, meter), key, most, (Self::SIGN_IN, now))
    }

    fn new(
        (store, meter): (&'a Store, &'a Meter),
        key: impl FnOnce(i64) -> Key,
        most: i64,
        (length, now): (i64, Timestamp),
    ) -> Self {
        let window = now.as_second().div_euclid(length);
        let ends = (window + 1) * length;
        Self {
            store,
            meter,
            key: key(window),
            most,
            left: ends - now.as_second(),
            ends,
        }
    }

    /// Takes a chance, and waits for one if necessary.
    ///
    /// # Errors
    ///
    /// When the table does not answer; the caller must then reject the attempt.
    pub async fn take(&self) -> Result<Result<(), NoChance>, DirectoryError> {
        let (until, mut attempt) = (Instant::now() + CHANCE_TIME, 0);
        loop {
            let take = self.update().set(EXPIRES, n(self.ends)).add(TAKEN, n(1));
            let take = take.when(lacks(TAKEN).or(below(TAKEN, n(self.most))));
            let taken = self.store.update(&take, self.meter).await?;
            let Put::ConditionFailed(item) = taken else {
                return Ok(Ok(()));
            };
            let failed: Option<i64> = number_if(&item.unwrap_or_default(), FAILED)?;
            if failed.is_some_and(|failed| failed >= self.most) {
                return Ok(Err(NoChance::Failed(self.left)));
            }
            if Instant::now() >= until {
                return Ok(Err(NoChance::Busy));
            }
            attempt += 1;
            backoff(attempt).await;
        }
    }

    /// Returns the chance of a successful attempt.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn give_back(&self) -> Result<(), DirectoryError> {
        let less = self.update().add(TAKEN, n(-1)).when(above(TAKEN, n(0)));
        self.store.update(&less, self.meter).await?;
        Ok(())
    }

    /// Records a failed attempt.
    ///
    /// # Errors
    ///
    /// When the table does not answer; the chance stays taken.
    pub async fn fail(&self) -> Result<(), DirectoryError> {
        let more = self.update().set(EXPIRES, n(self.ends)).add(FAILED, n(1));
        self.store.update(&more, self.meter).await?;
        Ok(())
    }

    fn update(&self) -> ItemUpdate {
        ItemUpdate::of(self.key.clone())
    }
}

/// The attempts to log in as one tenant's users.
#[derive(Clone)]
pub struct LogIns {
    /// The tenant and the table.
    pub table: TenantTable,
    /// Now.
    pub now: Timestamp,
}

impl LogIns {
    /// The chances of a name.
    #[must_use]
    pub fn of(&self, name: &str) -> Chances<'_> {
        let (tenant, name) = (
            self.table.tenant(),
            UniqueName::of(ResourceKind::User, name),
        );
        let key = |window| keys::logins(tenant, &name, window);
        Chances::new(
            (self.table.store(), self.table.meter()),
            key,
            FAILURES_OF_NAME,
            (LOG_IN_SECONDS, self.now),
        )
    }

    /// Whether further attempts must be slowed down, because the tenant has too many failures. Callers ask while they
    /// take a chance, in parallel.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn are_many(&self) -> Result<bool, DirectoryError> {
        let item = self.table.branch().get(&self.all().0).await?;
        let failed: Option<i64> = number_if(&item.unwrap_or_default(), COUNT)?;
        Ok(failed.is_some_and(|failed| failed >= FAILURES_OF_TENANT))
    }

    /// Counts a failure for the tenant, in parallel to the failure of its name.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn fail(&self) -> Result<(), DirectoryError> {
        let (key, ends) = self.all();
        let more = ItemUpdate::of(key).set(EXPIRES, n(ends)).add(COUNT, n(1));
        self.table.branch().update(&more).await.map(drop)
    }

    /// The tenant's counter and the end of its window.
    fn all(&self) -> (Key, i64) {
        let window = self.now.as_second().div_euclid(LOG_IN_SECONDS);
        (
            keys::all_logins(self.table.tenant(), window),
            (window + 1) * LOG_IN_SECONDS,
        )
    }
}
