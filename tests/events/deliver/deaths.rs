//! A run that dies at any of its writes is invoked again, and everything arrives, in order.

use directory::journal::delivery::DeliveryState;
use directory::journal::destinations::DeliveryStart;
use service::clock::Ids;

use super::receiver::status;
use super::{PATIENCE, Stage};
use crate::support::mortal::{Death, Mortal};

/// Delivers with a process that dies, then does what Lambda does: it invokes the function again under the same id.
/// Returns whether the process died.
async fn dies(stage: &Stage, client: &super::Client, death: Death, refusals: usize) -> bool {
    let destination = stage.destination(1, DeliveryStart::Now).await;
    stage.users(client, &["ann", "bob"]).await;
    let mut left = refusals;
    stage.receiver.answers(move |_| {
        let refuses = left > 0;
        left = left.saturating_sub(1);
        status(if refuses { 500 } else { 200 })
    });
    let mortal = Mortal::new(&stage.target, death, stage.time.clock(), Ids::system());
    let call = Stage::call(client, &destination);
    let first = mortal
        .service
        .deliver(&call, "one", PATIENCE, &stage.receiver);
    let first = first.await;
    let has_died = mortal.is_dead();
    assert!(has_died || first.is_ok(), "{death:?}: {first:?}");
    if first.is_err() {
        let service = &stage.target.stack.service;
        let again = service.deliver(&call, "one", PATIENCE, &stage.receiver);
        again.await.expect("the table answers");
    }
    stage.settle().await;
    let names = stage.receiver.names(client, &destination);
    let last: Vec<&str> = names
        .iter()
        .rev()
        .take(2)
        .rev()
        .map(String::as_str)
        .collect();
    assert_eq!(last, ["ann", "bob"], "{death:?}");
    let last = stage.state(client, &destination).await;
    assert_eq!(last, DeliveryState::Well, "{death:?}");
    has_died
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_dies_at_any_write_leaves_nothing_behind() {
    let Some(stage) = Stage::start().await else {
        return;
    };
    for refusals in [0, 2] {
        let mut number = 1;
        loop {
            let mut has_died = false;
            for death in [Death::Before(number), Death::After(number)] {
                let client = stage.target.tenant().await;
                has_died |= dies(&stage, &client, death, refusals).await;
                let all = stage.destinations().list().await.expect("a list");
                for one in all {
                    let write = Ids::system().write();
                    let deleted = stage.destinations().delete(&one, &write).await;
                    deleted.expect("as seen");
                }
            }
            if !has_died {
                break;
            }
            number += 1;
        }
        // The delivery is made, the lease taken and given back; one that fails is also counted and made due.
        let writes = if refusals == 0 { 3 } else { 5 };
        assert!(number > writes, "{number}");
    }
}
