//! The work of typical requests stays within its allocations, which are the same on every machine.

#[path = "../benches/core/cases.rs"]
mod cases;

#[test]
fn no_case_allocates_more_than_it_may() {
    for case in cases::cases() {
        // What is made once is not counted.
        (case.run)();
        let counted = allocation_counter::measure(|| (case.run)()).count_total;
        assert!(
            (case.allocations / 2..=case.allocations).contains(&counted),
            "{}: {counted} allocations; the bound is {}",
            case.name,
            case.allocations
        );
    }
}
