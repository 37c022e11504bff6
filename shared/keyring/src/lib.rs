//! Who may call: tenants' names, tokens, and the keyrings that say which tokens are good. The only crate that knows
//! Secrets Manager.

pub mod aws;
mod keyrings;
mod tenant_id;
mod token;

pub use keyrings::{
    AdminKey, AdminKeyrings, AdminScope, End, KeyRecord, KeyringError, Keyrings, Record, Scope,
};
pub use tenant_id::TenantId;
pub use token::{Digest, ImportedToken, KeyId, KeyringId, Presented, Token};
