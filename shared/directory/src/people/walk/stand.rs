//! Where a walk stands, and how that is written.

use std::fmt::Write as _;

use data_encoding::BASE64URL_NOPAD;
use jiff::SignedDuration;
use scim_core::{ResourceId, ResourceKind};

use super::Last;

/// How long a walk may rest beside another one before it counts as abandoned. Clients and gateways give up a
/// request after 30 to 60 seconds and then ask again; an administrator who starts an import once more is
/// rarely faster than that.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// Where a resource stands in the order of a walk: the place of its type, and its id as a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Spot(pub(super) u8, pub(super) u128);

impl Spot {
    pub(super) fn of(last: Last) -> Option<Self> {
        let place = ResourceKind::ALL.iter().position(|kind| *kind == last.kind);
        let digits: String = last.id.as_str().split('-').collect();
        let id = u128::from_str_radix(&digits, 16).ok()?;
        Some(Self(u8::try_from(place?).ok()?, id))
    }

    pub(super) fn last(self) -> Option<Last> {
        let digits = format!("{:032x}", self.1);
        let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
        let id = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)].map(|(from, to)| part(from, to));
        Some(Last {
            kind: *ResourceKind::ALL.get(usize::from(self.0))?,
            id: ResourceId::parse(&id.join("-"))?,
        })
    }

    /// What stands directly before it, whether there is such a resource or not.
    pub(super) const fn before(self) -> Self {
        Self(self.0, self.1.saturating_sub(1))
    }

    pub(super) fn to_text(self) -> String {
        format!(
            "{}{}",
            self.0,
            BASE64URL_NOPAD.encode(&self.1.to_be_bytes())
        )
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let (place, id) = text.split_at_checked(1)?;
        let id = BASE64URL_NOPAD.decode(id.as_bytes()).ok()?;
        let id = u128::from_be_bytes(id.try_into().ok()?);
        Some(Self(place.parse().ok()?, id))
    }
}

/// A start at which a walk stands, and the resource after which the page there begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stand {
    pub(super) start: u64,
    pub(super) after: Spot,
}

/// How far a walk is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// It was given its first page. How many began alike stands beside it, so that it can be counted unseen.
    Begun,
    /// It was given a page at a start at which no walk stood.
    Jumped,
    /// It went on.
    Going,
    /// It was given its last page.
    Over,
}

/// Walks that stand at the same starts, mostly one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Walk {
    /// When the latest page was asked for, in seconds.
    pub(super) at: i64,
    /// How many seconds passed before the slowest page.
    pub(super) slow: i64,
    /// The size of the pages.
    pub(super) count: usize,
    /// How many there are.
    pub(super) many: u64,
    pub(super) state: State,
    pub(super) next: Stand,
    pub(super) latest: Option<Stand>,
}

impl Walk {
    /// After what the page at a start begins, if the walk stands there.
    pub(super) fn at(&self, start: u64) -> Option<Spot> {
        let stands = [Some(self.next), self.latest].into_iter().flatten();
        let mut there = stands.filter(|stand| stand.start == start);
        there.next().map(|stand| stand.after)
    }

    pub(super) fn is_over(&self) -> bool {
        self.state == State::Over
    }

    /// Whether it counts as abandoned beside another one.
    pub(super) fn is_left_by(&self, other: &Self) -> bool {
        let patience = PATIENCE.as_secs().max(self.slow.saturating_mul(3));
        other.at.saturating_sub(self.at) > patience
    }

    /// The walk where another one went on.
    pub(super) fn following(self, walk: &Self) -> Self {
        let pause = self.at.saturating_sub(walk.at);
        Self {
            slow: walk.slow.max(pause),
            ..self
        }
    }

    /// A walk that asked for its latest page again, and may have used either answer.
    pub(super) fn repeating(self, walk: &Self) -> Self {
        let mut next = walk.next;
        if next.start == self.next.start {
            next.after = next.after.min(self.next.after);
        }
        Self {
            at: self.at.max(walk.at),
            state: if self.is_over() {
                walk.state
            } else {
                State::Going
            },
            next,
            ..*walk
        }
    }

    /// Both, if they stand at the same starts and neither is over or abandoned.
    pub(super) fn with(self, other: &Self) -> Option<Self> {
        let starts = |walk: &Self| Some((walk.count, walk.next.start, walk.latest?.start));
        let same = starts(&self).is_some_and(|own| Some(own) == starts(other));
        if !same || self.is_over() || other.is_over() || other.is_left_by(&self) {
            return None;
        }
        let lower = |one: Stand, two: Stand| Stand {
            after: one.after.min(two.after),
            ..one
        };
        Some(Self {
            at: self.at.max(other.at),
            slow: self.slow.max(other.slow),
            many: self.many.saturating_add(other.many),
            state: match (self.state, other.state) {
                (State::Jumped, State::Jumped) => State::Jumped,
                _ => State::Going,
            },
            next: lower(self.next, other.next),
            latest: self
                .latest
                .zip(other.latest)
                .map(|(one, two)| lower(one, two)),
            ..self
        })
    }

    pub(super) fn to_text(self) -> String {
        let (state, many) = match self.state {
            State::Begun => ('b', 1),
            State::Jumped => ('j', self.many),
            State::Going => ('g', self.many),
            State::Over => ('o', self.many),
        };
        let mut text = format!("{} {} {} {many} {state}", self.at, self.slow, self.count);
        for stand in [Some(self.next), self.latest].into_iter().flatten() {
            let _ = write!(text, " {} {}", stand.start, stand.after.to_text());
        }
        text
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut word = || words.next();
        let (at, slow, count, many) = (word()?, word()?, word()?, word()?);
        let state = match word()? {
            "b" => State::Begun,
            "j" => State::Jumped,
            "g" => State::Going,
            "o" => State::Over,
            _ => return None,
        };
        let mut stand = || {
            Some(Stand {
                start: word()?.parse().ok()?,
                after: Spot::parse(word()?)?,
            })
        };
        Some(Self {
            at: at.parse().ok()?,
            slow: slow.parse().ok()?,
            count: count.parse().ok()?,
            many: many.parse().ok()?,
            state,
            next: stand()?,
            latest: stand(),
        })
    }
}
