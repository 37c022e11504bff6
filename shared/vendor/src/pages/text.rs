//! Texts on pages.

use maud::{Markup, html};

/// A user's text, isolated so that its writing direction does not affect its surroundings.
pub(crate) fn isolated(text: &str) -> Markup {
    html! { bdi { (text) } }
}

/// Turns an error detail into a sentence: capitalised, and with a full stop.
pub(crate) fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let text: String = first.chain(letters).collect();
    match text.ends_with(['.', '!', '?']) {
        true => text,
        false => text + ".",
    }
}

/// An error detail as a sentence, with code in backticks marked up.
pub(crate) fn sentence_markup(detail: &str) -> Markup {
    let sentence = sentence(detail);
    html! {
        @for (at, part) in sentence.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
