//! Ids of entries. An id is never used twice, also not by another tenant, and a receiver can use it to recognise a repeat.

use std::fmt;

use data_encoding::BASE32_DNSSEC;
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::position::Position;

/// The first characters of every id.
const PREFIX: &str = "evt_";

/// The id of an entry: `evt_` and, in base32hex without padding (RFC 4648 §7, small letters), the first 8 bytes of the SHA-256 of
/// the tenant's id and the position in 8 bytes. The ids of a tenant sort like their positions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    tenant: [u8; 8],
    position: Position,
}

impl EventId {
    /// The name of the account feed, which no tenant can have.
    pub const ACCOUNT: &'static str = "admin";

    /// The id of the entry at a position of a tenant's feed.
    #[must_use]
    pub fn of(tenant: &str, position: Position) -> Self {
        Self {
            tenant: digest(tenant),
            position,
        }
    }

    /// Parses an id; `None` if the text is not an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(PREFIX)?;
        let bytes = BASE32_DNSSEC.decode(encoded.as_bytes()).ok()?;
        let bytes: [u8; 16] = bytes.try_into().ok()?;
        let (tenant, position) = bytes.split_first_chunk::<8>()?;
        let id = Self {
            tenant: *tenant,
            position: Position::new(u64::from_be_bytes(position.try_into().ok()?))?,
        };
        // Decoding accepts capital letters, too.
        (id.to_string() == text).then_some(id)
    }

    /// The position in the feed.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// Whether it is the id of an entry of this tenant.
    #[must_use]
    pub fn is_of(&self, tenant: &str) -> bool {
        *self == Self::of(tenant, self.position)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.tenant, self.position.value().to_be_bytes()].concat();
        write!(f, "{PREFIX}{}", BASE32_DNSSEC.encode(&bytes))
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The id of a message with several events: `bat_` and, like [`EventId`], the tenant with the first and the last position.
/// One receiver gets the events of many tenants, whose positions can be the same.
#[derive(Clone, Copy)]
pub struct BatchId {
    tenant: [u8; 8],
    first: Position,
    last: Position,
}

impl BatchId {
    /// The id of a message with the events from the first to the last of these positions of a tenant's feed.
    #[must_use]
    pub fn of(tenant: &str, first: Position, last: Position) -> Self {
        Self {
            tenant: digest(tenant),
            first,
            last,
        }
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, last] = [self.first, self.last].map(|position| position.value().to_be_bytes());
        let bytes = [self.tenant, first, last].concat();
        write!(f, "bat_{}", BASE32_DNSSEC.encode(&bytes))
    }
}

/// The first 8 bytes of the SHA-256 of a tenant's id.
fn digest(tenant: &str) -> [u8; 8] {
    let digest: [u8; 32] = Sha256::digest(tenant.as_bytes()).into();
    digest.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `base64.b32hexencode` and `hashlib.sha256` of Python.
    const IDS: [(&str, u64, &str); 4] = [
        (
            "acme",
            475_200_000_000_001,
            "evt_g8lj7bc7o54a0001m0ohuck004",
        ),
        (
            "acme",
            475_200_000_000_002,
            "evt_g8lj7bc7o54a0001m0ohuck008",
        ),
        (
            "acme",
            9_007_198_999_999_999,
            "evt_g8lj7bc7o54a000vvvvv1k7lvs",
        ),
        ("admin", 1_000_000_001, "evt_hhkndpdl8421a0000003n6ma04"),
    ];

    #[test]
    fn ids_have_tenant_and_position() {
        for (tenant, position, text) in IDS {
            let position = Position::new(position).unwrap();
            let id = EventId::of(tenant, position);
            assert_eq!(id.to_string(), text);
            assert_eq!(EventId::parse(text), Some(id));
            assert_eq!(EventId::parse(text).unwrap().position(), position);
            assert!(id.is_of(tenant));
            assert!(!id.is_of("other"));
            assert!(
                text.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            );
        }
        assert!(IDS[0].2 < IDS[1].2 && IDS[1].2 < IDS[2].2);
    }

    #[test]
    fn other_text_is_no_id() {
        let [(_, _, text), ..] = IDS;
        for odd in [
            "",
            "evt_",
            "g8lj7bc7o54a0001m0ohuck004",
            "evt_g8lj7bc7o54a0001m0ohuck00",
            "evt_g8lj7bc7o54a0001m0ohuck0040",
            "evt_g8lj7bc7o54a0001m0ohuck005",
            "evt_zzzzzzzzzzzzzzzzzzzzzzzzzz",
            // Position beyond the last one.
            "evt_g8lj7bc7o54avvvvvvvvvvvvvs",
            &text.to_uppercase(),
            &text.to_uppercase().replace("EVT_", "evt_"),
            &format!("{text}="),
        ] {
            assert_eq!(EventId::parse(odd), None, "{odd}");
        }
    }
}
