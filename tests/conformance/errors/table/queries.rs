//! Filters and other query parameters.

use crate::conformance::errors::Row;

pub(in crate::conformance::errors) const ROWS: &[Row] = &[
    (
        "POST /.search",
        r#"{<Search>,"filter":"userName eq"}"#,
        "400 invalidFilter filter, position 12: expected a value, text in double quotes, found nothing",
    ),
    (
        "POST /.search",
        r#"{<Search>,"filter":"displayName eq 5"}"#,
        "400 invalidFilter `displayName` is text, which stands in double quotes; `eq 5` cannot be asked of it",
    ),
    (
        "POST /.search",
        r#"{<Search>,"sortBy":"shoeSize"}"#,
        "400 invalidValue `sortBy`: `shoeSize` is no attribute of a Group",
    ),
    (
        "GET /Users?cursor=x",
        "",
        "400 invalidCursor the cursor is damaged, or it was given for another query or to another token; repeat the query as it was, or start again with an empty `cursor`",
    ),
    (
        "GET /Users?cursor=&startIndex=2",
        "",
        "400 invalidValue `startIndex` and `cursor` are two ways to page; send one of them",
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
        "403  this endpoint takes no filter (RFC 7644 section 4)",
    ),
    (
        "GET /Users?filter=userName",
        "",
        "400 invalidFilter filter, position 9: expected an operator such as `eq` after `userName`, found nothing",
    ),
    (
        "GET /Users?filter=userName eq anna",
        "",
        "400 invalidFilter filter, position 13: expected a value, text in double quotes, found `anna`",
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
        "400 invalidFilter `nothing` is no attribute of a User",
    ),
    (
        r#"GET /Users?filter=name.nothing eq "x""#,
        "",
        "400 invalidFilter `name.nothing` is no attribute of a User",
    ),
    (
        "GET /Users?filter=active gt true",
        "",
        "400 invalidFilter `active` is a boolean; `gt true` cannot be asked of it",
    ),
    (
        r#"GET /Users?filter=active eq "perhaps""#,
        "",
        r#"400 invalidFilter `active` is a boolean; `eq "perhaps"` cannot be asked of it"#,
    ),
    (
        r#"GET /Users?filter=meta.created gt "yesterday""#,
        "",
        r#"400 invalidFilter `created` is a dateTime such as "2011-05-13T04:42:34Z"; `gt "yesterday"` cannot be asked of it"#,
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
        "400 invalidFilter `userName` is text, which stands in double quotes; `co 5` cannot be asked of it",
    ),
    (
        r#"GET /Users?filter=name eq "x""#,
        "",
        "400 invalidFilter `name` has parts; compare one of them, such as `name.formatted`",
    ),
    (
        "GET /Users?filter=<33 parentheses>",
        "",
        "400 invalidFilter filter, position 34: nesting is deeper than 32 levels",
    ),
    (
        "GET /Users?filter=<257 terms>",
        "",
        "400 invalidFilter filter, position 3073: more than 256 terms",
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
        "400 invalidValue the parameter `count` is given twice",
    ),
    (
        "GET /Users?count=%ff",
        "",
        "400 invalidSyntax the address is not percent-encoded UTF-8",
    ),
    (
        "GET /Users?attributes=a&excludedAttributes=b",
        "",
        "400 invalidValue `attributes` and `excludedAttributes` cannot be used together",
    ),
    (
        "GET /Users?attributes=<201 names>",
        "",
        "400 invalidValue `attributes` and `excludedAttributes` take 200 names at most",
    ),
    (
        "GET /Users?sortBy=nothing",
        "",
        "400 invalidValue `sortBy`: `nothing` is no attribute of a User",
    ),
    (
        "GET /Users?sortBy=userName&sortOrder=up",
        "",
        "400 invalidValue `sortOrder` must be ascending or descending, not `up`",
    ),
    (
        "POST /Users/.search",
        r#"{"schemas":["urn:x"]}"#,
        "400 invalidSyntax `schemas` must be an array with `urn:ietf:params:scim:api:messages:2.0:SearchRequest`",
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
        "400 invalidFilter filter, position 24: `eq` cannot follow a filter in brackets; put a dot and a sub-attribute such as `value` between them, or what is asked into the brackets",
    ),
    (
        r#"GET /Users?filter=emails[type eq "work"] pr"#,
        "",
        "400 invalidFilter filter, position 24: `pr` cannot follow a filter in brackets; put a dot and a sub-attribute such as `value` between them, or what is asked into the brackets",
    ),
    (
        r#"GET /Users?filter=userName eq "CORP\bob""#,
        "",
        r"400 invalidFilter filter, position 13: `\b` in the text in quotes is a control character; write a backslash twice, as in DOMAIN\\name",
    ),
    (
        r#"GET /Users?filter=externalId eq "CORP\nina""#,
        "",
        r"400 invalidFilter filter, position 15: `\n` in the text in quotes is a control character; write a backslash twice, as in DOMAIN\\name",
    ),
    (
        r#"GET /Users?filter=userName eq "CORP\anna""#,
        "",
        r"400 invalidFilter filter, position 13: the text in quotes has a wrong escape; write a backslash twice, as in DOMAIN\\name",
    ),
    (
        r#"GET /Users?filter=userName eq "CORP\""#,
        "",
        r"400 invalidFilter filter, position 13: the closing quote is missing; write a backslash twice, as in DOMAIN\\name",
    ),
    (
        r#"GET /Users?filter=userName eq "My Corp\nina""#,
        "",
        r"400 invalidFilter `userName` has no control characters; write a backslash twice, as in DOMAIN\\name",
    ),
];
