//! The measured stack, and the measurement of one request.
//!
//! The service has a thread to itself, so the thread's CPU time is the service's: JSON, SCIM and the SDK. Its clock stands
//! still, so that no request pays for caches that a process refreshes once a minute. The engine that stands in for
//! `DynamoDB` has its own threads, whose time is not counted.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use directory::task::{TaskOutcome, TaskResult};
use directory::{Author, Directory, Meter, Spent, Store, TimeLimits};
use futures_util::{StreamExt, TryStreamExt, stream};
use http::{Method, Request, Response, header};
use jiff::SignedDuration;
use keyring::TenantId;
use serde::Serialize;
use serde_json::Value;
use service::clock::{Clock, Ids};
use service::{Function, Origin, Service};
use tokio::runtime::{Builder, Runtime};
use tokio::time::Instant;

use crate::dynamo::Storage;
use crate::stack::{self, Services, StartError, TABLE};

pub struct MeasuredRequest {
    method: Method,
    path: String,
    body: Bytes,
    before: Option<Box<MeasuredRequest>>,
}

impl MeasuredRequest {
    /// A request without a body.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: Bytes::new(),
            before: None,
        }
    }

    /// Sends another request first, without measuring it.
    #[must_use]
    pub fn after(mut self, before: Self) -> Self {
        self.before = Some(Box::new(before));
        self
    }

    #[must_use]
    pub fn with(mut self, body: &Value) -> Self {
        self.body = body.to_string().into();
        self
    }
}

/// The measured requests of one operation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    pub requests: usize,
    /// `DynamoDB` calls that wait for one another: the maximum of all requests.
    pub round_trips: u32,
    /// Read request units: the maximum of all requests.
    pub reads: f64,
    /// Write request units: the maximum of all requests.
    pub writes: f64,
    /// Bytes of the longest request body.
    pub sent: usize,
    /// Bytes of the longest response body.
    pub received: usize,
    /// Median CPU time of the service in microseconds; `None` on systems without a thread clock.
    pub cpu: Option<f64>,
    /// Median response time in microseconds.
    pub p50: f64,
    /// 99th percentile of the response time in microseconds.
    pub p99: f64,
}

/// The service on its own engine.
pub struct MeasuredStack {
    pub services: Services,
    service: Service,
    clock: Clock,
    ids: Ids,
    engine: Runtime,
}

/// A tenant to measure requests in.
pub struct MeasuredTenant<'p> {
    pub stack: &'p MeasuredStack,
    pub name: &'static str,
    token: String,
}

/// Attempts to finish the large writes: one attempt stops when its time is used up.
const MOST_FINISHES: usize = 100;

const HOST: &str = "http://127.0.0.1:9000";

impl MeasuredStack {
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
        let clock = Clock::from_fn(move || started);
        // A large change is measured whole, however slow the machine is.
        let service = stack::service(&services.clients, None, clock.clone(), ids.clone());
        let service = service.with_patience(TimeLimits::AMPLE);
        Ok(Self {
            services,
            service,
            clock,
            ids,
            engine,
        })
    }

    /// Creates a tenant, and fills the caches that a warm function has.
    ///
    /// # Errors
    ///
    /// When the tenant cannot be created.
    pub async fn tenant(&self, name: &'static str) -> Result<MeasuredTenant<'_>, StartError> {
        let token = stack::provision(&self.service, &self.clock, &self.ids, name, None).await?;
        let tenant = MeasuredTenant {
            stack: self,
            name,
            token,
        };
        tenant.get("/Users?count=0").await?;
        Ok(tenant)
    }

    /// Stops the engine.
    pub fn shutdown(self) {
        self.engine.block_on(self.services.shutdown());
        self.engine.shutdown_background();
    }
}

impl MeasuredTenant<'_> {
    fn request(
        &self,
        measured: &MeasuredRequest,
    ) -> Result<(Function, Request<Bytes>), StartError> {
        let function = match measured.path.starts_with("/Groups") {
            true => Function::Groups,
            false => Function::Users,
        };
        let request = Request::builder()
            .method(measured.method.clone())
            .uri(format!("{HOST}/{}/scim/v2{}", self.name, measured.path))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/scim+json")
            .body(measured.body.clone())?;
        Ok((function, request))
    }

    /// Sends a request to the service.
    ///
    /// # Errors
    ///
    /// When the response is not a success.
    pub async fn send(&self, measured: &MeasuredRequest) -> Result<Response<Bytes>, StartError> {
        let (function, request) = self.request(measured)?;
        let service = &self.stack.service;
        let response = service.handle(function, request, Origin::default()).await;
        accepted(measured, response)
    }

    /// Sends a GET request.
    ///
    /// # Errors
    ///
    /// When the response is not a success.
    pub async fn get(&self, path: &str) -> Result<Response<Bytes>, StartError> {
        self.send(&MeasuredRequest::new(Method::GET, path)).await
    }

    /// Finishes the tenant's large writes.
    ///
    /// # Errors
    ///
    /// When the storage fails, or writes are left after [`MOST_FINISHES`] attempts.
    pub async fn finish(&self) -> Result<(), StartError> {
        let name = TenantId::parse(self.name).ok_or("not a tenant name")?;
        let clients = &self.stack.services.clients;
        let store = Arc::new(Store::new(clients.dynamodb.clone(), TABLE.to_owned()));
        let directory = Directory::new(
            store,
            name,
            Arc::new(Meter::default()),
            Author::background(),
        );
        // Five minutes ahead, so that every write counts as abandoned by the request that began it.
        let later = self.stack.clock.now() + SignedDuration::from_mins(5);
        for _ in 0..MOST_FINISHES {
            let results = directory.finish(later, &self.stack.ids.write()).await;
            let left = |result: &TaskResult| !matches!(result.outcome, TaskOutcome::Finished);
            if !results?.iter().any(left) {
                return Ok(());
            }
        }
        Err("the large writes cannot be finished".into())
    }

    /// Creates a resource and returns its id.
    ///
    /// # Errors
    ///
    /// When the response is not a success.
    pub async fn create(&self, path: &str, body: &Value) -> Result<String, StartError> {
        let response = self
            .send(&MeasuredRequest::new(Method::POST, path).with(body))
            .await?;
        let created: Value = serde_json::from_slice(response.body())?;
        let id = created.get("id").and_then(Value::as_str);
        Ok(id.ok_or("the response has no id")?.to_owned())
    }

    /// Sends the requests one after the other and measures each.
    ///
    /// # Errors
    ///
    /// When a response is not a success.
    pub async fn measure(&self, requests: &[MeasuredRequest]) -> Result<Sample, StartError> {
        let (mut times, mut cpu) = (Vec::new(), Vec::new());
        let mut most = Spent::default();
        let (mut sent, mut received) = (0, 0);
        for measured in requests {
            if let Some(before) = &measured.before {
                self.send(before).await?;
            }
            let (function, request) = self.request(measured)?;
            let (begun, busy) = (Instant::now(), cpu_time());
            let service = &self.stack.service;
            let response = service.handle(function, request, Origin::default()).await;
            cpu.extend(
                cpu_time()
                    .zip(busy)
                    .map(|(now, then)| micros(now.saturating_sub(then))),
            );
            times.push(micros(begun.elapsed()));
            let response = accepted(measured, response)?;
            let consumed = response.extensions().get::<Spent>();
            let consumed = consumed.ok_or("the response does not state its consumed capacity")?;
            most.round_trips = most.round_trips.max(consumed.round_trips);
            most.reads = most.reads.max(consumed.reads);
            most.writes = most.writes.max(consumed.writes);
            sent = measured.body.len().max(sent);
            received = response.body().len().max(received);
        }
        Ok(Sample {
            requests: requests.len(),
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

    /// Sends the requests with a concurrency of `at_once` and returns the requests per second.
    ///
    /// # Errors
    ///
    /// When a response is not a success.
    pub async fn rush(
        &self,
        requests: &[MeasuredRequest],
        at_once: usize,
    ) -> Result<f64, StartError> {
        let begun = Instant::now();
        stream::iter(requests)
            .map(|measured| self.send(measured))
            .buffer_unordered(at_once)
            .try_for_each(|_| async { Ok(()) })
            .await?;
        let seconds = begun.elapsed().as_secs_f64();
        Ok(f64::from(u32::try_from(requests.len())?) / seconds)
    }
}

fn accepted(
    measured: &MeasuredRequest,
    response: Response<Bytes>,
) -> Result<Response<Bytes>, StartError> {
    if response.status().is_success() {
        return Ok(response);
    }
    let answer = String::from_utf8_lossy(response.body());
    let (method, path, status) = (&measured.method, &measured.path, response.status());
    Err(format!("{method} {path}: {status} {answer}").into())
}

pub(super) fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}

/// The smallest value that `percent` of the values do not exceed.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied()
}

#[cfg(unix)]
pub(super) fn cpu_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).ok()?;
    Some(Duration::new(seconds, u32::try_from(time.tv_nsec).ok()?))
}

#[cfg(not(unix))]
pub(super) const fn cpu_time() -> Option<Duration> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_an_element_of_the_values() {
        let mut hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut hundred, 50), Some(50.0));
        assert_eq!(percentile(&mut hundred, 99), Some(99.0));
        assert_eq!(percentile(&mut [7.0], 99), Some(7.0));
        assert_eq!(percentile(&mut [], 50), None);
    }

    #[cfg(unix)]
    #[test]
    fn cpu_time_counts_this_thread_only_and_no_waiting() {
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
