//! Parses filters by recursive descent, with limits on length, nesting and number of terms.
//!
//! Precedence is grouping, `not`, `and`, `or`. Names, operators, `true`, `false` and `null` are read in any case, `not(`
//! with or without a space.

use serde_json::Value;

use super::{Filter, Logic, Operator, Path, Term, Test};
use crate::error::reason::{self, Found};
use crate::error::{Context, ErrorKind, ScimError};
use crate::limits;
use crate::path::AttrPath;

impl Filter {
    /// Parses a filter.
    ///
    /// # Errors
    ///
    /// `invalidFilter` with the position of the error, in characters from 1.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        if text.len() > limits::FILTER_BYTES {
            return Err(reason::filter_too_long(limits::FILTER_BYTES));
        }
        let mut parser = Parser::new(text);
        let filter = parser
            .disjunction()
            .and_then(|filter| parser.end("`and`, `or` or the end").map(|()| filter));
        filter.map_err(|error| {
            error
                .of_kind(ErrorKind::InvalidFilter)
                .within(Context::FilterAt(parser.position()))
        })
    }
}

impl Path {
    /// Parses the path of a PATCH operation.
    ///
    /// # Errors
    ///
    /// `invalidPath`, or `invalidFilter` if the part in brackets is malformed.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        if text.contains('[') {
            return Parser::path(text);
        }
        AttrPath::parse(text.trim())
            .map(|attribute| Self {
                attribute,
                values: None,
                sub: None,
            })
            .map_err(|error| error.within(Context::Path(text.to_owned())))
    }
}

/// The state of the parser.
struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    terms: usize,
}

type Read<T> = Result<T, ScimError>;

/// The unexpected word for an error detail.
fn found(word: &str) -> Found {
    match word.is_empty() {
        true => Found::word("nothing"),
        false => Found::sent(word),
    }
}

impl<'t> Parser<'t> {
    const fn new(text: &'t str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            terms: 0,
        }
    }

    /// Parses the path of a PATCH operation with a value filter.
    fn path(text: &'t str) -> Result<Path, ScimError> {
        if text.len() > limits::FILTER_BYTES {
            return Err(reason::path_too_long(limits::FILTER_BYTES));
        }
        let in_path = |error: ScimError| {
            error
                .of_kind(ErrorKind::InvalidPath)
                .within(Context::Path(text.to_owned()))
        };
        let mut parser = Parser::new(text.trim());
        let attribute = parser.attribute().map_err(in_path)?;
        let values = parser.values().map_err(|error| {
            error
                .of_kind(ErrorKind::InvalidFilter)
                .within(Context::PathAt(text.to_owned(), parser.position()))
        })?;
        let sub = parser
            .sub()
            .and_then(|sub| {
                parser
                    .end("`.` and a sub-attribute, or the end")
                    .map(|()| sub)
            })
            .map_err(in_path)?;
        Ok(Path {
            attribute,
            values: Some(Box::new(values)),
            sub,
        })
    }

    fn position(&self) -> usize {
        self.text
            .get(..self.at)
            .map_or(0, |read| read.chars().count())
            + 1
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }

    fn eat(&mut self, expected: char) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    /// The next run of characters up to a space, bracket or quote.
    fn word(&self) -> &'t str {
        let rest = self.rest();
        let end = rest
            .find([' ', '\t', '(', ')', '[', ']', '"'])
            .unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    }

    fn eat_word(&mut self, expected: &str) -> bool {
        self.skip_spaces();
        let word = self.word();
        let found = word.eq_ignore_ascii_case(expected);
        if found {
            self.at += word.len();
        }
        found
    }

    fn end(&mut self, expected: &'static str) -> Read<()> {
        self.skip_spaces();
        if self.rest().is_empty() {
            return Ok(());
        }
        Err(reason::end_expected(expected, Found::sent(self.rest())))
    }

    fn disjunction(&mut self) -> Read<Filter> {
        self.joined("or", Self::conjunction, Logic::Or)
    }

    fn conjunction(&mut self) -> Read<Filter> {
        self.joined("and", Self::unary, Logic::And)
    }

    fn joined(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Read<Filter>,
        join: fn(Vec<Filter>) -> Filter,
    ) -> Read<Filter> {
        let first = part(self)?;
        let mut all = vec![first];
        while self.eat_word(word) {
            all.push(part(self)?);
        }
        Ok(match all.pop() {
            Some(only) if all.is_empty() => only,
            last => {
                all.extend(last);
                join(all)
            }
        })
    }

    fn unary(&mut self) -> Read<Filter> {
        self.skip_spaces();
        let start = self.at;
        if self.eat_word("not") {
            self.skip_spaces();
            if self.eat('(') {
                return Ok(Logic::Not(Box::new(self.inside(')')?)));
            }
            self.at = start;
        }
        if self.eat('(') {
            return self.inside(')');
        }
        self.term().map(Logic::Leaf)
    }

    /// Parses the content of parentheses or brackets and the closing one.
    fn inside(&mut self, close: char) -> Read<Filter> {
        self.depth += 1;
        if self.depth > limits::FILTER_DEPTH {
            return Err(reason::nested_too_deep(limits::FILTER_DEPTH));
        }
        let inner = self.disjunction()?;
        self.skip_spaces();
        if !self.eat(close) {
            return Err(reason::bracket_expected(close));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn attribute(&mut self) -> Read<AttrPath> {
        let word = self.word();
        if word.is_empty() {
            return Err(reason::attribute_name_expected());
        }
        let attribute = AttrPath::parse(word)?;
        self.at += word.len();
        Ok(attribute)
    }

    fn values(&mut self) -> Read<Filter> {
        if !self.eat('[') {
            return Err(reason::bracket_expected('['));
        }
        let values = self.inside(']')?;
        if values
            .leaves()
            .iter()
            .any(|term| term.path.values.is_some())
        {
            return Err(reason::brackets_in_brackets());
        }
        Ok(values)
    }

    fn sub(&mut self) -> Read<Option<String>> {
        if !self.eat('.') {
            return Ok(None);
        }
        let sub = self.attribute()?;
        match sub {
            AttrPath {
                urn: None,
                name,
                sub: None,
            } => Ok(Some(name)),
            _ => Err(reason::no_sub_attribute_name(sub.to_string())),
        }
    }

    fn term(&mut self) -> Read<Term> {
        self.terms += 1;
        if self.terms > limits::FILTER_TERMS {
            return Err(reason::too_many_terms(limits::FILTER_TERMS));
        }
        let attribute = self.attribute()?;
        let (values, sub) = if self.rest().starts_with('[') {
            (Some(Box::new(self.values()?)), self.sub()?)
        } else {
            (None, None)
        };
        let path = Path {
            attribute,
            values,
            sub,
        };
        let test = self.test(&path)?;
        Ok(Term { path, test })
    }

    fn test(&mut self, path: &Path) -> Read<Test> {
        self.skip_spaces();
        let word = self.word();
        let is_present = word.eq_ignore_ascii_case("pr");
        let operator = Operator::from_word(word);
        if path.values.is_some() && path.sub.is_none() && (is_present || operator.is_some()) {
            let operator = operator.map_or("pr", Operator::word);
            return Err(reason::test_after_brackets(operator));
        }
        if is_present {
            self.at += word.len();
            return Ok(Test::Present);
        }
        let Some(operator) = operator else {
            if path.values.is_some() && path.sub.is_none() {
                return Ok(Test::Matches);
            }
            return Err(reason::operator_expected(path.to_string(), found(word)));
        };
        self.at += word.len();
        self.skip_spaces();
        Ok(Test::Compare(operator, self.literal()?))
    }

    fn literal(&mut self) -> Read<Value> {
        if self.rest().starts_with('"') {
            return self.string();
        }
        let word = self.word();
        let lower = word.to_ascii_lowercase();
        let json = match &*lower {
            "true" | "false" | "null" => &lower,
            _ => word,
        };
        let Ok(literal @ (Value::Null | Value::Bool(_) | Value::Number(_))) =
            serde_json::from_str(json)
        else {
            return Err(reason::literal_expected(found(word)));
        };
        self.at += word.len();
        Ok(literal)
    }

    fn string(&mut self) -> Read<Value> {
        let rest = self.rest();
        let mut escaped = false;
        for (at, byte) in rest.bytes().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    let quoted = rest.get(..=at).unwrap_or_default();
                    if quoted.contains(|c: char| c < ' ') {
                        return Err(reason::control_character_quoted());
                    }
                    let text: String =
                        serde_json::from_str(quoted).map_err(|_| reason::wrong_escape())?;
                    if let Some(escape) = stray_backslash(quoted) {
                        return Err(reason::stray_backslash(escape));
                    }
                    self.at += quoted.len();
                    return Ok(Value::String(text));
                }
                _ => {}
            }
        }
        match escaped || rest.contains("\\\"") {
            true => Err(reason::quote_open_after_backslash()),
            false => Err(reason::quote_open()),
        }
    }
}

/// Finds a single backslash that was meant literally but forms a JSON escape, as in the account `DOMAIN\name`, and returns
/// the letter after it.
///
/// `\b` and `\f` do not occur in text that clients search for. `\n`, `\r` and `\t` can be meant, as in addresses, unless a
/// plain word precedes the first one. `\u000a` always counts as meant.
fn stray_backslash(quoted: &str) -> Option<char> {
    let is_of_domain = |c: char| c.is_alphanumeric() || "-._".contains(c);
    let mut is_first = true;
    let mut letters = quoted.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        if letter != '\\' {
            continue;
        }
        let (_, escape) = letters.next()?;
        let domain = quoted.get(1..at).unwrap_or_default();
        let leads = is_first && !domain.is_empty() && domain.chars().all(is_of_domain);
        let goes_on = quoted
            .get(at + 2..)
            .is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
        match escape {
            'b' | 'f' => return Some(escape),
            'n' | 'r' | 't' if leads && goes_on => return Some(escape),
            _ => is_first = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Reason;

    #[test]
    fn f11_filters_print_with_their_precedence() {
        for (text, printed) in [
            (r#"userName eq "bjensen""#, r#"userName eq "bjensen""#),
            (r#"USERNAME EQ "a""#, r#"USERNAME eq "a""#),
            ("title pr", "title pr"),
            ("a pr or b pr and c pr", "a pr or b pr and c pr"),
            ("(a pr or b pr) and c pr", "(a pr or b pr) and c pr"),
            ("a pr and (b pr and c pr)", "a pr and (b pr and c pr)"),
            ("not(a pr)", "not (a pr)"),
            (
                "not (a pr) and not (b eq true)",
                "not (a pr) and not (b eq true)",
            ),
            (
                r#"emails[type eq "work" and value co "@x"]"#,
                r#"emails[type eq "work" and value co "@x"]"#,
            ),
            (
                r#"emails[type eq "work"].value eq "a@b""#,
                r#"emails[type eq "work"].value eq "a@b""#,
            ),
            (r#"a eq "q\"\\ and b pr""#, r#"a eq "q\"\\ and b pr""#),
            ("a eq True and b eq null", "a eq true and b eq null"),
            ("a gt -1.5", "a gt -1.5"),
            (
                r#"urn:ietf:params:scim:schemas:core:2.0:User:name.familyName sw "J""#,
                r#"urn:ietf:params:scim:schemas:core:2.0:User:name.familyName sw "J""#,
            ),
        ] {
            let filter = Filter::parse(text).unwrap();
            assert_eq!(filter.to_string(), printed);
            assert_eq!(Filter::parse(printed).unwrap(), filter);
        }
    }

    #[test]
    fn f22_syntax_errors_name_their_position() {
        for (text, position) in [
            ("", 1),
            ("userName", 9),
            ("userName eq", 12),
            ("userName eq bjensen", 13),
            (r#"userName eq "bjensen"#, 13),
            (r#"userName is "x""#, 10),
            ("(a pr", 6),
            ("a pr)", 5),
            ("a pr b pr", 6),
            ("a pr and", 9),
            ("[a pr]", 1),
            ("e[f[g pr]]", 11),
            ("e[f pr] eq 1", 9),
            ("e[f pr]  PR", 10),
            (r#"a pr and e[f pr] sw "x""#, 18),
            ("not (e[f pr] ne null)", 14),
            ("1 +1 eq 2", 3),
        ] {
            let error = Filter::parse(text).unwrap_err();
            assert!(
                error
                    .detail()
                    .to_string()
                    .contains(&format!("position {position}:")),
                "{text}: {}",
                error.detail()
            );
            assert!(
                !error.detail().to_string().contains("``"),
                "{text}: {}",
                error.detail()
            );
        }
    }

    #[test]
    fn f22_a_single_backslash_is_rejected() {
        let tells = |reason| {
            matches!(
                reason,
                Reason::WrongEscape | Reason::StrayBackslash | Reason::QuoteOpenAfterBackslash
            )
        };
        for text in [
            r"CORP\bob",
            r"CORP\fred",
            r"CORP\nina",
            r"CORP\rick",
            r"CORP\tina berg",
            r"corp-1.example\nina",
            r"a b\bob",
            r"CORP\anna",
            r"CORP\ulrich",
            r"CORP\Bob",
            r"CORP\",
            r"Örebro\nina",
            r"\bob",
        ] {
            for filter in [
                format!("userName eq \"{text}\""),
                format!("e[v sw \"{text}\"]"),
            ] {
                let error = Filter::parse(&filter).unwrap_err();
                assert!(tells(error.reason()), "{filter}: {error}");
            }
            let error = Path::parse(&format!("e[v eq \"{text}\"].w")).unwrap_err();
            assert!(tells(error.reason()), "{text}: {error}");
        }
    }

    #[test]
    fn f11_intended_escapes_are_accepted() {
        for (text, meant) in [
            (r"CORP\\bob", "CORP\\bob"),
            (r"CORP\\nina", "CORP\\nina"),
            (r"\\\\host\\nina", "\\\\host\\nina"),
            (r"a\u0008b", "a\u{8}b"),
            (r"CORP\u000anina", "CORP\nnina"),
            (
                r"100 Universal City Plaza\nHollywood",
                "100 Universal City Plaza\nHollywood",
            ),
            (r"one\r\ntwo", "one\r\ntwo"),
            (r"one\n", "one\n"),
            (r"\tone", "\tone"),
            (r#"a\/b\"c"#, "a/b\"c"),
        ] {
            let filter = Filter::parse(&format!("a eq \"{text}\"")).unwrap();
            let Logic::Leaf(term) = filter else {
                panic!("{text}")
            };
            assert_eq!(term.test, Test::Compare(Operator::Eq, meant.into()));
        }
    }

    #[test]
    fn h03_depth_length_and_terms_are_limited() {
        let nested = |n: usize| format!("{}a pr{}", "(".repeat(n), ")".repeat(n));
        assert!(Filter::parse(&nested(limits::FILTER_DEPTH)).is_ok());
        assert!(Filter::parse(&nested(limits::FILTER_DEPTH + 1)).is_err());
        assert!(Filter::parse(&"not(".repeat(4_000)).is_err());
        let wide = |n: usize| vec!["a pr"; n].join(" or ");
        assert!(Filter::parse(&wide(limits::FILTER_TERMS)).is_ok());
        assert!(Filter::parse(&wide(limits::FILTER_TERMS + 1)).is_err());
        let long = format!("a eq \"{}\"", "x".repeat(limits::FILTER_BYTES));
        assert!(Filter::parse(&long).is_err());
    }
}
