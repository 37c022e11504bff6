//! How strings are compared: RFC 7643 §2.2 (`caseExact`) and RFC 7644 §5 (user names).
//!
//! Folding works letter by letter through lower and upper case to lower case, so that `ß`, `ẞ` and
//! `ss` or the three forms of sigma are one, and so that folding a part of a text gives the part of
//! the folded text, which `co`, `sw` and `ew` rely on.

use std::borrow::Cow;

use precis_core::profile::{PrecisFastInvocation, Rules};
use precis_profiles::UsernameCaseMapped;

use crate::effort;
use crate::schema::{Attribute, Profile};

/// The text with differences of case removed.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .flat_map(char::to_lowercase)
            .flat_map(char::to_uppercase)
            .flat_map(char::to_lowercase)
            .collect(),
    )
}

/// The form of a user name that is unique in a tenant: PRECIS `UsernameCaseMapped` (RFC 8265 §3.3)
/// on each of its words, which single spaces may separate (RFC 8265 §3.1). `None` for a text that
/// the profile forbids.
#[must_use]
pub fn user_name(text: &str) -> Option<String> {
    let words = text
        .split(' ')
        .map(|word| match is_plain(word) {
            true => Some(fold(word)),
            false => UsernameCaseMapped::enforce(word).ok(),
        })
        .collect::<Option<Vec<_>>>()?;
    Some(words.join(" "))
}

/// Whether the profile only lowers the case of a word, as with nearly all user names: its identifier
/// class has every visible ASCII character (RFC 8264 §9.11).
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A part of a user name, as `co`, `sw` and `ew` ask for it: mapped like the whole, though it may
/// not be a user name itself, for a blank at its end or half a pair of directions.
fn part_of_user_name(text: &str) -> Option<String> {
    let profile = UsernameCaseMapped::new();
    let mapped = profile
        .width_mapping_rule(text)
        .and_then(|text| profile.case_mapping_rule(text))
        .and_then(|text| profile.normalization_rule(text));
    mapped.ok().map(Cow::into_owned)
}

/// The form in which two values of `attribute` are compared.
#[must_use]
pub fn comparable<'a>(attribute: &Attribute, text: &'a str) -> Cow<'a, str> {
    match attribute.profile {
        Profile::UserName => user_name(text)
            .or_else(|| part_of_user_name(text))
            .map_or_else(|| fold(text), Cow::Owned),
        Profile::Plain if attribute.case_exact => Cow::Borrowed(text),
        Profile::Plain => fold(text),
    }
}

/// The steps to bring a value of `attribute` into that form and to compare it.
#[must_use]
pub fn effort(attribute: &Attribute, text: &str) -> u64 {
    match attribute.profile {
        // PRECIS maps, normalises and looks at each letter again.
        Profile::UserName => 2 * effort::of_text(text),
        Profile::Plain if attribute.case_exact => effort::steps(text.len() / 64 + 1),
        Profile::Plain => effort::of_text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q03_case_and_width_do_not_tell_user_names_apart() {
        for (left, right) in [
            ("Bjensen@Example.com", "bjensen@example.com"),
            ("ÅSA", "åsa"),
            ("ＡＬＩＣＥ", "alice"),
            ("Anna Berg", "anna berg"),
        ] {
            assert_eq!(user_name(left), user_name(right), "{left}");
            assert!(user_name(left).is_some(), "{left}");
        }
    }

    #[test]
    fn q02_composed_and_decomposed_user_names_are_one() {
        assert_eq!(user_name("ame\u{301}lie"), user_name("amélie"));
    }

    #[test]
    fn q04_control_characters_and_stray_blanks_are_forbidden() {
        for odd in ["", " ", "a\u{0}", "a\nb", " a", "a ", "a  b"] {
            assert_eq!(user_name(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn q01_the_profile_only_lowers_the_case_of_plain_words() {
        let ascii: String = ('!'..='~').collect();
        assert!(is_plain(&ascii));
        let prepared = UsernameCaseMapped::enforce(ascii.as_str()).unwrap();
        assert_eq!(user_name(&ascii).unwrap(), prepared);
    }

    #[test]
    fn f29_parts_of_user_names_are_prepared_like_the_whole() {
        let of = crate::Catalogue::standard().resource_type(crate::ResourceKind::User);
        let attribute = of.attribute("userName").unwrap();
        let whole = comparable(attribute, "Ｓtraße Å").into_owned();
        for part in ["Straße ", "ＳＴＲＡ", " å", "A\u{30a}", ""] {
            assert!(whole.contains(&*comparable(attribute, part)), "{part:?}");
        }
    }

    #[test]
    fn q08_every_letter_is_folded_once_and_for_all() {
        // No letter beyond the second plane has a case.
        for letter in '\0'..='\u{1ffff}' {
            let folded = fold(letter.encode_utf8(&mut [0; 4])).into_owned();
            assert_eq!(fold(&folded), folded, "{letter}");
            for case in [
                letter.to_uppercase().collect(),
                letter.to_lowercase().collect::<String>(),
            ] {
                assert_eq!(fold(&case), folded, "{letter}");
            }
        }
    }

    #[test]
    fn q08_folding_goes_beyond_ascii_and_letter_by_letter() {
        assert_eq!(fold("ÄÖÜ"), "äöü");
        assert_eq!(fold("ΣΑΣ"), fold("σας"));
        assert_eq!(fold("STRAẞE"), fold("straße"));
        assert!(fold("Straße").starts_with(&*fold("STRASS")));
    }
}
