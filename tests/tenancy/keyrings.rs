//! Stored keys: in which keyring they are, who finds them, and what remains of them.

mod admin;
mod expiring;
mod placing;
mod worn;

use std::sync::Arc;

use directory::Meter;
use directory::tenant_keys::{CreatedKey, HeldKey, KeysError, NewKey, NewToken};
use jiff::Timestamp;
use keyring::{KeyId, Scope, TenantId, Token};
use service::Service;
use service::clock::{Clock, Ids};

use crate::support::Target;

/// Another service over the same table, as for another administrator.
fn administrator(target: &Target) -> Service {
    let clients = &target.stack.services.clients;
    local::stack::service(clients, None, Clock::system(), Ids::system())
}

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).expect("a tenant")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time")
}

fn new_key(purpose: &str, imported: Option<&str>) -> NewKey {
    let ids = Ids::system();
    NewKey {
        id: ids.key(),
        token: match imported {
            None => NewToken::Issued(ids.bytes()),
            Some(text) => {
                NewToken::Imported(Token::import(text).unwrap_or_else(|why| panic!("{why}")))
            }
        },
        purpose: purpose.to_owned(),
        scopes: vec![Scope::Scim],
        expires: None,
        sources: Vec::new(),
        subject: None,
        seal: ids.bytes(),
    }
}

async fn add(by: &Service, tenant: &TenantId, new: &NewKey) -> Result<CreatedKey, KeysError> {
    let (meter, write) = (Arc::new(Meter::default()), Ids::system().write());
    by.keys(tenant, &meter).add(new, &write, at(0)).await
}

async fn list(by: &Service, tenant: &TenantId) -> Vec<HeldKey> {
    let meter = Arc::new(Meter::default());
    let listed = by.keys(tenant, &meter).list().await;
    listed.expect("the keys")
}

async fn revoke(by: &Service, tenant: &TenantId, key: KeyId) -> bool {
    let meter = Arc::new(Meter::default());
    let revoked = by.keys(tenant, &meter).revoke(key, at(1)).await;
    revoked.expect("the keyring can be changed")
}
