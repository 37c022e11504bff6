//! Ids and versions, RFC 7643 §3.1 and RFC 7644 §3.14.
//!
//! An id of this service provider is a random UUID in lower case. Text in any other form is rejected here and reaches no
//! other code.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The id of a user or group.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId([u8; 36]);

impl ResourceId {
    /// Parses an id in the form that this service provider writes; other text is `None`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 36] = text.as_bytes().try_into().ok()?;
        let well_formed = bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        });
        well_formed.then_some(Self(bytes))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // `parse` accepts ASCII only.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The 16 bytes that the hexadecimal digits stand for.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        let mut digits = self.0.iter().filter(|byte| **byte != b'-').map(|byte| {
            let digit = char::from(*byte).to_digit(16).unwrap_or_default();
            u8::try_from(digit).unwrap_or_default()
        });
        std::array::from_fn(|_| {
            let high = digits.next().unwrap_or_default();
            high << 4 | digits.next().unwrap_or_default()
        })
    }

    /// The id with these 16 bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let mut digit = || {
            let digit = digits.next().unwrap_or_default();
            *DIGITS.get(usize::from(digit)).unwrap_or(&b'0')
        };
        Self(std::array::from_fn(|at| match at {
            8 | 13 | 18 | 23 => b'-',
            _ => digit(),
        }))
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ResourceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not an id of this service provider"))
    }
}

/// The version of a resource. It starts at 1 and increases with each change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
pub struct Version(pub u64);

impl Version {
    /// The version of a new resource.
    pub const FIRST: Self = Self(1);

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// Writes the entity tag. It is weak, because the bytes of a representation depend on the projection.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "W/\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_uuids_are_ids() {
        let id = "2819c223-7f76-453a-919d-413861904646";
        assert_eq!(ResourceId::parse(id).unwrap().as_str(), id);
        for odd in [
            "",
            "..",
            "2819C223-7f76-453a-919d-413861904646",
            "2819c223-7f76-453a-919d-41386190464",
            "2819c223-7f76-453a-919d-4138619046466",
            "2819c223x7f76-453a-919d-413861904646",
            "2819c223-7f76-453a-919d-41386190464\u{0}",
        ] {
            assert!(ResourceId::parse(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn an_id_is_sixteen_bytes_and_back() {
        let id = ResourceId::parse("2819c223-7f76-453a-919d-413861904646").unwrap();
        let bytes = id.to_bytes();
        assert_eq!(bytes[..4], [0x28, 0x19, 0xc2, 0x23]);
        assert_eq!(bytes[15], 0x46);
        assert_eq!(ResourceId::from_bytes(bytes), id);
    }

    #[test]
    fn entity_tags_are_weak() {
        assert_eq!(Version::FIRST.next().to_string(), "W/\"2\"");
    }
}
