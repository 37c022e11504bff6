//! Entries of the failure log as CSV, RFC 4180, for spreadsheets.
//!
//! Without a byte order mark Excel would decode the file in the machine's code page. Every cell is quoted. A cell
//! that a spreadsheet would treat as a formula starts with an apostrophe, because strangers choose the names in it.

use jiff::Timestamp;

use super::FailureView;
use crate::operations::times::Instant;

const COLUMNS: [&str; 15] = [
    "last",
    "first",
    "count",
    "outcome",
    "operation",
    "type",
    "name",
    "id",
    "status",
    "scimType",
    "reason",
    "what to do",
    "identity provider",
    "key",
    "request",
];

/// Characters that start a formula, or that a spreadsheet skips before one. Spreadsheets treat full-width signs like
/// the others.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// The content of a file.
pub(super) struct File(String);

impl File {
    /// A file with only its header.
    pub(super) fn new() -> Self {
        let mut file = Self("\u{feff}".to_owned());
        file.line(&COLUMNS);
        file
    }

    /// Adds a line for an entry.
    pub(super) fn add(&mut self, entry: &FailureView) {
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        let status = match entry.status {
            0 => String::new(),
            status => status.to_string(),
        };
        self.line(&[
            &entry.last.to_string(),
            &entry.first.to_string(),
            &entry.count.to_string(),
            entry.outcome.name(),
            entry.in_words(),
            &given(&entry.resource_type),
            &given(&entry.name),
            &given(&entry.resource),
            &status,
            &given(&entry.scim_type),
            &entry.reason,
            &entry.advice,
            &given(&entry.provider),
            &given(&entry.key),
            &entry.request,
        ]);
    }

    /// Adds a line that says that entries before an instant are missing.
    pub(super) fn more(&mut self, before: Timestamp) {
        let before = Instant(before).to_string();
        let advice = format!("There are older entries. Download them with until={before}.");
        let mut cells = [""; COLUMNS.len()];
        for (name, cell) in COLUMNS.iter().zip(&mut cells) {
            match *name {
                "last" => *cell = &before,
                "what to do" => *cell = &advice,
                _ => {}
            }
        }
        self.line(&cells);
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn line(&mut self, cells: &[&str; COLUMNS.len()]) {
        for (at, cell) in cells.iter().enumerate() {
            self.0.push_str(if at == 0 { "\"" } else { ",\"" });
            if cell.trim_start_matches(' ').starts_with(FORMULA) {
                self.0.push('\'');
            }
            self.0.push_str(&cell.replace('"', "\"\""));
            self.0.push('"');
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_escaped_as_text() {
        for (given, expected) in [
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"'\t=1\""),
            ("  =1", "\"'  =1\""),
            ("＝1", "\"'＝1\""),
            ("a=b", "\"a=b\""),
            ("\"=1\"", "\"\"\"=1\"\"\""),
            ("a,b\r\nc", "\"a,b\r\nc\""),
        ] {
            let mut file = File(String::new());
            let mut cells = [""; COLUMNS.len()];
            cells[0] = given;
            file.line(&cells);
            assert!(
                file.finish().starts_with(&format!("{expected},\"\"")),
                "{given}"
            );
        }
    }
}
