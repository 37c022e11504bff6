//! What an event of the change feed costs.

use serde::Serialize;

use super::dollars::Bill;
use super::measured_stack::Sample;
use super::number;

/// What an event costs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventCost {
    pub case: &'static str,
    /// Events that were measured.
    pub events: usize,
    /// Read request units of an event.
    pub reads: f64,
    /// Write request units of an event.
    pub writes: f64,
    /// `DynamoDB` calls of an event.
    pub calls: f64,
    /// The most read and write units together.
    #[serde(rename = "bar")]
    pub limit: f64,
    /// Dollars for a million such events.
    pub million: f64,
}

impl EventCost {
    #[must_use]
    pub fn is_within(&self) -> bool {
        self.reads + self.writes <= self.limit
    }
}

/// What one invocation consumed.
pub(super) struct Invocation {
    pub(super) sample: Sample,
    pub(super) calls: u32,
}

/// The mean cost of events.
pub(super) fn cost(
    case: &'static str,
    limit: f64,
    invocations: &[Invocation],
    events: usize,
) -> EventCost {
    let events_as_number = number(events).max(1.0);
    let sum = |of: fn(&Invocation) -> f64| invocations.iter().map(of).sum::<f64>();
    let mean = |of| sum(of) / events_as_number;
    EventCost {
        case,
        events,
        reads: mean(|one| one.sample.reads),
        writes: mean(|one| one.sample.writes),
        calls: mean(|one| f64::from(one.calls)),
        limit,
        million: mean(|one| Bill::of_background(&one.sample).total()),
    }
}
