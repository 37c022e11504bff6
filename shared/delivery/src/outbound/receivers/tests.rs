//! Receivers behind real sockets of this machine. The names are made up: [`Script`] resolves them to public addresses and
//! leads connections to these addresses to a socket here.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::StatusCode;
use rcgen::{CertificateParams, DnType, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::super::error::TlsFault;
use super::super::target::Loopback;
use super::*;

const NAME: &str = "hooks.example.com";
const URL: &str = "https://hooks.example.com/in?a=b";
const PUBLIC: &str = "1.1.1.1";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// For tests in which nothing takes long.
const ENOUGH: Duration = Duration::from_secs(10);

/// What names resolve to, each answer once and the last for ever, and where addresses lead.
#[derive(Default)]
pub(in crate::outbound) struct Script {
    answers: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    ways: HashMap<IpAddr, SocketAddr>,
    /// The addresses that were dialled.
    dialled: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Script {
    fn resolving(mut self, name: &str, answers: &[&[&str]]) -> Self {
        let parsed = answers
            .iter()
            .map(|answer| answer.iter().map(|one| one.parse().unwrap()).collect())
            .rev()
            .collect();
        self.answers
            .get_mut()
            .unwrap()
            .insert(name.to_owned(), parsed);
        self
    }

    fn leading(mut self, address: &str, to: SocketAddr) -> Self {
        self.ways.insert(address.parse().unwrap(), to);
        self
    }

    pub(in crate::outbound) fn look_up(&self, name: &str) -> Vec<IpAddr> {
        let mut answers = self.answers.lock().unwrap();
        let left = answers.entry(name.to_owned()).or_default();
        match left.len() {
            0 => Vec::new(),
            1 => left[0].clone(),
            _ => left.pop().unwrap(),
        }
    }

    pub(in crate::outbound) fn way_to(&self, address: SocketAddr) -> SocketAddr {
        self.dialled.lock().unwrap().push(address);
        self.ways[&address.ip()]
    }
}

/// A certificate that signs itself, for these names.
struct Identity {
    certificate: CertificateDer<'static>,
    acceptor: TlsAcceptor,
}

impl Identity {
    fn new(name: &str) -> Self {
        Self::of(&params(name))
    }

    fn of(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = tokio_rustls::rustls::crypto::ring::default_provider();
        let server = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], private)
            .unwrap();
        Self {
            certificate,
            acceptor: TlsAcceptor::from(Arc::new(server)),
        }
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        roots
    }
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    // An issuer is found by this name.
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

/// What a receiver does with each request.
#[derive(Clone)]
enum Act {
    /// Sends these bytes and waits for the next request.
    Say(String),
    /// Sends the bytes and closes.
    SayAndClose(String),
    /// Sends the bytes, then a byte at a time, without end.
    Drip(String),
    /// Sends the bytes, then as many as are taken.
    Flood(String),
    /// Never speaks TLS.
    Silent,
}

/// A running receiver.
struct Receiver {
    address: SocketAddr,
    /// Each request as it came.
    requests: mpsc::UnboundedReceiver<String>,
    connections: Arc<AtomicU32>,
    /// One message whenever a connection was closed by the other side.
    closed: mpsc::UnboundedReceiver<()>,
}

impl Receiver {
    async fn start(act: Act, identity: Option<&Identity>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, requests) = mpsc::unbounded_channel();
        let (closing, closed) = mpsc::unbounded_channel();
        let connections = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&connections);
        let acceptor = identity.map(|identity| identity.acceptor.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (act, seen, closing) = (act.clone(), seen.clone(), closing.clone());
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    match (&act, acceptor) {
                        (Act::Silent, _) => wait_for_the_end(stream).await,
                        (_, None) => act.perform(stream, &seen).await,
                        (_, Some(acceptor)) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                act.perform(stream, &seen).await;
                            }
                        }
                    }
                    let _ = closing.send(());
                });
            }
        });
        Self {
            address,
            requests,
            connections,
            closed,
        }
    }

    fn connections(&self) -> u32 {
        self.connections.load(Ordering::SeqCst)
    }

    fn url(&self) -> String {
        format!("http://{}/in?a=b", self.address)
    }
}

async fn wait_for_the_end(mut stream: impl AsyncReadExt + Unpin) {
    let mut bytes = [0; 1024];
    while matches!(stream.read(&mut bytes).await, Ok(1..)) {}
}

impl Act {
    async fn perform(
        &self,
        mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin,
        seen: &mpsc::UnboundedSender<String>,
    ) {
        while let Some(request) = read_request(&mut stream).await {
            let _ = seen.send(request);
            let (said, then) = match self {
                Self::Say(text) | Self::SayAndClose(text) => (text, String::new()),
                Self::Drip(text) => (text, "a".to_owned()),
                Self::Flood(text) => (text, "a".repeat(16 * 1024)),
                Self::Silent => return,
            };
            let _ = stream.write_all(said.as_bytes()).await;
            let _ = stream.flush().await;
            match self {
                Self::SayAndClose(_) => return,
                Self::Drip(_) | Self::Flood(_) => {
                    while stream.write_all(then.as_bytes()).await.is_ok() {
                        let _ = stream.flush().await;
                        if matches!(self, Self::Drip(_)) {
                            tokio::time::sleep(Duration::from_millis(10)).await;
                        }
                    }
                    return;
                }
                _ => {}
            }
        }
    }
}

/// A request with a `content-length`.
async fn read_request(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<String> {
    let mut text = String::new();
    loop {
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap_or("0").parse().unwrap() {
                return Some(text);
            }
        }
        let mut bytes = [0; 4096];
        match stream.read(&mut bytes).await {
            Ok(read @ 1..) => match std::str::from_utf8(&bytes[..read]) {
                Ok(more) => text.push_str(more),
                // The beginning of TLS.
                Err(_) => return Some(text),
            },
            _ => return None,
        }
    }
}

fn receivers(script: Script, roots: RootCertStore, limits: Limits) -> Receivers {
    Receivers::with(Network::Scripted(script), roots, limits).unwrap()
}

fn at_leisure() -> Limits {
    Limits {
        connect: ENOUGH,
        whole: ENOUGH,
    }
}

/// Limits that a test can wait for.
fn in_haste() -> Limits {
    Limits {
        connect: Duration::from_millis(500),
        whole: Duration::from_secs(1),
    }
}

async fn post(receivers: &Receivers, target: &Target) -> Result<Answer, PostError> {
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", "evt_1".parse().unwrap());
    receivers
        .post(target, &headers, Bytes::from_static(b"{\"a\": 1}"))
        .await
}

/// A receiver in the internet with a good certificate, and what posts to it.
async fn in_the_internet(act: Act, limits: Limits) -> (Receiver, Receivers, Target) {
    let identity = Identity::new(NAME);
    let receiver = Receiver::start(act, Some(&identity)).await;
    let script = Script::default()
        .resolving(NAME, &[&[PUBLIC]])
        .leading(PUBLIC, receiver.address);
    let receivers = receivers(script, identity.roots(), limits);
    (receiver, receivers, Target::parse(URL).unwrap())
}

/// A receiver on this machine, without encryption.
async fn here(act: Act, limits: Limits) -> (Receiver, Receivers, Target) {
    let receiver = Receiver::start(act, None).await;
    let local = Loopback::of_the_local_stack();
    let target = local.target(&receiver.url()).unwrap();
    let receivers = Receivers::with(Network::Machine, RootCertStore::empty(), limits);
    (receiver, receivers.unwrap(), target)
}

#[tokio::test]
async fn a_message_arrives_byte_for_byte_with_its_headers() {
    let (mut receiver, receivers, target) =
        in_the_internet(Act::Say(OK.to_owned()), at_leisure()).await;
    let answer = post(&receivers, &target).await.unwrap();
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (StatusCode::OK, "ok")
    );
    let request = receiver.requests.recv().await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "{\"a\": 1}");
    let mut lines: Vec<&str> = head.lines().collect();
    lines[1..].sort_unstable();
    assert_eq!(
        lines,
        [
            "POST /in?a=b HTTP/1.1",
            "content-length: 8",
            "content-type: application/json",
            "host: hooks.example.com",
            "user-agent: muster",
            "webhook-id: evt_1",
        ]
    );
}

#[tokio::test]
async fn every_status_is_an_answer() {
    for (status, text, wait) in [
        (204, "", None),
        (410, "Gone", None),
        (429, "slow down", Some(7)),
        (500, "Oops", None),
    ] {
        let header = wait
            .map(|wait: u64| format!("retry-after: {wait}\r\n"))
            .unwrap_or_default();
        let length = match status {
            204 => String::new(),
            _ => format!("content-length: {}\r\n", text.len()),
        };
        let said = format!("HTTP/1.1 {status} Word\r\n{header}{length}\r\n{text}");
        let (_receiver, receivers, target) = here(Act::Say(said), at_leisure()).await;
        let expected = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            retry_after: wait.map(Duration::from_secs),
            text: text.to_owned(),
        };
        assert_eq!(post(&receivers, &target).await, Ok(expected));
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let elsewhere = Receiver::start(Act::Say(OK.to_owned()), None).await;
    for status in [301, 302, 303, 307, 308] {
        let said = format!(
            "HTTP/1.1 {status} Moved\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n",
            elsewhere.address
        );
        let (_receiver, receivers, target) = here(Act::Say(said), at_leisure()).await;
        let answer = post(&receivers, &target).await.unwrap();
        assert_eq!(
            (answer.status.as_u16(), answer.is_success()),
            (status, false)
        );
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_connection_is_used_again_for_the_same_address() {
    let (receiver, receivers, target) =
        in_the_internet(Act::Say(OK.to_owned()), at_leisure()).await;
    for _ in 0..3 {
        assert!(post(&receivers, &target).await.is_ok());
    }
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_made_anew() {
    let (mut receiver, receivers, target) =
        here(Act::SayAndClose(OK.to_owned()), at_leisure()).await;
    for requests in 1..=3 {
        assert!(post(&receivers, &target).await.is_ok());
        receiver.requests.recv().await.unwrap();
        assert_eq!(receiver.connections(), requests);
    }
}

#[tokio::test]
async fn a_name_with_a_private_address_is_not_connected_to() {
    let identity = Identity::new(NAME);
    let receiver = Receiver::start(Act::Say(OK.to_owned()), Some(&identity)).await;
    for private in ["127.0.0.1", "10.0.0.1", "::1", "::ffff:192.168.0.1"] {
        for answer in [vec![private], vec![PUBLIC, private], vec![private, PUBLIC]] {
            let script = Script::default()
                .resolving(NAME, &[&answer])
                .leading(PUBLIC, receiver.address);
            let receivers = receivers(script, identity.roots(), at_leisure());
            let refused = post(&receivers, &Target::parse(URL).unwrap()).await;
            assert_eq!(refused, Err(PostError::NotPublic(private.parse().unwrap())));
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_that_turns_private_after_a_request_loses_its_connection() {
    let identity = Identity::new(NAME);
    let receiver = Receiver::start(Act::Say(OK.to_owned()), Some(&identity)).await;
    let script = Script::default()
        .resolving(NAME, &[&[PUBLIC], &["127.0.0.1"]])
        .leading(PUBLIC, receiver.address);
    let dialled = Arc::clone(&script.dialled);
    let receivers = receivers(script, identity.roots(), at_leisure());
    let target = Target::parse(URL).unwrap();
    assert!(post(&receivers, &target).await.is_ok());
    let refused = post(&receivers, &target).await;
    assert_eq!(
        refused,
        Err(PostError::NotPublic(Ipv4Addr::LOCALHOST.into()))
    );
    assert_eq!(*dialled.lock().unwrap(), ["1.1.1.1:443".parse().unwrap()]);
}

#[tokio::test]
async fn a_name_that_moves_gets_a_new_connection_to_the_new_address() {
    let identity = Identity::new(NAME);
    let before = Receiver::start(Act::Say(OK.to_owned()), Some(&identity)).await;
    let after = Receiver::start(Act::Say(OK.to_owned()), Some(&identity)).await;
    let script = Script::default()
        .resolving(NAME, &[&[PUBLIC], &["8.8.8.8"]])
        .leading(PUBLIC, before.address)
        .leading("8.8.8.8", after.address);
    let receivers = receivers(script, identity.roots(), at_leisure());
    let target = Target::parse(URL).unwrap();
    for _ in 0..3 {
        assert!(post(&receivers, &target).await.is_ok());
    }
    assert_eq!((before.connections(), after.connections()), (1, 1));
}

#[tokio::test]
async fn the_next_address_is_tried_when_one_does_not_answer() {
    let identity = Identity::new(NAME);
    let receiver = Receiver::start(Act::Say(OK.to_owned()), Some(&identity)).await;
    let silent = Receiver::start(Act::Silent, None).await;
    let script = Script::default()
        .resolving(NAME, &[&["8.8.8.8", PUBLIC]])
        .leading("8.8.8.8", silent.address)
        .leading(PUBLIC, receiver.address);
    let limits = Limits {
        connect: Duration::from_secs(1),
        whole: ENOUGH,
    };
    let receivers = receivers(script, identity.roots(), limits);
    let answer = post(&receivers, &Target::parse(URL).unwrap()).await;
    assert!(answer.unwrap().is_success());
}

#[tokio::test]
async fn a_name_without_an_address_is_an_error() {
    let receivers = receivers(Script::default(), RootCertStore::empty(), at_leisure());
    let refused = post(&receivers, &Target::parse(URL).unwrap()).await;
    assert_eq!(refused, Err(PostError::Resolve));
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_an_error() {
    let (receiver, receivers, _) = here(Act::Silent, at_leisure()).await;
    // Bound and not listening: connections are rejected.
    let nobody = TcpSocket::new_v4().unwrap();
    nobody.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let url = format!("http://{}/", nobody.local_addr().unwrap());
    let target = Loopback::of_the_local_stack().target(&url).unwrap();
    assert_eq!(post(&receivers, &target).await, Err(PostError::Connect));
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_wrong_certificate_is_rejected() {
    let (good, other) = (Identity::new(NAME), Identity::new("other.example.com"));
    let mut old = params(NAME);
    old.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let old = Identity::of(&old);
    for (served, roots, fault) in [
        (&other, other.roots(), TlsFault::OtherName),
        (&good, other.roots(), TlsFault::UnknownIssuer),
        (&old, old.roots(), TlsFault::Expired),
    ] {
        let mut receiver = Receiver::start(Act::Say(OK.to_owned()), Some(served)).await;
        let script = Script::default()
            .resolving(NAME, &[&[PUBLIC]])
            .leading(PUBLIC, receiver.address);
        let receivers = receivers(script, roots, at_leisure());
        let refused = post(&receivers, &Target::parse(URL).unwrap()).await;
        assert_eq!(refused, Err(PostError::Tls(fault)));
        assert!(receiver.requests.try_recv().is_err(), "a message was sent");
    }
}

#[tokio::test]
async fn a_receiver_that_does_not_speak_tls_is_an_error() {
    let plain = Receiver::start(Act::SayAndClose(OK.to_owned()), None).await;
    let script = Script::default()
        .resolving(NAME, &[&[PUBLIC]])
        .leading(PUBLIC, plain.address);
    let receivers = receivers(script, RootCertStore::empty(), at_leisure());
    let refused = post(&receivers, &Target::parse(URL).unwrap()).await;
    assert_eq!(refused, Err(PostError::Tls(TlsFault::Handshake)));
}

#[tokio::test]
async fn a_receiver_that_hangs_is_given_up() {
    // While connecting: the queue of connections is full, and nobody takes from it.
    let full = TcpSocket::new_v4().unwrap();
    full.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    let full = full.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let mut queue = Vec::new();
    let second = Duration::from_secs(1);
    while let Ok(stream) = tokio::time::timeout(second, TcpStream::connect(address)).await {
        queue.push(stream.unwrap());
    }
    let receivers = Receivers::with(Network::Machine, RootCertStore::empty(), in_haste()).unwrap();
    let target = Loopback::of_the_local_stack()
        .target(&format!("http://{address}/"))
        .unwrap();
    let hung = post(&receivers, &target).await;
    assert_eq!(hung, Err(PostError::Time(Step::Connect)));

    // During the handshake.
    let (mut receiver, receivers, target) = in_the_internet(Act::Silent, in_haste()).await;
    let hung = post(&receivers, &target).await;
    assert_eq!(hung, Err(PostError::Time(Step::Tls)));
    receiver.closed.recv().await.unwrap();

    // Before the answer, after its headers, and in the middle of its headers.
    for said in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent",
    ] {
        let (_receiver, receivers, target) = here(Act::Say(said.to_owned()), in_haste()).await;
        let hung = post(&receivers, &target).await;
        assert_eq!(hung, Err(PostError::Time(Step::Answer)), "{said:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_drips_is_given_up_and_its_connection_closed() {
    let heads = [
        "HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: ",
    ];
    for head in heads {
        let (mut receiver, receivers, target) = here(Act::Drip(head.to_owned()), in_haste()).await;
        let dripped = post(&receivers, &target).await;
        assert_eq!(dripped, Err(PostError::Time(Step::Answer)));
        receiver.closed.recv().await.unwrap();
    }
}

#[tokio::test]
async fn a_receiver_that_floods_is_cut_and_its_connection_closed() {
    for head in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 500 Oops\r\ncontent-length: 1000000000\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: ",
    ] {
        let (mut receiver, receivers, target) =
            here(Act::Flood(head.to_owned()), at_leisure()).await;
        assert_eq!(
            post(&receivers, &target).await,
            Err(PostError::TooLarge),
            "{head:?}"
        );
        receiver.closed.recv().await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_of_64_kilobytes_is_read_and_200_bytes_are_kept() {
    for (length, is_read) in [(64 * 1024, true), (64 * 1024 + 1, false)] {
        let said = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{}",
            "a".repeat(length)
        );
        let (_receiver, receivers, target) = here(Act::Say(said), at_leisure()).await;
        let answered = post(&receivers, &target).await;
        let kept = answered.map(|answer| answer.text.len());
        assert_eq!(
            kept,
            if is_read {
                Ok(200)
            } else {
                Err(PostError::TooLarge)
            }
        );
    }
}

#[tokio::test]
async fn what_is_not_an_answer_is_an_error() {
    for (said, error) in [
        ("", PostError::Lost),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
            PostError::Lost,
        ),
        ("220 mail.example.com ESMTP\r\n", PostError::NotHttp),
        ("HTTP/1.1 2000 OK\r\n\r\n", PostError::NotHttp),
    ] {
        let (_receiver, receivers, target) =
            here(Act::SayAndClose(said.to_owned()), at_leisure()).await;
        assert_eq!(post(&receivers, &target).await, Err(error), "{said:?}");
    }
}

#[tokio::test]
async fn the_name_localhost_leads_to_this_machine_only() {
    let receiver = Receiver::start(Act::Say(OK.to_owned()), None).await;
    let url = format!("http://localhost:{}/", receiver.address.port());
    let target = Loopback::of_the_local_stack().target(&url).unwrap();
    let script = Script::default()
        .resolving("localhost", &[&["127.0.0.1"], &["1.1.1.1"]])
        .leading("127.0.0.1", receiver.address);
    let receivers = receivers(script, RootCertStore::empty(), at_leisure());
    assert!(post(&receivers, &target).await.is_ok());
    let refused = post(&receivers, &target).await;
    assert_eq!(
        refused,
        Err(PostError::NotPublic("1.1.1.1".parse().unwrap()))
    );
}

#[test]
fn the_roots_of_this_machine_can_be_read() {
    assert!(Receivers::new().is_ok());
}
