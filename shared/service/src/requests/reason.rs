//! The reason of a failure as it is written down: the detail of its error, without values of attributes.
//!
//! Details quote what a client sent, in backticks. What is quoted stays when all words of it are known: names of
//! attributes, parameters and operators, schemas and their canonical values, and ids. An unknown name stays where it is
//! said that it names nothing. Everything else is a value, and three dots stand in its place.

use std::collections::BTreeSet;

use scim_core::schema::Attribute;
use scim_core::{Catalogue, ResourceId};

/// What stands in the place of a value.
const HIDDEN: &str = "`…`";

/// Words of the protocol that details quote beside the names of attributes.
const WORDS: [&str; 72] = [
    "schemas",
    "Operations",
    "op",
    "path",
    "value",
    "add",
    "remove",
    "replace",
    "true",
    "false",
    "count",
    "startIndex",
    "cursor",
    "filter",
    "sortBy",
    "sortOrder",
    "ascending",
    "descending",
    "attributes",
    "excludedAttributes",
    "eq",
    "ne",
    "co",
    "sw",
    "ew",
    "gt",
    "ge",
    "lt",
    "le",
    "pr",
    "and",
    "or",
    "not",
    "ID",
    "Authorization",
    "Bearer",
    "TOKEN",
    "method",
    "data",
    "bulkId",
    "version",
    "failOnErrors",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "GET",
    "User",
    "Group",
    "type",
    "$ref",
    "display",
    "primary",
    "operation",
    "id",
    "meta",
    "externalId",
    "urn:ietf:params:scim:api:messages:2.0:PatchOp",
    "urn:ietf:params:scim:api:messages:2.0:BulkRequest",
    "urn:ietf:params:scim:api:messages:2.0:SearchRequest",
    "created",
    "lastModified",
    "location",
    "resourceType",
    "members",
    "groups",
    "password",
    // The escapes that stray backslashes make.
    r"\b",
    r"\f",
    r"\n",
    r"\r",
    r"\t",
];

/// What is said of a name that names nothing.
const NAMELESS: [&str; 4] = [
    " is no attribute",
    " is no sub-attribute",
    " is no schema",
    " is a schema, not an attribute",
];

/// The longest name that stays.
const LONGEST: usize = 100;
/// The longest reason, in letters.
pub(super) const LONGEST_REASON: usize = 400;

/// A detail without values of attributes.
pub(super) fn without_values(detail: &str, catalogue: &Catalogue) -> String {
    let known = Known::of(catalogue);
    let mut clean = String::with_capacity(detail.len());
    let mut rest = detail;
    while let Some((before, behind)) = rest.split_once('`') {
        clean.push_str(before);
        // A quote that does not end, as no detail has, is hidden to the end.
        let (quoted, after) = behind.split_once('`').unwrap_or((behind, ""));
        if known.knows(quoted) || is_named(quoted, after) {
            clean.push('`');
            clean.push_str(quoted);
            clean.push('`');
        } else if clean.ends_with("` ") {
            // The value of the attribute that is named before it.
            clean.pop();
        } else {
            clean.push_str(HIDDEN);
        }
        rest = after;
    }
    clean.push_str(rest);
    super::cut(&clean, LONGEST_REASON)
}

/// Whether a name is quoted because it names nothing.
fn is_named(quoted: &str, after: &str) -> bool {
    let is_name = |c: char| c.is_ascii_alphanumeric() || ".:$_-".contains(c);
    NAMELESS.iter().any(|said| after.starts_with(said))
        && quoted.len() <= LONGEST
        && quoted.starts_with(|c: char| c.is_ascii_alphabetic())
        && quoted.chars().all(is_name)
}

/// The words that are no values.
struct Known<'c> {
    words: BTreeSet<&'c str>,
    schemas: Vec<&'c str>,
}

impl<'c> Known<'c> {
    fn of(catalogue: &'c Catalogue) -> Self {
        let mut words: BTreeSet<&str> = WORDS.into_iter().collect();
        let schemas = catalogue.schemas().iter();
        let schemas: Vec<&str> = schemas.map(|schema| schema.id.as_str()).collect();
        for attribute in catalogue
            .schemas()
            .iter()
            .flat_map(|schema| &schema.attributes)
        {
            take(attribute, &mut words);
        }
        Self { words, schemas }
    }

    fn knows(&self, quoted: &str) -> bool {
        let separates = |c: char| c.is_whitespace() || "=,()\"".contains(c);
        let mut words = quoted
            .split(separates)
            .filter(|word| !word.is_empty())
            .peekable();
        words.peek().is_some() && words.all(|word| self.is_word(word))
    }

    fn is_word(&self, word: &str) -> bool {
        let word = word.strip_suffix(':').unwrap_or(word);
        if self.words.contains(word)
            || self.schemas.contains(&word)
            || ResourceId::parse(word).is_some()
        {
            return true;
        }
        let of_schema = self
            .schemas
            .iter()
            .find_map(|schema| word.strip_prefix(schema)?.strip_prefix(':'));
        let mut parts = of_schema.unwrap_or(word).split('.').map(without_index);
        parts.all(|part| part.is_some_and(|part| self.words.contains(part)))
    }
}

/// A part of a path without the number of a value behind it.
fn without_index(part: &str) -> Option<&str> {
    match part.split_once('[') {
        None => Some(part),
        Some((name, index)) => {
            let digits = index.strip_suffix(']')?;
            digits
                .bytes()
                .all(|byte| byte.is_ascii_digit())
                .then_some(name)
        }
    }
}

fn take<'c>(attribute: &'c Attribute, words: &mut BTreeSet<&'c str>) {
    words.insert(&attribute.name);
    words.extend(attribute.canonical_values.iter().map(String::as_str));
    for sub in &attribute.sub_attributes {
        take(sub, words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_hidden_and_names_stay() {
        for (detail, reason) in [
            (
                "`active` must be true or false, not `perhaps`",
                "`active` must be true or false, not `…`",
            ),
            (
                "`emails[12].value` must be text, not a number",
                "`emails[12].value` must be text, not a number",
            ),
            (
                "`userName` `ANNA` is taken by another resource",
                "`userName` is taken by another resource",
            ),
            (
                "`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value` is required",
                "`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value` is required",
            ),
            (
                "`shoeSize` is no attribute of a User",
                "`shoeSize` is no attribute of a User",
            ),
            (
                "`ann@x` is no attribute of a User",
                "`…` is no attribute of a User",
            ),
            (
                "expected an operator such as `eq` after `userName`, found `is \"anna\"`",
                "expected an operator such as `eq` after `userName`, found `…`",
            ),
            (
                "the filter `members.value eq \"ID\"`",
                "the filter `members.value eq \"ID\"`",
            ),
            (
                "no user with the id `2819c223-7f76-453a-919d-413861904646`",
                "no user with the id `2819c223-7f76-453a-919d-413861904646`",
            ),
            (
                "no value matches `emails[type eq \"x\"]`",
                "no value matches `…`",
            ),
            ("`` is empty", "`…` is empty"),
            ("odd ` quote", "odd `…`"),
        ] {
            assert_eq!(without_values(detail, Catalogue::standard()), reason);
        }
    }
}
