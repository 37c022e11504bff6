//! Several walks of one key over one query: one after another each is exact; in parallel no user is missed.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{ids, page};
use crate::support::moving::Time;
use crate::support::numbers::Numbers;
use crate::support::table::{Item, Table};
use crate::support::{Client, Target, moving};

const SEARCH: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// How pages are requested.
#[derive(Clone, Copy)]
enum Way {
    Get(&'static str),
    Search(&'static str, &'static str),
}

impl Way {
    async fn ask(self, client: &Client, start: usize, count: usize) -> Value {
        let answer = match self {
            Self::Get(filter) => return page(client, filter, start, count).await,
            Self::Search(path, filter) => {
                let mut body = json!({ "schemas": [SEARCH], "startIndex": start, "count": count });
                if !filter.is_empty() {
                    body["filter"] = json!(filter);
                }
                client.post(path, &body).await
            }
        };
        answer.expect(200).json()
    }

    /// A complete walk; asserts that all pages return this total.
    async fn walk(self, client: &Client, count: usize, total: usize) -> Vec<String> {
        let mut seen = Vec::new();
        while seen.len() < total {
            let page = self.ask(client, seen.len() + 1, count).await;
            assert_eq!(page["totalResults"], total, "startIndex {}", seen.len() + 1);
            assert!(!ids(&page).is_empty(), "a walk without an end");
            seen.extend(ids(&page));
        }
        seen
    }
}

async fn users(client: &Client, number: usize) {
    for at in 0..number {
        client.create_user(&format!("user{at}@example.com")).await;
    }
}

async fn delete(client: &Client, ids: &[String]) {
    for id in ids {
        client.delete(&format!("/Users/{id}")).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_second_walk_does_not_meet_the_anchors_of_the_first() {
    let target = Target::start().await;
    let client = target.tenant().await;
    users(&client, 25).await;
    let mut all = Way::Get("").walk(&client, 10, 25).await;
    for left in [19, 13, 7] {
        delete(&client, &all[..6]).await;
        all.drain(..6);
        assert_eq!(Way::Get("").walk(&client, 10, left).await, all, "{left}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_walks_one_after_the_other_are_exact_whatever_is_asked_for_and_how() {
    let target = Target::start().await;
    for way in [
        Way::Get("active eq true"),
        Way::Get("userName sw \"user\""),
        Way::Search("/Users/.search", ""),
        Way::Search("/.search", ""),
        Way::Search("/.search", "meta.created pr"),
    ] {
        let client = target.tenant().await;
        users(&client, 19).await;
        let groups = usize::from(matches!(way, Way::Search("/.search", _)));
        if groups > 0 {
            client.create_group("Board", &[]).await;
        }
        let mut all = way.walk(&client, 4, 19 + groups).await;
        for (count, gone) in [(4, 3), (3, 2), (5, 4), (5, 1)] {
            delete(&client, &all[..gone]).await;
            all.drain(..gone);
            assert_eq!(way.walk(&client, count, all.len()).await, all, "{count}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_page_that_may_be_of_either_of_two_walks_begins_at_the_one_behind() {
    let target = Target::start().await;
    let client = target.tenant().await;
    users(&client, 25).await;
    let all = Way::Get("").walk(&client, 100, 25).await;
    page(&client, "", 1, 10).await;
    delete(&client, &all[..6]).await;
    let second = page(&client, "", 1, 10).await;
    assert_eq!(
        (ids(&second), &second["totalResults"]),
        (all[6..16].to_vec(), &json!(19))
    );
    // This may be the first walk after its tenth user, or the second walk after its tenth, who is the sixteenth of
    // all.
    for _ in 0..2 {
        let next = page(&client, "", 11, 10).await;
        assert_eq!(
            (ids(&next), &next["totalResults"]),
            (all[10..20].to_vec(), &json!(25))
        );
    }
    for _ in 0..2 {
        assert_eq!(ids(&page(&client, "", 21, 10).await), all[20..]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_walk_that_was_left_half_way_counts_for_two_minutes() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    users(&client, 25).await;
    let mut all = Way::Get("").walk(&client, 10, 25).await;
    for (rest, is_exact) in [(119, false), (121, true)] {
        page(&client, "", 1, 10).await;
        delete(&client, &all[..4]).await;
        time.pass(rest);
        page(&client, "", 1, 10).await;
        let next = ids(&page(&client, "", 11, 10).await);
        all.drain(..4);
        let from = if is_exact { 10 } else { 6 };
        assert_eq!(next[0], all[from], "after {rest} seconds");
        time.pass(700);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_test_of_the_connection_does_not_disturb_an_import() {
    let target = Target::start().await;
    let client = target.tenant().await;
    users(&client, 9).await;
    let all = Way::Get("").walk(&client, 100, 9).await;
    page(&client, "", 1, 2).await;
    delete(&client, &all[..2]).await;
    let mut seen = ids(&page(&client, "", 1, 3).await);
    page(&client, "", 1, 2).await;
    seen.extend(ids(&page(&client, "", 4, 3).await));
    page(&client, "", 1, 2).await;
    seen.extend(ids(&page(&client, "", 7, 3).await));
    assert_eq!(seen, all[2..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_a_page_can_be_requested_again_after_the_walk_went_on_or_ended() {
    let target = Target::start().await;
    let client = target.tenant().await;
    users(&client, 20).await;
    let all = Way::Get("").walk(&client, 100, 20).await;
    page(&client, "", 1, 5).await;
    page(&client, "", 6, 5).await;
    delete(&client, &all[..3]).await;
    assert_eq!(ids(&page(&client, "", 6, 5).await), all[5..10]);
    page(&client, "", 11, 5).await;
    page(&client, "", 16, 5).await;
    delete(&client, &all[6..9]).await;
    assert_eq!(ids(&page(&client, "", 16, 5).await), all[15..]);
    // A page out of order is repeated, too.
    let client = target.tenant().await;
    users(&client, 20).await;
    let all = Way::Get("").walk(&client, 100, 20).await;
    page(&client, "", 9, 4).await;
    delete(&client, &all[..5]).await;
    assert_eq!(ids(&page(&client, "", 9, 4).await), all[8..12]);
    assert_eq!(ids(&page(&client, "", 13, 4).await), all[12..16]);
}

#[tokio::test(flavor = "multi_thread")]
async fn p07_pages_requested_in_parallel_join_to_the_whole() {
    let target = Target::start().await;
    let client = target.tenant().await;
    users(&client, 30).await;
    let all = Way::Get("").walk(&client, 100, 30).await;
    for _ in 0..3 {
        let pages = (0..10).map(|at| page(&client, "", 1 + at * 3, 3));
        let pages = join_all(pages).await;
        let seen: Vec<String> = pages.iter().flat_map(ids).collect();
        assert_eq!(seen, all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stored_walks_stay_below_a_write_unit_however_many_begin() {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    users(&client, 9).await;
    for turn in 0..60 {
        page(&client, "", 1, 4).await;
        page(&client, "", 1, 2).await;
        if turn % 3 == 0 {
            Way::Get("").walk(&client, 3, 9).await;
        }
        time.pass(5);
    }
    let table = Table::of(&target, &client).await;
    let kept: Vec<usize> = table.partitions(&["anchor"]).map(size).collect();
    assert_eq!(kept.len(), 1);
    assert!(kept[0] > 300 && kept[0] <= 1_024, "{kept:?}");
    let all = Way::Get("").walk(&client, 100, 9).await;
    time.pass(121);
    delete(&client, &all[..1]).await;
    assert_eq!(Way::Get("").walk(&client, 3, 8).await, all[1..]);
}

/// The size of an item in bytes. It counts a byte per digit, which is more than a number takes.
fn size(item: &Item) -> usize {
    let sizes = item.iter().map(|(name, value)| {
        let text = value.as_s().or(value.as_n()).unwrap();
        name.len() + text.len()
    });
    sizes.sum()
}

/// A client in the middle of a walk.
struct Walker {
    count: usize,
    start: usize,
    seen: BTreeMap<String, usize>,
    stable: BTreeSet<String>,
}

/// A tenant whose users change, and the clients that walk over them.
struct History {
    _target: Target,
    client: Client,
    time: Time,
    dice: Numbers,
    there: BTreeSet<String>,
    walkers: Vec<Walker>,
    made: usize,
}

impl History {
    async fn write(&mut self) {
        if self.dice.below(3) == 0 {
            self.made += 1;
            let name = format!("new{}@example.com", self.made);
            self.there.insert(self.client.create_user(&name).await);
        } else if self.there.len() > 6 {
            let at = self.dice.below(self.there.len() / 2);
            let id = self.there.iter().nth(at).unwrap().clone();
            delete(&self.client, std::slice::from_ref(&id)).await;
            self.there.remove(&id);
            for walker in &mut self.walkers {
                walker.stable.remove(&id);
            }
        }
    }

    fn begin(&mut self) {
        self.walkers.push(Walker {
            count: *self.dice.pick(&[3, 3, 4]),
            start: 1,
            seen: BTreeMap::new(),
            stable: self.there.clone(),
        });
    }

    /// Requests the next page of a walker; returns the walker after its last page.
    async fn ask(&mut self, at: usize, filter: &str, is_lost: bool) -> Option<Walker> {
        let walker = &mut self.walkers[at];
        let page = page(&self.client, filter, walker.start, walker.count).await;
        let given = ids(&page);
        let end = walker.start + given.len();
        let total = usize::try_from(page["totalResults"].as_u64().unwrap()).unwrap();
        // The repetition of a last page may count as another walk's.
        if is_lost && end <= total {
            return None;
        }
        walker.start = end;
        for id in given {
            *walker.seen.entry(id).or_default() += 1;
        }
        (end > total).then(|| self.walkers.remove(at))
    }
}

async fn history(seed: u64) -> History {
    let (target, time) = moving::start().await;
    let client = target.tenant().await;
    let mut there = BTreeSet::new();
    for number in 0..20 {
        there.insert(
            client
                .create_user(&format!("user{number}@example.com"))
                .await,
        );
    }
    History {
        _target: target,
        client,
        time,
        dice: Numbers(seed),
        there,
        walkers: Vec::new(),
        made: 0,
    }
}

#[expect(clippy::print_stderr, reason = "a test that fails shows where")]
#[tokio::test(flavor = "multi_thread")]
async fn p07_in_any_history_of_walks_one_after_the_other_each_is_exact() {
    for (seed, filter) in [(1, ""), (2, "active eq true"), (3, "")] {
        eprintln!("seed {seed}");
        let mut history = history(seed).await;
        for _ in 0..12 {
            history.begin();
            let is_left = history.dice.below(4) == 0;
            let mut pages = history.dice.below(4);
            let walker = loop {
                for _ in 0..history.dice.below(4) {
                    history.write().await;
                }
                let pace = history.dice.below(40);
                history.time.pass(i64::try_from(pace).unwrap());
                if let Some(walker) = history.ask(0, filter, false).await {
                    break walker;
                }
                if is_left && pages == 0 {
                    break history.walkers.remove(0);
                }
                pages = pages.saturating_sub(1);
            };
            if is_left {
                // Longer than two minutes, and than three times the slowest page.
                history.time.pass(121);
                continue;
            }
            for id in &walker.stable {
                assert_eq!(walker.seen.get(id), Some(&1), "{id}");
            }
        }
    }
}

#[expect(clippy::print_stderr, reason = "a test that fails shows where")]
#[tokio::test(flavor = "multi_thread")]
async fn p07_in_any_history_of_walks_side_by_side_and_pages_asked_for_again_nobody_is_missed() {
    for (seed, filter) in [(11, ""), (12, "active eq true"), (13, "")] {
        eprintln!("seed {seed}");
        let mut history = history(seed).await;
        let mut over = 0;
        let mut twice = 0;
        while over < 8 {
            if history.walkers.len() < 1 + history.dice.below(3) {
                history.begin();
            }
            for _ in 0..history.dice.below(3) {
                history.write().await;
            }
            history.time.pass(1);
            let at = history.dice.below(history.walkers.len());
            let is_lost = history.dice.below(6) == 0;
            if let Some(walker) = history.ask(at, filter, is_lost).await {
                over += 1;
                for id in &walker.stable {
                    assert!(walker.seen.contains_key(id), "{id} is missed");
                }
                twice += usize::from(walker.seen.values().any(|times| *times > 1));
            }
        }
        assert!(twice > 0, "no two walks met");
    }
}
