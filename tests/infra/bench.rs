//! No operation exceeds its budget, or costs more than its response when a tenant grows. Calls are counted, because
//! they are the same on every machine.

use std::sync::{Arc, Mutex};

use local::bench::{BenchPlan, Progress, Scale, print, run};
use local::dynamo::Storage;
use serde_json::Value;

#[test]
fn every_operation_keeps_to_its_budget_and_does_not_grow() {
    let plan = BenchPlan {
        users: vec![300, 600],
        members: vec![10, 400],
        // The calls of a repetition are those of the first, unless something is left behind: two tell.
        repeat: 2,
    };
    let told = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&told);
    let progress = Progress::new(move |line| kept.lock().unwrap().push(line.to_owned()));
    let report = run(&plan, &Storage::Memory, &progress).unwrap();
    assert_eq!(report.exceeded(), [""; 0]);
    assert!(!told.lock().unwrap().is_empty());

    let at = |of, size| {
        report
            .rows
            .iter()
            .filter(|row| row.of == of && row.size == size)
            .count()
    };
    assert_eq!((at(Scale::Users, 300), at(Scale::Users, 600)), (22, 22));
    assert_eq!(
        (
            at(Scale::Members, 10),
            at(Scale::Members, 400),
            at(Scale::Users, 400)
        ),
        (8, 8, 1)
    );
    assert_eq!(report.growth.len(), 29);

    let feed = &report.feed;
    let units: Vec<f64> = feed
        .costs
        .iter()
        .map(|cost| cost.reads + cost.writes)
        .collect();
    let [created, changed, joined, deleted, ten, shards] = units[..] else {
        panic!("{feed:?}");
    };
    assert_eq!((created, changed, joined, deleted), (2.0, 1.0, 1.0, 2.0));
    assert!(0.0 < ten && ten < shards, "{feed:?}");
    assert!(feed.per_second > 0.0 && 0.0 < feed.p50 && feed.p50 <= feed.p99);
    assert!(0.0 < feed.month && feed.month <= 0.01, "{feed:?}");

    let mut table = Vec::new();
    print(&report, &mut table).unwrap();
    let table = String::from_utf8(table).unwrap();
    for row in &report.rows {
        let sample = &row.sample;
        let line = format!("| {} | {} ", row.operation, row.size);
        assert!(table.contains(&line), "{line} is not in the table");
        assert!(
            sample.round_trips > 0 && sample.p50 > 0.0 && sample.p50 <= sample.p99,
            "{row:?}"
        );
        assert!(sample.cpu.is_none_or(|cpu| cpu > 0.0), "{row:?}");
    }
    let json: Value = serde_json::from_slice(&serde_json::to_vec(&report).unwrap()).unwrap();
    assert_eq!(json["rows"].as_array().unwrap().len(), report.rows.len());
    assert_eq!(json["rows"][0]["of"], "users");
    assert_eq!(report.dollars.traffic.len(), 3);
    assert!(json["dollars"]["traffic"][0]["table"].as_f64().unwrap() > 0.0);
}
