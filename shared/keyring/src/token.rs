//! Bearer tokens: their format, and how the text that a client presents is classified (design section 3, RFC 6750 §2.1).
//!
//! ```text
//! muster_k1_04hmasr9d0_6fr3c…(52)…bug_0a1b2co
//! prefix keyring key id  256 random bits   checksum
//! ```
//!
//! * Alphabet `0-9a-v` (base32hex of RFC 4648 §7 in lower case, no padding). A double click selects the whole token.
//! * Keyring: `a-z`, then up to seven of `a-z0-9`. Key id: 10 characters, 48 bits when issued here.
//! * Checksum: CRC-32 (IEEE) over everything before its underscore, big-endian, in 7 characters. It
//!   rejects typing errors and scanners' guesses without a call to Secrets Manager. It is not a
//!   protection, because anyone can compute it.
//! * Length: 80 to 87 characters. A pattern for secret scanners:
//!
//! ```text
//! \bmuster_[a-z][a-z0-9]{0,7}_[0-9a-v]{10}_[0-9a-v]{51}[0g]_[0-9a-v]{6}[08go]\b
//! ```
//!
//! The two special character classes are the last characters of 256 and of 32 bits, which use one and two of their five
//! bits. Every token has exactly one spelling, so its SHA-256 has one value.
//!
//! Text that does not start with `muster_` may be a token that the vendor imported from an older system. It does not name a
//! keyring, so the tenant's list of keyrings is needed to find it.
//!
//! This module does not check whether a token is valid; `keyring` does. The caller supplies the random bytes. Types that
//! contain a token implement neither `Debug` nor `Display`.

use std::fmt;

use data_encoding::{BASE32_DNSSEC, HEXLOWER};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::limits::{FEWEST_DISTINCT, LONGEST_IMPORTED, LONGEST_ISSUED, SHORTEST_IMPORTED};

/// The prefix of every token that this service issues.
const PREFIX: &str = "muster";

/// The name of a keyring, such as `k1`: 1 to 8 characters from `a-z` and `0-9`, starting with a letter.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyringId(Box<str>);

impl KeyringId {
    /// Parses a name; `None` if the text is not a valid name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() <= 8
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
        well_formed.then(|| Self(text.into()))
    }

    /// The keyring with this number: the keyrings for tenants' keys are `k1`, `k2` and so on.
    #[must_use]
    pub fn numbered(number: u32) -> Option<Self> {
        Self::parse(&format!("k{number}"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyringId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyringId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a key in its keyring: 10 characters of the token alphabet. It is not secret and may be logged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 10]);

impl KeyId {
    /// Parses an id; `None` if the text is not a valid id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 10] = text.as_bytes().try_into().ok()?;
        bytes
            .iter()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'))
            .then_some(Self(bytes))
    }

    /// Makes an id from 6 random bytes. With 48 bits a collision is possible; adding a key rejects an id that is in use.
    #[must_use]
    pub fn from_bytes(random: [u8; 6]) -> Self {
        let mut text = [b'0'; 10];
        BASE32_DNSSEC.encode_mut(&random, &mut text);
        Self(text)
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // An id contains only ASCII characters.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The SHA-256 of a token's text. Comparison takes constant time, and `Debug` hides the digest, because an imported token
/// may be weaker than an issued one.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a token's text.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// Parses 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(text.as_bytes()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The bytes, as a cache key.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Formats the digest as 64 lower-case hexadecimal digits for the keyring.
    #[must_use]
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

/// The bearer token that a client presented, classified.
pub enum Presented {
    /// A well-formed token of this service, not checked against its keyring yet.
    Issued(Token),
    /// Text that may be a token of another system.
    Imported(ImportedToken),
    /// Text that cannot be a token: rejected without a call.
    Malformed,
}

/// A well-formed token of this service, including its secret text.
pub struct Token {
    text: Box<str>,
    keyring: KeyringId,
    key: KeyId,
}

impl Token {
    /// Issues the token of a new key from 32 random bytes.
    #[must_use]
    pub fn issue(keyring: &KeyringId, key: KeyId, random: [u8; 32]) -> Self {
        let signed = format!("{PREFIX}_{keyring}_{key}_{}", BASE32_DNSSEC.encode(&random));
        let text = format!("{signed}_{}", checksum(&signed)).into();
        Self {
            text,
            keyring: keyring.clone(),
            key,
        }
    }

    /// Classifies the text that a client presented, without a lookup.
    ///
    /// Text that starts with `muster_` is a token of this service or [`Presented::Malformed`]. Other text of 32 to 4096
    /// visible ASCII characters without spaces may be an imported token.
    #[must_use]
    pub fn parse(text: &str) -> Presented {
        if text
            .strip_prefix(PREFIX)
            .is_some_and(|rest| rest.starts_with('_'))
        {
            return Self::read(text).map_or(Presented::Malformed, Presented::Issued);
        }
        let sized = (SHORTEST_IMPORTED..=LONGEST_IMPORTED).contains(&text.len());
        match sized && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Presented::Imported(ImportedToken {
                digest: Digest::of(text),
            }),
            false => Presented::Malformed,
        }
    }

    /// Imports a token of another system.
    ///
    /// # Errors
    ///
    /// The reason why the text cannot be imported.
    pub fn import(text: &str) -> Result<ImportedToken, Unfit> {
        if text.len() < SHORTEST_IMPORTED {
            return Err(Unfit::Short);
        }
        if text.len() > LONGEST_IMPORTED {
            return Err(Unfit::Long);
        }
        match Self::parse(text) {
            Presented::Imported(_) if distinct(text) < FEWEST_DISTINCT => Err(Unfit::Guessable),
            Presented::Imported(token) => Ok(token),
            Presented::Issued(_) => Err(Unfit::Issued),
            Presented::Malformed if text.starts_with("muster_") => Err(Unfit::Issued),
            Presented::Malformed => Err(Unfit::Unsendable),
        }
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST_ISSUED {
            return None;
        }
        let (signed, sum) = text.rsplit_once('_')?;
        let (named, random) = signed.rsplit_once('_')?;
        let (_, ids) = named.split_once('_')?;
        let (keyring, key) = ids.split_once('_')?;
        let bytes = BASE32_DNSSEC.decode(random.as_bytes()).ok()?;
        // Decoding ignores case, but only the spelling that `issue` makes is valid.
        let well_formed =
            bytes.len() == 32 && BASE32_DNSSEC.encode(&bytes) == random && sum == checksum(signed);
        let (keyring, key) = (KeyringId::parse(keyring)?, KeyId::parse(key)?);
        well_formed.then(|| Self {
            text: text.into(),
            keyring,
            key,
        })
    }

    /// The keyring that holds the token's key.
    #[must_use]
    pub fn keyring(&self) -> &KeyringId {
        &self.keyring
    }

    /// The id of the token's key.
    #[must_use]
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// The digest that the keyring stores for the token.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.text)
    }

    /// The secret text. It is shown once, to the caller who requested the token, and never logged.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }
}

/// A token that another system issued. Only its digest is kept, because the text is not needed afterwards.
pub struct ImportedToken {
    digest: Digest,
}

impl ImportedToken {
    /// The digest that the keyring stores for the token.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

/// Why a text cannot be imported as a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    /// The text is too short.
    Short,
    /// The text is too long.
    Long,
    /// The text contains characters that a header cannot transmit unchanged.
    Unsendable,
    /// The text has too few distinct characters.
    Guessable,
    /// The text is or looks like a token of this service, which would be looked up in the keyring that it names.
    Issued,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short => write!(f, "has fewer than {SHORTEST_IMPORTED} characters; create a new key instead"),
            Self::Long => write!(f, "has more than {LONGEST_IMPORTED} characters"),
            Self::Unsendable => f.write_str(
                "contains spaces, control characters or non-ASCII characters; send only the token itself",
            ),
            Self::Guessable => f.write_str("can be guessed; create a new key instead"),
            Self::Issued => f.write_str("has the prefix of this service's own tokens, which cannot be imported; create a new key instead"),
        }
    }
}

fn distinct(text: &str) -> usize {
    let bytes: std::collections::BTreeSet<u8> = text.bytes().collect();
    bytes.len()
}

fn checksum(signed: &str) -> String {
    BASE32_DNSSEC.encode(&crc32fast::hash(signed.as_bytes()).to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(random: [u8; 32]) -> Token {
        Token::issue(
            &KeyringId::parse("k1").unwrap(),
            KeyId::from_bytes([1, 2, 3, 4, 5, 6]),
            random,
        )
    }

    fn accepted(text: &str) -> bool {
        matches!(Token::parse(text), Presented::Issued(_))
    }

    fn malformed(text: &str) -> bool {
        matches!(Token::parse(text), Presented::Malformed)
    }

    #[test]
    fn the_format_is_fixed() {
        assert_eq!(
            issue([0xa5; 32]).expose(),
            "muster_k1_041061050o_kmiqb9d5kmiqb9d5kmiqb9d5kmiqb9d5kmiqb9d5kmiqb9d5kmig_fb0k4vo"
        );
    }

    #[test]
    fn an_issued_token_is_parsed_back() {
        let token = issue([7; 32]);
        let Presented::Issued(read) = Token::parse(token.expose()) else {
            panic!("refused")
        };
        assert_eq!(read.expose(), token.expose());
        assert_eq!((read.keyring(), read.key()), (token.keyring(), token.key()));
        assert!(read.digest() == token.digest());
        assert!(read.digest() != issue([8; 32]).digest());
    }

    /// Checks the regular expression of the module's documentation, class by class.
    #[test]
    fn the_scanner_pattern_matches_every_token() {
        fn all_in(text: &str, class: &str) -> bool {
            text.chars().all(|c| class.contains(c))
        }
        let alphabet = "0123456789abcdefghijklmnopqrstuv";
        for seed in 0..=255_u8 {
            let random: [u8; 32] = Sha256::digest([seed]).into();
            for ring in ["k", "k1", "zzzzzzz9"] {
                let key = KeyId::from_bytes([seed, 0, 255, seed, !seed, seed]);
                let token = Token::issue(&KeyringId::parse(ring).unwrap(), key, random);
                let [prefix, keyring, key, secret, sum] =
                    token.expose().split('_').collect::<Vec<_>>()[..]
                else {
                    panic!("five parts")
                };
                assert_eq!(
                    (prefix, keyring, key.len(), secret.len(), sum.len()),
                    ("muster", ring, 10, 52, 7)
                );
                let ((secret, one_bit), (sum, two_bits)) = (secret.split_at(51), sum.split_at(6));
                assert!([key, secret, sum].iter().all(|part| all_in(part, alphabet)));
                assert!(
                    all_in(one_bit, "0g") && all_in(two_bits, "08go"),
                    "{one_bit} {two_bits}"
                );
                assert!((80..=LONGEST_ISSUED).contains(&token.expose().len()));
            }
        }
    }

    #[test]
    fn any_changed_character_is_rejected() {
        let token = issue([7; 32]);
        for at in 0..token.expose().len() {
            for other in ["0", "1", "g", "v", "w", "A", "_", " "] {
                let mut changed = token.expose().to_owned();
                changed.replace_range(at..=at, other);
                assert!(
                    changed == token.expose() || !accepted(&changed),
                    "{changed}"
                );
            }
        }
    }

    #[test]
    fn a_valid_checksum_does_not_make_a_malformed_token_valid() {
        let random = BASE32_DNSSEC.encode(&[7; 32]);
        let loud = random.to_uppercase();
        let (short, last) = random.split_at(51);
        let unused_bits = format!("{short}1");
        assert_eq!(last, "g");
        let long_key = format!("muster_k1_0410610500a_{random}");
        let cases = [
            "muster".to_owned(),
            "muster_".to_owned(),
            "muster_k1".to_owned(),
            "muster_k1_0410610500".to_owned(),
            format!("muster_k1_0410610500_{loud}"),
            format!("muster_k1_0410610500_{unused_bits}"),
            format!("muster_k1_0410610500_{short}"),
            format!("muster_K1_0410610500_{random}"),
            format!("muster_1k_0410610500_{random}"),
            format!("muster__0410610500_{random}"),
            format!("muster_k23456789_0410610500_{random}"),
            format!("muster_k1_041061050w_{random}"),
            format!("muster_k1_x_0410610500_{random}"),
            long_key,
        ];
        for signed in cases {
            assert!(
                malformed(&format!("{signed}_{}", checksum(&signed))),
                "{signed}"
            );
        }
        let good = format!("muster_k1_0410610500_{random}");
        assert!(accepted(&format!("{good}_{}", checksum(&good))));
    }

    #[test]
    fn other_visible_text_may_be_an_imported_token() {
        let (short, long) = ("x".repeat(32), "x".repeat(4096));
        for text in [
            &short,
            &long,
            "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJlLWJ5dGVz",
            &format!("muster{short}"),
        ] {
            let Presented::Imported(token) = Token::parse(text) else {
                panic!("{text}")
            };
            assert!(token.digest() == Digest::of(text));
        }
    }

    #[test]
    fn a_token_is_imported_unless_it_is_guessable_or_cannot_be_sent() {
        let random = "0f9c1e5b7a3d48629b0e4c7f8a1d2365";
        assert!(Token::import(random).is_ok());
        assert!(Token::import("eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJlLWJ5dGVz").is_ok());
        let issued = issue([7; 32]);
        let cases = [
            (String::new(), Unfit::Short),
            (random.chars().skip(1).collect(), Unfit::Short),
            (random.repeat(129), Unfit::Long),
            ("0".repeat(40), Unfit::Guessable),
            ("changeme".repeat(4), Unfit::Guessable),
            (format!("{random} {random}"), Unfit::Unsendable),
            (format!("Bearer {random}"), Unfit::Unsendable),
            (format!("{random}\n"), Unfit::Unsendable),
            (format!("{random}ä"), Unfit::Unsendable),
            (issued.expose().to_owned(), Unfit::Issued),
            (format!("muster_{random}"), Unfit::Issued),
        ];
        for (text, why) in cases {
            assert_eq!(Token::import(&text).err(), Some(why), "{text}");
        }
    }

    #[test]
    fn text_that_cannot_be_a_token_is_malformed() {
        let (short, long, x) = ("x".repeat(31), "x".repeat(4097), "x".repeat(40));
        let odd = [
            format!("{x} {x}"),
            format!("{x}\t"),
            format!("{x}ä"),
            format!("{x}\u{7f}"),
            format!("muster_{x}"),
        ];
        for text in ["", &short, &long]
            .into_iter()
            .chain(odd.iter().map(String::as_str))
        {
            assert!(malformed(text), "{text}");
        }
    }

    #[test]
    fn digests_survive_hexadecimal_and_hide_in_debug() {
        let digest = Digest::of("x");
        assert!(Digest::from_hex(&digest.to_hex()).unwrap() == digest);
        assert_eq!(
            digest.to_hex(),
            "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
        );
        assert_eq!(format!("{digest:?}"), "Digest(…)");
        assert!(Digest::from_hex("2d71").is_none());
        assert!(Digest::from_hex(&digest.to_hex().to_uppercase()).is_none());
    }

    #[test]
    fn keyring_names_are_short_and_start_with_a_letter() {
        for name in ["k", "k1", "abcdefgh"] {
            assert_eq!(KeyringId::parse(name).unwrap().as_str(), name);
        }
        for odd in ["", "1k", "K1", "k_1", "k-1", "abcdefghi", "kä"] {
            assert!(KeyringId::parse(odd).is_none(), "{odd}");
        }
    }
}
