//! Every problem of the vendor's side: its sentence word for word, and a request that causes it.

use std::fmt::Write;

use vendor::ProblemReason;

mod met;

/// The table of reasons as in the snapshot.
fn table() -> String {
    let mut text = String::from("Reasons: status, sentence\n\n");
    for reason in ProblemReason::ALL {
        let (status, _) = reason.kind().code();
        let mut sentence = reason.sentence().to_owned();
        for (name, kind) in reason.arguments() {
            sentence = sentence.replace(&format!("{{{name}}}"), &format!("{{{name}: {kind}}}"));
        }
        writeln!(text, "{reason:?} | {status}\n    {sentence}").unwrap();
    }
    text
}

#[test]
fn the_table_of_problems_is_its_snapshot() {
    let (given, expected) = (table(), include_str!("problems.txt"));
    let differs: Vec<String> = given
        .lines()
        .zip(expected.lines().chain(std::iter::repeat("")))
        .filter(|(given, expected)| given != expected)
        .map(|(given, expected)| format!("- {expected}\n+ {given}"))
        .take(5)
        .collect();
    assert!(
        given == expected,
        "the first lines that differ from problems.txt:\n{}\n\nthe whole table:\n{given}",
        differs.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_can_be_met() {
    let met = met::all().await;
    let never: Vec<&ProblemReason> = ProblemReason::ALL
        .iter()
        .filter(|reason| !met.contains(reason))
        .collect();
    assert!(
        never.is_empty(),
        "nothing meets {never:?}: add a request to problems/met, or delete the reason"
    );
}
