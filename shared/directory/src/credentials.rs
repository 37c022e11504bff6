//! What a caller or a person proves who it is with: the keys of a tenant, and passwords.

mod admin_ended;
pub mod last_used;
mod login;
pub mod password;
pub mod tenant_keys;

pub use admin_ended::RevokedAdminKeys;
pub use login::Login;
