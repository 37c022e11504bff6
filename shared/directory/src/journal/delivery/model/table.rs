//! What the table, the receiver and the scheduler answer in a world.

use std::collections::VecDeque;

use scim_core::event::{Message, Position};
use serde_json::Value;

use super::super::ask::{
    DeliveryChange, DueWhat, FeedPart, NewState, Receipt, RunAsk, RunTold, Taken,
};
use super::world::{
    FAILURES, Item, Lease, LiveRun, State, World, entry, is_wanted, last_wanted, number, position,
    seconds,
};
use super::{Mistake, is_planted};

pub(super) type Rule = Result<(), &'static str>;

/// What becomes of what is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Course {
    /// It is done and answered.
    Plain,
    /// It is done, but the answer is lost.
    Lost,
    /// The receiver refuses.
    Refused,
}

impl World {
    /// The answer to what a run asks; `None` if the run must wait, or the course is not possible.
    pub(super) fn answer(
        &mut self,
        live: LiveRun,
        ask: &RunAsk,
        course: Course,
    ) -> Result<Option<RunTold>, &'static str> {
        let told = match ask {
            RunAsk::Post(message) => return self.post(live, message, course).map(Some),
            _ if course == Course::Refused => return Ok(None),
            // The SDK repeats a write whose answer was lost.
            RunAsk::Take(_) | RunAsk::Write(_) if course == Course::Lost => {
                self.plain(live, ask);
                self.plain(live, ask)
            }
            _ if course == Course::Lost => return Ok(None),
            _ => self.plain(live, ask),
        };
        self.check_item(live)?;
        Ok(told)
    }

    fn plain(&mut self, live: LiveRun, ask: &RunAsk) -> Option<RunTold> {
        let tenant = usize::from(live.tenant);
        Some(match ask {
            RunAsk::Take(until) => self.take(live, seconds(*until)),
            RunAsk::Begin => {
                self.items[tenant] = self.items[tenant].or(Some(Item {
                    through: Position::BEGINNING,
                    acked: Position::BEGINNING,
                    lease: None,
                    state: State::Well,
                }));
                RunTold::Begun
            }
            RunAsk::Read(after) => RunTold::Part(self.read(tenant, *after)),
            RunAsk::Write(change) => self.write(live, change),
            RunAsk::Look(_) if is_planted(Mistake::OneLook) => RunTold::News(false),
            RunAsk::Look(after) => RunTold::News(number(*after) < u64::from(self.feeds[tenant])),
            RunAsk::Pause(left) if left.is_zero() => RunTold::Done,
            RunAsk::CountFailure => {
                self.failures = self.failures.saturating_add(1).min(FAILURES);
                self.probe = Some(live.tenant);
                RunTold::Counted(self.failures >= FAILURES)
            }
            RunAsk::PutDue(what, minute) => {
                let tenant = (*what == DueWhat::Delivery).then_some(live.tenant);
                self.due.insert((*minute, tenant));
                RunTold::Done
            }
            RunAsk::Schedule(minute) => {
                self.schedules.insert(*minute);
                RunTold::Done
            }
            RunAsk::CloseBreaker => {
                (self.failures, self.probe) = (0, None);
                RunTold::Done
            }
            RunAsk::InvokeAgain => {
                self.invoke(live.tenant);
                RunTold::Done
            }
            // No delivery fails for so long here that its destination is disabled.
            RunAsk::Pause(_)
            | RunAsk::DisableDestination(_)
            | RunAsk::Post(_)
            | RunAsk::Nothing => return None,
        })
    }

    fn take(&mut self, live: LiveRun, until: i64) -> RunTold {
        let clock = self.clock;
        let Some(item) = &mut self.items[usize::from(live.tenant)] else {
            return RunTold::Absent;
        };
        let is_free = item
            .lease
            .is_none_or(|lease| lease.until <= clock || lease.invocation == live.invocation);
        let (is_due, attempts, since) = match item.state {
            State::Well => (true, 0, None),
            State::Failing {
                attempts,
                due,
                since,
            } => (due <= clock, attempts, Some(since)),
            State::Disabled => (false, 0, None),
        };
        if !is_free || !is_due {
            return RunTold::Refused;
        }
        item.lease = Some(Lease {
            owner: live.owner,
            invocation: live.invocation,
            until,
        });
        RunTold::Taken(Taken {
            through: item.through,
            acked: item.acked,
            attempts,
            since: since.map(super::world::at),
        })
    }

    fn read(&self, tenant: usize, after: Position) -> FeedPart {
        let last = u64::from(self.feeds[tenant]);
        let numbers = number(after) + 1..=last;
        let wanted = numbers.filter(|n| is_wanted(*n));
        let entries: VecDeque<_> = wanted.map(|n| (position(n), entry())).collect();
        FeedPart {
            entries,
            next: if number(after) < last {
                position(last)
            } else {
                after
            },
            is_over: true,
        }
    }

    fn write(&mut self, live: LiveRun, change: &DeliveryChange) -> RunTold {
        let Some(item) = &mut self.items[usize::from(live.tenant)] else {
            return RunTold::Lost;
        };
        let is_mine = item.lease.is_some_and(|lease| lease.owner == live.owner);
        let is_free_for_all = is_planted(Mistake::Ownerless);
        if !(is_mine || is_free_for_all) || item.through != change.from {
            return match (item.lease, is_mine) {
                (_, true) if item.through == change.through => RunTold::Written,
                (None, _) => RunTold::Unowned,
                _ => RunTold::Lost,
            };
        }
        item.through = change.through;
        item.acked = change.acked;
        match (&mut item.lease, change.until) {
            (Some(lease), Some(until)) => lease.until = seconds(until),
            (lease, _) => *lease = None,
        }
        match &change.state {
            None => {}
            Some(NewState::Well) => item.state = State::Well,
            Some(NewState::Failing {
                attempts,
                due,
                since,
                ..
            }) => {
                item.state = State::Failing {
                    attempts: *attempts,
                    due: seconds(due.start()),
                    since: seconds(*since),
                };
            }
            Some(NewState::Disabled { .. }) => item.state = State::Disabled,
        }
        RunTold::Written
    }

    fn post(
        &mut self,
        live: LiveRun,
        message: &Message,
        course: Course,
    ) -> Result<RunTold, &'static str> {
        let status = match course {
            Course::Refused => Some(500),
            Course::Plain => Some(204),
            Course::Lost => None,
        };
        if course != Course::Refused {
            self.receive(usize::from(live.tenant), message)?;
        }
        Ok(RunTold::Receipt(Receipt {
            status,
            ..Receipt::default()
        }))
    }

    /// The rules of a receiver.
    fn receive(&mut self, tenant: usize, message: &Message) -> Rule {
        let body: Value = serde_json::from_slice(&message.body).unwrap();
        let position_of = |event: &Value, name: &str| {
            let position = event[name].as_u64().unwrap();
            number(Position::new(position).unwrap())
        };
        for event in body["data"]["events"].as_array().unwrap() {
            let (this, previous) = (
                position_of(event, "position"),
                position_of(event, "previous"),
            );
            let received = self.received[tenant];
            if this <= received {
                continue;
            }
            if previous > received {
                return Err("a message leaves a gap");
            }
            if last_wanted(this - 1) > received {
                return Err("an entry comes too early");
            }
            self.received[tenant] = this;
        }
        Ok(())
    }

    fn check_item(&self, live: LiveRun) -> Rule {
        let tenant = usize::from(live.tenant);
        match self.items[tenant] {
            Some(item) if last_wanted(number(item.through)) > self.received[tenant] => {
                Err("the position is ahead of the receiver")
            }
            _ => Ok(()),
        }
    }
}
