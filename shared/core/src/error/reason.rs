//! The reasons of failures: [`Reason`], and a constructor for each. The table is in [`table`].
//!
//! A constructor takes exactly the arguments of its sentence. Their types say where a text comes from, and with that
//! what the failure log may show of it.

use std::borrow::Cow;
use std::fmt;

use super::ScimError;
use super::detail::{Part, shortened};
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

            /// The kinds of its failures: one, unless it depends on what the client wrote it in.
            #[must_use]
            pub const fn kinds(self) -> &'static [ErrorKind] {
                match self {
                    $(Self::$variant => &[ErrorKind::$kind $(, ErrorKind::$other)*],)*
                }
            }

            /// What an administrator can do, by the use of the request.
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

            /// The names of its arguments, each with its type.
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
            pub struct $name(Part);
        )*
    };
}

arguments! {
    /// Words and numbers of ours.
    Word
    /// A name of ours: of an attribute, with where it stands, of a schema or a parameter.
    KnownName
    /// A name that a client sent and that names nothing here.
    SentName
    /// A path or name that a client sent.
    SentPath
    /// An id that a client sent.
    SentId
    /// A value that a client sent.
    SentValue
    /// What stands where something else was expected: words of ours, or what a client sent.
    Found
    /// Another failure.
    Because
}

impl From<&'static str> for Word {
    fn from(words: &'static str) -> Self {
        Self(Part::Text(Cow::Borrowed(words)))
    }
}

impl Word {
    /// Words of ours that are put together. Nothing that a client sent may be in them.
    #[must_use]
    pub fn ours(words: impl fmt::Display) -> Self {
        Self(Part::Text(Cow::Owned(words.to_string())))
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
    /// A name of ours that is put together, such as that of a sub-attribute. Nothing that a client sent may be in it.
    #[must_use]
    pub fn ours(name: impl fmt::Display) -> Self {
        Self(Part::KnownName(name.to_string()))
    }
}

macro_rules! sent {
    ($($name:ident)*) => {
        $(
            impl From<&str> for $name {
                fn from(sent: &str) -> Self {
                    Self(Part::$name(sent.to_owned()))
                }
            }

            impl From<&String> for $name {
                fn from(sent: &String) -> Self {
                    Self(Part::$name(sent.clone()))
                }
            }

            impl From<String> for $name {
                fn from(sent: String) -> Self {
                    Self(Part::$name(sent))
                }
            }
        )*
    };
}

sent! { SentName SentPath SentId SentValue }

impl From<ResourceId> for SentId {
    fn from(id: ResourceId) -> Self {
        Self(Part::SentId(id.to_string()))
    }
}

impl Found {
    /// Words of ours.
    #[must_use]
    pub const fn word(words: &'static str) -> Self {
        Self(Part::Text(Cow::Borrowed(words)))
    }

    /// What is put together of names of ours, and cut short as if it had been sent.
    #[must_use]
    pub fn name(name: &str) -> Self {
        Self(Part::KnownName(shortened(name)))
    }

    /// What a client sent.
    #[must_use]
    pub fn sent(sent: &str) -> Self {
        Self(Part::SentValue(sent.to_owned()))
    }
}

impl From<ScimError> for Because {
    fn from(error: ScimError) -> Self {
        Self(Part::Reason(Box::new(error.detail)))
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
                .map(|behind| behind.split_once('}').expect("a closing brace").0)
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
    fn a_reason_is_of_each_kind_once() {
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
