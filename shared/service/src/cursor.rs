//! Cursors, RFC 9865: the sealed position of the next page.
//!
//! A cursor contains the last result, the page size and its time of issue, so the service stores nothing for it. It
//! is encrypted and authenticated under the caller's key, with the query as associated data. Therefore it does not
//! reveal the sort values, it opens only for the same caller and the same query, and it is void once the key ends.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use directory::limits::SORTED_KEY_BYTES;
use directory::search::SortedPageStart;
use directory::walk::Last;
use jiff::Timestamp;
use keyring::KeyRecord;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{digest, hmac};
use scim_core::error::reason;
use scim_core::sort::SortKey;
use scim_core::{ResourceId, ScimError, limits};
use serde_json::{Value, json};

/// The content of a cursor.
#[derive(Clone, PartialEq, Debug)]
pub struct Cursor {
    /// The second of its issue.
    pub issued: i64,
    /// The page size.
    pub count: usize,
    /// The position after which the next page starts.
    pub after: After,
}

/// The position of the last result.
#[derive(Clone, PartialEq, Debug)]
pub enum After {
    /// In id order.
    Last(Last),
    /// In another order: its sort key and id.
    Key(SortKey, ResourceId),
}

impl After {
    /// The position for sorted results.
    #[must_use]
    pub fn sorted(self) -> Option<SortedPageStart> {
        match self {
            Self::Key(key, id) => Some(SortedPageStart::After(key, id)),
            Self::Last(_) => None,
        }
    }

    /// The position for results in id order.
    #[must_use]
    pub const fn last(&self) -> Option<Last> {
        match self {
            Self::Last(last) => Some(*last),
            Self::Key(..) => None,
        }
    }
}

impl Cursor {
    fn to_json(&self) -> Value {
        match &self.after {
            After::Last(last) => json!([self.issued, self.count, last.to_text()]),
            After::Key(key, id) => {
                let key = key.to_json(SORTED_KEY_BYTES);
                json!([self.issued, self.count, id.as_str(), key])
            }
        }
    }

    fn from_json(json: &Value) -> Option<Self> {
        let fields = json.as_array()?;
        let place = fields.get(2)?.as_str()?;
        Some(Self {
            issued: fields.first()?.as_i64()?,
            count: usize::try_from(fields.get(1)?.as_u64()?).ok()?,
            after: match fields.get(3) {
                None => After::Last(Last::parse(place)?),
                Some(key) => After::Key(SortKey::from_json(key)?, ResourceId::parse(place)?),
            },
        })
    }

    /// Rejects an expired cursor.
    ///
    /// # Errors
    ///
    /// `expiredCursor`.
    pub fn check_age(&self, now: Timestamp) -> Result<(), ScimError> {
        let age = now.as_second().saturating_sub(self.issued);
        match age < i64::from(limits::CURSOR_SECONDS) {
            true => Ok(()),
            false => Err(reason::cursor_expired(limits::CURSOR_SECONDS)),
        }
    }
}

/// Seals the cursors of one key.
#[derive(Clone)]
pub struct Seal(LessSafeKey);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    #[must_use]
    pub fn of_key(record: &KeyRecord) -> Self {
        Self::new(&record.seal, record.sha256.to_hex().as_bytes())
    }

    /// The seal of a secret.
    #[must_use]
    pub fn of_secret(secret: &str) -> Self {
        Self::new(secret.as_bytes(), b"vendor")
    }

    #[expect(
        clippy::expect_used,
        reason = "SHA-256 has as many bytes as the key of AES-256"
    )]
    fn new(secret: &[u8], of: &[u8]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut context = hmac::Context::with_key(&secret);
        context.update(b"muster cursor 1");
        context.update(of);
        let key =
            UnboundKey::new(&AES_256_GCM, context.sign().as_ref()).expect("a key of 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals a cursor of a query as text; `nonce` must be random.
    #[must_use]
    pub fn close(
        &self,
        query: &BoundQuery,
        cursor: &Cursor,
        nonce: [u8; NONCE_LEN],
    ) -> Option<String> {
        let mut sealed = cursor.to_json().to_string().into_bytes();
        let aad = Aad::from(query.0.as_ref());
        let given = Nonce::assume_unique_for_key(nonce);
        self.0
            .seal_in_place_append_tag(given, aad, &mut sealed)
            .ok()?;
        Some(BASE64URL_NOPAD.encode(&[nonce.as_slice(), &sealed].concat()))
    }

    /// Opens the text of a cursor of a query.
    ///
    /// # Errors
    ///
    /// `invalidCursor`, without the reason.
    pub fn open(&self, query: &BoundQuery, text: &str) -> Result<Cursor, ScimError> {
        self.open_text(query, text)
            .ok_or_else(reason::cursor_damaged)
    }

    fn open_text(&self, query: &BoundQuery, text: &str) -> Option<Cursor> {
        let mut bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let aad = Aad::from(query.0.as_ref());
        let json = self.0.open_in_place(nonce, aad, sealed).ok()?;
        Cursor::from_json(&serde_json::from_slice(json).ok()?)
    }
}

/// The query that a cursor is bound to.
#[derive(Clone, Debug)]
pub struct BoundQuery(digest::Digest);

impl BoundQuery {
    /// Binds to the parts of a query: tenant, endpoint, filter, order.
    #[must_use]
    pub fn to(parts: &[&str]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in parts {
            context.update(&part.len().to_be_bytes());
            context.update(part.as_bytes());
        }
        Self(context.finish())
    }
}

#[cfg(test)]
mod tests {
    use scim_core::ErrorKind;

    use super::*;
    use scim_core::ResourceKind;

    fn id() -> ResourceId {
        ResourceId::parse("0a000000-0000-4000-8000-000000000000").unwrap()
    }

    fn cursors() -> [Cursor; 3] {
        let last = Last {
            kind: ResourceKind::Group,
            id: id(),
        };
        let afters = [
            After::Last(last),
            After::Key(SortKey::Text("a@example.com".to_owned()), id()),
            After::Key(SortKey::Unassigned, id()),
        ];
        afters.map(|after| Cursor {
            issued: 1_800_000_000,
            count: 7,
            after,
        })
    }

    #[test]
    fn k05_k17_a_cursor_is_opaque_and_opens_for_its_query_and_key_only() {
        let seal = |secret: &[u8], of: &[u8]| Seal::new(secret, of);
        let query = BoundQuery::to(&["acme", "Users", "", ""]);
        for cursor in cursors() {
            let text = seal(b"s", b"k").close(&query, &cursor, [3; 12]).unwrap();
            assert!(
                text.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            );
            assert_eq!(seal(b"s", b"k").open(&query, &text), Ok(cursor));
            let refused = |seal: Seal, query: &BoundQuery, text: &str| {
                assert_eq!(
                    seal.open(query, text).unwrap_err().kind(),
                    ErrorKind::InvalidCursor
                );
            };
            refused(seal(b"t", b"k"), &query, &text);
            refused(seal(b"s", b"l"), &query, &text);
            refused(
                seal(b"s", b"k"),
                &BoundQuery::to(&["acme", "Users", "x", ""]),
                &text,
            );
            refused(
                seal(b"s", b"k"),
                &BoundQuery::to(&["acme", "User", "s", ""]),
                &text,
            );
        }
    }

    #[test]
    fn k08_a_cursor_with_any_bit_changed_is_refused() {
        let seal = Seal::new(b"s", b"k");
        let query = BoundQuery::to(&["acme"]);
        let [cursor, ..] = cursors();
        let text = seal.close(&query, &cursor, [3; 12]).unwrap();
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            assert!(seal.open(&query, &BASE64URL_NOPAD.encode(&other)).is_err());
        }
        for odd in [
            "",
            "x",
            "+",
            "a=",
            text.split_at(1).1,
            &format!("{text}A"),
            "ä",
        ] {
            assert!(seal.open(&query, odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn k09_a_cursor_ends_after_its_life() {
        let [cursor, ..] = cursors();
        let at = |second: i64| Timestamp::from_second(cursor.issued + second).unwrap();
        assert!(cursor.check_age(at(3_599)).is_ok());
        let error = cursor.check_age(at(3_600)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ExpiredCursor);
    }
}
