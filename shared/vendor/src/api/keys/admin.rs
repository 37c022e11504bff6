//! The keys of the admin API itself.

use jiff::Timestamp;
use keyring::{AdminKey, KeyId, KeyringError, Record as _, Token};
use scim_core::ErrorKind;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::auth::Scope;
use super::super::call::Call;
use super::super::{Answer, Problem};
use super::{no_key, wanted};

/// An admin key as it is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    purpose: String,
    scopes: Vec<String>,
    expires: Option<String>,
    sources: Option<Vec<String>>,
}

pub(super) async fn list(call: &Call<'_>) -> Result<Answer, Problem> {
    let mut keys = listed(call).await?;
    keys.sort_by_key(|key| (key.created, key.id));
    let first = call.admin.keys.first(call.admin.service.now()).await?;
    let items = first.iter().map(AsRef::as_ref).chain(&keys);
    let items: Vec<Value> = items.map(|key| shown(key, None)).collect();
    Ok(Answer::Shown(json!({ "items": items })))
}

pub(super) async fn create(call: &Call<'_>) -> Result<Answer, Problem> {
    let given: Given = call.body()?;
    let now = call.admin.service.now();
    let token = Token::issue(
        &call.admin.keys.keyring()?,
        call.ids.key(),
        call.ids.bytes(),
    );
    let expires = given.expires.as_deref();
    let mut key = AdminKey {
        id: token.key(),
        sha256: token.digest(),
        purpose: wanted::purpose(&given.purpose)?,
        scopes: wanted::scopes(&given.scopes, &Scope::ALL, Scope::as_str)?,
        created: Some(now),
        expires: expires.map(|text| wanted::end(text, now)).transpose()?,
        sources: wanted::sources(given.sources.as_deref().unwrap_or_default())?,
    };
    narrow(&mut key, &call.caller.key)?;
    call.admin.keys.add(&key, now).await?;
    let (revoked, keyrings) = (&call.admin.revoked, &call.admin.keys);
    if let Err(error) = revoked.carry_out(keyrings, now, call.meter).await {
        tracing::warn!(%error, "admin keys stay written down as revoked");
    }
    let location = format!("{}/admin/v1/keys/{}", call.site, key.id);
    Ok(Answer::Created(location, shown(&key, Some(&token))))
}

/// Refuses a key that may do more than its maker, for longer, or from elsewhere. What is not said of it is as
/// it is with its maker.
fn narrow(key: &mut AdminKey, maker: &AdminKey) -> Result<(), Problem> {
    let lacking = key.scopes.iter().find(|scope| !maker.has(**scope));
    if let Some(scope) = lacking {
        return Err(Problem::new(
            ErrorKind::Forbidden,
            format!(
                "your own admin key does not have the scope `{}`",
                scope.as_str()
            ),
        ));
    }
    let longest = maker.expires();
    key.expires = key.expires.or(longest);
    if longest.is_some_and(|longest| key.expires.is_none_or(|end| end > longest)) {
        return Err(Problem::new(
            ErrorKind::Forbidden,
            "the key would live longer than your own admin key",
        ));
    }
    if key.sources.is_empty() {
        key.sources.clone_from(&maker.sources);
    }
    let is_inside = |network| maker.sources.iter().any(|own| own.contains(network));
    match maker.sources.is_empty() || key.sources.iter().all(is_inside) {
        true => Ok(()),
        false => Err(Problem::new(
            ErrorKind::Forbidden,
            "the key would be accepted from networks that your own admin key is not accepted from",
        )),
    }
}

pub(super) async fn revoke(call: &Call<'_>) -> Result<Answer, Problem> {
    let id = call.variable("key");
    if id == "first" {
        return Err(Problem::new(
            ErrorKind::Conflict,
            "the first key is the value of a secret; store another value there to replace it",
        ));
    }
    let key = KeyId::parse(id).ok_or_else(|| no_key(id))?;
    let keys = listed(call).await?;
    if !keys.iter().any(|held| held.id == key) {
        return Err(no_key(id));
    }
    let now = call.admin.service.now();
    match call.admin.keys.revoke(key, now).await {
        // The keyring takes no change for some hours.
        Err(KeyringError::Worn) if call.admin.revoked.note(key, call.meter).await? => {}
        revoked => revoked?,
    }
    Ok(Answer::Done)
}

/// All keys but the first one, and those that were revoked.
async fn listed(call: &Call<'_>) -> Result<Vec<AdminKey>, Problem> {
    let mut keys = call.admin.keys.list().await?;
    let revoked = call.admin.revoked.read(call.meter).await?;
    keys.retain(|key| !revoked.contains(&key.id));
    Ok(keys)
}

fn shown(key: &AdminKey, token: Option<&Token>) -> Value {
    let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
    let sources: Vec<String> = key.sources.iter().map(ToString::to_string).collect();
    let mut json = json!({
        "id": key.name(),
        "purpose": key.purpose,
        "scopes": scopes,
        "sources": sources,
    });
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    for (name, value) in [
        ("created", time(key.created)),
        ("expires", time(key.expires)),
        ("token", token.map(|token| token.expose().to_owned())),
    ] {
        if let (Some(members), Some(value)) = (json.as_object_mut(), value) {
            members.insert(name.to_owned(), value.into());
        }
    }
    json
}
