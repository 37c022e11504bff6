//! A stand-in for Lambda's Runtime API on a loopback port, for one function and one event at a time.
//!
//! Times are taken when the function's requests arrive and when its event leaves, so they exclude the other work of this
//! process. No deadline ends the function, and extensions are not supported.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use service::clock::Clock;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// The deadline of an event: the gateway's integration timeout.
const DEADLINE: Duration = Duration::from_secs(30);

/// The running stand-in. Dropping it stops it.
#[derive(Debug)]
pub struct RuntimeApi {
    address: String,
    events: mpsc::UnboundedSender<InvocationEvent>,
    happened: mpsc::UnboundedReceiver<RuntimeCall>,
    waiting: bool,
    number: u64,
    served: JoinHandle<()>,
}

/// The function's response to an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// Time from the event to the response.
    pub took: Duration,
    pub body: Bytes,
}

/// Why there is no response to an event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuntimeError {
    /// The function reported that it cannot start.
    NotStarted(String),
    /// The function reported that it failed at the event.
    Failed(String),
    /// The function made a call that the Runtime API does not expect at this point.
    OutOfTurn(&'static str),
    /// The stand-in has stopped.
    Ended,
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(why) => write!(f, "the function did not start: {why}"),
            Self::Failed(why) => write!(f, "the function failed at an event: {why}"),
            Self::OutOfTurn(what) => write!(f, "the function {what}, which is out of order"),
            Self::Ended => write!(f, "the Runtime API has stopped"),
        }
    }
}

impl std::error::Error for RuntimeError {}

#[derive(Debug)]
struct InvocationEvent {
    id: String,
    body: Bytes,
}

/// What the function did, with the time of arrival.
#[derive(Debug)]
enum RuntimeCall {
    Asked(Instant),
    Given(Instant),
    Answered(Instant, String, Bytes),
    Failed(String),
    NotStarted(String),
}

struct ApiState {
    events: Mutex<mpsc::UnboundedReceiver<InvocationEvent>>,
    happened: mpsc::UnboundedSender<RuntimeCall>,
    clock: Clock,
}

impl RuntimeApi {
    /// Starts the stand-in on a free loopback port.
    ///
    /// # Errors
    ///
    /// When no port is free.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (events, taken) = mpsc::unbounded_channel();
        let (tell, happened) = mpsc::unbounded_channel();
        let state = Arc::new(ApiState {
            events: Mutex::new(taken),
            happened: tell,
            clock,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failure))
            .route("/2018-06-01/runtime/init/error", post(not_started))
            .with_state(state);
        let served = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            address,
            events,
            happened,
            waiting: false,
            number: 0,
            served,
        })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API` for the function.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the function asks for an event: it has finished its init, or its work after a response.
    ///
    /// # Errors
    ///
    /// When the function reports a failure or makes another call.
    pub async fn asked(&mut self) -> Result<Instant, RuntimeError> {
        match self.next().await? {
            RuntimeCall::Asked(at) => {
                self.waiting = true;
                Ok(at)
            }
            _ => Err(RuntimeError::OutOfTurn("answered again")),
        }
    }

    /// Sends the function an event once it has asked for one, and waits for the response.
    ///
    /// # Errors
    ///
    /// When the function reports a failure or makes another call.
    pub async fn invoke(&mut self, body: Bytes) -> Result<Answered, RuntimeError> {
        if !self.waiting {
            self.asked().await?;
        }
        self.waiting = false;
        self.number += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.number);
        let event = InvocationEvent {
            id: id.clone(),
            body,
        };
        self.events.send(event).map_err(|_| RuntimeError::Ended)?;
        let RuntimeCall::Given(given) = self.next().await? else {
            return Err(RuntimeError::OutOfTurn("answered before the event"));
        };
        match self.next().await? {
            RuntimeCall::Answered(at, of, body) if of == id => Ok(Answered {
                took: at.duration_since(given),
                body,
            }),
            RuntimeCall::Answered(..) => Err(RuntimeError::OutOfTurn("answered another event")),
            _ => Err(RuntimeError::OutOfTurn(
                "asked for an event before it answered",
            )),
        }
    }

    async fn next(&mut self) -> Result<RuntimeCall, RuntimeError> {
        match self.happened.recv().await {
            Some(RuntimeCall::Failed(why)) => Err(RuntimeError::Failed(why)),
            Some(RuntimeCall::NotStarted(why)) => Err(RuntimeError::NotStarted(why)),
            Some(happened) => Ok(happened),
            None => Err(RuntimeError::Ended),
        }
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.served.abort();
    }
}

async fn next(State(state): State<Arc<ApiState>>) -> Response {
    let _ = state.happened.send(RuntimeCall::Asked(Instant::now()));
    let Some(InvocationEvent { id, body }) = state.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = (state.clock.now() + DEADLINE).as_millisecond();
    let header = |name: &'static str, value: String| (HeaderName::from_static(name), value);
    let headers = [
        header("lambda-runtime-aws-request-id", id),
        header("lambda-runtime-deadline-ms", deadline.to_string()),
        header("lambda-runtime-invoked-function-arn", ARN.to_owned()),
        header("lambda-runtime-trace-id", TRACE.to_owned()),
    ];
    let _ = state.happened.send(RuntimeCall::Given(Instant::now()));
    (headers, body).into_response()
}

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:measured";
const TRACE: &str = "Root=1-00000000-000000000000000000000000;Sampled=0";

async fn answer(
    State(state): State<Arc<ApiState>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    let at = Instant::now();
    let _ = state.happened.send(RuntimeCall::Answered(at, id, body));
    StatusCode::ACCEPTED
}

async fn failure(State(state): State<Arc<ApiState>>, body: Bytes) -> StatusCode {
    let _ = state.happened.send(RuntimeCall::Failed(text(&body)));
    StatusCode::ACCEPTED
}

async fn not_started(State(state): State<Arc<ApiState>>, body: Bytes) -> StatusCode {
    let _ = state.happened.send(RuntimeCall::NotStarted(text(&body)));
    StatusCode::ACCEPTED
}

fn text(body: &Bytes) -> String {
    String::from_utf8_lossy(body).into_owned()
}

#[cfg(test)]
mod tests;
