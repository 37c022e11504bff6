//! A minimal Secrets Manager for the unit tests: real HTTP for the real SDK client, with failures on demand.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use aws_sdk_secretsmanager::config::retry::RetryConfig;
use aws_sdk_secretsmanager::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_secretsmanager::{Client, Config};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::keyrings::Keyrings;
use crate::keyrings::lock;

const PREFIX: &str = "test/keyring/";

/// The scripted result of a call.
#[derive(Clone, Copy)]
pub(crate) enum Act {
    Fail(u16, &'static str),
    DoThenFail(u16, &'static str),
}

#[derive(Default)]
struct StubSecret {
    versions: HashMap<String, Value>,
    stages: HashMap<String, String>,
}

#[derive(Default)]
struct World {
    secrets: HashMap<String, StubSecret>,
    operations: Vec<String>,
    next: Vec<(&'static str, Act)>,
    always: HashMap<&'static str, Act>,
    gate: Option<(&'static str, Arc<StubGate>)>,
    gate_after: Option<(&'static str, Arc<StubGate>)>,
}

/// Blocks the next call of an operation until it is opened.
pub(crate) struct StubGate {
    reached: Semaphore,
    opened: (Mutex<bool>, std::sync::Condvar),
}

impl StubGate {
    fn closed() -> Self {
        Self {
            reached: Semaphore::new(0),
            opened: Default::default(),
        }
    }

    pub(crate) async fn reached(&self) {
        let _permit = self.reached.acquire().await.unwrap();
    }

    pub(crate) fn open(&self) {
        *lock(&self.opened.0) = true;
        self.opened.1.notify_all();
    }

    fn pass(&self) {
        self.reached.add_permits(1);
        let closed = self
            .opened
            .1
            .wait_while(lock(&self.opened.0), |open| !*open);
        drop(closed.unwrap());
    }
}

pub(crate) struct Stub {
    world: Arc<Mutex<World>>,
    url: String,
}

impl Stub {
    pub(crate) fn empty() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::<Mutex<World>>::default();
        let shared = Arc::clone(&world);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let world = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream.unwrap(), &world));
            }
        });
        Self { world, url }
    }

    /// A stub with the keyring `k1` of this value.
    pub(crate) fn with_keyring(value: &str) -> Self {
        let stub = Self::empty();
        let input = json!({"Name": format!("{PREFIX}k1"), "SecretString": value, "ClientRequestToken": "v0"});
        lock(&stub.world).create(&input).unwrap();
        stub
    }

    /// New keyrings with their own cache, like another process.
    pub(crate) fn keyrings(&self) -> Keyrings {
        keyrings(&self.url)
    }

    /// A client of this stub.
    pub(crate) fn client(&self) -> Client {
        client(&self.url)
    }

    /// Keyrings at an address without a server.
    pub(crate) fn unreachable() -> Keyrings {
        keyrings("http://127.0.0.1:1")
    }

    pub(crate) fn next(&self, operation: &'static str, act: Act) {
        lock(&self.world).next.push((operation, act));
    }

    pub(crate) fn always(&self, operation: &'static str, act: Act) {
        lock(&self.world).always.insert(operation, act);
    }

    pub(crate) fn hold_at(&self, operation: &'static str) -> Arc<StubGate> {
        let gate = Arc::new(StubGate::closed());
        lock(&self.world).gate = Some((operation, Arc::clone(&gate)));
        gate
    }

    /// Blocks the answer to the next call of an operation.
    pub(crate) fn hold_after(&self, operation: &'static str) -> Arc<StubGate> {
        let gate = Arc::new(StubGate::closed());
        lock(&self.world).gate_after = Some((operation, Arc::clone(&gate)));
        gate
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        lock(&self.world).operations.clone()
    }
}

fn keyrings(url: &str) -> Keyrings {
    Keyrings::new(client(url), PREFIX)
}

fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .endpoint_url(url)
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

type StubReply = Result<Value, (u16, &'static str)>;

impl World {
    fn act(&mut self, operation: &str) -> Option<Act> {
        self.operations.push(operation.to_owned());
        let scripted = self.next.iter().position(|(name, _)| *name == operation);
        scripted
            .map(|at| self.next.remove(at).1)
            .or_else(|| self.always.get(operation).copied())
    }

    fn perform(&mut self, operation: &str, input: &Value) -> StubReply {
        match operation {
            "CreateSecret" => self.create(input),
            "GetSecretValue" => self.get(input),
            "PutSecretValue" => self.put(input),
            "UpdateSecretVersionStage" => self.promote(input),
            other => panic!("{other}"),
        }
    }

    fn create(&mut self, input: &Value) -> StubReply {
        let name = text(input, "Name");
        if self.secrets.contains_key(&name) {
            return Err((400, "ResourceExistsException"));
        }
        let secret = self.secrets.entry(name).or_default();
        let version = text(input, "ClientRequestToken");
        secret
            .versions
            .insert(version.clone(), input["SecretString"].clone());
        secret.stages.insert("AWSCURRENT".to_owned(), version);
        Ok(json!({}))
    }

    fn get(&mut self, input: &Value) -> StubReply {
        let secret = self.secret(input)?;
        let version = &secret.stages["AWSCURRENT"];
        Ok(json!({"VersionId": version, "SecretString": secret.versions[version]}))
    }

    fn put(&mut self, input: &Value) -> StubReply {
        let secret = self.secret(input)?;
        let version = text(input, "ClientRequestToken");
        let stage = input["VersionStages"][0].as_str().unwrap().to_owned();
        assert!(
            secret
                .versions
                .insert(version.clone(), input["SecretString"].clone())
                .is_none()
        );
        secret.stages.insert(stage, version.clone());
        Ok(json!({"VersionId": version}))
    }

    fn promote(&mut self, input: &Value) -> StubReply {
        let secret = self.secret(input)?;
        let stage = text(input, "VersionStage");
        if secret.stages.get(&stage) != Some(&text(input, "RemoveFromVersionId")) {
            return Err((400, "InvalidParameterException"));
        }
        secret.stages.insert(stage, text(input, "MoveToVersionId"));
        Ok(json!({}))
    }

    fn secret(&mut self, input: &Value) -> Result<&mut StubSecret, (u16, &'static str)> {
        self.secrets
            .get_mut(&text(input, "SecretId"))
            .ok_or((400, "ResourceNotFoundException"))
    }
}

fn text(input: &Value, name: &str) -> String {
    input[name].as_str().unwrap().to_owned()
}

fn answer(world: &Mutex<World>, operation: &str, input: &Value) -> StubReply {
    let gate = lock(world).gate.take_if(|(held, _)| *held == operation);
    if let Some((_, gate)) = gate {
        gate.pass();
    }
    let reply = {
        let mut world = lock(world);
        match world.act(operation) {
            None => world.perform(operation, input),
            Some(Act::Fail(status, code)) => Err((status, code)),
            Some(Act::DoThenFail(status, code)) => {
                world.perform(operation, input).and(Err((status, code)))
            }
        }
    };
    let gate = lock(world)
        .gate_after
        .take_if(|(held, _)| *held == operation);
    if let Some((_, gate)) = gate {
        gate.pass();
    }
    reply
}

/// Serves one connection until the client closes it.
fn serve(mut stream: &TcpStream, world: &Mutex<World>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut operation, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                if line == "\r\n" {
                    break;
                }
                continue;
            };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok()?,
                "x-amz-target" => operation = value.rsplit('.').next()?.to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let reply = answer(world, &operation, &serde_json::from_slice(&body).ok()?);
        let (status, body) = reply.map_or_else(
            |(status, code)| (status, json!({"__type": code})),
            |body| (200, body),
        );
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).ok()?;
    }
}
