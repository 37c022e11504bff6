//! Reads a table's stream and remembers the last handled record across restarts.

use std::fs;
use std::path::PathBuf;

use dynoxide::Database;
use dynoxide::actions::describe_stream::DescribeStreamRequest;
use dynoxide::actions::get_records::{GetRecordsRequest, GetRecordsResponse};
use dynoxide::actions::get_shard_iterator::GetShardIteratorRequest;
use dynoxide::actions::list_streams::ListStreamsRequest;
use serde_json::Value;
use service::Function;

use super::DynamoError;
use crate::permissions;

/// The file with the sequence number of the last record that `events` handled. Those of other functions have a further
/// ending.
const FILE: &str = "stream.position";

/// A reader of a table's stream. The engine has one shard per table.
pub struct Stream {
    engine: Database,
    arn: String,
    iterator: String,
    /// The file for the position; `None` if the data is in memory.
    kept: Option<PathBuf>,
}

impl Stream {
    /// Opens the stream of a table whose data is in `file`, after the last record that the function handled, or at the
    /// beginning if there is none.
    pub(super) fn open(
        engine: &Database,
        table: &str,
        function: &str,
        file: Option<&PathBuf>,
    ) -> Result<Self, DynamoError> {
        let name = match Function::named(function) {
            Some(Function::Events) => FILE.to_owned(),
            _ => format!("{FILE}.{function}"),
        };
        let kept = file.map(|file| file.with_file_name(name));
        let all = engine.list_streams(ListStreamsRequest {
            table_name: Some(table.to_owned()),
            ..Default::default()
        })?;
        let stream = all.streams.into_iter().next();
        let arn = stream.ok_or(DynamoError::NoStream)?.stream_arn;
        let described = engine.describe_stream(DescribeStreamRequest {
            stream_arn: arn.clone(),
            ..Default::default()
        })?;
        let shard = described.stream_description.shards.into_iter().next();
        let shard_id = shard.ok_or(DynamoError::NoStream)?.shard_id;
        let from = |kind: &str, sequence_number| {
            let found = engine.get_shard_iterator(GetShardIteratorRequest {
                stream_arn: arn.clone(),
                shard_id: shard_id.clone(),
                shard_iterator_type: kind.to_owned(),
                sequence_number,
            })?;
            found.shard_iterator.ok_or(DynamoError::NoStream)
        };
        let handled = kept.as_ref().and_then(|file| fs::read_to_string(file).ok());
        let after = handled.and_then(|number| from("AFTER_SEQUENCE_NUMBER", Some(number)).ok());
        let iterator = match after {
            Some(iterator) => iterator,
            None => from("TRIM_HORIZON", None)?,
        };
        Ok(Self {
            engine: engine.clone(),
            arn,
            iterator,
            kept,
        })
    }

    /// The records since the last call, at most 1,000, in the form in which Lambda passes them to a function.
    ///
    /// # Errors
    /// When the engine cannot read its file.
    pub async fn read(&mut self) -> Result<Vec<Value>, DynamoError> {
        let (engine, shard_iterator) = (self.engine.clone(), self.iterator.clone());
        let request = GetRecordsRequest {
            shard_iterator,
            limit: None,
        };
        let read = tokio::task::spawn_blocking(move || engine.get_records(request)).await;
        let GetRecordsResponse {
            records,
            next_shard_iterator,
        } = read.map_err(|_| DynamoError::NoStream)??;
        self.iterator = next_shard_iterator.ok_or(DynamoError::NoStream)?;
        let records = records.into_iter().map(|record| {
            let mut value = serde_json::to_value(record)?;
            if let Some(members) = value.as_object_mut() {
                members.insert("eventSourceARN".to_owned(), self.arn.clone().into());
            }
            Ok(value)
        });
        records
            .collect::<Result<_, serde_json::Error>>()
            .map_err(DynamoError::Definition)
    }

    /// Remembers that all records up to this one were handled.
    pub fn keep(&self, sequence_number: &str) {
        if let Some(file) = &self.kept
            && let Err(error) = permissions::write(file, sequence_number.as_bytes())
        {
            // Without the position records are handled again after a restart, which does no harm: handling is idempotent.
            tracing::warn!(%error, "stream.position_unwritten");
        }
    }
}
