use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::dynamo::tests::Folder;

async fn call(secrets: &Secrets, target: &str, body: &str) -> (String, Value) {
    let mut stream = TcpStream::connect(secrets.endpoint().strip_prefix("http://").unwrap())
        .await
        .unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: x\r\nx-amz-target: {target}\r\ncontent-type: {MEDIA_TYPE}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), serde_json::from_str(body).unwrap())
}

const CREATE: &str = r#"{"Name": "m/k1", "SecretString": "{\"keys\":{}}"}"#;
const READ: &str = r#"{"SecretId": "m/k1"}"#;

#[tokio::test]
async fn a_secret_is_created_and_read_over_the_wire() {
    let secrets = Secrets::start(&Storage::Memory, 0).await.unwrap();
    let (created, _) = call(&secrets, "secretsmanager.CreateSecret", CREATE).await;
    let (head, read) = call(&secrets, "secretsmanager.GetSecretValue", READ).await;
    assert!(created.starts_with("HTTP/1.1 200"), "{created}");
    assert!(
        head.contains("content-type: application/x-amz-json-1.1"),
        "{head}"
    );
    assert_eq!(read["SecretString"], r#"{"keys":{}}"#);
    secrets.shutdown().await;
}

#[tokio::test]
async fn an_error_has_a_type_and_a_message() {
    let secrets = Secrets::start(&Storage::Memory, 0).await.unwrap();
    let (head, body) = call(&secrets, "secretsmanager.GetSecretValue", READ).await;
    assert!(head.starts_with("HTTP/1.1 400"), "{head}");
    assert_eq!(body["__type"], "ResourceNotFoundException");
    assert_eq!(
        body["Message"],
        "Secrets Manager can't find the specified secret."
    );
    assert_eq!(
        call(&secrets, "DynamoDB_20120810.GetItem", READ).await.1["__type"],
        "UnknownOperationException"
    );
    assert_eq!(
        call(&secrets, "secretsmanager.GetSecretValue", "{").await.1["__type"],
        "SerializationException"
    );
}

#[tokio::test]
async fn secrets_survive_a_restart_in_a_private_file() {
    let folder = Folder::new();
    let first = Secrets::start(&folder.storage(), 0).await.unwrap();
    call(&first, "secretsmanager.CreateSecret", CREATE).await;
    let (_, before) = call(&first, "secretsmanager.GetSecretValue", READ).await;
    first.shutdown().await;
    let again = Secrets::start(&folder.storage(), 0).await.unwrap();
    assert_eq!(
        call(&again, "secretsmanager.GetSecretValue", READ).await.1,
        before
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(folder.0.join(FILE))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
    }
    assert!(!folder.0.join("secrets.json.new").exists());
}

#[tokio::test]
async fn a_change_that_cannot_be_saved_is_rolled_back() {
    let folder = Folder::new();
    let secrets = Secrets::start(&folder.storage(), 0).await.unwrap();
    fs::create_dir(folder.0.join("secrets.json.new")).unwrap();
    let (head, body) = call(&secrets, "secretsmanager.CreateSecret", CREATE).await;
    assert!(head.starts_with("HTTP/1.1 500"), "{head}");
    assert_eq!(body["__type"], "InternalServiceError");
    assert_eq!(
        call(&secrets, "secretsmanager.GetSecretValue", READ)
            .await
            .1["__type"],
        "ResourceNotFoundException"
    );
}

#[tokio::test]
async fn a_file_with_other_content_is_an_error_and_stays() {
    let folder = Folder::new();
    Secrets::start(&folder.storage(), 0)
        .await
        .unwrap()
        .shutdown()
        .await;
    fs::write(folder.0.join(FILE), "not ours").unwrap();
    let error = Secrets::start(&folder.storage(), 0).await.err().unwrap();
    assert!(
        error.to_string().contains("does not hold secrets"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(folder.0.join(FILE)).unwrap(), "not ours");
}
