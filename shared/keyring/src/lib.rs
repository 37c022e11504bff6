//! Authentication of API keys: tenant ids, tokens, and the keyrings that decide which tokens are valid. The only crate
//! that knows Secrets Manager.

pub mod aws;
mod keyrings;
mod limits;
mod tenant_id;
mod token;

pub use keyrings::{
    AdminKey, AdminKeyrings, AdminScope, End, KeyRecord, KeyringError, Keyrings, Record, Scope,
};
pub use tenant_id::TenantId;
pub use token::{Digest, ImportedToken, KeyId, KeyringId, Presented, Token, Unfit};
