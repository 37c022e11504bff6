//! Passwords: kept as Argon2id hashes and nothing else. RFC 7643 §9.2.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, SaltString};
use scim_core::resource::Secret;

use crate::error::DirectoryError;

/// The hash of a password, in PHC form, with the parameters that RFC 9106 and OWASP name for servers
/// (Argon2id, 19 MiB, two passes): about 20 ms of CPU.
///
/// # Errors
///
/// `Internal` if the parameters do not fit each other.
pub fn hash(password: &Secret, salt: [u8; 16]) -> Result<String, DirectoryError> {
    let failed = |_| DirectoryError::Internal("a password cannot be hashed".to_owned());
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Argon2::default()
        .hash_password(password.expose().as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use argon2::{PasswordHash, PasswordVerifier};

    #[test]
    fn w06_z05_a_password_is_kept_as_an_argon2id_hash_only() {
        let secret = Secret::parse(serde_json::json!("t1meMa$heen"))
            .ok()
            .flatten()
            .unwrap();
        let hash = hash(&secret, [7; 16]).unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(!hash.contains("t1meMa"));
        let parsed = PasswordHash::new(&hash).unwrap();
        assert!(
            Argon2::default()
                .verify_password(b"t1meMa$heen", &parsed)
                .is_ok()
        );
        assert!(
            Argon2::default()
                .verify_password(b"t1meMa$heeN", &parsed)
                .is_err()
        );
    }
}
