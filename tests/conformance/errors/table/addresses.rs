//! Addresses, methods, tokens, media types, versions.

use crate::conformance::errors::Row;

pub(in crate::conformance::errors) const ROWS: &[Row] = &[
    (
        "GET /Nothing",
        "",
        "404  this endpoint does not exist; the endpoints are /Users, /Groups, /Me, /Bulk, /.search, /ServiceProviderConfig, /ResourceTypes and /Schemas",
    ),
    (
        "GET /Users/1/2",
        "",
        "404  this endpoint does not exist; the endpoints are /Users, /Groups, /Me, /Bulk, /.search, /ServiceProviderConfig, /ResourceTypes and /Schemas",
    ),
    (
        "GET origin:/",
        "",
        "404  this endpoint does not exist; a base URL has the form https://HOST/TENANT/scim/v2",
    ),
    (
        "GET origin:/acme/scim/v1/Users",
        "",
        "400 invalidVers version `v1` of SCIM is not supported; use v2",
    ),
    (
        "PUT /Users",
        "{}",
        "405  this endpoint supports only GET, POST",
    ),
    (
        "POST /Users/<user>",
        "{}",
        "405  this endpoint supports only GET, PUT, PATCH, DELETE",
    ),
    (
        "DELETE /Schemas",
        "",
        "405  this endpoint supports only GET",
    ),
    (
        "GET /Me",
        "",
        "501  this token does not belong to a user, so /Me is not available; use /Users/ID",
    ),
    (
        "POST /Bulk",
        r#"{"schemas":["urn:x"]}"#,
        "400 invalidSyntax `schemas` must be an array that contains `urn:ietf:params:scim:api:messages:2.0:BulkRequest`",
    ),
    (
        "GET /Users | authorization: Bearer wrong",
        "",
        "401  the bearer token is missing, invalid or expired, or belongs to another tenant; send `Authorization: Bearer TOKEN` with a token from the application's settings",
    ),
    (
        "GET /Users/<nobody>",
        "",
        "404  there is no User with the id `<nobody>`",
    ),
    (
        "GET /Groups/<nobody>",
        "",
        "404  there is no Group with the id `<nobody>`",
    ),
    (
        "GET /Groups/<user>",
        "",
        "404  there is no Group with the id `<user>`",
    ),
    (
        "GET /Users/odd%0d%0aid",
        "",
        "404  there is no User with the id `odd��id`",
    ),
    (
        "GET /Schemas/urn:x",
        "",
        "404  the schema `urn:x` does not exist",
    ),
    (
        "GET /ResourceTypes/Robot",
        "",
        "404  the resource type `Robot` does not exist",
    ),
    (
        "POST /Users | content-type: text/plain",
        "{}",
        "415  the Content-Type must be application/scim+json or application/json",
    ),
    (
        "POST /Users | content-encoding: gzip",
        "{}",
        "415  the body must not be compressed",
    ),
    ("POST /Users", "", "400 invalidSyntax the body is empty"),
    (
        "POST /Users",
        "{}",
        "400 invalidValue `userName` is required",
    ),
    (
        r#"PUT /Users/<user> | if-match: W/"99""#,
        r#"{<User>,"userName":"anna"}"#,
        r#"412  the resource has version W/"1", but the request expects another one; read it again"#,
    ),
    (
        r#"PUT /Users/<user> | if-match: W/"1" | if-none-match: *"#,
        r#"{<User>,"userName":"anna"}"#,
        r#"412  the resource has version W/"1", which `If-None-Match` excludes; omit this header to change the resource"#,
    ),
    (
        r#"DELETE /Users/<user> | if-match: W/"99""#,
        "",
        r#"412  the resource has version W/"1", but the request expects another one; read it again"#,
    ),
];
