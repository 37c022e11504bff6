//! `cargo run --release -- cold-start`: measures a function's binary from process start to the first response and for warm
//! events, compared with a `lambda_http` function that does nothing.
//!
//! The programs run in turns as processes in an environment like Lambda's, under a stand-in for the Runtime API
//! ([`runtime`]). DynamoDB and Secrets Manager are the stand-ins of the local stack behind TLS ([`tls`]). Loading the zip,
//! starting the microVM and the network to AWS are not measured. Times depend on the machine and its load, so the ratio
//! between the programs is what counts; connections, handshakes and bytes are exact.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use http::{Method, Request, header};
use serde::Serialize;
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::{Function as Resource, Origin};

use crate::bench::percentile;
use crate::dynamo::Storage;
use crate::stack::{self, Services, StartError};

pub mod build;
mod function;
mod report;
pub mod runtime;
pub mod share;
pub mod tls;

pub use function::Program;
use function::{RunningFunction, Usage};
pub use report::print;
use runtime::RuntimeApi;
use share::{Enforcement, Share};
use tls::{Authority, HandshakeCounters, Handshakes, Terminator};

/// The programs to measure, and the number of repetitions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ColdStartPlan {
    /// The binaries. The others are compared with the last one.
    pub programs: Vec<Program>,
    /// Starts of each program at each CPU share.
    pub repeat: usize,
    /// Events for each process after the first.
    pub warm: usize,
    /// MB of memory whose CPU share is measured besides the full CPU.
    pub memory: u32,
}

/// The measurements of a program at one CPU share: medians of all starts, times in milliseconds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartCost {
    pub program: String,
    pub share: Share,
    /// From process start until the process asks for an event.
    pub init: f64,
    /// From the first event to its response.
    pub first: f64,
    /// Median response time of the later events.
    pub p50: f64,
    /// 99th percentile of the later events.
    pub p99: f64,
    /// CPU time until the process asks for an event.
    pub init_cpu: Option<f64>,
    /// CPU time from then to the first response.
    pub first_cpu: Option<f64>,
    /// CPU time of each later event.
    pub event_cpu: Option<f64>,
    /// Peak resident memory in KiB.
    pub memory: Option<f64>,
    /// Connections opened during init: the maximum of all starts.
    pub during_init: Handshakes,
    /// Connections opened after init: the maximum of all starts.
    pub after_init: Handshakes,
}

/// The size of a program in bytes.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Size {
    pub program: String,
    pub binary: u64,
    /// The binary in a zip: deflated at level 9.
    pub zip: u64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ColdStartReport {
    /// Starts of each program at each CPU share.
    pub repeat: usize,
    /// Events for each process after the first.
    pub warm: usize,
    /// MB of memory whose CPU share was measured besides the full CPU.
    pub memory: u32,
    /// How the share was enforced.
    pub means: String,
    /// The program that the others are compared with.
    pub base: String,
    /// Each program at each CPU share.
    pub rows: Vec<StartCost>,
}

/// The measurements of one start.
struct Start {
    init: f64,
    first: f64,
    warm: Vec<f64>,
    ready: Usage,
    answered: Usage,
    end: Usage,
    during_init: Handshakes,
    after_init: Handshakes,
}

/// What all starts share.
struct StartSetup<'b> {
    folder: &'b Path,
    means: Enforcement,
    counts: Arc<HandshakeCounters>,
    environment: Vec<(&'static str, String)>,
    event: Bytes,
    clock: Clock,
    _terminators: [Terminator; 2],
}

/// Measures the programs in turns, so that a change of the machine's load affects all of them. Logs and certificates go
/// into `folder`.
///
/// # Errors
///
/// When a program does not start, or does not respond with 200.
pub async fn run(
    plan: &ColdStartPlan,
    folder: &Path,
    tell: impl Fn(&str),
) -> Result<ColdStartReport, StartError> {
    let services = Services::start(&Storage::Memory, None, None, (0, 0)).await?;
    let bench = StartSetup::new(&services, folder).await?;
    let shares = [Share::Full, Share::Of(plan.memory)];
    let turns: Vec<(&Program, Share)> = shares
        .iter()
        .flat_map(|share| plan.programs.iter().map(|program| (program, *share)))
        .collect();
    let mut starts: Vec<Vec<Start>> = turns.iter().map(|_| Vec::new()).collect();
    for round in 0..plan.repeat {
        tell(&format!("round {} of {}", round + 1, plan.repeat));
        for ((program, share), starts) in turns.iter().zip(&mut starts) {
            let start = bench.start(program, *share, plan.warm).await;
            starts.push(start.map_err(|error| format!("{}, {share}: {error}", program.name))?);
        }
    }
    let means = bench.means.to_string();
    drop(bench);
    services.shutdown().await;
    let rows = turns.iter().zip(starts);
    Ok(ColdStartReport {
        repeat: plan.repeat,
        warm: plan.warm,
        memory: plan.memory,
        means,
        base: plan
            .programs
            .last()
            .map(|program| program.name.clone())
            .unwrap_or_default(),
        rows: rows
            .map(|((program, share), starts)| row(program, *share, &starts))
            .collect(),
    })
}

impl<'b> StartSetup<'b> {
    async fn new(services: &Services, folder: &'b Path) -> Result<Self, StartError> {
        let authority = Authority::new()?;
        let trusted = folder.join("trusted.pem");
        authority.write(&trusted)?;
        let counts = Arc::new(HandshakeCounters::default());
        let mut environment = services.environment();
        let mut terminate = async |name: &str| -> Result<Terminator, StartError> {
            let found = environment.iter_mut().find(|(known, _)| *known == name);
            let (_, endpoint) = found.ok_or("the environment does not name this stand-in")?;
            let terminator = authority.terminate(endpoint, Arc::clone(&counts)).await?;
            terminator.url().clone_into(endpoint);
            Ok(terminator)
        };
        let terminators = [
            terminate("AWS_ENDPOINT_URL_DYNAMODB").await?,
            terminate("AWS_ENDPOINT_URL_SECRETS_MANAGER").await?,
        ];
        environment.push(("SSL_CERT_FILE", trusted.display().to_string()));
        environment.extend(LAMBDA.map(|(name, value)| (name, value.to_owned())));
        Ok(Self {
            folder,
            means: Enforcement::found(),
            counts,
            environment,
            event: event(services).await?,
            clock: Clock::system(),
            _terminators: terminators,
        })
    }

    async fn start(
        &self,
        program: &Program,
        share: Share,
        warm: usize,
    ) -> Result<Start, StartError> {
        let mut api = RuntimeApi::start(self.clock.clone()).await?;
        let mut environment = self.environment.clone();
        environment.push(("AWS_LAMBDA_RUNTIME_API", api.address().to_owned()));
        self.counts.take();
        let limit = (&self.means, share);
        let mut function =
            RunningFunction::start(program, &environment, limit, self.folder).await?;
        let asked = function.until(api.asked()).await?;
        let init = asked.duration_since(function.begun);
        let (ready, during_init) = (function.usage(), self.counts.take());
        // Lambda does not charge init to the share: wait until the quota is whole again for the first event.
        tokio::time::sleep(2 * share::PERIOD).await;
        let first = answered(&mut function, &mut api, &self.event).await?;
        let answered_by = function.usage();
        let mut times = Vec::with_capacity(warm);
        for _ in 0..warm {
            // Providers send no faster than this, and the quota is whole again.
            tokio::time::sleep(share::PERIOD).await;
            times.push(answered(&mut function, &mut api, &self.event).await?);
        }
        let end = function.usage();
        function.end().await?;
        Ok(Start {
            init: millis(init),
            first,
            warm: times,
            ready,
            answered: answered_by,
            end,
            during_init,
            after_init: self.counts.take(),
        })
    }
}

/// Further environment variables that Lambda sets.
const LAMBDA: [(&str, &str); 9] = [
    ("_HANDLER", "users"),
    ("AWS_LAMBDA_FUNCTION_NAME", "measured"),
    ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
    ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
    ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
    ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
    ("AWS_SESSION_TOKEN", "local"),
    ("TZ", ":UTC"),
];

/// The milliseconds that the function takes to answer the event.
async fn answered(
    function: &mut RunningFunction,
    api: &mut RuntimeApi,
    event: &Bytes,
) -> Result<f64, StartError> {
    let answered = function.until(api.invoke(event.clone())).await?;
    let answer: Value = serde_json::from_slice(&answered.body)?;
    match answer.get("statusCode").and_then(Value::as_u64) {
        Some(200) => Ok(millis(answered.took)),
        _ => Err(format!("the function answered {answer}").into()),
    }
}

const CREATE: &str = include_str!("../../../functions/scim/events/create-user.json");
const FIND: &str = include_str!("../../../functions/scim/events/list-users.json");
const TENANT: &str = "acme";

/// The event to measure: a provider looks up an existing user by `userName`.
async fn event(services: &Services) -> Result<Bytes, StartError> {
    let (clock, ids) = (Clock::system(), Ids::system());
    let service = stack::service(&services.clients, None, clock.clone(), ids.clone());
    let token = stack::provision(&service, &clock, &ids, TENANT, None).await?;
    let authorization = format!("Bearer {token}");
    let create: Value = serde_json::from_str(CREATE)?;
    let body = create
        .get("body")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("/{TENANT}/scim/v2/Users"))
        .header(header::AUTHORIZATION, &authorization)
        .header(header::CONTENT_TYPE, "application/scim+json")
        .body(Bytes::from(data_encoding::BASE64.decode(body.as_bytes())?))?;
    let response = service
        .handle(Resource::Users, request, Origin::default())
        .await;
    if !response.status().is_success() {
        return Err(format!("the user cannot be created: {}", response.status()).into());
    }
    let mut find: Value = serde_json::from_str(FIND)?;
    let headers = find.get_mut("headers").and_then(Value::as_object_mut);
    let headers = headers.ok_or("the event has no headers")?;
    headers.insert("authorization".to_owned(), json!(authorization));
    Ok(serde_json::to_vec(&find)?.into())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn row(program: &Program, share: Share, starts: &[Start]) -> StartCost {
    let of = |value: fn(&Start) -> Option<f64>| {
        let mut values: Vec<f64> = starts.iter().filter_map(value).collect();
        percentile(&mut values, 50)
    };
    let mut warm: Vec<f64> = starts.iter().flat_map(|start| start.warm.clone()).collect();
    StartCost {
        program: program.name.clone(),
        share,
        init: of(|start| Some(start.init)).unwrap_or_default(),
        first: of(|start| Some(start.first)).unwrap_or_default(),
        p50: percentile(&mut warm, 50).unwrap_or_default(),
        p99: percentile(&mut warm, 99).unwrap_or_default(),
        init_cpu: of(|start| start.ready.cpu.map(millis)),
        first_cpu: of(|start| {
            let (ready, answered) = (start.ready.cpu?, start.answered.cpu?);
            Some(millis(answered.saturating_sub(ready)))
        }),
        event_cpu: of(|start| {
            let (answered, end) = (start.answered.cpu?, start.end.cpu?);
            let events = u32::try_from(start.warm.len()).ok()?;
            Some(millis(end.saturating_sub(answered)) / f64::from(events))
        }),
        memory: of(|start| start.end.memory),
        during_init: most(starts.iter().map(|start| start.during_init)),
        after_init: most(starts.iter().map(|start| start.after_init)),
    }
}

fn most(seen: impl Iterator<Item = Handshakes>) -> Handshakes {
    seen.fold(Handshakes::default(), |a, b| Handshakes {
        connections: a.connections.max(b.connections),
        handshakes: a.handshakes.max(b.handshakes),
    })
}

/// The size of a program's binary, plain and deflated.
///
/// # Errors
///
/// When the binary cannot be read.
pub fn size(program: &Program) -> io::Result<Size> {
    let mut zip = DeflateEncoder::new(CountedBytes(0), Compression::best());
    let binary = io::copy(&mut File::open(&program.path)?, &mut zip)?;
    Ok(Size {
        program: program.name.clone(),
        binary,
        zip: zip.finish()?.0,
    })
}

/// Counts written bytes and drops them.
struct CountedBytes(u64);

impl Write for CountedBytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
