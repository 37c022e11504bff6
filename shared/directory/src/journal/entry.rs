//! The entries of a journal, failures and acts, their items, and the filter for failures.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use scim_core::text::fold;
use scim_core::{ResourceId, ResourceKind};
use serde::{Deserialize, Serialize};

use crate::table::keys::attribute::EXPIRES;
use crate::table::keys::attribute::entry::{COUNT, DATA, LAST, REQUEST};
use crate::table::{
    self, DirectoryError, Item, Value, corrupt, keys, n, number, number_if, s, sort_key, text,
};
use keyring::TenantId;

/// The last instant, in milliseconds, that fits the thirteen digits of an id.
const LATEST: i64 = 9_999_999_999_999;

/// The id of an entry: ids increase with the time of creation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct EntryId(String);

impl EntryId {
    /// Makes the id of an entry created now, with four random bytes.
    #[must_use]
    pub fn new(now: Timestamp, random: [u8; 4]) -> Self {
        let random = data_encoding::HEXLOWER.encode(&random);
        Self(format!("{}-{random}", Self::digits(now)))
    }

    /// Parses an id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (time, random) = text.split_once('-')?;
        let digits = time.len() == 13 && time.bytes().all(|byte| byte.is_ascii_digit());
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (digits && random.len() == 8 && random.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// When the entry was created.
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

/// A rejected or failed request. The caller limits the length of its texts.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LoggedFailure {
    /// The id of the request's API key, if it is one of the tenant's keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The operation, such as `users.create`.
    pub operation: String,
    /// The HTTP method.
    pub method: String,
    /// The path after the base URL, with its variables in braces; `None` if no such endpoint exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The position of the operation in its bulk request, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<usize>,
    /// The HTTP status of the response.
    pub status: u16,
    /// The `scimType` of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scim_type: Option<String>,
    /// The cause, as a code under which the documentation has the remedy.
    pub cause: String,
    /// The reason in plain words.
    pub reason: String,
    /// The resource type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The resource's id, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The userName or displayName, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The identity provider, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
}

/// What an administrator did, or which personal data was exported. The caller limits the length of its texts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "StoredAct", into = "StoredAct")]
pub struct Act {
    /// The name of the actor's key or link.
    pub by: Option<String>,
    /// The purpose of the actor's key or link.
    pub purpose: Option<String>,
    /// The operation, such as `rotateKey`.
    pub operation: String,
    /// The HTTP method of the operation.
    pub method: String,
    /// The path of the operation, with its variables in braces.
    pub path: Option<String>,
    /// The operation in words.
    pub words: String,
    /// What it was done to: the kind, and the id or name.
    pub about: Option<(String, String)>,
}

/// The word that marks an act among the stored entries, in place of the cause of a failure.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mark {
    Done,
}

/// An act as stored. It shares the members of [`LoggedFailure`], so that one reader suffices for an export.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredAct {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    operation: String,
    method: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    status: u16,
    cause: Mark,
    reason: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resource: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

impl From<StoredAct> for Act {
    fn from(stored: StoredAct) -> Self {
        Self {
            by: stored.key,
            purpose: stored.name,
            operation: stored.operation,
            method: stored.method,
            path: stored.path,
            words: stored.reason,
            about: stored.resource_type.zip(stored.resource),
        }
    }
}

impl From<Act> for StoredAct {
    fn from(act: Act) -> Self {
        let (resource_type, resource) = act.about.unzip();
        Self {
            key: act.by,
            operation: act.operation,
            method: act.method,
            path: act.path,
            status: 0,
            cause: Mark::Done,
            reason: act.words,
            resource_type,
            resource,
            name: act.purpose,
        }
    }
}

/// The content of an entry: a failure or an act.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Entry {
    /// What an administrator did. Only a stored act has the mark, so it is tried first.
    Act(Act),
    /// A rejected or failed request.
    Failure(LoggedFailure),
}

/// A content with what every entry has.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recorded<C> {
    /// The entry's id.
    pub id: EntryId,
    /// The content.
    pub content: C,
    /// The number of occurrences, which may be too low; acts occur once.
    pub count: u64,
    /// The time of the last occurrence.
    pub last: Timestamp,
    /// API Gateway's id of the last request.
    pub request_id: String,
}

impl<C> Recorded<C> {
    /// The time of the first occurrence.
    #[must_use]
    pub fn first(&self) -> Timestamp {
        self.id.made()
    }

    /// This entry with the content that `pick` makes of its own; `None` if `pick` rejects it.
    pub(super) fn with<D>(self, pick: impl FnOnce(C) -> Option<D>) -> Option<Recorded<D>> {
        Some(Recorded {
            content: pick(self.content)?,
            id: self.id,
            count: self.count,
            last: self.last,
            request_id: self.request_id,
        })
    }
}

impl<C: Serialize> Recorded<C> {
    /// What the item has beside its key.
    pub(super) fn attributes(
        &self,
        kept: SignedDuration,
    ) -> Result<[(&'static str, Value); 5], DirectoryError> {
        let data = serde_json::to_string(&self.content).map_err(|_| corrupt("log entry"))?;
        let expires = self.last.saturating_add(kept).unwrap_or(Timestamp::MAX);
        Ok([
            (DATA, s(data)),
            (COUNT, n(self.count)),
            (LAST, n(self.last.as_millisecond())),
            (REQUEST, s(self.request_id.as_str())),
            (EXPIRES, n(expires.as_second())),
        ])
    }

    pub(super) fn to_item(
        &self,
        tenant: &TenantId,
        kept: SignedDuration,
    ) -> Result<Item, DirectoryError> {
        let key = keys::request(tenant, self.id.as_str());
        Ok(table::item(&key, self.attributes(kept)?))
    }
}

impl Recorded<Entry> {
    /// Reads the entry in an item; `None` if the item is malformed, so that the other entries can still be shown.
    pub(super) fn read(item: &Item) -> Option<Self> {
        Some(Self {
            id: EntryId::parse(sort_key(item))?,
            content: serde_json::from_str(text(item, DATA)?).ok()?,
            count: number(item, COUNT)?,
            last: Timestamp::from_millisecond(number(item, LAST)?).ok()?,
            request_id: text(item, REQUEST).unwrap_or_default().to_owned(),
        })
    }
}

impl Entry {
    /// The failure, if it is one.
    pub(super) fn into_failure(self) -> Option<LoggedFailure> {
        match self {
            Self::Failure(failure) => Some(failure),
            Self::Act(_) => None,
        }
    }

    /// The act, if it is one.
    pub(super) fn into_act(self) -> Option<Act> {
        match self {
            Self::Act(act) => Some(act),
            Self::Failure(_) => None,
        }
    }

    /// Whether the entry is about a person: it contains the person's id, or the name of a failed request about a user is
    /// one of the person's names.
    pub(super) fn is_about(&self, person: &Person) -> bool {
        let id = person.id.as_ref().map(ResourceId::as_str);
        match self {
            Self::Act(act) => {
                let about = act.about.as_ref().map(|(_, id)| id.as_str());
                id.is_some_and(|id| about == Some(id))
            }
            Self::Failure(failure) => {
                let has_id = id.is_some_and(|id| {
                    failure.resource.as_deref() == Some(id) || failure.reason.contains(id)
                });
                let is_user = failure.resource_type.as_deref() == Some(ResourceKind::User.name());
                let named = failure.name.as_deref().filter(|_| is_user).map(fold);
                has_id
                    || named
                        .is_some_and(|named| person.names.iter().any(|name| fold(name) == named))
            }
        }
    }
}

/// Whether an item has not expired; DynamoDB deletes expired items with a delay.
pub(super) fn is_live(item: &Item, now: Timestamp) -> bool {
    let end = number_if(item, EXPIRES);
    end.is_ok_and(|end| end.is_none_or(|end: i64| now.as_second() < end))
}

/// The person to find entries about.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Person {
    /// The user's id.
    pub id: Option<ResourceId>,
    /// All known userNames of the person.
    pub names: Vec<String>,
}

/// A filter for the user or group that an entry is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserMatch {
    /// The name or the id equals this text.
    Exactly(String),
    /// The name contains this text, or the id begins with it.
    Like(String),
}

impl UserMatch {
    fn matches(&self, failure: &LoggedFailure) -> bool {
        let name = failure.name.as_deref().map(fold);
        let id = failure.resource.as_deref();
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

/// A filter for failures; an absent field matches every failure.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct EntryFilter {
    /// The user or group that the entry is about.
    pub who: Option<UserMatch>,
    /// The operation, or its first parts up to a dot.
    pub operation: Option<String>,
    /// The causes to include.
    pub causes: Option<Vec<String>>,
    /// The earliest creation time, inclusive.
    pub from: Option<Timestamp>,
    /// The latest creation time, exclusive.
    pub until: Option<Timestamp>,
}

impl EntryFilter {
    pub(super) fn matches(&self, failure: &LoggedFailure) -> bool {
        let asked = |operation: &String| {
            let rest = failure.operation.strip_prefix(operation.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.who.as_ref().is_none_or(|who| who.matches(failure))
            && self.operation.as_ref().is_none_or(asked)
            && self
                .causes
                .as_ref()
                .is_none_or(|causes| causes.contains(&failure.cause))
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

    fn failure(name: &str, id: Option<&str>) -> LoggedFailure {
        LoggedFailure {
            operation: "users.create".to_owned(),
            resource_type: Some("User".to_owned()),
            name: Some(name.to_owned()),
            resource: id.map(str::to_owned),
            ..LoggedFailure::default()
        }
    }

    #[test]
    fn a_user_is_found_by_name_or_id_exactly_or_in_part() {
        let id = "2819c223-7f76-453a-919d-413861904646";
        let ann = failure("Ann.Smith@example.com", Some(id));
        for (who, found) in [
            (UserMatch::Exactly("ann.smith@EXAMPLE.com".to_owned()), true),
            (UserMatch::Exactly("ann".to_owned()), false),
            (UserMatch::Exactly(id.to_owned()), true),
            (UserMatch::Like("SMITH".to_owned()), true),
            (UserMatch::Like("2819c".to_owned()), true),
            (UserMatch::Like("c223".to_owned()), false),
            (UserMatch::Like("bob".to_owned()), false),
        ] {
            assert_eq!(who.matches(&ann), found, "{who:?}");
        }
    }

    #[test]
    fn an_operation_matches_whole_or_by_its_first_parts() {
        let failure = failure("ann", None);
        for (operation, found) in [
            ("users.create", true),
            ("users", true),
            ("user", false),
            ("users.cre", false),
        ] {
            let filter = EntryFilter {
                operation: Some(operation.to_owned()),
                ..EntryFilter::default()
            };
            assert_eq!(filter.matches(&failure), found, "{operation}");
        }
    }

    /// Items as they have been stored since the log and the activity exist.
    #[test]
    fn stored_failures_and_acts_are_read_and_written_as_they_are() {
        let failure = r#"{"key":"k1","operation":"users.create","method":"POST","path":"/Users","status":409,"scimType":"uniqueness","cause":"taken","reason":"taken","resourceType":"User","name":"ann","provider":"Okta"}"#;
        let act = r#"{"key":"a1","operation":"eraseUser","method":"DELETE","path":"/tenants/{tenant}/people/{user}","status":0,"cause":"done","reason":"erase user","resourceType":"User","resource":"2819c223","name":"Support desk"}"#;
        let tenant = TenantId::parse("acme").unwrap();
        let id = EntryId::new(at(1_800_000_000), [7; 4]);
        for data in [failure, act] {
            let key = keys::request(&tenant, id.as_str());
            let item = table::item(
                &key,
                [
                    (DATA, s(data)),
                    (COUNT, n(1)),
                    (LAST, n(1_800_000_000_000_i64)),
                    (REQUEST, s("r1")),
                    (EXPIRES, n(1_800_000_060)),
                ],
            );
            let read = Recorded::read(&item).unwrap();
            let kept = SignedDuration::from_mins(1);
            assert_eq!(read.to_item(&tenant, kept).unwrap(), item);
            assert_eq!(matches!(read.content, Entry::Act(_)), data == act);
            assert!(
                read.content
                    == Entry::Act(Act {
                        by: Some("a1".to_owned()),
                        purpose: Some("Support desk".to_owned()),
                        operation: "eraseUser".to_owned(),
                        method: "DELETE".to_owned(),
                        path: Some("/tenants/{tenant}/people/{user}".to_owned()),
                        words: "erase user".to_owned(),
                        about: Some(("User".to_owned(), "2819c223".to_owned())),
                    })
                    || data == failure
            );
        }
    }
}
