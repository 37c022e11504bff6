//! What an entry of the requests log is, its item, and what can be asked of it.

use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use scim_core::text::fold;
use scim_core::{ResourceId, ResourceKind};
use serde::{Deserialize, Serialize};

use crate::table::{
    self, DirectoryError, Item, corrupt, keys, n, number, number_if, s, sort_key, text,
};
use keyring::TenantId;

/// The last instant whose milliseconds have the thirteen digits of an id.
const LATEST: i64 = 9_999_999_999_999;

/// The id of an entry: it grows with the time at which it was made.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EntryId(String);

impl EntryId {
    /// The id of an entry made now, out of four random bytes.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 4]) -> Self {
        let random = data_encoding::HEXLOWER.encode(&random);
        Self(format!("{}-{random}", Self::digits(now)))
    }

    /// Reads an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (time, random) = text.split_once('-')?;
        let digits = time.len() == 13 && time.bytes().all(|byte| byte.is_ascii_digit());
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (digits && random.len() == 8 && random.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// When the entry was made.
    #[must_use]
    pub fn made(&self) -> Timestamp {
        let digits = self.0.split('-').next().unwrap_or_default();
        let instant = digits.parse().ok().map(Timestamp::from_millisecond);
        instant.and_then(Result::ok).unwrap_or_default()
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn digits(instant: Timestamp) -> String {
        format!("{:013}", instant.as_millisecond().clamp(0, LATEST))
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was refused or failed. Whoever makes it bounds the length of its texts.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Refusal {
    /// The key that the request came with, if it is one of the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What was asked for, such as `users.create`.
    pub operation: String,
    /// The method.
    pub method: String,
    /// The path behind the base address, its variables in braces; none when there is no such endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The place of the operation in its bulk request, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<usize>,
    /// The status of the answer.
    pub status: u16,
    /// Its `scimType`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scim_type: Option<String>,
    /// Why, as a word that what to do about it is found by.
    pub cause: String,
    /// Why, in plain words.
    pub reason: String,
    /// The type of the resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The id of the resource, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The userName or displayName, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The identity provider, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// An entry of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its id.
    pub id: EntryId,
    /// What was refused or failed.
    pub refusal: Refusal,
    /// How often, at least.
    pub count: u64,
    /// When last.
    pub last: Timestamp,
    /// The gateway's id of the last request.
    pub request_id: String,
}

impl Entry {
    /// When first.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.id.made()
    }

    /// What the item has beside its key, as an update names it.
    pub(super) fn values(
        &self,
        kept: SignedDuration,
    ) -> Result<[(&'static str, AttributeValue); 5], DirectoryError> {
        let data = serde_json::to_string(&self.refusal).map_err(|_| corrupt("log entry"))?;
        let expires = self.last.saturating_add(kept).unwrap_or(Timestamp::MAX);
        Ok([
            (":d", s(data)),
            (":n", n(self.count)),
            (":l", n(self.last.as_millisecond())),
            (":r", s(self.request_id.as_str())),
            (":expires", n(expires.as_second())),
        ])
    }

    pub(super) fn to_item(
        &self,
        tenant: &TenantId,
        kept: SignedDuration,
    ) -> Result<Item, DirectoryError> {
        let values = self.values(kept)?;
        let named = values.map(|(name, value)| (name.trim_start_matches(':'), value));
        Ok(table::item(&keys::request(tenant, self.id.as_str()), named))
    }

    /// The entry in an item; one that cannot be read is none, as the others still can.
    pub(super) fn read(item: &Item) -> Option<Self> {
        Some(Self {
            id: EntryId::parse(sort_key(item))?,
            refusal: serde_json::from_str(text(item, "d")?).ok()?,
            count: number(item, "n")?,
            last: Timestamp::from_millisecond(number(item, "l")?).ok()?,
            request_id: text(item, "r").unwrap_or_default().to_owned(),
        })
    }

    /// Whether it has not expired; what has stays in the table for a while.
    pub(super) fn is_live(item: &Item, now: Timestamp) -> bool {
        let end = number_if(item, "expires");
        end.is_ok_and(|end| end.is_none_or(|end: i64| now.as_second() < end))
    }

    /// Whether it is about a person: by the id, wherever it stands, or by the name.
    pub(super) fn is_about(&self, person: &Person) -> bool {
        let refusal = &self.refusal;
        let id = person.id.as_ref().map(ResourceId::as_str);
        let has_id = id.is_some_and(|id| {
            refusal.resource.as_deref() == Some(id) || refusal.reason.contains(id)
        });
        let is_user = refusal.resource_type.as_deref() == Some(ResourceKind::User.name());
        let named = refusal.name.as_deref().filter(|_| is_user).map(fold);
        has_id || named.is_some_and(|named| person.names.iter().any(|name| fold(name) == named))
    }
}

/// Somebody whose entries are looked for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Person {
    /// The id.
    pub id: Option<ResourceId>,
    /// All names that the person is known to have had.
    pub names: Vec<String>,
}

/// Who an entry is to be about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// Whoever has exactly this name or id.
    Exactly(String),
    /// Whoever has this in the name, or an id that begins so.
    Like(String),
}

impl Who {
    fn matches(&self, refusal: &Refusal) -> bool {
        let name = refusal.name.as_deref().map(fold);
        let id = refusal.resource.as_deref();
        match self {
            Self::Exactly(who) => name.is_some_and(|name| name == fold(who)) || id == Some(who),
            Self::Like(who) => {
                let who = fold(who);
                name.is_some_and(|name| name.contains(&*who))
                    || id.is_some_and(|id| id.starts_with(&*who))
            }
        }
    }
}

/// What an entry has to meet; what is absent is met by all.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Who it is about.
    pub who: Option<Who>,
    /// What was asked for: the operation, or what it begins with up to a dot.
    pub operation: Option<String>,
    /// The causes, if only some count.
    pub causes: Option<Vec<String>>,
    /// The first instant at which it may have been made.
    pub from: Option<Timestamp>,
    /// The first instant at which it may not have been made any more.
    pub until: Option<Timestamp>,
}

impl Wanted {
    pub(super) fn matches(&self, entry: &Entry) -> bool {
        let refusal = &entry.refusal;
        let asked = |operation: &String| {
            let rest = refusal.operation.strip_prefix(operation.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.who.as_ref().is_none_or(|who| who.matches(refusal))
            && self.operation.as_ref().is_none_or(asked)
            && self
                .causes
                .as_ref()
                .is_none_or(|causes| causes.contains(&refusal.cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn ids_grow_with_time_and_are_read_back() {
        let (early, late) = (
            EntryId::new(at(999_999_999), [255; 4]),
            EntryId::new(at(1_000_000_000), [0; 4]),
        );
        assert!(early < late);
        assert_eq!(EntryId::parse(late.as_str()), Some(late.clone()));
        assert_eq!(late.made(), at(1_000_000_000));
        for odd in [
            "",
            "1-00000000",
            "1000000000000",
            "1000000000000-0000000g",
            "x000000000000-00000000",
        ] {
            assert_eq!(EntryId::parse(odd), None, "{odd}");
        }
    }

    fn refusal(name: &str, id: Option<&str>) -> Refusal {
        Refusal {
            operation: "users.create".to_owned(),
            resource_type: Some("User".to_owned()),
            name: Some(name.to_owned()),
            resource: id.map(str::to_owned),
            ..Refusal::default()
        }
    }

    #[test]
    fn a_user_is_found_by_name_or_id_exactly_or_in_part() {
        let id = "2819c223-7f76-453a-919d-413861904646";
        let ann = refusal("Ann.Smith@example.com", Some(id));
        for (who, found) in [
            (Who::Exactly("ann.smith@EXAMPLE.com".to_owned()), true),
            (Who::Exactly("ann".to_owned()), false),
            (Who::Exactly(id.to_owned()), true),
            (Who::Like("SMITH".to_owned()), true),
            (Who::Like("2819c".to_owned()), true),
            (Who::Like("c223".to_owned()), false),
            (Who::Like("bob".to_owned()), false),
        ] {
            assert_eq!(who.matches(&ann), found, "{who:?}");
        }
    }

    #[test]
    fn an_operation_is_asked_for_whole_or_up_to_a_dot() {
        let entry = Entry {
            id: EntryId::new(at(1), [0; 4]),
            refusal: refusal("ann", None),
            count: 1,
            last: at(1),
            request_id: String::new(),
        };
        for (operation, found) in [
            ("users.create", true),
            ("users", true),
            ("user", false),
            ("users.cre", false),
        ] {
            let wanted = Wanted {
                operation: Some(operation.to_owned()),
                ..Wanted::default()
            };
            assert_eq!(wanted.matches(&entry), found, "{operation}");
        }
    }
}
