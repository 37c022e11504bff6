//! The address of a request.

use http::HeaderMap;
use keyring::TenantId;
use percent_encoding::percent_decode_str;
use scim_core::ScimError;
use scim_core::error::reason;

use crate::Origin;

/// The address of a request: the tenant, and the path relative to the tenant's base address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScimAddress {
    pub tenant: TenantId,
    /// The path of a stage or of a domain's mapping, before the tenant.
    pub prefix: String,
    /// The decoded segments after the base address.
    pub segments: Vec<String>,
}

impl ScimAddress {
    /// Parses a path. Repeated and trailing slashes are ignored.
    ///
    /// # Errors
    ///
    /// `notFound`, and `invalidVers` for a protocol version other than 2.
    pub fn parse(path: &str) -> Result<Self, ScimError> {
        let unknown = reason::no_base_address;
        let raw: Vec<&str> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        // A tenant may have the id `scim`, too.
        let after_first = raw
            .windows(2)
            .skip(1)
            .position(|pair| matches!(pair, ["scim", version] if is_version(version)));
        let at = after_first.ok_or_else(unknown)? + 1;
        let (before, after) = raw.split_at(at);
        let (Some((tenant, prefix)), [_, version, rest @ ..]) = (before.split_last(), after) else {
            return Err(unknown());
        };
        match *version {
            "v2" => {}
            version if is_version(version) => {
                return Err(reason::other_protocol_version(version));
            }
            _ => return Err(unknown()),
        }
        let prefix = match prefix {
            [] => String::new(),
            prefix => format!("/{}", prefix.join("/")),
        };
        Ok(Self {
            tenant: TenantId::parse(tenant).ok_or_else(unknown)?,
            prefix,
            segments: rest
                .iter()
                .map(|segment| decode(segment))
                .collect::<Result<_, _>>()?,
        })
    }

    /// The tenant's base address.
    #[must_use]
    pub fn base(&self, public_url: Option<&str>, called: (&Origin, &HeaderMap)) -> String {
        let site = site(public_url, called, &self.prefix);
        format!("{site}/{}/scim/v2", self.tenant)
    }
}

/// The start of absolute URLs: the configured public address, or else the domain that was called and the path of its
/// stage. The domain comes from the gateway, never from `Host` or `X-Forwarded-Host`: a client sets those headers,
/// and a setup link is mailed to another person. The gateway sets the protocol itself.
#[must_use]
pub fn site(
    public_url: Option<&str>,
    (origin, headers): (&Origin, &HeaderMap),
    prefix: &str,
) -> String {
    if let Some(url) = public_url {
        return url.to_owned();
    }
    let protocol = headers.get("x-forwarded-proto");
    let scheme = match protocol.and_then(|value| value.to_str().ok()) {
        Some("http") => "http",
        _ => "https",
    };
    let domain = origin.domain.as_deref().unwrap_or("localhost");
    format!("{scheme}://{domain}{prefix}")
}

fn is_version(text: &str) -> bool {
    text.strip_prefix(['v', 'V'])
        .is_some_and(|digits| digits.starts_with(|digit: char| digit.is_ascii_digit()))
}

/// Decodes percent-encoding.
///
/// # Errors
///
/// When the result is not UTF-8.
pub fn decode(text: &str) -> Result<String, ScimError> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| reason::address_not_utf8())
}

#[cfg(test)]
mod tests {
    use scim_core::ErrorKind;

    use super::*;

    #[test]
    fn the_tenant_is_found_after_any_prefix() {
        let address = ScimAddress::parse("/stage/acme/scim/v2/Users/1%2F2/").unwrap();
        assert_eq!(address.tenant.as_str(), "acme");
        assert_eq!(address.prefix, "/stage");
        assert_eq!(address.segments, ["Users", "1/2"]);
        assert_eq!(
            ScimAddress::parse("//acme//scim/v2//Users")
                .unwrap()
                .segments,
            ["Users"]
        );
        let scim = ScimAddress::parse("/scim/scim/v2/Users/scim").unwrap();
        assert_eq!((scim.tenant.as_str(), scim.segments.len()), ("scim", 2));
    }

    #[test]
    fn t17_other_versions_are_refused() {
        assert_eq!(
            ScimAddress::parse("/acme/scim/v1/Users")
                .unwrap_err()
                .kind(),
            ErrorKind::InvalidVers
        );
        for path in [
            "/",
            "/scim/v2/Users",
            "/acme/Users",
            "/acme/scim",
            "/ACME/scim/v2/Users",
            "/a#b/scim/v2/Users",
        ] {
            assert_eq!(
                ScimAddress::parse(path).unwrap_err().kind(),
                ErrorKind::NotFound,
                "{path}"
            );
        }
    }
}
