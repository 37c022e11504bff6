//! Tries the orders of steps of several writers of one feed, breadth-first, with the real steps of `append`.
//!
//! A world is a table, a clock and three shards of the stream. Each shard has a reader that may die, lose an answer, or
//! continue beside its successor because it was considered dead. Every world that is reached obeys the rules, and from every world a run
//! without further deaths appends everything.

use std::cell::Cell;

use explore::{Broken, explore};
use script::Script;

mod explore;
mod machine;
mod rules;
mod script;

/// A mistake that a test plants, to see that the model finds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mistake {
    /// A writer reads only the last batch.
    NoLookBack,
    /// It does not look at a batch whose time is exactly the bound.
    ShortLookBack,
    /// It treats everybody as introduced.
    NoIntroduction,
    /// It puts a batch even if there is one.
    NoCondition,
    /// It keeps what it knows of the feed of an earlier tenant.
    KeptCache,
    /// It moves users who come back to the front, as if they were new.
    EveryInsertFirst,
    /// A deletion has the version of what was deleted.
    OldVersion,
}

thread_local! {
     static PLANTED: Cell<Option<Mistake>> = const { Cell::new(None) };
}

fn planted() -> Option<Mistake> {
    PLANTED.get()
}

/// How far back a writer looks.
pub(super) fn look_back(right: i64) -> i64 {
    match planted() {
        Some(Mistake::NoLookBack) => -1_000_000_000,
        Some(Mistake::ShortLookBack) => right - 1,
        _ => right,
    }
}

/// How many worlds each script is tried with.
fn limit() -> usize {
    let states = option_env!("MUSTER_TEST_STATES");
    states.map_or(5_000, |states| states.parse().unwrap())
}

fn holds(script: Script) {
    let name = script.name;
    let end = explore(script, limit());
    let explored = end.unwrap_or_else(|broken| panic!("{name}: {broken}"));
    assert!(explored >= limit(), "{name}: {explored} states");
}

fn find(mistake: Mistake, script: fn() -> Script) -> Broken {
    PLANTED.set(Some(mistake));
    let found = explore(script(), 50_000);
    PLANTED.set(None);
    found.expect_err("the mistake was not found")
}

#[test]
fn every_order_of_two_users_and_a_group_obeys_the_rules() {
    holds(Script::users_and_group());
}

#[test]
fn every_order_of_two_users_of_the_same_second_obeys_the_rules() {
    holds(Script::users());
}

#[test]
fn every_order_of_a_group_that_is_a_day_younger_obeys_the_rules() {
    holds(Script::next_day());
}

#[test]
fn every_order_around_a_tenant_that_was_created_again_obeys_the_rules() {
    holds(Script::created_again());
}

#[test]
fn without_looking_back_something_is_appended_twice() {
    let broken = find(Mistake::NoLookBack, Script::users);
    assert_eq!(broken.rule, "an entry stands twice");
}

#[test]
fn looking_back_a_second_too_short_appends_something_twice() {
    let broken = find(Mistake::ShortLookBack, Script::users);
    assert_eq!(broken.rule, "an entry stands twice");
}

#[test]
fn without_the_notes_of_introductions_somebody_joins_too_early() {
    let broken = find(Mistake::NoIntroduction, Script::users_and_group);
    assert_eq!(broken.rule, "somebody joins before being introduced");
}

#[test]
fn without_a_condition_a_batch_is_lost() {
    let broken = find(Mistake::NoCondition, Script::users);
    assert_eq!(broken.rule, "a batch was changed");
}

#[test]
fn what_is_known_of_an_earlier_tenant_leads_into_its_feed() {
    let broken = find(Mistake::KeptCache, Script::created_again);
    assert_eq!(broken.rule, "an entry stands in the feed of another tenant");
}

#[test]
fn putting_users_first_who_come_back_reverses_versions() {
    let broken = find(Mistake::EveryInsertFirst, Script::users_and_group);
    assert_eq!(broken.rule, "a version is missing");
}

#[test]
fn a_deletion_under_the_version_before_is_lost() {
    let broken = find(Mistake::OldVersion, Script::users_and_group);
    assert_eq!(broken.rule, "a version is missing");
}
