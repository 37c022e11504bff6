//! The id of a tenant: the first segment of its base URL and the prefix of all its item keys.
//!
//! A valid id does not mean that the tenant exists.

use std::fmt;

/// A tenant id: 1 to 40 characters from `a-z`, `0-9` and `-`, with a letter or digit at both ends.
///
/// Underscores are not allowed because Okta rejects them in a base URL, and `#` is not because it separates the parts of
/// item keys.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Box<str>);

impl TenantId {
    /// The length of the longest id, in bytes. Item keys and log lines contain it many times.
    pub const LONGEST: usize = 40;
    /// Reserved words: paths of this service.
    pub const RESERVED: [&str; 3] = ["admin", "console", "tenants"];

    /// Parses a tenant id; `None` if the text is not a valid id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let ends = [bytes.first()?, bytes.last()?];
        let well_formed = bytes.len() <= Self::LONGEST
            && bytes
                .iter()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && ends.iter().all(|byte| byte.is_ascii_alphanumeric())
            && !Self::RESERVED.contains(&text);
        well_formed.then(|| Self(text.into()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for TenantId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_ids_are_short_lower_case_labels() {
        for name in [
            "a",
            "7",
            "acme",
            "acme-2",
            "a--b",
            "administrators",
            &"x".repeat(40),
        ] {
            assert_eq!(TenantId::parse(name).unwrap().as_str(), name);
        }
        let long = "x".repeat(41);
        for odd in [
            "", "-", "-a", "a-", "A", "a_b", "a#b", "a.b", "a/b", "a b", "ä", "a\u{0}", &long,
        ] {
            assert!(TenantId::parse(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn paths_of_the_service_are_not_tenant_ids() {
        for word in ["admin", "console", "tenants"] {
            assert!(TenantId::parse(word).is_none(), "{word}");
        }
    }
}
