use dynoxide::actions::get_item::GetItemRequest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::*;
use crate::template::{AttributeDefinition, KeyElement};

fn definition() -> TableDefinition {
    let attribute = |name: &str| AttributeDefinition {
        name: name.to_owned(),
        kind: "S".to_owned(),
    };
    let key = |name: &str, key_type: &str| KeyElement {
        name: name.to_owned(),
        key_type: key_type.to_owned(),
    };
    TableDefinition {
        attribute_definitions: vec![attribute("pk"), attribute("sk")],
        key_schema: vec![key("pk", "HASH"), key("sk", "RANGE")],
        billing_mode: "PAY_PER_REQUEST".to_owned(),
        stream_view_type: Some("NEW_AND_OLD_IMAGES".to_owned()),
        ttl_attribute: Some("expires".to_owned()),
    }
}

/// The path of a new folder, which is removed on drop.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!(
            "muster-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn storage(&self) -> Storage {
        Storage::Folder(self.0.clone())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn connect(dynamo: &Dynamo) -> TcpStream {
    TcpStream::connect(dynamo.endpoint().strip_prefix("http://").unwrap())
        .await
        .unwrap()
}

/// One call over the wire, as an SDK makes it, on a connection that stays open.
async fn call(stream: &mut TcpStream, operation: &str, body: Value) -> (u16, Value) {
    let body = body.to_string();
    let head = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: DynamoDB_20120810.{operation}\r\n\
         content-type: application/x-amz-json-1.0\r\nx-amz-date: 20260101T000000Z\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/dynamodb/aws4_request, \
         SignedHeaders=host, Signature=b\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream
        .write_all(format!("{head}{body}").as_bytes())
        .await
        .unwrap();
    let mut answer = Vec::new();
    loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part).await.unwrap();
        answer.extend_from_slice(&part[..read]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let length = head
                .split("content-length: ")
                .nth(1)
                .unwrap()
                .lines()
                .next()
                .unwrap()
                .parse::<usize>()
                .unwrap();
            if rest.len() == length {
                return (
                    head.split(' ').nth(1).unwrap().parse().unwrap(),
                    serde_json::from_str(rest).unwrap(),
                );
            }
        }
    }
}

fn put(sk: &str) -> Value {
    json!({"TableName": "muster", "Item": {"pk": {"S": "p"}, "sk": {"S": sk}, "body": {"S": "x".repeat(600)}}})
}

fn holds(dynamo: &Dynamo, sk: &str) -> bool {
    let request: GetItemRequest = serde_json::from_value(
        json!({"TableName": "muster", "Key": {"pk": {"S": "p"}, "sk": {"S": sk}}}),
    )
    .unwrap();
    dynamo.engine.get_item(request).unwrap().item.is_some()
}

#[tokio::test]
async fn create_table_makes_the_templates_table_with_stream_and_ttl() {
    let dynamo = Dynamo::start(&Storage::Memory, 0).await.unwrap();
    dynamo.create_table("muster", &definition()).unwrap();
    let mut stream = connect(&dynamo).await;
    let (status, table) = call(&mut stream, "DescribeTable", json!({"TableName": "muster"})).await;
    let (_, ttl) = call(
        &mut stream,
        "DescribeTimeToLive",
        json!({"TableName": "muster"}),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(
        table["Table"]["BillingModeSummary"]["BillingMode"],
        "PAY_PER_REQUEST"
    );
    assert_eq!(
        table["Table"]["StreamSpecification"]["StreamViewType"],
        "NEW_AND_OLD_IMAGES"
    );
    assert_eq!(
        table["Table"]["KeySchema"][1],
        json!({"AttributeName": "sk", "KeyType": "RANGE"})
    );
    assert_eq!(ttl["TimeToLiveDescription"]["AttributeName"], "expires");
    dynamo.shutdown().await;
}

#[tokio::test]
async fn answered_writes_survive_a_restart() {
    let folder = Folder::new();
    let dynamo = Dynamo::start(&folder.storage(), 0).await.unwrap();
    dynamo.create_table("muster", &definition()).unwrap();
    let mut stream = connect(&dynamo).await;
    assert_eq!(call(&mut stream, "PutItem", put("a")).await.0, 200);
    dynamo.shutdown().await;

    let again = Dynamo::start(&folder.storage(), 0).await.unwrap();
    again.create_table("muster", &definition()).unwrap();
    assert!(holds(&again, "a"));
    again.shutdown().await;
}

#[tokio::test]
async fn answered_writes_survive_a_killed_process() {
    let folder = Folder::new();
    let dynamo = Dynamo::start(&folder.storage(), 0).await.unwrap();
    dynamo.create_table("muster", &definition()).unwrap();
    let mut stream = connect(&dynamo).await;
    assert_eq!(call(&mut stream, "PutItem", put("a")).await.0, 200);
    let copy = Folder::new();
    fs::create_dir_all(&copy.0).unwrap();
    for name in ["dynamodb.sqlite", "dynamodb.sqlite-wal"] {
        fs::copy(folder.0.join(name), copy.0.join(name)).unwrap();
    }
    dynamo.shutdown().await;

    let found = Dynamo::start(&copy.storage(), 0).await.unwrap();
    assert!(holds(&found, "a"));
    found.shutdown().await;
}

#[tokio::test]
async fn a_second_process_cannot_use_the_folder() {
    let folder = Folder::new();
    let first = Dynamo::start(&folder.storage(), 0).await.unwrap();
    let second = Dynamo::start(&folder.storage(), 0).await.err().unwrap();
    assert!(
        second.to_string().contains("another process uses"),
        "{second}"
    );
    first.shutdown().await;
    Dynamo::start(&folder.storage(), 0)
        .await
        .unwrap()
        .shutdown()
        .await;
}

#[tokio::test]
async fn an_error_names_the_taken_port() {
    let first = Dynamo::start(&Storage::Memory, 0).await.unwrap();
    let port = first
        .endpoint()
        .rsplit_once(':')
        .unwrap()
        .1
        .parse()
        .unwrap();
    let second = Dynamo::start(&Storage::Memory, port).await.err().unwrap();
    assert!(
        second
            .to_string()
            .contains(&format!("cannot listen on port {port}")),
        "{second}"
    );
}

#[tokio::test]
async fn the_folder_is_private_and_ignored_by_git() {
    let folder = Folder::new();
    let dynamo = Dynamo::start(&folder.storage(), 0).await.unwrap();
    dynamo.shutdown().await;
    assert_eq!(
        fs::read_to_string(folder.0.join(".gitignore")).unwrap(),
        "*\n"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(&folder.0).unwrap().permissions().mode() & 0o777,
            0o700
        );
    }
}

#[test]
fn an_index_finds_the_last_stream_record() {
    let folder = Folder::new();
    permissions::folder(&folder.0).unwrap();
    let file = folder.0.join(FILE);
    open(file.to_str().unwrap()).unwrap();
    let storage = dynoxide::storage::Storage::new(file.to_str().unwrap()).unwrap();
    for query in [
        "SELECT MAX(CAST(sequence_number AS INTEGER)) FROM _stream_records WHERE table_name = 'muster'",
        "SELECT event_id FROM _stream_records WHERE table_name = 'muster' AND shard_id = 's' \
         AND CAST(sequence_number AS INTEGER) > 1 ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 9",
    ] {
        let explained = format!("EXPLAIN QUERY PLAN {query}");
        let plan = storage
            .conn()
            .query_row(&explained, [], |row| row.get::<_, String>(3))
            .unwrap();
        assert!(plan.contains("INDEX muster_stream_position"), "{plan}");
    }
}

#[test]
fn stream_records_expire_after_a_day() {
    let folder = Folder::new();
    permissions::folder(&folder.0).unwrap();
    let file = folder.0.join(FILE);
    let storage = dynoxide::storage::Storage::new(file.to_str().unwrap()).unwrap();
    for (number, age) in [("1", 86_500), ("2", 86_300)] {
        let time = storage
            .conn()
            .query_row(&format!("SELECT unixepoch() - {age}"), [], |row| row.get(0))
            .unwrap();
        storage
            .insert_stream_record("muster", "INSERT", "{}", None, None, number, "s", time)
            .unwrap();
    }
    open(file.to_str().unwrap()).unwrap();
    let left = storage.get_stream_records("muster", "s", 0, 9).unwrap();
    assert_eq!(
        left.iter()
            .map(|r| r.sequence_number.as_str())
            .collect::<Vec<_>>(),
        ["2"]
    );
}

#[tokio::test]
async fn sweep_deletes_expired_items() {
    let dynamo = Dynamo::start(&Storage::Memory, 0).await.unwrap();
    dynamo.create_table("muster", &definition()).unwrap();
    let mut stream = connect(&dynamo).await;
    let mut item = put("old");
    item["Item"]["expires"] = json!({"N": "1000000000"});
    call(&mut stream, "PutItem", item).await;
    call(&mut stream, "PutItem", put("new")).await;
    assert_eq!(dynamo.sweep().unwrap(), 1);
    assert!(!holds(&dynamo, "old") && holds(&dynamo, "new"));
}

#[tokio::test]
async fn idle_and_unused_connections_do_not_delay_shutdown() {
    let dynamo = Dynamo::start(&Storage::Memory, 0).await.unwrap();
    dynamo.create_table("muster", &definition()).unwrap();
    let _unused = connect(&dynamo).await;
    let mut idle = connect(&dynamo).await;
    call(&mut idle, "PutItem", put("a")).await;
    let started = Instant::now();
    dynamo.shutdown().await;
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_request_does_not_block_shutdown() {
    let dynamo = Dynamo::start(&Storage::Memory, 0).await.unwrap();
    let mut half = connect(&dynamo).await;
    half.write_all(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx")
        .await
        .unwrap();
    dynamo.shutdown().await;
}

/// Reads the stream to its end and returns the sort keys of the records.
async fn read(stream: &mut Stream) -> Vec<(String, String)> {
    let mut found = Vec::new();
    loop {
        let records = stream.read().await.unwrap();
        if records.is_empty() {
            return found;
        }
        let text = |record: &Value, pointer: &str| {
            let found = record.pointer(pointer).and_then(Value::as_str);
            found.unwrap().to_owned()
        };
        found.extend(records.iter().map(|record| {
            assert!(text(record, "/eventSourceARN").contains("/muster/stream/"));
            (
                text(record, "/dynamodb/Keys/sk/S"),
                text(record, "/dynamodb/SequenceNumber"),
            )
        }));
    }
}

#[tokio::test]
async fn a_stream_continues_after_the_last_handled_record() {
    let folder = Folder::new();
    let start = async || {
        let dynamo = Dynamo::start(&folder.storage(), 0).await.unwrap();
        dynamo.create_table("muster", &definition()).unwrap();
        dynamo
    };
    let dynamo = start().await;
    let mut wire = connect(&dynamo).await;
    for sk in ["a", "b", "c"] {
        assert_eq!(call(&mut wire, "PutItem", put(sk)).await.0, 200);
    }
    drop(wire);
    let mut stream = dynamo.stream("muster", "events").unwrap();
    let all = read(&mut stream).await;
    let keys = |found: &[(String, String)]| -> String {
        found.iter().map(|(sk, _)| sk.as_str()).collect()
    };
    assert_eq!(keys(&all), "abc");
    // Records that were read but not handled are read again.
    stream.keep(&all[1].1);
    drop(stream);
    dynamo.shutdown().await;

    let dynamo = start().await;
    let mut wire = connect(&dynamo).await;
    assert_eq!(call(&mut wire, "PutItem", put("d")).await.0, 200);
    drop(wire);
    assert_eq!(
        keys(&read(&mut dynamo.stream("muster", "events").unwrap()).await),
        "cd"
    );
    dynamo.shutdown().await;

    // An invalid position is ignored.
    fs::write(folder.0.join("stream.position"), "torn").unwrap();
    let dynamo = start().await;
    assert_eq!(
        keys(&read(&mut dynamo.stream("muster", "events").unwrap()).await),
        "abcd"
    );
    dynamo.shutdown().await;
}

#[tokio::test]
async fn a_table_without_a_stream_is_an_error() {
    let dynamo = Dynamo::start(&Storage::Memory, 0).await.unwrap();
    let silent = TableDefinition {
        stream_view_type: None,
        ..definition()
    };
    dynamo.create_table("muster", &silent).unwrap();
    assert!(matches!(
        dynamo.stream("muster", "events"),
        Err(DynamoError::NoStream)
    ));
    dynamo.shutdown().await;
}
