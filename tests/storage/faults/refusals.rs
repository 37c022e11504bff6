//! Every error of DynamoDB, or of something in between: its meaning, and the number of attempts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use directory::{Author, Directory, DirectoryError, Meter, Store, Stored, to_stand_ins};
use keyring::TenantId;
use scim_core::ResourceKind;
use serde_json::json;
use service::wire::explain;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::seed::{new_ids, new_user};

/// A server that gives every call the same response, and counts the calls.
struct Stub {
    endpoint: String,
    calls: Arc<AtomicU32>,
}

async fn stub(status: u16, body: String) -> Stub {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (counted, body) = (Arc::clone(&counted), body.clone());
            tokio::spawn(async move { answer(stream, status, &body, &counted).await });
        }
    });
    Stub { endpoint, calls }
}

/// Reads one request and responds.
async fn answer(mut stream: TcpStream, status: u16, body: &str, counted: &AtomicU32) {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).to_lowercase();
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if rest.len() >= length {
                break;
            }
        }
        match stream.read_buf(&mut read).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    counted.fetch_add(1, Ordering::SeqCst);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn directory(stub: &Stub) -> Directory {
    let clients = to_stand_ins(&stub.endpoint, &stub.endpoint).unwrap();
    let store = Arc::new(Store::new(clients.dynamodb, "table".to_owned()));
    let tenant = TenantId::parse("acme").unwrap();
    Directory::new(
        store,
        tenant,
        Arc::new(Meter::default()),
        Author::background(),
    )
}

const PAGE: &str = "<html><body><h1>502 Bad Gateway</h1></body></html>";

/// The status and body (or only the code) of a response, the resulting status, and the number of attempts of a read.
const READS: [(u16, &str, u16, u32); 34] = [
    (500, "", 503, 5),
    (502, "", 503, 5),
    (503, "", 503, 5),
    (504, "", 503, 5),
    (500, PAGE, 503, 5),
    (502, PAGE, 503, 5),
    (503, PAGE, 503, 5),
    (504, PAGE, 503, 5),
    (501, PAGE, 503, 1),
    (505, "", 503, 1),
    (403, PAGE, 503, 1),
    (404, "", 503, 1),
    (429, "", 429, 1),
    (400, "{}", 503, 1),
    (200, PAGE, 503, 1),
    (500, "InternalServerError", 503, 5),
    (503, "ServiceUnavailable", 503, 5),
    (400, "RequestTimeoutException", 503, 5),
    (400, "ProvisionedThroughputExceededException", 429, 5),
    (400, "RequestLimitExceeded", 429, 5),
    (400, "ThrottlingException", 429, 5),
    (400, "LimitExceededException", 429, 5),
    (400, "ReplicatedWriteConflictException", 429, 1),
    (400, "AccessDeniedException", 503, 1),
    (400, "ExpiredTokenException", 503, 1),
    (400, "UnrecognizedClientException", 503, 1),
    (400, "MissingAuthenticationTokenException", 503, 1),
    (400, "ResourceNotFoundException", 503, 1),
    (400, "KMSDisabledException", 503, 1),
    (400, "SomethingNewException", 503, 1),
    (400, "ValidationException", 500, 1),
    (400, "SerializationException", 500, 1),
    (400, "IdempotentParameterMismatchException", 500, 1),
    (400, "ItemCollectionSizeLimitExceededException", 500, 1),
];

/// The body of a response: a code becomes JSON, everything else stays.
fn body(text: &str) -> String {
    let is_code = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
    match is_code {
        true => {
            let kind = format!("com.amazonaws.dynamodb.v20120810#{text}");
            json!({ "__type": kind, "message": "a secret of the table" }).to_string()
        }
        false => text.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r07_every_refusal_of_the_table_has_its_status_and_its_number_of_attempts() {
    let rows = READS.into_iter().map(|(status, text, expected, attempts)| {
        Box::pin(async move {
            let stub = stub(status, body(text)).await;
            let found = directory(&stub).get(ResourceKind::User, new_ids().0).await;
            let error = found.expect_err("a failure");
            assert!(!error.to_string().contains("secret"), "{error}");
            let calls = stub.calls.load(Ordering::SeqCst);
            let answered = explain(error).status();
            assert_eq!((answered, calls), (expected, attempts), "{status} {text}");
        })
    });
    futures_util::future::join_all(rows).await;
}

/// The reason of a cancelled transaction, the resulting status, and whether the transaction is retried.
const REASONS: [(&str, u16, bool); 8] = [
    ("TransactionConflict", 429, true),
    ("ThrottlingError", 429, true),
    ("ProvisionedThroughputExceeded", 429, true),
    ("ConditionalCheckFailed", 409, false),
    ("ItemCollectionSizeLimitExceeded", 500, false),
    ("ValidationError", 500, false),
    ("AccessDenied", 503, false),
    ("SomethingNew", 503, false),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_of_a_canceled_transaction_has_its_status_and_is_made_again_or_not() {
    let rows = REASONS.into_iter().map(|(reason, expected, is_repeated)| {
        Box::pin(async move {
            let canceled = json!({
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "CancellationReasons": [{ "Code": "None" }, { "Code": reason }, { "Code": "None" }],
            });
            let stub = stub(400, canceled.to_string()).await;
            let error = created(&directory(&stub)).await.expect_err("a failure");
            let calls = stub.calls.load(Ordering::SeqCst);
            assert_eq!(explain(error).status(), expected, "{reason}");
            assert_eq!(calls, if is_repeated { 12 } else { 1 }, "{reason}");
        })
    });
    futures_util::future::join_all(rows).await;
}

/// A creation, which takes one transaction: the user, its name, its counter.
async fn created(directory: &Directory) -> Result<Stored, DirectoryError> {
    let (id, write) = new_ids();
    let new = new_user(id, json!({ "userName": "anna" }));
    directory
        .create(new, jiff::Timestamp::UNIX_EPOCH, &write)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_meets_throttles_and_other_regions_like_a_single_write() {
    for (code, expected) in [
        ("TransactionInProgressException", 429),
        ("ReplicatedWriteConflictException", 429),
        ("IdempotentParameterMismatchException", 500),
    ] {
        let stub = stub(400, body(code)).await;
        let error = created(&directory(&stub)).await.expect_err("a failure");
        assert_eq!(explain(error).status(), expected, "{code}");
        let calls = stub.calls.load(Ordering::SeqCst);
        assert_eq!(calls > 11, expected == 429, "{code}: {calls}");
    }
}
