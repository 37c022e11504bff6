//! The body of a request.

use bytes::Bytes;
use http::{HeaderMap, header};
use scim_core::error::reason;
use scim_core::{ScimError, limits};
use serde_json::Value;

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
    fn h01_h02_q09_text_that_is_not_json_is_rejected() {
        let deep = "[".repeat(100_000);
        for body in ["", "{", "{}x", "nul", "\"\\ud800\"", "{\"a\":\u{1}}", &deep] {
            let error = json(&HeaderMap::new(), &Bytes::copy_from_slice(body.as_bytes()));
            assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidSyntax);
        }
        let error = json(&HeaderMap::new(), &Bytes::from_static(b"{\"a\":\"\xff\"}"));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidSyntax);
    }
}
