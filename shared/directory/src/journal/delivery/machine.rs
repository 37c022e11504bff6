//! The steps of a run of a delivery, without I/O: what to ask next of the table, the receiver and the clock, and what
//! follows from the answer.
//!
//! A run takes the lease, sends what it finds behind the position of the delivery, message by message, and gives the lease
//! back. Then it looks once more: whoever was told of news meanwhile saw the lease and left. What it does is written on
//! condition that it still has the lease, so a run that was too slow moves nothing.
//!
//! A run that dies is invoked again. Until it has written that the delivery fails, the new one tries again; afterwards the
//! delivery is due at the time for which a schedule has been made.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use scim_core::event::{Packing, Position, pack};

use super::ask::{
    Breaker, DeliveryChange, DueWhat, FeedPart, NewState, Receipt, RunAsk, RunSetting, RunTold,
    Taken,
};
use super::schedule::{DueMinute, is_exhausted, pause};
use crate::limits::{LEASE, MESSAGE_BYTES, POST_TIME, REPEATED_AFTER, SAVED_AFTER, SAVED_ENTRIES};

/// What a run does next.
#[derive(Clone, PartialEq, Debug)]
enum RunStep {
    Take,
    Begin,
    Deliver,
    Pause(Timestamp),
    Save,
    Count,
    PutDue(DueWhat, DueMinute),
    Schedule(DueMinute),
    CloseBreaker,
    Disable,
    /// Gives the lease back, in a state.
    Release(Option<NewState>),
    Look,
    InvokeAgain,
}

/// The message that was sent last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct SentMessage {
    last: Position,
    events: usize,
}

/// A run of a delivery.
#[derive(Clone, PartialEq, Debug)]
pub struct DeliveryRun {
    setting: RunSetting,
    todo: VecDeque<RunStep>,
    /// The position in the table.
    stored: Position,
    through: Position,
    acked: Position,
    attempts: u32,
    since: Option<Timestamp>,
    /// Whether the table says that the delivery fails although it works.
    is_recovered: bool,
    has_begun: bool,
    /// When the table was written last.
    saved: Timestamp,
    /// How many entries were acknowledged since.
    unsaved: usize,
    page: Option<FeedPart>,
    sent: Option<SentMessage>,
    /// Up to there, messages have only so many events.
    narrow: Option<(Position, usize)>,
    /// Whether the message was repeated after a short pause.
    is_repeated: bool,
    failure: Receipt,
}

impl DeliveryRun {
    /// A run that has done nothing.
    #[must_use]
    pub fn new(setting: RunSetting) -> Self {
        let todo = match setting.breaker {
            Breaker::Open => VecDeque::new(),
            _ => VecDeque::from([RunStep::Take]),
        };
        Self {
            setting,
            todo,
            stored: Position::BEGINNING,
            through: Position::BEGINNING,
            acked: Position::BEGINNING,
            attempts: 0,
            since: None,
            is_recovered: false,
            has_begun: false,
            saved: Timestamp::UNIX_EPOCH,
            unsaved: 0,
            page: None,
            sent: None,
            narrow: None,
            is_repeated: false,
            failure: Receipt::default(),
        }
    }

    /// A run of a delivery that has nothing to send, because the destination is no longer for the tenant.
    #[must_use]
    pub fn of_nothing(setting: RunSetting, now: Timestamp) -> Self {
        let mut run = Self::new(setting);
        run.has_nothing(now);
        run
    }

    /// What to ask next. It stays the same, apart from times, until it is told.
    pub fn ask(&mut self, now: Timestamp) -> RunAsk {
        if self.todo.front() == Some(&RunStep::Deliver) {
            self.decide(now);
        }
        let Some(step) = self.todo.front() else {
            return RunAsk::Nothing;
        };
        match step {
            RunStep::Take => RunAsk::Take(lease(now)),
            RunStep::Begin => RunAsk::Begin,
            RunStep::Deliver => self.next_of_feed(),
            RunStep::Pause(until) => {
                let left = until.duration_since(now);
                RunAsk::Pause(left.max(SignedDuration::ZERO))
            }
            RunStep::Save => RunAsk::Write(self.change(Some(lease(now)), None)),
            RunStep::Count => RunAsk::CountFailure,
            RunStep::PutDue(what, minute) => RunAsk::PutDue(*what, *minute),
            RunStep::Schedule(minute) => RunAsk::Schedule(*minute),
            RunStep::CloseBreaker => RunAsk::CloseBreaker,
            RunStep::Disable => RunAsk::DisableDestination(self.failure.error.clone()),
            RunStep::Release(state) => RunAsk::Write(self.change(None, state.clone())),
            RunStep::Look => RunAsk::Look(self.through),
            RunStep::InvokeAgain => RunAsk::InvokeAgain,
        }
    }

    /// Goes past what is not for the receiver, and decides whether something else comes before the next message.
    fn decide(&mut self, now: Timestamp) {
        if let Some(page) = self.page.take_if(|page| page.entries.is_empty()) {
            self.through = self.through.max(page.next);
            if page.is_over {
                self.todo = VecDeque::from([RunStep::Release(None), RunStep::Look]);
                return;
            }
        }
        if now.saturating_add(POST_TIME).unwrap_or(Timestamp::MAX) > self.setting.deadline {
            self.todo = VecDeque::from([RunStep::Release(None), RunStep::InvokeAgain]);
        } else if self.unsaved >= SAVED_ENTRIES || now.duration_since(self.saved) >= SAVED_AFTER {
            self.todo.push_front(RunStep::Save);
        }
    }

    /// The next message, or the next page.
    fn next_of_feed(&mut self) -> RunAsk {
        let Some(page) = &self.page else {
            return RunAsk::Read(self.through);
        };
        let packing = match self.setting.batch {
            0 | 1 => Packing::Single,
            most => Packing::Batches {
                events: usize::from(most),
                bytes: MESSAGE_BYTES,
            },
        };
        let narrow = self.narrow.filter(|(end, _)| self.through < *end);
        let most = narrow.map_or(usize::from(self.setting.batch), |(_, most)| most);
        let events = page.entries.iter().take(most.max(1));
        let events = events.map(|(position, entry)| (*position, entry));
        let tenant = self.setting.tenant.as_ref();
        let messages = pack(tenant, events, self.acked, packing);
        match messages.into_iter().next() {
            Some(message) => {
                self.sent = Some(SentMessage {
                    last: message.last,
                    events: message.events,
                });
                RunAsk::Post(message)
            }
            None => RunAsk::Read(self.through),
        }
    }

    fn change(&self, until: Option<Timestamp>, state: Option<NewState>) -> DeliveryChange {
        let well = self.is_recovered.then_some(NewState::Well);
        DeliveryChange {
            from: self.stored,
            through: self.through,
            acked: self.acked,
            until,
            state: state.or(well),
        }
    }

    /// Takes the answer to what was asked.
    pub fn tell(&mut self, told: RunTold, now: Timestamp) {
        match told {
            RunTold::Taken(taken) => self.taken(&taken, now),
            RunTold::Absent if self.has_begun => self.todo.clear(),
            RunTold::Absent => self.todo = VecDeque::from([RunStep::Begin]),
            RunTold::Begun => {
                self.has_begun = true;
                self.todo = VecDeque::from([RunStep::Take]);
            }
            RunTold::Refused | RunTold::Lost => self.todo.clear(),
            RunTold::Part(page) => self.page = Some(page),
            RunTold::Receipt(receipt) if receipt.is_success() => self.accepted(now),
            RunTold::Receipt(receipt) => self.failed(receipt, now),
            RunTold::Written => {
                self.stored = self.through;
                self.saved = now;
                self.unsaved = 0;
                self.is_recovered = false;
                self.todo.pop_front();
            }
            RunTold::Unowned => match self.todo.pop_front() {
                // Whether or not the change was written: what is behind must not be forgotten.
                Some(RunStep::Release(None)) => {}
                _ => self.todo.clear(),
            },
            RunTold::Counted(is_failing) => {
                if is_failing {
                    self.setting.breaker = Breaker::Probe;
                }
                self.todo.pop_front();
                self.put_off(now);
            }
            RunTold::News(true) => self.todo = VecDeque::from([RunStep::Take]),
            RunTold::NoTenant | RunTold::News(false) => self.has_nothing(now),
            RunTold::Done => {
                if self.todo.pop_front() == Some(RunStep::CloseBreaker) {
                    self.setting.breaker = Breaker::Whole;
                }
            }
        }
    }

    fn taken(&mut self, taken: &Taken, now: Timestamp) {
        self.stored = taken.through;
        self.through = taken.through;
        self.acked = taken.acked;
        self.attempts = taken.attempts;
        self.since = taken.since;
        self.saved = now;
        self.unsaved = 0;
        self.page = None;
        self.todo = VecDeque::from([RunStep::Deliver]);
    }

    /// Nothing is left to send. If others wait for this delivery, they need not any longer.
    fn has_nothing(&mut self, now: Timestamp) {
        self.todo = match self.setting.breaker {
            Breaker::Probe => recovery(now).into(),
            _ => VecDeque::new(),
        };
    }

    fn accepted(&mut self, now: Timestamp) {
        let Some(sent) = self.sent.take() else {
            return;
        };
        if let Some(page) = &mut self.page {
            page.entries.drain(..sent.events.min(page.entries.len()));
        }
        self.through = sent.last;
        self.acked = sent.last;
        self.unsaved = self.unsaved.saturating_add(sent.events);
        self.is_repeated = false;
        self.is_recovered |= self.since.is_some();
        self.attempts = 0;
        self.since = None;
        let first = match self.setting.breaker {
            Breaker::Whole | Breaker::Open => Vec::new(),
            Breaker::Counting => vec![RunStep::CloseBreaker],
            Breaker::Probe => recovery(now).to_vec(),
        };
        for step in first.into_iter().rev() {
            self.todo.push_front(step);
        }
    }

    fn failed(&mut self, receipt: Receipt, now: Timestamp) {
        let Some(sent) = self.sent.take() else {
            return;
        };
        if receipt.is_about_content() && sent.events > 1 {
            self.narrow = Some((sent.last, sent.events / 2));
            return;
        }
        let is_first = self.since.is_none() && !self.is_repeated;
        let asked = receipt.retry_after.unwrap_or_default();
        let repeat = now.saturating_add(REPEATED_AFTER).unwrap_or(now);
        if is_first && !receipt.is_gone() && asked <= REPEATED_AFTER {
            self.is_repeated = true;
            self.todo.push_front(RunStep::Pause(repeat));
            return;
        }
        let is_counted = self.since.is_none() && !receipt.is_gone();
        self.failure = receipt;
        match is_counted && self.setting.breaker != Breaker::Probe {
            true => self.todo = VecDeque::from([RunStep::Count]),
            false => self.put_off(now),
        }
    }

    /// What to do after a failure: to try again later, or to give up.
    fn put_off(&mut self, now: Timestamp) {
        let since = self.since.unwrap_or(now);
        let is_probe = self.setting.breaker == Breaker::Probe;
        let error = self.failure.error.clone();
        let failing = |due: DueMinute| NewState::Failing {
            attempts: self.attempts.saturating_add(1),
            due,
            since,
            error: error.clone(),
        };
        let is_over = self.failure.is_gone() || is_exhausted(since, now);
        let steps = match (is_over, is_probe) {
            (true, false) => vec![RunStep::Release(Some(NewState::Disabled { since, error }))],
            // All that is known says that no tenant can be delivered to. Whoever resumes the destination makes all due, and
            // this delivery begins to fail anew.
            (true, true) => {
                let state = NewState::Failing {
                    attempts: 1,
                    due: DueMinute::of(now),
                    since: now,
                    error,
                };
                vec![RunStep::Disable, RunStep::Release(Some(state))]
            }
            (false, _) => {
                let asked = self.failure.retry_after;
                let pause = pause(self.attempts, is_probe, asked, self.setting.chance);
                let due = DueMinute::after(now, pause);
                vec![
                    RunStep::PutDue(DueWhat::Delivery, due),
                    RunStep::Schedule(due),
                    RunStep::Release(Some(failing(due))),
                ]
            }
        };
        self.todo = steps.into();
    }
}

/// Until when a lease that is taken now is held.
fn lease(now: Timestamp) -> Timestamp {
    now.saturating_add(LEASE).unwrap_or(now)
}

/// The steps by which all deliveries go on that waited. They are due before the destination counts as whole: whoever dies
/// in between is invoked again, and a run that comes too early waits for the next.
fn recovery(now: Timestamp) -> [RunStep; 3] {
    let due = DueMinute::after(now, SignedDuration::ZERO);
    [
        RunStep::PutDue(DueWhat::Destination, due),
        RunStep::Schedule(due),
        RunStep::CloseBreaker,
    ]
}
