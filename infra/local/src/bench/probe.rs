//! The stack that is measured, and what is measured of a request.
//!
//! The service runs on one thread and nothing else does, so that the thread's CPU time is the service's own: reading and writing
//! JSON, SCIM, the SDK. Its clock stands still, so that no operation is charged for what a process reads again once a minute. The engine that stands in for `DynamoDB` has threads of its own, whose time is not counted.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use directory::task::{Fate, Met};
use directory::{Directory, Meter, Patience, Spent, Store};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{Method, Request, Response, header};
use jiff::SignedDuration;
use keyring::TenantId;
use serde::Serialize;
use serde_json::Value;
use service::clock::{Clock, Ids};
use service::{Function, Origin, Service};
use tokio::runtime::{Builder, Runtime};

use crate::dynamo::Storage;
use crate::stack::{self, Services, StartError, TABLE};

/// A request to be made.
pub struct Ask {
    method: Method,
    path: String,
    body: Bytes,
    before: Option<Box<Ask>>,
}

impl Ask {
    /// A request without a body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: Bytes::new(),
            before: None,
        }
    }

    /// The request, made after another one that is not measured.
    #[must_use]
    pub fn after(mut self, before: Self) -> Self {
        self.before = Some(Box::new(before));
        self
    }

    /// The request with a body.
    #[must_use]
    pub fn with(mut self, body: &Value) -> Self {
        self.body = body.to_string().into();
        self
    }
}

/// What requests of one operation took.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// How many were made.
    pub requests: usize,
    /// Calls of `DynamoDB` one after the other, the most of any request.
    pub round_trips: u32,
    /// Read request units, the most of any request.
    pub reads: f64,
    /// Write request units, the most of any request.
    pub writes: f64,
    /// Bytes of the longest request body.
    pub sent: usize,
    /// Bytes of the longest answer.
    pub received: usize,
    /// CPU time of the service, the median in microseconds; none where the system does not count it.
    pub cpu: Option<f64>,
    /// Time to the answer, in microseconds: half of the requests took no longer.
    pub p50: f64,
    /// Time to the answer, in microseconds: 99 of 100 requests took no longer.
    pub p99: f64,
}

/// The service on an engine of its own.
pub struct Probe {
    /// The stand-ins below the service.
    pub services: Services,
    service: Service,
    clock: Clock,
    ids: Ids,
    engine: Runtime,
}

/// A tenant that is measured.
pub struct Tenant<'p> {
    /// What it is measured with.
    pub probe: &'p Probe,
    /// Its name.
    pub name: &'static str,
    token: String,
}

/// How often large writes are finished before it is given up: a call does what it has time for.
const MOST_FINISHES: usize = 100;

const HOST: &str = "http://127.0.0.1:9000";

impl Probe {
    /// Starts the engine, on threads of its own, and the service in front of it.
    ///
    /// # Errors
    ///
    /// As [`Services::start`].
    pub fn start(storage: &Storage) -> Result<Self, StartError> {
        let engine = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("engine")
            .enable_all()
            .build()?;
        let services = engine.block_on(Services::start(storage, None, None, (0, 0)))?;
        let (started, ids) = (Clock::system().now(), Ids::system());
        let clock = Clock::other(move || started);
        // What a large change costs is measured whole, however slow the machine is.
        let service = stack::service(&services.clients, None, clock.clone(), ids.clone());
        let service = service.patient(Patience::AMPLE);
        Ok(Self {
            services,
            service,
            clock,
            ids,
            engine,
        })
    }

    /// Makes a tenant, and fills the caches that a warm function has.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub async fn tenant(&self, name: &'static str) -> Result<Tenant<'_>, StartError> {
        let token = stack::provision(&self.service, &self.clock, &self.ids, name, None).await?;
        let tenant = Tenant {
            probe: self,
            name,
            token,
        };
        tenant.get("/Users?count=0").await?;
        Ok(tenant)
    }

    /// Ends the engine.
    pub fn shutdown(self) {
        self.engine.block_on(self.services.shutdown());
        self.engine.shutdown_background();
    }
}

impl Tenant<'_> {
    fn request(&self, ask: &Ask) -> Result<(Function, Request<Bytes>), StartError> {
        let function = match ask.path.starts_with("/Groups") {
            true => Function::Groups,
            false => Function::Users,
        };
        let request = Request::builder()
            .method(ask.method.clone())
            .uri(format!("{HOST}/{}/scim/v2{}", self.name, ask.path))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/scim+json")
            .body(ask.body.clone())?;
        Ok((function, request))
    }

    /// Sends a request to the service.
    ///
    /// # Errors
    ///
    /// When the answer is not a success.
    pub async fn ask(&self, ask: &Ask) -> Result<Response<Bytes>, StartError> {
        let (function, request) = self.request(ask)?;
        let service = &self.probe.service;
        let response = service.handle(function, request, Origin::default()).await;
        accepted(ask, response)
    }

    /// Reads.
    ///
    /// # Errors
    ///
    /// When the answer is not a success.
    pub async fn get(&self, path: &str) -> Result<Response<Bytes>, StartError> {
        self.ask(&Ask::new(Method::GET, path)).await
    }

    /// Finishes the large writes of the tenant, as often as it takes.
    ///
    /// # Errors
    ///
    /// When the storage fails again and again.
    pub async fn finish(&self) -> Result<(), StartError> {
        let name = TenantId::parse(self.name).ok_or("no name of a tenant")?;
        let clients = &self.probe.services.clients;
        let store = Arc::new(Store::new(clients.dynamodb.clone(), TABLE.to_owned()));
        let directory = Directory::new(store, name, Arc::new(Meter::default()));
        // None is so young that its owner would be at it.
        let later = self.probe.clock.now() + SignedDuration::from_mins(5);
        for _ in 0..MOST_FINISHES {
            let met = directory.finish(later, &self.probe.ids.write()).await;
            let left = |met: &Met| !matches!(met.fate, Fate::Finished);
            if !met?.iter().any(left) {
                return Ok(());
            }
        }
        Err("large writes that cannot be finished".into())
    }

    /// Creates a resource and gives its id.
    ///
    /// # Errors
    ///
    /// When it is refused.
    pub async fn create(&self, path: &str, body: &Value) -> Result<String, StartError> {
        let response = self.ask(&Ask::new(Method::POST, path).with(body)).await?;
        let created: Value = serde_json::from_slice(response.body())?;
        let id = created.get("id").and_then(Value::as_str);
        Ok(id.ok_or("an answer without an id")?.to_owned())
    }

    /// Makes requests one after the other and measures each.
    ///
    /// # Errors
    ///
    /// When an answer is not a success.
    pub async fn measure(&self, asks: &[Ask]) -> Result<Sample, StartError> {
        let (mut times, mut cpu) = (Vec::new(), Vec::new());
        let mut most = Spent::default();
        let (mut sent, mut received) = (0, 0);
        for ask in asks {
            if let Some(before) = &ask.before {
                self.ask(before).await?;
            }
            let (function, request) = self.request(ask)?;
            let (begun, busy) = (Instant::now(), cpu_time());
            let service = &self.probe.service;
            let response = service.handle(function, request, Origin::default()).await;
            cpu.extend(
                cpu_time()
                    .zip(busy)
                    .map(|(now, then)| micros(now.saturating_sub(then))),
            );
            times.push(micros(begun.elapsed()));
            let response = accepted(ask, response)?;
            let consumed = response.extensions().get::<Spent>();
            let consumed = consumed.ok_or("an answer that does not say what it consumed")?;
            most.round_trips = most.round_trips.max(consumed.round_trips);
            most.reads = most.reads.max(consumed.reads);
            most.writes = most.writes.max(consumed.writes);
            sent = ask.body.len().max(sent);
            received = response.body().len().max(received);
        }
        Ok(Sample {
            requests: asks.len(),
            round_trips: most.round_trips,
            reads: most.reads,
            writes: most.writes,
            sent,
            received,
            cpu: percentile(&mut cpu, 50),
            p50: percentile(&mut times, 50).unwrap_or_default(),
            p99: percentile(&mut times, 99).unwrap_or_default(),
        })
    }

    /// Makes requests so many at a time, and gives how many were answered in a second.
    ///
    /// # Errors
    ///
    /// When an answer is not a success.
    pub async fn rush(&self, asks: &[Ask], at_once: usize) -> Result<f64, StartError> {
        let begun = Instant::now();
        stream::iter(asks)
            .map(|ask| self.ask(ask))
            .buffer_unordered(at_once)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        let seconds = begun.elapsed().as_secs_f64();
        Ok(f64::from(u32::try_from(asks.len())?) / seconds)
    }
}

fn accepted(ask: &Ask, response: Response<Bytes>) -> Result<Response<Bytes>, StartError> {
    if response.status().is_success() {
        return Ok(response);
    }
    let answer = String::from_utf8_lossy(response.body());
    let (method, path, status) = (&ask.method, &ask.path, response.status());
    Err(format!("{method} {path}: {status} {answer}").into())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}

/// The smallest value that so many of a hundred do not exceed.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied()
}

/// The CPU time of this thread.
#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    Some(Duration::new(seconds, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(unix))]
const fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let mut hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut hundred, 50), Some(50.0));
        assert_eq!(percentile(&mut hundred, 99), Some(99.0));
        assert_eq!(percentile(&mut [7.0], 99), Some(7.0));
        assert_eq!(percentile(&mut [], 50), None);
    }

    #[cfg(unix)]
    #[test]
    fn cpu_time_is_that_of_the_thread_and_waiting_costs_none() {
        let before = cpu_time().unwrap();
        std::thread::spawn(|| (0..2_000_000_u64).fold(1, |a, b| std::hint::black_box(a ^ b)))
            .join()
            .unwrap();
        let waited = cpu_time().unwrap().saturating_sub(before);
        let sum = (0..20_000_000_u64).fold(1, |a, b| std::hint::black_box(a ^ b));
        let worked = cpu_time().unwrap().saturating_sub(before);
        assert!(worked > waited * 2, "{waited:?} {worked:?} {sum}");
    }
}
