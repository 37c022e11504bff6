//! Terminates TLS in front of the stand-ins, which speak plain HTTP: the handshake is a large part of a cold start.
//!
//! The certificate authority lives for one run; its key stays in memory. Functions find its certificate by `SSL_CERT_FILE`,
//! as with any private endpoint. The file also holds Amazon's roots, so that functions parse as many certificates as are
//! compiled in for AWS.

use std::error::Error;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use data_encoding::BASE64;
use keyring::aws::AMAZON;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair,
};
use serde::Serialize;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, version};

/// The host name in the certificate and in the terminators' URLs.
const HOST: &str = "localhost";

pub struct Authority {
    certificate: Vec<u8>,
    server: Arc<ServerConfig>,
}

/// Connections and handshakes at all terminators.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Handshakes {
    /// Accepted connections.
    pub connections: u32,
    /// Completed handshakes, all full.
    pub handshakes: u32,
}

#[derive(Debug, Default)]
pub struct HandshakeCounters {
    connections: AtomicU32,
    handshakes: AtomicU32,
}

impl HandshakeCounters {
    /// Returns the counts since the last call and resets them.
    pub fn take(&self) -> Handshakes {
        let take = |count: &AtomicU32| count.swap(0, Ordering::Relaxed);
        Handshakes {
            connections: take(&self.connections),
            handshakes: take(&self.handshakes),
        }
    }
}

impl Authority {
    /// Creates an authority, and a server certificate signed by it.
    ///
    /// # Errors
    ///
    /// When a key cannot be generated.
    pub fn new() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let own = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = name("Muster, for one measurement");
        let certificate = params.self_signed(&own)?;
        let issuer = Issuer::new(params, own);
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new([HOST.to_owned()])?;
        params.distinguished_name = name(HOST);
        let server = params.signed_by(&key, &issuer)?;
        let key = PrivateKeyDer::try_from(key.serialize_der())?;
        // DynamoDB and Secrets Manager speak TLS 1.3.
        let mut server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![server.der().clone()], key)?;
        // The stand-ins share one host name and the AWS services have two: session resumption would save a handshake that
        // AWS does not save.
        server.send_tls13_tickets = 0;
        Ok(Self {
            certificate: certificate.der().to_vec(),
            server: Arc::new(server),
        })
    }

    /// Writes the certificates that functions trust: this authority and Amazon's roots.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        fs::write(path, pem(&self.certificate) + AMAZON)
    }

    /// Listens on a free loopback port and forwards each connection to an HTTP endpoint of this machine.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub async fn terminate(
        &self,
        endpoint: &str,
        counts: Arc<HandshakeCounters>,
    ) -> io::Result<Terminator> {
        let target = endpoint.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let acceptor = TlsAcceptor::from(Arc::clone(&self.server));
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                counts.connections.fetch_add(1, Ordering::Relaxed);
                let (acceptor, target) = (acceptor.clone(), target.clone());
                let counts = Arc::clone(&counts);
                connections.spawn(async move { carry(stream, &acceptor, &target, &counts).await });
            }
        });
        Ok(Terminator {
            url: format!("https://{HOST}:{port}"),
            accepting,
        })
    }
}

/// A running terminator. Dropping it stops it.
#[derive(Debug)]
pub struct Terminator {
    url: String,
    accepting: JoinHandle<()>,
}

impl Terminator {
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Terminator {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    target: &str,
    counts: &HandshakeCounters,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut inside = TcpStream::connect(target).await?;
    inside.set_nodelay(true)?;
    let mut stream = acceptor.accept(stream).await?;
    counts.handshakes.fetch_add(1, Ordering::Relaxed);
    copy_bidirectional(&mut stream, &mut inside).await?;
    Ok(())
}

fn name(text: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, text);
    name
}

fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    let lines = lines.join("\n");
    format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n")
}
