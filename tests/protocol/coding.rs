//! Answers compressed on their way, RFC 9110 §12.5.3.

use crate::support::Target;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_the_same_with_gzip_and_without() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let plain = client.get("/Schemas").await.expect(200);
    assert!(plain.headers.get("content-encoding").is_none());
    let headers = [("accept-encoding", "deflate, gzip;q=0.8")];
    let compressed = client.send("GET", "/Schemas", &headers, None).await;
    assert_eq!(compressed.headers["content-encoding"], "gzip");
    assert_eq!(compressed.headers["vary"], "accept-encoding");
    assert_eq!(compressed.headers["content-type"], "application/scim+json");
    assert_eq!(compressed.text, plain.text);
    let length = |answer: &crate::support::Answer| {
        let length = answer.headers["content-length"].to_str().unwrap();
        length.parse::<usize>().unwrap()
    };
    assert!(length(&compressed) * 4 < length(&plain));
}
