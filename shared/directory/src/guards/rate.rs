//! Counts the requests of a tenant across all processes.

use std::sync::Arc;

use jiff::Timestamp;

use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::attribute::window::COUNT;
use crate::table::{DirectoryError, ItemUpdate, Meter, Store, corrupt, keys, n, number};
use keyring::TenantId;

/// A time window for counting requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window(i64);

impl Window {
    /// The length of a window.
    pub const SECONDS: i64 = 10;

    /// The window that contains an instant.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(now.as_second().div_euclid(Self::SECONDS))
    }

    /// The seconds until the window ends.
    #[must_use]
    pub fn left(self, now: Timestamp) -> i64 {
        (self.0 + 1) * Self::SECONDS - now.as_second()
    }
}

/// Adds a process's requests in a window and returns the total of all processes. The item expires with its window.
///
/// # Errors
///
/// When the table does not answer.
pub async fn count(
    store: &Arc<Store>,
    tenant: &TenantId,
    window: Window,
    served: u32,
    meter: &Meter,
) -> Result<u64, DirectoryError> {
    let end = (window.0 + 1) * Window::SECONDS;
    let update = ItemUpdate::of(keys::rate(tenant, window.0))
        .set(EXPIRES, n(end))
        .add(COUNT, n(served));
    let item = store.add(&update, meter).await?;
    number(&item, COUNT).ok_or_else(|| corrupt("rate"))
}
