//! The keys of the admin API itself.
//!
//! An admin key cannot create a key with more permissions, from more networks or with a later end than its own. This
//! does not apply to tenants' keys: the scope `keys` allows all of them.

use std::sync::Arc;

use keyring::{AdminKey, AdminScope, KeyringError, Record as _};
use keyring::{KeyId, Token};
use serde::{Deserialize, Serialize};

use super::Work;
use super::keys::input;
use super::page::WholeList;
use super::times::Instant;
use crate::actor::{Actor, Operation};
use crate::body::{BodyReader, FromBody};
use crate::problem::{Problem, fault, reason, rejected};

/// The input for a new admin key.
pub(crate) struct AdminKeyInput {
    pub(crate) purpose: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires: Option<String>,
    pub(crate) sources: Option<Vec<String>>,
}

impl FromBody for AdminKeyInput {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            purpose: body.text("purpose"),
            scopes: body.texts("scopes"),
            expires: body.optional_text("expires"),
            sources: body.optional_texts("sources"),
        }
    }
}

/// An admin key as shown; with its token only right after creation.
#[derive(Serialize, Deserialize)]
pub(crate) struct AdminKeyView {
    pub(crate) id: String,
    pub(crate) purpose: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) sources: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires: Option<Instant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<String>,
}

impl AdminKeyView {
    fn of(key: &AdminKey, token: Option<&Token>) -> Self {
        let scopes = key.scopes.iter().map(|scope| scope.as_str().to_owned());
        Self {
            id: key.name().to_owned(),
            purpose: key.purpose.clone(),
            scopes: scopes.collect(),
            sources: key.sources.iter().map(ToString::to_string).collect(),
            created: key.created.map(Instant),
            expires: key.expires.map(Instant),
            token: token.map(|token| token.expose().to_owned()),
        }
    }

    /// Whether the deployment created this key. Its token is the value of a secret.
    pub(crate) fn is_first(&self) -> bool {
        self.id == FIRST
    }
}

/// The id of the first key.
const FIRST: &str = "first";

/// The caller's key and its permissions.
#[derive(Serialize)]
pub(crate) struct CallerView {
    key: CallerKey,
    version: &'static str,
    openapi: String,
}

#[derive(Serialize)]
struct CallerKey {
    id: String,
    scopes: Vec<&'static str>,
}

pub(crate) fn describe_caller(work: &Work<'_>) -> Result<CallerView, Problem> {
    work.check(Operation::DescribeCaller, None)?;
    let key = work.own_key()?;
    Ok(CallerView {
        key: CallerKey {
            id: key.name().to_owned(),
            scopes: key.scopes.iter().map(|scope| scope.as_str()).collect(),
        },
        version: env!("CARGO_PKG_VERSION"),
        openapi: format!("{}/admin/v1/openapi.json", work.site),
    })
}

/// Lists all keys: the first key, then the others from oldest to newest.
pub(crate) async fn list(work: &Work<'_>) -> Result<WholeList<AdminKeyView>, Problem> {
    work.check(Operation::ListAdminKeys, None)?;
    let mut keys = work.listed().await?;
    keys.sort_by_key(|key| (key.created, key.id));
    let first = work.vendor.keys.first(work.now()).await?;
    let keys = first.iter().map(AsRef::as_ref).chain(&keys);
    Ok(WholeList {
        items: keys.map(|key| AdminKeyView::of(key, None)).collect(),
    })
}

pub(crate) async fn create(work: &Work<'_>, given: AdminKeyInput) -> Result<AdminKeyView, Problem> {
    work.check(Operation::CreateAdminKey, None)?;
    let (vendor, now) = (work.vendor, work.now());
    let token = Token::issue(&vendor.keys.keyring()?, work.ids.key(), work.ids.bytes());
    let purpose = input::purpose(&given.purpose);
    let scopes = input::scopes(&given.scopes, &AdminScope::ALL, AdminScope::as_str);
    let expires = given.expires.as_deref();
    let expires = expires.map(|text| input::end(text, now)).transpose();
    let sources = input::sources(given.sources.as_deref().unwrap_or_default());
    rejected([
        fault(&purpose),
        fault(&scopes),
        fault(&expires),
        fault(&sources),
    ])?;
    let mut key = AdminKey {
        id: token.key(),
        sha256: token.digest(),
        purpose: purpose?,
        scopes: scopes?,
        created: Some(now),
        expires: expires?,
        sources: sources?,
    };
    narrow(&mut key, work.own_key()?)?;
    vendor.keys.add(&key, now).await?;
    let carried_out = vendor
        .revoked
        .carry_out(&vendor.keys, now, work.meter)
        .await;
    if let Err(error) = carried_out {
        tracing::warn!(%error, "admin_key.unremoved");
    }
    Ok(AdminKeyView::of(&key, Some(&token)))
}

/// Rejects a key with more permissions, a later end or more networks than its creator's. Absent limits are copied
/// from the creator.
fn narrow(key: &mut AdminKey, maker: &AdminKey) -> Result<(), Problem> {
    let lacking = key.scopes.iter().find(|scope| !maker.has(**scope));
    if let Some(scope) = lacking {
        return Err(reason::scope_not_own(scope.as_str()));
    }
    let longest = maker.expires();
    key.expires = key.expires.or(longest);
    if longest.is_some_and(|longest| key.expires.is_none_or(|end| end > longest)) {
        return Err(reason::end_after_own());
    }
    if key.sources.is_empty() {
        key.sources.clone_from(&maker.sources);
    }
    let is_inside = |network| maker.sources.iter().any(|own| own.contains(network));
    match maker.sources.is_empty() || key.sources.iter().all(is_inside) {
        true => Ok(()),
        false => Err(reason::networks_beyond_own()),
    }
}

/// Revokes a key. The revocation takes effect everywhere within 60 seconds.
pub(crate) async fn revoke(work: &Work<'_>, id: &str) -> Result<(), Problem> {
    work.check(Operation::RevokeAdminKey, None)?;
    if id == FIRST {
        return Err(reason::first_key_kept());
    }
    let key = KeyId::parse(id).ok_or_else(|| reason::no_admin_key_with(id))?;
    let keys = work.listed().await?;
    if !keys.iter().any(|held| held.id == key) {
        return Err(reason::no_admin_key_with(id));
    }
    let vendor = work.vendor;
    match vendor.keys.revoke(key, work.now()).await {
        // The keyring accepts no change for some hours.
        Err(KeyringError::Worn) if vendor.revoked.note(key, work.meter).await? => {}
        revoked => revoked?,
    }
    Ok(())
}

impl Work<'_> {
    /// All keys except the first one and revoked ones.
    async fn listed(&self) -> Result<Vec<AdminKey>, Problem> {
        let mut keys = self.vendor.keys.list().await?;
        let revoked = self.vendor.revoked.read(self.meter).await?;
        keys.retain(|key| !revoked.contains(&key.id));
        Ok(keys)
    }

    /// The actor's own admin key.
    fn own_key(&self) -> Result<&Arc<AdminKey>, Problem> {
        match self.actor {
            Actor::AdminKey(key) => Ok(key),
            Actor::Customer { .. } => Err(reason::no_page()),
        }
    }
}
