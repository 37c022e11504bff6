//! The workspace's files as the rules see them: Rust text without comments, strings or tests.

#![expect(
    clippy::string_slice,
    reason = "positions come from searches in the same text"
)]

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

mod imports;
mod strip;

pub(crate) use strip::is_name;
use strip::{below, blank, declared, item_end, strip};
pub(crate) use strip::{closing, item_start};

/// The root folder of the workspace.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A Rust file. All texts keep the file's lines; removed parts become blanks.
pub(crate) struct Source {
    /// The path relative to the root.
    pub(crate) path: String,
    /// The text without comments.
    pub(crate) code: String,
    /// The text without comments, strings and characters.
    pub(crate) bare: String,
    /// The ranges of `#[cfg(test)]` items.
    tests: Vec<Range<usize>>,
    /// The modules declared under `#[cfg(test)]`.
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

    /// The same file without its tests.
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

    /// The number of lines without tests.
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

    /// The positions of a word in the bare text, where it is not part of a longer name.
    pub(crate) fn words<'s>(&'s self, word: &'s str) -> impl Iterator<Item = usize> + 's {
        self.bare
            .match_indices(word)
            .map(|(at, _)| at)
            .filter(|at| !self.bare[..*at].ends_with(is_name))
    }

    /// The lines of the bare text with their positions.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.bare.split_inclusive('\n').scan(0, |at, line| {
            *at += line.len();
            Some((*at - line.len(), line))
        })
    }
}

/// All Rust files, including tests.
pub(crate) fn all() -> &'static [Source] {
    static ALL: OnceLock<Vec<Source>> = OnceLock::new();
    ALL.get_or_init(|| of(&files("rs")))
}

/// The Rust files of the product, without their tests.
pub(crate) fn products() -> &'static [Source] {
    static PRODUCTS: OnceLock<Vec<Source>> = OnceLock::new();
    PRODUCTS.get_or_init(|| products_of(all()))
}

/// Files from their paths and texts.
pub(crate) fn of<P: AsRef<str>, T: AsRef<str>>(files: &[(P, T)]) -> Vec<Source> {
    files
        .iter()
        .map(|(path, text)| Source::read(path.as_ref(), text.as_ref()))
        .collect()
}

/// The files that are part of the product.
pub(crate) fn products_of(all: &[Source]) -> Vec<Source> {
    let tests: Vec<&String> = all.iter().flat_map(|source| &source.test_modules).collect();
    all.iter()
        .filter(|source| !source.path.starts_with("tests/"))
        .filter(|source| {
            let module = source.path.trim_end_matches(".rs");
            !tests.iter().any(|test| {
                module
                    .strip_prefix(test.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
        .map(Source::product)
        .collect()
}

/// The text files with this extension, or all of them, with their paths relative to the root; without files that git
/// ignores.
pub(crate) fn files(extension: &str) -> Vec<(String, String)> {
    files_below(Path::new(ROOT), extension)
}

/// The same for another copy of the repository.
pub(crate) fn files_below(root: &Path, extension: &str) -> Vec<(String, String)> {
    let ignored = fs::read_to_string(root.join(".gitignore")).expect("there is a .gitignore");
    let mut ignored: Vec<&str> = ignored.lines().map(|line| line.trim_matches('/')).collect();
    ignored.push(".git");
    let mut found = Vec::new();
    walk(root, "", &ignored, &mut found);
    found.retain(|path| extension.is_empty() || path.ends_with(&format!(".{extension}")));
    found.sort();
    found
        .into_iter()
        .filter_map(|path| {
            let text = fs::read_to_string(root.join(&path)).ok()?;
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
