//! A record of the table's stream as Lambda gives it to a function.
//!
//! The key and the number are all that is needed of it: what there is to do stands in the table. The crate with
//! the whole event would bring two further ones, for times and for items.

use directory::keys;
use directory::tenants::Status;
use keyring::TenantId;
use serde::Deserialize;
use serde_json::Value;

use super::Subject;

/// A change of an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its place in the stream.
    pub sequence_number: String,
    /// The partition key of the item.
    pub pk: String,
    /// The sort key of the item.
    pub sk: String,
    /// Whether there was no such item before.
    is_new: bool,
    /// The status that the item has, if it is a tenant's and was changed.
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
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

impl Record {
    /// Reads a record; `None` for what is no change of an item of this table.
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

    /// What it is about; `None` when nothing is done about it.
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
