//! Passwords are stored as Argon2id hashes only. RFC 7643 §9.2.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Argon2, Params, PasswordHash};
use scim_core::resource::Password;

use crate::table::DirectoryError;

/// Hashes a password with the parameters that RFC 9106 and OWASP recommend for servers (Argon2id, 19 MiB, two passes):
/// about 20 ms of CPU time. Returns PHC string format.
///
/// # Errors
///
/// `Internal` if the parameters are invalid together.
pub fn hash(password: &Password, salt: [u8; 16]) -> Result<String, DirectoryError> {
    let failed = |_| DirectoryError::Internal("a password cannot be hashed".to_owned());
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Argon2::default()
        .hash_password(password.expose().as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(failed)
}

/// The hash to compare with if the user does not exist or has no password.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let salt = SaltString::encode_b64(&[0; 16]).ok();
    let hash = salt.and_then(|salt| {
        let hash = Argon2::default().hash_password(b"nobody", &salt).ok()?;
        Some(hash.to_string())
    });
    hash.unwrap_or_default()
});

/// Whether a password matches this hash. Without a hash, as for an unknown user, the check takes as long and returns false.
#[must_use]
pub fn verify(password: &Password, hash: Option<&str>) -> bool {
    // Computed by the first call, whether or not that call has a hash.
    let nobodys = NOBODYS.as_str();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(nobodys)) else {
        return false;
    };
    let verified = Argon2::default().verify_password(password.expose().as_bytes(), &parsed);
    verified.is_ok() && hash.is_some()
}

/// Whether a hash was made with other parameters than [`hash`] uses now.
#[must_use]
pub fn is_outdated(hash: &str) -> bool {
    let Ok(parsed) = PasswordHash::new(hash) else {
        return false;
    };
    let now = Argon2::default();
    let same = |then: &Params| {
        let now = now.params();
        (then.m_cost(), then.t_cost(), then.p_cost()) == (now.m_cost(), now.t_cost(), now.p_cost())
    };
    let is_argon2id = parsed.algorithm == argon2::ARGON2ID_IDENT;
    !(is_argon2id && Params::try_from(&parsed).is_ok_and(|then| same(&then)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Password {
        Password::parse(text.into()).ok().flatten().unwrap()
    }

    #[test]
    fn a_password_is_verified_with_the_parameters_of_its_hash() {
        let now = hash(&secret("t1meMa$heen"), [7; 16]).unwrap();
        let salt = SaltString::encode_b64(&[7; 16]).unwrap();
        let weak = Argon2::new(
            argon2::Algorithm::Argon2id,
            argon2::Version::V0x13,
            Params::new(8_192, 1, 1, None).unwrap(),
        );
        let then = weak
            .hash_password(b"t1meMa$heen", &salt)
            .unwrap()
            .to_string();
        for hash in [&now, &then] {
            assert!(verify(&secret("t1meMa$heen"), Some(hash)));
            assert!(!verify(&secret("t1meMa$heeN"), Some(hash)));
        }
        assert!(!is_outdated(&now) && is_outdated(&then));
    }

    /// The substitute hash has the same parameters as every other hash and never matches.
    #[test]
    fn an_unknown_user_is_rejected_in_the_same_time() {
        assert!(!verify(&secret("nobody"), None));
        assert!(!is_outdated(&NOBODYS));
        assert!(verify(&secret("nobody"), Some(&NOBODYS)));
        assert!(!verify(&secret("x"), Some("what is no hash")));
    }

    #[test]
    fn w06_z05_a_password_is_stored_as_an_argon2id_hash_only() {
        let secret = Password::parse(serde_json::json!("t1meMa$heen"))
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
