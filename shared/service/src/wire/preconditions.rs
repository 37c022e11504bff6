//! Preconditions, RFC 7644 §3.14 and RFC 9110 §13.

use http::{HeaderMap, header};
use scim_core::error::reason;
use scim_core::{ScimError, Version};

/// The preconditions of a request, RFC 7644 §3.14.
///
/// All methods compare tags weakly: SCIM uses weak tags with `If-Match`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Tags {
    Any,
    These(Vec<String>),
}

impl Tags {
    fn parse(headers: &HeaderMap, name: header::HeaderName) -> Option<Self> {
        let mut tags = Vec::new();
        let mut is_given = false;
        for value in headers.get_all(name) {
            is_given = true;
            for tag in value.to_str().unwrap_or_default().split(',').map(str::trim) {
                if tag == "*" {
                    return Some(Self::Any);
                }
                let opaque = tag.strip_prefix("W/").unwrap_or(tag);
                tags.push(opaque.trim_matches('"').to_owned());
            }
        }
        is_given.then_some(Self::These(tags))
    }

    fn has(&self, version: Version) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.contains(&version.0.to_string()),
        }
    }
}

impl Preconditions {
    /// Parses the headers of a request.
    #[must_use]
    pub fn parse(headers: &HeaderMap) -> Self {
        Self {
            if_match: Tags::parse(headers, header::IF_MATCH),
            if_none_match: Tags::parse(headers, header::IF_NONE_MATCH),
        }
    }

    /// The precondition of a bulk operation, which names the version that it expects.
    #[must_use]
    pub fn of_version(version: Option<&str>) -> Self {
        let mut headers = HeaderMap::new();
        if let Some(version) = version.and_then(|version| version.parse().ok()) {
            headers.insert(header::IF_MATCH, version);
        }
        Self::parse(&headers)
    }

    /// Whether the client already has this version.
    #[must_use]
    pub fn client_has(&self, version: Version) -> bool {
        self.if_none_match
            .as_ref()
            .is_some_and(|tags| tags.has(version))
    }

    /// Whether the change must apply to exactly the version that was read.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.if_match.is_some() || self.if_none_match.is_some()
    }

    /// Checks the version that a write would replace.
    ///
    /// # Errors
    ///
    /// 412, when the client expects another version.
    pub fn check(&self, version: Version) -> Result<(), ScimError> {
        let is_expected = self.if_match.as_ref().is_none_or(|tags| tags.has(version));
        match (is_expected, self.client_has(version)) {
            (true, false) => Ok(()),
            (false, _) => Err(reason::other_version(version)),
            (true, true) => Err(reason::version_excluded(version)),
        }
    }
}

#[cfg(test)]
mod tests {
    use scim_core::ErrorKind;

    use super::*;

    #[test]
    fn v03_v06_tags_are_compared_weakly_and_in_lists() {
        let of = |name: header::HeaderName, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            Preconditions::parse(&headers)
        };
        for good in ["W/\"3\"", "\"3\"", "3", "*", "\"1\", W/\"3\""] {
            assert!(
                of(header::IF_MATCH, good).check(Version(3)).is_ok(),
                "{good}"
            );
            assert!(
                of(header::IF_NONE_MATCH, good).client_has(Version(3)),
                "{good}"
            );
            assert!(
                of(header::IF_NONE_MATCH, good).check(Version(3)).is_err(),
                "{good}"
            );
        }
        for bad in ["W/\"2\"", "\"33\"", "", "x"] {
            let error = of(header::IF_MATCH, bad).check(Version(3)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PreconditionFailed, "{bad}");
            assert!(
                !of(header::IF_NONE_MATCH, bad).client_has(Version(3)),
                "{bad}"
            );
        }
        assert!(Preconditions::default().check(Version(3)).is_ok());
        assert!(
            Preconditions::of_version(Some("W/\"2\""))
                .check(Version(3))
                .is_err()
        );
    }
}
