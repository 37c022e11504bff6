//! Attempts to log in, counted over all processes, so that passwords cannot be guessed.
//!
//! An attempt is counted before it is looked at, or many side by side would be one; a good one is given back,
//! so that only failures are left. They are counted in windows of a quarter of an hour, for the name that was
//! tried, whether there is such a user or not, and for the tenant. The name stands in the key as a digest.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use scim_core::text;
use sha2::{Digest as _, Sha256};

use crate::error::DirectoryError;
use crate::items::n;
use crate::keys;
use crate::store::{Meter, Store, number};
use crate::tenant_id::TenantId;
use crate::write::update;

/// How long a window is, in seconds.
const WINDOW: i64 = 15 * 60;

/// Failures of a name in a window.
const OF_NAME: i64 = 10;

/// Failures of a tenant in a window: a morning's typing errors of ten thousand users, and few guesses at each.
const OF_TENANT: i64 = 1_000;

/// The attempts at one tenant's users.
#[derive(Clone, Copy)]
pub struct Attempts<'a> {
    /// The table.
    pub store: &'a Store,
    /// The tenant.
    pub tenant: &'a TenantId,
    /// Where reads and writes are counted.
    pub meter: &'a Meter,
}

impl Attempts<'_> {
    /// Counts an attempt; gives the seconds to wait when there were too many.
    ///
    /// # Errors
    ///
    /// When the table does not answer: then nobody may be let in.
    pub async fn count(&self, name: &str, now: Timestamp) -> Result<Option<i64>, DirectoryError> {
        let window = now.as_second().div_euclid(WINDOW);
        let wait = Some((window + 1) * WINDOW - now.as_second());
        // One after the other: whoever goes on with a name that is refused does not lock out the tenant.
        if self.add(&digest(name), window).await? > OF_NAME {
            return Ok(wait);
        }
        match self.add(ALL, window).await? > OF_TENANT {
            true => Ok(wait),
            false => Ok(None),
        }
    }

    /// Takes the count of an attempt back that was good.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn give_back(&self, name: &str, now: Timestamp) -> Result<(), DirectoryError> {
        let window = now.as_second().div_euclid(WINDOW);
        for who in [digest(name).as_str(), ALL] {
            let less = update(
                self.store.table(),
                &keys::logins(self.tenant, who, window),
                "ADD n :n",
                Some("n > :none"),
                vec![(":n", n(-1)), (":none", n(0))],
            )?;
            self.store.update(less, self.meter).await?;
        }
        Ok(())
    }

    async fn add(&self, who: &str, window: i64) -> Result<i64, DirectoryError> {
        let update = update(
            self.store.table(),
            &keys::logins(self.tenant, who, window),
            "ADD n :n SET expires = :end",
            None,
            vec![(":n", n(1)), (":end", n((window + 1) * WINDOW))],
        )?;
        let item = self.store.add(update, self.meter).await?;
        number(&item, "n").ok_or_else(|| crate::error::corrupt("attempts"))
    }
}

/// What stands for the whole tenant in the place of a name.
const ALL: &str = "all";

/// The digest of a name, in the form in which it is unique.
fn digest(name: &str) -> String {
    let form = text::user_name(name).unwrap_or_else(|| text::fold(name).into_owned());
    HEXLOWER.encode(&Sha256::digest(form.as_bytes()))
}
