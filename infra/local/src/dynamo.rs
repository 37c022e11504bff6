//! DynamoDB in this process: the engine `dynoxide`, served on a loopback port so that the real SDK is in front of it.
//!
//! Where the data is kept ([`Storage`]) is also decided here, for this and for [`crate::secrets`]. The table comes from
//! its template. What the engine never does (throttle, conflict, lose an answer) is not made up for in this module.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dynoxide::actions::update_time_to_live::{TimeToLiveSpecification, UpdateTimeToLiveRequest};
use dynoxide::{Database, DynoxideError, ImportOptions};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::template::TableDefinition;
use crate::{fill, private};

mod stream;

pub use stream::Stream;

/// Where the stand-ins keep what they are given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In memory, gone with the process.
    Memory,
    /// In files of this folder, made when it is missing.
    Folder(PathBuf),
}

impl Storage {
    /// The path of a file in the folder, and a lock that keeps every other process from it until it is dropped.
    pub(crate) fn open(&self, file: &str) -> io::Result<Option<(PathBuf, File)>> {
        let Self::Folder(folder) = self else {
            return Ok(None);
        };
        private::folder(folder)?;
        let lock = private::file(&folder.join(format!("{file}.lock")))?;
        match lock.try_lock() {
            Ok(()) => Ok(Some((folder.join(file), lock))),
            Err(fs::TryLockError::WouldBlock) => Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                format!(
                    "another process uses `{}`; end it or choose another folder",
                    folder.display()
                ),
            )),
            Err(fs::TryLockError::Error(e)) => Err(e),
        }
    }
}

/// Why the engine did not start or did not make the table.
#[derive(Debug)]
pub enum DynamoError {
    /// The folder of the data, or a file in it.
    Folder(io::Error),
    /// The port to listen on.
    Port(u16, io::Error),
    /// The engine itself.
    Engine(DynoxideError),
    /// A request made from the template, or a record made for a function.
    Definition(serde_json::Error),
    /// The table has no stream, or it cannot be read.
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

/// The running engine. [`Dynamo::shutdown`] ends it; dropping it ends it too, without waiting for running requests.
pub struct Dynamo {
    endpoint: String,
    engine: Database,
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), String>>,
    /// The file that the data is in, and what keeps others from it.
    opened: Option<(PathBuf, File)>,
}

impl Dynamo {
    /// Opens the data and serves it on a loopback port; port 0 is any free one.
    ///
    /// # Errors
    /// When the folder is not usable or in use by another process, or the port is taken.
    pub async fn start(storage: &Storage, port: u16) -> Result<Self, DynamoError> {
        let opened = storage.open(FILE).map_err(DynamoError::Folder)?;
        let engine = match &opened {
            None => open(&format!(
                "file:/muster-{}?vfs=memdb",
                MEMORIES.fetch_add(1, Ordering::Relaxed)
            ))?,
            Some((path, _)) => {
                // The engine would make it readable for others, and gives what it puts beside it the same mode.
                private::file(path).map_err(DynamoError::Folder)?;
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

    /// The URL that an SDK takes as its endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Makes the table unless there is one of that name, and switches TTL on.
    ///
    /// # Errors
    /// When the engine refuses the definition.
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

    /// Puts many items into the table at once, past the wire and the stream.
    ///
    /// # Errors
    /// When the engine cannot write its file, or an item has no key.
    pub fn load(&self, table: &str, items: Vec<fill::Item>) -> Result<(), DynamoError> {
        let items = items.into_iter().map(own).collect();
        self.engine
            .import_items(table, items, ImportOptions::default())?;
        Ok(())
    }

    /// The stream of a table, after what was handled of it before.
    ///
    /// # Errors
    /// When the table has none.
    pub fn stream(&self, table: &str) -> Result<Stream, DynamoError> {
        let file = self.opened.as_ref().map(|(file, _)| file);
        Stream::open(&self.engine, table, file)
    }

    /// Deletes the items whose time is over and gives their number. AWS does this by itself, within days.
    ///
    /// # Errors
    /// When the engine cannot read or write its file.
    pub fn sweep(&self) -> Result<usize, DynamoError> {
        Ok(self.engine.sweep_ttl()?)
    }

    /// Ends the engine: no new request is taken, running ones are finished, the file is closed. A client that never
    /// sends the rest of its request is waited for no longer than [`PATIENCE`]; what was answered is in the file then too.
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
            tracing::warn!("dynamodb.shutdown: a connection was cut");
            served.abort();
        }
        drop(engine);
    }
}

/// How long an orderly end may take.
pub const PATIENCE: Duration = Duration::from_secs(3);

const FILE: &str = "dynamodb.sqlite";
/// Two engines in the memory of one process share nothing: each has a number.
static MEMORIES: AtomicU64 = AtomicU64::new(0);

/// The engine looks up the last stream record on every write and reads all of them for it: an index of ours makes a write
/// cost the same whatever came before. It also never forgets a record; DynamoDB keeps one for a day.
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
    // The engine's own connection is the second one: what is in memory lives until the last is closed.
    let engine = Database::new(location)?;
    // The engine's only call that sets `synchronous = NORMAL`: with its write-ahead log a commit then survives the end of
    // the process without a flush of the disk each time; only a power cut can take the last ones, and leaves the rest whole.
    engine.disable_bulk_loading()?;
    Ok(engine)
}

/// The item in the engine's types, without attributes of a type that no item of ours has.
fn own(item: fill::Item) -> dynoxide::Item {
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
        "its path is not valid UTF-8",
    ))
}

#[cfg(test)]
pub(crate) mod tests;
