//! The sum of a directory: one number that depends on every live version.
//!
//! It is the sum, modulo 2¹²⁸, of the first 16 bytes of SHA-256 of each live user and group: the letter `U` or `G`, the id
//! as 36 characters, and the version as 8 bytes, high byte first. The 16 bytes are a number, high byte first. A receiver that
//! has the same sum at the same position has the same users and groups in the same versions. Members are not in it.

use std::fmt;

use sha2::{Digest, Sha256};

use super::entry::Effect;
use crate::ids::{ResourceId, Version};
use crate::schema::ResourceKind;

/// The sum of the live versions of a directory.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum(u128);

impl Sum {
    /// The sum of an empty directory.
    pub const EMPTY: Self = Self(0);

    /// The sum with these 16 bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Parses 32 hexadecimal digits in small letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = u128::from_str_radix(text, 16).map(Self).ok()?;
        (number.to_string() == text).then_some(number)
    }

    /// The sum with one more live version.
    #[must_use]
    pub fn with(self, kind: ResourceKind, id: ResourceId, version: Version) -> Self {
        Self(self.0.wrapping_add(term(kind, id, version)))
    }

    /// The sum without a version that is live no longer.
    #[must_use]
    pub fn without(self, kind: ResourceKind, id: ResourceId, version: Version) -> Self {
        Self(self.0.wrapping_sub(term(kind, id, version)))
    }

    /// The sum after an entry.
    #[must_use]
    pub fn after(self, effect: &Effect) -> Self {
        let Effect { kind, id, .. } = *effect;
        let left = match effect.leaves {
            Some(version) => self.without(kind, id, version),
            None => self,
        };
        match effect.enters {
            Some(version) => left.with(kind, id, version),
            None => left,
        }
    }

    /// The sum of two parts of a directory.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0))
    }
}

/// Writes 32 hexadecimal digits.
impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn term(kind: ResourceKind, id: ResourceId, version: Version) -> u128 {
    let letter = match kind {
        ResourceKind::User => "U",
        ResourceKind::Group => "G",
    };
    let digest = Sha256::new()
        .chain_update(letter)
        .chain_update(id.as_str())
        .chain_update(version.0.to_be_bytes())
        .finalize();
    let first = digest.iter().take(16);
    first.fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: &str = "2819c223-7f76-453a-919d-413861904646";
    const ALL: &str = "e9e30dba-f08f-4109-8486-d5c6a331660a";

    /// Made with `hashlib.sha256` and `int.from_bytes` of Python.
    const VECTORS: [(ResourceKind, &str, u64, &str); 5] = [
        (
            ResourceKind::User,
            ANN,
            1,
            "8cfa1746562f7dae95fc4f1e7ccc6865",
        ),
        (
            ResourceKind::User,
            ANN,
            2,
            "0bbfb73616debe95bb404e816bf0fc00",
        ),
        (
            ResourceKind::Group,
            ALL,
            1,
            "9a3318460e8a033555246756693cd5bb",
        ),
        (
            ResourceKind::User,
            ALL,
            1,
            "38216813379e3ba17717c79724defb1c",
        ),
        (
            ResourceKind::User,
            ANN,
            9_007_199_254_740_991,
            "5a164ce5e1221b9a928346f7330cebd4",
        ),
    ];

    /// It publishes some of them.
    const README: &str = include_str!("../../README.md");

    fn id(text: &str) -> ResourceId {
        ResourceId::parse(text).unwrap()
    }

    #[test]
    fn sums_of_one_version_are_the_published_ones() {
        for (kind, text, version, sum) in VECTORS {
            let one = Sum::EMPTY.with(kind, id(text), Version(version));
            assert_eq!(one.to_string(), sum);
            assert_eq!(
                README.contains(sum),
                version < 3 && (text == ANN || kind == ResourceKind::Group)
            );
            assert_eq!(Sum::parse(sum), Some(one));
            assert_eq!(Sum::from_bytes(one.to_bytes()), one);
            assert_eq!(one.without(kind, id(text), Version(version)), Sum::EMPTY);
        }
        for odd in [
            "",
            "8CFA1746562F7DAE95FC4F1E7CCC6865",
            "+cfa1746562f7dae95fc4f1e7ccc6865",
            "0",
        ] {
            assert_eq!(Sum::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn sums_wrap_around_in_both_directions() {
        let (ann, all) = (id(ANN), id(ALL));
        let both = Sum::EMPTY.with(ResourceKind::User, ann, Version(1)).with(
            ResourceKind::Group,
            all,
            Version(1),
        );
        assert_eq!(both.to_string(), "272d2f8c64b980e3eb20b674e6093e20");
        assert!(README.contains(&both.to_string()));
        let minus = Sum::EMPTY.without(ResourceKind::User, ann, Version(1));
        assert_eq!(minus.to_string(), "7305e8b9a9d082516a03b0e18333979b");
        assert_eq!(both.plus(minus).to_string(), VECTORS[2].3);
    }

    #[test]
    fn the_sum_of_a_thousand_users_is_the_published_one() {
        let users = (1..=1_000_u64).map(|n| (id(&format!("{n:08x}-0000-4000-8000-{n:012x}")), n));
        let sum = users.fold(Sum::EMPTY, |sum, (user, n)| {
            sum.with(ResourceKind::User, user, Version(n))
        });
        assert_eq!(sum.to_string(), "0dd84536157ca9cd5243c4a04a462d12");
    }
}
