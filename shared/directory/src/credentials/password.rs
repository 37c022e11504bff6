//! Passwords: kept as Argon2id hashes and nothing else. RFC 7643 §9.2.

use std::sync::LazyLock;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, SaltString};
use argon2::{Argon2, Params, PasswordHash};
use scim_core::resource::Secret;

use crate::table::DirectoryError;

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

/// What is compared where there is nothing to compare with.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    let salt = SaltString::encode_b64(&[0; 16]).ok();
    let hash = salt.and_then(|salt| {
        let hash = Argon2::default().hash_password(b"nobody", &salt).ok()?;
        Some(hash.to_string())
    });
    hash.unwrap_or_default()
});

/// Whether a password has this hash. Without one, as for a user that there is not, it takes as long to say no.
#[must_use]
pub fn verify(password: &Secret, hash: Option<&str>) -> bool {
    // Made by whoever comes first, for a user or for nobody.
    let nobodys = NOBODYS.as_str();
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(nobodys)) else {
        return false;
    };
    let verified = Argon2::default().verify_password(password.expose().as_bytes(), &parsed);
    verified.is_ok() && hash.is_some()
}

/// Whether a hash was made with other parameters than [`hash`] takes now.
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

    fn secret(text: &str) -> Secret {
        Secret::parse(text.into()).ok().flatten().unwrap()
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

    /// By construction: what is compared for nobody has the parameters of any other hash, and is never right.
    #[test]
    fn nobody_is_refused_in_the_time_of_somebody() {
        assert!(!verify(&secret("nobody"), None));
        assert!(!is_outdated(&NOBODYS));
        assert!(verify(&secret("nobody"), Some(&NOBODYS)));
        assert!(!verify(&secret("x"), Some("what is no hash")));
    }

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
