//! The laws of the fuzz targets, checked with their seeds and findings, so that neither becomes outdated.

fn replay(target: &str, check: fn(&[u8])) {
    let seeds = fuzz::seeds::all().into_iter();
    let mut replayed = 0;
    for (of, bytes) in seeds.chain(fuzz::seeds::findings()) {
        if of == target {
            check(&bytes);
            replayed += 1;
        }
    }
    assert!(replayed > 50, "{replayed} seeds");
}

#[test]
fn h03_filters_of_conversations_and_findings_keep_the_laws() {
    replay("filter", fuzz::filter::check);
}

#[test]
fn h13_paths_of_conversations_and_findings_keep_the_laws() {
    replay("path", fuzz::path::check);
}

#[test]
fn h01_bodies_of_conversations_and_findings_keep_the_laws() {
    replay("patch", fuzz::patch::check);
}

#[test]
fn r06_r07_requests_of_conversations_and_findings_keep_the_laws() {
    replay("request", fuzz::request::check);
}
