//! The files of the workspace as the rules see them: Rust text without comments, strings or tests.

#![expect(
    clippy::string_slice,
    reason = "positions come from searches in the same text"
)]

use std::fs;
use std::ops::Range;
use std::path::Path;

/// The workspace's root.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A Rust file. All texts have the lines of the file; what is left out became blanks.
pub(crate) struct Source {
    /// The path below the root.
    pub(crate) path: String,
    /// Without comments.
    pub(crate) code: String,
    /// Without comments, strings and characters.
    pub(crate) bare: String,
    /// Where `#[cfg(test)]` items stand.
    tests: Vec<Range<usize>>,
    /// The modules that are declared under `#[cfg(test)]`.
    test_modules: Vec<String>,
}

impl Source {
    fn read(path: &str, text: &str) -> Self {
        let (code, bare) = strip(text);
        let mut source = Self {
            path: path.to_owned(),
            code,
            bare,
            tests: Vec::new(),
            test_modules: Vec::new(),
        };
        let mut from = 0;
        while let Some(at) = source.bare[from..].find("#[cfg(test)]") {
            let start = from + at;
            let head = item_start(&source.bare, start);
            let end = item_end(&source.bare, head);
            if let Some(name) = declared(&source.bare[head..end]) {
                source.test_modules.push(below(path, name));
            }
            source.tests.push(start..end);
            from = end;
        }
        source
    }

    /// The same without its tests.
    pub(crate) fn product(&self) -> Self {
        let mut product = Self {
            path: self.path.clone(),
            code: self.code.clone(),
            bare: self.bare.clone(),
            tests: self.tests.clone(),
            test_modules: Vec::new(),
        };
        for range in &self.tests {
            for text in [&mut product.code, &mut product.bare] {
                let blank = blank(&text[range.clone()]);
                text.replace_range(range.clone(), &blank);
            }
        }
        product
    }

    /// How many lines there are besides the tests.
    pub(crate) fn length(&self) -> usize {
        let tests: usize = self
            .tests
            .iter()
            .map(|range| self.bare[range.clone()].lines().count())
            .sum();
        self.bare.lines().count() - tests
    }

    /// `path:line` of a position.
    pub(crate) fn place(&self, at: usize) -> String {
        format!(
            "{}:{}",
            self.path,
            self.bare[..at].matches('\n').count() + 1
        )
    }

    /// Where a word begins in the bare text: not inside a longer name.
    pub(crate) fn words<'s>(&'s self, word: &'s str) -> impl Iterator<Item = usize> + 's {
        self.bare
            .match_indices(word)
            .map(|(at, _)| at)
            .filter(|at| !self.bare[..*at].ends_with(is_name))
    }

    /// The lines of the bare text with the position of their beginning.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.bare.split_inclusive('\n').scan(0, |at, line| {
            *at += line.len();
            Some((*at - line.len(), line))
        })
    }
}

/// All Rust files; those of tests too.
pub(crate) fn all() -> Vec<Source> {
    files("rs")
        .iter()
        .map(|(path, text)| Source::read(path, text))
        .collect()
}

/// The Rust files that end up in the product, without their tests.
pub(crate) fn products() -> Vec<Source> {
    let all = all();
    let tests: Vec<String> = all
        .iter()
        .flat_map(|source| source.test_modules.clone())
        .collect();
    all.iter()
        .filter(|source| !source.path.starts_with("tests/"))
        .filter(|source| {
            let module = source.path.trim_end_matches(".rs");
            !tests.iter().any(|test| {
                module
                    .strip_prefix(test)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
        .map(Source::product)
        .collect()
}

/// The text files whose name ends in `.extension`, or all of them, with their paths below the root. What
/// git ignores is left out.
pub(crate) fn files(extension: &str) -> Vec<(String, String)> {
    let ignored = fs::read_to_string(format!("{ROOT}/.gitignore")).expect("there is a .gitignore");
    let mut ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).collect();
    ignored.push(".git");
    let mut found = Vec::new();
    walk(Path::new(ROOT), "", &ignored, &mut found);
    found.retain(|path| extension.is_empty() || path.ends_with(&format!(".{extension}")));
    found.sort();
    found
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(format!("{ROOT}/{path}")).ok()?;
            Some((path, text))
        })
        .collect()
}

fn walk(folder: &Path, prefix: &str, ignored: &[&str], found: &mut Vec<String>) {
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let entry = entry.expect("a folder's entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if ignored.contains(&path.as_str()) {
            continue;
        }
        match entry.file_type().expect("a file's type").is_dir() {
            true => walk(&entry.path(), &format!("{path}/"), ignored, found),
            false => found.push(path),
        }
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn blank(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte == b'\n' { '\n' } else { ' ' })
        .collect()
}

/// The text without comments, and without comments, strings and characters.
fn strip(text: &str) -> (String, String) {
    let (mut code, mut bare) = (String::new(), String::new());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let before = &text[..at];
        let piece = if rest.starts_with("//") {
            Piece::Comment(rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            Piece::Comment(block_comment(rest))
        } else if let Some(length) = raw_string(before, rest) {
            Piece::Text(length)
        } else if rest.starts_with('"') {
            Piece::Text(quoted(rest, '"'))
        } else if let Some(length) = character(rest) {
            Piece::Text(length)
        } else {
            Piece::Code(rest.chars().next().map_or(1, char::len_utf8))
        };
        let (Piece::Comment(length) | Piece::Text(length) | Piece::Code(length)) = piece;
        let given = &rest[..length];
        code.push_str(&if matches!(piece, Piece::Comment(_)) {
            blank(given)
        } else {
            given.to_owned()
        });
        bare.push_str(&if matches!(piece, Piece::Code(_)) {
            given.to_owned()
        } else {
            blank(given)
        });
        at += length;
    }
    (code, bare)
}

enum Piece {
    Comment(usize),
    Text(usize),
    Code(usize),
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        let (step, change) = match here {
            [b'/', b'*', ..] => (2, 1),
            [b'*', b'/', ..] => (2, -1),
            _ => (1, 0),
        };
        at += step;
        depth += change;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn raw_string(before: &str, rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('r')?;
    let hashes = inner.len() - inner.trim_start_matches('#').len();
    let is_start = !before.trim_end_matches('b').ends_with(is_name);
    if !is_start || !inner[hashes..].starts_with('"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    let body = 1 + hashes + 1;
    Some(
        rest[body..]
            .find(&end)
            .map_or(rest.len(), |at| body + at + end.len()),
    )
}

fn quoted(rest: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a character literal; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let mut chars = rest.strip_prefix('\'')?.chars();
    match (chars.next()?, chars.next()) {
        ('\\', _) => Some(quoted(rest, '\'')),
        (c, Some('\'')) => Some(2 + c.len_utf8()),
        _ => None,
    }
}

/// Where the item under attributes begins.
pub(crate) fn item_start(bare: &str, attribute: usize) -> usize {
    let mut at = attribute;
    loop {
        at += bare[at..].len() - bare[at..].trim_start().len();
        if !bare[at..].starts_with("#[") {
            return at;
        }
        at = closing(bare, at + 1);
    }
}

fn item_end(bare: &str, item: usize) -> usize {
    match bare[item..].find([';', '{']).map(|at| item + at) {
        Some(at) if bare[at..].starts_with('{') => closing(bare, at),
        Some(at) => at + 1,
        None => bare.len(),
    }
}

/// Behind the bracket that closes the one at a position.
pub(crate) fn closing(bare: &str, open: usize) -> usize {
    let mut depth = 0;
    for (at, c) in bare[open..].char_indices() {
        match c {
            '{' | '[' | '(' => depth += 1,
            '}' | ']' | ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return open + at + c.len_utf8();
        }
    }
    bare.len()
}

/// The name in `mod name;`.
fn declared(item: &str) -> Option<&str> {
    let (_, name) = item.strip_suffix(';')?.rsplit_once("mod ")?;
    Some(name.trim())
}

/// The path, without `.rs`, of a module that a file declares.
fn below(path: &str, name: &str) -> String {
    let stem = path.trim_end_matches(".rs");
    match stem.rsplit_once('/') {
        Some((folder, "lib" | "main")) => format!("{folder}/{name}"),
        _ => format!("{stem}/{name}"),
    }
}

#[test]
fn comments_strings_and_tests_are_left_out_and_lines_stay() {
    let source = Source::read(
        "a/b.rs",
        "let a = \"x // y\"; // let b\n/* c /* d */\ne */ let f = r#\"{\"\"#; let g: &'a u8 = '{';\n#[cfg(test)]\nmod h;\n#[cfg(test)]\n#[rustfmt::skip]\nmod i {\n    fn j() {}\n}\nlet k;\n",
    );
    assert_eq!(source.bare.len(), source.code.len());
    assert!(source.code.contains("x // y") && !source.code.contains("let b"));
    assert!(!source.bare.contains("x // y") && !source.bare.contains("'{'"));
    assert!(source.bare.contains("let g: &'a u8"));
    assert_eq!(source.test_modules, ["a/b/h"]);
    let product = source.product();
    assert!(!product.bare.contains("fn j") && product.bare.contains("let k;"));
    assert_eq!(
        product.place(product.bare.find("let k").unwrap()),
        "a/b.rs:11"
    );
    assert_eq!(source.length(), 4);
}
