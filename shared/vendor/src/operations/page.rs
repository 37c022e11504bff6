//! Pages of lists.

use directory::journal::EntryId;
use serde::Serialize;

use crate::limits::{LARGEST_COUNT, USUAL_COUNT};
use crate::problem::{Problem, reason};
use crate::query::Query;

#[derive(Serialize)]
pub(crate) struct ItemPage<T> {
    pub(crate) items: Vec<T>,
    /// The cursor of the next page, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

/// A list that is always short.
#[derive(Serialize)]
pub(crate) struct WholeList<T> {
    pub(crate) items: Vec<T>,
}

/// The number of items from the parameter `count`.
///
/// # Errors
///
/// When it is not a number from 1 to 500.
pub(crate) fn count(query: &Query) -> Result<usize, Problem> {
    let Some(text) = query.get("count") else {
        return Ok(USUAL_COUNT);
    };
    let count = text.parse().ok();
    count
        .filter(|count| (1..=LARGEST_COUNT).contains(count))
        .ok_or_else(|| reason::other_count(LARGEST_COUNT, text))
}

/// Parses the cursor of a page of the failure log or of the activity into an entry's id.
///
/// # Errors
///
/// When the text is not an entry's id.
pub(crate) fn log_cursor(text: &str) -> Result<EntryId, Problem> {
    EntryId::parse(text).ok_or_else(reason::other_log_cursor)
}
