//! A connection to a checked address: TCP, TLS by rustls with `ring`, and HTTP/1.1 on it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{IpAddr as CertificateAddress, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Host;

use super::answer::Answer;
use super::error::{PostError, Step, TlsFault};
use super::resolve::Network;
use super::target::Target;

/// Bytes of an answer that are read, and as many of its headers.
const MOST_READ: usize = 64 * 1024;
/// Headers of an answer.
const MOST_HEADERS: usize = 100;

/// What opens connections.
pub(super) struct Connector {
    pub(super) network: Network,
    tls: TlsConnector,
}

/// An open connection. Dropping it closes it, also in the middle of an answer.
pub(super) struct Connection {
    /// The address at the other end, which was checked.
    pub(super) address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
    _driver: JoinSet<()>,
}

impl Connector {
    /// Verifies receivers with these root certificates. `None` if the provider has no usable version of TLS.
    pub(super) fn new(network: Network, roots: RootCertStore) -> Option<Self> {
        let provider = tokio_rustls::rustls::crypto::ring::default_provider();
        let config = ClientConfig::builder_with_provider(Arc::new(provider));
        let mut config = config
            .with_safe_default_protocol_versions()
            .ok()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let tls = TlsConnector::from(Arc::new(config));
        Some(Self { network, tls })
    }

    /// Connects to the first of the addresses that accepts. Each gets an equal share of the time that is left, so that one
    /// that does not answer leaves time for the others.
    ///
    /// # Errors
    ///
    /// When none accepts.
    pub(super) async fn connect(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        until: Instant,
    ) -> Result<Connection, PostError> {
        let mut failed = PostError::Connect;
        for (number, address) in addresses.iter().enumerate() {
            let others = u32::try_from(addresses.len() - number).unwrap_or(u32::MAX);
            let now = Instant::now();
            let share = until.saturating_duration_since(now) / others;
            match self.connect_to(target, *address, now + share).await {
                Ok(connection) => return Ok(connection),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    async fn connect_to(
        &self,
        target: &Target,
        address: SocketAddr,
        until: Instant,
    ) -> Result<Connection, PostError> {
        let stream = within(until, Step::Connect, self.network.dial(address)).await?;
        let stream = stream.map_err(|_| PostError::Connect)?;
        // A message is written at once; waiting for more bytes would only delay it.
        let _ = stream.set_nodelay(true);
        if !target.is_encrypted() {
            return speak(stream, address).await;
        }
        let encrypted = within(until, Step::Tls, self.encrypt(target, stream)).await?;
        speak(encrypted?, address).await
    }

    async fn encrypt(
        &self,
        target: &Target,
        stream: TcpStream,
    ) -> Result<tokio_rustls::client::TlsStream<TcpStream>, PostError> {
        let name = match target.host() {
            Host::Domain(name) => ServerName::try_from(name.trim_end_matches('.').to_owned())
                .map_err(|_| PostError::Resolve)?,
            Host::Ipv4(address) => ServerName::IpAddress(CertificateAddress::V4((*address).into())),
            Host::Ipv6(address) => ServerName::IpAddress(CertificateAddress::V6((*address).into())),
        };
        let encrypted = self.tls.connect(name, stream).await;
        encrypted.map_err(|error| PostError::Tls(TlsFault::from(error)))
    }
}

impl Connection {
    pub(super) fn is_open(&self) -> bool {
        self.sender.is_ready()
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    ///
    /// When the answer does not come, does not end or is too large.
    pub(super) async fn exchange(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Answer, PostError> {
        let mut response = self.sender.send_request(request).await?;
        let mut read = Vec::new();
        while let Some(frame) = response.body_mut().frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            if read.len() + data.len() > MOST_READ {
                return Err(PostError::TooLarge);
            }
            read.extend_from_slice(&data);
        }
        // Is ready again at once, unless the receiver closes the connection.
        let _ = self.sender.ready().await;
        Ok(Answer::new(&response, &read))
    }
}

/// Begins HTTP/1.1 on a connection.
async fn speak<S>(stream: S, address: SocketAddr) -> Result<Connection, PostError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut http = http1::Builder::new();
    http.max_buf_size(MOST_READ).max_headers(MOST_HEADERS);
    let (sender, connection) = http.handshake(TokioIo::new(stream)).await?;
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        let _ = connection.await;
    });
    Ok(Connection {
        address,
        sender,
        _driver: driver,
    })
}

/// Waits for a step until a time.
pub(super) async fn within<T>(
    until: Instant,
    step: Step,
    what: impl Future<Output = T>,
) -> Result<T, PostError> {
    let done = timeout_at(until, what).await;
    done.map_err(|_| PostError::Time(step))
}

/// How long a request may take.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// To resolve, connect and encrypt.
    pub(super) connect: Duration,
    /// In all.
    pub(super) whole: Duration,
}
