//! The sentence of a failure, as parts that record the origin of their text.
//!
//! The sentence is printed for the client with the client's input quoted in backticks and truncated, and for the failure
//! log with an ellipsis instead of values, because values are personal data.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::ScimError;
use crate::ids::ResourceId;

/// The replacement for a value.
const HIDDEN: &str = "`…`";
/// The longest unknown name that the failure log shows.
const LONGEST_NAME: usize = 100;

/// A sentence with its arguments and its place in the request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Detail {
    /// From the outermost to the innermost.
    contexts: Vec<Context>,
    sentence: &'static str,
    arguments: Vec<(&'static str, Argument)>,
}

/// The place of a failure in the request, or what remains after it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Context {
    /// In this operation of a bulk request, counted from 1.
    Bulk(usize),
    /// In this operation of a PATCH request, counted from 1.
    Operation(usize),
    /// In this path of a PATCH operation.
    Path(String),
    /// In this path, at this character, counted from 1.
    PathAt(String, usize),
    /// In the filter, at this character, counted from 1.
    FilterAt(usize),
    /// In this parameter of a query.
    Parameter(&'static str),
    /// When the user was to become active.
    Activation,
    /// This resource was created, and the rollback could not delete it.
    Kept(ResourceId),
}

/// An argument of a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Argument {
    /// Our own words and numbers.
    Text(Cow<'static, str>),
    /// A name that this service defines, such as an attribute's.
    KnownName(String),
    /// An unknown name that a client sent. The failure log shows it if it looks like a name.
    SentName(String),
    /// A path or name that a client sent. The failure log shows it if it names an attribute.
    SentPath(String),
    /// An id that a client sent. The failure log shows it if it is well-formed.
    SentId(String),
    /// Anything else that a client sent. The failure log never shows it.
    SentValue(String),
    /// Another failure.
    Failure(Box<ScimError>),
}

/// The audience that a detail is printed for.
#[derive(Clone, Copy)]
enum Audience<'r> {
    Client,
    /// The failure log, with a predicate for the names of attributes.
    Log(&'r dyn Fn(&str) -> bool),
}

impl Detail {
    pub(super) const fn new(
        sentence: &'static str,
        arguments: Vec<(&'static str, Argument)>,
    ) -> Self {
        Self {
            contexts: Vec::new(),
            sentence,
            arguments,
        }
    }

    pub(super) fn put_within(&mut self, context: Context) {
        self.contexts.insert(0, context);
    }

    /// The failure that is an argument of the sentence.
    pub(super) fn because(&self) -> Option<&ScimError> {
        let mut arguments = self.arguments.iter();
        arguments.find_map(|(_, argument)| match argument {
            Argument::Failure(error) => Some(&**error),
            _ => None,
        })
    }

    /// The detail without values, for the failure log. `is_attribute` returns whether a text is the path of an attribute.
    #[must_use]
    pub fn without_values(&self, is_attribute: impl Fn(&str) -> bool) -> String {
        self.print(Audience::Log(&is_attribute))
    }

    fn print(&self, audience: Audience<'_>) -> String {
        let mut text = String::new();
        let mut is_in_bulk = false;
        for context in &self.contexts {
            match context {
                Context::Kept(_) => continue,
                Context::Operation(_) if is_in_bulk => {
                    text.truncate(text.len().saturating_sub(2));
                    text.push_str(", PATCH ");
                }
                _ => {}
            }
            is_in_bulk = matches!(context, Context::Bulk(_));
            context.print(audience, &mut text);
            text.push_str(": ");
        }
        self.print_sentence(audience, &mut text);
        for context in &self.contexts {
            if let Context::Kept(id) = context {
                // Writing to a `String` cannot fail.
                let _ = write!(
                    text,
                    "; the rollback could not delete its resource {id}, so delete it"
                );
            }
        }
        text
    }

    fn print_sentence(&self, audience: Audience<'_>, text: &mut String) {
        let mut rest = self.sentence;
        while let Some((before, tail)) = rest.split_once('{') {
            text.push_str(before);
            let (name, after) = tail.split_once('}').unwrap_or((tail, ""));
            let mut arguments = self.arguments.iter();
            if let Some((_, argument)) = arguments.find(|(known, _)| *known == name) {
                argument.print(audience, text);
            }
            rest = after;
        }
        text.push_str(rest);
    }
}

impl fmt::Display for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.print(Audience::Client))
    }
}

impl Context {
    fn print(&self, audience: Audience<'_>, text: &mut String) {
        match self {
            Self::Bulk(number) | Self::Operation(number) => {
                let _ = write!(text, "operation {number}");
            }
            Self::Path(path) => {
                text.push_str("path ");
                quote_path(path, audience, text);
            }
            Self::PathAt(path, position) => {
                text.push_str("path ");
                quote_path(path, audience, text);
                let _ = write!(text, ", position {position}");
            }
            Self::FilterAt(position) => {
                let _ = write!(text, "filter, position {position}");
            }
            Self::Parameter(name) => {
                let _ = write!(text, "`{name}`");
            }
            Self::Activation => text.push_str("the user cannot become active"),
            Self::Kept(_) => {}
        }
    }
}

impl Argument {
    fn print(&self, audience: Audience<'_>, text: &mut String) {
        match (self, audience) {
            (Self::Text(own), _) => text.push_str(own),
            (Self::KnownName(name), _) => {
                let _ = write!(text, "`{name}`");
            }
            (Self::Failure(error), audience) => text.push_str(&error.detail().print(audience)),
            (Self::SentPath(path), audience) => quote_path(path, audience, text),
            (Self::SentName(name), Audience::Log(_)) => quote_if(is_name(name), name, text),
            (Self::SentId(id), Audience::Log(_)) => {
                quote_if(ResourceId::parse(id).is_some(), id, text);
            }
            // The attribute's name before the value is sufficient.
            (Self::SentValue(_), Audience::Log(_)) if text.ends_with("` ") => {
                text.pop();
            }
            (Self::SentValue(_), Audience::Log(_)) => text.push_str(HIDDEN),
            (
                Self::SentName(sent) | Self::SentId(sent) | Self::SentValue(sent),
                Audience::Client,
            ) => {
                text.push_str(&quote(sent));
            }
        }
    }
}

fn quote_path(path: &str, audience: Audience<'_>, text: &mut String) {
    let is_shown = match audience {
        Audience::Client => true,
        Audience::Log(is_attribute) => is_attribute(path),
    };
    quote_if(is_shown, path, text);
}

fn quote_if(is_shown: bool, sent: &str, text: &mut String) {
    match is_shown {
        true => text.push_str(&quote(sent)),
        false => text.push_str(HIDDEN),
    }
}

/// Whether a text looks like the name of an attribute or schema.
fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || ".:$_-".contains(c);
    text.len() <= LONGEST_NAME
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(is_part)
}

/// Quotes client input for a detail: in backticks, truncated, with a symbol for each control character and an apostrophe
/// for each backtick. Empty input is `""`, because a pair of backticks is easily overlooked.
#[must_use]
pub fn quote(input: &str) -> String {
    match input {
        "" => "\"\"".to_owned(),
        input => format!("`{}`", shortened(input)),
    }
}

/// The same without the backticks.
pub(super) fn shortened(input: &str) -> String {
    const SHOWN: usize = 120;
    let mut shown: String = input
        .chars()
        .take(SHOWN)
        .map(|c| match c {
            '`' => '\'',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect();
    if input.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::reason::{self, Found, KnownName};

    #[test]
    fn quoted_input_is_truncated_and_shows_control_characters() {
        assert_eq!(quote("a\r\nb"), "`a\u{fffd}\u{fffd}b`");
        assert_eq!(quote("a`b"), "`a'b`");
        assert_eq!(quote(""), "\"\"");
        assert_eq!(quote(&"x".repeat(200)).chars().count(), 123);
    }

    /// Each failure as the failure log shows it.
    #[track_caller]
    fn must_be_logged<const N: usize>(rows: [(ScimError, &str); N]) {
        for (error, logged) in rows {
            let detail = error.detail().without_values(|path| path == "userName");
            assert_eq!(detail, logged);
        }
    }

    #[test]
    fn the_failure_log_shows_names_and_hides_values() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
        let eq = Found::sent("is \"anna\"");
        must_be_logged([
            (
                reason::wrong_type("active", "true or false", Found::sent("perhaps")),
                "`active` must be true or false, not `…`",
            ),
            (
                reason::wrong_type("emails[12].value", "text", Found::word("a number")),
                "`emails[12].value` must be text, not a number",
            ),
            (
                reason::taken("userName", "ANNA"),
                "`userName` is taken by another resource of this tenant",
            ),
            (
                reason::attribute_required(KnownName::ours(enterprise)),
                "`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value` is required",
            ),
            (
                reason::unknown_attribute("shoeSize", "User"),
                "a User has no attribute `shoeSize`",
            ),
            (
                reason::unknown_attribute("ann@x", "User"),
                "a User has no attribute `…`",
            ),
            (
                reason::unknown_attribute("x".repeat(101), "User"),
                "a User has no attribute `…`",
            ),
            (
                reason::operator_expected("userName", eq.clone()),
                "expected an operator such as `eq` after `userName`, found `…`",
            ),
            (
                reason::operator_expected("anna", eq),
                "expected an operator such as `eq` after `…`, found `…`",
            ),
        ]);
    }

    #[test]
    fn the_failure_log_shows_ids_and_hides_what_stands_in_their_place() {
        let id = "2819c223-7f76-453a-919d-413861904646";
        must_be_logged([
            (
                reason::answer_too_large(),
                "the response would be too large; request fewer resources with `count`, or exclude the members with `excludedAttributes=members` and find one of them with the filter `members.value eq \"ID\"`",
            ),
            (
                reason::no_resource("User", id),
                "there is no User with the id `2819c223-7f76-453a-919d-413861904646`",
            ),
            (
                reason::no_resource("User", "ann@example.com"),
                "there is no User with the id `…`",
            ),
            (
                reason::no_match(Found::sent("emails[type eq \"x\"]")),
                "no value matches `…`",
            ),
            (
                reason::attribute_name_expected().within(Context::Path("ann`".to_owned())),
                "path `…`: expected an attribute name",
            ),
            (
                reason::wrong_type("title", "text", Found::sent("odd ` quote ` d")),
                "`title` must be text, not `…`",
            ),
            (
                reason::cycle_not_resolved(reason::taken("userName", "ANNA")),
                "the reference cycle cannot be resolved: `userName` is taken by another resource of this tenant",
            ),
        ]);
    }

    #[test]
    fn a_place_is_a_prefix_and_is_not_repeated() {
        let missing = || reason::value_missing().within(Context::Operation(2));
        assert_eq!(missing().to_string(), "operation 2: `value` is missing");
        assert_eq!(
            missing().within(Context::Bulk(3)).to_string(),
            "operation 3, PATCH operation 2: `value` is missing"
        );
    }

    #[test]
    fn a_resource_that_could_not_be_removed_is_named_at_the_end() {
        let id = ResourceId::parse("2819c223-7f76-453a-919d-413861904646").unwrap();
        let error = reason::value_missing().within(Context::Kept(id));
        assert_eq!(
            error.within(Context::Bulk(1)).to_string(),
            "operation 1: `value` is missing; the rollback could not delete its resource 2819c223-7f76-453a-919d-413861904646, so delete it"
        );
    }
}
