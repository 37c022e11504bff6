//! Every reason of a failure: its sentence and advice word for word, and a request or a condition that causes it.

use std::collections::BTreeSet;
use std::fmt::Write;

use scim_core::ScimError;
use scim_core::error::cause::Causes;
use scim_core::error::{Cause, Reason};

mod reached;

/// The table of causes and reasons as in the snapshot.
fn table() -> String {
    let mut text = String::from("Causes: word, outcome, who retries, advice\n\n");
    for cause in Cause::ALL {
        let (word, outcome) = (cause.word(), cause.outcome().name());
        writeln!(
            text,
            "{word} | {outcome} | {:?}\n    {}",
            cause.retry(),
            cause.advice()
        )
        .unwrap();
    }
    text.push_str("\nReasons: status and scimType, cause (in a change / in a query), whether it names a value, sentence\n\n");
    for reason in Reason::ALL {
        let codes = reason.kinds().iter().map(|kind| match kind.code() {
            (status, Some(scim_type)) => format!("{status} {scim_type}"),
            (status, None) => status.to_string(),
        });
        let codes: Vec<String> = codes.collect();
        let cause = match reason.causes() {
            Causes::One(cause) => cause.word().to_owned(),
            Causes::OfAnother => "that of the other failure".to_owned(),
            Causes::ByUse { change, query } => format!("{} / {}", change.word(), query.word()),
        };
        let mut sentence = reason.sentence().to_owned();
        for (name, kind) in reason.arguments() {
            sentence = sentence.replace(&format!("{{{name}}}"), &format!("{{{name}: {kind}}}"));
        }
        let names_value = reason
            .arguments()
            .iter()
            .any(|(_, kind)| ["SentValue", "Found", "Because"].contains(kind));
        let value = if names_value { " | names a value" } else { "" };
        writeln!(
            text,
            "{reason:?} | {} | {cause}{value}\n    {sentence}",
            codes.join(", ")
        )
        .unwrap();
    }
    text
}

#[test]
fn r01_the_table_of_reasons_is_its_snapshot() {
    let (given, expected) = (table(), include_str!("reasons.txt"));
    let differs: Vec<String> = given
        .lines()
        .zip(expected.lines().chain(std::iter::repeat("")))
        .filter(|(given, expected)| given != expected)
        .map(|(given, expected)| format!("- {expected}\n+ {given}"))
        .take(5)
        .collect();
    assert!(
        given == expected,
        "the first lines that differ from reasons.txt:\n{}\n\nthe whole table:\n{given}",
        differs.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn r01_every_reason_can_be_reached() {
    let failures = reached::all().await;
    let causes = failures.iter().filter_map(ScimError::because);
    let reasons: BTreeSet<Reason> = failures
        .iter()
        .chain(causes)
        .map(ScimError::reason)
        .collect();
    let never: Vec<&Reason> = Reason::ALL
        .iter()
        .filter(|reason| !reasons.contains(reason))
        .collect();
    assert!(
        never.is_empty(),
        "no test reaches {never:?}: add a row to errors/table or errors/reasons/reached, or delete the reason"
    );
}
