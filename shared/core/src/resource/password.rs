//! Passwords, RFC 7643 §4.1.1 and RFC 7644 §5.

use serde_json::Value;

use crate::error::{ScimError, reason};
use crate::limits;
use crate::text;
use crate::value;

/// A password. It has no `Debug` and no `Display`, so that it cannot be logged.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Parses a password and prepares it as RFC 7644 §5 requires (PRECIS profile `OpaqueString`, RFC 8265 §4.2). Empty text
    /// is `None`. The value may be wrapped like any simple value.
    ///
    /// # Errors
    ///
    /// `invalidValue` if it is not text, too long, or has characters that the profile forbids.
    pub fn parse(value: Value) -> Result<Option<Self>, ScimError> {
        let text = match value::sole(value) {
            Value::Null => return Ok(None),
            Value::String(text) if text.is_empty() => return Ok(None),
            Value::String(text) if text.len() <= limits::USER_NAME_BYTES => text,
            Value::String(_) => {
                return Err(reason::too_long("password", limits::USER_NAME_BYTES));
            }
            _ => return Err(reason::not_text("password")),
        };
        match text::password(&text) {
            Some(prepared) => Ok(Some(Self(prepared))),
            None => Err(reason::odd_password()),
        }
    }

    /// The text, for hashing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> Result<Option<String>, ScimError> {
        let secret = Password::parse(Value::String(text.to_owned()))?;
        Ok(secret.map(|secret| secret.expose().to_owned()))
    }

    #[test]
    fn w07_passwords_are_prepared_as_opaque_strings() {
        for (given, expected) in [
            ("t1meMa$heen", "t1meMa$heen"),
            ("Correct Horse", "Correct Horse"),
            (" blanks stay ", " blanks stay "),
            // RFC 8265 §4.2.2: all space characters become U+0020 and letters are composed; case and width do not change.
            ("a\u{a0}b\u{3000}c", "a b c"),
            ("Zoe\u{308}", "Zo\u{eb}"),
            ("\u{3c0}\u{df}\u{e5}", "\u{3c0}\u{df}\u{e5}"),
            ("\u{ff21}bc", "\u{ff21}bc"),
            ("\u{1100}\u{1175}\u{11b7}", "\u{ae40}"),
            ("\u{1f916}\u{1f9ed}", "\u{1f916}\u{1f9ed}"),
        ] {
            assert_eq!(prepared(given), Ok(Some(expected.to_owned())), "{given}");
        }
        assert_eq!(prepared(""), Ok(None));
        for odd in [
            "a\u{9}b", "a\u{0}", "\u{7f}", "\u{fff9}", "\u{378}", "\u{e000}", "\u{1100}",
        ] {
            assert!(prepared(odd).is_err(), "{odd:?}");
        }
    }
}
