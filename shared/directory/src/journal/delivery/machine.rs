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
    Ask, Breaker, DeliveryChange, DueWhat, NewState, Page, Receipt, RunSetting, Taken, Told,
};
use super::schedule::{DueMinute, is_exhausted, pause};
use crate::limits::{LEASE, MESSAGE_BYTES, POST_TIME, REPEATED_AFTER, SAVED_AFTER, SAVED_ENTRIES};

/// What a run does next.
#[derive(Clone, PartialEq, Debug)]
enum Step {
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
struct Sent {
    last: Position,
    events: usize,
}

/// A run of a delivery.
#[derive(Clone, PartialEq, Debug)]
pub struct Run {
    setting: RunSetting,
    todo: VecDeque<Step>,
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
    page: Option<Page>,
    sent: Option<Sent>,
    /// Up to there, messages have only so many events.
    narrow: Option<(Position, usize)>,
    /// Whether the message was repeated after a short pause.
    is_repeated: bool,
    failure: Receipt,
}

impl Run {
    /// A run that has done nothing.
    #[must_use]
    pub fn new(setting: RunSetting) -> Self {
        let todo = match setting.breaker {
            Breaker::Open => VecDeque::new(),
            _ => VecDeque::from([Step::Take]),
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
    pub fn ask(&mut self, now: Timestamp) -> Ask {
        if self.todo.front() == Some(&Step::Deliver) {
            self.decide(now);
        }
        let Some(step) = self.todo.front() else {
            return Ask::Nothing;
        };
        match step {
            Step::Take => Ask::Take(lease(now)),
            Step::Begin => Ask::Begin,
            Step::Deliver => self.next_of_feed(),
            Step::Pause(until) => {
                let left = until.duration_since(now);
                Ask::Pause(left.max(SignedDuration::ZERO))
            }
            Step::Save => Ask::Write(self.change(Some(lease(now)), None)),
            Step::Count => Ask::CountFailure,
            Step::PutDue(what, minute) => Ask::PutDue(*what, *minute),
            Step::Schedule(minute) => Ask::Schedule(*minute),
            Step::CloseBreaker => Ask::CloseBreaker,
            Step::Disable => Ask::DisableDestination(self.failure.error.clone()),
            Step::Release(state) => Ask::Write(self.change(None, state.clone())),
            Step::Look => Ask::Look(self.through),
            Step::InvokeAgain => Ask::InvokeAgain,
        }
    }

    /// Goes past what is not for the receiver, and decides whether something else comes before the next message.
    fn decide(&mut self, now: Timestamp) {
        if let Some(page) = self.page.take_if(|page| page.entries.is_empty()) {
            self.through = self.through.max(page.next);
            if page.is_over {
                self.todo = VecDeque::from([Step::Release(None), Step::Look]);
                return;
            }
        }
        if now.saturating_add(POST_TIME).unwrap_or(Timestamp::MAX) > self.setting.deadline {
            self.todo = VecDeque::from([Step::Release(None), Step::InvokeAgain]);
        } else if self.unsaved >= SAVED_ENTRIES || now.duration_since(self.saved) >= SAVED_AFTER {
            self.todo.push_front(Step::Save);
        }
    }

    /// The next message, or the next page.
    fn next_of_feed(&mut self) -> Ask {
        let Some(page) = &self.page else {
            return Ask::Read(self.through);
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
                self.sent = Some(Sent {
                    last: message.last,
                    events: message.events,
                });
                Ask::Post(message)
            }
            None => Ask::Read(self.through),
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
    pub fn tell(&mut self, told: Told, now: Timestamp) {
        match told {
            Told::Taken(taken) => self.taken(&taken, now),
            Told::Absent if self.has_begun => self.todo.clear(),
            Told::Absent => self.todo = VecDeque::from([Step::Begin]),
            Told::Begun => {
                self.has_begun = true;
                self.todo = VecDeque::from([Step::Take]);
            }
            Told::NoTenant => self.has_nothing(now),
            Told::Refused | Told::Lost => self.todo.clear(),
            Told::Page(page) => self.page = Some(page),
            Told::Receipt(receipt) if receipt.is_success() => self.accepted(now),
            Told::Receipt(receipt) => self.failed(receipt, now),
            Told::Written => {
                self.stored = self.through;
                self.saved = now;
                self.unsaved = 0;
                self.is_recovered = false;
                self.todo.pop_front();
            }
            Told::Unowned => match self.todo.pop_front() {
                // Whether or not the change was written: what is behind must not be forgotten.
                Some(Step::Release(None)) => {}
                _ => self.todo.clear(),
            },
            Told::Counted(is_failing) => {
                if is_failing {
                    self.setting.breaker = Breaker::Probe;
                }
                self.todo.pop_front();
                self.put_off(now);
            }
            Told::News(true) => self.todo = VecDeque::from([Step::Take]),
            Told::News(false) => self.has_nothing(now),
            Told::Done => {
                if self.todo.pop_front() == Some(Step::CloseBreaker) {
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
        self.todo = VecDeque::from([Step::Deliver]);
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
            Breaker::Counting => vec![Step::CloseBreaker],
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
            self.todo.push_front(Step::Pause(repeat));
            return;
        }
        let is_counted = self.since.is_none() && !receipt.is_gone();
        self.failure = receipt;
        match is_counted && self.setting.breaker != Breaker::Probe {
            true => self.todo = VecDeque::from([Step::Count]),
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
            (true, false) => vec![Step::Release(Some(NewState::Disabled { since, error }))],
            // All that is known says that no tenant can be delivered to. Whoever resumes the destination makes all due, and
            // this delivery begins to fail anew.
            (true, true) => {
                let state = NewState::Failing {
                    attempts: 1,
                    due: DueMinute::of(now),
                    since: now,
                    error,
                };
                vec![Step::Disable, Step::Release(Some(state))]
            }
            (false, _) => {
                let asked = self.failure.retry_after;
                let pause = pause(self.attempts, is_probe, asked, self.setting.chance);
                let due = DueMinute::after(now, pause);
                vec![
                    Step::PutDue(DueWhat::Delivery, due),
                    Step::Schedule(due),
                    Step::Release(Some(failing(due))),
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
fn recovery(now: Timestamp) -> [Step; 3] {
    let due = DueMinute::after(now, SignedDuration::ZERO);
    [
        Step::PutDue(DueWhat::Destination, due),
        Step::Schedule(due),
        Step::CloseBreaker,
    ]
}
