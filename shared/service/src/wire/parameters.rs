//! Parsing of `http` requests.

use bytes::Bytes;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;
use scim_core::error::reason;
use scim_core::projection::Projection;
use scim_core::resource::check_schemas;
use scim_core::{ScimError, Version, limits, urn};
use serde_json::Value;

use keyring::TenantId;

use crate::Origin;

/// The address of a request: the tenant, and the path relative to the tenant's base address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    pub tenant: TenantId,
    /// The path of a stage or of a domain's mapping, before the tenant.
    pub prefix: String,
    /// The decoded segments after the base address.
    pub segments: Vec<String>,
}

impl Address {
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
        let (before, behind) = raw.split_at(at);
        let (Some((tenant, prefix)), [_, version, rest @ ..]) = (before.split_last(), behind)
        else {
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

/// The query parameters of SCIM; others are ignored (RFC 7644 §3.4.2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parameters {
    /// `filter`
    pub filter: Option<String>,
    /// `startIndex`
    pub start_index: Option<String>,
    /// `count`
    pub count: Option<String>,
    /// `cursor`
    pub cursor: Option<String>,
    /// `sortBy`
    pub sort_by: Option<String>,
    /// `sortOrder`
    pub sort_order: Option<String>,
    attributes: Option<String>,
    excluded: Option<String>,
}

impl Parameters {
    /// Parses a query string: `+` means a space, and everything is decoded once.
    ///
    /// # Errors
    ///
    /// `invalidSyntax` if it is not UTF-8, `invalidValue` if a parameter is repeated.
    pub fn parse(query: &str) -> Result<Self, ScimError> {
        let mut parameters = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(&name.replace('+', " "))?;
            let Some((name, place)) = parameters.place(&name) else {
                continue;
            };
            let value = decode(&value.replace('+', " "))?;
            if place.replace(value).is_some() {
                return Err(reason::parameter_twice(name));
            }
        }
        Ok(parameters)
    }

    /// Parses a search request, RFC 7644 §3.4.3: the same parameters as JSON.
    ///
    /// # Errors
    ///
    /// `invalidSyntax` for another message, `invalidValue` for a parameter of the wrong type.
    pub fn search_request(body: Value) -> Result<Self, ScimError> {
        let Value::Object(body) = body else {
            return Err(reason::body_not_object("search request"));
        };
        check_schemas(&body, urn::SEARCH_REQUEST)?;
        let mut parameters = Self::default();
        for (name, value) in body {
            if let Some((name, place)) = parameters.place(&name) {
                *place = parameter(name, value)?;
            }
        }
        Ok(parameters)
    }

    /// The parameter with this name in any case: its exact name and its value.
    fn place(&mut self, name: &str) -> Option<(&'static str, &mut Option<String>)> {
        let parameters = [
            ("filter", &mut self.filter),
            ("startIndex", &mut self.start_index),
            ("count", &mut self.count),
            ("cursor", &mut self.cursor),
            ("sortBy", &mut self.sort_by),
            ("sortOrder", &mut self.sort_order),
            ("attributes", &mut self.attributes),
            ("excludedAttributes", &mut self.excluded),
        ];
        let mut parameters = parameters.into_iter();
        parameters.find(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// The attributes to return.
    ///
    /// # Errors
    ///
    /// As [`Projection::parse`].
    pub fn projection(&self) -> Result<Projection, ScimError> {
        let names = |given: &'_ Option<String>| {
            given
                .as_deref()
                .unwrap_or_default()
                .split(',')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (only, without) = (names(&self.attributes), names(&self.excluded));
        Projection::parse(
            only.iter().map(String::as_str),
            without.iter().map(String::as_str),
        )
    }
}

/// A parameter of a search request as text, as in a query string.
fn parameter(name: &'static str, value: Value) -> Result<Option<String>, ScimError> {
    let is_number = matches!(name, "startIndex" | "count");
    let is_list = matches!(name, "attributes" | "excludedAttributes");
    match value {
        Value::Null => Ok(None),
        // Text is accepted for numbers too, because REST clients send numbers as text.
        Value::String(text) => Ok(Some(text)),
        Value::Number(number) if is_number => Ok(Some(number.to_string())),
        Value::Array(names) if is_list && names.iter().all(Value::is_string) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            Ok(Some(names.join(",")))
        }
        _ => Err(reason::other_parameter_type(
            name,
            match (is_number, is_list) {
                (true, _) => "a whole number",
                (_, true) => "an array of attribute names",
                _ => "text",
            },
        )),
    }
}

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
    pub fn has(&self, version: Version) -> bool {
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
        match is_expected && !self.has(version) {
            true => Ok(()),
            false => Err(reason::other_version(version)),
        }
    }
}

/// Parses a body as JSON.
///
/// # Errors
///
/// 415 for another media type or coding; 413 above [`limits::BODY_BYTES`]; `invalidSyntax` for invalid JSON, which
/// includes nesting deeper than 127 levels, a repeated name in one object and text that is not UTF-8.
pub fn json(headers: &HeaderMap, body: &Bytes) -> Result<Value, ScimError> {
    check_media_type(headers)?;
    if body.len() > limits::BODY_BYTES {
        return Err(reason::body_too_large(limits::BODY_BYTES));
    }
    if body.is_empty() {
        return Err(reason::body_empty());
    }
    scim_core::json::read(body).map_err(|unreadable| unreadable.explain("the body"))
}

fn check_media_type(headers: &HeaderMap) -> Result<(), ScimError> {
    let coding = headers.get(header::CONTENT_ENCODING);
    if coding.is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(reason::body_compressed());
    }
    let Some(given) = headers.get(header::CONTENT_TYPE) else {
        return Ok(());
    };
    // JSON has no `charset` parameter (RFC 8259 §11): the bytes must be UTF-8 whatever it says.
    let given = given.to_str().unwrap_or_default().to_ascii_lowercase();
    let essence = given.split(';').next().map(str::trim);
    match essence {
        Some("application/scim+json" | "application/json") => Ok(()),
        _ => Err(reason::other_media_type()),
    }
}

#[cfg(test)]
mod tests {
    use scim_core::ErrorKind;

    use super::*;

    #[test]
    fn an_address_has_a_tenant_behind_any_prefix() {
        let address = Address::parse("/stage/acme/scim/v2/Users/1%2F2/").unwrap();
        assert_eq!(address.tenant.as_str(), "acme");
        assert_eq!(address.prefix, "/stage");
        assert_eq!(address.segments, ["Users", "1/2"]);
        assert_eq!(
            Address::parse("//acme//scim/v2//Users").unwrap().segments,
            ["Users"]
        );
        let scim = Address::parse("/scim/scim/v2/Users/scim").unwrap();
        assert_eq!((scim.tenant.as_str(), scim.segments.len()), ("scim", 2));
    }

    #[test]
    fn t17_other_versions_are_refused() {
        assert_eq!(
            Address::parse("/acme/scim/v1/Users").unwrap_err().kind(),
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
                Address::parse(path).unwrap_err().kind(),
                ErrorKind::NotFound,
                "{path}"
            );
        }
    }

    #[test]
    fn q07_queries_are_decoded_once() {
        let parameters =
            Parameters::parse("filter=userName+eq%20%22a%2Bb%2541%22&&COUNT=5&odd=%").unwrap();
        assert_eq!(parameters.filter.as_deref(), Some("userName eq \"a+b%41\""));
        assert_eq!(parameters.count.as_deref(), Some("5"));
        assert_eq!(Parameters::parse("").unwrap(), Parameters::default());
        assert!(Parameters::parse("count=1&count=2").is_err());
        assert!(Parameters::parse("filter=%ff").is_err());
    }

    #[test]
    fn l08_l09_a_search_request_says_the_same_as_a_query() {
        let body = |body: &str| {
            Parameters::search_request(serde_json::from_str(body).unwrap()).map_err(|e| e.kind())
        };
        let urn = urn::SEARCH_REQUEST;
        let json = format!(
            r#"{{"schemas":["{urn}"],"filter":"a pr","startIndex":3,"COUNT":5,"attributes":["a","b.c"],"sortBy":"x","sortOrder":null}}"#
        );
        let query = "filter=a+pr&startIndex=3&count=5&attributes=a,b.c&sortBy=x";
        assert_eq!(body(&json), Ok(Parameters::parse(query).unwrap()));
        let texts =
            r#"{"filter":"a pr","startIndex":"3","count":"5","attributes":"a,b.c","sortBy":"x"}"#;
        assert_eq!(body(texts), Ok(Parameters::parse(query).unwrap()));
        for (odd, kind) in [
            ("[]".to_owned(), ErrorKind::InvalidSyntax),
            (r#"{"schemas":["x"]}"#.to_owned(), ErrorKind::InvalidSyntax),
            (r#"{"count":"5x"}"#.to_owned(), ErrorKind::InvalidValue),
            (r#"{"count":true}"#.to_owned(), ErrorKind::InvalidValue),
            (
                format!(r#"{{"schemas":["{urn}"],"filter":5}}"#),
                ErrorKind::InvalidValue,
            ),
            (
                format!(r#"{{"schemas":["{urn}"],"attributes":[5]}}"#),
                ErrorKind::InvalidValue,
            ),
            (
                format!(r#"{{"schemas":["{urn}"],"count":1.5}}"#),
                ErrorKind::InvalidValue,
            ),
        ] {
            let error = body(&odd).and_then(|given| {
                scim_core::list::Count::parse(given.count.as_deref(), limits::PAGE)
                    .map_err(|e| e.kind())
            });
            assert_eq!(error, Err(kind), "{odd}");
        }
    }

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
            assert!(of(header::IF_NONE_MATCH, good).has(Version(3)), "{good}");
            assert!(
                of(header::IF_NONE_MATCH, good).check(Version(3)).is_err(),
                "{good}"
            );
        }
        for bad in ["W/\"2\"", "\"33\"", "", "x"] {
            let error = of(header::IF_MATCH, bad).check(Version(3)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::PreconditionFailed, "{bad}");
            assert!(!of(header::IF_NONE_MATCH, bad).has(Version(3)), "{bad}");
        }
        assert!(Preconditions::default().check(Version(3)).is_ok());
        assert!(
            Preconditions::of_version(Some("W/\"2\""))
                .check(Version(3))
                .is_err()
        );
    }

    #[test]
    fn t05_t06_t18_media_types() {
        let of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, value.parse().unwrap());
            json(&headers, &Bytes::from_static(b"{}")).map_err(|error| error.kind())
        };
        for good in [
            "application/scim+json",
            "Application/JSON",
            "application/scim+json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json; charset=ISO-8859-1",
            "application/json; charset=utf-16",
        ] {
            assert!(of(good).is_ok(), "{good}");
        }
        for bad in ["text/plain", "application/xml", "application/jsonx", ""] {
            assert_eq!(of(bad), Err(ErrorKind::UnsupportedMediaType), "{bad}");
        }
        assert!(json(&HeaderMap::new(), &Bytes::from_static(b"{}")).is_ok());
    }

    #[test]
    fn h01_h02_q09_what_is_no_json_is_refused() {
        let deep = "[".repeat(100_000);
        for body in ["", "{", "{}x", "nul", "\"\\ud800\"", "{\"a\":\u{1}}", &deep] {
            let error = json(&HeaderMap::new(), &Bytes::copy_from_slice(body.as_bytes()));
            assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidSyntax);
        }
        let error = json(&HeaderMap::new(), &Bytes::from_static(b"{\"a\":\"\xff\"}"));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidSyntax);
    }
}
