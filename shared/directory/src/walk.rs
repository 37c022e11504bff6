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

use crate::directory::{Directory, Found};
use crate::error::DirectoryError;
use crate::items::{n, s};
use crate::keys::{self, Key};
use crate::search::Place;
use crate::store::{number, text};
use crate::write::update;

/// How long an anchor holds.
pub const ANCHOR_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// Who walks over what, and where the next page starts.
#[derive(Clone, Copy, Debug)]
pub struct Step<'w> {
    /// The key of the caller.
    pub walker: &'w str,
    /// What is walked over: the name of a resource type, or of several.
    pub over: &'w str,
    /// The filter, as it was written.
    pub filter: &'w str,
    /// The rank at which the page starts, from 1.
    pub start: u64,
}

/// The resource that a page ended with. Types come one after the other, in the order of
/// [`ResourceKind::ALL`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Last {
    /// Its type.
    pub kind: ResourceKind,
    /// Its id.
    pub id: ResourceId,
}

impl Last {
    /// As text that is in the order of a walk: the place of the type, and the id.
    #[must_use]
    pub fn to_text(self) -> String {
        let place = ResourceKind::ALL.iter().position(|kind| *kind == self.kind);
        format!("{}{}", place.unwrap_or_default(), self.id)
    }

    /// Reads what [`Self::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (place, id) = text.split_at_checked(1)?;
        Some(Self {
            kind: *ResourceKind::ALL.get(place.parse::<usize>().ok()?)?,
            id: ResourceId::parse(id)?,
        })
    }
}

impl Step<'_> {
    fn key(&self, directory: &Directory) -> Key {
        let mut digest = Sha256::new();
        for part in [self.walker, self.over, self.filter] {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        digest.update(self.start.to_be_bytes());
        let name = data_encoding::HEXLOWER.encode(&digest.finalize());
        keys::anchor(&directory.tenant, &name)
    }
}

impl Directory {
    /// The resource after which a step of a walk continues, if the page before left one. The first page
    /// continues nothing.
    pub async fn anchor(
        &self,
        step: Step<'_>,
        now: Timestamp,
    ) -> Result<Option<Last>, DirectoryError> {
        if step.start <= 1 {
            return Ok(None);
        }
        let item = self.store.get(&step.key(self), &self.meter).await?;
        Ok(item
            .filter(|item| number(item, "expires").is_some_and(|end: i64| end > now.as_second()))
            .and_then(|item| Last::parse(text(&item, "id")?)))
    }

    /// Leaves the resource after which a step will continue. Of two walks of one client that meet in a
    /// step the one that is behind counts: the other may get a resource twice, neither misses one.
    pub async fn leave_anchor(
        &self,
        step: Step<'_>,
        last: Last,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let end = now.saturating_add(ANCHOR_LIFE).unwrap_or(now);
        let update = update(
            self.store.table(),
            &step.key(self),
            "SET id = :id, expires = :end",
            Some("attribute_not_exists(pk) OR expires <= :now OR id > :id"),
            vec![
                (":id", s(last.to_text())),
                (":end", n(end.as_second())),
                (":now", n(now.as_second())),
            ],
        )?;
        self.store.update(update, &self.meter).await.map(drop)
    }

    /// The page of all resources of a type that a step asks for, in the order of their ids: after the
    /// last one of the page before it, if that is known, else by rank.
    pub async fn list(
        &self,
        kind: ResourceKind,
        step: Step<'_>,
        count: usize,
        now: Timestamp,
    ) -> Result<Found, DirectoryError> {
        let beside = self.branch();
        let (counts, anchor) = try_join(self.counts(kind), beside.anchor(step, now)).await?;
        drop(beside);
        if let Some(last) = anchor {
            return self.list_after(kind, &counts, last.id, count).await;
        }
        let skipped = step.start.saturating_sub(1);
        self.list_at(kind, &counts, skipped, count).await
    }

    /// The page of all resources of a type that starts at a place, in the order of their ids.
    pub async fn list_from(
        &self,
        kind: ResourceKind,
        place: Place,
        count: usize,
    ) -> Result<Found, DirectoryError> {
        let counts = self.counts(kind).await?;
        match place {
            Place::After(id) => self.list_after(kind, &counts, id, count).await,
            Place::Rank(skipped) => self.list_at(kind, &counts, skipped, count).await,
        }
    }
}
