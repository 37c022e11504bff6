//! Requests that are carried out once, however often they are sent.
//!
//! Whoever repeats a request names it. What it came to is kept for a day, sealed by the caller: this crate
//! stores what it cannot read.

use jiff::{SignedDuration, Timestamp};

use crate::table::{DirectoryError, Item, Meter, Put, Store, WriteId, keys, n, s, text, update};

/// How long it is known what a request came to.
pub const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How long a request may be under way. After that its function has ended, and a repetition goes on in its place.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(60);

/// A request that is to be carried out once.
#[derive(Debug)]
pub struct Once<'o> {
    /// The table.
    pub store: &'o Store,
    /// The name that the caller gave, made unrecognisable.
    pub name: &'o str,
    /// The digest of what is asked for.
    pub request: &'o str,
    /// Where calls are counted.
    pub meter: &'o Meter,
}

/// Where a request stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Begun {
    /// It is to be carried out now; what its ids and tokens are derived from, beside what the caller knows.
    Now(String),
    /// It was carried out; what was kept of it.
    Before(String),
    /// It is being carried out.
    UnderWay,
    /// The name is that of another request.
    Other,
}

impl Once<'_> {
    /// Begins the request, unless it was begun before. `seed` is random and kept until the request has ended, so
    /// that a repetition which goes on with it draws the same ids.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn begin(
        &self,
        now: Timestamp,
        by: &WriteId,
        seed: &str,
    ) -> Result<Begun, DirectoryError> {
        let second = now.as_second();
        let begin = update(
            self.store.table(),
            &keys::once(self.name),
            "SET f = :f, s = :s, b = :now, w = :w, expires = :end REMOVE d",
            Some("attribute_not_exists(pk) OR expires <= :now"),
            vec![
                (":f", s(self.request)),
                (":s", s(seed)),
                (":w", s(by.as_str())),
                (":now", n(second)),
                (":end", n(second + KEPT.as_secs())),
            ],
        )?;
        let Put::Refused(Some(there)) = self.store.update(begin, self.meter).await? else {
            return Ok(Begun::Now(seed.to_owned()));
        };
        let was = |name: &str| text(&there, name);
        match (was("f") == Some(self.request), was("d")) {
            (false, _) => Ok(Begun::Other),
            (true, Some(kept)) => Ok(Begun::Before(kept.to_owned())),
            // An answer that was lost on its way from the table.
            (true, None) if was("w") == Some(by.as_str()) => Ok(Begun::Now(seed.to_owned())),
            (true, None) => self.go_on(&there, second, by).await,
        }
    }

    /// Goes on in the place of a request whose function has ended.
    async fn go_on(
        &self,
        there: &Item,
        second: i64,
        by: &WriteId,
    ) -> Result<Begun, DirectoryError> {
        let (Some(seed), Some(before)) = (text(there, "s"), text(there, "w")) else {
            return Ok(Begun::UnderWay);
        };
        let go_on = update(
            self.store.table(),
            &keys::once(self.name),
            "SET b = :now, w = :w, expires = :end",
            Some("w = :before AND attribute_not_exists(d) AND b <= :stale"),
            vec![
                (":before", s(before)),
                (":w", s(by.as_str())),
                (":now", n(second)),
                (":stale", n(second - UNDER_WAY.as_secs())),
                (":end", n(second + KEPT.as_secs())),
            ],
        )?;
        let is_ours = match self.store.update(go_on, self.meter).await? {
            Put::Done => true,
            // An answer that was lost on its way from the table.
            Put::Refused(Some(now)) => text(&now, "w") == Some(by.as_str()),
            Put::Refused(None) => false,
        };
        match is_ours {
            true => Ok(Begun::Now(seed.to_owned())),
            false => Ok(Begun::UnderWay),
        }
    }

    /// Keeps what the request came to; `None` when that is not worth keeping, and it may be sent anew.
    ///
    /// # Errors
    ///
    /// When the table does not answer.
    pub async fn end(&self, by: &WriteId, kept: Option<String>) -> Result<(), DirectoryError> {
        let key = keys::once(self.name);
        let (change, mut values) = match kept {
            Some(kept) => ("SET d = :d REMOVE s", vec![(":d", s(kept))]),
            None => ("SET b = :zero", vec![(":zero", n(0))]),
        };
        values.push((":w", s(by.as_str())));
        let end = update(self.store.table(), &key, change, Some("w = :w"), values)?;
        self.store.update(end, self.meter).await.map(drop)
    }
}
