//! The journey of a request in five steps: read, admit, serve, answer, record. Each step is one room, and hands on what
//! it knows as a value, so no step asks again.
//!
//! | Step | Room | From | To |
//! |---|---|---|---|
//! | read | [`wire`] | the HTTP request | [`Incoming`] |
//! | admit | [`gate`](crate::gate) | `Incoming` | [`Admission`]: the caller, or why not |
//! | serve | [`endpoints`](crate::endpoints) | `Incoming`, [`Caller`](crate::gate::Caller) | [`Success`] or [`Failure`] |
//! | answer | [`wire`] | that | the HTTP response, and [`Findings`] |
//! | record | [`failures`](crate::failures) | all of it | the last use, entries of the failure log, a line in the log |
//!
//! Failures of a step pass through the later ones: the first one becomes the response.

use std::sync::Arc;

use bytes::Bytes;
use directory::{Author, Deadline, Meter, Spent, until_then};
use http::{Request, Response};
use jiff::Timestamp;
use keyring::TenantId;
use scim_core::limits;
use tokio::time::Instant;
use tracing::Instrument;

use crate::deadline::too_late;
use crate::endpoints::configuration;
use crate::failures::Report;
use crate::gate::{Admission, Gate, Sender};
use crate::wire::routes::Endpoint;
use crate::wire::{self, Failure, Findings, Incoming, Success};
use crate::{Function, Origin, Service};

/// What accompanies a request from its first step to its last.
struct Journey<'r> {
    function: Function,
    request: &'r Request<Bytes>,
    origin: &'r Origin,
    meter: Arc<Meter>,
    started: Timestamp,
    deadline: Deadline,
}

impl Service {
    /// Answers a request. The response's extensions contain its consumption, as [`Spent`], and the reasons of
    /// failures, as [`Failures`](wire::Failures).
    pub async fn handle(
        &self,
        function: Function,
        request: Request<Bytes>,
        origin: Origin,
    ) -> Response<Bytes> {
        let journey = Journey {
            function,
            request: &request,
            origin: &origin,
            meter: Arc::default(),
            started: self.clock.now(),
            deadline: Deadline::of(self.patience),
        };
        let span = tracing::info_span!("request", request.id = origin.request_id);
        let public_url = self.public_url.as_deref();
        let incoming = Incoming::read(&request, function, &origin, public_url);
        let (sender, served) = match &incoming {
            Err(error) => (Sender::Unknown, Err(error.clone().into())),
            Ok(incoming) => {
                let admission = self.admit(&journey, incoming).instrument(span.clone());
                let admission = admission.await;
                let served = self.serve_admitted(&journey, incoming, admission);
                served.instrument(span).await
            }
        };
        let coding = incoming.as_ref().map(|incoming| incoming.coding);
        let coding = coding.unwrap_or_default();
        let (response, findings) = wire::answer(served, coding);
        let known = (incoming.as_ref().ok(), &sender);
        Box::pin(self.record(&journey, known, &findings)).await;
        self.finish(&journey, known, response)
    }

    async fn admit<'g>(
        &'g self,
        journey: &'g Journey<'_>,
        incoming: &Incoming<'_>,
    ) -> Admission<'g> {
        let gate = Gate {
            keyrings: &self.keyrings,
            imported_tokens: &self.imported_tokens,
            store: &self.store,
            tenants: &self.tenants,
            rates: &self.rates,
            now: self.clock.now(),
            meter: &journey.meter,
        };
        let admission = Box::pin(gate.admit(incoming, journey.origin.source));
        let admission = until_then(journey.deadline.answer(), admission).await;
        admission.unwrap_or_else(|| Admission::Rejected(Sender::Unknown, journey.too_late()))
    }

    /// Serves the request of an admitted caller, and meanwhile adds to the tenant's shared count.
    async fn serve_admitted(
        &self,
        journey: &Journey<'_>,
        incoming: &Incoming<'_>,
        admission: Admission<'_>,
    ) -> (Sender, Result<Success, Failure>) {
        let (caller, uncounted) = match admission {
            Admission::Public => {
                return (
                    Sender::Unknown,
                    Ok(configuration(&incoming.base, limits::PAGE)),
                );
            }
            Admission::Rejected(sender, failure) => return (sender, Err(failure)),
            Admission::Admitted(caller, uncounted) => (caller, uncounted),
        };
        let author = Author::key(caller.credential.id(), &journey.origin.request_id);
        let directory = self.directory(&caller.tenant.id, &journey.meter, author);
        let directory = directory.within(journey.deadline);
        let served = async {
            let count = async {
                if let Some(uncounted) = uncounted {
                    uncounted.add(&caller.tenant.id).await;
                }
            };
            tokio::join!(self.serve(incoming, &caller, directory), count).0
        };
        // The future of all endpoints is large, so it is on the heap instead of in the stack frames of its callers.
        let served = until_then(journey.deadline.answer(), Box::pin(served)).await;
        let served = served.unwrap_or_else(|| Err(journey.too_late()));
        (Sender::Caller(caller), served)
    }

    /// Records the use of the caller's key, and what the administrator of the tenant should know.
    async fn record(
        &self,
        journey: &Journey<'_>,
        (incoming, sender): (Option<&Incoming<'_>>, &Sender),
        findings: &Findings,
    ) {
        let Some(incoming) = incoming else {
            return;
        };
        // A request that is out of time has none for this either.
        if let Some(caller) = sender.caller()
            && incoming.concerns_resources()
            && Instant::now() < journey.deadline.answer()
        {
            self.record_use(caller).await;
        }
        let report = Report {
            function: journey.function,
            incoming,
            sender,
            request_id: &journey.origin.request_id,
            meter: &journey.meter,
            tenants: &self.tenants,
        };
        self.failures.record(&report, findings).await;
    }

    /// Logs the request, and adds its consumption to the response.
    fn finish(
        &self,
        journey: &Journey<'_>,
        (incoming, sender): (Option<&Incoming<'_>>, &Sender),
        mut response: Response<Bytes>,
    ) -> Response<Bytes> {
        let spent = journey.meter.spent();
        let operation = incoming.and_then(Incoming::endpoint);
        let duration = self.clock.now().duration_since(journey.started);
        let admitted = sender.key().filter(|_| sender.not_admitted().is_none());
        tracing::info!(
            request.id = journey.origin.request_id,
            tenant.id = incoming.map(|incoming| TenantId::as_str(&incoming.tenant)),
            key.id = admitted.map(|key| key.id.as_str()),
            operation = operation.map_or("unknown", Endpoint::operation),
            status = response.status().as_u16(),
            duration_ms = duration.as_secs_f64() * 1_000.0,
            dynamodb.reads = spent.reads,
            dynamodb.writes = spent.writes,
            dynamodb.calls = spent.calls,
            dynamodb.round_trips = spent.round_trips,
            "request.answered"
        );
        response.extensions_mut().insert::<Spent>(spent);
        response
    }
}

impl Journey<'_> {
    fn too_late(&self) -> Failure {
        too_late(self.request.method(), self.request.uri().path()).into()
    }
}
