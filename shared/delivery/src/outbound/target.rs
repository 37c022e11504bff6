//! Where a delivery goes: the rules for URLs.

use std::fmt;
use std::net::IpAddr;

use http::uri::PathAndQuery;
use url::{Host, Url};

use super::addresses::is_public;

/// Bytes of a URL.
const LONGEST: usize = 2_048;

/// Names that never lead to a receiver in the internet: RFC 6761 and 6762, RFC 8375, and the name that ICANN reserved for
/// private networks in 2024.
const PRIVATE_NAMES: [&str; 4] = ["localhost", "local", "home.arpa", "internal"];

/// A URL that deliveries may go to. What its name resolves to is checked for each request.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    host: Host,
    port: u16,
    path: PathAndQuery,
    reach: Reach,
}

/// The addresses that a target may lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    Public,
    /// Of this machine only.
    Loopback,
}

/// Permits receivers on this machine, in addition to those in the internet. Only the local stack makes one; a test checks
/// that.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Loopback(());

/// Why a URL cannot be a target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetError {
    /// It has more than 2,048 bytes.
    Length(usize),
    /// It cannot be parsed, or it contains spaces or control characters.
    NotAUrl,
    /// It does not begin with `https:`.
    Scheme,
    /// Its port is not 443.
    Port(u16),
    /// It has a user name or a password.
    Credentials,
    /// It has a part after `#`, which is never sent.
    Fragment,
    /// Its host is an address that is not public.
    Address(IpAddr),
    /// Its host is a name of private networks, or has no dot.
    Name,
}

impl Target {
    /// Parses a URL of a receiver in the internet.
    ///
    /// # Errors
    ///
    /// When it breaks a rule.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        let (url, host, path) = any(text)?;
        if url.scheme() != "https" {
            return Err(TargetError::Scheme);
        }
        match url.port_or_known_default() {
            Some(443) => {}
            other => return Err(TargetError::Port(other.unwrap_or_default())),
        }
        let literal = match &host {
            Host::Ipv4(address) => Some(IpAddr::V4(*address)),
            Host::Ipv6(address) => Some(IpAddr::V6(*address)),
            Host::Domain(name) if is_private(name) => return Err(TargetError::Name),
            Host::Domain(_) => None,
        };
        match literal.filter(|address| !is_public(*address)) {
            Some(address) => Err(TargetError::Address(address)),
            None => Ok(Self {
                url,
                host,
                port: 443,
                path,
                reach: Reach::Public,
            }),
        }
    }

    /// The URL in its normal form.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    pub(super) fn host(&self) -> &Host {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn reach(&self) -> Reach {
        self.reach
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The header `Host`: without the port that the scheme has by default.
    pub(super) fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    /// Path and query, as they are sent.
    pub(super) fn path(&self) -> &PathAndQuery {
        &self.path
    }
}

/// Without path and query, which may contain a secret of the receiver.
impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}://{}…)", self.url.scheme(), self.authority())
    }
}

impl Reach {
    pub(super) fn permits(self, address: IpAddr) -> bool {
        match self {
            Self::Public => is_public(address),
            Self::Loopback => address.is_loopback(),
        }
    }
}

impl Loopback {
    /// For the local stack and its tests.
    #[must_use]
    pub fn of_the_local_stack() -> Self {
        Self(())
    }

    /// Parses a URL of a receiver: `http` at any port of this machine, or what [`Target::parse`] accepts.
    ///
    /// # Errors
    ///
    /// When it breaks a rule.
    pub fn target(self, text: &str) -> Result<Target, TargetError> {
        let (url, host, path) = any(text)?;
        let is_here = match &host {
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
            Host::Domain(name) => name == "localhost",
        };
        match url.port_or_known_default() {
            Some(port) if is_here && url.scheme() == "http" => Ok(Target {
                url,
                host,
                port,
                path,
                reach: Reach::Loopback,
            }),
            _ => Target::parse(text),
        }
    }
}

/// The rules for every target.
fn any(text: &str) -> Result<(Url, Host, PathAndQuery), TargetError> {
    if text.len() > LONGEST {
        return Err(TargetError::Length(text.len()));
    }
    // The parser drops these characters instead of rejecting them.
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(TargetError::NotAUrl);
    }
    let url = Url::parse(text).map_err(|_| TargetError::NotAUrl)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(TargetError::Credentials);
    }
    if url.fragment().is_some() {
        return Err(TargetError::Fragment);
    }
    let query = url.query().map(|query| format!("?{query}"));
    let path = format!("{}{}", url.path(), query.unwrap_or_default());
    match (url.host().map(|host| host.to_owned()), path.parse()) {
        (Some(host), Ok(path)) => Ok((url, host, path)),
        _ => Err(TargetError::NotAUrl),
    }
}

fn is_private(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let is_below = |last: &&str| {
        name.strip_suffix(*last)
            .is_some_and(|before| before.is_empty() || before.ends_with('.'))
    };
    !name.contains('.') || PRIVATE_NAMES.iter().any(is_below)
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(bytes) => write!(f, "a URL has at most {LONGEST} bytes; this has {bytes}"),
            Self::NotAUrl => f.write_str("this is not a URL"),
            Self::Scheme => f.write_str("a URL begins with `https://`"),
            Self::Port(port) => write!(f, "the port is 443, not {port}"),
            Self::Credentials => f.write_str("a URL has no user name and no password"),
            Self::Fragment => f.write_str("a URL has no part after `#`"),
            Self::Address(address) => write!(f, "{address} is not a public address"),
            Self::Name => f.write_str("the name is not one of the internet"),
        }
    }
}

impl std::error::Error for TargetError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> TargetError {
        TargetError::Address(text.parse().unwrap())
    }

    #[test]
    fn a_target_is_https_at_port_443() {
        for (text, authority, path) in [
            ("https://hooks.example.com", "hooks.example.com", "/"),
            (
                "https://hooks.example.com:443/a/b?c=d&e",
                "hooks.example.com",
                "/a/b?c=d&e",
            ),
            (
                "HTTPS://Hooks.Example.com/%7Ea?",
                "hooks.example.com",
                "/%7Ea?",
            ),
            (
                "https://bücher.example/a b".replace(' ', "%20").as_str(),
                "xn--bcher-kva.example",
                "/a%20b",
            ),
            ("https://1.1.1.1/", "1.1.1.1", "/"),
            ("https://[2606:4700::1111]/x", "[2606:4700::1111]", "/x"),
        ] {
            let target = Target::parse(text).unwrap();
            assert_eq!(
                (target.authority().as_str(), target.path().as_str()),
                (authority, path)
            );
            assert_eq!((target.port(), target.reach()), (443, Reach::Public));
            assert!(target.is_encrypted());
            assert_eq!(Target::parse(target.url()).unwrap(), target);
        }
    }

    #[test]
    fn every_rule_has_its_reason() {
        for (text, why) in [
            ("", TargetError::NotAUrl),
            ("hooks.example.com", TargetError::NotAUrl),
            ("https://", TargetError::NotAUrl),
            ("https://hooks.example.com/a b", TargetError::NotAUrl),
            ("https://hooks.exa\nmple.com", TargetError::NotAUrl),
            ("http://hooks.example.com", TargetError::Scheme),
            ("ftp://hooks.example.com", TargetError::Scheme),
            ("file:///etc/hosts", TargetError::NotAUrl),
            ("https://hooks.example.com:8443", TargetError::Port(8443)),
            ("https://hooks.example.com:80", TargetError::Port(80)),
            ("https://ann@hooks.example.com", TargetError::Credentials),
            (
                "https://ann:secret@hooks.example.com",
                TargetError::Credentials,
            ),
            (
                "https://:secret@hooks.example.com",
                TargetError::Credentials,
            ),
            ("https://hooks.example.com/#a", TargetError::Fragment),
            ("https://hooks.example.com/#", TargetError::Fragment),
            ("https://localhost", TargetError::Name),
            ("https://localhost.", TargetError::Name),
            ("https://a.localhost", TargetError::Name),
            ("https://printer.local", TargetError::Name),
            ("https://wiki.internal", TargetError::Name),
            ("https://router.home.arpa", TargetError::Name),
            ("https://intranet/", TargetError::Name),
            ("https://127.0.0.1", address("127.0.0.1")),
            ("https://127.1", address("127.0.0.1")),
            ("https://0x7f000001", address("127.0.0.1")),
            ("https://2130706433", address("127.0.0.1")),
            ("https://0177.0.0.1", address("127.0.0.1")),
            ("https://169.254.1.1", address("169.254.1.1")),
            ("https://10.0.0.1:443/", address("10.0.0.1")),
            ("https://[::1]", address("::1")),
            ("https://[::ffff:10.0.0.1]", address("::ffff:10.0.0.1")),
            ("https://[fd00::1]", address("fd00::1")),
        ] {
            assert_eq!(Target::parse(text).unwrap_err(), why, "{text}");
        }
        let long = format!("https://hooks.example.com/{}", "a".repeat(LONGEST));
        assert_eq!(
            Target::parse(&long).unwrap_err(),
            TargetError::Length(long.len())
        );
        let longest = long.get(..LONGEST).unwrap();
        assert!(Target::parse(longest).is_ok());
    }

    #[test]
    fn a_name_that_only_contains_a_private_one_is_accepted() {
        for text in [
            "https://localhost.example.com",
            "https://mylocal.com",
            "https://notinternal.com",
        ] {
            assert!(Target::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn the_local_stack_also_accepts_http_on_this_machine() {
        let local = Loopback::of_the_local_stack();
        for (text, authority) in [
            ("http://127.0.0.1:3000/hooks", "127.0.0.1:3000"),
            ("http://localhost:3000", "localhost:3000"),
            ("http://[::1]:3000", "[::1]:3000"),
            ("http://127.0.0.1", "127.0.0.1"),
        ] {
            let target = local.target(text).unwrap();
            assert_eq!(
                (target.authority().as_str(), target.reach()),
                (authority, Reach::Loopback)
            );
            assert!(!target.is_encrypted());
        }
        assert_eq!(
            local.target("https://a.example.com").unwrap().reach(),
            Reach::Public
        );
        for (text, why) in [
            ("http://10.0.0.1:3000", TargetError::Scheme),
            ("http://a.example.com", TargetError::Scheme),
            ("http://a.localhost", TargetError::Scheme),
            ("https://127.0.0.1:8443", TargetError::Port(8443)),
            ("http://a@127.0.0.1", TargetError::Credentials),
        ] {
            assert_eq!(local.target(text).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn path_and_query_are_not_in_debug_output() {
        let target = Target::parse("https://hooks.example.com/s3cret?key=s3cret").unwrap();
        assert_eq!(format!("{target:?}"), "Target(https://hooks.example.com…)");
    }
}
