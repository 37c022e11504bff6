//! The requirement matrix (`fixtures/rfc-matrix.md`) and the tests that prove its rows.
//!
//! A test proves a row when its name begins with the row's id: `k08_a_forged_cursor_is_refused` proves K-08,
//! `v01_v02_…` two rows, `m28_to_m31_…` four. The matrix's last section lists rows that no test can prove, because
//! the feature is not offered or is outside of the code, each with the reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::house::source::{self, ROOT, Source, item_start};

const MATRIX: &str = "tests/fixtures/rfc-matrix.md";
/// Rows without a test yet; a row leaves this list with its first test.
const PENDING: [&str; 0] = [];
/// The start of the section of rows that no test proves.
const REASONS: &str = "\n## 23. ";

/// The matrix as written.
struct Matrix {
    /// Each id with its level and requirement, in the order of the file.
    rows: Vec<(String, String, String)>,
    /// The ids that no test proves, with the reasons.
    reasons: Vec<(String, String)>,
}

impl Matrix {
    fn read() -> Self {
        let text = fs::read_to_string(format!("{ROOT}/{MATRIX}")).expect("there is a matrix");
        let (rows, reasons) = text.split_once(REASONS).expect("there is a last section");
        let rows = tables(rows).filter_map(|cells| match cells.as_slice() {
            [id, _, requirement, level] if is_id(id) => {
                Some((id.clone(), level.clone(), requirement.clone()))
            }
            _ => None,
        });
        let reasons = tables(reasons).filter_map(|cells| match cells.as_slice() {
            [id, reason] if is_id(id) => Some((id.clone(), reason.clone())),
            _ => None,
        });
        Self {
            rows: rows.collect(),
            reasons: reasons.collect(),
        }
    }
}

/// The cells of each line of a table.
fn tables(text: &str) -> impl Iterator<Item = Vec<String>> {
    text.lines().filter_map(|line| {
        let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
        Some(
            inner
                .split(" | ")
                .map(|cell| cell.trim().to_owned())
                .collect(),
        )
    })
}

/// Whether a cell is an id such as `K-08`.
fn is_id(cell: &str) -> bool {
    matches!(
        cell.as_bytes(),
        [b'A'..=b'Z', b'-', b'0'..=b'9', b'0'..=b'9']
    )
}

/// The id in a word of a test's name: `k08` means `K-08`.
fn id_of(word: &str) -> Option<(char, u32)> {
    let (letter, number) = word.split_at_checked(1)?;
    let letter = letter.chars().next().filter(char::is_ascii_lowercase)?;
    let is_number = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
    Some((letter, number.parse().ok().filter(|_| is_number)?))
}

/// The ids at the start of a test's name.
fn ids_in(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split('_').collect();
    let mut ids = Vec::new();
    let mut at = 0;
    while let Some((letter, first)) = words.get(at).copied().and_then(id_of) {
        let last = match words.get(at + 1..at + 3) {
            Some(["to", last]) => id_of(last).filter(|(of, _)| *of == letter),
            _ => None,
        };
        at += last.map_or(1, |_| 3);
        let letter = letter.to_ascii_uppercase();
        ids.extend(
            (first..=last.map_or(first, |(_, last)| last)).map(|n| format!("{letter}-{n:02}")),
        );
    }
    ids
}

/// The names of the tests of a file, with their positions.
fn tests_of(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    ["#[test]", "#[tokio::test"]
        .into_iter()
        .flat_map(move |attribute| {
            source.bare.match_indices(attribute).filter_map(|(at, _)| {
                let item = item_start(&source.bare, at);
                let head = source.bare[item..].split('(').next()?;
                let name = head.split_whitespace().last()?;
                head.contains("fn ").then_some((item, name))
            })
        })
}

/// The tests for each id, with their places.
fn claims() -> BTreeMap<String, Vec<String>> {
    let mut claims: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in source::all() {
        for (at, name) in tests_of(source) {
            for id in ids_in(name) {
                let place = format!("{} {name}", source.place(at));
                claims.entry(id).or_default().push(place);
            }
        }
    }
    claims
}

#[track_caller]
fn none(wrong: &[String], instead: &str) {
    assert!(wrong.is_empty(), "\n{}\n→ {instead}\n", wrong.join("\n"));
}

#[test]
fn every_row_of_the_matrix_is_proved_by_a_test_or_says_why_not() {
    let matrix = Matrix::read();
    let claims = claims();
    let excused: BTreeSet<&str> = matrix.reasons.iter().map(|(id, _)| id.as_str()).collect();
    let bare: Vec<String> = matrix
        .rows
        .iter()
        .filter(|(id, _, _)| {
            let id = id.as_str();
            !claims.contains_key(id) && !excused.contains(id) && !PENDING.contains(&id)
        })
        .map(|(id, level, requirement)| format!("{id} {level}: {requirement}"))
        .collect();
    none(
        &bare,
        "write a test that proves the row and begin its name with the id (k08_…); if the row does not apply, give it a line with the reason in the last section of the matrix",
    );
}

#[test]
fn every_id_that_a_test_names_is_a_row_that_applies() {
    let matrix = Matrix::read();
    let known: BTreeSet<&str> = matrix.rows.iter().map(|(id, _, _)| id.as_str()).collect();
    let mut wrong = Vec::new();
    for (id, places) in claims() {
        if !known.contains(id.as_str()) {
            wrong.push(format!(
                "{id} is no row of the matrix: {}",
                places.join(", ")
            ));
        }
        if let Some((_, reason)) = matrix.reasons.iter().find(|(excused, _)| *excused == id) {
            wrong.push(format!(
                "{id} does not apply ({reason}): {}",
                places.join(", ")
            ));
        }
    }
    none(
        &wrong,
        "correct the name of the test, or take the id out of the last section of the matrix",
    );
}

#[test]
fn the_matrix_is_well_formed() {
    let matrix = Matrix::read();
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for (id, level, _) in &matrix.rows {
        if !seen.insert(id.as_str()) {
            wrong.push(format!("{id} stands there twice"));
        }
        if !["MUST", "SHOULD", "MAY"]
            .iter()
            .any(|word| level.starts_with(word))
        {
            wrong.push(format!("{id} has the level {level}"));
        }
    }
    let mut excused = BTreeSet::new();
    for (id, reason) in &matrix.reasons {
        if !seen.contains(id.as_str()) {
            wrong.push(format!("{id} is given a reason and is no row"));
        }
        if !excused.insert(id) || reason.len() < 40 {
            wrong.push(format!("{id} is given two reasons, or none worth the name"));
        }
    }
    none(&wrong, "mend the matrix");
    assert!(matrix.rows.len() > 350, "rows are read");
}

#[test]
fn names_of_tests_begin_with_ids() {
    for (name, ids) in [
        ("k08_a_forged_cursor", &["K-08"][..]),
        ("v01_v02_x01y", &["V-01", "V-02"]),
        ("m28_to_m31_and", &["M-28", "M-29", "M-30", "M-31"]),
        ("m28_to_the_end_m31", &["M-28"]),
        ("a_name_k08", &[]),
        ("k8_k080_k08", &[]),
    ] {
        assert_eq!(ids_in(name), ids, "{name}");
    }
    let file = file!().trim_start_matches("tests/");
    let sources = source::all();
    let this = sources.iter().find(|source| source.path.ends_with(file));
    let found: Vec<&str> = tests_of(this.expect("this file"))
        .map(|(_, name)| name)
        .collect();
    assert!(
        found.contains(&"the_matrix_is_well_formed") && found.len() == 4,
        "{found:?}"
    );
}
