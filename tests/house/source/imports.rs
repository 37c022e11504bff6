//! The names that `use` lines import.

use super::Source;

/// An imported name.
pub(crate) struct Import {
    /// The position of the `use` line.
    pub(crate) at: usize,
    /// The whole path, which may end in `*`.
    pub(crate) path: Vec<String>,
    /// The name that it has here.
    pub(crate) name: String,
}

impl Source {
    /// The imports of a file, each with its whole path.
    pub(crate) fn imports(&self) -> Vec<Import> {
        let mut found = Vec::new();
        for at in self.words("use ") {
            let from = at + "use ".len();
            let Some(length) = self.bare[from..].find(';') else {
                continue;
            };
            let mut leaves = Vec::new();
            tree(&self.bare[from..from + length], &[], &mut leaves);
            let leaves = leaves.into_iter();
            found.extend(leaves.map(|(path, name)| Import { at, path, name }));
        }
        found
    }
}

/// The paths of a `use` tree, each with the name that it introduces.
fn tree(text: &str, before: &[String], leaves: &mut Vec<(Vec<String>, String)>) {
    let text = text.trim();
    let (path, inner) = match text.split_once('{') {
        Some((path, inner)) => (path, inner.rsplit_once('}').map(|(inner, _)| inner)),
        None => (text, None),
    };
    let (path, alias) = match path.split_once(" as ") {
        Some((path, alias)) => (path, Some(alias.trim())),
        None => (path, None),
    };
    let mut whole = before.to_vec();
    let parts = path
        .split("::")
        .map(str::trim)
        .filter(|part| !part.is_empty());
    whole.extend(parts.map(str::to_owned));
    if let Some(inner) = inner {
        for part in split(inner) {
            tree(part, &whole, leaves);
        }
        return;
    }
    if whole.len() > 1 {
        // `a::{self}` means `a`.
        whole.pop_if(|last| last == "self");
    }
    if let Some(last) = whole.last() {
        let name = alias.unwrap_or(last).to_owned();
        leaves.push((whole, name));
    }
}

/// Splits at commas outside of braces.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[test]
fn use_trees_are_read_whole() {
    let mut leaves = Vec::new();
    tree("a::{self, b::{C as D, *}, e}", &[], &mut leaves);
    let leaves: Vec<(String, &str)> = leaves
        .iter()
        .map(|(path, name)| (path.join("::"), name.as_str()))
        .collect();
    let expected = [
        ("a", "a"),
        ("a::b::C", "D"),
        ("a::b::*", "*"),
        ("a::e", "e"),
    ];
    assert_eq!(leaves, expected.map(|(path, name)| (path.to_owned(), name)));
}
