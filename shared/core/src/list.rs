//! Pages and list messages, RFC 7644 §3.4.2 and §3.4.2.4.

use serde_json::{Value, json};

use crate::error::{ScimError, quote};
use crate::limits;
use crate::urn;

/// The 1-based rank of the first result of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StartIndex(u64);

/// The largest number of results of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count(usize);

impl StartIndex {
    /// Reads `startIndex`: absent is 1, anything below 1 counts as 1.
    ///
    /// # Errors
    ///
    /// `invalidValue` if it is no integer.
    pub fn parse(given: Option<&str>) -> Result<Self, ScimError> {
        let index = integer("startIndex", given)?.unwrap_or(1).max(1);
        Ok(Self(u64::try_from(index).unwrap_or(u64::MAX)))
    }

    /// The rank, from 1.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// How many results stand before the page.
    #[must_use]
    pub const fn skipped(self) -> u64 {
        self.0 - 1
    }
}

impl Count {
    /// Reads `count`: absent is the default page, negative counts as 0, more than the largest page
    /// as the largest page.
    ///
    /// # Errors
    ///
    /// `invalidValue` if it is no integer.
    pub fn parse(given: Option<&str>) -> Result<Self, ScimError> {
        let Some(count) = integer("count", given)? else {
            return Ok(Self(limits::DEFAULT_PAGE));
        };
        let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
        Ok(Self(count.min(limits::PAGE)))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

/// An integer parameter; one beyond 64 bits counts as the last one there is.
fn integer(name: &str, given: Option<&str>) -> Result<Option<i128>, ScimError> {
    let Some(text) = given.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ScimError::invalid_value(format!(
            "`{name}` must be a whole number, not {}",
            quote(text)
        )));
    }
    let most = i128::from(i64::MAX);
    let beyond = match text.starts_with('-') {
        true => -most,
        false => most,
    };
    Ok(Some(text.parse().unwrap_or(beyond).clamp(-most, most)))
}

/// A page of results.
#[derive(Clone, PartialEq, Debug)]
pub struct Page {
    /// How many results there are on all pages.
    pub total: u64,
    /// The rank of the first one.
    pub start: StartIndex,
    /// The representations.
    pub resources: Vec<Value>,
}

impl Page {
    /// The list message. `Resources` is there even when it is empty: some clients need it.
    #[must_use]
    pub fn to_json(self) -> Value {
        json!({
            "schemas": [urn::LIST_RESPONSE],
            "totalResults": self.total,
            "startIndex": self.start.get(),
            "itemsPerPage": self.resources.len(),
            "Resources": self.resources,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p01_start_index_below_one_is_one() {
        for (given, index) in [
            (None, 1),
            (Some(""), 1),
            (Some("0"), 1),
            (Some("-5"), 1),
            (Some("101"), 101),
            (Some("18446744073709551616"), i64::MAX as u64),
            (
                Some("99999999999999999999999999999999999999999999"),
                i64::MAX as u64,
            ),
        ] {
            assert_eq!(StartIndex::parse(given).unwrap().get(), index, "{given:?}");
        }
    }

    #[test]
    fn p02_p03_p09_count_is_bounded_on_both_sides() {
        for (given, count) in [
            (None, 100),
            (Some("0"), 0),
            (Some("-1"), 0),
            (Some("7"), 7),
            (Some("+7"), 7),
            (Some("1000000"), 1_000),
            (Some("-99999999999999999999999999999999999999999999"), 0),
        ] {
            assert_eq!(Count::parse(given).unwrap().get(), count, "{given:?}");
        }
    }

    #[test]
    fn p08_parameters_that_are_no_integers_are_refused() {
        for odd in ["x", "1.5", "1e3", "-", "0x10", "١"] {
            assert!(StartIndex::parse(Some(odd)).is_err(), "{odd}");
            assert!(Count::parse(Some(odd)).is_err(), "{odd}");
        }
    }
}
