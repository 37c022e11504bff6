//! Turns a function's answer (payload format 2.0) into the HTTP response.
//!
//! `multiValueHeaders` is not read: it is not part of the format, and AWS drops it. AWS turns an answer without a status
//! into a body; this module does not, because `lambda_http` always sets a status.

use axum::body::Body;
use data_encoding::BASE64;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde_json::Value;

use super::event::RequestStamp;

/// The response, or `None` if the answer does not match the format.
pub(super) fn read(answer: &str, stamp: &RequestStamp) -> Option<Response<Body>> {
    let answer: Value = serde_json::from_str(answer).ok()?;
    let status = u16::try_from(answer.get("statusCode")?.as_u64()?).ok()?;
    let status = StatusCode::from_u16(status)
        .ok()
        .filter(|s| !s.is_informational())?;
    let body = if bodiless(status) {
        Vec::new()
    } else {
        content(&answer)?
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    pass_on_headers(&answer, headers)?;
    if !body.is_empty() {
        headers
            .entry(header::CONTENT_TYPE)
            .or_insert(HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    headers.insert(
        "apigw-requestid",
        HeaderValue::try_from(&stamp.request_id).ok()?,
    );
    *response.body_mut() = Body::from(body);
    Some(response)
}

/// Adds the answer's headers and cookies, or returns `None` if one is malformed.
fn pass_on_headers(answer: &Value, headers: &mut HeaderMap) -> Option<()> {
    let given = answer.get("headers").and_then(Value::as_object);
    for (name, value) in given.into_iter().flatten() {
        let name = HeaderName::try_from(name).ok()?;
        if !SET_BY_GATEWAY.contains(&name) {
            headers.insert(name, HeaderValue::try_from(value.as_str()?).ok()?);
        }
    }
    let cookies = answer.get("cookies").and_then(Value::as_array);
    for cookie in cookies.into_iter().flatten() {
        let cookie = HeaderValue::try_from(cookie.as_str()?).ok()?;
        headers.append(header::SET_COOKIE, cookie);
    }
    Some(())
}

/// Headers of the connection, and those that follow from the body.
const SET_BY_GATEWAY: [HeaderName; 4] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

fn bodiless(status: StatusCode) -> bool {
    status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED
}

fn content(answer: &Value) -> Option<Vec<u8>> {
    let Some(text) = answer.get("body").filter(|body| !body.is_null()) else {
        return Some(Vec::new());
    };
    match answer.get("isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => BASE64.decode(text.as_str()?.as_bytes()).ok(),
        _ => Some(text.as_str()?.as_bytes().to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn response(answer: &str) -> Option<(u16, Vec<(String, String)>, Vec<u8>)> {
        let response = read(answer, &RequestStamp::new())?;
        let headers = response
            .headers()
            .iter()
            .map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned()));
        let headers = headers
            .filter(|(name, _)| name != "apigw-requestid")
            .collect();
        let status = response.status().as_u16();
        Some((
            status,
            headers,
            response
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .to_vec(),
        ))
    }

    fn header(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[tokio::test]
    async fn status_headers_cookies_and_body_are_forwarded() {
        let answer = r#"{"statusCode":201,"headers":{"Content-Type":"application/scim+json","content-length":"9",
            "connection":"close"},"multiValueHeaders":{"x":["1"]},"cookies":["a=1","b=2"],"body":"{}","isBase64Encoded":false}"#;
        let (status, headers, body) = response(answer).await.unwrap();
        assert_eq!((status, body.as_slice()), (201, b"{}".as_slice()));
        assert_eq!(
            headers,
            [
                header("content-type", "application/scim+json"),
                header("set-cookie", "a=1"),
                header("set-cookie", "b=2")
            ]
        );
    }

    #[tokio::test]
    async fn a_binary_body_is_decoded() {
        let (_, _, body) = response(r#"{"statusCode":200,"body":"/w==","isBase64Encoded":true}"#)
            .await
            .unwrap();
        assert_eq!(body, [0xff]);
    }

    #[tokio::test]
    async fn a_body_defaults_to_text_and_an_empty_one_has_no_type() {
        let (_, headers, _) = response(r#"{"statusCode":200,"body":"x"}"#).await.unwrap();
        assert_eq!(
            headers,
            [header("content-type", "text/plain; charset=utf-8")]
        );
        let (_, headers, body) = response(r#"{"statusCode":200,"body":null}"#).await.unwrap();
        assert!(headers.is_empty() && body.is_empty());
    }

    #[tokio::test]
    async fn statuses_204_and_304_have_no_body() {
        for status in [204, 304] {
            let (_, _, body) = response(&format!(r#"{{"statusCode":{status},"body":"x"}}"#))
                .await
                .unwrap();
            assert!(body.is_empty(), "{status}");
        }
    }

    #[tokio::test]
    async fn malformed_answers_are_rejected() {
        for answer in [
            "",
            "{}",
            r#"{"statusCode":"200"}"#,
            r#"{"statusCode":99}"#,
            r#"{"statusCode":101}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"}}"#,
            r#"{"statusCode":200,"headers":{"a":1}}"#,
            r#"{"statusCode":200,"body":"*","isBase64Encoded":true}"#,
        ] {
            assert!(response(answer).await.is_none(), "{answer}");
        }
    }
}
