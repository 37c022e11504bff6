//! Positions in a feed. They ascend without a gap while the epoch stays the same.
//!
//! A position is `epoch × 10⁹ + number`, and numbers start at 1. The epoch changes when the table was restored, has a new
//! stream, or the tenant was deleted and created again, so no position is ever used twice. Every position is a whole number
//! that a double represents exactly, because receivers parse JSON numbers as doubles.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The positions of an epoch.
const NUMBERS: u64 = 1_000_000_000;

/// A generation of a feed: minutes since 2026-01-01, from 0 up to February 2043.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Epoch(u32);

impl Epoch {
    /// The last epoch whose positions a double represents exactly.
    pub const LAST: Self = Self(9_007_198);
    /// 2026-01-01T00:00:00Z in seconds since 1970.
    const ORIGIN: i64 = 1_767_225_600;

    /// The epoch of a feed whose stream or tenant was made at this instant. The later one of the two counts. `None` after
    /// [`Epoch::LAST`]; an instant before 2026 is in epoch 0.
    #[must_use]
    pub fn at(made: Timestamp) -> Option<Self> {
        let minutes = made.as_second().saturating_sub(Self::ORIGIN).max(0) / 60;
        let epoch = u32::try_from(minutes).ok().map(Self)?;
        (epoch <= Self::LAST).then_some(epoch)
    }

    /// The number of minutes.
    #[must_use]
    pub const fn minutes(self) -> u32 {
        self.0
    }
}

/// A position of a feed. The one with number 0 is before the first entry of its epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position(u64);

impl Position {
    /// Before every entry.
    pub const BEGINNING: Self = Self(0);
    /// The last one.
    pub const LAST: Self = Self((Epoch::LAST.0 as u64) * NUMBERS + NUMBERS - 1);

    /// The position of the first entry of an epoch.
    #[must_use]
    pub const fn first_of(epoch: Epoch) -> Self {
        Self((epoch.0 as u64) * NUMBERS + 1)
    }

    /// The position with this value; `None` beyond [`Position::LAST`].
    #[must_use]
    pub fn new(value: u64) -> Option<Self> {
        Some(Self(value)).filter(|position| *position <= Self::LAST)
    }

    /// Parses decimal digits, at most 16.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_number = text.len() <= 16 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number
            .then(|| text.parse().ok())
            .flatten()
            .and_then(Self::new)
    }

    /// The value.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The epoch.
    #[must_use]
    pub fn epoch(self) -> Epoch {
        Epoch(u32::try_from(self.0 / NUMBERS).unwrap_or(Epoch::LAST.0))
    }

    /// The number within the epoch.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0 % NUMBERS
    }

    /// The next position; `None` at the end of the epoch.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        self.advance(1)
    }

    /// The position that many entries later; `None` beyond the end of the epoch.
    #[must_use]
    pub fn advance(self, by: u64) -> Option<Self> {
        let number = self.number().checked_add(by)?;
        (number < NUMBERS).then(|| Self(self.0.saturating_add(by)))
    }

    /// The position directly before; number 0 is its own.
    #[must_use]
    pub const fn before(self) -> Self {
        match self.number() {
            0 => self,
            _ => Self(self.0 - 1),
        }
    }

    /// The position as 16 digits, which sort like the positions.
    #[must_use]
    pub fn digits(self) -> String {
        format!("{:016}", self.0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = u64::deserialize(deserializer)?;
        Self::new(value).ok_or_else(|| de::Error::custom("not a position"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn epoch(at: &str) -> Option<u32> {
        Epoch::at(at.parse().unwrap()).map(Epoch::minutes)
    }

    #[test]
    fn an_epoch_is_a_minute_since_2026() {
        assert_eq!(epoch("2026-01-01T00:00:59.999Z"), Some(0));
        assert_eq!(epoch("2026-01-01T00:01:00Z"), Some(1));
        assert_eq!(epoch("2026-11-28T00:00:00Z"), Some(476_640));
        assert_eq!(epoch("2019-05-01T00:00:00Z"), Some(0));
        assert_eq!(epoch("2043-02-15T23:58:59Z"), Some(9_007_198));
        assert_eq!(epoch("2043-02-15T23:59:00Z"), None);
    }

    #[test]
    fn positions_are_epoch_and_number() {
        let first = Position::first_of(Epoch(476_640));
        assert_eq!(first.to_string(), "476640000000001");
        assert_eq!(first.digits(), "0476640000000001");
        assert_eq!((first.epoch(), first.number()), (Epoch(476_640), 1));
        assert_eq!(first.next().unwrap().value(), 476_640_000_000_002);
        assert_eq!(first.before().value(), 476_640_000_000_000);
        assert_eq!(first.before().before(), first.before());
        assert_eq!(Position::BEGINNING.digits(), "0000000000000000");
        assert_eq!(serde_json::to_string(&first).unwrap(), "476640000000001");
        assert_eq!(
            serde_json::from_str::<Position>("476640000000001").unwrap(),
            first
        );
        for odd in ["-1", "1.5", "\"1\"", "9007199000000000", "null"] {
            assert!(serde_json::from_str::<Position>(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn the_end_of_an_epoch_has_no_next_position() {
        let last = Position::new(5 * NUMBERS + NUMBERS - 1).unwrap();
        assert_eq!(last.next(), None);
        assert_eq!(last.before().next(), Some(last));
        assert_eq!(last.before().advance(2), None);
        assert_eq!(last.advance(u64::MAX), None);
        assert_eq!(Position::LAST.next(), None);
        assert_eq!(Position::new(Position::LAST.value() + 1), None);
    }

    #[test]
    fn only_digits_are_parsed() {
        for (text, value) in [
            ("0", 0),
            ("476640000000001", 476_640_000_000_001),
            ("0476640000000001", 476_640_000_000_001),
            ("9007198999999999", 9_007_198_999_999_999),
        ] {
            assert_eq!(Position::parse(text).map(Position::value), Some(value));
        }
        for odd in [
            "",
            "+1",
            "-1",
            " 1",
            "1.0",
            "1e3",
            "١",
            "9007199000000000",
            "00476640000000001",
            "18446744073709551617",
        ] {
            assert_eq!(Position::parse(odd), None, "{odd}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the test is about what a double keeps"
        )]
        fn a_double_holds_every_position(value in 0..=Position::LAST.value()) {
            for value in [value, Position::LAST.value() - value % 3] {
                let position = Position::new(value).unwrap();
                prop_assert_eq!(position.value() as f64 as u64, value);
                let as_double: f64 = position.to_string().parse().unwrap();
                prop_assert_eq!(as_double as u64, value);
                // Its neighbours are other doubles, so comparing doubles compares positions.
                prop_assert!((value + 1) as f64 > value as f64);
                prop_assert!(value == 0 || (value as f64) > (value - 1) as f64);
                prop_assert_eq!(Position::parse(&position.to_string()), Some(position));
                prop_assert_eq!(Position::parse(&position.digits()), Some(position));
            }
        }

        #[test]
        fn positions_sort_as_digits(left in 0..=Position::LAST.value(), right in 0..=Position::LAST.value()) {
            let (left, right) = (Position::new(left).unwrap(), Position::new(right).unwrap());
            prop_assert_eq!(left.cmp(&right), left.digits().cmp(&right.digits()));
        }
    }
}
