//! The reasons of failures: [`Reason`], and a constructor for each. The table is in [`table`].
//!
//! A constructor takes exactly the arguments of its sentence. Their types record the origin of each text, which determines
//! what the failure log may show.

use std::borrow::Cow;
use std::fmt;

use super::ScimError;
use super::detail::{Argument, shortened};
use crate::ids::{ResourceId, Version};

mod table;

pub use table::*;

macro_rules! reasons {
    ($(
        $function:ident $variant:ident ( $($argument:ident: $type:ident),* ) [$kind:ident $($other:ident)*]
        $cause:ident $(/ $query:ident)? $sentence:literal;
    )*) => {
        /// Why a request fails.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Reason {
            $(
                #[doc = concat!("```text\n", $sentence, "\n```")]
                $variant,
            )*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The possible kinds: several only if the kind depends on where the client made the mistake.
            #[must_use]
            pub const fn kinds(self) -> &'static [ErrorKind] {
                match self {
                    $(Self::$variant => &[ErrorKind::$kind $(, ErrorKind::$other)*],)*
                }
            }

            /// The cause, which may depend on the use of the request.
            #[must_use]
            pub const fn causes(self) -> Causes {
                match self {
                    $(Self::$variant => causes!($cause $($query)?),)*
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
            pub fn $function($($argument: impl Into<$type>),*) -> ScimError {
                ScimError::new(
                    Reason::$variant,
                    ErrorKind::$kind,
                    vec![$((stringify!($argument), Into::<$type>::into($argument).0)),*],
                )
            }
        )*
    };
}

macro_rules! causes {
    (Because) => {
        Causes::OfAnother
    };
    ($cause:ident) => {
        Causes::One(Cause::$cause)
    };
    ($change:ident $query:ident) => {
        Causes::ByUse {
            change: Cause::$change,
            query: Cause::$query,
        }
    };
}

pub(super) use {causes, reasons};

macro_rules! arguments {
    ($($(#[$doc:meta])* $name:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug)]
            pub struct $name(Argument);
        )*
    };
}

arguments! {
    /// Words and numbers from this service.
    Word
    /// A name that this service defines: of an attribute, with its place, of a schema, or of a parameter.
    KnownName
    /// An unknown name that a client sent.
    SentName
    /// A path or name that a client sent.
    SentPath
    /// An id that a client sent.
    SentId
    /// A value that a client sent.
    SentValue
    /// The unexpected part of a request: this service's words for it, or the client's text.
    Found
    /// Another failure that caused this one.
    Because
}

impl From<&'static str> for Word {
    fn from(words: &'static str) -> Self {
        Self(Argument::Text(Cow::Borrowed(words)))
    }
}

impl Word {
    /// Words that this service assembles. They must not contain client input.
    #[must_use]
    pub fn ours(words: impl fmt::Display) -> Self {
        Self(Argument::Text(Cow::Owned(words.to_string())))
    }
}

impl From<char> for Word {
    fn from(letter: char) -> Self {
        Self::ours(letter)
    }
}

impl From<Version> for Word {
    fn from(version: Version) -> Self {
        Self::ours(version)
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(
            impl From<$number> for Word {
                fn from(number: $number) -> Self {
                    Self::ours(number)
                }
            }
        )*
    };
}

numbers! { usize u32 i64 }

impl From<&'static str> for KnownName {
    fn from(name: &'static str) -> Self {
        Self::ours(name)
    }
}

impl KnownName {
    /// A name that this service assembles, such as a sub-attribute's. It must not contain client input.
    #[must_use]
    pub fn ours(name: impl fmt::Display) -> Self {
        Self(Argument::KnownName(name.to_string()))
    }
}

macro_rules! sent {
    ($($name:ident)*) => {
        $(
            impl From<&str> for $name {
                fn from(sent: &str) -> Self {
                    Self(Argument::$name(sent.to_owned()))
                }
            }

            impl From<&String> for $name {
                fn from(sent: &String) -> Self {
                    Self(Argument::$name(sent.clone()))
                }
            }

            impl From<String> for $name {
                fn from(sent: String) -> Self {
                    Self(Argument::$name(sent))
                }
            }
        )*
    };
}

sent! { SentName SentPath SentId SentValue }

impl From<ResourceId> for SentId {
    fn from(id: ResourceId) -> Self {
        Self(Argument::SentId(id.to_string()))
    }
}

impl Found {
    /// Words from this service.
    #[must_use]
    pub const fn word(words: &'static str) -> Self {
        Self(Argument::Text(Cow::Borrowed(words)))
    }

    /// A text that is assembled from known names and truncated like client input.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self(Argument::KnownName(shortened(name)))
    }

    /// A text that a client sent.
    #[must_use]
    pub fn sent(sent: &str) -> Self {
        Self(Argument::SentValue(sent.to_owned()))
    }
}

impl From<ScimError> for Because {
    fn from(error: ScimError) -> Self {
        Self(Argument::Failure(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_sentence_uses_exactly_its_arguments() {
        for reason in Reason::ALL {
            let sentence = reason.sentence();
            let used: BTreeSet<&str> = sentence
                .split('{')
                .skip(1)
                .map(|tail| tail.split_once('}').expect("a closing brace").0)
                .collect();
            let given: BTreeSet<&str> = reason.arguments().iter().map(|one| one.0).collect();
            assert_eq!(used, given, "{reason:?}");
        }
    }

    #[test]
    fn each_sentence_begins_in_lower_case_and_has_no_full_stop() {
        for reason in Reason::ALL {
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
    fn the_kinds_of_a_reason_are_distinct() {
        for reason in Reason::ALL {
            let kinds: BTreeSet<String> = reason
                .kinds()
                .iter()
                .map(|kind| format!("{kind:?}"))
                .collect();
            assert_eq!(kinds.len(), reason.kinds().len(), "{reason:?}");
        }
    }
}
