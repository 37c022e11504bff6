//! A receiver, with Lambda and its schedules, as a function sees them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Mutex;

use directory::journal::delivery::{DueMinute, Receipt};
use directory::journal::destinations::Destination;
use jiff::{SignedDuration, Timestamp};
use scim_core::event::Message;
use serde_json::Value;
use service::events::{DeliveryCall, Outside};

use crate::support::Client;
use crate::support::moving::Time;
use crate::support::table::tenant_of;

/// What the receiver answers to the events of a message.
type Answer = Box<dyn FnMut(&[Value]) -> Receipt + Send>;

pub struct Receiver {
    time: Time,
    answer: Mutex<Answer>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What was accepted of each tenant at each destination.
    accepted: BTreeMap<(String, String), Vec<Value>>,
    /// When messages came, accepted or not.
    attempts: Vec<Timestamp>,
    calls: VecDeque<DeliveryCall>,
    schedules: BTreeSet<DueMinute>,
}

pub fn status(status: u16) -> Receipt {
    Receipt {
        status: Some(status),
        retry_after: None,
        error: format!("answered {status}"),
    }
}

impl Receiver {
    /// It accepts everything.
    pub fn new(time: Time) -> Self {
        Self {
            time,
            answer: Mutex::new(Box::new(|_| status(204))),
            state: Mutex::default(),
        }
    }

    /// Answers like this from now on.
    pub fn answers(&self, answer: impl FnMut(&[Value]) -> Receipt + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    fn state<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap())
    }

    /// The userNames of the events that were accepted; of others, the type.
    pub fn names(&self, client: &Client, destination: &Destination) -> Vec<String> {
        let of = (
            tenant_of(client).to_owned(),
            destination.id.as_str().to_owned(),
        );
        let name = |event: &Value| {
            let name = event.pointer("/data/resource/userName");
            let name = name.or(event.get("type")).and_then(Value::as_str);
            name.unwrap_or_default().to_owned()
        };
        self.state(|state| {
            let accepted = state.accepted.get(&of).into_iter().flatten();
            accepted.map(name).collect()
        })
    }

    /// Forgets what it accepted.
    pub fn forget(&self) {
        self.state(|state| state.accepted.clear());
    }

    /// How many messages came.
    pub fn messages(&self) -> usize {
        self.state(|state| state.attempts.len())
    }

    pub fn attempts(&self) -> Vec<Timestamp> {
        self.state(|state| state.attempts.clone())
    }

    pub fn next_call(&self) -> Option<DeliveryCall> {
        self.state(|state| state.calls.pop_front())
    }

    pub fn waiting(&self) -> Vec<DeliveryCall> {
        self.state(|state| state.calls.iter().cloned().collect())
    }

    /// Moves the clock to the next schedule, if there is one.
    pub fn pass_to_next_schedule(&self) -> bool {
        let Some(minute) = self.state(|state| state.schedules.pop_first()) else {
            return false;
        };
        let left = minute.start().duration_since(self.time.now()).as_secs();
        self.time.pass(left.max(0));
        true
    }

    /// What a receiver must do: drop what it has, and refuse what leaves a gap.
    fn receive(&self, destination: &Destination, events: Vec<Value>) {
        for event in events {
            let tenant = event["tenant"].as_str().expect("a tenant").to_owned();
            let of = (tenant, destination.id.as_str().to_owned());
            let position = |name: &str| event[name].as_u64().expect("a position");
            self.state(|state| {
                let accepted = state.accepted.entry(of).or_default();
                let last = accepted.last().map(|last| last["position"].as_u64());
                let mine = last.flatten().unwrap_or_default();
                if position("position") <= mine {
                    return;
                }
                assert!(position("previous") <= mine, "a gap: {event}");
                accepted.push(event.clone());
            });
        }
    }
}

fn events_of(message: &Message) -> Vec<Value> {
    let body: Value = serde_json::from_slice(&message.body).expect("JSON");
    match body.pointer("/data/events") {
        Some(Value::Array(events)) => events.clone(),
        _ => vec![body],
    }
}

impl Outside for Receiver {
    async fn post(&self, destination: &Destination, message: &Message) -> Receipt {
        let events = events_of(message);
        let now = self.time.now();
        self.state(|state| state.attempts.push(now));
        let answer = (self.answer.lock().unwrap())(&events);
        if answer.is_success() {
            self.receive(destination, events);
        }
        answer
    }

    async fn pause(&self, time: SignedDuration) {
        self.time.pass(time.as_secs());
    }

    async fn invoke(&self, call: &DeliveryCall) -> Result<(), String> {
        self.state(|state| state.calls.push_back(call.clone()));
        Ok(())
    }

    async fn schedule(&self, minute: DueMinute) -> Result<(), String> {
        assert!(minute.start().duration_since(self.time.now()).as_secs() >= 120);
        self.state(|state| state.schedules.insert(minute));
        Ok(())
    }
}
