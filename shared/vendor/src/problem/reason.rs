//! The reasons of problems: [`ProblemReason`], and a constructor for each. The table is in [`table`].
//!
//! A constructor takes exactly the arguments of its sentence. A secret fits none of their types, and a text from a
//! client is always quoted and truncated. No code parses a sentence.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use keyring::Unfit;
use scim_core::ScimError;
use scim_core::error::quote;
use scim_core::extensions::ExtensionFault;

use super::Problem;

mod table;

pub use table::*;

macro_rules! reasons {
    ($(
        $function:ident $variant:ident ( $($argument:ident: $type:ident),* ) [$kind:ident] $sentence:literal;
    )*) => {
        /// Why a request to the vendor's side fails.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum ProblemReason {
            $(
                #[doc = concat!("```text\n", $sentence, "\n```")]
                $variant,
            )*
        }

        impl ProblemReason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The kind, which gives the status and the problem's type.
            #[must_use]
            pub const fn kind(self) -> ErrorKind {
                match self {
                    $(Self::$variant => ErrorKind::$kind,)*
                }
            }

            /// The sentence, with the names of its arguments in braces.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$variant => $sentence,)*
                }
            }

            /// The names and types of the sentence's arguments.
            #[must_use]
            pub const fn arguments(self) -> &'static [(&'static str, &'static str)] {
                match self {
                    $(Self::$variant => &[$((stringify!($argument), stringify!($type))),*],)*
                }
            }
        }

        $(
            #[doc = concat!("```text\n", $sentence, "\n```")]
            #[must_use]
            pub(crate) fn $function($($argument: impl Into<$type>),*) -> Problem {
                let arguments = [$((stringify!($argument), Into::<$type>::into($argument).0)),*];
                Problem::new(ProblemReason::$variant, &arguments)
            }
        )*
    };
}

pub(super) use reasons;

/// The text of an argument.
type Text = Cow<'static, str>;

/// Words, numbers and instants of this service.
pub(crate) struct OwnWords(Text);

/// A text that the client sent: quoted and truncated.
pub(crate) struct Sent(Text);

/// Names of the tenant's users.
pub(crate) struct UserNames(Text);

/// A fault in a value, in the words of the code that read the value.
pub(crate) struct ValueFault(Text);

impl OwnWords {
    /// Words that this service assembles. They must contain no input of a client and no secret.
    pub(crate) fn ours(words: impl fmt::Display) -> Self {
        Self(Cow::Owned(words.to_string()))
    }

    /// Several names of this service.
    pub(crate) fn list<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let names: Vec<&str> = names.into_iter().collect();
        Self::ours(names.join(", "))
    }
}

impl From<&'static str> for OwnWords {
    fn from(words: &'static str) -> Self {
        Self(Cow::Borrowed(words))
    }
}

impl From<Timestamp> for OwnWords {
    fn from(instant: Timestamp) -> Self {
        Self::ours(instant.strftime("%F %H:%M UTC"))
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(
            impl From<$number> for OwnWords {
                fn from(number: $number) -> Self {
                    Self::ours(number)
                }
            }
        )*
    };
}

numbers! { usize i64 u8 u16 u32 }

impl From<&str> for Sent {
    fn from(sent: &str) -> Self {
        Self(Cow::Owned(quote(sent)))
    }
}

impl From<&String> for Sent {
    fn from(sent: &String) -> Self {
        Self::from(sent.as_str())
    }
}

impl UserNames {
    /// Names of the tenant's users, such as pairs of them.
    pub(crate) fn of(names: &[String]) -> Self {
        Self(Cow::Owned(names.join(", ")))
    }
}

impl From<ScimError> for ValueFault {
    fn from(error: ScimError) -> Self {
        Self(Cow::Owned(error.detail().to_string()))
    }
}

impl From<&ExtensionFault> for ValueFault {
    fn from(fault: &ExtensionFault) -> Self {
        Self(Cow::Owned(fault.detail.clone()))
    }
}

impl From<Unfit> for ValueFault {
    fn from(unfit: Unfit) -> Self {
        Self(Cow::Owned(unfit.to_string()))
    }
}

/// A sentence with its arguments in place of their names.
pub(super) fn filled(sentence: &str, arguments: &[(&str, Text)]) -> String {
    let mut text = String::new();
    let mut rest = sentence;
    while let Some((before, behind)) = rest.split_once('{') {
        text.push_str(before);
        let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
        let given = arguments.iter().find(|(known, _)| *known == name);
        text.push_str(given.map_or("", |(_, given)| given));
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_sentence_uses_exactly_its_arguments() {
        for reason in ProblemReason::ALL {
            let sentence = reason.sentence();
            let used: BTreeSet<&str> = sentence
                .split('{')
                .skip(1)
                .map(|behind| behind.split_once('}').expect("a closing brace").0)
                .collect();
            let given: BTreeSet<&str> = reason.arguments().iter().map(|one| one.0).collect();
            assert_eq!(used, given, "{reason:?}");
        }
    }

    #[test]
    fn each_sentence_begins_in_lower_case_and_has_no_full_stop() {
        for reason in ProblemReason::ALL {
            let sentence = reason.sentence();
            assert!(
                sentence.starts_with(|c: char| c.is_lowercase() || "`{".contains(c)),
                "{sentence}"
            );
            assert!(!sentence.ends_with(['.', '!', ' ']), "{sentence}");
            assert_eq!(sentence.matches('`').count() % 2, 0, "{sentence}");
        }
    }

    #[test]
    fn a_text_from_a_client_is_quoted_and_its_braces_stay() {
        let problem = no_tenant("{id}`\n");
        assert_eq!(
            problem.detail(),
            "the tenant `{id}'\u{fffd}` does not exist"
        );
        let long = no_tenant("x".repeat(200).as_str());
        assert!(long.detail().len() < 170, "{}", long.detail());
    }
}
