//! Several concurrent clients over a table with faults: each client's data equals its model, shared data equals the
//! sum, and the raw table is sound.
//!
//! `MUSTER_TEST_STEPS=N` makes the run longer, and `MUSTER_TEST_SEED=N` selects another one; a failure names both.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::storage::model::{Game, Model};
use crate::support::listed::members;
use crate::support::numbers::Numbers;
use crate::support::table::sound;
use crate::support::{Target, seed, target};

const CLIENTS: u64 = 4;

const FAULTS: [&str; 11] = [
    "throttle:odds=0.03",
    "conflict:odds=0.03",
    "replicated:odds=0.03",
    "internal:odds=0.02",
    "empty:odds=0.01",
    "page:odds=0.01",
    "page-after:odds=0.02",
    "unprocessed:odds=0.1",
    "drop-before:odds=0.02",
    "drop-after:odds=0.03",
    "delay:odds=0.02,ms=20",
];

async fn play(target: Arc<Target>, mut game: Game, steps: u64) -> Game {
    for step in 0..steps {
        game.step().await;
        if step % 50 == 49 {
            game.read_own().await;
            game.walk().await;
        }
    }
    drop(target);
    game
}

#[expect(
    clippy::print_stderr,
    reason = "a test that fails shows where; one that does not shows nothing"
)]
#[tokio::test(flavor = "multi_thread")]
async fn after_random_operations_of_several_clients_with_faults_everything_is_as_their_models_say()
{
    let steps = target::number("MUSTER_TEST_STEPS").unwrap_or(250);
    let seed = target::number("MUSTER_TEST_SEED").unwrap_or(7);
    eprintln!("seed {seed}, {steps} steps of each of {CLIENTS} clients");
    let target = Arc::new(Target::with_faults().await);
    let client = target.tenant().await;
    let shared = client.create_group("shared by all", &[]).await;
    target.faults().set(FAULTS.map(super::rule).into(), seed);
    let mut players = Vec::new();
    for number in 0..CLIENTS {
        let game = Game {
            client: client.clone(),
            prefix: format!("c{number}-"),
            shared: Some(shared.clone()),
            model: Model::default(),
            dice: Numbers(seed * 1_000 + number),
        };
        players.push(tokio::spawn(play(Arc::clone(&target), game, steps)));
    }
    let mut games = Vec::new();
    for player in players {
        games.push(player.await.expect("a client that is satisfied"));
    }
    let injected = target.faults().injected();
    target.faults().clear();
    eprintln!("injected {injected:?}");
    assert_eq!(injected.len(), FAULTS.len(), "each fault came about");
    let mut joined = BTreeSet::new();
    for game in &games {
        game.compare().await;
        game.find().await;
        joined.extend(game.model.joined.iter().cloned());
    }
    assert_eq!(members(&client, &shared).await, joined);
    // Finishes the abandoned large writes.
    seed::finish(&target, &client).await;
    for game in &games {
        game.compare().await;
    }
    sound(&target, &client).await;
}
