//! Calls of methods: a type may have `impl` blocks in several modules, and `self.method(` names none of them.
//!
//! The type of a receiver is known when it is `self`, a variable or parameter whose declaration names the type or calls a
//! method that returns `Self`, or a name that is the type's own in snake case. A method whose name only one type of the
//! crate has is known without its receiver.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::graph::Path;
use crate::house::source::{Source, closing};

/// Names of two words that types of the standard library have, too.
const STANDARD: [&str; 15] = [
    "as_bytes",
    "as_mut",
    "as_ref",
    "as_slice",
    "as_str",
    "ends_with",
    "into_iter",
    "is_empty",
    "is_err",
    "is_none",
    "is_ok",
    "is_some",
    "starts_with",
    "to_owned",
    "to_string",
];

/// A block of methods.
pub(crate) struct Block {
    of: String,
    body: Range<usize>,
    is_of_a_trait: bool,
}

impl Block {
    /// Whether this is a block of a type, around a position.
    pub(crate) fn holds(&self, of: &str, at: usize) -> bool {
        self.of == of && self.body.contains(&at)
    }
}

/// The inherent methods of a crate.
#[derive(Default)]
struct Methods {
    /// The modules of each type's methods.
    homes: BTreeMap<(String, String), BTreeSet<Path>>,
    /// The methods that return `Self`.
    same: BTreeSet<(String, String)>,
    /// The types with a method of this name.
    owners: BTreeMap<String, BTreeSet<String>>,
    /// The names of the methods of traits.
    of_traits: BTreeSet<String>,
}

/// Which module calls a method of which other module, with the line.
pub(super) fn calls(modules: &[(Path, &Source)]) -> Vec<(Path, Path, String)> {
    let methods = Methods::of(modules);
    let mut found = Vec::new();
    for (module, source) in modules {
        let blocks = blocks(&source.bare);
        for (dot, _) in source.bare.match_indices('.') {
            let Some(name) = called(&source.bare[dot + 1..]) else {
                continue;
            };
            let call = Call {
                bare: &source.bare,
                blocks: &blocks,
                methods: &methods,
            };
            let Some(of) = call.owner(dot, name) else {
                continue;
            };
            // A method with several modules is defined under conditions.
            if let Some([home]) = methods.homes_of(&of, name).as_deref() {
                let line = format!("{}: {of}::{name}", source.place(dot));
                found.push((module.clone(), home.clone(), line));
            }
        }
    }
    found
}

/// The name in `name(` or `name::<T>(`.
fn called(text: &str) -> Option<&str> {
    let name = leading_name(text);
    let rest = &text[name.len()..];
    (!name.is_empty() && (rest.starts_with('(') || rest.starts_with("::<"))).then_some(name)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn leading_name(text: &str) -> &str {
    let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
    &text[..end]
}

fn last_name(text: &str) -> &str {
    let start = text.rfind(|c: char| !is_name(c));
    let start = start.map_or(0, |at| {
        at + text[at..].chars().next().map_or(0, char::len_utf8)
    });
    &text[start..]
}

/// The text after the generic parameters at its start.
fn after_generics(text: &str) -> &str {
    if !text.starts_with('<') {
        return text;
    }
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '<' => depth += 1,
            '>' if !text[..at].ends_with('-') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &text[at + 1..];
        }
    }
    ""
}

/// The first name of a type behind references, lifetimes and paths.
fn type_name(text: &str) -> &str {
    let mut text = text.trim_start();
    loop {
        let name = leading_name(text);
        let rest = &text[name.len()..];
        text = if let Some(rest) = text.strip_prefix('&') {
            rest
        } else if let Some(rest) = text.strip_prefix('\'') {
            rest.trim_start_matches(is_name)
        } else if ["mut", "dyn", "impl"].contains(&name) {
            rest
        } else if let Some(rest) = rest.strip_prefix("::").filter(|_| !name.is_empty()) {
            rest
        } else {
            return name;
        }
        .trim_start();
    }
}

/// The `impl` blocks of a file, and the traits that it defines.
pub(crate) fn blocks(bare: &str) -> Vec<Block> {
    let mut found = Vec::new();
    for word in ["impl", "trait "] {
        for (at, _) in bare.match_indices(word) {
            let line = bare[..at].rsplit('\n').next().unwrap_or_default().trim();
            let is_item = ["", "unsafe", "pub", "pub(crate)", "pub(super)"].contains(&line);
            let rest = &bare[at + word.len()..];
            if !is_item || rest.starts_with(is_name) != (word == "trait ") {
                continue;
            }
            let Some(open) = rest.find('{') else {
                continue;
            };
            let head = after_generics(&rest[..open]);
            let (is_of_a_trait, of) = match head.split_once(" for ") {
                Some((_, of)) if word == "impl" => (true, of),
                _ => (word == "trait ", head),
            };
            let start = at + word.len() + open;
            found.push(Block {
                of: type_name(of).to_owned(),
                body: start..closing(bare, start),
                is_of_a_trait,
            });
        }
    }
    found
}

impl Methods {
    fn of(modules: &[(Path, &Source)]) -> Self {
        let mut methods = Self::default();
        for (module, source) in modules {
            for block in blocks(&source.bare) {
                let body = &source.bare[block.body.clone()];
                for function in source.words("fn ").filter(|at| block.body.contains(at)) {
                    let head = &body[function + "fn ".len() - block.body.start..];
                    let name = leading_name(head).to_owned();
                    if block.is_of_a_trait {
                        methods.of_traits.insert(name);
                        continue;
                    }
                    let head = &head[..head.find('{').unwrap_or(head.len())];
                    let key = (block.of.clone(), name.clone());
                    if head
                        .rsplit_once("->")
                        .is_some_and(|(_, given)| type_name(given) == "Self")
                    {
                        methods.same.insert(key.clone());
                    }
                    methods.homes.entry(key).or_default().insert(module.clone());
                    let owners = methods.owners.entry(name).or_default();
                    owners.insert(block.of.clone());
                }
            }
        }
        methods
    }

    fn has(&self, of: &str, name: &str) -> bool {
        self.homes.contains_key(&(of.to_owned(), name.to_owned()))
    }

    fn homes_of(&self, of: &str, name: &str) -> Option<Vec<Path>> {
        let homes = self.homes.get(&(of.to_owned(), name.to_owned()))?;
        Some(homes.iter().cloned().collect())
    }

    /// The only type with a method of this name.
    fn only_owner(&self, name: &str) -> Option<&String> {
        let owners = self.owners.get(name)?;
        let is_known = owners.len() == 1 && !self.of_traits.contains(name);
        owners.first().filter(|_| is_known)
    }
}

/// The surroundings of a call.
struct Call<'c> {
    bare: &'c str,
    blocks: &'c [Block],
    methods: &'c Methods,
}

impl Call<'_> {
    /// The type with the method that is called after a dot.
    fn owner(&self, dot: usize, name: &str) -> Option<String> {
        if !self.methods.owners.contains_key(name) {
            return None;
        }
        let receiver = self.receiver(self.bare[..dot].trim_end(), 0);
        let known = receiver.filter(|of| self.methods.has(of, name));
        known.or_else(|| {
            let is_telling = name.contains('_') && !STANDARD.contains(&name);
            let only = self.methods.only_owner(name)?;
            let receiver = last_name(self.bare[..dot].trim_end());
            (is_telling || receiver == snake(only)).then(|| only.clone())
        })
    }

    /// The type of the expression at the end of a text.
    fn receiver(&self, text: &str, depth: usize) -> Option<String> {
        // A variable may shadow itself: `let a = a.b();`.
        if depth > 8 {
            return None;
        }
        let text = text.trim_end_matches('?').trim_end();
        let text = text.strip_suffix(".await").unwrap_or(text).trim_end();
        if text.ends_with(')') {
            let function = text[..opening(text)?].trim_end();
            let method = last_name(function);
            let before = function[..function.len() - method.len()].strip_suffix('.')?;
            let of = self.receiver(before.trim_end(), depth + 1)?;
            let key = (of, method.to_owned());
            return self.methods.same.contains(&key).then_some(key.0);
        }
        let name = last_name(text);
        let is_whole = !text[..text.len() - name.len()].ends_with('.');
        match name {
            "self" if is_whole => self.enclosing(text.len()),
            name if is_whole => self.declared(text.len() - name.len(), name, depth),
            _ => None,
        }
    }

    fn enclosing(&self, at: usize) -> Option<String> {
        let mut blocks = self.blocks.iter();
        let block = blocks.find(|block| block.body.contains(&at))?;
        Some(block.of.clone())
    }

    /// The type of a variable or a parameter, from the nearest declaration before in the same function.
    fn declared(&self, at: usize, name: &str, depth: usize) -> Option<String> {
        let from = self.bare[..at].rfind("fn ")?;
        let function = &self.bare[from..at];
        let (start, _) = function
            .rmatch_indices(name)
            .filter(|(start, _)| !function[..*start].ends_with(|c| is_name(c) || c == '.'))
            .find(|(start, _)| {
                let rest = function[start + name.len()..].trim_start();
                let is_typed = rest.starts_with(':') && !rest.starts_with("::");
                is_typed || (rest.starts_with("= ") && function[..*start].ends_with("let "))
            })?;
        let rest = function[start + name.len()..].trim_start();
        if let Some(given) = rest.strip_prefix(':') {
            return Some(type_name(given).to_owned());
        }
        let end = from + start + function[start..].find(';')?;
        self.receiver(&self.bare[..end], depth + 1)
    }
}

/// The position of the bracket that the last one closes.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices().rev() {
        match c {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::house::source;

    const DEFINED: &str = "impl Cat {
        fn purr(&self) {}
        fn twin(&self) -> Self {}
        fn catch_mouse(&self) {}
        fn is_empty(&self) {}
        fn run(&self) {}
    }
    impl<'a, T: Fn() -> u8> Dog<'a, T> { fn run(&self) {} }
    impl Runs for Cat { fn walk(&self) {} }
    impl Bird { fn walk(&self) {} }\n";

    /// The calls of `a` to methods of `b`.
    fn seen(code: &str) -> Vec<String> {
        let files = [("b.rs", DEFINED), ("a.rs", code)];
        let sources = source::of(&files);
        let modules: Vec<_> = sources
            .iter()
            .map(|source| (vec![source.path.trim_end_matches(".rs").to_owned()], source))
            .collect();
        let calls = calls(&modules).into_iter();
        calls
            .filter(|(user, ..)| *user == ["a"])
            .map(|(_, _, line)| line.rsplit(": ").next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn the_method_of_a_receiver_with_a_known_type_is_found() {
        for code in [
            "impl Cat { fn f(&self) { self.purr(); } }",
            "impl Sits for Cat { fn f(&self) { self.purr() } }",
            "impl Cat { fn f(&self) { self.twin()\n    .purr(); } }",
            "impl Cat { fn f(&self) { let other = self.twin(); other.purr(); } }",
            "fn f(tom: &mut super::Cat) { tom.purr(); }",
            "fn f() { house.cat.purr(); }",
        ] {
            assert!(seen(code).contains(&"Cat::purr".to_owned()), "{code}");
        }
        assert_eq!(
            seen("fn f() { any().catch_mouse(); }"),
            ["Cat::catch_mouse"]
        );
        assert_eq!(seen("fn f(rex: &Dog<'_, u8>) { rex.run(); }"), ["Dog::run"]);
    }

    #[test]
    fn a_name_that_tells_no_type_is_passed_over() {
        for code in [
            "fn f() { any().purr(); any().is_empty(); x.run(); x.walk(); }",
            "impl Fox { fn f(&self) { self.purr(); } }",
            "fn f() { cat.purr; purr(); Cat::purr(); }",
            "impl Cat { fn f(&self) { self.den.purr(); } }",
        ] {
            assert_eq!(seen(code), [""; 0], "{code}");
        }
    }
}
