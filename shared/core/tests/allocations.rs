//! Checks the allocations of typical requests, which are the same on every machine.

#[path = "../benches/core/cases.rs"]
mod cases;

#[test]
fn every_case_keeps_its_allocation_budget() {
    for case in cases::cases() {
        // The first run fills lazy statics and is not counted.
        (case.run)();
        let counted = allocation_counter::measure(|| (case.run)()).count_total;
        assert!(
            (case.allocations / 2..=case.allocations).contains(&counted),
            "{}: {counted} allocations; the budget is {}",
            case.name,
            case.allocations
        );
    }
}
