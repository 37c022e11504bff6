//! Credentials: the API keys of a tenant, and the passwords of users.

mod admin_ended;
pub mod last_used;
mod login;
pub mod password;
pub mod tenant_keys;

pub use admin_ended::RevokedAdminKeys;
pub use login::Login;
