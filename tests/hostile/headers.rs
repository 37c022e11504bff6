//! H-11, H-12, T-14: headers.

use super::{Fort, told};

#[tokio::test(flavor = "multi_thread")]
async fn h12_no_header_turns_one_request_into_another() {
    let fort = Fort::start().await;
    let other = format!("/Users/{}", fort.group);
    for (name, value) in [
        ("x-http-method-override", "DELETE"),
        ("x-http-method", "DELETE"),
        ("x-method-override", "PATCH"),
        ("x-original-url", &*other),
        ("x-rewrite-url", &*other),
        ("x-forwarded-prefix", "/other"),
        ("x-forwarded-host", "evil.example.com"),
        ("forwarded", "host=evil.example.com;proto=ftp"),
        ("x-forwarded-proto", "javascript"),
        ("x-amzn-request-context", "{}"),
        ("x-muster-tenant", "other"),
        ("content-encoding", "identity"),
        ("accept", "text/html;q=1, */*;q=NaN"),
        ("accept-encoding", "gzip;q=99999, x, identity;q=0"),
        ("range", "bytes=0-0"),
        ("expect", ""),
        ("cookie", "token=x"),
    ] {
        let answer = fort.send("GET /Users/<user>", &[(name, value)], "").await;
        let answer = answer.expect(200);
        let json = answer.json();
        assert_eq!(json["id"], fort.user, "{name}");
        let location = json["meta"]["location"].as_str().unwrap();
        assert!(
            !location.contains("evil") && !location.contains("javascript"),
            "{location}"
        );
    }
    fort.stands().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h11_h12_headers_that_make_no_sense_are_refused() {
    let fort = Fort::start().await;
    let token = fort.client.token.clone();
    let tags = vec!["W/\"9\""; 900].join(",");
    for (headers, expected) in [
        (vec![("content-type", "text/html")], 415),
        (vec![("content-encoding", "identity, gzip")], 415),
        (vec![("content-encoding", "aes128gcm")], 415),
        (vec![("content-type", "\u{e9}")], 415),
        (vec![("if-match", "W/\"99\"")], 412),
        (vec![("if-match", "\"")], 412),
        (vec![("if-match", &*tags)], 412),
        (vec![("if-match", "\u{e9}")], 412),
        (vec![("if-none-match", "*")], 412),
    ] {
        // `send` sets a media type of its own, to which another would only be added.
        let headers: Vec<_> = headers.into_iter().collect();
        let body = super::patch(r#"{"op":"replace","path":"title","value":"x"}"#);
        let mut all = vec![];
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            all.push(("content-type", "application/scim+json"));
        }
        all.extend(headers);
        let path = format!("/Users/{}", fort.user);
        let answer = fort
            .client
            .send("PATCH", &path, &all, Some(body.into()))
            .await;
        told(&answer, &format!("{all:?}"));
        assert_eq!(answer.status, expected, "{all:?}");
    }
    for value in [
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer a, Bearer {token}"),
        format!("Basic {token}"),
        format!("Bearer {token}\u{a0}"),
        format!("Bearer\u{a0}{token}"),
        format!("Bearer \"{token}\""),
        format!("Bearer {token};admin"),
        format!("Bearer {}", "a".repeat(8_000)),
        format!("Bearer {}", token.replace('_', "%5F")),
        "Bearer ${jndi:ldap://x}".to_owned(),
        "Bearer null".to_owned(),
        "null".to_owned(),
    ] {
        let headers = [("authorization", value.as_str())];
        for line in ["GET /Users", "DELETE /Users/<user>"] {
            let answer = fort.send(line, &headers, "").await;
            let (_, detail) = told(&answer, &value);
            assert_eq!(answer.status, 401, "{value}");
            assert!(!detail.contains(&token), "{detail}");
        }
    }
    fort.stands().await;
}
