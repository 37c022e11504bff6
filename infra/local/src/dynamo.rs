//! DynamoDB in this process: the engine `dynoxide`, served on a loopback port so that the real SDK talks to it.
//!
//! [`Storage`] also decides where [`crate::secrets`] keeps its data. The table is created from its template. The engine
//! never throttles, conflicts or loses a response; [`crate::faults`] injects those.

use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use dynoxide::{Database, DynoxideError, ImportOptions};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::permissions;
use crate::template::TableDefinition;

mod stream;

pub use stream::Stream;

/// An item as the SDK has it.
pub type RawItem = HashMap<String, AttributeValue>;

/// Where the stand-ins keep their data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In memory; lost at exit.
    Memory,
    /// In files of this folder, which is created if missing.
    Folder(PathBuf),
}

impl Storage {
    /// The path of a file in the folder, and a lock on it against other processes, held until dropped.
    pub(crate) fn open(&self, file: &str) -> io::Result<Option<(PathBuf, File)>> {
        let Self::Folder(folder) = self else {
            return Ok(None);
        };
        permissions::folder(folder)?;
        let lock = permissions::file(&folder.join(format!("{file}.lock")))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some((folder.join(file), lock))),
            Err(fs::TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                format!(
                    "another process uses `{}`; stop it or choose another folder",
                    folder.display()
                ),
            )),
            Err(fs::TryLockError::Error(e)) => Err(e),
        }
    }
}

/// Why the engine did not start or did not create the table.
#[derive(Debug)]
pub enum DynamoError {
    /// The data folder, or a file in it, is not usable.
    Folder(io::Error),
    /// The port is not free.
    Port(u16, io::Error),
    Engine(DynoxideError),
    /// The template's table, or a stream record, does not convert to the engine's types.
    Definition(serde_json::Error),
    /// The table has no stream, or the stream cannot be read.
    NoStream,
}

impl fmt::Display for DynamoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(e) => write!(f, "the data folder of DynamoDB: {e}"),
            Self::Port(port, e) => write!(f, "DynamoDB cannot listen on port {port}: {e}"),
            Self::Engine(e) => write!(f, "DynamoDB: {e}"),
            Self::Definition(e) => write!(f, "the table's definition: {e}"),
            Self::NoStream => f.write_str("the table's stream cannot be read"),
        }
    }
}

impl std::error::Error for DynamoError {}

impl From<DynoxideError> for DynamoError {
    fn from(e: DynoxideError) -> Self {
        Self::Engine(e)
    }
}

/// The running engine. [`Dynamo::shutdown`] stops it in order; dropping it does not wait for requests in flight.
pub struct Dynamo {
    endpoint: String,
    engine: Database,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), String>>,
    /// The data file and its lock.
    opened: Option<(PathBuf, File)>,
}

impl Dynamo {
    /// Opens the data and serves it on a loopback port; port 0 picks a free one.
    ///
    /// # Errors
    /// When the folder is not usable or another process uses it, or the port is taken.
    pub async fn start(storage: &Storage, port: u16) -> Result<Self, DynamoError> {
        let opened = storage.open(FILE).map_err(DynamoError::Folder)?;
        let engine = match &opened {
            None => open(&format!(
                "file:/muster-{}?vfs=memdb",
                MEMORIES.fetch_add(1, Ordering::Relaxed)
            ))?,
            Some((path, _)) => {
                // Created here, because the engine would make it readable for others; the engine's further files inherit
                // its mode.
                permissions::file(path).map_err(DynamoError::Folder)?;
                open(path.to_str().ok_or_else(unreadable)?)?
            }
        };
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = bound.map_err(|e| DynamoError::Port(port, e))?;
        let address = listener
            .local_addr()
            .map_err(|e| DynamoError::Port(port, e))?;
        let (stop, stopped) = oneshot::channel();
        let shutdown = async move {
            let _ = stopped.await;
        };
        let served = tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener,
            engine.clone(),
            shutdown,
        ));
        Ok(Self {
            endpoint: format!("http://{address}"),
            engine,
            stop,
            served,
            opened,
        })
    }

    /// The endpoint URL for an SDK.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Creates the table unless it exists, and turns TTL on.
    ///
    /// # Errors
    /// When the engine rejects the definition.
    pub fn create_table(
        &self,
        name: &str,
        definition: &TableDefinition,
    ) -> Result<(), DynamoError> {
        let known = self.engine.get_table_metadata(name)?;
        if known.is_none() {
            let request = serde_json::from_value(definition.create_request(name))
                .map_err(DynamoError::Definition)?;
            self.engine.create_table(request)?;
        }
        let expires = known.is_some_and(|table| table.ttl_enabled);
        if let Some(attribute) = definition.ttl_attribute.as_ref().filter(|_| !expires) {
            self.engine.update_time_to_live(UpdateTimeToLiveRequest {
                table_name: name.to_owned(),
                time_to_live_specification: TimeToLiveSpecification {
                    attribute_name: attribute.clone(),
                    enabled: true,
                },
            })?;
        }
        Ok(())
    }

    /// Writes many items into the table at once, bypassing HTTP and the stream.
    ///
    /// # Errors
    /// When the engine cannot write its file, or an item has no key.
    pub fn load(&self, table: &str, items: Vec<RawItem>) -> Result<(), DynamoError> {
        let items = items.into_iter().map(own).collect();
        self.engine
            .import_items(table, items, ImportOptions::default())?;
        Ok(())
    }

    /// The stream of a table, from the first record that the function has not yet handled.
    ///
    /// # Errors
    /// When the table has no stream.
    pub fn stream(&self, table: &str, function: &str) -> Result<Stream, DynamoError> {
        let file = self.opened.as_ref().map(|(file, _)| file);
        Stream::open(&self.engine, table, function, file)
    }

    /// Deletes expired items and returns their number. DynamoDB does this itself within a few days.
    ///
    /// # Errors
    /// When the engine cannot read or write its file.
    pub fn sweep(&self) -> Result<usize, DynamoError> {
        Ok(self.engine.sweep_ttl()?)
    }

    /// Stops the engine: it accepts no new request, finishes those in flight and closes the file. It waits at most
    /// [`PATIENCE`] for a client that never sends the rest of its request; every answered write is in the file even then.
    pub async fn shutdown(self) {
        let Self {
            engine,
            stop,
            mut served,
            opened: _opened,
            ..
        } = self;
        let _ = stop.send(());
        if tokio::time::timeout(PATIENCE, &mut served).await.is_err() {
            tracing::warn!("dynamodb.request_cut");
            served.abort();
        }
        drop(engine);
    }
}

/// The longest time that an orderly shutdown waits for requests in flight.
pub const PATIENCE: Duration = Duration::from_secs(3);

const FILE: &str = "dynamodb.sqlite";
/// Numbers the in-memory databases of this process, so that two engines share no data.
static MEMORIES: AtomicU64 = AtomicU64::new(0);

/// On every write the engine looks up the last stream record by reading all of them; with this index a write costs the same
/// however many there are. The engine also never deletes a record; DynamoDB keeps a record for a day.
const STREAM_UPKEEP: &str = "
    CREATE INDEX IF NOT EXISTS muster_stream_position
        ON _stream_records (table_name, CAST(sequence_number AS INTEGER));
    DELETE FROM _stream_records WHERE created_at < unixepoch() - 86400;";

fn open(location: &str) -> Result<Database, DynamoError> {
    let prepared = dynoxide::storage::Storage::new(location)?;
    prepared
        .conn()
        .execute_batch(STREAM_UPKEEP)
        .map_err(DynoxideError::from)?;
    // Open the engine's connection before `prepared` is dropped: an in-memory database lives until its last connection is
    // closed.
    let engine = Database::new(location)?;
    // The engine's only call that sets `synchronous = NORMAL`: with a write-ahead log, commits then survive the end of the
    // process without a disk flush for each; only a power failure can lose the last ones, and it does not corrupt the rest.
    engine.disable_bulk_loading()?;
    Ok(engine)
}

/// Converts an item to the engine's types. Attributes of types that Muster does not store are dropped.
fn own(item: RawItem) -> dynoxide::Item {
    use aws_sdk_dynamodb::types::AttributeValue as Given;
    use dynoxide::AttributeValue as Own;
    item.into_iter()
        .filter_map(|(name, value)| match value {
            Given::S(text) => Some((name, Own::S(text))),
            Given::N(number) => Some((name, Own::N(number))),
            Given::Bool(flag) => Some((name, Own::BOOL(flag))),
            _ => None,
        })
        .collect()
}

fn unreadable() -> DynamoError {
    DynamoError::Folder(io::Error::new(
        io::ErrorKind::InvalidInput,
        "the path is not valid UTF-8",
    ))
}

#[cfg(test)]
pub(crate) mod tests;
