//! A stand-in for Secrets Manager: the operations that Muster uses, over the AWS JSON protocol on a loopback port.
//!
//! Version stages behave as in AWS ([`store`]), because a change of a keyring is a compare-and-swap on them. Signatures are
//! not checked, nothing is encrypted, and deletion, rotation, tags and policies are not supported.

pub mod store;

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::dynamo::{PATIENCE, Storage};
use crate::permissions;
use store::{OperationStamp, SecretStore};

/// Why the stand-in did not start.
#[derive(Debug)]
pub enum SecretsError {
    /// The data folder, or the file in it, is not usable.
    Folder(io::Error),
    /// The file does not hold secrets.
    Content(PathBuf, serde_json::Error),
    /// The port is not free.
    Port(u16, io::Error),
}

impl fmt::Display for SecretsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(e) => write!(f, "the data folder of Secrets Manager: {e}"),
            Self::Content(path, e) => write!(f, "`{}` does not hold secrets: {e}", path.display()),
            Self::Port(port, e) => write!(f, "Secrets Manager cannot listen on port {port}: {e}"),
        }
    }
}

impl std::error::Error for SecretsError {}

/// The running stand-in. Every change is saved before it is answered, so stopping it loses nothing.
pub struct Secrets {
    endpoint: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
    _lock: Option<File>,
}

impl Secrets {
    /// Loads the secrets and serves them on a loopback port; port 0 picks a free one.
    ///
    /// # Errors
    /// When the folder is not usable or another process uses it, the file does not hold secrets, or the port is taken.
    pub async fn start(storage: &Storage, port: u16) -> Result<Self, SecretsError> {
        let (store, lock) = PersistentStore::open(storage)?;
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = bound.map_err(|e| SecretsError::Port(port, e))?;
        let address = listener
            .local_addr()
            .map_err(|e| SecretsError::Port(port, e))?;
        let (stop, stopped) = oneshot::channel();
        let router = Router::new()
            .route("/", post(answer))
            .with_state(Arc::new(Mutex::new(store)));
        let serve = axum::serve(listener, router).with_graceful_shutdown(async move {
            let _ = stopped.await;
        });
        Ok(Self {
            endpoint: format!("http://{address}"),
            stop,
            served: tokio::spawn(serve.into_future()),
            _lock: lock,
        })
    }

    /// The endpoint URL for an SDK.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Stops the stand-in after the requests in flight, within [`PATIENCE`].
    pub async fn shutdown(self) {
        let Self {
            stop,
            mut served,
            _lock,
            ..
        } = self;
        let _ = stop.send(());
        if tokio::time::timeout(PATIENCE, &mut served).await.is_err() {
            tracing::warn!("secrets.request_cut");
            served.abort();
        }
    }
}

/// The secrets and their file.
struct PersistentStore {
    store: SecretStore,
    file: Option<PathBuf>,
}

impl PersistentStore {
    fn open(storage: &Storage) -> Result<(Self, Option<File>), SecretsError> {
        let Some((path, lock)) = storage.open(FILE).map_err(SecretsError::Folder)? else {
            return Ok((
                Self {
                    store: SecretStore::default(),
                    file: None,
                },
                None,
            ));
        };
        let store = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map_err(|e| SecretsError::Content(path.clone(), e))?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => SecretStore::default(),
            Err(e) => return Err(SecretsError::Folder(e)),
        };
        Ok((
            Self {
                store,
                file: Some(path),
            },
            Some(lock),
        ))
    }

    /// Runs an operation on a copy of the store. The copy replaces the store only after it is saved.
    fn run(&mut self, operation: &str, input: &Value) -> Result<Value, Exception> {
        let mut next = self.store.clone();
        let output = next.run(operation, input, &stamp())?;
        if next != self.store {
            if let Some(path) = &self.file {
                save(path, &next)
                    .map_err(|e| Exception::new("InternalServiceError", e.to_string()))?;
            }
            self.store = next;
        }
        Ok(output)
    }
}

/// An error of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// The name of the exception.
    pub kind: &'static str,
    pub message: String,
}

impl Exception {
    pub(crate) fn new(kind: &'static str, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

const FILE: &str = "secrets.json";
const TARGET: &str = "secretsmanager.";
const MEDIA_TYPE: &str = "application/x-amz-json-1.1";

async fn answer(
    State(store): State<Arc<Mutex<PersistentStore>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let target = headers.get("x-amz-target").and_then(|v| v.to_str().ok());
    let result = match target.and_then(|t| t.strip_prefix(TARGET)) {
        None => Err(Exception::new(
            "UnknownOperationException",
            "the header x-amz-target does not name an operation",
        )),
        Some(operation) => match serde_json::from_slice(&body) {
            Err(e) => Err(Exception::new("SerializationException", e.to_string())),
            Ok(input) => store
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .run(operation, &input),
        },
    };
    let (status, body) = match result {
        Ok(output) => (StatusCode::OK, output),
        Err(Exception { kind, message }) => {
            (status(kind), json!({"__type": kind, "Message": message}))
        }
    };
    (
        status,
        [(header::CONTENT_TYPE, MEDIA_TYPE)],
        body.to_string(),
    )
        .into_response()
}

fn status(kind: &str) -> StatusCode {
    if kind == "InternalServiceError" {
        StatusCode::INTERNAL_SERVER_ERROR
    } else {
        StatusCode::BAD_REQUEST
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "time and ids of the stand-in itself, as in AWS; tests build a stamp"
)]
fn stamp() -> OperationStamp {
    OperationStamp {
        seconds: Timestamp::now().as_second(),
        id: Uuid::new_v4().to_string(),
    }
}

/// Replaces the file atomically: after a crash it holds the old or the new content.
fn save(path: &Path, store: &SecretStore) -> io::Result<()> {
    let bytes = serde_json::to_vec_pretty(store).map_err(io::Error::other)?;
    let draft = path.with_extension("json.new");
    permissions::write(&draft, &bytes)?.sync_all()?;
    fs::rename(&draft, path)
}

#[cfg(test)]
mod tests;
