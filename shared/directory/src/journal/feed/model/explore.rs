//! The worlds that can be reached, breadth-first.

use std::collections::HashSet;
use std::fmt;

use super::machine::{Begin, Machine, Next};
use super::script::{SHARDS, Script};

/// No writer, or no cache.
const NONE: u32 = u32::MAX;
/// A Lambda function does not work longer, in seconds.
const LIFE: i64 = 15 * 60;
/// The stream forgets a record after a day, in seconds.
const STREAM: i64 = 24 * 3600;
/// A run without deaths needs fewer steps.
const STEPS: usize = 400;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct World {
    table: u32,
    clock: u8,
    tenant: u8,
    deaths: u8,
    shards: [Shard; SHARDS],
}

/// A shard with its reader, and an earlier reader that goes on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Shard {
    writers: [u32; 2],
    cache: u32,
    /// How many records are done.
    done: u8,
    /// How many are done if the reader ends.
    to: u8,
}

#[derive(Clone, Copy, Debug)]
enum Move {
    Start,
    Tick,
    Again,
    Begin {
        shard: usize,
        to: u8,
        is_warm: bool,
        is_late: bool,
    },
    Step(usize, usize),
    /// A put whose answer was lost is repeated.
    Lost(usize, usize),
    Die(usize),
    /// The reader is taken for dead, but goes on.
    Outlive(usize),
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
    machine: Machine,
    seen: HashSet<World>,
    worlds: Vec<(World, u32, Move)>,
    /// Worlds from which everything is appended.
    ending: HashSet<World>,
}

/// Tries at most this many worlds, and returns how many it tried.
pub(super) fn explore(script: Script, limit: usize) -> Result<usize, Broken> {
    let mut machine = Machine::new(script);
    let shard = Shard {
        writers: [NONE; 2],
        cache: NONE,
        done: 0,
        to: 0,
    };
    let start = World {
        table: machine.empty(0),
        clock: 0,
        tenant: 0,
        deaths: 0,
        shards: [shard; SHARDS],
    };
    let mut explorer = Explorer {
        machine,
        seen: HashSet::from([start]),
        worlds: vec![(start, 0, Move::Start)],
        ending: HashSet::new(),
    };
    let mut at = 0;
    while let Some((world, ..)) = explorer.worlds.get(at).copied() {
        let moves = explorer.moves(&world);
        for step in moves {
            let next = explorer.go(world, step);
            let next = next.map_err(|rule| explorer.broken(rule, at, step))?;
            let Some(next) = next.filter(|_| explorer.worlds.len() < limit) else {
                continue;
            };
            if explorer.seen.insert(next) {
                explorer
                    .worlds
                    .push((next, u32::try_from(at).unwrap(), step));
            }
        }
        let ends = explorer.check(&world).and_then(|()| explorer.ends(world));
        ends.map_err(|rule| explorer.broken(rule, at, Move::Start))?;
        at += 1;
    }
    Ok(explorer.worlds.len())
}

impl Explorer {
    /// What may happen in a world.
    fn moves(&self, world: &World) -> Vec<Move> {
        let script = &self.machine.script;
        let mut moves = Vec::new();
        let may_die = world.deaths < script.deaths;
        for (at, shard) in world.shards.iter().enumerate() {
            for life in 0..2 {
                if shard.writers[life] != NONE {
                    moves.push(Move::Step(at, life));
                    moves.extend(may_die.then_some(Move::Lost(at, life)));
                }
            }
            if shard.writers[0] != NONE {
                moves.extend(may_die.then_some(Move::Die(at)));
                let is_free = shard.writers[1] == NONE;
                moves.extend((may_die && is_free).then_some(Move::Outlive(at)));
                continue;
            }
            let written = script.written(usize::from(world.tenant), at, world.clock);
            for to in usize::from(shard.done) + 1..=written {
                for is_warm in [false, true] {
                    for is_late in [false, true] {
                        let is_possible = (!is_warm || shard.cache != NONE)
                            && (!is_late || (script.is_vague && world.clock > 0));
                        moves.extend(is_possible.then(|| Move::Begin {
                            shard: at,
                            to: u8::try_from(to).unwrap(),
                            is_warm,
                            is_late,
                        }));
                    }
                }
            }
        }
        moves.extend(self.may_tick(world).then_some(Move::Tick));
        let is_again = world.tenant == 0 && script.again == Some(usize::from(world.clock));
        moves.extend(is_again.then_some(Move::Again));
        moves
    }

    /// Time passes, but neither a writer's life nor the stream's memory ends in between.
    fn may_tick(&self, world: &World) -> bool {
        let script = &self.machine.script;
        let clock = usize::from(world.clock);
        let Some((now, next)) = script.clock.get(clock).zip(script.clock.get(clock + 1)) else {
            return false;
        };
        let mut shards = world.shards.iter().enumerate();
        shards.all(|(at, shard)| {
            let is_idle = shard.writers == [NONE; 2];
            let is_done = usize::from(shard.done)
                >= script.written(usize::from(world.tenant), at, world.clock);
            (next - now < LIFE || is_idle) && (next - now < STREAM || is_done)
        })
    }

    /// The world after a move; `None` if the move is not possible.
    fn go(&mut self, mut world: World, step: Move) -> Result<Option<World>, &'static str> {
        match step {
            Move::Start => {}
            Move::Tick => world.clock += 1,
            Move::Again => {
                let table = self.machine.empty(1);
                world.begin_again(table);
            }
            Move::Begin {
                shard: at,
                to,
                is_warm,
                is_late,
            } => {
                let shard = &mut world.shards[at];
                shard.writers[0] = self.machine.begin(Begin {
                    tenant: usize::from(world.tenant),
                    shard: at,
                    from: shard.done,
                    to,
                    tail: is_warm.then_some(shard.cache),
                    is_late,
                    clock: world.clock,
                });
                shard.to = to;
            }
            Move::Step(at, life) => {
                let next = self
                    .machine
                    .step(world.shards[at].writers[life], world.table)?;
                return Ok(Some(world.after(at, life, next)));
            }
            Move::Lost(at, life) => {
                let next = self
                    .machine
                    .step(world.shards[at].writers[life], world.table)?;
                let Next::Put { table, lost, .. } = next else {
                    return Ok(None);
                };
                world.table = table;
                world.shards[at].writers[life] = lost;
                world.deaths += 1;
            }
            Move::Die(at) => {
                world.shards[at].writers[0] = NONE;
                world.shards[at].cache = NONE;
                world.deaths += 1;
            }
            Move::Outlive(at) => {
                world.shards[at].writers.swap(0, 1);
                world.deaths += 1;
            }
        }
        Ok(Some(world))
    }

    fn check(&mut self, world: &World) -> Result<(), &'static str> {
        let done = world.shards.map(|shard| shard.done);
        self.machine.check_done(world.table, done)
    }

    /// The rule that a run without deaths appends everything.
    fn ends(&mut self, mut world: World) -> Result<(), &'static str> {
        let mut way = Vec::new();
        while !self.ending.contains(&world) {
            way.push(world);
            if way.len() > STEPS {
                return Err("the writers come to no end");
            }
            let Some(step) = self.obvious(&world) else {
                self.check(&world)?;
                self.machine.check_sum(world.table)?;
                break;
            };
            world = self.go(world, step)?.unwrap();
        }
        self.ending.extend(way);
        Ok(())
    }

    /// The next move of a run without deaths; `None` at its end.
    fn obvious(&self, world: &World) -> Option<Move> {
        for (at, shard) in world.shards.iter().enumerate() {
            for life in 0..2 {
                if shard.writers[life] != NONE {
                    return Some(Move::Step(at, life));
                }
            }
        }
        let script = &self.machine.script;
        let tenant = usize::from(world.tenant);
        for (at, shard) in world.shards.iter().enumerate() {
            let written = u8::try_from(script.written(tenant, at, world.clock)).unwrap();
            if shard.done < written {
                return Some(Move::Begin {
                    shard: at,
                    to: written,
                    is_warm: shard.cache != NONE,
                    is_late: false,
                });
            }
        }
        self.may_tick(world).then_some(Move::Tick)
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

impl World {
    /// The tenant is deleted and created again; writers of the old one may live on.
    fn begin_again(&mut self, table: u32) {
        self.clock += 1;
        self.tenant = 1;
        self.table = table;
        for shard in &mut self.shards {
            (shard.done, shard.to) = (0, 0);
            if shard.writers[1] == NONE {
                shard.writers.swap(0, 1);
            }
            shard.writers[0] = NONE;
        }
    }

    /// After a step of a writer.
    fn after(mut self, at: usize, life: usize, next: Next) -> Self {
        let shard = &mut self.shards[at];
        match next {
            Next::Goes { writer, table } | Next::Put { writer, table, .. } => {
                shard.writers[life] = writer;
                self.table = table;
            }
            Next::Ended { table, left, tail } => {
                self.table = table;
                shard.writers[life] = NONE;
                let tail = tail.unwrap_or(NONE);
                if life == 0 {
                    shard.done = left.unwrap_or(shard.to);
                    shard.cache = tail;
                } else if shard.cache == NONE {
                    shard.cache = tail;
                }
            }
        }
        self
    }
}
