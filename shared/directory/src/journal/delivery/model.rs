//! Tries the orders of steps of the runs of two deliveries to one destination, breadth-first, with the real steps of
//! `machine`.
//!
//! A world is a table, a clock, a receiver, the invocations that wait, and the runs that are alive. A run may die, and is
//! then invoked again; it may be invoked twice; an answer of the table or of the receiver may be lost; the receiver may
//! refuse, and may ask for everything again. In every world that is reached, the receiver has a prefix of each feed, and
//! from every world a run without further troubles delivers everything.

use std::cell::Cell;

use explore::{Broken, explore};
use world::Budget;

mod explore;
mod table;
mod world;

/// A mistake that a test plants, to see that the model finds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mistake {
    /// Whoever dies is not invoked again.
    Forgotten,
    /// A run does not look once more after it gave the lease back.
    OneLook,
    /// A run writes although another one has the lease.
    Ownerless,
}

thread_local! {
    static PLANTED: Cell<Option<Mistake>> = const { Cell::new(None) };
}

fn is_planted(mistake: Mistake) -> bool {
    PLANTED.get() == Some(mistake)
}

/// How many worlds are tried.
fn limit() -> usize {
    let states = option_env!("MUSTER_TEST_STATES");
    states.map_or(5_000, |states| states.parse().unwrap())
}

fn holds(budget: Budget) {
    let explored = explore(budget, limit());
    let explored = explored.unwrap_or_else(|broken| panic!("{broken}"));
    assert!(explored >= limit(), "{explored} states");
}

fn find(mistake: Mistake, budget: Budget) -> Broken {
    PLANTED.set(Some(mistake));
    let found = explore(budget, 50_000);
    PLANTED.set(None);
    found.expect_err("the mistake was not found")
}

#[test]
fn every_order_of_runs_that_die_and_are_repeated_delivers_everything_in_order() {
    holds(Budget {
        events: [3, 0],
        troubles: 2,
        refusals: 0,
        replays: 1,
        ticks: 2,
    });
}

#[test]
fn every_order_of_runs_to_a_receiver_that_refuses_delivers_everything_in_order() {
    holds(Budget {
        events: [3, 0],
        troubles: 1,
        refusals: 4,
        replays: 0,
        ticks: 2,
    });
}

#[test]
fn every_order_of_the_runs_of_two_tenants_of_which_one_waits_delivers_everything_in_order() {
    holds(Budget {
        events: [1, 2],
        troubles: 1,
        refusals: 5,
        replays: 0,
        ticks: 1,
    });
}

#[test]
fn whoever_dies_and_is_not_invoked_again_leaves_something() {
    let broken = find(Mistake::Forgotten, Budget::SMALL);
    assert_eq!(broken.rule, "something is left for ever");
}

#[test]
fn without_a_second_look_something_is_left() {
    let budget = Budget {
        events: [3, 0],
        troubles: 0,
        ..Budget::SMALL
    };
    let broken = find(Mistake::OneLook, budget);
    assert_eq!(broken.rule, "something is left for ever");
}

#[test]
fn a_run_that_writes_without_the_lease_undoes_a_replay() {
    let broken = find(Mistake::Ownerless, Budget::SMALL);
    assert_eq!(broken.rule, "the position is ahead of the receiver");
}
