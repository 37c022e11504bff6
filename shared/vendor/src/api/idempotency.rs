//! Requests that are repeated because their answer was lost: the header `Idempotency-Key`.
//!
//! The first answer is kept for a day and given again. It may hold a token that is shown once, so it is sealed
//! under the caller's own admin key and the header: nobody can read it from the table. The ids and tokens that a
//! request makes are derived from the same two and from a random seed, which the table keeps until the request has
//! ended: a request that was cut off in the middle makes the same ones when it is repeated, and finds what it had
//! made. Whoever has the admin key and the header, but not the seed, can compute no token.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use directory::WriteId;
use directory::once::{Begun, Once};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{digest, hmac};
use scim_core::ErrorKind;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::routes::Route;
use super::{Answer, Problem};
use service::clock::Ids;

/// The longest name of a request.
const LONGEST: usize = 255;
/// How long to wait for a request that is under way, in seconds.
const WAIT: i64 = 2;
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What the caller called the request, with what nobody else knows: its admin key.
pub(super) struct Name(hmac::Key);

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name")
    }
}

impl Name {
    /// The name of a request; `None` when it has none.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut given = headers.get_all("idempotency-key").iter();
        let Some(name) = given.next() else {
            return Ok(None);
        };
        let is_name = |name: &[u8]| {
            (1..=LONGEST).contains(&name.len()) && name.iter().all(u8::is_ascii_graphic)
        };
        if given.next().is_some() || !is_name(name.as_bytes()) {
            return Err(Problem::new(
                ErrorKind::InvalidValue,
                format!("`Idempotency-Key` must be one name of 1 to {LONGEST} visible characters"),
            ));
        }
        let caller = headers.get(header::AUTHORIZATION);
        let key = hmac::Key::new(
            hmac::HMAC_SHA256,
            caller.map_or(&[][..], HeaderValue::as_bytes),
        );
        let mut context = hmac::Context::with_key(&key);
        context.update(b"muster idempotency 1");
        context.update(name.as_bytes());
        let secret = context.sign();
        Ok(Some(Self(hmac::Key::new(
            hmac::HMAC_SHA256,
            secret.as_ref(),
        ))))
    }

    fn derive(&self, purpose: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, purpose)
    }

    /// What the table knows it by.
    fn stored(&self) -> String {
        HEXLOWER.encode(self.derive(b"name").as_ref())
    }

    /// Where the ids of the request come from.
    fn ids(&self, seed: &str) -> Ids {
        let ours = hmac::Key::new(hmac::HMAC_SHA256, self.derive(b"ids").as_ref());
        let seed = hmac::sign(&ours, seed.as_bytes());
        let seed = hmac::Key::new(hmac::HMAC_SHA256, seed.as_ref());
        let drawn = Arc::new(AtomicU64::new(0));
        Ids::other(move |bytes| {
            for part in bytes.chunks_mut(digest::SHA256_OUTPUT_LEN) {
                let turn = drawn.fetch_add(1, Ordering::Relaxed);
                let random = hmac::sign(&seed, &turn.to_be_bytes());
                for (byte, random) in part.iter_mut().zip(random.as_ref()) {
                    *byte = *random;
                }
            }
        })
    }

    #[expect(
        clippy::expect_used,
        reason = "SHA-256 has as many bytes as the key of AES-256"
    )]
    fn seal(&self) -> LessSafeKey {
        let key = self.derive(b"seal");
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref()).expect("a key of 32 bytes"))
    }

    fn close(&self, kept: &Kept, nonce: [u8; NONCE_LEN]) -> Option<String> {
        let mut sealed = serde_json::to_vec(kept).ok()?;
        let given = Nonce::assume_unique_for_key(nonce);
        let key = self.seal();
        key.seal_in_place_append_tag(given, Aad::empty(), &mut sealed)
            .ok()?;
        Some(BASE64URL_NOPAD.encode(&[nonce.as_slice(), &sealed].concat()))
    }

    fn open(&self, text: &str) -> Option<Kept> {
        let mut bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let key = self.seal();
        let json = key.open_in_place(nonce, Aad::empty(), sealed).ok()?;
        serde_json::from_slice(json).ok()
    }
}

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Kept {
    fn of(response: &Response<Bytes>) -> Option<Self> {
        let text = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        Some(Self {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(text).collect::<Option<_>>()?,
            body: std::str::from_utf8(response.body()).ok()?.to_owned(),
        })
    }

    fn response(self) -> Option<Response<Bytes>> {
        let mut response = Response::new(Bytes::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).ok()?;
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name).ok()?;
            let value = HeaderValue::try_from(value).ok()?;
            response.headers_mut().insert(name, value);
        }
        let headers = response.headers_mut();
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
        Some(response)
    }
}

/// Carries out a request that has a name once, and gives what it came to.
pub(super) async fn once(
    mut call: Call<'_>,
    route: &Route,
    name: &Name,
) -> Result<Answer, Problem> {
    let service = &call.admin.service;
    let (stored, asked) = (name.stored(), fingerprint(&call));
    let once = Once {
        store: service.store(),
        name: &stored,
        request: &asked,
        meter: call.meter,
    };
    let by: WriteId = service.ids().write();
    let seed = HEXLOWER.encode(&service.ids().bytes::<32>());
    let seed = match once.begin(service.now(), &by, &seed).await? {
        Begun::Now(seed) => seed,
        Begun::Before(kept) => {
            let response = name.open(&kept).and_then(Kept::response);
            return response.map(Answer::Repeated).ok_or_else(|| {
                Problem::new(ErrorKind::Internal, "the first answer cannot be read again")
            });
        }
        Begun::UnderWay => {
            return Err(Problem {
                wait: Some(WAIT),
                ..Problem::new(
                    ErrorKind::Conflict,
                    "a request with this `Idempotency-Key` is under way; repeat it in a moment",
                )
            });
        }
        Begun::Other => {
            return Err(Problem::new(
                ErrorKind::InvalidValue,
                "this `Idempotency-Key` was used for another request within 24 hours; every request needs one of its own",
            ));
        }
    };
    call.ids = name.ids(&seed);
    let response = match (route.handler)(&call).await.and_then(Answer::into_response) {
        Ok(response) => response,
        Err(problem) => problem.into_response(&call.origin.request_id),
    };
    let status = response.status();
    let is_final =
        !status.is_server_error() && !response.headers().contains_key(header::RETRY_AFTER);
    let kept = is_final.then(|| name.close(&Kept::of(&response)?, service.ids().bytes()));
    // What was done is told even if it cannot be kept: a repetition is then carried out like a first request.
    if let Err(error) = once.end(&by, kept.flatten()).await {
        tracing::warn!(%error, "an answer was not kept");
    }
    Ok(Answer::Repeated(response))
}

/// Whether an answer says that something was done just now, and not before or not at all.
pub(super) fn is_fresh(answer: &Answer) -> bool {
    match answer {
        Answer::Repeated(response) => {
            response.status().is_success() && !response.headers().contains_key(REPLAYED)
        }
        _ => true,
    }
}

/// The digest of what is asked for.
fn fingerprint(call: &Call<'_>) -> String {
    let request = call.request;
    let target = request.uri().to_string();
    let mut context = digest::Context::new(&digest::SHA256);
    for part in [
        request.method().as_str().as_bytes(),
        target.as_bytes(),
        request.body(),
    ] {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    HEXLOWER.encode(context.finish().as_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(token: &str, key: &str) -> Name {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, token.parse().unwrap());
        headers.insert("idempotency-key", key.parse().unwrap());
        Name::of(&headers).unwrap().unwrap()
    }

    #[test]
    fn what_is_kept_opens_for_the_same_caller_and_name_only() {
        let kept = Kept {
            status: 201,
            headers: vec![("location".to_owned(), "/x".to_owned())],
            body: "muster_secret".to_owned(),
        };
        let sealed = name("Bearer a", "1").close(&kept, [7; 12]).unwrap();
        assert!(!sealed.contains("secret"));
        let opened = name("Bearer a", "1").open(&sealed).unwrap();
        assert_eq!(opened.body, "muster_secret");
        let response = opened.response().unwrap();
        assert_eq!(response.headers()[REPLAYED], "true");
        assert!(name("Bearer b", "1").open(&sealed).is_none());
        assert!(name("Bearer a", "2").open(&sealed).is_none());
    }

    #[test]
    fn the_same_request_draws_the_same_ids_and_another_one_others() {
        let draw = |token, key, seed| {
            let ids = name(token, key).ids(seed);
            (ids.resource(), ids.resource(), ids.bytes::<80>())
        };
        assert_eq!(draw("Bearer a", "1", "s"), draw("Bearer a", "1", "s"));
        let (first, second, _) = draw("Bearer a", "1", "s");
        assert_ne!(first, second);
        assert_ne!(first, draw("Bearer a", "2", "s").0);
        assert_ne!(first, draw("Bearer b", "1", "s").0);
        // What the caller knows is not enough to compute them.
        assert_ne!(first, draw("Bearer a", "1", "t").0);
    }

    #[test]
    fn a_name_is_one_visible_word() {
        for key in ["", "a b", "ä"] {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_bytes(key.as_bytes()).unwrap();
            headers.insert("idempotency-key", value);
            assert!(Name::of(&headers).is_err(), "{key:?}");
        }
        assert!(Name::of(&HeaderMap::new()).unwrap().is_none());
        let long = "x".repeat(LONGEST + 1);
        let mut headers = HeaderMap::new();
        headers.insert("idempotency-key", long.parse().unwrap());
        assert!(Name::of(&headers).is_err());
    }
}
