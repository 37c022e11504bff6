//! Authentication of API keys: tenant ids, tokens, and the keyrings that decide which tokens are valid. The only crate
//! that knows Secrets Manager.

pub mod aws;
mod error;
mod keyrings;
mod limits;
#[cfg(test)]
mod stub;
mod tenant_id;
mod token;
mod versions;
mod webhooks;

pub use error::KeyringError;
pub use keyrings::{AdminKey, AdminKeyrings, AdminScope, End, KeyRecord, Keyrings, Record, Scope};
pub use tenant_id::TenantId;
pub use token::{Digest, ImportedToken, KeyId, KeyringId, Presented, Token, Unfit};
pub use webhooks::{WebhookSecret, WebhookSecrets};
