//! Instants in the only format of the admin API: UTC with three decimals, as in SCIM.

use std::fmt;

use jiff::Timestamp;
use scim_core::resource::timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Instant(pub(crate) Timestamp);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&timestamp(self.0))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_three_decimals_and_are_read_back() {
        for (microsecond, text) in [
            (1_800_000_000_000_000, r#""2027-01-15T08:00:00.000Z""#),
            (1_800_000_000_120_000, r#""2027-01-15T08:00:00.120Z""#),
            (1_800_000_000_120_999, r#""2027-01-15T08:00:00.120Z""#),
        ] {
            let instant = Timestamp::from_microsecond(microsecond).unwrap();
            assert_eq!(serde_json::to_string(&Instant(instant)).unwrap(), text);
            let read: Instant = serde_json::from_str(text).unwrap();
            assert_eq!(read.0.as_millisecond(), instant.as_millisecond());
        }
    }
}
