//! A destination, its id and its item.

use std::collections::BTreeSet;
use std::fmt;

use data_encoding::BASE32_DNSSEC;
use jiff::Timestamp;
use keyring::TenantId;
use scim_core::event::Subscription;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::limits::FAILURES_IN_A_ROW;
use crate::table::keys::attribute::destination::{
    CREATED, ERROR, FAILURES, PROBE, SETTINGS, STATE, VERSION,
};
use crate::table::{DirectoryError, Item, corrupt, number, number_if, sort_key, text};

/// The id of a destination: `dst_` and 16 letters and digits. It is never used twice, and is not secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DestinationId(String);

impl DestinationId {
    pub(super) const PREFIX: &'static str = "dst_";

    /// An id from 10 random bytes.
    #[must_use]
    pub fn new(random: [u8; 10]) -> Self {
        Self(format!("{}{}", Self::PREFIX, BASE32_DNSSEC.encode(&random)))
    }

    /// Parses an id.
    #[must_use]
    pub fn parse(written: &str) -> Option<Self> {
        let rest = written.strip_prefix(Self::PREFIX)?;
        let is_of_alphabet = rest
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'));
        (rest.len() == 16 && is_of_alphabet).then(|| Self(written.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DestinationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose events a destination receives. As JSON, it is `"all"` or a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DestinationTenants {
    /// Those of all tenants, also of tenants that do not exist yet.
    All,
    /// Those of these tenants.
    Listed(BTreeSet<TenantId>),
}

impl DestinationTenants {
    const ALL: &'static str = "all";

    /// Whether the destination receives the events of a tenant.
    #[must_use]
    pub fn has(&self, tenant: &TenantId) -> bool {
        match self {
            Self::All => true,
            Self::Listed(tenants) => tenants.contains(tenant),
        }
    }
}

impl Serialize for DestinationTenants {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str(Self::ALL),
            Self::Listed(tenants) => {
                serializer.collect_seq(tenants.iter().map(AsRef::<str>::as_ref))
            }
        }
    }
}

impl<'de> Deserialize<'de> for DestinationTenants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Word(String),
            List(Vec<String>),
        }
        match Written::deserialize(deserializer)? {
            Written::Word(word) if word == Self::ALL => Ok(Self::All),
            Written::Word(_) => Err(de::Error::custom("neither `all` nor a list of tenants")),
            Written::List(list) => {
                let tenants = list.iter().map(|tenant| TenantId::parse(tenant));
                let tenants: Option<_> = tenants.collect();
                let tenants = tenants.ok_or_else(|| de::Error::custom("not the id of a tenant"));
                tenants.map(Self::Listed)
            }
        }
    }
}

/// Where the deliveries to a new destination begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStart {
    /// With what the feed of a tenant gets after the destination was made.
    Now,
    /// With the oldest entry of the feed of each tenant.
    Beginning,
}

/// What the vendor chooses about a destination.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DestinationSettings {
    /// The name for people.
    pub name: String,
    /// Where webhooks are sent.
    pub url: String,
    /// The types of events that it receives.
    pub types: Subscription,
    /// Whose events it receives.
    pub tenants: DestinationTenants,
    /// The most events in one request; with 1, the body of a request is the event.
    pub batch: u8,
    /// Where the deliveries begin.
    pub from: DeliveryStart,
}

/// Whether a destination receives events.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DestinationState {
    /// It does.
    On,
    /// Somebody paused it.
    Paused,
    /// It failed for so long that nothing is sent until somebody resumes it.
    Disabled,
}

impl DestinationState {
    /// All states.
    pub const ALL: [Self; 3] = [Self::On, Self::Paused, Self::Disabled];

    /// The state as a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Paused => "paused",
            Self::Disabled => "disabled",
        }
    }

    /// Parses the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A destination: where the entries of feeds go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Destination {
    /// The id.
    pub id: DestinationId,
    /// What the vendor chose.
    pub settings: DestinationSettings,
    /// Whether it receives events.
    pub state: DestinationState,
    /// The version, which starts at 1. What is noted of deliveries does not change it.
    pub version: u64,
    /// When it was created.
    pub created: Timestamp,
    /// How many tenants' deliveries began to fail since the last success.
    pub failures: u32,
    /// The tenant whose delivery began to fail last.
    pub probe: Option<TenantId>,
    /// Why it was disabled.
    pub error: Option<String>,
}

impl Destination {
    /// Whether so many deliveries failed in a row that only [`Self::probe`] is tried until it succeeds.
    #[must_use]
    pub const fn is_failing(&self) -> bool {
        self.failures >= FAILURES_IN_A_ROW
    }

    /// Whether it receives events of a tenant, unless it is paused or disabled.
    #[must_use]
    pub fn is_for(&self, tenant: &TenantId) -> bool {
        self.settings.tenants.has(tenant)
    }

    pub(super) fn read(item: &Item) -> Result<Self, DirectoryError> {
        let read = || {
            Some(Self {
                id: DestinationId::parse(sort_key(item))?,
                settings: serde_json::from_str(text(item, SETTINGS)?).ok()?,
                state: DestinationState::parse(text(item, STATE)?)?,
                version: number(item, VERSION)?,
                created: Timestamp::from_millisecond(number(item, CREATED)?).ok()?,
                failures: number_if(item, FAILURES).ok()?.unwrap_or_default(),
                probe: match text(item, PROBE) {
                    Some(tenant) => Some(TenantId::parse(tenant)?),
                    None => None,
                },
                error: text(item, ERROR).map(str::to_owned),
            })
        };
        read().ok_or_else(|| corrupt("destination"))
    }
}

impl DestinationSettings {
    pub(super) fn to_json(&self) -> Result<String, DirectoryError> {
        let printed = serde_json::to_string(self);
        printed.map_err(|error| DirectoryError::Internal(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_id_parses_as_itself_and_other_text_does_not() {
        let id = DestinationId::new([7; 10]);
        assert_eq!(DestinationId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(id.as_str().len(), 20);
        for odd in [
            "",
            "-",
            "dst_",
            "dst_0000",
            "evt_0000000000000000",
            "dst_000000000000000w",
        ] {
            assert_eq!(DestinationId::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn settings_are_read_as_they_were_printed() {
        let tenants = |written: Value| serde_json::from_value::<DestinationTenants>(written);
        let acme = TenantId::parse("acme").unwrap();
        let settings = DestinationSettings {
            name: "App".to_owned(),
            url: "https://app.example/hook".to_owned(),
            types: Subscription::parse(["user.*"]).unwrap(),
            tenants: tenants(json!(["acme", "acme"])).unwrap(),
            batch: 10,
            from: DeliveryStart::Now,
        };
        assert!(settings.tenants.has(&acme));
        let all = tenants(json!("all")).unwrap();
        assert!(all.has(&acme));
        for tenants in [settings.tenants.clone(), all] {
            let settings = DestinationSettings {
                tenants,
                ..settings.clone()
            };
            let printed = settings.to_json().unwrap();
            assert_eq!(
                serde_json::from_str::<DestinationSettings>(&printed).unwrap(),
                settings
            );
        }
        for odd in [
            json!("some"),
            json!(["Acme"]),
            json!(["admin"]),
            json!(1),
            json!({}),
        ] {
            assert!(tenants(odd.clone()).is_err(), "{odd}");
        }
    }
}
