//! Lambda's Runtime API in this process, as one function sees it: on a loopback port, one event at a time.
//!
//! Times are taken where the function's requests arrive and where its event leaves, so that what this process does
//! besides is in none of them. There is no deadline that ends the function, and no extension.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// How long an event may be worked at, as the gateway has it.
const DEADLINE: Duration = Duration::from_secs(30);

/// The running stand-in. Dropping it ends it.
#[derive(Debug)]
pub struct RuntimeApi {
    address: String,
    events: mpsc::UnboundedSender<Event>,
    happened: mpsc::UnboundedReceiver<Happened>,
    waiting: bool,
    number: u64,
    served: JoinHandle<()>,
}

/// What the function answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    /// From the event to the answer.
    pub took: Duration,
    /// The answer.
    pub body: Bytes,
}

/// Why a function has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RuntimeError {
    /// It could not start, and said why.
    NotStarted(String),
    /// It failed at an event, and said why.
    Failed(String),
    /// It did something that is not its turn.
    OutOfTurn(&'static str),
    /// The stand-in itself is gone.
    Ended,
}

impl fmt::Display for RuntimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotStarted(why) => write!(f, "it did not start: {why}"),
            Self::Failed(why) => write!(f, "it failed at an event: {why}"),
            Self::OutOfTurn(what) => write!(f, "it {what}, which was not its turn"),
            Self::Ended => write!(f, "the Runtime API is gone"),
        }
    }
}

impl std::error::Error for RuntimeError {}

#[derive(Debug)]
struct Event {
    id: String,
    body: Bytes,
}

/// What the function did, and when that arrived here.
#[derive(Debug)]
enum Happened {
    Asked(Instant),
    Given(Instant),
    Answered(Instant, String, Bytes),
    Failed(String),
    NotStarted(String),
}

struct Desk {
    events: Mutex<mpsc::UnboundedReceiver<Event>>,
    happened: mpsc::UnboundedSender<Happened>,
    clock: Clock,
}

impl RuntimeApi {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub async fn start(clock: Clock) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (events, taken) = mpsc::unbounded_channel();
        let (tell, happened) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            events: Mutex::new(taken),
            happened: tell,
            clock,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answer))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failure))
            .route("/2018-06-01/runtime/init/error", post(not_started))
            .with_state(desk);
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

    /// What the function takes as `AWS_LAMBDA_RUNTIME_API`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Waits until the function asks for an event: the end of its initialisation, or of what it does after an answer.
    ///
    /// # Errors
    ///
    /// What it says instead.
    pub async fn asked(&mut self) -> Result<Instant, RuntimeError> {
        match self.next().await? {
            Happened::Asked(at) => {
                self.waiting = true;
                Ok(at)
            }
            _ => Err(RuntimeError::OutOfTurn("answered again")),
        }
    }

    /// Gives the function an event, once it has asked for one, and waits for its answer.
    ///
    /// # Errors
    ///
    /// What it says instead.
    pub async fn invoke(&mut self, body: Bytes) -> Result<Answered, RuntimeError> {
        if !self.waiting {
            self.asked().await?;
        }
        self.waiting = false;
        self.number += 1;
        let id = format!("00000000-0000-4000-8000-{:012}", self.number);
        let event = Event {
            id: id.clone(),
            body,
        };
        self.events.send(event).map_err(|_| RuntimeError::Ended)?;
        let Happened::Given(given) = self.next().await? else {
            return Err(RuntimeError::OutOfTurn("answered before the event"));
        };
        match self.next().await? {
            Happened::Answered(at, of, body) if of == id => Ok(Answered {
                took: at.duration_since(given),
                body,
            }),
            Happened::Answered(..) => Err(RuntimeError::OutOfTurn("answered another event")),
            _ => Err(RuntimeError::OutOfTurn(
                "asked for an event before it answered",
            )),
        }
    }

    async fn next(&mut self) -> Result<Happened, RuntimeError> {
        match self.happened.recv().await {
            Some(Happened::Failed(why)) => Err(RuntimeError::Failed(why)),
            Some(Happened::NotStarted(why)) => Err(RuntimeError::NotStarted(why)),
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

async fn next(State(desk): State<Arc<Desk>>) -> Response {
    let _ = desk.happened.send(Happened::Asked(Instant::now()));
    let Some(Event { id, body }) = desk.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let deadline = (desk.clock.now() + DEADLINE).as_millisecond();
    let header = |name: &'static str, value: String| (HeaderName::from_static(name), value);
    let headers = [
        header("lambda-runtime-aws-request-id", id),
        header("lambda-runtime-deadline-ms", deadline.to_string()),
        header("lambda-runtime-invoked-function-arn", ARN.to_owned()),
        header("lambda-runtime-trace-id", TRACE.to_owned()),
    ];
    let _ = desk.happened.send(Happened::Given(Instant::now()));
    (headers, body).into_response()
}

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:measured";
const TRACE: &str = "Root=1-00000000-000000000000000000000000;Sampled=0";

async fn answer(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: Bytes) -> StatusCode {
    let at = Instant::now();
    let _ = desk.happened.send(Happened::Answered(at, id, body));
    StatusCode::ACCEPTED
}

async fn failure(State(desk): State<Arc<Desk>>, body: Bytes) -> StatusCode {
    let _ = desk.happened.send(Happened::Failed(text(&body)));
    StatusCode::ACCEPTED
}

async fn not_started(State(desk): State<Arc<Desk>>, body: Bytes) -> StatusCode {
    let _ = desk.happened.send(Happened::NotStarted(text(&body)));
    StatusCode::ACCEPTED
}

fn text(body: &Bytes) -> String {
    String::from_utf8_lossy(body).into_owned()
}

#[cfg(test)]
mod tests;
