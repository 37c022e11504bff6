//! The keys of tenants.
//!
//! The response that creates a key is the only one with its token. The size of a key is bounded, because a keyring
//! holds the keys of many tenants.

use directory::tenant_keys::{CreatedKey, HeldKey, KeysError, NewKey, NewToken, TenantKeys};
use directory::tenants::Closing;
use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use keyring::{KeyId, Token};
use keyring::{KeyringError, Record as _};
use scim_core::{ResourceId, ResourceKind};
use serde::{Deserialize, Serialize};

use super::page::WholeList;
use super::times::Instant;
use super::{Work, no_tenant};
use crate::actor::Operation;
use crate::body::{BodyReader, FromBody};
use crate::limits::{LONGEST_OVERLAP_SECONDS, OVERLAP_SECONDS};
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, fault, reason, rejected};

pub(super) mod input;

pub(crate) use input::KeyInput;

/// The input of a rotation.
#[derive(Clone, Default)]
pub(crate) struct Rotation {
    pub(crate) overlap_seconds: Option<i64>,
    pub(crate) expires: Option<String>,
}

impl FromBody for Rotation {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            overlap_seconds: body.optional_number("overlapSeconds"),
            expires: body.optional_text("expires"),
        }
    }
}

/// A key as shown; with its token only right after creation.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KeyView {
    pub(crate) id: String,
    pub(crate) purpose: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) created: Instant,
    pub(crate) sources: Vec<String>,
    pub(crate) imported: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Instant>,
    /// The time of last use, to the hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_used: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

impl KeyView {
    fn of(held: HeldKey, token: Option<&Token>) -> Self {
        let record = held.record;
        let scopes = record.scopes.iter().map(|scope| scope.as_str().to_owned());
        Self {
            id: record.id.as_str().to_owned(),
            scopes: scopes.collect(),
            created: Instant(record.created),
            sources: record.sources.iter().map(ToString::to_string).collect(),
            imported: record.imported,
            expires: record.expires.map(Instant),
            last_used: held.last_used.map(Instant),
            token: token.map(|token| token.expose().to_owned()),
            purpose: record.purpose,
            subject: record.subject,
        }
    }
}

/// Lists a tenant's keys from oldest to newest, including those that ended recently.
pub(crate) async fn list(
    work: &Work<'_>,
    tenant: &TenantId,
) -> Result<WholeList<KeyView>, Problem> {
    work.check(Operation::ListKeys, Some(tenant))?;
    let held = work.held(tenant).await?.into_iter();
    Ok(WholeList {
        items: held.map(|held| KeyView::of(held, None)).collect(),
    })
}

pub(crate) async fn read(work: &Work<'_>, tenant: &TenantId, id: &str) -> Result<KeyView, Problem> {
    work.check(Operation::ReadKey, Some(tenant))?;
    Ok(KeyView::of(work.held_one(tenant, id).await?, None))
}

pub(crate) async fn create(
    work: &Work<'_>,
    tenant: &TenantId,
    given: KeyInput,
) -> Result<KeyView, Problem> {
    work.check(Operation::CreateKey, Some(tenant))?;
    let wanted = given.check(work.now())?;
    work.tenant(tenant, Closing::Hide).await?;
    if let Some(user) = wanted.subject {
        work.check_user(tenant, user).await?;
    }
    let new = NewKey {
        id: work.ids.key(),
        token: match wanted.token {
            Some(token) => NewToken::Imported(token),
            None => NewToken::Issued(work.ids.bytes()),
        },
        purpose: wanted.purpose,
        scopes: wanted.scopes,
        expires: wanted.expires,
        sources: wanted.sources,
        subject: wanted.subject.map(|user| user.as_str().to_owned()),
        seal: work.ids.bytes(),
    };
    let (write, now) = (work.ids.write(), work.now());
    // Large futures are on the heap here, because operations nest many calls.
    let made = Box::pin(stored(work, tenant).add(&new, &write, now)).await;
    work.confirm(tenant, made).await
}

/// Replaces a key by a new one; the old key stays valid for the overlap. By default the new key lives as long as the
/// old one was to live.
pub(crate) async fn rotate(
    work: &Work<'_>,
    tenant: &TenantId,
    (id, rotation): (&str, &Rotation),
) -> Result<KeyView, Problem> {
    work.check(Operation::RotateKey, Some(tenant))?;
    let now = work.now();
    let overlap = rotation.overlap();
    let given = rotation.expires.as_deref();
    let given = given.map(|text| input::end(text, now)).transpose();
    rejected([fault(&overlap), fault(&given)])?;
    let (overlap, given) = (overlap?, given?);
    let old = work.held_one(tenant, id).await?.record;
    if !old.is_live(now) {
        return Err(reason::token_expired());
    }
    let lived = |end: Timestamp| now.checked_add(end.duration_since(old.created)).ok();
    let new = NewKey {
        id: work.ids.key(),
        token: NewToken::Issued(work.ids.bytes()),
        purpose: old.purpose,
        scopes: old.scopes,
        expires: given.or_else(|| old.expires.and_then(lived)),
        sources: old.sources,
        subject: old.subject,
        seal: work.ids.bytes(),
    };
    let end = now.checked_add(overlap).unwrap_or(now);
    let write = work.ids.write();
    let stored = stored(work, tenant);
    let made = Box::pin(stored.rotate((old.id, end), &new, &write, now)).await;
    work.service().tenants().forget(tenant);
    work.confirm(tenant, made).await
}

/// Revokes a key. The revocation takes effect everywhere within 60 seconds.
pub(crate) async fn revoke(work: &Work<'_>, tenant: &TenantId, id: &str) -> Result<(), Problem> {
    work.check(Operation::RevokeKey, Some(tenant))?;
    let key = KeyId::parse(id).ok_or_else(|| reason::no_token(id))?;
    let (stored, now) = (stored(work, tenant), work.now());
    let revoked = Box::pin(stored.revoke(key, now)).await;
    // The revocation may be recorded in the tenant's item, so the cached tenant is dropped.
    work.service().tenants().forget(tenant);
    if revoked.map_err(|error| problem(error, tenant, now))? {
        return Ok(());
    }
    work.tenant(tenant, Closing::Hide).await?;
    Err(reason::no_token(id))
}

/// The tenant's keys, with the actor's limits for changing them.
pub(super) fn stored<'k>(work: &'k Work<'_>, tenant: &'k TenantId) -> TenantKeys<'k> {
    TenantKeys {
        by: work.actor.by(),
        ..work.service().keys(tenant, work.meter)
    }
}

impl Work<'_> {
    async fn held(&self, tenant: &TenantId) -> Result<Vec<HeldKey>, Problem> {
        self.tenant(tenant, Closing::Hide).await?;
        let listed = stored(self, tenant).list().await;
        listed.map_err(|error| problem(error, tenant, self.now()))
    }

    async fn held_one(&self, tenant: &TenantId, id: &str) -> Result<HeldKey, Problem> {
        let keys = self.held(tenant).await?;
        let mut keys = keys.into_iter();
        let found = keys.find(|key| key.record.id.as_str() == id);
        found.ok_or_else(|| reason::no_token(id))
    }

    /// Returns the new key. If the tenant's deletion began meanwhile, its keys were already removed, so this revokes
    /// the new key.
    async fn confirm(
        &self,
        tenant: &TenantId,
        made: Result<CreatedKey, KeysError>,
    ) -> Result<KeyView, Problem> {
        let explain = |error| problem(error, tenant, self.now());
        let made = made.map_err(explain)?;
        if let Err(gone) = self.tenant(tenant, Closing::Hide).await {
            let (stored, id) = (stored(self, tenant), made.held.record.id);
            stored.revoke(id, self.now()).await.map_err(explain)?;
            return Err(gone);
        }
        Ok(KeyView::of(made.held, made.token.as_ref()))
    }

    async fn check_user(&self, tenant: &TenantId, user: ResourceId) -> Result<(), Problem> {
        let directory = self.people(tenant);
        let found = directory.get(ResourceKind::User, user).await?;
        let none = || reason::no_subject().at("/subject");
        found.map(|_| ()).ok_or_else(none)
    }
}

impl Rotation {
    fn overlap(&self) -> Result<SignedDuration, Problem> {
        let seconds = self.overlap_seconds.unwrap_or(OVERLAP_SECONDS);
        match (0..=LONGEST_OVERLAP_SECONDS).contains(&seconds) {
            true => Ok(SignedDuration::from_secs(seconds)),
            false => Err(reason::other_overlap(LONGEST_OVERLAP_SECONDS).at("/overlapSeconds")),
        }
    }
}

/// The problem of a failure to read or change keys.
pub(super) fn problem(error: KeysError, tenant: &TenantId, now: Timestamp) -> Problem {
    match error {
        KeysError::Keyring(KeyringError::TooMany(most)) => reason::too_many_tokens(most),
        KeysError::Keyring(error) => error.into(),
        KeysError::Directory(error) => error.into(),
        KeysError::NoSuchTenant => no_tenant(tenant.as_str()),
        KeysError::TooOften { most, until } => {
            let wait = until.duration_since(now).as_secs().max(1);
            let hours = (wait + 3_599) / 3_600;
            let hours = match hours {
                1 => "within an hour".to_owned(),
                hours => format!("in {hours} hours"),
            };
            reason::keys_changed_too_often(most, until, OwnWords::ours(hours)).after(wait)
        }
    }
}
