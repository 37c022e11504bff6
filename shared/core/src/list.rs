//! Pages and list messages, RFC 7644 §3.4.2 and §3.4.2.4, RFC 9865 §2.

use serde_json::{Map, Value, json};

use crate::error::{ErrorKind, ScimError, reason};
use crate::limits;
use crate::urn;

/// The 1-based rank of the first result of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StartIndex(u64);

/// The largest number of results of a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count(usize);

impl StartIndex {
    /// Parses `startIndex`. Its default is 1; values below 1 count as 1.
    ///
    /// # Errors
    ///
    /// `invalidValue` if it is not an integer.
    pub fn parse(given: Option<&str>) -> Result<Self, ScimError> {
        let index = integer("startIndex", given)?.unwrap_or(1).max(1);
        Ok(Self(u64::try_from(index).unwrap_or(u64::MAX)))
    }

    /// The rank, from 1.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The number of results before the page.
    #[must_use]
    pub const fn skipped(self) -> u64 {
        self.0 - 1
    }
}

impl Count {
    /// Parses `count`. Its default is the default page size; negative values count as 0, and values above `largest` as
    /// `largest`.
    ///
    /// # Errors
    ///
    /// `invalidValue` if it is not an integer.
    pub fn parse(given: Option<&str>, largest: usize) -> Result<Self, ScimError> {
        let Some(count) = integer("count", given)? else {
            return Ok(Self(limits::DEFAULT_PAGE.min(largest)));
        };
        let count = usize::try_from(count.max(0)).unwrap_or(usize::MAX);
        Ok(Self(count.min(largest)))
    }

    /// Parses the `count` of a query with a cursor. `first` is the count of the first page if this is a later one; it is
    /// also the default then, instead of the default page size. Negative values count as 0.
    ///
    /// # Errors
    ///
    /// `invalidCount` if it is not an integer, larger than the largest page, or different from the first page's (RFC 9865
    /// §2.1).
    pub fn with_cursor(
        given: Option<&str>,
        first: Option<usize>,
        largest: usize,
    ) -> Result<Self, ScimError> {
        let count = match integer("count", given) {
            Ok(None) => return Ok(Self(first.unwrap_or(limits::DEFAULT_PAGE.min(largest)))),
            Ok(Some(count)) => usize::try_from(count.max(0)).unwrap_or(usize::MAX),
            Err(error) => return Err(error.of_kind(ErrorKind::InvalidCount)),
        };
        match first {
            Some(first) if first != count => Err(reason::other_count(first)),
            _ if count > largest => Err(reason::count_too_large(largest)),
            _ => Ok(Self(count)),
        }
    }

    /// The number of results.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0
    }
}

/// Parses an integer parameter. Numbers beyond 64 bits count as the nearest 64-bit number.
fn integer(name: &'static str, given: Option<&str>) -> Result<Option<i128>, ScimError> {
    let Some(text) = given.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(reason::not_whole_number(name, text));
    }
    let most = i128::from(i64::MAX);
    let beyond = match text.starts_with('-') {
        true => -most,
        false => most,
    };
    Ok(Some(text.parse().unwrap_or(beyond).clamp(-most, most)))
}

/// The position of a page in the results.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PagePosition {
    /// The rank of its first result.
    Start(StartIndex),
    /// The cursor of the next page, if there is one.
    Next(Option<String>),
}

/// A page of results.
#[derive(Clone, PartialEq, Debug)]
pub struct ListPage {
    /// The number of results on all pages.
    pub total: u64,
    /// The position of the page.
    pub place: PagePosition,
    /// The representations of the resources.
    pub resources: Vec<Value>,
}

impl ListPage {
    /// The list message. It has `Resources` even if that is empty, because some clients require it.
    #[must_use]
    pub fn to_json(self) -> Value {
        let mut message = Map::new();
        let mut set = |name: &str, value: Value| message.insert(name.to_owned(), value);
        set("schemas", json!([urn::LIST_RESPONSE]));
        set("totalResults", json!(self.total));
        match self.place {
            PagePosition::Start(start) => set("startIndex", json!(start.get())),
            PagePosition::Next(Some(cursor)) => set("nextCursor", json!(cursor)),
            PagePosition::Next(None) => None,
        };
        set("itemsPerPage", json!(self.resources.len()));
        set("Resources", Value::Array(self.resources));
        Value::Object(message)
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
    fn p02_p03_p09_count_is_limited_on_both_sides() {
        for (given, count) in [
            (None, 100),
            (Some("0"), 0),
            (Some("-1"), 0),
            (Some("7"), 7),
            (Some("+7"), 7),
            (Some("1000000"), 1_000),
            (Some("-99999999999999999999999999999999999999999999"), 0),
        ] {
            assert_eq!(
                Count::parse(given, limits::PAGE).unwrap().get(),
                count,
                "{given:?}"
            );
        }
    }

    #[test]
    fn p08_parameters_that_are_not_integers_are_rejected() {
        for odd in ["x", "1.5", "1e3", "-", "0x10", "١"] {
            assert!(StartIndex::parse(Some(odd)).is_err(), "{odd}");
            assert!(Count::parse(Some(odd), limits::PAGE).is_err(), "{odd}");
        }
    }

    #[test]
    fn k06_k10_the_count_of_a_cursor_is_in_range_and_constant() {
        for (given, first, count) in [
            (None, None, 100),
            (None, Some(7), 7),
            (Some("7"), None, 7),
            (Some("7"), Some(7), 7),
            (Some("-1"), None, 0),
            (Some("1000"), None, 1_000),
        ] {
            assert_eq!(
                Count::with_cursor(given, first, limits::PAGE)
                    .unwrap()
                    .get(),
                count
            );
        }
        for (given, first) in [
            ("x", None),
            ("1001", None),
            ("8", Some(7)),
            ("0", Some(7)),
            ("99999999999999999999999999999999999999999999", None),
        ] {
            let error = Count::with_cursor(Some(given), first, limits::PAGE).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidCount, "{given}");
        }
    }

    #[test]
    fn k03_the_last_page_has_no_next_cursor() {
        let page = |place| {
            ListPage {
                total: 2,
                place,
                resources: Vec::new(),
            }
            .to_json()
        };
        assert_eq!(
            page(PagePosition::Next(Some("c".to_owned())))["nextCursor"],
            "c"
        );
        assert!(page(PagePosition::Next(None)).get("nextCursor").is_none());
        assert!(page(PagePosition::Next(None)).get("startIndex").is_none());
    }
}
