//! One POST to a receiver, byte for byte as it was signed.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request};
use http_body_util::Full;
use tokio::time::Instant;
use tokio_rustls::rustls::RootCertStore;

use super::answer::Answer;
use super::connect::{Connection, Connector, Limits, within};
use super::error::{PostError, Step};
use super::resolve::Network;
use super::target::Target;

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(5),
    whole: Duration::from_secs(15),
};
/// How long a connection is kept for the next request.
const IDLE: Duration = Duration::from_secs(20);
/// Connections that are kept, of all receivers.
const MOST_IDLE: usize = 32;

/// Sends requests to receivers and keeps connections to them for a while.
pub struct Receivers {
    connector: Connector,
    limits: Limits,
    idle: Mutex<Vec<Idle>>,
}

/// A connection that waits for the next request to the same origin.
struct Idle {
    origin: String,
    connection: Connection,
    since: Instant,
}

/// The machine has no root certificates, so no receiver can be verified.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoRoots;

impl Receivers {
    /// Verifies receivers with the root certificates of the machine: in Lambda, those of Amazon Linux below `/etc/pki/tls`.
    ///
    /// # Errors
    ///
    /// When there are none.
    pub fn new() -> Result<Self, NoRoots> {
        let mut roots = RootCertStore::empty();
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        match roots.is_empty() {
            true => Err(NoRoots),
            false => Self::with(Network::Machine, roots, LIMITS).ok_or(NoRoots),
        }
    }

    fn with(network: Network, roots: RootCertStore, limits: Limits) -> Option<Self> {
        Some(Self {
            connector: Connector::new(network, roots)?,
            limits,
            idle: Mutex::default(),
        })
    }

    /// Sends a message and returns the answer, whatever its status. The message may arrive twice: it is sent again when a kept
    /// connection turns out to be closed.
    ///
    /// # Errors
    ///
    /// When there is no answer.
    pub async fn post(
        &self,
        target: &Target,
        headers: &HeaderMap,
        body: Bytes,
    ) -> Result<Answer, PostError> {
        let begin = Instant::now();
        let whole = begin + self.limits.whole;
        let resolving = self.connector.network.addresses(target);
        let addresses = within(begin + self.limits.connect, Step::Resolve, resolving).await??;
        if let Some(kept) = self.take(target, &addresses) {
            let request = request(target, headers, body.clone());
            match self.exchange(target, kept, request, whole).await {
                Err(PostError::Lost) => {}
                done => return done,
            }
        }
        let until = whole.min(Instant::now() + self.limits.connect);
        let connecting = self.connector.connect(target, &addresses, until);
        let connection = connecting.await?;
        let request = request(target, headers, body);
        self.exchange(target, connection, request, whole).await
    }

    /// Sends a request on a connection, and keeps the connection if it can be used again.
    async fn exchange(
        &self,
        target: &Target,
        mut connection: Connection,
        request: Request<Full<Bytes>>,
        until: Instant,
    ) -> Result<Answer, PostError> {
        let answer = within(until, Step::Answer, connection.exchange(request)).await??;
        if connection.is_open() {
            self.keep(target, connection);
        }
        Ok(answer)
    }

    /// A kept connection to the same origin at one of these addresses, which have just been checked.
    fn take(&self, target: &Target, addresses: &[SocketAddr]) -> Option<Connection> {
        let origin = origin(target);
        let mut idle = self.idle();
        idle.retain(|kept| kept.since.elapsed() < IDLE && kept.connection.is_open());
        let at = idle.iter().rposition(|kept| {
            kept.origin == origin && addresses.contains(&kept.connection.address)
        })?;
        Some(idle.swap_remove(at).connection)
    }

    fn keep(&self, target: &Target, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() == MOST_IDLE {
            idle.remove(0);
        }
        idle.push(Idle {
            origin: origin(target),
            connection,
            since: Instant::now(),
        });
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for NoRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the machine has no root certificates")
    }
}

impl std::error::Error for NoRoots {}

/// What two targets must share to share a connection: scheme, host and port. The certificate was verified for this host.
fn origin(target: &Target) -> String {
    format!(
        "{} {} {}",
        target.is_encrypted(),
        target.host(),
        target.port()
    )
}

/// The request: the caller's headers, and those that every request has. The body is not encoded.
fn request(target: &Target, headers: &HeaderMap, body: Bytes) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = target.path().clone().into();
    let given = request.headers_mut();
    given.extend(headers.clone());
    if let Ok(host) = HeaderValue::from_str(&target.authority()) {
        given.insert(HOST, host);
    }
    given.insert(USER_AGENT, HeaderValue::from_static("muster"));
    let json = HeaderValue::from_static("application/json");
    given.entry(CONTENT_TYPE).or_insert(json);
    request
}

#[cfg(test)]
pub(super) mod tests;
