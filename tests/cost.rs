//! No operation costs more than it may: counted, so the same on any machine.

use local::cost::{Sizes, measure};

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_keeps_to_its_budget() {
    let rows = Box::pin(measure(&Sizes::SMALL)).await.unwrap();
    let exceeded: Vec<_> = rows.iter().filter(|row| !row.is_within()).collect();
    assert!(rows.len() > 25, "{} operations", rows.len());
    assert!(exceeded.is_empty(), "{exceeded:#?}");
}
