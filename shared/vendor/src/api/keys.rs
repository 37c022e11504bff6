//! The keys of tenants, and those of the admin API itself.
//!
//! A token is answered once, when its key is made. What may be said of a key is bounded, because a keyring
//! holds the keys of many tenants. An admin key can make no key that may do more, from elsewhere or for
//! longer than itself; tenants' keys are another matter: whoever has the scope `keys` may make those.

use std::sync::Arc;

use directory::Meter;
use directory::tenant_keys::{By, Held, KeysError, Made, NewKey, NewToken, TenantKeys};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use keyring::{KeyId, Record as _, TenantId, Token};
use scim_core::error::quote;
use scim_core::{ErrorKind, ResourceId, ResourceKind};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Scope;
use super::call::{Call, existing};
use super::routes::Route;
use super::{Admin, Answer, Problem};
use service::clock::Ids;

mod admin;
mod wanted;

pub(crate) use self::wanted::Wanted;

const READ: Option<Scope> = Some(Scope::Read);
const KEYS: Option<Scope> = Some(Scope::Keys);

pub(super) static ROUTES: &[Route] = &[
    Route::new(
        Method::GET,
        "/tenants/{tenant}/keys",
        "listKeys",
        READ,
        |call| Box::pin(list(call)),
    ),
    Route::new(
        Method::POST,
        "/tenants/{tenant}/keys",
        "createKey",
        KEYS,
        |call| Box::pin(create(call)),
    ),
    Route::new(
        Method::GET,
        "/tenants/{tenant}/keys/{key}",
        "readKey",
        READ,
        |call| Box::pin(read(call)),
    ),
    Route::new(
        Method::DELETE,
        "/tenants/{tenant}/keys/{key}",
        "revokeKey",
        KEYS,
        |call| Box::pin(revoke(call)),
    ),
    Route::new(
        Method::POST,
        "/tenants/{tenant}/keys/{key}/rotate",
        "rotateKey",
        KEYS,
        |call| Box::pin(rotate(call)),
    ),
    Route::new(Method::GET, "/keys", "listAdminKeys", KEYS, |call| {
        Box::pin(admin::list(call))
    }),
    Route::new(Method::POST, "/keys", "createAdminKey", KEYS, |call| {
        Box::pin(admin::create(call))
    }),
    Route::new(
        Method::DELETE,
        "/keys/{key}",
        "revokeAdminKey",
        KEYS,
        |call| Box::pin(admin::revoke(call)),
    ),
];

/// How long a key that was rotated goes on working, unless it is said otherwise, and at most: 30 days.
const OVERLAP: i64 = 24 * 60 * 60;
const LONGEST_OVERLAP: i64 = 30 * 24 * 60 * 60;

/// How a key is to be rotated.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rotation {
    overlap_seconds: Option<i64>,
    expires: Option<String>,
}

/// A key to be shown; with its token right after it was made.
pub(crate) struct Shown {
    pub(crate) held: Held,
    pub(crate) token: Option<Token>,
}

impl Shown {
    /// The key as JSON.
    pub(crate) fn to_json(&self) -> Value {
        let record = &self.held.record;
        let scopes: Vec<&str> = record.scopes.iter().map(|scope| scope.as_str()).collect();
        let sources: Vec<String> = record.sources.iter().map(ToString::to_string).collect();
        let mut key = json!({
            "id": record.id.as_str(),
            "purpose": record.purpose,
            "scopes": scopes,
            "created": record.created.to_string(),
            "sources": sources,
            "imported": record.imported,
        });
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let token = self.token.as_ref().map(|token| token.expose().to_owned());
        for (name, value) in [
            ("expires", time(record.expires)),
            ("lastUsed", time(self.held.last_used)),
            ("subject", record.subject.clone()),
            ("token", token),
        ] {
            if let (Some(members), Some(value)) = (key.as_object_mut(), value) {
                members.insert(name.to_owned(), value.into());
            }
        }
        key
    }
}

/// The keys of one tenant, as operations on them that the API and the pages share.
pub(crate) struct Keys<'k> {
    pub(crate) admin: &'k Admin,
    pub(crate) tenant: &'k TenantId,
    pub(crate) by: By,
    pub(crate) ids: &'k Ids,
    pub(crate) meter: &'k Arc<Meter>,
}

impl Keys<'_> {
    fn stored(&self) -> TenantKeys<'_> {
        TenantKeys {
            by: self.by,
            ..self.admin.service.keys(self.tenant, self.meter)
        }
    }

    fn now(&self) -> Timestamp {
        self.admin.service.now()
    }

    /// All keys, the eldest first; also those that ended lately.
    pub(crate) async fn list(&self) -> Result<Vec<Shown>, Problem> {
        self.check_tenant().await?;
        let listed = self
            .stored()
            .list()
            .await
            .map_err(|error| self.problem(error))?;
        let shown = listed.into_iter().map(|held| Shown { held, token: None });
        Ok(shown.collect())
    }

    /// One key.
    pub(crate) async fn read(&self, id: &str) -> Result<Shown, Problem> {
        let keys = self.list().await?;
        let mut keys = keys.into_iter();
        let found = keys.find(|key| key.held.record.id.as_str() == id);
        found.ok_or_else(|| no_key(id))
    }

    /// Makes a key; `wanted` was checked when it was read.
    pub(crate) async fn create(&self, wanted: Wanted) -> Result<Shown, Problem> {
        self.check_tenant().await?;
        if let Some(user) = wanted.subject {
            self.check_user(user).await?;
        }
        let new = NewKey {
            id: self.ids.key(),
            token: match wanted.token {
                Some(token) => NewToken::Imported(token),
                None => NewToken::Issued(self.ids.bytes()),
            },
            purpose: wanted.purpose,
            scopes: wanted.scopes,
            expires: wanted.expires,
            sources: wanted.sources,
            subject: wanted.subject.map(|user| user.as_str().to_owned()),
            seal: self.ids.bytes(),
        };
        let write = self.ids.write();
        let (stored, now) = (self.stored(), self.now());
        // Large futures are on the heap, here and below: an operation is many calls, one inside the other.
        let made = Box::pin(stored.add(&new, &write, now)).await;
        self.confirm(made.map_err(|error| self.problem(error))?)
            .await
    }

    /// Makes a key in the place of another, which goes on working for the overlap. Without another end the
    /// new key lives as long as the old one was to live.
    pub(crate) async fn rotate(&self, id: &str, rotation: &Rotation) -> Result<Shown, Problem> {
        let now = self.now();
        let overlap = rotation.overlap()?;
        let given = rotation.expires.as_deref();
        let given = given.map(|text| wanted::end(text, now)).transpose()?;
        let old = self.read(id).await?.held.record;
        if !old.is_live(now) {
            return Err(Problem::new(
                ErrorKind::Conflict,
                "this key has expired; create a new one",
            ));
        }
        let lived = |end: Timestamp| now.checked_add(end.duration_since(old.created)).ok();
        let new = NewKey {
            id: self.ids.key(),
            token: NewToken::Issued(self.ids.bytes()),
            purpose: old.purpose,
            scopes: old.scopes,
            expires: given.or_else(|| old.expires.and_then(lived)),
            sources: old.sources,
            subject: old.subject,
            seal: self.ids.bytes(),
        };
        let end = now.checked_add(overlap).unwrap_or(now);
        let write = self.ids.write();
        let stored = self.stored();
        let made = Box::pin(stored.rotate((old.id, end), &new, &write, now)).await;
        self.admin.service.tenants().forget(self.tenant);
        self.confirm(made.map_err(|error| self.problem(error))?)
            .await
    }

    /// Ends a key. Everywhere within 60 seconds.
    pub(crate) async fn revoke(&self, id: &str) -> Result<(), Problem> {
        let key = KeyId::parse(id).ok_or_else(|| no_key(id))?;
        let (stored, now) = (self.stored(), self.now());
        let revoked = Box::pin(stored.revoke(key, now)).await;
        // It may be written down in the tenant's item.
        self.admin.service.tenants().forget(self.tenant);
        if revoked.map_err(|error| self.problem(error))? {
            return Ok(());
        }
        self.check_tenant().await?;
        Err(no_key(id))
    }

    fn problem(&self, error: KeysError) -> Problem {
        problem(error, self.now())
    }

    async fn check_tenant(&self) -> Result<(), Problem> {
        let found = existing(&self.admin.service, self.tenant, self.meter).await;
        found.map(drop)
    }

    /// A key that was made, unless the tenant was closed meanwhile: its keys were taken out by then.
    async fn confirm(&self, made: Made) -> Result<Shown, Problem> {
        if let Err(gone) = self.check_tenant().await {
            let id = made.held.record.id;
            self.stored()
                .revoke(id, self.now())
                .await
                .map_err(|error| self.problem(error))?;
            return Err(gone);
        }
        Ok(Shown {
            held: made.held,
            token: made.token,
        })
    }

    async fn check_user(&self, user: ResourceId) -> Result<(), Problem> {
        let directory = self.admin.service.directory(self.tenant, self.meter);
        let found = directory.get(ResourceKind::User, user).await?;
        let none = || Problem::invalid("/subject", "there is no user of this id");
        found.map(|_| ()).ok_or_else(none)
    }
}

impl Rotation {
    /// A rotation with another overlap than usual.
    #[expect(dead_code, reason = "the pages ask whether the old key ends at once")]
    pub(crate) const fn overlapping(seconds: i64) -> Self {
        Self {
            overlap_seconds: Some(seconds),
            expires: None,
        }
    }

    fn overlap(&self) -> Result<SignedDuration, Problem> {
        let seconds = self.overlap_seconds.unwrap_or(OVERLAP);
        match (0..=LONGEST_OVERLAP).contains(&seconds) {
            true => Ok(SignedDuration::from_secs(seconds)),
            false => Err(Problem::invalid(
                "/overlapSeconds",
                format!("must be from 0, which ends the old key now, to {LONGEST_OVERLAP}"),
            )),
        }
    }
}

fn no_key(id: &str) -> Problem {
    Problem::new(
        ErrorKind::NotFound,
        format!("there is no key {}", quote(id)),
    )
}

/// Why keys could not be read or changed.
pub(super) fn problem(error: KeysError, now: Timestamp) -> Problem {
    match error {
        KeysError::Keyring(error) => error.into(),
        KeysError::Directory(error) => error.into(),
        KeysError::NoSuchTenant => Problem::new(ErrorKind::NotFound, "there is no such tenant"),
        KeysError::TooOften { most, until } => {
            let wait = until.duration_since(now).as_secs().max(1);
            let hours = (wait + 3_599) / 3_600;
            let hours = match hours {
                1 => "within an hour".to_owned(),
                hours => format!("in {hours} hours"),
            };
            Problem {
                wait: Some(wait),
                ..Problem::new(
                    ErrorKind::TooManyRequests,
                    format!(
                        "keys of this tenant were made or rotated {most} times today, which is as often as they can be; \
                         the next one can be made at {}, {hours}; keys can still be revoked",
                        until.strftime("%F %H:%M UTC")
                    ),
                )
            }
        }
    }
}

fn of<'k>(call: &'k Call<'_>, tenant: &'k TenantId) -> Keys<'k> {
    Keys {
        admin: call.admin,
        tenant,
        by: call.by,
        ids: &call.ids,
        meter: call.meter,
    }
}

async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let keys = of(call, &tenant).list().await?;
    let items: Vec<Value> = keys.iter().map(Shown::to_json).collect();
    Ok(Answer::Shown(json!({ "items": items })))
}

async fn read(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let key = of(call, &tenant).read(call.variable("key")).await?;
    Ok(Answer::Shown(key.to_json()))
}

async fn create(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let given: wanted::Given = call.body()?;
    let wanted = given.check(call.admin.service.now())?;
    let made = of(call, &tenant).create(wanted).await?;
    Ok(created(call, &tenant, &made))
}

async fn rotate(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    let rotation: Rotation = call.body_or_default()?;
    let keys = of(call, &tenant);
    let made = keys.rotate(call.variable("key"), &rotation).await?;
    Ok(created(call, &tenant, &made))
}

async fn revoke(call: &Call<'_>) -> Result<Answer, Problem> {
    let tenant = call.tenant()?;
    of(call, &tenant).revoke(call.variable("key")).await?;
    Ok(Answer::Done)
}

fn created(call: &Call<'_>, tenant: &TenantId, made: &Shown) -> Answer {
    let id = made.held.record.id;
    let location = format!("{}/admin/v1/tenants/{tenant}/keys/{id}", call.site);
    Answer::Created(location, made.to_json())
}
