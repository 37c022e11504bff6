//! The position of a walk and its text form.

use std::fmt::Write as _;

use data_encoding::BASE64URL_NOPAD;
use scim_core::{ResourceId, ResourceKind};

use super::Last;
use crate::limits::WALK_PATIENCE;

/// The position of a resource in walk order: the index of its type and its id as a number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct WalkPosition(pub(super) u8, pub(super) u128);

impl WalkPosition {
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

    /// The position directly before this one, whether or not a resource has it.
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

/// A start of a walk, and the position after which the page there begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct StartPosition {
    pub(super) start: u64,
    pub(super) after: WalkPosition,
}

/// The progress of a walk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WalkState {
    /// The walk has got its first page. The number of identical beginnings is in a separate attribute, so that it can be
    /// incremented without reading the item.
    Begun,
    /// The walk got a page at a start that no stored walk had.
    Jumped,
    /// The walk continued.
    Going,
    /// The walk has got its last page.
    Over,
}

/// One walk, or several with the same starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Walk {
    /// The time of the latest request, in seconds.
    pub(super) at: i64,
    /// The longest interval between two requests, in seconds.
    pub(super) slow: i64,
    /// The page size.
    pub(super) count: usize,
    /// The number of merged walks.
    pub(super) many: u64,
    pub(super) state: WalkState,
    pub(super) next: StartPosition,
    pub(super) latest: Option<StartPosition>,
}

impl Walk {
    /// The position after which the page at a start begins, if the walk has this start.
    pub(super) fn at(&self, start: u64) -> Option<WalkPosition> {
        let starts = [Some(self.next), self.latest].into_iter().flatten();
        let mut there = starts.filter(|at| at.start == start);
        there.next().map(|at| at.after)
    }

    pub(super) fn is_over(&self) -> bool {
        self.state == WalkState::Over
    }

    /// Whether this walk counts as abandoned compared with another one.
    pub(super) fn is_left_by(&self, other: &Self) -> bool {
        let patience = WALK_PATIENCE.as_secs().max(self.slow.saturating_mul(3));
        other.at.saturating_sub(self.at) > patience
    }

    /// The new state of a walk that continued.
    pub(super) fn following(self, walk: &Self) -> Self {
        let pause = self.at.saturating_sub(walk.at);
        Self {
            slow: walk.slow.max(pause),
            ..self
        }
    }

    /// The new state of a walk that requested its latest page again and may have used either response.
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
                WalkState::Going
            },
            next,
            ..*walk
        }
    }

    /// Merges two walks that have the same starts, unless one of them is finished or abandoned.
    pub(super) fn with(self, other: &Self) -> Option<Self> {
        let starts = |walk: &Self| Some((walk.count, walk.next.start, walk.latest?.start));
        let same = starts(&self).is_some_and(|own| Some(own) == starts(other));
        if !same || self.is_over() || other.is_over() || other.is_left_by(&self) {
            return None;
        }
        let lower = |one: StartPosition, two: StartPosition| StartPosition {
            after: one.after.min(two.after),
            ..one
        };
        Some(Self {
            at: self.at.max(other.at),
            slow: self.slow.max(other.slow),
            many: self.many.saturating_add(other.many),
            state: match (self.state, other.state) {
                (WalkState::Jumped, WalkState::Jumped) => WalkState::Jumped,
                _ => WalkState::Going,
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
            WalkState::Begun => ('b', 1),
            WalkState::Jumped => ('j', self.many),
            WalkState::Going => ('g', self.many),
            WalkState::Over => ('o', self.many),
        };
        let mut text = format!("{} {} {} {many} {state}", self.at, self.slow, self.count);
        for start in [Some(self.next), self.latest].into_iter().flatten() {
            let _ = write!(text, " {} {}", start.start, start.after.to_text());
        }
        text
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let mut word = || words.next();
        let (at, slow, count, many) = (word()?, word()?, word()?, word()?);
        let state = match word()? {
            "b" => WalkState::Begun,
            "j" => WalkState::Jumped,
            "g" => WalkState::Going,
            "o" => WalkState::Over,
            _ => return None,
        };
        let mut start = || {
            Some(StartPosition {
                start: word()?.parse().ok()?,
                after: WalkPosition::parse(word()?)?,
            })
        };
        Some(Self {
            at: at.parse().ok()?,
            slow: slow.parse().ok()?,
            count: count.parse().ok()?,
            many: many.parse().ok()?,
            state,
            next: start()?,
            latest: start(),
        })
    }
}
