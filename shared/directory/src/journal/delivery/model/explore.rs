//! The worlds that can be reached, breadth-first.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use super::super::ask::RunAsk;
use super::super::machine::DeliveryRun;
use super::table::{Course, Rule};
use super::world::{Budget, FAILURES, LiveRun, Pending, State, TENANTS, World, last_wanted};
use super::{Mistake, is_planted};
use crate::journal::numbered::Numbered;

/// A run without troubles needs fewer steps.
const STEPS: usize = 600;
/// How far the clock goes on, in seconds: past a short pause, and past a lease.
const TICKS: [i64; 2] = [6, 70];

#[derive(Clone, Copy, Debug)]
enum Move {
    Start,
    Append(usize),
    Begin(usize),
    Step(usize, Course),
    Die(usize),
    /// The invocation of a run arrives once more.
    Repeat(usize),
    /// The receiver has lost everything and asks for it.
    Replay(usize),
    Tick(usize),
    /// The next schedule fires.
    Fire,
}

/// A rule that does not hold, and how the world came there.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) rule: &'static str,
    way: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after{}", self.rule, self.way)
    }
}

struct Explorer {
    budget: Budget,
    runs: Numbered<DeliveryRun>,
    seen: HashSet<u64>,
    worlds: Vec<(World, u32, Move)>,
    /// Worlds from which everything is delivered.
    ending: HashSet<u64>,
}

/// Tries at most so many worlds, and returns how many there were.
pub(super) fn explore(budget: Budget, limit: usize) -> Result<usize, Broken> {
    let start = World::new();
    let mut explorer = Explorer {
        budget,
        runs: Numbered::new(),
        seen: HashSet::from([digest(&start)]),
        worlds: vec![(start, 0, Move::Start)],
        ending: HashSet::new(),
    };
    let mut at = 0;
    while let Some((world, ..)) = explorer.worlds.get(at).cloned() {
        for step in explorer.moves(&world) {
            let next = explorer.go(world.clone(), step);
            let next = next.map_err(|rule| explorer.broken(rule, at, step))?;
            let Some(next) = next.filter(|_| explorer.worlds.len() < limit) else {
                continue;
            };
            if explorer.seen.insert(digest(&next)) {
                let from = u32::try_from(at).unwrap();
                explorer.worlds.push((next, from, step));
            }
        }
        let ends = explorer.ends(world);
        ends.map_err(|rule| explorer.broken(rule, at, Move::Start))?;
        at += 1;
    }
    Ok(explorer.worlds.len())
}

fn digest(world: &World) -> u64 {
    BuildHasherDefault::<DefaultHasher>::new().hash_one(world)
}

impl Explorer {
    /// What may happen in a world.
    fn moves(&self, world: &World) -> Vec<Move> {
        let budget = &self.budget;
        let has_trouble = world.troubles < budget.troubles;
        let mut moves = Vec::new();
        for tenant in 0..TENANTS {
            let has_more = world.feeds[tenant] < budget.events[tenant];
            moves.extend(has_more.then_some(Move::Append(tenant)));
            let may_replay = world.replays < budget.replays && world.items[tenant].is_some();
            moves.extend(may_replay.then_some(Move::Replay(tenant)));
        }
        let has_room = world.runs.contains(&None);
        let pending = 0..world.pending.len();
        moves.extend(pending.filter(|_| has_room).map(Move::Begin));
        for (slot, run) in world.runs.iter().enumerate() {
            if run.is_none() {
                continue;
            }
            moves.push(Move::Step(slot, Course::Plain));
            if world.refusals < budget.refusals {
                moves.push(Move::Step(slot, Course::Refused));
            }
            if has_trouble {
                moves.push(Move::Step(slot, Course::Lost));
                moves.push(Move::Die(slot));
                moves.push(Move::Repeat(slot));
            }
        }
        let ticks = 0..TICKS.len();
        moves.extend(
            ticks
                .filter(|tick| world.ticks[*tick] < budget.ticks)
                .map(Move::Tick),
        );
        moves.extend((!world.schedules.is_empty()).then_some(Move::Fire));
        moves
    }

    /// The world after a move; `None` if the move is not possible.
    fn go(&mut self, mut world: World, step: Move) -> Result<Option<World>, &'static str> {
        match step {
            Move::Start => {}
            Move::Append(tenant) => {
                world.feeds[tenant] += 1;
                world.invoke(u8::try_from(tenant).unwrap());
            }
            Move::Begin(place) => {
                let pending = world.pending.remove(place);
                self.begin(&mut world, pending);
            }
            Move::Step(slot, course) => return self.step(world, slot, course),
            Move::Die(slot) | Move::Repeat(slot) => {
                let Some(live) = world.runs[slot] else {
                    return Ok(None);
                };
                world.troubles += 1;
                if !is_planted(Mistake::Forgotten) {
                    world.pend(Pending {
                        tenant: live.tenant,
                        invocation: live.invocation,
                    });
                }
                if matches!(step, Move::Die(_)) {
                    world.runs[slot] = None;
                }
            }
            Move::Replay(tenant) => {
                let Some(item) = &mut world.items[tenant] else {
                    return Ok(None);
                };
                item.through = scim_core::event::Position::BEGINNING;
                item.acked = item.through;
                item.lease = None;
                item.state = State::Well;
                world.received[tenant] = 0;
                world.replays += 1;
                world.invoke(u8::try_from(tenant).unwrap());
            }
            Move::Tick(tick) => {
                world.clock += TICKS[tick];
                world.ticks[tick] += 1;
                world.fire();
            }
            Move::Fire => {
                let Some(next) = world.schedules.first() else {
                    return Ok(None);
                };
                world.clock = world.clock.max(super::world::seconds(next.start()));
                world.fire();
            }
        }
        Ok(Some(world))
    }

    fn begin(&mut self, world: &mut World, pending: Pending) {
        let owner = world.new_owner();
        let run = DeliveryRun::new(world.setting(pending, owner));
        let (run, _) = self.runs.of(run);
        let free = world.runs.iter().position(Option::is_none).unwrap();
        world.runs[free] = Some(LiveRun {
            run,
            tenant: pending.tenant,
            invocation: pending.invocation,
            owner,
        });
    }

    fn step(
        &mut self,
        mut world: World,
        slot: usize,
        course: Course,
    ) -> Result<Option<World>, &'static str> {
        let Some(live) = world.runs[slot] else {
            return Ok(None);
        };
        let mut run = self.runs.get(live.run).clone();
        let now = world.now();
        let ask = run.ask(now);
        if ask == RunAsk::Nothing {
            if course != Course::Plain {
                return Ok(None);
            }
            world.runs[slot] = None;
            return Ok(Some(world));
        }
        let Some(told) = world.answer(live, &ask, course)? else {
            return Ok(None);
        };
        match course {
            Course::Plain => {}
            Course::Lost => world.troubles += 1,
            Course::Refused => world.refusals += 1,
        }
        run.tell(told, now);
        let (run, _) = self.runs.of(run);
        world.runs[slot] = Some(LiveRun { run, ..live });
        Ok(Some(world))
    }

    /// The rule that a run without troubles delivers everything.
    fn ends(&mut self, mut world: World) -> Rule {
        let mut way = Vec::new();
        while !self.ending.contains(&digest(&world)) {
            way.push(digest(&world));
            if way.len() > STEPS {
                return Err("the runs come to no end");
            }
            let Some(next) = self.obvious(&world)? else {
                check_end(&world)?;
                break;
            };
            world = next;
        }
        self.ending.extend(way);
        Ok(())
    }

    /// The next world of a run without troubles; `None` at its end.
    fn obvious(&mut self, world: &World) -> Result<Option<World>, &'static str> {
        for slot in 0..world.runs.len() {
            if let Some(next) = self.step(world.clone(), slot, Course::Plain)? {
                return Ok(Some(next));
            }
        }
        if !world.pending.is_empty() && world.runs.contains(&None) {
            return self.go(world.clone(), Move::Begin(0));
        }
        if world.runs.iter().any(Option::is_some) {
            let mut later = world.clone();
            later.clock += TICKS[0];
            later.fire();
            return Ok(Some(later));
        }
        match world.schedules.is_empty() {
            true => Ok(None),
            false => self.go(world.clone(), Move::Fire),
        }
    }

    /// The way to a world.
    fn broken(&self, rule: &'static str, at: usize, last: Move) -> Broken {
        let mut moves = vec![last];
        let mut at = at;
        while at > 0 {
            let (_, before, step) = self.worlds[at];
            moves.push(step);
            at = usize::try_from(before).unwrap();
        }
        let way = moves.iter().rev();
        let way = way.fold(String::new(), |way, step| format!("{way}\n  {step:?}"));
        Broken { rule, way }
    }
}

fn check_end(world: &World) -> Rule {
    for tenant in 0..TENANTS {
        if last_wanted(u64::from(world.feeds[tenant])) > world.received[tenant] {
            return Err("something is left for ever");
        }
    }
    match world.failures >= FAILURES {
        true => Err("the destination waits for ever"),
        false => Ok(()),
    }
}
