//! The PRECIS profiles `UsernameCaseMapped` and `OpaqueString` (RFC 8265 §3.3 and §4.2) with current Unicode data.
//!
//! A text is first mapped as a whole (compose, width, case, compose) and then checked, in the order of RFC 8264 §7.
//! Decomposed names, as macOS directories send them, are therefore valid, although the parts of a decomposed Hangul
//! syllable alone are not allowed.

use std::borrow::Cow;

use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::props::{
    BidiClass, CanonicalCombiningClass, DefaultIgnorableCodePoint, GeneralCategory,
    HangulSyllableType, JoiningType, Script,
};
use icu_properties::{CodePointMapData, CodePointSetData};

const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfc();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();

/// Prepares a word of a user name; `None` if the profile forbids it.
pub(super) fn enforce(word: &str) -> Option<String> {
    let mapped = map(word);
    let letters: Vec<char> = mapped.chars().collect();
    let is_name = has_class(&letters, is_letter_or_digit) && has_one_direction(&letters);
    is_name.then_some(mapped)
}

/// Prepares a password; `None` if the profile forbids it. All space characters become U+0020.
pub(super) fn opaque(text: &str) -> Option<String> {
    let spaced: String = text
        .chars()
        .map(|letter| match category(letter) {
            GeneralCategory::SpaceSeparator => ' ',
            _ => letter,
        })
        .collect();
    let mapped = compose(&spaced).into_owned();
    let letters: Vec<char> = mapped.chars().collect();
    has_class(&letters, is_freeform).then_some(mapped)
}

/// The text in Unicode normal form C.
pub(super) fn compose(text: &str) -> Cow<'_, str> {
    NFC.normalize(text)
}

/// Maps a text like a user name, without checking it.
pub(super) fn map(text: &str) -> String {
    let mapped: String = compose(text)
        .chars()
        .flat_map(narrowed)
        .flat_map(char::to_lowercase)
        .collect();
    NFC.normalize(&mapped).into_owned()
}

/// Maps full-width and half-width forms to their standard characters (RFC 8265 §3.3.2).
fn narrowed(letter: char) -> impl Iterator<Item = char> {
    let is_form = matches!(letter, '\u{3000}' | '\u{ff01}'..='\u{ffee}');
    let compatible = is_form.then(|| NFKC.normalize_iter(std::iter::once(letter)));
    let itself = (!is_form).then_some(letter);
    compatible.into_iter().flatten().chain(itself)
}

/// Whether the text is not empty and all characters belong to a class. `is_member` decides for characters that are not
/// exceptions.
fn has_class(letters: &[char], is_member: fn(char) -> bool) -> bool {
    let mut all = letters.iter().enumerate();
    !letters.is_empty()
        && all.all(|(at, letter)| {
            exception(letters, at, *letter).unwrap_or_else(|| is_member(*letter))
        })
}

/// Whether a character with an exception or a context rule is allowed at its position (RFC 8264 §9, RFC 5892 appendix A);
/// `None` if it has neither.
fn exception(letters: &[char], at: usize, letter: char) -> Option<bool> {
    let before = at.checked_sub(1).and_then(|at| letters.get(at)).copied();
    let after = letters.get(at + 1).copied();
    Some(match letter {
        '!'..='~' | '\u{df}' | '\u{3c2}' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' => true,
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
            false
        }
        '\u{b7}' => before == Some('l') && after == Some('l'),
        '\u{375}' => after.is_some_and(|after| script(after) == Script::Greek),
        '\u{5f3}' | '\u{5f4}' => before.is_some_and(|before| script(before) == Script::Hebrew),
        '\u{30fb}' => letters.iter().any(|letter| {
            matches!(
                script(*letter),
                Script::Hiragana | Script::Katakana | Script::Han
            )
        }),
        '\u{660}'..='\u{669}' => !letters
            .iter()
            .any(|letter| matches!(letter, '\u{6f0}'..='\u{6f9}')),
        '\u{6f0}'..='\u{6f9}' => !letters
            .iter()
            .any(|letter| matches!(letter, '\u{660}'..='\u{669}')),
        '\u{200c}' => is_virama(before) || breaks_a_connection(letters, at),
        '\u{200d}' => is_virama(before),
        _ => return None,
    })
}

fn category(letter: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(letter)
}

/// Whether a character is in the freeform class (RFC 8264 §4.3): visible characters and spaces.
fn is_freeform(letter: char) -> bool {
    use GeneralCategory as Category;
    let is_unseen = matches!(
        category(letter),
        Category::Unassigned
            | Category::Control
            | Category::Format
            | Category::PrivateUse
            | Category::Surrogate
            | Category::LineSeparator
            | Category::ParagraphSeparator
    );
    !is_unseen && !is_old_jamo(letter) && !is_ignorable(letter)
}

/// Whether a character is in the identifier class (RFC 8264 §4.2).
fn is_letter_or_digit(letter: char) -> bool {
    use GeneralCategory as Category;
    let is_listed = matches!(
        category(letter),
        Category::UppercaseLetter
            | Category::LowercaseLetter
            | Category::OtherLetter
            | Category::ModifierLetter
            | Category::DecimalNumber
            | Category::NonspacingMark
            | Category::SpacingMark
    );
    is_listed && !is_old_jamo(letter) && !is_ignorable(letter) && !has_compatible(letter)
}

fn is_old_jamo(letter: char) -> bool {
    matches!(
        CodePointMapData::<HangulSyllableType>::new().get(letter),
        HangulSyllableType::LeadingJamo
            | HangulSyllableType::VowelJamo
            | HangulSyllableType::TrailingJamo
    )
}

fn is_ignorable(letter: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(letter)
}

/// Whether a character has a compatibility equivalent (RFC 8264 §9.17).
fn has_compatible(letter: char) -> bool {
    !NFKC
        .normalize_iter(std::iter::once(letter))
        .eq(std::iter::once(letter))
}

fn script(letter: char) -> Script {
    CodePointMapData::<Script>::new().get(letter)
}

fn is_virama(letter: Option<char>) -> bool {
    let class = CodePointMapData::<CanonicalCombiningClass>::new();
    letter.is_some_and(|letter| class.get(letter) == CanonicalCombiningClass::Virama)
}

/// Whether the characters around a position would be joined without it (RFC 5892 A.1).
fn breaks_a_connection(letters: &[char], at: usize) -> bool {
    let joining = |letter: &char| CodePointMapData::<JoiningType>::new().get(*letter);
    let is_seen = |joining: &JoiningType| *joining != JoiningType::Transparent;
    let (before, from) = letters.split_at(at);
    let before = before.iter().rev().map(joining).find(is_seen);
    let after = from.iter().skip(1).map(joining).find(is_seen);
    matches!(
        before,
        Some(JoiningType::LeftJoining | JoiningType::DualJoining)
    ) && matches!(
        after,
        Some(JoiningType::RightJoining | JoiningType::DualJoining)
    )
}

/// Whether a word has left-to-right text only, or satisfies the Bidi Rule (RFC 5893 §2) for right-to-left text.
fn has_one_direction(letters: &[char]) -> bool {
    use BidiClass as Class;
    let class = |letter: &char| CodePointMapData::<Class>::new().get(*letter);
    let is_strong = |class| matches!(class, Class::RightToLeft | Class::ArabicLetter);
    let has = |wanted: Class| letters.iter().map(class).any(|class| class == wanted);
    if !has(Class::ArabicNumber) && !letters.iter().map(class).any(is_strong) {
        return true;
    }
    let mut ends = letters.iter().rev().map(class);
    let last = ends.find(|class| *class != Class::NonspacingMark);
    letters.first().map(class).is_some_and(is_strong)
        && last.is_some_and(|last| {
            is_strong(last) || matches!(last, Class::EuropeanNumber | Class::ArabicNumber)
        })
        && !(has(Class::EuropeanNumber) && has(Class::ArabicNumber))
        && letters.iter().map(class).all(|class| {
            is_strong(class)
                || matches!(
                    class,
                    Class::ArabicNumber
                        | Class::EuropeanNumber
                        | Class::EuropeanSeparator
                        | Class::CommonSeparator
                        | Class::EuropeanTerminator
                        | Class::OtherNeutral
                        | Class::BoundaryNeutral
                        | Class::NonspacingMark
                )
        })
}
