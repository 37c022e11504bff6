//! What this process knows of both ends of feeds. It makes the usual poll, which finds nothing, one cheap read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use keyring::TenantId;
use scim_core::event::Position;

use crate::limits::{FEED_ENDS_AGE, REMEMBERED_FEED_ENDS};
use crate::tenants::Tenant;

/// The ends of the feeds that this process read lately.
#[derive(Debug, Default)]
pub struct FeedEnds(Mutex<HashMap<TenantId, (Timestamp, Ends)>>);

/// Both ends of a feed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// The position of the oldest entry.
    pub(super) oldest: Position,
    /// A position that the feed has; the last one, when it was read.
    pub(super) head: Position,
    /// When `oldest` was read.
    pub(super) read: Timestamp,
}

/// The place of one feed in [`FeedEnds`]. A tenant that is created again under the same id has another feed.
#[derive(Clone, Debug)]
pub(super) struct Remembered {
    ends: Arc<FeedEnds>,
    tenant: TenantId,
    created: Timestamp,
}

impl Remembered {
    pub(super) fn of(ends: &Arc<FeedEnds>, tenant: &Tenant) -> Self {
        Self {
            ends: Arc::clone(ends),
            tenant: tenant.id.clone(),
            created: tenant.created,
        }
    }

    /// The ends, if they are known and not too old.
    pub(super) fn recall(&self, now: Timestamp) -> Option<Ends> {
        let known = self.ends.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (created, ends) = known.get(&self.tenant)?;
        let until = ends.read.saturating_add(FEED_ENDS_AGE).ok()?;
        (*created == self.created && now < until).then_some(*ends)
    }

    pub(super) fn remember(&self, ends: Ends) {
        let mut known = self.ends.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED_FEED_ENDS && !known.contains_key(&self.tenant) {
            known.clear();
        }
        known.insert(self.tenant.clone(), (self.created, ends));
    }
}
