//! A key record of a keyring: its owner, scopes, expiry and networks. This module has tenants' keys, `admin` those of the
//! admin API.
//!
//! A record with an invalid time, tenant or network is not accepted; the other keys of the keyring still work. An unknown
//! scope grants nothing, but an unknown member restricts nothing. A later build that restricts keys in a new way must
//! therefore replace the scope `scim` by a new one.

use std::net::IpAddr;

use data_encoding::HEXLOWER;
use ipnet::IpNet;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::tenant_id::TenantId;
use crate::token::{Digest, KeyId};

/// A kind of key. Each kind has its own keyrings, so that a key of one kind is never found in place of another.
pub trait Record: Clone {
    /// The most live keys of one owner.
    const MOST_LIVE: usize;

    /// The key's name in its keyring.
    fn id(&self) -> KeyId;
    /// SHA-256 of the token.
    fn sha256(&self) -> &Digest;
    /// The owner; `None` if all keys of this kind have one owner.
    fn tenant(&self) -> Option<&TenantId>;
    /// The first instant at which it is no longer accepted.
    fn expires(&self) -> Option<Timestamp>;
    /// Parses the keyring's entry for `id`.
    fn from_json(id: &str, value: &Value) -> Option<Self>;
    /// The keyring's entry for the record.
    fn to_json(&self) -> Value;
    /// The key of a secret whose whole value is a token, for kinds that support it.
    fn whole(value: &str) -> Option<Self>;

    /// Whether the key has not expired at `now`.
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires().is_none_or(|end| now < end)
    }
}

/// A permission of a tenant's key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// The SCIM endpoints of the key's tenant.
    Scim,
    /// Reading the user of the key (`/Me`), and discovery.
    Me,
}

impl Scope {
    /// All scopes, the most powerful first.
    pub const ALL: [Self; 2] = [Self::Scim, Self::Me];

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scim => "scim",
            Self::Me => "me",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A tenant's key: everything that is stored about a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyRecord {
    /// The key's name in its keyring. Imported tokens have one too, although their text does not contain it.
    pub id: KeyId,
    /// The only tenant that the key opens.
    pub tenant: TenantId,
    /// SHA-256 of the token.
    pub sha256: Digest,
    /// An administrator's name for it, such as "Okta production". The creator of the record limits its length.
    pub purpose: String,
    /// The permissions; unknown scopes are left out.
    pub scopes: Vec<Scope>,
    pub created: Timestamp,
    /// The first instant at which it is no longer accepted; `None` for a key that does not expire.
    pub expires: Option<Timestamp>,
    /// The networks from which it is accepted; empty means any.
    pub sources: Vec<IpNet>,
    /// The user at `/Me` for this key, if any.
    pub subject: Option<String>,
    /// Whether another system issued its token.
    pub imported: bool,
    /// Random bytes that the owner of the token does not know. They encrypt values that clients send back, such as cursors.
    pub seal: [u8; 16],
}

impl KeyRecord {
    /// Whether the key opens `tenant` for `scope` at `now`, from the address `source`.
    ///
    /// A key that is bound to networks is rejected if the address is unknown. An IPv4 address inside IPv6 counts as IPv4.
    /// The reason is not returned, because clients get the same answer for all reasons.
    #[must_use]
    pub fn admits(
        &self,
        tenant: &TenantId,
        scope: Scope,
        now: Timestamp,
        source: Option<IpAddr>,
    ) -> bool {
        self.tenant == *tenant
            && self.scopes.contains(&scope)
            && self.is_live(now)
            && is_inside(source, &self.sources)
    }
}

/// Whether an address is in one of the networks; empty means any.
pub(super) fn is_inside(source: Option<IpAddr>, networks: &[IpNet]) -> bool {
    let inside = |address: IpAddr| {
        networks
            .iter()
            .any(|network| network.contains(&address.to_canonical()))
    };
    networks.is_empty() || source.is_some_and(inside)
}

impl Record for KeyRecord {
    const MOST_LIVE: usize = crate::limits::TENANT_KEYS;

    fn id(&self) -> KeyId {
        self.id
    }

    fn sha256(&self) -> &Digest {
        &self.sha256
    }

    fn tenant(&self) -> Option<&TenantId> {
        Some(&self.tenant)
    }

    fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    fn from_json(id: &str, value: &Value) -> Option<Self> {
        let stored = StoredRecord::deserialize(value).ok()?;
        let (expires, sources) = (stored.end().ok()?, stored.networks().ok()?);
        Some(Self {
            id: KeyId::parse(id)?,
            tenant: TenantId::parse(stored.tenant.as_deref()?)?,
            sha256: Digest::from_hex(&stored.sha256)?,
            purpose: stored.purpose,
            scopes: stored
                .scopes
                .iter()
                .filter_map(|scope| Scope::parse(scope))
                .collect(),
            created: stored.created.parse().ok()?,
            expires,
            sources,
            subject: stored.subject,
            imported: stored.imported,
            seal: stored
                .seal
                .and_then(|seal| HEXLOWER.decode(seal.as_bytes()).ok()?.try_into().ok())
                .unwrap_or_default(),
        })
    }

    fn to_json(&self) -> Value {
        let stored = StoredRecord {
            tenant: Some(self.tenant.to_string()),
            sha256: self.sha256.to_hex(),
            purpose: self.purpose.clone(),
            scopes: self
                .scopes
                .iter()
                .map(|scope| scope.as_str().to_owned())
                .collect(),
            created: self.created.to_string(),
            expires: self.expires.as_ref().map(Timestamp::to_string),
            sources: self.sources.iter().map(IpNet::to_string).collect(),
            subject: self.subject.clone(),
            imported: self.imported,
            seal: Some(HEXLOWER.encode(&self.seal)),
        };
        // Strings and lists of strings are always JSON.
        serde_json::to_value(stored).unwrap_or_default()
    }

    fn whole(_: &str) -> Option<Self> {
        None
    }
}

/// The stored form of a record of any kind.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct StoredRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tenant: Option<String>,
    pub(super) sha256: String,
    #[serde(default)]
    pub(super) purpose: String,
    pub(super) scopes: Vec<String>,
    pub(super) created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expires: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) sources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) subject: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) imported: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) seal: Option<String>,
}

impl StoredRecord {
    pub(super) fn end(&self) -> Result<Option<Timestamp>, jiff::Error> {
        self.expires.as_ref().map(|end| end.parse()).transpose()
    }

    pub(super) fn networks(&self) -> Result<Vec<IpNet>, ipnet::AddrParseError> {
        let networks = self.sources.iter().map(|network| network.parse());
        networks.collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::token::{KeyringId, Token};
    use serde_json::json;

    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    pub(crate) fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    /// Key number `number` of the keyring `k1`, for the tenant `acme`.
    pub(crate) fn key(number: u16) -> (Token, KeyRecord) {
        let [high, low] = number.to_be_bytes();
        let id = KeyId::from_bytes([0, 0, 0, 0, high, low]);
        let token = Token::issue(&KeyringId::parse("k1").unwrap(), id, [low; 32]);
        let record = record(id, token.digest());
        (token, record)
    }

    pub(crate) fn record(id: KeyId, sha256: Digest) -> KeyRecord {
        KeyRecord {
            id,
            tenant: tenant("acme"),
            sha256,
            purpose: "Okta production".to_owned(),
            scopes: vec![Scope::Scim],
            created: at(0),
            expires: None,
            sources: Vec::new(),
            subject: None,
            imported: false,
            seal: [7; 16],
        }
    }

    #[test]
    fn a_record_survives_json() {
        let (_, plain) = key(1);
        let full = KeyRecord {
            expires: Some(at(60)),
            sources: vec![
                "10.0.0.0/8".parse().unwrap(),
                "2001:db8::/32".parse().unwrap(),
            ],
            subject: Some("2819c223-7f76-453a-919d-413861904646".to_owned()),
            imported: true,
            ..plain.clone()
        };
        for record in [plain, full] {
            assert_eq!(
                KeyRecord::from_json(record.id.as_str(), &record.to_json()),
                Some(record)
            );
        }
    }

    #[test]
    fn json_names_are_fixed() {
        let (token, record) = key(1);
        assert_eq!(
            record.to_json(),
            json!({
                "tenant": "acme",
                "sha256": token.digest().to_hex(),
                "purpose": "Okta production",
                "scopes": ["scim"],
                "created": "2027-01-15T08:00:00Z",
                "seal": "07070707070707070707070707070707",
            })
        );
    }

    #[test]
    fn an_unreadable_record_is_not_a_key() {
        let good = key(1).1;
        let cases = [
            ("tenant", json!("Acme")),
            ("sha256", json!("00")),
            ("scopes", json!("scim")),
            ("created", json!("yesterday")),
            ("expires", json!("tomorrow")),
            ("expires", json!(1_800_000_000)),
            ("sources", json!(["10.0.0.0/33"])),
            ("sources", json!(["10.0.0.0/8", "everywhere"])),
        ];
        for (name, value) in cases {
            let mut stored = good.to_json();
            stored[name] = value;
            assert_eq!(
                KeyRecord::from_json(good.id.as_str(), &stored),
                None,
                "{stored}"
            );
        }
        assert_eq!(KeyRecord::from_json("short", &good.to_json()), None);
    }

    #[test]
    fn t11_z08_a_key_is_valid_for_its_own_tenant_only() {
        let (_, record) = key(1);
        assert!(record.admits(&tenant("acme"), Scope::Scim, at(0), None));
        assert!(!record.admits(&tenant("globex"), Scope::Scim, at(0), None));
    }

    #[test]
    fn a_key_is_rejected_from_the_instant_of_its_expiry() {
        let record = KeyRecord {
            expires: Some(at(60)),
            ..key(1).1
        };
        let admits = |now| record.admits(&tenant("acme"), Scope::Scim, now, None);
        assert!(admits(at(59)));
        assert!(!admits(at(60)));
    }

    #[test]
    fn t11_an_unknown_scope_grants_nothing() {
        let (_, record) = key(1);
        let mut stored = record.to_json();
        stored["scopes"] = json!(["scim:read"]);
        let read = KeyRecord::from_json(record.id.as_str(), &stored).unwrap();
        assert!(!read.admits(&tenant("acme"), Scope::Scim, at(0), None));
    }

    #[test]
    fn a_key_bound_to_networks_is_rejected_from_elsewhere() {
        let sources = vec![
            "10.1.2.3/8".parse().unwrap(),
            "2001:db8::/32".parse().unwrap(),
        ];
        let record = KeyRecord {
            sources,
            ..key(1).1
        };
        let admits = |source: Option<&str>| {
            let address = source.map(|text| text.parse().unwrap());
            record.admits(&tenant("acme"), Scope::Scim, at(0), address)
        };
        for inside in [
            "10.0.0.1",
            "10.255.255.255",
            "2001:db8::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(admits(Some(inside)), "{inside}");
        }
        for outside in ["11.0.0.1", "2001:db9::1", "::ffff:11.0.0.1"] {
            assert!(!admits(Some(outside)), "{outside}");
        }
        assert!(!admits(None));
    }
}
