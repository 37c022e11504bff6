//! Figures that say how easily a stranger finds the way, in this repository or in another copy of it:
//!
//! ```sh
//! cargo test -p e2e house::figures -- --nocapture
//! MUSTER_TEST_TREE=FOLDER cargo test -p e2e house::figures -- --nocapture
//! ```

#![expect(
    clippy::print_stdout,
    reason = "the figures are printed for whoever asks"
)]

use std::collections::BTreeMap;

use super::circles::circles;
use super::must_be_none;
use super::pages::looked_up;
use super::source::{self, Source, closing};
use crate::support::target;

/// The places where each type is defined.
fn types(sources: &[Source]) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources {
        for word in ["struct ", "enum ", "trait ", "union "] {
            for at in source.words(word) {
                let rest = &source.bare[at + word.len()..];
                let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                let name = &rest[..end.unwrap_or(rest.len())];
                if name.starts_with(char::is_uppercase) {
                    found
                        .entry(name.to_owned())
                        .or_default()
                        .push(source.place(at));
                }
            }
        }
    }
    found
}

/// The type names that are defined more than once.
fn shared_names(sources: &[Source]) -> Vec<String> {
    let several = types(sources).into_iter().filter(|(_, at)| at.len() > 1);
    several
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect()
}

/// The functions whose body has more than `most` lines, with their lines.
fn long_functions(sources: &[Source], most: usize) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for at in source.words("fn ") {
            let Some(body) = body(source, at) else {
                continue;
            };
            let lines = source.code[body].lines();
            let lines = lines.filter(|line| !line.trim().is_empty()).count();
            if lines > most {
                let name = source.bare[at..]
                    .split(['(', '<'])
                    .next()
                    .unwrap_or_default();
                found.push(format!("{}: {name}, {lines} lines", source.place(at)));
            }
        }
    }
    found
}

/// The range between a function's braces.
fn body(source: &Source, function: usize) -> Option<std::ops::Range<usize>> {
    let mut at = function;
    loop {
        at += source.bare[at..].find(['(', '[', '{', ';'])?;
        let end = closing(&source.bare, at);
        match &source.bare[at..=at] {
            ";" => return None,
            "{" => return Some(at + 1..end - 1),
            _ => at = end,
        }
    }
}

/// The lines of each crate's product code: code, comments and empty lines, without tests.
fn lines(sources: &[Source]) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for source in sources {
        if let Some((folder, _)) = source.path.split_once("/src/") {
            *found.entry(folder.to_owned()).or_default() += source.length();
        }
    }
    found
}

#[test]
fn figures_of_the_repository() {
    let tree = target::tree();
    let all = match &tree {
        Some(tree) => source::of(&source::files_below(tree, "rs")),
        None => Vec::new(),
    };
    let products = match &tree {
        Some(_) => &source::products_of(&all),
        None => source::products(),
    };
    let circles: Vec<String> = circles(products)
        .iter()
        .map(|circle| format!("{}: {}", circle.place, circle.members.join(" ")))
        .collect();
    let lists = [
        ("type names defined more than once", shared_names(products)),
        ("circles of modules", circles),
        ("functions over 40 lines", long_functions(products, 40)),
    ];
    for (what, list) in &lists {
        println!("{}\n  {}", what, list.join("\n  "));
    }
    println!();
    for (what, list) in &lists {
        println!("{:6} {what}", list.len());
    }
    println!(
        "{:6} look-ups of JSON by name in pages",
        looked_up(products).len()
    );
    let lines = lines(products);
    for (folder, lines) in &lines {
        println!("{lines:6} lines in {folder}");
    }
    println!("{:6} lines in all", lines.values().sum::<usize>());
    assert!(lines["shared/core"] > 1_000, "{lines:?}");
}

#[test]
fn each_type_name_is_defined_once_in_the_workspace() {
    must_be_none(
        &shared_names(source::products()),
        "name one of them after what only it is; a name twice is two things to a reader",
    );
}

#[test]
fn figures_count_what_they_say() {
    let long = format!(
        "struct A;\nfn long<T>(x: [u8; 2]) -> T {{\n{}}}\n",
        "    a();\n\n".repeat(41)
    );
    let sources = source::products_of(&source::of(&[
        ("shared/a/src/lib.rs", long.as_str()),
        (
            "shared/a/src/b.rs",
            "pub enum A {}\nenum B {}\nfn short() {\n// a\n}\n#[cfg(test)]\nmod tests {\n    struct B;\n}\n",
        ),
        ("shared/service/src/d.rs", "fn d() { value[\"a\"]; }\n"),
    ]));
    assert_eq!(
        shared_names(&sources),
        ["A: shared/a/src/lib.rs:1, shared/a/src/b.rs:1"]
    );
    assert_eq!(
        long_functions(&sources, 40),
        ["shared/a/src/lib.rs:2: fn long, 41 lines"]
    );
    let lines = lines(&sources);
    assert_eq!((lines["shared/a"], lines["shared/service"]), (90, 1));
}
