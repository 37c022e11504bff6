//! `cargo run --release -- bench`: measures the cost of each operation against its budget, while the numbers of users and
//! members grow.
//!
//! Round trips, capacity units and bytes are counts and do not depend on the machine; only they decide whether a budget or
//! a growth limit is exceeded. The embedded engine reports the units by DynamoDB's rules: a strongly consistent read of 4
//! KB is one unit, a write of 1 KB is one, in a transaction two. Times depend on the machine and its load.

use std::cell::Cell;
use std::time::Duration;

use serde::Serialize;
use tokio::runtime::Builder;

use crate::dynamo::Storage;
use crate::stack::StartError;

pub mod dollars;
mod event_cost;
mod feed;
mod groups;
mod grow_by_requests;
mod measured_stack;
mod members;
mod report;
mod users;

use dollars::Dollars;
pub use event_cost::EventCost;
pub use feed::FeedReport;
pub use measured_stack::Sample;
pub(crate) use measured_stack::percentile;
use measured_stack::{MeasuredRequest, MeasuredStack, MeasuredTenant};
use members::GrowingGroup;
pub use report::print;
use tokio::time::Instant;
use users::Users;

/// Growth limit of an operation, from the smallest number of users to the largest, up to [`MANY_USERS`].
pub const USERS_LIMIT: f64 = 1.2;
/// In a larger tenant a page can be smaller than the id range it lies in; reading that range costs up to half a page more.
pub const MANY_USERS: usize = 100_000;
/// Growth limit of a page beyond [`MANY_USERS`].
pub const MANY_USERS_LIMIT: f64 = 1.5;
/// Growth limit from the smallest number of members to the largest.
pub const MEMBERS_LIMIT: f64 = 1.0;
/// Growth limit of a request that adds many members: how its calls overlap, and so its round trips, varies with the
/// machine.
pub const TOGETHER_LIMIT: f64 = 1.5;

/// The sizes at which operations are measured, and the number of repetitions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BenchPlan {
    /// Numbers of users in ascending order, each 300 or more.
    pub users: Vec<usize>,
    /// Numbers of members of a group in ascending order.
    pub members: Vec<usize>,
    pub repeat: usize,
}

/// The most that one request of an operation may cost.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// Calls that wait for one another.
    pub round_trips: u32,
    /// Read request units.
    pub reads: f64,
    /// Write request units.
    pub writes: f64,
}

const fn budget(round_trips: u32, reads: f64, writes: f64) -> Budget {
    Budget {
        round_trips,
        reads,
        writes,
    }
}

/// What a size counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Scale {
    /// Users of the tenant.
    Users,
    /// Members of the group.
    Members,
}

/// The measured cost of an operation at one size.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OperationCost {
    pub operation: String,
    pub of: Scale,
    pub size: usize,
    #[serde(flatten)]
    pub sample: Sample,
    pub budget: Budget,
}

impl OperationCost {
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.sample.round_trips <= self.budget.round_trips
            && self.sample.reads <= self.budget.reads
            && self.sample.writes <= self.budget.writes
    }
}

/// The cost of an operation at the largest size divided by its cost at the smallest.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Growth {
    pub operation: String,
    pub of: Scale,
    pub from: usize,
    pub to: usize,
    pub round_trips: f64,
    /// Read and written units weighted by their prices.
    pub capacity: f64,
    /// Bytes of the response.
    pub received: f64,
    pub cpu: Option<f64>,
    pub p50: f64,
    /// The limit for round trips and capacity.
    #[serde(rename = "bar")]
    pub limit: f64,
}

impl Growth {
    /// Whether every count is within its limit. Response bytes have [`USERS_LIMIT`]: they vary with the digits of the numbers
    /// in them.
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.round_trips <= self.limit
            && self.capacity <= self.limit
            && self.received <= USERS_LIMIT
    }
}

/// Requests that one process answers in a second.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Throughput {
    pub operation: String,
    pub users: usize,
    pub requests: f64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BenchReport {
    pub repeat: usize,
    /// Each operation at each size.
    pub rows: Vec<OperationCost>,
    pub growth: Vec<Growth>,
    pub throughput: Vec<Throughput>,
    pub feed: FeedReport,
    pub dollars: Dollars,
}

impl BenchReport {
    /// One line for each exceeded budget or growth limit.
    #[must_use]
    pub fn exceeded(&self) -> Vec<String> {
        let rows = self.rows.iter().filter(|row| !row.is_within());
        let growth = self.growth.iter().filter(|growth| !growth.is_within());
        let events = self.feed.costs.iter().filter(|cost| !cost.is_within());
        rows.map(|row| format!("{} at {}: over its budget", row.operation, row.size))
            .chain(
                growth.map(|growth| format!("{}: grows beyond {}", growth.operation, growth.limit)),
            )
            .chain(events.map(|cost| format!("{}: over {} units an event", cost.case, cost.limit)))
            .collect()
    }
}

/// Reports progress at most once a second.
pub struct Progress {
    tell: Box<dyn Fn(&str)>,
    begun: Instant,
    said: Cell<Option<Instant>>,
}

impl Progress {
    pub fn new(tell: impl Fn(&str) + 'static) -> Self {
        Self {
            tell: Box::new(tell),
            begun: Instant::now(),
            said: Cell::new(None),
        }
    }

    fn say(&self, what: &str) {
        let recent = |then: Instant| then.elapsed() < Duration::from_secs(1);
        if self.said.get().is_some_and(recent) {
            return;
        }
        self.said.set(Some(Instant::now()));
        let seconds = self.begun.elapsed().as_secs();
        (self.tell)(&format!("{seconds:>5} s  {what}"));
    }
}

struct Bench<'b> {
    plan: &'b BenchPlan,
    progress: &'b Progress,
    rows: Vec<OperationCost>,
    throughput: Vec<Throughput>,
}

impl Bench<'_> {
    async fn row(
        &mut self,
        tenant: &MeasuredTenant<'_>,
        (operation, of, size): (&str, Scale, usize),
        requests: &[MeasuredRequest],
        budget: Budget,
    ) -> Result<(), StartError> {
        self.progress.say(&format!("{size}: {operation}"));
        self.rows.push(OperationCost {
            operation: operation.to_owned(),
            of,
            size,
            sample: tenant.measure(requests).await?,
            budget,
        });
        Ok(())
    }

    fn throughput(&mut self, operation: &str, users: usize, requests: f64) {
        self.throughput.push(Throughput {
            operation: operation.to_owned(),
            users,
            requests,
        });
    }
}

/// Measures everything. The service runs on the calling thread, which must not belong to a runtime: its CPU time is
/// measured.
///
/// # Errors
///
/// When an operation fails.
pub fn run(
    plan: &BenchPlan,
    storage: &Storage,
    progress: &Progress,
) -> Result<BenchReport, StartError> {
    let stack = MeasuredStack::start(storage)?;
    let service = Builder::new_current_thread().enable_all().build()?;
    let mut bench = Bench {
        plan,
        progress,
        rows: Vec::new(),
        throughput: Vec::new(),
    };
    let stored = service.block_on(measure(&stack, &mut bench))?;
    stack.shutdown();
    drop(service);
    let feed = feed::measure(plan, progress)?;
    let Bench {
        rows, throughput, ..
    } = bench;
    Ok(BenchReport {
        repeat: plan.repeat,
        growth: growth(&rows),
        dollars: Dollars::of(&rows, stored),
        rows,
        throughput,
        feed,
    })
}

async fn measure(stack: &MeasuredStack, bench: &mut Bench<'_>) -> Result<usize, StartError> {
    // Both templates are read while the table is nearly empty: `UserTemplate::of` scans the whole table.
    let mut users = Users::new(stack.tenant("users").await?).await?;
    let mut members = GrowingGroup::new(stack.tenant("members").await?).await?;
    for size in &bench.plan.users {
        users.at(bench, *size).await?;
    }
    users.rush(bench).await?;
    for size in &bench.plan.members {
        members.at(bench, *size).await?;
    }
    groups::pages(bench, &stack.tenant("groups").await?).await?;
    Ok(users.stored())
}

/// The growth of each operation that was measured at several sizes, from the first size to the last.
fn growth(rows: &[OperationCost]) -> Vec<Growth> {
    let mut all: Vec<Growth> = Vec::new();
    for first in rows {
        let same = |row: &&OperationCost| row.operation == first.operation && row.of == first.of;
        let known = all
            .iter()
            .any(|growth| growth.operation == first.operation && growth.of == first.of);
        let Some(last) = rows
            .iter()
            .rev()
            .find(same)
            .filter(|last| last.size > first.size)
        else {
            continue;
        };
        if known {
            continue;
        }
        let (a, b) = (&first.sample, &last.sample);
        all.push(Growth {
            operation: first.operation.clone(),
            of: first.of,
            from: first.size,
            to: last.size,
            round_trips: factor(f64::from(a.round_trips), f64::from(b.round_trips)),
            capacity: factor(dollars::capacity(a), dollars::capacity(b)),
            received: factor(number(a.received), number(b.received)),
            cpu: a.cpu.zip(b.cpu).map(|(a, b)| factor(a, b)),
            p50: factor(a.p50, b.p50),
            limit: match first.of {
                Scale::Users if last.size > MANY_USERS && first.operation.contains("page") => {
                    MANY_USERS_LIMIT
                }
                Scale::Users => USERS_LIMIT,
                Scale::Members if first.operation.ends_with("by one request") => TOGETHER_LIMIT,
                Scale::Members => MEMBERS_LIMIT,
            },
        });
    }
    all
}

/// 0 to 0 is a factor of 1; 0 to anything else is infinite growth.
fn factor(from: f64, to: f64) -> f64 {
    match from > 0.0 {
        true => to / from,
        false if to > 0.0 => f64::INFINITY,
        false => 1.0,
    }
}

/// Converts a count, capped at `u32::MAX`.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn row(operation: &str, size: usize, round_trips: u32, writes: f64) -> OperationCost {
        OperationCost {
            operation: operation.to_owned(),
            of: Scale::Users,
            size,
            sample: Sample {
                requests: 1,
                round_trips,
                reads: 0.0,
                writes,
                sent: 0,
                received: 10,
                cpu: Some(100.0),
                p50: 1.0,
                p99: 1.0,
            },
            budget: budget(2, 0.0, 10.0),
        }
    }

    fn report(rows: Vec<OperationCost>) -> BenchReport {
        BenchReport {
            repeat: 1,
            growth: growth(&rows),
            rows,
            throughput: Vec::new(),
            feed: FeedReport::default(),
            dollars: Dollars::default(),
        }
    }

    #[test]
    fn growth_compares_the_first_size_with_the_last() {
        let rows = [
            row("a", 100, 1, 4.0),
            row("b", 100, 1, 1.0),
            row("a", 200, 1, 9.0),
            row("a", 300, 2, 6.0),
        ];
        let growth = growth(&rows);
        let [a] = &growth[..] else {
            panic!("{growth:?}");
        };
        assert_eq!((a.from, a.to), (100, 300));
        assert!((a.round_trips - 2.0).abs() < 1e-9 && (a.capacity - 1.5).abs() < 1e-9);
        assert!((a.cpu.unwrap() - 1.0).abs() < 1e-9 && !a.is_within());
    }

    #[test]
    fn growth_from_zero_is_infinite() {
        assert!((factor(0.0, 0.0) - 1.0).abs() < 1e-9);
        assert!(factor(0.0, 1.0).is_infinite());
        assert!((factor(2.0, 2.4) - 1.2).abs() < 1e-9);
    }

    #[test]
    fn exceeded_names_budgets_and_growth_limits() {
        assert!(
            report(vec![row("a", 100, 1, 5.0), row("a", 200, 1, 6.0)])
                .exceeded()
                .is_empty()
        );
        assert_eq!(
            report(vec![row("a", 100, 3, 5.0)]).exceeded(),
            ["a at 100: over its budget"]
        );
        let grown = report(vec![row("a", 100, 1, 5.0), row("a", 200, 1, 6.1)]);
        assert_eq!(grown.exceeded(), ["a: grows beyond 1.2"]);
    }

    #[test]
    fn progress_is_reported_at_most_once_a_second() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&told);
        let progress = Progress::new(move |line| kept.lock().unwrap().push(line.to_owned()));
        progress.say("one");
        progress.say("two");
        assert_eq!(*told.lock().unwrap(), ["    0 s  one"]);
    }
}
