//! `listen`: prints the events of a running stack, in this process's neighbourhood or in AWS, and forwards them as webhooks.
//!
//! It polls the Events API, so it sees what every reader sees, and keeps no state: the next run begins where `--after` says. A
//! receiver gets the same headers and bodies as from a destination of the stack. A delivery that fails is repeated until it
//! succeeds, and holds up only its own tenant.

use std::io::{self, Write};
use std::time::Duration;

use delivery::outbound::Target;
use scim_core::event::Position;
use serde_json::Value;
use service::clock::Clock;
use tokio::time::Instant;

mod api;
mod forward;
mod line;
mod running;

pub use api::{ApiError, StackAccess};
pub use forward::secret_of;
pub use running::RunningStack;

use api::{EventsApi, EventsPage};
use forward::{ForwardAttempt, Forwarder};

/// Events in one request to a receiver.
pub const MOST_IN_A_BATCH: usize = 100;
/// Events in one request to the API.
const PAGE: usize = 500;
/// How long a new tenant may stay unnoticed.
const LOOK_FOR_TENANTS: Duration = Duration::from_secs(2);
/// Between two rounds without news.
const PAUSE_HERE: Duration = Duration::from_millis(250);
/// The same for a stack that is not on this machine, where each look costs two read units a tenant.
const PAUSE_THERE: Duration = Duration::from_secs(2);

/// Where to begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ListenFrom {
    /// With what happens from now on.
    Now,
    /// Behind a position.
    Position(Position),
}

/// What to listen to, and what to do with it.
pub struct ListenPlan {
    /// One tenant, or all.
    pub tenant: Option<String>,
    /// Patterns of types, as the API takes them.
    pub types: Option<String>,
    pub after: ListenFrom,
    pub forward_to: Option<Target>,
    /// Events in one request to the receiver.
    pub batch: usize,
    /// Print JSON instead of text for people.
    pub json: bool,
    /// Print with colours.
    pub coloured: bool,
}

/// Listens to one stack. Events are written to `out`, everything else to `notes`.
pub struct Listener<O, N> {
    plan: ListenPlan,
    api: EventsApi,
    tails: Vec<TenantTail>,
    forward: Option<Forwarder>,
    looked_for_tenants: Option<Instant>,
    out: O,
    notes: N,
}

/// How far a tenant's events were read and acknowledged.
struct TenantTail {
    tenant: String,
    /// What the next page is behind.
    next: Position,
    /// The receiver has everything up to here.
    acknowledged: Position,
    /// Printed and not yet acknowledged.
    pending: Vec<Value>,
    /// Failed deliveries in a row.
    failures: u32,
    not_before: Option<Instant>,
}

/// What a round brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Round {
    /// There is more at once.
    Busy,
    Idle,
}

impl<O: Write, N: Write> Listener<O, N> {
    /// Looks for the tenants and where to begin.
    ///
    /// # Errors
    ///
    /// When the stack does not answer, the key is not valid, the tenant is not there, or the position is too old.
    pub async fn start(
        plan: ListenPlan,
        access: StackAccess,
        clock: Clock,
        out: O,
        notes: N,
    ) -> Result<Self, ApiError> {
        let forward = match plan.forward_to.clone() {
            Some(target) => Some(Forwarder::new(target, &access.key, plan.batch, clock)?),
            None => None,
        };
        let mut listener = Self {
            api: EventsApi::new(access)?,
            tails: Vec::new(),
            forward,
            looked_for_tenants: None,
            plan,
            out,
            notes,
        };
        listener.begin().await?;
        Ok(listener)
    }

    async fn begin(&mut self) -> Result<(), ApiError> {
        let all = match &self.plan.tenant {
            Some(one) => vec![one.clone()],
            None => self.api.tenants().await?,
        };
        let types = self.plan.types.as_deref();
        for tenant in all {
            let after = match self.plan.after {
                ListenFrom::Now => self.api.head(&tenant).await?,
                ListenFrom::Position(after) => {
                    // The first page is asked for only to know whether the position is still there.
                    self.api.page(&tenant, after, 1, types).await?;
                    after
                }
            };
            self.tails.push(TenantTail::new(tenant, after));
        }
        self.looked_for_tenants = Some(Instant::now());
        if let Some(forward) = &self.forward {
            let (url, secret) = (forward.url(), forward.secret());
            self.note(&format!("forwarding to {url}, signed with {secret}"))?;
        }
        let what = match (&self.plan.tenant, self.tails.len()) {
            (Some(tenant), _) => tenant.clone(),
            (None, 1) => "1 tenant".to_owned(),
            (None, number) => format!("{number} tenants"),
        };
        let url = self.api.url().to_owned();
        self.note(&format!("listening to {what} at {url}"))?;
        Ok(())
    }

    /// Listens without end.
    ///
    /// # Errors
    ///
    /// When going on makes no sense: the key or the tenant is gone, or the receiver wants no more.
    pub async fn run(&mut self, find: impl Fn() -> Option<StackAccess>) -> Result<(), ApiError> {
        let pause = match self.api.is_here() {
            true => PAUSE_HERE,
            false => PAUSE_THERE,
        };
        let mut is_lost = false;
        loop {
            match self.turn().await {
                Ok(round) => {
                    if is_lost {
                        self.note("the stack answers again")?;
                        is_lost = false;
                    }
                    if round == Round::Idle {
                        tokio::time::sleep(pause).await;
                    }
                }
                Err(error) if error.is_temporary() => {
                    if !is_lost {
                        self.note(&format!("{error}; trying again"))?;
                        is_lost = true;
                    }
                    tokio::time::sleep(PAUSE_THERE).await;
                    // It may be back at another port.
                    if let Some(access) = find() {
                        self.api.now_at(access);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads and handles one page of each tenant.
    ///
    /// # Errors
    ///
    /// When the stack does not answer, or going on makes no sense.
    pub async fn turn(&mut self) -> Result<Round, ApiError> {
        self.look_for_tenants().await?;
        let mut round = Round::Idle;
        let mut tails = std::mem::take(&mut self.tails);
        let mut kept = Vec::with_capacity(tails.len());
        let mut failed = None;
        for mut tail in tails.drain(..) {
            match self.turn_of(&mut tail).await {
                Ok(Round::Busy) => round = Round::Busy,
                Ok(Round::Idle) => {}
                Err(ApiError::NoTenant(_)) if self.plan.tenant.is_none() => continue,
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
            kept.push(tail);
        }
        self.tails = kept;
        failed.map_or(Ok(round), Err)
    }

    async fn turn_of(&mut self, tail: &mut TenantTail) -> Result<Round, ApiError> {
        if tail.not_before.is_some_and(|time| Instant::now() < time) {
            return Ok(Round::Idle);
        }
        let mut round = Round::Idle;
        if tail.pending.is_empty() {
            let page = self.page(tail).await?;
            if page.next < page.head {
                round = Round::Busy;
            }
            tail.next = page.next;
            tail.pending = page.events;
            self.print(&tail.pending)?;
        }
        self.forward(tail).await?;
        if tail.pending.is_empty() {
            tail.failures = 0;
            tail.not_before = None;
        }
        Ok(round)
    }

    async fn page(&mut self, tail: &mut TenantTail) -> Result<EventsPage, ApiError> {
        let types = self.plan.types.as_deref();
        let page = self.api.page(&tail.tenant, tail.next, PAGE, types).await;
        match page {
            Err(ApiError::Gone { head, oldest }) => {
                let tenant = &tail.tenant;
                let text = format!(
                    "{tenant}: the events behind {} are gone, for example because the table was made anew; read all users \
                     and groups again. The feed begins at {oldest}; going on at its head {head}",
                    tail.next.value()
                );
                self.note(&text)?;
                tail.next = head;
                tail.acknowledged = head;
                Ok(EventsPage {
                    events: Vec::new(),
                    next: head,
                    head,
                })
            }
            other => other,
        }
    }

    fn print(&mut self, events: &[Value]) -> io::Result<()> {
        for event in events {
            if self.plan.json {
                writeln!(self.out, "{event}")?;
            } else {
                let line = line::of(event, self.plan.tenant.is_none(), self.plan.coloured);
                writeln!(self.out, "{line}")?;
            }
        }
        self.out.flush()
    }

    /// Sends what is pending, in order, until a delivery fails.
    async fn forward(&mut self, tail: &mut TenantTail) -> Result<(), ApiError> {
        let Some(forward) = &self.forward else {
            tail.pending.clear();
            return Ok(());
        };
        while !tail.pending.is_empty() {
            let sent = forward.send(&tail.tenant, &tail.pending, tail.acknowledged);
            let ForwardAttempt {
                events,
                through,
                result,
                text,
            } = sent.await;
            match result {
                Ok(()) => {
                    tail.pending.drain(..events);
                    tail.acknowledged = through;
                    tail.failures = 0;
                    note(&mut self.notes, &text)?;
                }
                Err(gone) => {
                    tail.failures = tail.failures.saturating_add(1);
                    let wait = wait_after(tail.failures);
                    tail.not_before = Some(Instant::now() + wait);
                    if let Some(error) = gone {
                        return Err(error);
                    }
                    let text = format!("{text}; again in {} s", wait.as_secs());
                    note(&mut self.notes, &text)?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Notices new tenants. Whatever happens to them is news, so they begin at the beginning.
    async fn look_for_tenants(&mut self) -> Result<(), ApiError> {
        let is_due = self
            .looked_for_tenants
            .is_none_or(|time| time.elapsed() >= LOOK_FOR_TENANTS);
        if self.plan.tenant.is_some() || !is_due {
            return Ok(());
        }
        for tenant in self.api.tenants().await? {
            if !self.tails.iter().any(|tail| tail.tenant == tenant) {
                self.tails
                    .push(TenantTail::new(tenant, Position::BEGINNING));
            }
        }
        self.looked_for_tenants = Some(Instant::now());
        Ok(())
    }

    fn note(&mut self, text: &str) -> io::Result<()> {
        note(&mut self.notes, text)
    }

    /// Where events are written to.
    pub fn output(&self) -> &O {
        &self.out
    }

    /// Ends listening and returns where events were written to.
    pub fn into_output(self) -> O {
        self.out
    }
}

fn note(notes: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(notes, "{text}")?;
    notes.flush()
}

impl TenantTail {
    fn new(tenant: String, after: Position) -> Self {
        Self {
            tenant,
            next: after,
            acknowledged: after,
            pending: Vec::new(),
            failures: 0,
            not_before: None,
        }
    }
}

/// A person at the keyboard mends the receiver within seconds, so the pauses are shorter than those of a destination.
fn wait_after(failures: u32) -> Duration {
    let seconds = 1 << failures.saturating_sub(1).min(4);
    Duration::from_secs(seconds)
}
