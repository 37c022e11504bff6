//! Sets up a new local stack: the initial admin key, and tenants with a token.

use std::sync::Arc;

use data_encoding::BASE32_DNSSEC;
use directory::tenant_keys::TenantKeys;
use directory::tenants::{Age, Closing, NewTenant, NotLoaded, Settings, Status};
use directory::{Clients, Meter, WriteId};
use jiff::Timestamp;
use keyring::{
    Digest, KeyId, KeyRecord, KeyringError, KeyringId, Presented, Scope, TenantId, Token,
};
use service::Service;
use service::clock::{Clock, Ids};

use super::{ADMIN_PREFIX, KEYRING, StartError};

/// Keyrings to try: a keyring that was changed too often within a day accepts no more changes.
const KEYRINGS: u32 = 8;

/// The initial admin key, created if missing, as the template does in AWS.
///
/// # Errors
///
/// When Secrets Manager fails.
pub async fn admin_key(clients: &Clients, ids: &Ids) -> Result<String, StartError> {
    let name = format!("{ADMIN_PREFIX}key");
    let key = BASE32_DNSSEC.encode(&ids.bytes::<30>());
    let made = clients.secrets.create_secret().name(&name);
    if made.secret_string(&key).send().await.is_ok() {
        return Ok(key);
    }
    let there = clients.secrets.get_secret_value().secret_id(&name);
    let there = there.send().await?;
    Ok(there
        .secret_string
        .ok_or("the initial admin key is empty")?)
}

/// Creates a tenant with provisioning turned on and gives it a token; see [`super::Stack::tenant`].
///
/// # Errors
///
/// When the name or the token has not the form of one.
pub async fn provision(
    service: &Service,
    clock: &Clock,
    ids: &Ids,
    name: &str,
    token: Option<&str>,
) -> Result<String, StartError> {
    let tenant = TenantId::parse(name).ok_or_else(|| format!("{name} is not a tenant name"))?;
    let keyring = KeyringId::parse(KEYRING).ok_or("not a keyring name")?;
    let record = |id: KeyId, sha256: Digest, purpose: &str| KeyRecord {
        id,
        tenant: tenant.clone(),
        sha256,
        purpose: purpose.to_owned(),
        scopes: vec![Scope::Scim],
        created: clock.now(),
        expires: None,
        sources: Vec::new(),
        subject: None,
        imported: matches!(token.map(Token::parse), Some(Presented::Imported(_))),
        seal: ids.bytes(),
    };
    let (meter, now) = (Arc::new(Meter::default()), clock.now());
    ensure_tenant(service, tenant.clone(), now, &ids.write()).await?;
    let keys = service.keys(&tenant, &meter);
    open(&keys, &keyring, ids).await?;
    match token.map(Token::parse) {
        None => {
            let key = demo_key(&tenant);
            let new = |token: &Token| record(key, token.digest(), "local");
            reissue(keys, key, new, now, ids).await
        }
        Some(Presented::Issued(token)) => {
            open(&keys, token.keyring(), ids).await?;
            let record = record(token.key(), token.digest(), "given");
            accept_existing(keys.keyrings.add(token.keyring(), &record, now).await)?;
            Ok(token.expose().to_owned())
        }
        Some(Presented::Imported(given)) => {
            let record = record(ids.key(), given.digest(), "imported");
            accept_existing(keys.keyrings.add(&keyring, &record, now).await)?;
            Ok(token.unwrap_or_default().to_owned())
        }
        Some(Presented::Malformed) => {
            Err("a token must have at least 32 printable ASCII characters and no spaces".into())
        }
    }
}

/// Creates a keyring if it is missing, and notes that it has a key of the tenant.
async fn open(keys: &TenantKeys<'_>, keyring: &KeyringId, ids: &Ids) -> Result<(), StartError> {
    keys.keyrings.create(keyring).await?;
    keys.note(keyring, &ids.write()).await?;
    Ok(())
}

/// Replaces the key with this id by a new one, in the first keyring that still accepts changes today.
async fn reissue(
    keys: TenantKeys<'_>,
    id: KeyId,
    new: impl Fn(&Token) -> KeyRecord,
    now: Timestamp,
    ids: &Ids,
) -> Result<String, StartError> {
    for number in 1..=KEYRINGS {
        let keyring = KeyringId::numbered(number).ok_or("not a keyring name")?;
        open(&keys, &keyring, ids).await?;
        let token = Token::issue(&keyring, id, ids.bytes());
        let replaced = keys.keyrings.replace(&keyring, id, &new(&token), now).await;
        match replaced {
            Ok(()) => return Ok(token.expose().to_owned()),
            Err(KeyringError::Worn) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err("the keyrings were changed too often within a day".into())
}

/// Creates a tenant. An existing one keeps its name, status and settings.
async fn ensure_tenant(
    service: &Service,
    id: TenantId,
    now: Timestamp,
    write: &WriteId,
) -> Result<(), StartError> {
    let (tenants, meter) = (service.tenants(), Arc::new(Meter::default()));
    let loaded = tenants.load(&id, Age::Current, Closing::Allow, &meter);
    match loaded.await {
        Ok(_) => return Ok(()),
        Err(NotLoaded::Absent) => {}
        Err(not_loaded) => return Err(not_loaded.into()),
    }
    let new = NewTenant {
        name: id.to_string(),
        id,
        status: Status::On,
        settings: Settings::default(),
    };
    tenants.create(new, now, write, &meter).await?;
    Ok(())
}

/// Treats a token that is already in the keyring as added.
fn accept_existing(added: Result<(), KeyringError>) -> Result<(), KeyringError> {
    match added {
        Err(KeyringError::Taken) => Ok(()),
        other => other,
    }
}

/// The id of a tenant's demo key: a hash (FNV-1a) of its name, so that a new token replaces the one before.
fn demo_key(tenant: &TenantId) -> KeyId {
    let sum = tenant
        .as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
            (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let [_, _, bytes @ ..] = sum.to_be_bytes();
    KeyId::from_bytes(bytes)
}
