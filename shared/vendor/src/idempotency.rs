//! Idempotent requests: clients retry a request with the same `Idempotency-Key` when its response was lost. The forms
//! of the pages carry such a name too.
//!
//! The result is stored for a day and returned to retries. It may contain a token that is shown once, so it is sealed
//! under the name and a secret of the caller, the admin key or the session: the table alone does not reveal it. The
//! ids and tokens that a request creates are derived from the same two and from a random seed, which the table keeps
//! until the request has ended. So the retry of an interrupted request creates the same ids and finds what the first
//! attempt created. The secret and the name without the seed are not enough to compute a token.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use directory::Meter;
use directory::WriteId;
use directory::idempotency::{IdempotencyRecord, IdempotencyState};
use http::Request;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::{digest, hmac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use service::Service;
use service::clock::Ids;

use crate::limits::{IDEMPOTENCY_KEY_BYTES, IN_PROGRESS_SECONDS};
use crate::problem::{Problem, reason};

/// The name of a request, combined with the caller's secret.
struct RequestName(hmac::Key);

/// The problem of a request with an invalid name, or with several.
pub(crate) fn no_name() -> Problem {
    reason::odd_idempotency_key(IDEMPOTENCY_KEY_BYTES)
}

impl fmt::Debug for RequestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name")
    }
}

impl RequestName {
    /// Combines a name with the caller's secret.
    fn new(secret: &[u8], name: &[u8]) -> Result<Self, Problem> {
        let is_name = (1..=IDEMPOTENCY_KEY_BYTES).contains(&name.len())
            && name.iter().all(u8::is_ascii_graphic);
        if !is_name {
            return Err(no_name());
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut context = hmac::Context::with_key(&key);
        context.update(b"muster idempotency 1");
        context.update(name);
        let secret = context.sign();
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref())))
    }

    fn derive(&self, purpose: &[u8]) -> hmac::Tag {
        hmac::sign(&self.0, purpose)
    }

    /// The id of the name in the table.
    fn stored(&self) -> String {
        HEXLOWER.encode(self.derive(b"name").as_ref())
    }

    /// The source of the request's ids.
    fn ids(&self, seed: &str) -> Ids {
        let ours = hmac::Key::new(hmac::HMAC_SHA256, self.derive(b"ids").as_ref());
        let seed = hmac::sign(&ours, seed.as_bytes());
        let seed = hmac::Key::new(hmac::HMAC_SHA256, seed.as_ref());
        let drawn = Arc::new(AtomicU64::new(0));
        Ids::from_fn(move |bytes| {
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

    fn close(&self, kept: &StoredResult, nonce: [u8; NONCE_LEN]) -> Option<String> {
        let mut sealed = serde_json::to_vec(kept).ok()?;
        let given = Nonce::assume_unique_for_key(nonce);
        let key = self.seal();
        key.seal_in_place_append_tag(given, Aad::empty(), &mut sealed)
            .ok()?;
        Some(BASE64URL_NOPAD.encode(&[nonce.as_slice(), &sealed].concat()))
    }

    fn open(&self, text: &str) -> Option<StoredResult> {
        let mut bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let key = self.seal();
        let json = key.open_in_place(nonce, Aad::empty(), sealed).ok()?;
        serde_json::from_slice(json).ok()
    }
}

/// The result of a request as stored.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum StoredResult {
    /// The view of the result.
    Done(Value),
    /// The failure as problem details, and the id of the request that first got it.
    Refused(Value, String),
}

impl StoredResult {
    fn of<T: Serialize>(result: &Result<T, Problem>, request: &str) -> Option<Self> {
        match result {
            Ok(view) => Some(Self::Done(serde_json::to_value(view).ok()?)),
            Err(problem) if problem.is_temporary() => None,
            Err(problem) => Some(Self::Refused(problem.to_json(request), request.to_owned())),
        }
    }

    fn result<T: DeserializeOwned>(self) -> Option<Result<Performed<T>, Problem>> {
        Some(match self {
            Self::Done(view) => Ok(Performed {
                view: serde_json::from_value(view).ok()?,
                is_replayed: true,
            }),
            Self::Refused(problem, request) => Err(Problem::repeated(&problem, request)),
        })
    }
}

/// A successful result.
pub(crate) struct Performed<T> {
    pub(crate) view: T,
    /// Whether an earlier request with the same name did it.
    pub(crate) is_replayed: bool,
}

impl<T> Performed<T> {
    /// A result of this request itself.
    pub(crate) const fn now(view: T) -> Self {
        Self {
            view,
            is_replayed: false,
        }
    }
}

/// A request with a name.
pub(crate) struct IdempotentRequest {
    name: RequestName,
    /// The digest of the request.
    asked: String,
}

impl IdempotentRequest {
    /// Names a request of the caller with this secret.
    ///
    /// # Errors
    ///
    /// When the name is invalid.
    pub(crate) fn new(
        secret: &[u8],
        name: &[u8],
        request: &Request<Bytes>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            name: RequestName::new(secret, name)?,
            asked: fingerprint(request),
        })
    }

    /// Runs an operation once and returns its result, or the result of the first request with this name. A retry gets
    /// the same ids.
    pub(crate) async fn once<T, F>(
        &self,
        service: &Service,
        (meter, request): (&Meter, &str),
        operation: impl FnOnce(Ids) -> F,
    ) -> Result<Performed<T>, Problem>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = Result<T, Problem>>,
    {
        let stored = self.name.stored();
        let once = IdempotencyRecord {
            store: service.store(),
            name: &stored,
            request: &self.asked,
            meter,
        };
        let by: WriteId = service.ids().write();
        let seed = HEXLOWER.encode(&service.ids().bytes::<32>());
        let seed = match once.begin(service.now(), &by, &seed).await? {
            IdempotencyState::Now(seed) => seed,
            IdempotencyState::Before(kept) => return self.before(&kept),
            IdempotencyState::UnderWay => return Err(under_way()),
            IdempotencyState::Other => return Err(reason::idempotency_key_reused()),
        };
        let result = operation(self.name.ids(&seed)).await;
        let kept = StoredResult::of(&result, request);
        let kept = kept.and_then(|kept| self.name.close(&kept, service.ids().bytes()));
        // The response contains the result even if it cannot be stored. A retry then runs like a first request.
        if let Err(error) = once.end(&by, kept).await {
            tracing::warn!(%error, "idempotency.unwritten");
        }
        result.map(Performed::now)
    }

    fn before<T: DeserializeOwned>(&self, kept: &str) -> Result<Performed<T>, Problem> {
        let result = self.name.open(kept).and_then(StoredResult::result);
        result.unwrap_or_else(|| {
            tracing::error!("idempotency.unreadable");
            Err(reason::stored_response_unreadable())
        })
    }
}

fn under_way() -> Problem {
    reason::request_in_progress().after(IN_PROGRESS_SECONDS)
}

/// The digest of a request: method, target and body.
fn fingerprint(request: &Request<Bytes>) -> String {
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

    fn name(secret: &str, name: &str) -> RequestName {
        RequestName::new(secret.as_bytes(), name.as_bytes()).unwrap()
    }

    #[test]
    fn a_stored_result_opens_for_the_same_caller_and_name_only() {
        let result: Result<&str, Problem> = Ok("muster_secret");
        let kept = StoredResult::of(&result, "r1").unwrap();
        let sealed = name("a", "1").close(&kept, [7; 12]).unwrap();
        assert!(!sealed.contains("secret"));
        let opened = name("a", "1").open(&sealed).unwrap();
        let done: Performed<String> = opened.result().unwrap().unwrap();
        assert!(done.is_replayed && done.view == "muster_secret");
        assert!(name("b", "1").open(&sealed).is_none());
        assert!(name("a", "2").open(&sealed).is_none());
    }

    #[test]
    fn a_retry_gets_the_failure_of_the_first_request() {
        let refused: Result<String, Problem> = Err(reason::odd_tenant_name(1usize).at("/name"));
        let kept = StoredResult::of(&refused, "r1").unwrap();
        let again = kept.result::<String>().unwrap().err().unwrap();
        let (first, second) = (refused.err().unwrap(), again.into_response("r2"));
        assert_eq!(second.headers()["idempotent-replayed"], "true");
        assert_eq!(second.body(), first.into_response("r1").body());
        let busy: Result<String, Problem> = Err(under_way());
        assert!(StoredResult::of(&busy, "r1").is_none());
    }

    #[test]
    fn a_retry_gets_the_same_ids_and_another_request_gets_others() {
        let draw = |secret, key, seed| {
            let ids = name(secret, key).ids(seed);
            (ids.resource(), ids.resource(), ids.bytes::<80>())
        };
        assert_eq!(draw("a", "1", "s"), draw("a", "1", "s"));
        let (first, second, _) = draw("a", "1", "s");
        assert_ne!(first, second);
        assert_ne!(first, draw("a", "2", "s").0);
        assert_ne!(first, draw("b", "1", "s").0);
        // The caller's secret and name are not enough to compute them.
        assert_ne!(first, draw("a", "1", "t").0);
    }

    #[test]
    fn a_name_consists_of_visible_ascii_characters() {
        let long = "x".repeat(IDEMPOTENCY_KEY_BYTES + 1);
        for name in ["", "a b", "ä", &long] {
            assert!(RequestName::new(b"a", name.as_bytes()).is_err(), "{name:?}");
        }
    }
}
