//! A record of the table's stream in Lambda's format.
//!
//! Only the keys, the sequence number and the status are needed, because the table says what there is to do. The
//! crate that models the whole event would add two more dependencies, for times and for items.

use directory::keys;
use directory::tenants::Status;
use keyring::TenantId;
use serde::Deserialize;
use serde_json::Value;

use super::Subject;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StreamRecord {
    /// Its position in the stream.
    pub sequence_number: String,
    pub pk: String,
    pub sk: String,
    /// Whether the item was created.
    is_new: bool,
    /// The new status, if the item is a tenant and was changed.
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    event_name: String,
    dynamodb: RecordChange,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecordChange {
    keys: Keys,
    sequence_number: String,
    new_image: Option<Image>,
}

#[derive(Deserialize)]
struct Image {
    status: Option<Text>,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    s: String,
}

impl StreamRecord {
    /// Parses a record; `None` if it is not a change of an item of this table.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        let Wire {
            event_name,
            dynamodb,
        } = Wire::deserialize(value).ok()?;
        let status = dynamodb.new_image.and_then(|image| image.status);
        let is_changed = event_name == "MODIFY";
        Some(Self {
            status: status
                .filter(|_| is_changed)
                .and_then(|status| Status::parse(&status.s)),
            sequence_number: dynamodb.sequence_number,
            pk: dynamodb.keys.pk.s,
            sk: dynamodb.keys.sk.s,
            is_new: event_name == "INSERT",
        })
    }

    /// Its subject; `None` if no work follows from it.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        if self.pk == keys::TENANTS {
            let is_closing = self.status == Some(Status::Closing);
            let tenant = TenantId::parse(&self.sk).filter(|_| is_closing)?;
            return Some(Subject::Closing(tenant));
        }
        let tenant = keys::tasks_of(&self.pk).filter(|_| self.is_new)?;
        Some(Subject::Tasks(tenant))
    }
}
