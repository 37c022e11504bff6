//! Instants in the format of the admin API.

use std::fmt;

use jiff::Timestamp;
use scim_core::resource::timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant with the decimals that it needs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Instant(pub(crate) Timestamp);

/// An instant with three decimals, as in SCIM.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Millis(pub(crate) Timestamp);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&timestamp(self.0))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read(deserializer).map(Self)
    }
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_and_read_in_both_forms() {
        let instant = Timestamp::from_millisecond(1_800_000_000_120).unwrap();
        let (exact, millis) = (Instant(instant), Millis(instant));
        let exact_text = serde_json::to_string(&exact).unwrap();
        let millis_text = serde_json::to_string(&millis).unwrap();
        assert_eq!(exact_text, r#""2027-01-15T08:00:00.12Z""#);
        assert_eq!(millis_text, r#""2027-01-15T08:00:00.120Z""#);
        assert_eq!(serde_json::from_str::<Instant>(&exact_text).unwrap(), exact);
        let read = serde_json::from_str::<Millis>(&millis_text).unwrap();
        assert_eq!(read, millis);
    }
}
