//! Credentials: the API keys of a tenant, and the passwords of users.

pub mod last_used;
mod login;
pub mod password;
mod revoked_admin_keys;
pub mod tenant_keys;

pub use login::Login;
pub use revoked_admin_keys::RevokedAdminKeys;
