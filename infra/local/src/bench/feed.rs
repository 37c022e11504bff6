//! Measures the change feed: what an event costs, how many events one process appends in a second, and how long an event
//! takes from the response of its request to the feed.
//!
//! The function `feed` runs as in Lambda: the mapping's poller of the local stack reads the table's stream every 250 ms and
//! invokes it with what has arrived.

use std::cell::RefCell;
use std::time::Duration;

use futures_util::future::join;
use http::Method;
use serde::Serialize;
use serde_json::{Value, json};
use service::Service;
use service::clock::{Clock, Ids};
use tokio::runtime::Builder;
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use super::dollars::MILLION;
use super::event_cost::{EventCost, Invocation, cost};
use super::measured_stack::{
    MeasuredRequest, MeasuredStack, MeasuredTenant, Sample, cpu_time, micros, percentile,
};
use super::users::{group, number, patch, user};
use super::{BenchPlan, Progress};
use crate::dynamo::Storage;
use crate::poller::{PAUSE, PollStep, Poller};
use crate::stack::{self, StartError};

/// The name of the function and of its mapping.
const FEED: &str = "feed";
/// Longer than any invocation here takes.
const PATIENCE: Duration = Duration::from_secs(50);
/// Events that arrive together.
const TOGETHER: usize = 10;
/// Records of one invocation at most, as in the template.
const BATCH: usize = 100;
/// The most events whose latency is measured: each takes a third of a second.
const TIMED: usize = 100;

/// The measurements of the change feed.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedReport {
    pub costs: Vec<EventCost>,
    /// Events that one process appends to one feed in a second.
    pub per_second: f64,
    /// Median milliseconds from a response to the feed.
    pub p50: f64,
    /// 99th percentile of these milliseconds.
    pub p99: f64,
    /// Dollars for a month of events of a tenant with 10,000 users, each event alone.
    pub month: f64,
}

const CREATED: &str = "a user is created, alone";
const CHANGED: &str = "a user is changed, alone";
const DELETED: &str = "a user is deleted, alone";
const JOINED: &str = "a member is added to a group, alone";
const TEN: &str = "ten changes of users at once";
const SHARDS: &str = "ten changes of users at once from each of two shards";

/// Events of a month: those of the traffic that the report prices, and a membership of each of three groups for a user who
/// is deleted.
const MONTH: [(&str, f64); 4] = [
    (CREATED, 200.0),
    (CHANGED, 1_200.0),
    (DELETED, 200.0),
    (JOINED, 2_200.0 + 3.0 * 200.0),
];

/// Measures the feed of a tenant of its own.
///
/// # Errors
///
/// When a request or an invocation fails.
pub(super) fn measure(plan: &BenchPlan, progress: &Progress) -> Result<FeedReport, StartError> {
    // Its stream has nothing but this tenant's changes.
    let stack = MeasuredStack::start(&Storage::Memory)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let tenant = stack.tenant(FEED).await?;
        let bench = FeedBench::new(&tenant, plan, progress)?;
        bench.report().await
    });
    drop(runtime);
    stack.shutdown();
    report
}

struct FeedBench<'b> {
    tenant: &'b MeasuredTenant<'b>,
    plan: &'b BenchPlan,
    progress: &'b Progress,
    poller: Mutex<Poller>,
    /// Two processes of the function.
    processes: [Service; 2],
}

impl<'b> FeedBench<'b> {
    fn new(
        tenant: &'b MeasuredTenant<'b>,
        plan: &'b BenchPlan,
        progress: &'b Progress,
    ) -> Result<Self, StartError> {
        let services = &tenant.stack.services;
        let mapping = stack::events::mappings()?;
        let mapping = mapping.into_iter().find(|one| one.function == FEED);
        let mapping = mapping.ok_or("the template has no mapping for feed")?;
        let poller = services.poller(mapping, Clock::system())?;
        let process = || stack::service(&services.clients, None, Clock::system(), Ids::system());
        Ok(Self {
            tenant,
            plan,
            progress,
            poller: Mutex::new(poller.ok_or("the table has no stream")?),
            processes: [process(), process()],
        })
    }

    async fn report(&self) -> Result<FeedReport, StartError> {
        let ids = self.users(0, 2 * TOGETHER).await?;
        let mut costs = self.each_alone(&ids).await?;
        self.progress.say("feed: several events at once");
        costs.push(self.ten(&ids).await?);
        costs.push(self.two_shards(&ids).await?);
        self.progress.say("feed: throughput");
        let per_second = self.throughput(&ids).await?;
        self.progress.say("feed: latency");
        let mut times = self.latency(&ids).await?;
        let month = MONTH.iter().filter_map(|(case, events)| {
            let cost = costs.iter().find(|cost| cost.case == *case)?;
            Some(cost.million / MILLION * events)
        });
        Ok(FeedReport {
            month: month.sum(),
            costs,
            per_second,
            p50: percentile(&mut times, 50).unwrap_or_default(),
            p99: percentile(&mut times, 99).unwrap_or_default(),
        })
    }

    /// One event for each invocation of a warm process.
    async fn each_alone(&self, ids: &[String]) -> Result<Vec<EventCost>, StartError> {
        let repeat = self.plan.repeat;
        let joining = self.users(10_000, repeat).await?;
        let leaving = self.users(20_000, repeat).await?;
        let team = self
            .tenant
            .create("/Groups", &group("Team", "team"))
            .await?;
        self.drain().await?;
        let create = async |at: usize| {
            let user = user(&number(30_000 + at));
            self.tenant.create("/Users", &user).await.map(drop)
        };
        let change = async |at: usize| self.change(ids.get(..1).unwrap_or_default(), at).await;
        let join = async |at: usize| {
            let member = joining.get(at).map(String::as_str).unwrap_or_default();
            let add = json!({"op": "add", "path": "members", "value": [{"value": member}]});
            self.send(&patch(format!("/Groups/{team}"), &add)).await
        };
        let delete = async |at: usize| {
            let user = leaving.get(at).map(String::as_str).unwrap_or_default();
            self.send(&MeasuredRequest::new(
                Method::DELETE,
                format!("/Users/{user}"),
            ))
            .await
        };
        Ok(vec![
            self.alone(CREATED, 2.0, create).await?,
            self.alone(CHANGED, 1.0, change).await?,
            self.alone(JOINED, 1.0, join).await?,
            self.alone(DELETED, 2.0, delete).await?,
        ])
    }

    async fn alone(
        &self,
        case: &'static str,
        limit: f64,
        act: impl AsyncFn(usize) -> Result<(), StartError>,
    ) -> Result<EventCost, StartError> {
        self.progress.say(&format!("feed: {case}"));
        let mut invocations = Vec::new();
        for at in 0..self.plan.repeat {
            act(at).await?;
            let records = self.records().await?;
            invocations.push(self.feed(0, &records).await?);
        }
        Ok(cost(case, limit, &invocations, invocations.len()))
    }

    async fn ten(&self, ids: &[String]) -> Result<EventCost, StartError> {
        let mut invocations = Vec::new();
        for at in 0..self.plan.repeat {
            self.change(ids.get(..TOGETHER).unwrap_or_default(), 100_000 + at)
                .await?;
            let records = self.records().await?;
            invocations.push(self.feed(0, &records).await?);
        }
        let events = TOGETHER * invocations.len();
        Ok(cost(TEN, 0.25, &invocations, events))
    }

    /// Two processes append to one feed at the same time. One of them is refused, and reads what the other has appended.
    async fn two_shards(&self, ids: &[String]) -> Result<EventCost, StartError> {
        let (one, other) = ids.split_at(TOGETHER);
        let mut invocations = Vec::new();
        for at in 0..=self.plan.repeat {
            self.change(one, 200_000 + at).await?;
            let ones = self.records().await?;
            self.change(other, 200_000 + at).await?;
            let others = self.records().await?;
            let (first, second) = join(self.feed(0, &ones), self.feed(1, &others)).await;
            invocations.extend([first?, second?]);
        }
        // At first the second process reads what the other has appended before.
        invocations.drain(..2);
        let events = TOGETHER * invocations.len();
        // Two batches of 2 KB, a third that is refused, and three looks for batches of others.
        Ok(cost(SHARDS, 0.4, &invocations, events))
    }

    /// Many changes, in batches as the mapping makes them.
    async fn throughput(&self, ids: &[String]) -> Result<f64, StartError> {
        for at in 0..self.plan.repeat {
            self.change(ids, 300_000 + at).await?;
        }
        let records = self.records().await?;
        let begun = Instant::now();
        for batch in records.chunks(BATCH) {
            self.feed(0, batch).await?;
        }
        Ok(super::number(records.len()) / begun.elapsed().as_secs_f64())
    }

    /// Milliseconds from the response to a change until the feed has it, for changes at different moments between two reads
    /// of the stream.
    async fn latency(&self, ids: &[String]) -> Result<Vec<f64>, StartError> {
        let (appended, mut seen) = watch::channel(0_usize);
        let append = async |payload: Value| {
            let records = records_of(&payload);
            let answer = self.feed(0, &records).await;
            answer.map_err(|error| error.to_string())?;
            appended.send_modify(|appended| *appended += records.len());
            Ok(json!({ "batchItemFailures": [] }))
        };
        let polling = async {
            let mut poller = self.poller.lock().await;
            loop {
                match poller.turn(&append).await {
                    Ok(PollStep::Idle) => tokio::time::sleep(PAUSE).await,
                    Ok(PollStep::Done(_)) => {}
                    Ok(PollStep::Failed) => return StartError::from("the feed failed"),
                    Err(error) => return error.into(),
                }
            }
        };
        let writing = async {
            let mut times = Vec::new();
            for at in 0..self.plan.repeat.min(TIMED) {
                let gap = u64::try_from(at * 37 % 250)?;
                tokio::time::sleep(Duration::from_millis(gap)).await;
                self.change(ids.get(..1).unwrap_or_default(), 400_000 + at)
                    .await?;
                let begun = Instant::now();
                seen.wait_for(|appended| *appended > at).await?;
                times.push(begun.elapsed().as_secs_f64() * 1_000.0);
            }
            Ok(times)
        };
        tokio::select! {
            failed = polling => Err(failed),
            times = writing => times,
        }
    }

    /// Creates users that every process has seen.
    async fn users(&self, from: usize, count: usize) -> Result<Vec<String>, StartError> {
        let mut ids = Vec::new();
        for at in from..from + count {
            ids.push(self.tenant.create("/Users", &user(&number(at))).await?);
        }
        self.drain().await?;
        Ok(ids)
    }

    /// Appends what has happened, by both processes in turns.
    async fn drain(&self) -> Result<(), StartError> {
        let records = self.records().await?;
        for (at, batch) in records.chunks(BATCH / 2).enumerate() {
            self.feed(at % 2, batch).await?;
        }
        Ok(())
    }

    /// Changes users, each to what it was at no other time.
    async fn change(&self, ids: &[String], at: usize) -> Result<(), StartError> {
        for id in ids {
            let title = json!({"op": "replace", "path": "title", "value": number(at)});
            self.send(&patch(format!("/Users/{id}"), &title)).await?;
        }
        Ok(())
    }

    async fn send(&self, request: &MeasuredRequest) -> Result<(), StartError> {
        self.tenant.send(request).await.map(drop)
    }

    /// The records that are new in the stream.
    async fn records(&self) -> Result<Vec<Value>, StartError> {
        let taken = RefCell::new(Vec::new());
        let take = async |payload: Value| {
            taken.borrow_mut().extend(records_of(&payload));
            Ok(json!({ "batchItemFailures": [] }))
        };
        let mut poller = self.poller.lock().await;
        while poller.turn(&take).await? != PollStep::Idle {}
        Ok(taken.into_inner())
    }

    /// Invokes the function in one of the two processes.
    async fn feed(&self, process: usize, records: &[Value]) -> Result<Invocation, StartError> {
        let (begun, busy) = (Instant::now(), cpu_time());
        let process = self
            .processes
            .get(process)
            .ok_or("there is no such process")?;
        let handled = process.handle_feed(records, PATIENCE).await;
        let cpu = cpu_time().zip(busy);
        let (answer, spent) = handled?;
        let answer = serde_json::to_value(answer)?;
        if answer != json!({ "batchItemFailures": [] }) {
            return Err(format!("the feed did not take all records: {answer}").into());
        }
        let time = micros(begun.elapsed());
        Ok(Invocation {
            calls: spent.calls,
            sample: Sample {
                requests: 1,
                round_trips: spent.round_trips,
                reads: spent.reads,
                // A refused put is billed like the one that succeeds.
                writes: spent.writes * (1.0 + f64::from(spent.refused)),
                sent: 0,
                received: 0,
                cpu: cpu.map(|(now, then)| micros(now.saturating_sub(then))),
                p50: time,
                p99: time,
            },
        })
    }
}

fn records_of(payload: &Value) -> Vec<Value> {
    let records = payload.get("Records").and_then(Value::as_array);
    records.cloned().unwrap_or_default()
}
