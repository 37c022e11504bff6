//! From the change of a tenant's item to an entry of the account feed.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::data::EntryData;
use super::derive::BrokenHistory;
use super::entry::FeedEntry;
use super::event_type::EventType;
use super::version::Stamp;
use crate::ids::Version;
use crate::resource::timestamp;

/// Whether a tenant accepts provisioning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TenantState {
    /// Provisioning is turned on.
    On,
    /// Provisioning is turned off.
    Off,
    /// The tenant is being deleted.
    Closing,
}

impl TenantState {
    /// The word in `data.status`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Closing => "closing",
        }
    }
}

/// A stored version of a tenant.
#[derive(Clone)]
pub struct TenantVersion {
    /// The id.
    pub id: String,
    /// The display name.
    pub name: String,
    /// Whether it accepts provisioning.
    pub state: TenantState,
    /// The version.
    pub version: Version,
    /// When the tenant was created.
    pub created: Timestamp,
    /// When the version was made.
    pub last_modified: Timestamp,
    /// The settings. An entry names those that changed and has no values of them.
    pub settings: Map<String, Value>,
    /// Who wrote it.
    pub stamp: Stamp,
}

/// The entry of the account feed for the change of a tenant's item, if its version is another one. `recorded` is the time
/// of the change's record.
///
/// # Errors
///
/// When the versions are of different tenants, or the version falls.
pub fn derive_tenant(
    before: Option<&TenantVersion>,
    after: Option<&TenantVersion>,
    recorded: Timestamp,
) -> Result<Option<FeedEntry>, BrokenHistory> {
    match (before, after) {
        (None, None) => Ok(None),
        (None, Some(after)) => Ok(Some(changed(EventType::TenantCreated, after, None))),
        (Some(last), None) => Ok(Some(deleted(last, recorded))),
        (Some(before), Some(after))
            if (&before.id, before.created) != (&after.id, after.created) =>
        {
            Err(BrokenHistory)
        }
        (Some(before), Some(after)) => match after.version.cmp(&before.version) {
            Ordering::Less => Err(BrokenHistory),
            Ordering::Equal => Ok(None),
            Ordering::Greater => Ok(Some(changed(what(before, after), after, Some(before)))),
        },
    }
}

fn what(before: &TenantVersion, after: &TenantVersion) -> EventType {
    match after.state {
        state if state == before.state => EventType::TenantUpdated,
        TenantState::On => EventType::TenantTurnedOn,
        TenantState::Off => EventType::TenantTurnedOff,
        TenantState::Closing => EventType::TenantClosing,
    }
}

fn changed(what: EventType, after: &TenantVersion, before: Option<&TenantVersion>) -> FeedEntry {
    let data = EntryData {
        name: Some(after.name.clone()),
        status: Some(after.state.name().to_owned()),
        version: Some(after.version),
        previous_version: before.map(|before| before.version),
        changed: before
            .map(|before| names(before, after))
            .unwrap_or_default(),
        ..of(after)
    };
    FeedEntry::new(what, after.last_modified, after.stamp.clone(), data)
}

/// A deletion's version is the one after the last.
fn deleted(last: &TenantVersion, recorded: Timestamp) -> FeedEntry {
    let data = EntryData {
        name: Some(last.name.clone()),
        version: Some(last.version.next()),
        previous_version: Some(last.version),
        ..of(last)
    };
    FeedEntry::new(EventType::TenantDeleted, recorded, Stamp::default(), data)
}

fn of(version: &TenantVersion) -> EntryData {
    EntryData {
        tenant: Some(version.id.clone()),
        created: Some(timestamp(version.created)),
        ..EntryData::default()
    }
}

/// The names of what changed: `name`, `status` and `settings.NAME`.
fn names(before: &TenantVersion, after: &TenantVersion) -> Vec<String> {
    let mut names = Vec::new();
    if before.name != after.name {
        names.push("name".to_owned());
    }
    if before.state != after.state {
        names.push("status".to_owned());
    }
    let (old, new) = (&before.settings, &after.settings);
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    let differ = new.keys().filter(|name| old.get(*name) != new.get(*name));
    names.extend(differ.chain(gone).map(|name| format!("settings.{name}")));
    names
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::event::{EntryKey, Position};

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn tenant(version: u64, state: TenantState, name: &str, settings: Value) -> TenantVersion {
        let Value::Object(settings) = settings else {
            panic!("settings are an object");
        };
        TenantVersion {
            id: "acme".to_owned(),
            name: name.to_owned(),
            state,
            version: Version(version),
            created: instant("2026-11-01T08:00:00Z"),
            last_modified: instant("2026-11-28T11:30:00Z"),
            settings,
            stamp: Stamp {
                txn: Some("w1".to_owned()),
                by: Some("admin:0123456789".to_owned()),
                request: None,
            },
        }
    }

    fn on(version: u64) -> TenantVersion {
        tenant(version, TenantState::On, "Acme", json!({ "seats": 5 }))
    }

    fn derived(before: Option<&TenantVersion>, after: Option<&TenantVersion>) -> Option<FeedEntry> {
        derive_tenant(before, after, instant("2026-11-28T12:00:00Z")).unwrap()
    }

    #[test]
    fn every_change_of_a_tenant_has_its_entry() {
        let off = |v| tenant(v, TenantState::Off, "Acme", json!({ "seats": 5 }));
        let closing = |v| tenant(v, TenantState::Closing, "Acme", json!({ "seats": 5 }));
        let renamed = |v| tenant(v, TenantState::On, "Acme Ltd", json!({ "rate": 7 }));
        for (before, after, name, changed) in [
            (None, Some(on(1)), "tenant.created", json!(null)),
            (
                Some(on(1)),
                Some(off(2)),
                "tenant.turned_off",
                json!(["status"]),
            ),
            (
                Some(off(2)),
                Some(on(3)),
                "tenant.turned_on",
                json!(["status"]),
            ),
            (
                Some(on(3)),
                Some(renamed(4)),
                "tenant.updated",
                json!(["name", "settings.rate", "settings.seats"]),
            ),
            (
                Some(on(4)),
                Some(closing(5)),
                "tenant.closing",
                json!(["status"]),
            ),
            (Some(closing(5)), None, "tenant.deleted", json!(null)),
        ] {
            let entry = derived(before.as_ref(), after.as_ref()).unwrap();
            assert_eq!(entry.name(), name);
            assert_eq!(json!(entry.data())["changed"], changed, "{name}");
            assert_eq!(entry.effect(), None);
            assert_eq!(entry.introduces(), None);
        }
        assert_eq!(derived(Some(&on(3)), Some(&on(3))), None);
        assert_eq!(derived(None, None), None);
    }

    #[test]
    fn an_entry_names_settings_without_their_values() {
        let before = tenant(1, TenantState::On, "Acme", json!({ "seats": 4711 }));
        let after = tenant(2, TenantState::On, "Acme", json!({ "seats": 4712 }));
        let entry = derived(Some(&before), Some(&after)).unwrap();
        let position = Position::new(1_000_000_001).unwrap();
        let sent = serde_json::to_value(entry.outward_of_account(position)).unwrap();
        assert_eq!(
            sent.to_string(),
            json!({
                "id": "evt_hhkndpdl8421a0000003n6ma04",
                "type": "tenant.updated",
                "timestamp": "2026-11-28T11:30:00.000Z",
                "position": 1_000_000_001,
                "txn": "w1",
                "by": "admin:0123456789",
                "data": {
                    "tenant": "acme",
                    "name": "Acme",
                    "status": "on",
                    "created": "2026-11-01T08:00:00.000Z",
                    "version": 2,
                    "previousVersion": 1,
                    "changed": ["settings.seats"],
                },
            })
            .to_string()
        );
    }

    #[test]
    fn a_tenant_made_anew_under_its_id_has_other_keys() {
        let mut anew = on(1);
        anew.created = instant("2026-11-20T08:00:00Z");
        let keys = [on(1), anew.clone()].map(|one| derived(None, Some(&one)).unwrap().key());
        let [Some(EntryKey::Tenant { id, version, .. }), Some(other)] = keys.clone() else {
            panic!("{keys:?}");
        };
        assert_eq!((id.as_str(), version), ("acme", Version(1)));
        assert_ne!(keys[0].as_ref(), Some(&other));
        let deleted = derived(Some(&on(1)), None).unwrap().key();
        assert_ne!(deleted, keys[0]);
        let broken = derive_tenant(Some(&on(1)), Some(&anew), instant("2026-11-28T12:00:00Z"));
        assert_eq!(broken, Err(BrokenHistory));
        let broken = derive_tenant(Some(&on(3)), Some(&on(2)), instant("2026-11-28T12:00:00Z"));
        assert_eq!(broken, Err(BrokenHistory));
    }
}
