//! What is wrong with extension schemas, and where.

use std::fmt;

use serde::Serialize;

/// The most faults to report.
const LIMIT: usize = 100;

/// A fault in extension schemas.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ExtensionFault {
    /// The place as a JSON pointer (RFC 6901) into the input.
    pub at: String,
    /// What to change, in words.
    pub detail: String,
}

/// The faults in extension schemas.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize)]
#[serde(transparent)]
pub struct ExtensionFaults(Vec<ExtensionFault>);

impl ExtensionFaults {
    /// Records a fault, unless there are [`LIMIT`] of them already.
    pub(super) fn add(&mut self, at: impl Into<String>, detail: impl Into<String>) {
        if self.0.len() < LIMIT {
            self.0.push(ExtensionFault {
                at: at.into(),
                detail: detail.into(),
            });
        }
    }

    /// The faults in the order of the input.
    #[must_use]
    pub fn list(&self) -> &[ExtensionFault] {
        &self.0
    }
}

impl fmt::Display for ExtensionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at.is_empty() {
            true => f.write_str(&self.detail),
            false => write!(f, "{}: {}", self.at, self.detail),
        }
    }
}

impl fmt::Display for ExtensionFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ExtensionFaults {}
