//! The name of a tenant: the first segment of its base URL and the head of all its keys (design
//! section 2).
//!
//! Whether a tenant of that name exists is not known here.

use std::fmt;

/// Longest name, in bytes. An item key and a log line hold it many times.
const LONGEST: usize = 40;

/// Names that are paths of this service itself.
const RESERVED: [&str; 3] = ["admin", "console", "tenants"];

/// The name of a tenant: 1 to 40 of `a-z`, `0-9` and `-`, a letter or digit at both ends.
///
/// No underscore, because Okta accepts none in a base URL; no `#`, because it separates the parts
/// of item keys.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(Box<str>);

impl TenantId {
    /// Reads a name; `None` for text that can name no tenant.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let ends = [bytes.first()?, bytes.last()?];
        let well_formed = bytes.len() <= LONGEST
            && bytes
                .iter()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && ends.iter().all(|byte| byte.is_ascii_alphanumeric())
            && !RESERVED.contains(&text);
        well_formed.then(|| Self(text.into()))
    }

    /// The name as text.
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
    fn tenant_names_are_short_lower_case_labels() {
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
    fn paths_of_the_service_name_no_tenant() {
        for word in ["admin", "console", "tenants"] {
            assert!(TenantId::parse(word).is_none(), "{word}");
        }
    }
}
