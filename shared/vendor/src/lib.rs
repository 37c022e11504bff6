//! The vendor's side of the service: the JSON API under `/admin/v1`, and the pages under `/console`. Some of the
//! pages are for a customer's administrator with a setup link.
//!
//! [`actor`] defines who may do what. `operations` does it and knows neither JSON nor HTML; [`api`] and [`pages`]
//! parse the input and show the result. SCIM itself is in the crate `service`, which does not know this crate.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use directory::{Meter, Spent};
use http::{Request, Response};
use service::{Binary, Config, Origin, config, lambda};

pub mod actor;
pub mod api;
mod body;
mod idempotency;
mod limits;
mod operations;
pub mod pages;
pub mod problem;
mod query;
mod vendor_side;

pub use problem::{Problem, ProblemCause, ProblemReason};
pub use vendor_side::{SecretNames, TargetParser, VendorSide};

use vendor_side::Trace;

/// Runs the function `admin`: opens connections while Lambda gives full CPU to initialisation, then answers events.
///
/// # Errors
///
/// What is missing or wrong in the environment, or the end of the runtime API.
pub async fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    lambda::start_log();
    config::function(Binary::Admin)?;
    let config = Config::from_environment()?;
    let clients = directory::connect(&config::access()?)?;
    let secrets = SecretNames::from(&config);
    let service = Arc::new(config.service(clients.clone()));
    let vendor = Arc::new(VendorSide::new(service, &clients, secrets));
    vendor.warm().await;
    lambda::serve(move |request, origin| {
        let vendor = Arc::clone(&vendor);
        async move { vendor.handle(request, origin).await }
    })
    .await
}

impl VendorSide {
    /// Answers a request to the API or to a page. The response's extensions contain its consumption, as [`Spent`], and
    /// the [`ProblemCause`] of a failure.
    pub async fn handle(&self, request: Request<Bytes>, origin: Origin) -> Response<Bytes> {
        let started = self.service.now();
        let meter = Arc::new(Meter::default());
        let mut trace = Trace::default();
        let span = tracing::info_span!("request", request.id = origin.request_id);
        let mut response = if pages::page_path(request.uri().path()).is_some() {
            let page = Box::pin(pages::handle(self, &request, &origin, &meter, &mut trace));
            tracing::Instrument::instrument(page, span).await
        } else {
            let call = Box::pin(api::handle(self, &request, &origin, &meter, &mut trace));
            tracing::Instrument::instrument(call, span).await
        };
        let spent = meter.spent();
        self.log(&origin, &trace, &response, &spent, started);
        response.extensions_mut().insert(spent);
        response
    }

    fn log(
        &self,
        origin: &Origin,
        trace: &Trace,
        response: &Response<Bytes>,
        spent: &Spent,
        started: jiff::Timestamp,
    ) {
        let status = response.status().as_u16();
        let problem = response.extensions().get::<ProblemCause>();
        let duration = self.service.now().duration_since(started);
        tracing::info!(
            request.id = origin.request_id,
            tenant.id = trace.tenant,
            admin_key.id = trace.key,
            operation = trace.operation.unwrap_or("unknown"),
            status,
            problem = problem.map(tracing::field::display),
            duration_ms = duration.as_secs_f64() * 1_000.0,
            dynamodb.reads = spent.reads,
            dynamodb.writes = spent.writes,
            dynamodb.calls = spent.calls,
            dynamodb.round_trips = spent.round_trips,
            "request.answered"
        );
    }
}
