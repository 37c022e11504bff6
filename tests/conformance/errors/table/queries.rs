//! Filters and other query parameters.

use crate::conformance::errors::Row;

pub(in crate::conformance::errors) const ROWS: &[Row] = &[
    (
        "POST /.search",
        r#"{<Search>,"filter":"userName eq"}"#,
        "400 invalidFilter filter, position 12: expected a value, found nothing; text needs double quotes",
    ),
    (
        "POST /.search",
        r#"{<Search>,"filter":"displayName eq 5"}"#,
        "400 invalidFilter `displayName` is text and needs double quotes, so the comparison `eq 5` is not possible",
    ),
    (
        "POST /.search",
        r#"{<Search>,"sortBy":"shoeSize"}"#,
        "400 invalidValue `sortBy`: a Group has no attribute `shoeSize`",
    ),
    (
        "GET /Users?cursor=x",
        "",
        "400 invalidCursor the cursor is damaged, or belongs to another query or token; repeat the original query, or start again with an empty `cursor`",
    ),
    (
        "GET /Users?cursor=&startIndex=2",
        "",
        "400 invalidValue `startIndex` and `cursor` cannot be used together; send only one of them",
    ),
    (
        "GET /Groups?cursor=&count=1001",
        "",
        "400 invalidCount `count` must be at most 1000 with a cursor",
    ),
    (
        "POST /Users/.search",
        r#"{<Search>,"cursor":5}"#,
        "400 invalidValue `cursor` must be text",
    ),
    (
        "GET /Schemas?filter=name pr",
        "",
        "403  this endpoint does not support filters (RFC 7644 section 4)",
    ),
    (
        "GET /Users?filter=userName",
        "",
        "400 invalidFilter filter, position 9: expected an operator such as `eq` after `userName`, found nothing",
    ),
    (
        "GET /Users?filter=userName eq anna",
        "",
        "400 invalidFilter filter, position 13: expected a value, found `anna`; text needs double quotes",
    ),
    (
        r#"GET /Users?filter=userName is "anna""#,
        "",
        "400 invalidFilter filter, position 10: expected an operator such as `eq` after `userName`, found `is`",
    ),
    (
        r#"GET /Users?filter=userName eq "anna" and"#,
        "",
        "400 invalidFilter filter, position 23: expected an attribute name",
    ),
    (
        "GET /Users?filter=(userName pr",
        "",
        "400 invalidFilter filter, position 13: expected `)`",
    ),
    (
        r#"GET /Users?filter=nothing eq "x""#,
        "",
        "400 invalidFilter a User has no attribute `nothing`",
    ),
    (
        r#"GET /Users?filter=name.nothing eq "x""#,
        "",
        "400 invalidFilter a User has no attribute `name.nothing`",
    ),
    (
        "GET /Users?filter=active gt true",
        "",
        "400 invalidFilter `active` is a boolean, so the comparison `gt true` is not possible",
    ),
    (
        r#"GET /Users?filter=active eq "perhaps""#,
        "",
        r#"400 invalidFilter `active` is a boolean, so the comparison `eq "perhaps"` is not possible"#,
    ),
    (
        r#"GET /Users?filter=meta.created gt "yesterday""#,
        "",
        r#"400 invalidFilter `created` is a dateTime such as "2011-05-13T04:42:34Z", so the comparison `gt "yesterday"` is not possible"#,
    ),
    (
        r#"GET /Users?filter=password eq "x""#,
        "",
        "400 invalidFilter `password` cannot be used in a filter",
    ),
    (
        r#"GET /Users?filter=emails[type eq "work""#,
        "",
        "400 invalidFilter filter, position 22: expected `]`",
    ),
    (
        "GET /Users?filter=userName co 5",
        "",
        "400 invalidFilter `userName` is text and needs double quotes, so the comparison `co 5` is not possible",
    ),
    (
        r#"GET /Users?filter=name eq "x""#,
        "",
        "400 invalidFilter `name` is complex; compare a sub-attribute, such as `name.formatted`",
    ),
    (
        "GET /Users?filter=<33 parentheses>",
        "",
        "400 invalidFilter filter, position 34: the filter is nested more than 32 levels deep",
    ),
    (
        "GET /Users?filter=<257 terms>",
        "",
        "400 invalidFilter filter, position 3073: the filter has more than 256 terms",
    ),
    (
        "GET /Users?startIndex=x",
        "",
        "400 invalidValue `startIndex` must be a whole number, not `x`",
    ),
    (
        "GET /Users?count=1.5",
        "",
        "400 invalidValue `count` must be a whole number, not `1.5`",
    ),
    (
        "GET /Users?count=1&count=2",
        "",
        "400 invalidValue the parameter `count` is repeated",
    ),
    (
        "GET /Users?count=%ff",
        "",
        "400 invalidSyntax the URL is not percent-encoded UTF-8",
    ),
    (
        "GET /Users?attributes=a&excludedAttributes=b",
        "",
        "400 invalidValue `attributes` and `excludedAttributes` cannot be used together",
    ),
    (
        "GET /Users?attributes=<201 names>",
        "",
        "400 invalidValue `attributes` and `excludedAttributes` may have at most 200 names",
    ),
    (
        "GET /Users?sortBy=nothing",
        "",
        "400 invalidValue `sortBy`: a User has no attribute `nothing`",
    ),
    (
        "GET /Users?sortBy=userName&sortOrder=up",
        "",
        "400 invalidValue `sortOrder` must be ascending or descending, not `up`",
    ),
    (
        "POST /Users/.search",
        r#"{"schemas":["urn:x"]}"#,
        "400 invalidSyntax `schemas` must be an array that contains `urn:ietf:params:scim:api:messages:2.0:SearchRequest`",
    ),
    (
        "POST /Users/.search",
        r#"{<Search>,"count":"x"}"#,
        "400 invalidValue `count` must be a whole number, not `x`",
    ),
    (
        "POST /Users/.search",
        r#"{<Search>,"count":true}"#,
        "400 invalidValue `count` must be a whole number",
    ),
    (
        r#"GET /Users?filter=emails[type eq "work"] eq "x""#,
        "",
        "400 invalidFilter filter, position 24: `eq` cannot follow a filter in brackets; add a sub-attribute such as `.value` after the brackets, or move the comparison into them",
    ),
    (
        r#"GET /Users?filter=emails[type eq "work"] pr"#,
        "",
        "400 invalidFilter filter, position 24: `pr` cannot follow a filter in brackets; add a sub-attribute such as `.value` after the brackets, or move the comparison into them",
    ),
    (
        r#"GET /Users?filter=userName eq "CORP\bob""#,
        "",
        r"400 invalidFilter filter, position 13: `\b` in the quoted text means a control character; double each backslash, as in DOMAIN\\name",
    ),
    (
        r#"GET /Users?filter=externalId eq "CORP\nina""#,
        "",
        r"400 invalidFilter filter, position 15: `\n` in the quoted text means a control character; double each backslash, as in DOMAIN\\name",
    ),
    (
        r#"GET /Users?filter=userName eq "CORP\anna""#,
        "",
        r"400 invalidFilter filter, position 13: the quoted text has an invalid escape; double each backslash, as in DOMAIN\\name",
    ),
    (
        "GET /Users?filter=userName eq \"a\0\"",
        "",
        r"400 invalidFilter filter, position 13: the quoted text contains a control character; remove it, or write it as a JSON escape such as `\n`",
    ),
    (
        r#"GET /Users?filter=userName eq "CORP\""#,
        "",
        r"400 invalidFilter filter, position 13: the closing quote is missing; double each backslash, as in DOMAIN\\name",
    ),
    (
        r#"GET /Users?filter=userName eq "My Corp\nina""#,
        "",
        r"400 invalidFilter `userName` never contains control characters; double each backslash, as in DOMAIN\\name",
    ),
];
