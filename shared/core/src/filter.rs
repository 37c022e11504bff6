//! Filters, RFC 7644 §3.4.2.2: the syntax tree here, parsing in [`parse`], evaluation in [`eval`].
//!
//! A filter is parsed without a schema, so that one filter can be used with several resource types, and then resolved
//! against a resource type. Beyond the RFC's grammar, a comparison may follow a value filter, as in `emails[type eq
//! "work"].value eq "x"`, which Entra ID sends.

use std::fmt;

use serde_json::Value;

pub mod eval;
pub mod parse;
mod path;

pub use eval::Resolved;
pub use path::Path;

/// Boolean logic over leaves: the terms of a filter, before or after they are resolved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Logic<L> {
    /// A term.
    Leaf(L),
    /// `not (…)`
    Not(Box<Self>),
    /// `… and …`, two or more.
    And(Vec<Self>),
    /// `… or …`, two or more.
    Or(Vec<Self>),
}

/// A parsed filter.
pub type Filter = Logic<Term>;

/// A term: a path and a test of its values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Term {
    /// The path.
    pub path: Path,
    /// The test of the values.
    pub test: Test,
}

/// The test of a term.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Test {
    /// A value filter alone: some value matches.
    Matches,
    /// `pr`: some value is not empty.
    Present,
    /// A comparison with a string, number, boolean or null.
    Compare(Operator, Value),
}

/// The comparison operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than.
    Gt,
    /// Greater than or equal.
    Ge,
    /// Less than.
    Lt,
    /// Less than or equal.
    Le,
}

impl Operator {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Co, "co"),
        (Self::Sw, "sw"),
        (Self::Ew, "ew"),
        (Self::Gt, "gt"),
        (Self::Ge, "ge"),
        (Self::Lt, "lt"),
        (Self::Le, "le"),
    ];

    /// The operator's keyword.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(operator, _)| *operator == self)
            .map_or("", |(_, word)| *word)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| word.eq_ignore_ascii_case(known))
            .map(|(operator, _)| *operator)
    }
}

impl<L> Logic<L> {
    /// Every leaf, from left to right.
    pub fn leaves(&self) -> Vec<&L> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'a>(&'a self, into: &mut Vec<&'a L>) {
        match self {
            Self::Leaf(leaf) => into.push(leaf),
            Self::Not(inner) => inner.collect(into),
            Self::And(all) | Self::Or(all) => all.iter().for_each(|one| one.collect(into)),
        }
    }

    /// The leaves of a conjunction: terms that must hold for the whole filter to hold.
    pub fn conjuncts(&self) -> Vec<&L> {
        match self {
            Self::Leaf(leaf) => vec![leaf],
            Self::And(all) => all.iter().flat_map(Self::conjuncts).collect(),
            Self::Not(_) | Self::Or(_) => Vec::new(),
        }
    }

    /// Evaluates the logic. `leaf` is called only as often as needed.
    ///
    /// # Errors
    ///
    /// The first error of `leaf`.
    pub fn holds<E>(&self, leaf: &impl Fn(&L) -> Result<bool, E>) -> Result<bool, E> {
        let (all, decisive) = match self {
            Self::Leaf(term) => return leaf(term),
            Self::Not(inner) => return inner.holds(leaf).map(|holds| !holds),
            Self::And(all) => (all, false),
            Self::Or(all) => (all, true),
        };
        for one in all {
            if one.holds(leaf)? == decisive {
                return Ok(decisive);
            }
        }
        Ok(!decisive)
    }

    /// Replaces every leaf.
    ///
    /// # Errors
    ///
    /// The first error of `change`.
    pub fn try_map<'a, M, E>(
        &'a self,
        change: &mut impl FnMut(&'a L) -> Result<M, E>,
    ) -> Result<Logic<M>, E> {
        Ok(match self {
            Self::Leaf(leaf) => Logic::Leaf(change(leaf)?),
            Self::Not(inner) => Logic::Not(Box::new(inner.try_map(change)?)),
            Self::And(all) => Logic::And(
                all.iter()
                    .map(|one| one.try_map(change))
                    .collect::<Result<_, E>>()?,
            ),
            Self::Or(all) => Logic::Or(
                all.iter()
                    .map(|one| one.try_map(change))
                    .collect::<Result<_, E>>()?,
            ),
        })
    }
}

impl<L: fmt::Display> fmt::Display for Logic<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn joined<L: fmt::Display>(
            f: &mut fmt::Formatter<'_>,
            all: &[Logic<L>],
            word: &str,
            grouped: impl Fn(&Logic<L>) -> bool,
        ) -> fmt::Result {
            for (at, one) in all.iter().enumerate() {
                if at > 0 {
                    write!(f, " {word} ")?;
                }
                if grouped(one) {
                    write!(f, "({one})")?;
                } else {
                    write!(f, "{one}")?;
                }
            }
            Ok(())
        }
        match self {
            Self::Leaf(leaf) => write!(f, "{leaf}"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::And(all) => joined(f, all, "and", |one| {
                matches!(one, Self::And(_) | Self::Or(_))
            }),
            Self::Or(all) => joined(f, all, "or", |one| matches!(one, Self::Or(_))),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.test {
            Test::Matches => write!(f, "{}", self.path),
            Test::Present => write!(f, "{} pr", self.path),
            Test::Compare(operator, literal) => {
                write!(f, "{} {} ", self.path, operator.word())?;
                match literal {
                    Value::String(text) => quoted(f, text),
                    literal => write!(f, "{literal}"),
                }
            }
        }
    }
}

/// Writes quoted text. Control characters are written as `\uXXXX`, because the parser may reject short escapes as stray
/// backslashes.
fn quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(f, "\\{letter}")?,
            '\0'..='\u{1f}' => write!(f, "\\u{:04x}", u32::from(letter))?,
            letter => write!(f, "{letter}")?,
        }
    }
    f.write_str("\"")
}
