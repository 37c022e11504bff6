//! Turns an HTTP request into an HTTP API event, payload format 2.0. Pure except for [`RequestStamp::new`].
//!
//! As in AWS, the path is decoded before routing: `%2F` separates segments, and everything from a decoded `?` is cut off.
//! The query string is not decoded. Header names are in lower case, repeated headers and parameters are joined by commas,
//! and cookies are a member of their own. There is no authorizer and no client certificate.

use std::net::{IpAddr, SocketAddr};

use data_encoding::{BASE64, BASE64URL};
use http::header::{self, HeaderMap, HeaderName};
use http::request::Parts;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::routing::Matched;

/// The time and the random ids of one request.
pub(super) struct RequestStamp {
    /// Time of arrival.
    pub(super) at: Timestamp,
    /// The gateway's id of the request.
    pub(super) request_id: String,
    /// Lambda's id of the invocation.
    pub(super) invocation_id: String,
    trace: Uuid,
}

impl RequestStamp {
    #[expect(
        clippy::disallowed_methods,
        reason = "time and ids of the gateway itself, as in AWS; tests build a stamp"
    )]
    pub(super) fn new() -> Self {
        let random = Uuid::new_v4();
        let short: Vec<u8> = random.as_bytes().iter().copied().take(11).collect();
        Self {
            at: Timestamp::now(),
            request_id: BASE64URL.encode(&short),
            invocation_id: Uuid::new_v4().to_string(),
            trace: random,
        }
    }

    fn trace_id(&self) -> String {
        let random = self.trace.simple().to_string();
        format!(
            "Root=1-{:08x}-{}",
            self.at.as_second(),
            random.get(..24).unwrap_or_default()
        )
    }
}

/// The path as an HTTP API forwards it, or `None` if it is not a path.
pub(super) fn decode_path(raw: &str) -> Option<String> {
    let decoded = percent_decode_str(raw).decode_utf8().ok()?;
    let path = decoded.split('?').next()?;
    path.starts_with('/').then(|| path.to_owned())
}

/// The event, or `None` if the request has no usable host.
pub(super) fn build(
    parts: &Parts,
    path: &str,
    matched: &Matched<'_>,
    ends: ConnectionEnds,
    body: &[u8],
    stamp: &RequestStamp,
) -> Option<Value> {
    let (host, peer) = (host(parts)?, ends.peer.ip());
    let domain = domain(&host, ends.here);
    let key = matched.route.key();
    let query = parts.uri.query().unwrap_or_default();
    let mut event = json!({
        "version": "2.0",
        "routeKey": key,
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers(parts, &host, peer, body, stamp),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.split(['.', ':']).next(),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": format!("{:?}", parts.version),
                "sourceIp": peer.to_string(),
                "userAgent": joined(&parts.headers, &header::USER_AGENT).unwrap_or_default(),
            },
            "requestId": stamp.request_id,
            "routeKey": key,
            "stage": "$default",
            "time": stamp.at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": stamp.at.as_millisecond(),
        },
    });
    let (content, encoded) = content(&parts.headers, body);
    let members = event.as_object_mut()?;
    members.extend(cookies(&parts.headers).map(|list| ("cookies".to_owned(), list)));
    members.extend(parameters(query).map(|map| ("queryStringParameters".to_owned(), map)));
    members.extend(variables(matched).map(|map| ("pathParameters".to_owned(), map)));
    members.extend(content.map(|text| ("body".to_owned(), json!(text))));
    members.insert("isBase64Encoded".to_owned(), json!(encoded));
    Some(event)
}

/// The variables of the route, if it has any.
fn variables(matched: &Matched<'_>) -> Option<Value> {
    let values = matched.parameters.iter();
    let values: Map<_, _> = values
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    (!values.is_empty()).then(|| values.into())
}

/// The addresses of both ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionEnds {
    pub(super) peer: SocketAddr,
    pub(super) here: SocketAddr,
}

/// The domain name of the API. AWS rejects hosts that are not its domains. Here it is the address that the client connected
/// to, or `localhost` with the port if the client used that name: a client cannot choose the host of links in responses.
fn domain(host: &str, here: SocketAddr) -> String {
    let port = here.port();
    let is_localhost = here.ip().to_canonical().is_loopback()
        && host.eq_ignore_ascii_case(&format!("localhost:{port}"));
    match (is_localhost, here.ip().to_canonical()) {
        (true, _) => format!("localhost:{port}"),
        (false, address) => SocketAddr::new(address, port).to_string(),
    }
}

/// Headers that end at the gateway, or have another place in the event.
const NOT_PASSED_ON: [HeaderName; 6] = [
    header::CONNECTION,
    header::COOKIE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The media types besides `text/*` whose body is text in the event; all others are base64.
const TEXT_TYPES: [&str; 3] = [
    "application/json",
    "application/xml",
    "application/javascript",
];

/// The host of the request. Checked here because `lambda_http` panics if it cannot build a URL from it.
fn host(parts: &Parts) -> Option<String> {
    let named = parts
        .headers
        .get(header::HOST)
        .map(|value| value.to_str().ok());
    let host = match named {
        Some(host) => host?,
        None => parts.uri.authority().map_or("localhost", |a| a.as_str()),
    };
    host.parse::<http::uri::Authority>().ok()?;
    let port_fits = port(host).is_none_or(|port| port.parse::<u16>().is_ok());
    (port_fits && !host.contains(['@', '%'])).then(|| host.to_owned())
}

fn port(host: &str) -> Option<&str> {
    host.rsplit_once(':')
        .map(|(_, port)| port)
        .filter(|port| !port.ends_with(']'))
}

fn headers(
    parts: &Parts,
    host: &str,
    peer: IpAddr,
    body: &[u8],
    stamp: &RequestStamp,
) -> Map<String, Value> {
    let names = parts
        .headers
        .keys()
        .filter(|name| !NOT_PASSED_ON.contains(name));
    let mut passed: Map<String, Value> = names
        .filter_map(|name| {
            Some((
                name.as_str().to_owned(),
                json!(joined(&parts.headers, name)?),
            ))
        })
        .collect();
    let client = match parts
        .headers
        .get("x-forwarded-for")
        .and_then(|v| v.to_str().ok())
    {
        Some(before) => format!("{before}, {peer}"),
        None => peer.to_string(),
    };
    for (name, value) in [
        ("content-length", body.len().to_string()),
        ("host", host.to_owned()),
        ("x-amzn-trace-id", stamp.trace_id()),
        ("x-forwarded-for", client),
        ("x-forwarded-port", port(host).unwrap_or("80").to_owned()),
        ("x-forwarded-proto", "http".to_owned()),
    ] {
        passed.insert(name.to_owned(), json!(value));
    }
    passed
}

fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let values: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|v| String::from_utf8_lossy(v.as_bytes()))
        .collect();
    (!values.is_empty()).then(|| values.join(","))
}

fn cookies(headers: &HeaderMap) -> Option<Value> {
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok());
    let list: Vec<&str> = lines
        .flat_map(|line| line.split(';'))
        .map(str::trim)
        .filter(|c| !c.is_empty())
        .collect();
    (!list.is_empty()).then(|| json!(list))
}

fn parameters(query: &str) -> Option<Value> {
    let mut map = Map::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value);
        let joined = match map.get(&decode(name)).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value,
        };
        map.insert(decode(name), json!(joined));
    }
    (!map.is_empty()).then(|| Value::Object(map))
}

fn decode(text: &str) -> String {
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8_lossy()
        .into_owned()
}

/// The body for the event, and whether it is base64.
fn content(headers: &HeaderMap, body: &[u8]) -> (Option<String>, bool) {
    if body.is_empty() {
        return (None, false);
    }
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    let media_type = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_text = media_type.starts_with("text/") || TEXT_TYPES.contains(&media_type.as_str());
    match std::str::from_utf8(body) {
        Ok(text) if is_text => (Some(text.to_owned()), false),
        _ => (Some(BASE64.encode(body)), true),
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::template::{RouteMethod, TemplateRoute};

    fn stamp() -> RequestStamp {
        RequestStamp {
            at: Timestamp::from_millisecond(1_583_348_638_390).unwrap(),
            request_id: "JKJaXmPLvHcESHA=".to_owned(),
            invocation_id: "i".to_owned(),
            trace: Uuid::nil(),
        }
    }

    fn parts(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn event(parts: &Parts, body: &[u8]) -> Value {
        let path = "/{tenant}/scim/v2/Users".to_owned();
        let route = TemplateRoute::Path {
            method: RouteMethod::Only(http::Method::POST),
            path,
            function: "users".to_owned(),
        };
        let matched = Matched {
            route: &route,
            parameters: vec![("tenant", "acme".to_owned())],
        };
        let path = decode_path(parts.uri.path()).unwrap();
        build(
            parts,
            &path,
            &matched,
            ConnectionEnds {
                peer: "10.1.2.3:50000".parse().unwrap(),
                here: "192.0.2.7:9000".parse().unwrap(),
            },
            body,
            &stamp(),
        )
        .unwrap()
    }

    fn typed(media_type: &str, body: &[u8]) -> Value {
        event(&parts("POST", "/", &[("content-type", media_type)]), body)
    }

    #[test]
    fn the_event_is_the_one_that_aws_sends() {
        let parts = parts(
            "POST",
            "/acme/scim/v2/Users?attributes=a&attributes=b%2Cc&x=%22y%20z%22&flag",
            &[
                ("Host", "id.example.com:9000"),
                ("User-Agent", "agent"),
                ("Content-Type", "application/json"),
                ("X-Two", "1"),
                ("X-Two", "2"),
                ("Cookie", "a=1; b=2"),
                ("Connection", "keep-alive"),
            ],
        );
        assert_eq!(
            event(&parts, b"{}"),
            json!({
                "version": "2.0",
                "routeKey": "POST /{tenant}/scim/v2/Users",
                "rawPath": "/acme/scim/v2/Users",
                "rawQueryString": "attributes=a&attributes=b%2Cc&x=%22y%20z%22&flag",
                "cookies": ["a=1", "b=2"],
                "headers": {
                    "content-length": "2",
                    "content-type": "application/json",
                    "host": "id.example.com:9000",
                    "user-agent": "agent",
                    "x-amzn-trace-id": "Root=1-5e5ffb9e-000000000000000000000000",
                    "x-forwarded-for": "10.1.2.3",
                    "x-forwarded-port": "9000",
                    "x-forwarded-proto": "http",
                    "x-two": "1,2",
                },
                "queryStringParameters": {"attributes": "a,b,c", "x": "\"y z\"", "flag": ""},
                "pathParameters": {"tenant": "acme"},
                "requestContext": {
                    "accountId": "000000000000",
                    "apiId": "local",
                    "domainName": "192.0.2.7:9000",
                    "domainPrefix": "192",
                    "http": {
                        "method": "POST", "path": "/acme/scim/v2/Users", "protocol": "HTTP/1.1",
                        "sourceIp": "10.1.2.3", "userAgent": "agent",
                    },
                    "requestId": "JKJaXmPLvHcESHA=",
                    "routeKey": "POST /{tenant}/scim/v2/Users",
                    "stage": "$default",
                    "time": "04/Mar/2020:19:03:58 +0000",
                    "timeEpoch": 1_583_348_638_390_i64,
                },
                "body": "{}",
                "isBase64Encoded": false,
            })
        );
    }

    #[test]
    fn absent_parts_are_omitted() {
        let event = event(&parts("GET", "/", &[]), b"");
        for member in ["body", "cookies", "queryStringParameters"] {
            assert!(event.get(member).is_none(), "{member}");
        }
        assert_eq!(event["rawQueryString"], "");
        assert_eq!(event["isBase64Encoded"], false);
        assert_eq!(event["headers"]["content-length"], "0");
    }

    #[test]
    fn scim_bodies_are_base64_and_json_bodies_are_text() {
        for (media_type, text) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("text/csv", true),
            ("application/xml", true),
            ("application/javascript;v=1", true),
            ("application/scim+json", false),
            ("application/scim+json; charset=utf-8", false),
            ("application/octet-stream", false),
            ("", false),
        ] {
            let event = typed(media_type, "{\"n\":\"é\"}".as_bytes());
            let body = if text {
                "{\"n\":\"é\"}"
            } else {
                "eyJuIjoiw6kifQ=="
            };
            assert_eq!(
                (&event["body"], &event["isBase64Encoded"]),
                (&json!(body), &json!(!text)),
                "{media_type}"
            );
        }
    }

    #[test]
    fn a_text_body_that_is_not_utf_8_is_base64() {
        assert_eq!(typed("application/json", b"\xff")["body"], "/w==");
    }

    #[test]
    fn paths_are_decoded_once() {
        for (raw, decoded) in [
            ("/a/urn%3Aietf", Some("/a/urn:ietf")),
            ("/a%2Fb", Some("/a/b")),
            ("/a%252Fb", Some("/a%2Fb")),
            ("/a%20b/%C3%A9", Some("/a b/é")),
            ("/a%3Fb", Some("/a")),
            ("/a%zz", Some("/a%zz")),
            ("/a+b", Some("/a+b")),
            ("/%FF", None),
            ("*", None),
        ] {
            assert_eq!(decode_path(raw).as_deref(), decoded, "{raw}");
        }
    }

    #[test]
    fn a_client_cannot_set_the_gateways_headers() {
        let given = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-port", "1"),
            ("x-amzn-trace-id", "x"),
        ];
        let event = event(&parts("GET", "/", &given), b"");
        assert_eq!(event["headers"]["x-forwarded-for"], "1.1.1.1, 10.1.2.3");
        assert_eq!(event["headers"]["x-forwarded-proto"], "http");
        assert_eq!(event["headers"]["x-forwarded-port"], "80");
        assert_ne!(event["headers"]["x-amzn-trace-id"], "x");
        assert_eq!(event["requestContext"]["http"]["sourceIp"], "10.1.2.3");
    }

    #[test]
    fn the_domain_is_the_connected_address_whatever_the_host_header() {
        for (host, here, expected) in [
            ("127.0.0.1:9000", "127.0.0.1:9000", "127.0.0.1:9000"),
            ("LocalHost:9000", "127.0.0.1:9000", "localhost:9000"),
            ("localhost:9000", "[::1]:9000", "localhost:9000"),
            (
                "localhost:9000",
                "[::ffff:127.0.0.1]:9000",
                "localhost:9000",
            ),
            ("localhost:9001", "127.0.0.1:9000", "127.0.0.1:9000"),
            ("localhost:9000", "192.0.2.7:9000", "192.0.2.7:9000"),
            ("evil.example", "127.0.0.1:9000", "127.0.0.1:9000"),
            ("evil.example:9000", "[::1]:9000", "[::1]:9000"),
        ] {
            assert_eq!(domain(host, here.parse().unwrap()), expected, "{host}");
        }
    }

    #[test]
    fn a_host_that_is_not_valid_in_a_url_is_rejected() {
        for host in ["a b", "a@b", "a:99999", "a:x", "a/b", "%zz", ""] {
            let parts = parts("GET", "/", &[("host", host)]);
            assert!(super::host(&parts).is_none(), "{host}");
        }
        for host in ["[::1]:9000", "[::1]", "id.example.com"] {
            assert_eq!(
                super::host(&parts("GET", "/", &[("host", host)])).unwrap(),
                host
            );
        }
    }

    #[test]
    fn ids_have_the_format_of_aws() {
        let stamp = RequestStamp::new();
        assert!(
            stamp.request_id.len() == 16 && stamp.request_id.ends_with('='),
            "{}",
            stamp.request_id
        );
        assert_eq!(
            stamp.trace_id().len(),
            "Root=1-67891233-abcdef012345678912345678".len()
        );
        assert_ne!(stamp.request_id, RequestStamp::new().request_id);
    }
}
