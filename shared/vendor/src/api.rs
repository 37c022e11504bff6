//! The JSON API under `/admin/v1`. It parses path, query and body into the typed input of an operation, and writes
//! its view as JSON. Every failure is a [`Problem`], RFC 9457.

use std::sync::Arc;

use bytes::Bytes;
use directory::Meter;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use keyring::{Presented, Token};
use service::{Origin, wire};

mod caller;
mod destinations;
mod events;
mod keys;
mod links;
pub(crate) mod logs;
pub mod openapi;
mod people;
mod request;
pub(crate) mod response;
mod route;
pub mod routes;
mod tenants;

use crate::actor::{Actor, Operation};
use crate::idempotency::{IdempotentRequest, no_name};
use crate::operations::Work;
use crate::problem::{Problem, reason};
use crate::query::Query;
use crate::vendor_side::{Trace, VendorSide, unauthorized};
use request::ApiRequest;
use response::ApiResponse;
use routes::Match;

/// The segments of the API's base path.
pub(crate) const API: [&str; 2] = ["admin", "v1"];

/// The address of a request: the path before the API's base, and the segments after it.
struct Address {
    prefix: String,
    segments: Vec<String>,
}

impl Address {
    /// Parses a path. Repeated and trailing slashes are ignored.
    fn parse(path: &str) -> Result<Self, Problem> {
        let raw: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let at = raw
            .windows(API.len())
            .position(|pair| pair == API)
            .ok_or_else(reason::no_endpoint)?;
        let (before, behind) = raw.split_at(at);
        let segments = behind.iter().skip(API.len());
        Ok(Self {
            prefix: before.iter().flat_map(|part| ["/", part]).collect(),
            segments: segments
                .map(|segment| wire::decode(segment))
                .collect::<Result<_, _>>()?,
        })
    }
}

pub(crate) async fn handle(
    vendor: &VendorSide,
    request: &Request<Bytes>,
    origin: &Origin,
    meter: &Arc<Meter>,
    trace: &mut Trace,
) -> Response<Bytes> {
    let served = serve(vendor, request, (origin, meter), trace).await;
    match served.and_then(ApiResponse::into_response) {
        Ok(response) => response,
        Err(problem) => problem.into_response(&origin.request_id),
    }
}

async fn serve(
    vendor: &VendorSide,
    request: &Request<Bytes>,
    (origin, meter): (&Origin, &Arc<Meter>),
    trace: &mut Trace,
) -> Result<ApiResponse, Problem> {
    let address = Address::parse(request.uri().path())?;
    let segments: Vec<&str> = address.segments.iter().map(String::as_str).collect();
    let found = routes::find(request.method(), &segments);
    if let Match::Route(route, variables) = &found {
        trace.operation = Some(route.operation.name());
        let tenant = variables.iter().find(|(name, _)| *name == "tenant");
        trace.tenant = tenant.map(|(_, value)| value.clone());
    }
    let headers = request.headers();
    let site = vendor.service.site(origin, headers, &address.prefix);
    if let Match::Route(route, _) = &found
        && route.operation == Operation::DescribeApi
    {
        return Ok(ApiResponse::document(&openapi::document(&site)));
    }
    let presented = presented(headers).ok_or_else(unauthorized)?;
    let actor = Actor::AdminKey(vendor.admit(&presented, origin).await?);
    trace.key = Some(actor.logged());
    let (route, variables) = match found {
        Match::Route(route, variables) => (route, variables),
        Match::OtherMethods(methods) => return Err(Problem::allowed(&methods)),
        Match::Nothing => return Err(reason::no_endpoint()),
    };
    actor.check(route.operation, None)?;
    let request = ApiRequest {
        work: Work {
            vendor,
            actor: &actor,
            origin,
            meter,
            site: &site,
            ids: vendor.service.ids().clone(),
        },
        operation: route.operation,
        http: request,
        variables,
        query: Query::parse(request.uri().query().unwrap_or_default())?,
        name: named(request)?,
    };
    (route.handler)(&request).await
}

/// The admin key in the headers.
fn presented(headers: &HeaderMap) -> Option<Presented> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (given.next(), given.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    is_bearer.then(|| Token::parse(token.trim_start()))
}

/// The name of the request, from `Idempotency-Key`.
fn named(request: &Request<Bytes>) -> Result<Option<IdempotentRequest>, Problem> {
    let headers = request.headers();
    let mut given = headers.get_all("idempotency-key").iter();
    let Some(name) = given.next() else {
        return Ok(None);
    };
    if given.next().is_some() {
        return Err(no_name());
    }
    let key = headers.get(header::AUTHORIZATION);
    let key = key.map_or(&[][..], HeaderValue::as_bytes);
    IdempotentRequest::new(key, name.as_bytes(), request).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_behind_any_prefix() {
        let address = Address::parse("/stage/admin/v1//tenants/a%20b/").unwrap();
        assert_eq!(address.prefix, "/stage");
        assert_eq!(address.segments, ["tenants", "a b"]);
        assert!(Address::parse("/admin/v2/tenants").is_err());
        assert!(Address::parse("/admin/v1/%ff").is_err());
    }

    #[test]
    fn a_request_has_one_name_or_none() {
        let named = |names: &[&str]| {
            let mut request = Request::new(Bytes::new());
            for name in names {
                let name = HeaderValue::from_bytes(name.as_bytes()).unwrap();
                request.headers_mut().append("idempotency-key", name);
            }
            named(&request)
        };
        assert!(named(&[]).unwrap().is_none());
        assert!(named(&["a"]).unwrap().is_some());
        for wrong in [&["a", "b"][..], &[""], &["a b"], &["ä"]] {
            assert!(named(wrong).is_err(), "{wrong:?}");
        }
    }
}
