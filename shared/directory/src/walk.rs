//! Walks: reading all resources page by page, while others create and delete.
//!
//! A page at a rank skips a resource whenever one before it was deleted since the page before. So each
//! page leaves an *anchor*: the last id that it gave, under what the client will ask for next. A page that
//! finds an anchor continues after that id, whatever its rank is by now; a page without one is served by
//! rank. Anchors expire after ten minutes.

use futures_util::future::try_join;
use jiff::{SignedDuration, Timestamp};
use scim_core::{ResourceId, ResourceKind};
use sha2::{Digest, Sha256};

use crate::directory::{Directory, Found, Spread};
use crate::error::DirectoryError;
use crate::items::{n, read_resource, s};
use crate::keys::{self, Key};
use crate::store::{Range, number, sort_key, text};
use crate::write::update;

/// How long an anchor holds.
pub const ANCHOR_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Who walks over what, and where the next page starts.
#[derive(Clone, Copy, Debug)]
pub struct Step<'w> {
    /// The key of the caller.
    pub walker: &'w str,
    /// What is walked over.
    pub kind: ResourceKind,
    /// The filter, as it was written.
    pub filter: &'w str,
    /// The rank at which the page starts, from 1.
    pub start: u64,
}

impl Step<'_> {
    fn key(&self, directory: &Directory) -> Key {
        let mut digest = Sha256::new();
        for part in [self.walker, self.kind.name(), self.filter] {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.update(self.start.to_be_bytes());
        let name = data_encoding::HEXLOWER.encode(&digest.finalize());
        keys::anchor(&directory.tenant, &name)
    }
}

impl Directory {
    /// The id after which a step of a walk continues, if the page before left one.
    pub async fn anchor(
        &self,
        step: Step<'_>,
        now: Timestamp,
    ) -> Result<Option<ResourceId>, DirectoryError> {
        let item = self.store.get(&step.key(self), &self.meter).await?;
        Ok(item
            .filter(|item| number(item, "expires").is_some_and(|end: i64| end > now.as_second()))
            .and_then(|item| ResourceId::parse(text(&item, "id")?)))
    }

    /// Leaves the id after which a step will continue. Of two walks of one client that meet in a step the
    /// one that is behind counts: the other may get a resource twice, neither misses one.
    pub async fn leave_anchor(
        &self,
        step: Step<'_>,
        last: ResourceId,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let end = now.saturating_add(ANCHOR_LIFE).unwrap_or(now);
        let update = update(
            self.store.table(),
            &step.key(self),
            "SET id = :id, expires = :end",
            Some("attribute_not_exists(pk) OR expires <= :now OR id > :id"),
            vec![
                (":id", s(last.as_str())),
                (":end", n(end.as_second())),
                (":now", n(now.as_second())),
            ],
        )?;
        self.store.update(update, &self.meter).await.map(drop)
    }

    /// The page of all resources that a step asks for, in the order of their ids: after the last id of
    /// the page before it, if that is known, else by rank. In a walk the total is what was given, and
    /// what is left.
    pub async fn list(
        &self,
        step: Step<'_>,
        count: usize,
        now: Timestamp,
    ) -> Result<Found, DirectoryError> {
        let beside = self.branch();
        let (buckets, anchor) = try_join(self.buckets(step.kind), async {
            match step.start {
                0 | 1 => Ok(None),
                _ => beside.anchor(step, now).await,
            }
        })
        .await?;
        drop(beside);
        let skipped = step.start.saturating_sub(1);
        let Some(after) = anchor else {
            return self.list_at(step.kind, &buckets, skipped, count).await;
        };
        let mut found = self.list_after(step.kind, &buckets, after, count).await?;
        found.total += skipped;
        Ok(found)
    }

    /// The first resources after an id, and how many there are after it.
    async fn list_after(
        &self,
        kind: ResourceKind,
        buckets: &[(String, u64)],
        after: ResourceId,
        count: usize,
    ) -> Result<Found, DirectoryError> {
        let part = after.as_str().get(..3).unwrap_or_default();
        let range = |from: ResourceId, to: &str| Range {
            pk: keys::resources(&self.tenant, kind),
            from: format!("{from}\u{0}"),
            to: to.to_owned(),
        };
        let items = self
            .store
            .query(&range(after, "~"), Some(count.max(1)), &self.meter)
            .await?;
        let beyond: u64 = buckets
            .iter()
            .filter(|(digits, _)| digits.as_str() > part)
            .map(|(_, count)| count)
            .sum();
        let within = items
            .iter()
            .filter(|item| sort_key(item).starts_with(part))
            .count();
        let last = items.last().map(sort_key).and_then(ResourceId::parse);
        let unread = match last.filter(|last| within == items.len() && last.as_str() > part) {
            Some(last) => {
                let rest = range(last, &format!("{part}~"));
                self.store.query(&rest, None, &self.meter).await?.len()
            }
            None => 0,
        };
        let page = items
            .iter()
            .take(count)
            .map(|item| read_resource(kind, item))
            .collect::<Result<_, _>>()?;
        Ok(Found {
            total: beyond + u64::try_from(within + unread).unwrap_or_default(),
            page,
            spread: Spread::Neighbours,
        })
    }
}
