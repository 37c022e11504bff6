//! H-01, H-11, H-12: bytes that no client library sends, on a raw connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Fort, PATIENCE};
use crate::support::table::tenant_of;

/// The statuses of all responses to bytes on a connection whose sending half is then closed; there may be none.
async fn answers(fort: &Fort, bytes: &[u8]) -> Vec<u16> {
    let mut stream = TcpStream::connect(fort.target.stack.address)
        .await
        .expect("a connection");
    let mut said = Vec::new();
    let talk = async {
        // The server may close the connection before all bytes were sent.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut said).await;
    };
    tokio::time::timeout(PATIENCE, talk)
        .await
        .unwrap_or_else(|_| panic!("{}", bytes.escape_ascii()));
    let said = String::from_utf8_lossy(&said).into_owned();
    said.match_indices("HTTP/1.")
        .filter_map(|(at, _)| said.get(at + 9..at + 12)?.parse().ok())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn h01_h11_h12_bytes_that_are_not_a_request_change_nothing() {
    let fort = Fort::start().await;
    let users = format!("/{}/scim/v2/Users", tenant_of(&fort.client));
    let token = &fort.client.token;
    let head = format!(
        "Host: a\r\nAuthorization: Bearer {token}\r\nContent-Type: application/scim+json\r\n"
    );
    let body =
        r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"smuggled"}"#;
    let length = body.len();
    for request in [
        // Wrong lengths.
        format!(
            "POST {users} HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{body}",
            length + 10
        ),
        format!(
            "POST {users} HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{body}",
            length - 10
        ),
        format!("POST {users} HTTP/1.1\r\n{head}Content-Length: -1\r\n\r\n{body}"),
        format!(
            "POST {users} HTTP/1.1\r\n{head}Content-Length: 99999999999999999999\r\n\r\n{body}"
        ),
        format!("POST {users} HTTP/1.1\r\n{head}Content-Length: {length}, 5\r\n\r\n{body}"),
        format!(
            "POST {users} HTTP/1.1\r\n{head}Content-Length: 5\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
        format!("POST {users} HTTP/1.1\r\n{head}Content-Length: 0x10\r\n\r\n{body}"),
        format!("POST {users} HTTP/1.1\r\n{head}\r\n{body}"),
        // Invalid chunks.
        format!(
            "POST {users} HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{body}\r\n0\r\n\r\n"
        ),
        format!(
            "POST {users} HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n-5\r\n{body}\r\n0\r\n\r\n"
        ),
        format!(
            "POST {users} HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{body}\r\n0\r\n\r\n"
        ),
        format!("POST {users} HTTP/1.1\r\n{head}Transfer-Encoding: xchunked\r\n\r\n{body}"),
        format!("POST {users} HTTP/1.1\r\n{head}Transfer-Encoding: chunked, gzip\r\n\r\n{body}"),
        // Invalid heads.
        format!(
            "POST {users} HTTP/1.1\r\nHost: a\r\nAuthorization : Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
        format!(
            "POST {users} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\0\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
        format!(
            "POST {users} HTTP/1.1\r\nHost: a\r\n Authorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        ),
        format!("POST {users} HTTP/9.9\r\n{head}Content-Length: {length}\r\n\r\n{body}"),
        format!("POST {users}\r\n{head}Content-Length: {length}\r\n\r\n{body}"),
        format!("POST {users} x HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}"),
        format!("P\u{e9}ST {users} HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}"),
        format!("{} {users} HTTP/1.1\r\n{head}\r\n", "X".repeat(100_000)),
        format!("post {users} HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}"),
        format!(
            "POST {users} HTTP/1.1\r\n{head}{}\r\n",
            "X: y\r\n".repeat(20_000)
        ),
        format!(
            "POST {users} HTTP/1.1\r\n{head}X: {}\r\nContent-Length: {length}\r\n\r\n{body}",
            "y".repeat(100_000)
        ),
        format!("POST http://[::1 HTTP/1.1\r\n{head}\r\n"),
        format!("OPTIONS * HTTP/1.1\r\n{head}\r\n"),
        format!("CONNECT a:443 HTTP/1.1\r\n{head}\r\n"),
        // Incomplete requests.
        format!("POST {users} HTTP/1.1\r\nHost: a"),
        "POST".to_owned(),
        "\r\n\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{fc}\u{3}\u{3}".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "{}".repeat(100_000),
    ] {
        for status in answers(&fort, request.as_bytes()).await {
            let what: String = request.chars().take(200).collect();
            assert!((400..500).contains(&status), "{what:?}: {status}");
        }
    }
    // Afterwards others are served as usual.
    fort.client.get("/Users").await.expect(200);
    fort.stands().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn h12_a_request_inside_another_one_has_to_bring_its_own_token() {
    let fort = Fort::start().await;
    let users = format!("/{}/scim/v2/Users", tenant_of(&fort.client));
    let token = &fort.client.token;
    let inner = format!("DELETE {users}/{} HTTP/1.1\r\nHost: a\r\n\r\n", fort.user);
    for framing in [
        "Content-Length: 0\r\n\r\n".to_owned(),
        "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
        format!(
            "Transfer-Encoding: chunked\r\nContent-Length: {}\r\n\r\n0\r\n\r\n",
            inner.len() + 5
        ),
    ] {
        let outer = format!(
            "GET {users} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n{framing}"
        );
        let statuses = answers(&fort, format!("{outer}{inner}").as_bytes()).await;
        let (_, behind) = statuses.split_first().expect("an answer");
        assert!(
            behind.iter().all(|status| [400, 401].contains(status)),
            "{framing:?}: {statuses:?}"
        );
    }
    fort.stands().await;
}
