//! Comparison of strings: RFC 7643 §2.2 (`caseExact`) and RFC 7644 §5 (user names).
//!
//! Folding maps each character to lower, upper and again lower case, so that `ß`, `ẞ` and `ss`, or the three forms of
//! sigma, are equal. It works character by character, so that folding a part of a text gives the same part of the folded
//! text; `co`, `sw` and `ew` rely on that.

use std::borrow::Cow;

use crate::effort;
use crate::schema::{Attribute, Profile};

mod precis;

/// The text in folded form, which ignores case.
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

/// The unique form of a user name: the PRECIS profile `UsernameCaseMapped` (RFC 8265 §3.3) for each word; words are
/// separated by single spaces (RFC 8265 §3.1). `None` if the profile forbids the text.
#[must_use]
pub fn user_name(text: &str) -> Option<String> {
    let words = text
        .split(' ')
        .map(|word| match is_plain(word) {
            true => Some(fold(word)),
            false => precis::enforce(word).map(Cow::Owned),
        })
        .collect::<Option<Vec<_>>>()?;
    Some(words.join(" "))
}

/// Whether the profile only maps a word to lower case, as for nearly all user names: the identifier class contains all
/// visible ASCII characters (RFC 8264 §9.11).
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The prepared form of a password that RFC 7644 §5 requires: the PRECIS profile `OpaqueString` (RFC 8265 §4.2). `None` if
/// the profile forbids the text.
#[must_use]
pub fn password(text: &str) -> Option<String> {
    precis::opaque(text)
}

/// The unique form of a group's name: composed (NFC), because macOS directories send decomposed names, and folded.
#[must_use]
pub fn group_name(text: &str) -> String {
    fold(&precis::compose(text)).into_owned()
}

/// The form in which two values of `attribute` are compared.
#[must_use]
pub fn comparable<'a>(attribute: &Attribute, text: &'a str) -> Cow<'a, str> {
    match attribute.profile {
        // A part of a name in `co`, `sw` and `ew` may not be a valid name itself, because it ends with a space or breaks
        // the Bidi Rule.
        Profile::UserName => Cow::Owned(user_name(text).unwrap_or_else(|| precis::map(text))),
        Profile::Composed => Cow::Owned(group_name(text)),
        Profile::Plain if attribute.case_exact => Cow::Borrowed(text),
        Profile::Plain => fold(text),
    }
}

/// The steps to convert a value of `attribute` to its comparable form and to compare it.
#[must_use]
pub fn effort(attribute: &Attribute, text: &str) -> u64 {
    match attribute.profile {
        // PRECIS maps, normalizes and then checks each character.
        Profile::UserName | Profile::Composed => 2 * effort::of_text(text),
        Profile::Plain if attribute.case_exact => effort::steps(text.len() / 64 + 1),
        Profile::Plain => effort::of_text(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q03_user_names_ignore_case_and_width() {
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
    fn q02_composed_and_decomposed_user_names_are_equal() {
        for (decomposed, composed) in [
            ("ame\u{301}lie", "amélie"),
            ("Nguye\u{302}\u{303}n", "nguyễn"),
            (
                "\u{1100}\u{1175}\u{11b7}\u{110e}\u{1165}\u{11af}\u{1109}\u{116e}",
                "김철수",
            ),
            ("\u{304b}\u{3099}", "が"),
            ("\u{212b}", "å"),
            ("I\u{307}", "i\u{307}"),
        ] {
            assert_eq!(user_name(decomposed).as_deref(), Some(composed));
            assert_eq!(group_name(decomposed), group_name(composed));
        }
        assert_eq!(user_name("ｶﾞ"), user_name("ガ"));
        assert_eq!(user_name("\u{1100}"), None, "a letter of a syllable alone");
        assert_eq!(group_name("Su\u{308}d"), "süd");
        assert_eq!(group_name("ＳÜＤ"), "ｓüｄ", "width is kept");
    }

    #[test]
    fn q01_characters_added_after_2013_are_allowed() {
        for (name, form) in [
            ("𞤀𞤣𞤤𞤢𞤥", "𞤢𞤣𞤤𞤢𞤥"),
            ("ᏣᎳᎩ", "ꮳꮃꭹ"),
            ("𐓏𐓘𐓻𐓘𐓻𐓟", "𐓷𐓘𐓻𐓘𐓻𐓟"),
            ("𐴀𐴝", "𐴀𐴝"),
            ("\u{9fcd}\u{2b820}", "\u{9fcd}\u{2b820}"),
            ("𬎼", "𬎼"),
        ] {
            assert_eq!(user_name(name).as_deref(), Some(form), "{name}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn q01_the_identifier_class_and_its_contexts() {
        for name in [
            "müller",
            "ßeta",
            "ς",
            "gal·la",
            "GAL·LA",
            "א״ב",
            "α",
            "͵α",
            "ア・イ",
            "ب٣",
            "۳",
            "بٌ",
            "מֹשֶׁה",
            "מֹשֶׁה7",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "क्\u{200c}ष",
            "〇",
            "김",
            "Ⴀ",
            "ʻokina",
        ] {
            assert!(user_name(name).is_some(), "{name}");
        }
        for odd in [
            "a·b",
            "·",
            "״",
            "a״",
            "͵",
            "͵a",
            "a・b",
            "٣۳",
            "a٣",
            "ـ",
            "〱",
            "a\u{200c}b",
            "a\u{200d}b",
            "\u{200d}",
            "ｱ\u{3000}",
            "①",
            "ﬁ",
            "ª",
            "²",
            "Ⅷ",
            "…",
            "’",
            "€",
            "😀",
            "\u{feff}",
            "\u{ad}",
            "\u{fe0f}",
            "\u{115f}",
            "\u{e000}",
            "\u{378}",
            "aא",
            "אa",
            "-א",
            "א-",
            "א٣7",
            "\u{2028}",
            "\u{85}",
        ] {
            assert_eq!(user_name(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn q04_control_characters_and_misplaced_blanks_are_forbidden() {
        for odd in ["", " ", "a\u{0}", "a\nb", " a", "a ", "a  b"] {
            assert_eq!(user_name(odd), None, "{odd:?}");
        }
    }

    #[test]
    fn q01_plain_words_are_only_mapped_to_lower_case() {
        let ascii: String = ('!'..='~').collect();
        assert!(is_plain(&ascii));
        let prepared = precis::enforce(&ascii).unwrap();
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
    fn q08_folding_is_idempotent_for_every_character() {
        // No character beyond the second plane has case.
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
    fn q08_folding_covers_unicode_character_by_character() {
        assert_eq!(fold("ÄÖÜ"), "äöü");
        assert_eq!(fold("ΣΑΣ"), fold("σας"));
        assert_eq!(fold("STRAẞE"), fold("straße"));
        assert!(fold("Straße").starts_with(&*fold("STRASS")));
    }
}
