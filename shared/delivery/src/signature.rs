//! Signatures of webhooks by Standard Webhooks 1.0, `v1`: HMAC-SHA256 of `id.timestamp.body`.
//!
//! `v1a`, Ed25519, is not implemented: the reference libraries of JavaScript, Python, Go, Java, Rust and C# verify `v1` only.

use std::fmt;

use data_encoding::BASE64;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use ring::hmac;

/// The id of the message, the same at each attempt.
pub const ID: HeaderName = HeaderName::from_static("webhook-id");
/// The time of the attempt in seconds since 1970.
pub const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
/// One signature for each secret, separated by one space: several verifiers split at every space and reject an empty part.
pub const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// How far the time of an attempt may be from the verifier's. The libraries have the same value, and no option for it.
pub const TOLERANCE_SECONDS: i64 = 5 * 60;

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1";
/// Bytes of a secret: 24 in ours, up to 64 in those of others.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The secret that sender and receiver share.
#[derive(Clone)]
pub struct Secret {
    bytes: Vec<u8>,
    key: hmac::Key,
}

/// Text that is not a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotASecret {
    /// It does not begin with `whsec_`.
    Prefix,
    /// The rest is not standard base64 with padding.
    Base64,
    /// It has fewer than 24 or more than 64 bytes.
    Length(usize),
}

/// An id that cannot be sent: something other than letters, digits and `_`, or nothing. The signed text separates the id
/// from the time by a full stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAnId;

/// Why a message is rejected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unverified {
    /// A header is missing, is there twice, or is not text.
    Header(&'static str),
    /// The time is not a number.
    Timestamp,
    /// The time is more than [`TOLERANCE_SECONDS`] away.
    Stale,
    /// No signature belongs to the message.
    Signature,
}

impl Secret {
    /// A new secret from 24 random bytes.
    #[must_use]
    pub fn generate(random: [u8; 24]) -> Self {
        Self::of(random.to_vec())
    }

    /// Reads `whsec_…`.
    ///
    /// # Errors
    ///
    /// When the text is not a secret.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let encoded = text.strip_prefix(PREFIX).ok_or(NotASecret::Prefix)?;
        let bytes = BASE64.decode(encoded.as_bytes());
        let bytes = bytes.map_err(|_| NotASecret::Base64)?;
        match BYTES.contains(&bytes.len()) {
            true => Ok(Self::of(bytes)),
            false => Err(NotASecret::Length(bytes.len())),
        }
    }

    fn of(bytes: Vec<u8>) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        Self { bytes, key }
    }

    /// The text `whsec_…`, for the receiver.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", BASE64.encode(&self.bytes))
    }

    /// The signature `v1,…` of one attempt.
    #[must_use]
    pub fn sign(&self, id: &str, timestamp: Timestamp, body: &[u8]) -> String {
        let mut signing = hmac::Context::with_key(&self.key);
        signing.update(signed_head(id, timestamp.as_second()).as_bytes());
        signing.update(body);
        format!("{VERSION},{}", BASE64.encode(signing.sign().as_ref()))
    }

    /// Compares in constant time.
    fn has_signed(&self, signed: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.key, signed, tag).is_ok()
    }
}

/// Without the secret.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

impl fmt::Display for NotASecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix => write!(f, "a secret begins with `{PREFIX}`"),
            Self::Base64 => write!(f, "a secret is base64 with padding after `{PREFIX}`"),
            Self::Length(bytes) => {
                let (least, most) = (BYTES.start(), BYTES.end());
                write!(f, "a secret has {least} to {most} bytes; this has {bytes}")
            }
        }
    }
}

impl std::error::Error for NotASecret {}

impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "the header {name} is missing or repeated"),
            Self::Timestamp => write!(f, "{TIMESTAMP} is not a number of seconds"),
            Self::Stale => write!(f, "{TIMESTAMP} is more than five minutes away"),
            Self::Signature => write!(f, "no signature in {SIGNATURE} belongs to the message"),
        }
    }
}

impl std::error::Error for Unverified {}

/// The headers of one attempt, signed with each live secret, newest first.
///
/// # Errors
///
/// When the id cannot be sent.
pub fn headers(
    secrets: &[Secret],
    id: &str,
    timestamp: Timestamp,
    body: &[u8],
) -> Result<HeaderMap, NotAnId> {
    let is_sendable = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if id.is_empty() || !id.bytes().all(is_sendable) {
        return Err(NotAnId);
    }
    let signatures: Vec<String> = secrets
        .iter()
        .map(|secret| secret.sign(id, timestamp, body))
        .collect();
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| NotAnId);
    let mut headers = HeaderMap::with_capacity(3);
    headers.insert(ID, value(id)?);
    headers.insert(TIMESTAMP, HeaderValue::from(timestamp.as_second()));
    headers.insert(SIGNATURE, value(&signatures.join(" "))?);
    Ok(headers)
}

/// Verifies a message and returns its id.
///
/// # Errors
///
/// When a header is missing, the time is too far away, or no signature belongs to one of the secrets.
pub fn verify<'h>(
    secrets: &[Secret],
    headers: &'h HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<&'h str, Unverified> {
    let id = only(headers, &ID, "webhook-id")?;
    let sent = only(headers, &TIMESTAMP, "webhook-timestamp")?;
    let signatures = only(headers, &SIGNATURE, "webhook-signature")?;
    let sent: i64 = sent.parse().map_err(|_| Unverified::Timestamp)?;
    if now.as_second().abs_diff(sent) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(Unverified::Stale);
    }
    let signed = [signed_head(id, sent).as_bytes(), body].concat();
    let is_signed = signatures
        .split(' ')
        .filter_map(|one| one.split_once(','))
        .filter(|(version, _)| *version == VERSION)
        .filter_map(|(_, tag)| BASE64.decode(tag.as_bytes()).ok())
        .any(|tag| {
            secrets
                .iter()
                .any(|secret| secret.has_signed(&signed, &tag))
        });
    match is_signed {
        true => Ok(id),
        false => Err(Unverified::Signature),
    }
}

/// What is signed before the body.
fn signed_head(id: &str, seconds: i64) -> String {
    format!("{id}.{seconds}.")
}

/// The text of a header that is there once.
fn only<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
    shown: &'static str,
) -> Result<&'h str, Unverified> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| Unverified::Header(shown)),
        _ => Err(Unverified::Header(shown)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const MESSAGE: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::parse(text).unwrap()
    }

    #[test]
    fn the_signature_is_that_of_the_reference_libraries() {
        assert_eq!(
            secret(SECRET).sign(MESSAGE, at(1_614_265_330), BODY),
            SIGNED
        );
    }

    #[test]
    fn a_new_secret_is_24_bytes_in_base64_with_padding() {
        let made = Secret::generate([7; 24]);
        assert_eq!(made.expose(), "whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH");
        assert_eq!(secret(&made.expose()).expose(), made.expose());
        assert_eq!(format!("{made:?}"), "Secret { .. }");
    }

    #[test]
    fn a_secret_has_a_prefix_padded_base64_and_24_to_64_bytes() {
        let of = |bytes: usize| format!("whsec_{}", BASE64.encode(&vec![1; bytes]));
        for bytes in [24, 25, 32, 64] {
            assert!(Secret::parse(&of(bytes)).is_ok(), "{bytes}");
        }
        let unpadded = of(25).trim_end_matches('=').to_owned();
        for (text, why) in [
            (SECRET.replace("whsec_", ""), NotASecret::Prefix),
            (SECRET.replace("whsec_", "whpk_"), NotASecret::Prefix),
            (unpadded, NotASecret::Base64),
            (format!("{SECRET} "), NotASecret::Base64),
            ("whsec_-_-_-_-_".to_owned(), NotASecret::Base64),
            (of(23), NotASecret::Length(23)),
            (of(65), NotASecret::Length(65)),
        ] {
            assert_eq!(Secret::parse(&text).unwrap_err(), why, "{text}");
        }
    }

    #[test]
    fn each_header_is_there_once_and_signatures_have_one_space_between() {
        let secrets = [secret(SECRET), Secret::generate([9; 24])];
        let sent = at(1_614_265_330);
        let headers = headers(&secrets, MESSAGE, sent, BODY).unwrap();
        assert_eq!(headers.len(), 3);
        assert_eq!(headers[ID], MESSAGE);
        assert_eq!(headers[TIMESTAMP], "1614265330");
        let both = headers[SIGNATURE].to_str().unwrap();
        assert_eq!(
            both,
            format!("{SIGNED} {}", secrets[1].sign(MESSAGE, sent, BODY))
        );
    }

    #[test]
    fn the_time_has_no_fraction() {
        let sent = "2021-02-25T15:02:10.999Z".parse().unwrap();
        let headers = headers(&[secret(SECRET)], MESSAGE, sent, BODY).unwrap();
        assert_eq!(headers[TIMESTAMP], "1614265330");
        assert_eq!(headers[SIGNATURE], SIGNED);
    }

    #[test]
    fn an_id_has_letters_digits_and_underscores_only() {
        for id in ["", "a.b", "a b", "a,b", "é", "a\n"] {
            let refused = headers(&[secret(SECRET)], id, at(0), BODY);
            assert_eq!(refused.unwrap_err(), NotAnId, "{id:?}");
        }
    }

    #[test]
    fn any_of_the_receivers_secrets_verifies_any_of_the_signatures() {
        let (old, new, other) = (
            secret(SECRET),
            Secret::generate([9; 24]),
            Secret::generate([1; 24]),
        );
        let sent = at(1_614_265_330);
        let both = headers(&[new.clone(), old.clone()], MESSAGE, sent, BODY).unwrap();
        for known in [
            vec![old.clone()],
            vec![new.clone()],
            vec![other.clone(), old],
        ] {
            assert_eq!(verify(&known, &both, BODY, sent), Ok(MESSAGE));
        }
        let refused = verify(&[other], &both, BODY, sent);
        assert_eq!(refused, Err(Unverified::Signature));
    }

    #[test]
    fn what_was_changed_on_the_way_is_rejected() {
        let (secrets, sent) = ([secret(SECRET)], at(1_614_265_330));
        let good = headers(&secrets, MESSAGE, sent, BODY).unwrap();
        let with = |name: HeaderName, value: &str| {
            let mut headers = good.clone();
            headers.insert(name, value.parse().unwrap());
            headers
        };
        let mut twice = good.clone();
        twice.append(SIGNATURE, SIGNED.parse().unwrap());
        let mut without = good.clone();
        without.remove(ID);
        for (headers, body, why) in [
            (good.clone(), &b"{}"[..], Unverified::Signature),
            (with(ID, "msg_other"), BODY, Unverified::Signature),
            (with(TIMESTAMP, "1614265331"), BODY, Unverified::Signature),
            (with(TIMESTAMP, "now"), BODY, Unverified::Timestamp),
            (with(TIMESTAMP, "1614265330.0"), BODY, Unverified::Timestamp),
            (with(SIGNATURE, ""), BODY, Unverified::Signature),
            (with(SIGNATURE, "v1,"), BODY, Unverified::Signature),
            (
                with(SIGNATURE, &SIGNED.replace("v1", "v2")),
                BODY,
                Unverified::Signature,
            ),
            (twice, BODY, Unverified::Header("webhook-signature")),
            (without, BODY, Unverified::Header("webhook-id")),
        ] {
            let refused = verify(&secrets, &headers, body, sent).unwrap_err();
            assert_eq!(refused, why, "{headers:?}");
        }
    }

    #[test]
    fn a_message_is_valid_for_five_minutes_around_its_time() {
        let (secrets, sent) = ([secret(SECRET)], 1_614_265_330);
        let headers = headers(&secrets, MESSAGE, at(sent), BODY).unwrap();
        for (seconds, is_valid) in [
            (0, true),
            (300, true),
            (301, false),
            (-300, true),
            (-301, false),
        ] {
            let result = verify(&secrets, &headers, BODY, at(sent + seconds));
            assert_eq!(result.is_ok(), is_valid, "{seconds}");
        }
        let far = [
            ("9223372036854775807", Unverified::Stale),
            ("-1", Unverified::Stale),
        ];
        for (time, why) in far {
            let mut headers = headers.clone();
            headers.insert(TIMESTAMP, time.parse().unwrap());
            assert_eq!(verify(&secrets, &headers, BODY, at(sent)), Err(why));
        }
    }
}
