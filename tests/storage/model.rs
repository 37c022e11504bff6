//! Random sequences of operations, compared with a model in memory: responses, searches and counts equal the model's,
//! and the raw table is sound. A failure names the seed and the step.

mod looks;
mod moves;
mod truth;

use crate::support::Target;
use crate::support::numbers::Numbers;
use crate::support::table::sound;
pub(crate) use moves::Game;
pub(crate) use truth::Model;

#[expect(
    clippy::print_stderr,
    reason = "a test that fails shows where; one that does not shows nothing"
)]
async fn play(seed: u64) {
    let target = Target::start().await;
    let mut game = Game {
        client: target.tenant().await,
        prefix: String::new(),
        shared: None,
        model: Model::default(),
        dice: Numbers(seed),
    };
    for step in 0..300 {
        eprintln!("seed {seed}, step {step}");
        game.step().await;
        if step % 20 == 0 {
            game.compare().await;
        }
        if step % 10 == 5 {
            game.walk().await;
        }
    }
    game.compare().await;
    game.find().await;
    sound(&target, &game.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_300_random_operations_everything_is_as_the_model_says() {
    play(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_300_other_random_operations_everything_is_as_the_model_says() {
    play(20_260_730).await;
}
