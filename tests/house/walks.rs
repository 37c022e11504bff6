//! The walks through the code in `.github/CONTRIBUTING.md` name files and functions that exist, in the order in which
//! they call each other.

use std::collections::{BTreeMap, BTreeSet};

use super::circles::blocks;
use super::documents::text;
use super::must_be_none;
use super::source::{Source, closing, products};

const PAGE: &str = ".github/CONTRIBUTING.md";
/// Functions that the caller finds in a table, so no text shows the call.
const FROM_TABLES: [&str; 1] = ["turn_on"];

/// A function on a walk: its file, and its name with or without its type.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Step {
    file: String,
    of: Option<String>,
    name: String,
}

/// A function on a walk, as defined.
struct Stop<'s> {
    step: Step,
    body: &'s str,
    /// The place of the last call on the walk in its body.
    told: usize,
}

/// The steps of each walk, by the walk's title, and what is wrong with their form.
fn walks(page: &str, sources: &[Source]) -> (Vec<(String, Vec<Step>)>, Vec<String>) {
    let (_, from) = page
        .split_once("\n## Three walks")
        .expect("there are walks");
    let part = from.split("\n## ").next().unwrap_or_default();
    let mut broken = Vec::new();
    let walk = |section: &str| {
        let (title, section) = section.split_once('\n').unwrap_or_default();
        let numbered = section.lines().skip_while(|line| !line.starts_with("1. "));
        let numbered = numbered.take_while(|line| !line.is_empty());
        let told = numbered.collect::<Vec<_>>().join(" ");
        (title.to_owned(), steps(&told, sources, &mut broken))
    };
    let found = part.split("\n### ").skip(1).map(walk).collect();
    (found, broken)
}

/// The functions in a text, each in the file of the link before it.
fn steps(told: &str, sources: &[Source], broken: &mut Vec<String>) -> Vec<Step> {
    let (mut file, mut found) = (String::new(), Vec::new());
    let mut parts = told.split('`');
    let mut before = parts.next().unwrap_or_default();
    while let (Some(code), Some(after)) = (parts.next(), parts.next()) {
        if let Some(target) = after.strip_prefix("](").filter(|_| before.ends_with('[')) {
            let target = target.split(')').next().unwrap_or_default();
            file = target.trim_start_matches("../").to_owned();
            if !file.ends_with(code) {
                broken.push(format!("{PAGE}: `{code}` leads to {file}"));
            }
        } else if let Some(called) = code.strip_suffix("()") {
            let (of, name) = match called.split_once("::") {
                Some((of, name)) => (Some(of.to_owned()), name),
                None => (None, called),
            };
            found.push(Step {
                file: file.clone(),
                of,
                name: name.to_owned(),
            });
        } else if definition(sources, &file, None, code).is_some() {
            broken.push(format!(
                "{PAGE}: write `{code}()` for the function in {file}"
            ));
        }
        before = after;
    }
    found
}

/// The body of a function.
fn definition<'s>(
    sources: &'s [Source],
    file: &str,
    of: Option<&str>,
    name: &str,
) -> Option<&'s str> {
    let source = sources.iter().find(|source| source.path == file)?;
    let word = format!("fn {name}");
    let blocks = blocks(&source.bare);
    let mut starts = source.words(&word).filter(|at| {
        let is_whole = source.bare[at + word.len()..].starts_with(['(', '<']);
        is_whole && of.is_none_or(|of| blocks.iter().any(|block| block.holds(of, *at)))
    });
    let start = starts.next()?;
    let open = start + source.bare[start..].find('{')?;
    Some(&source.bare[open..closing(&source.bare, open)])
}

/// A call of a function in a body that is not over at a position. A closure may run later than its place says.
fn call(body: &str, told: usize, step: &Step) -> Option<usize> {
    let word = &step.name;
    let mut found = body.match_indices(word.as_str()).filter(|(at, _)| {
        let before = &body[..*at];
        let is_method = before.ends_with('.');
        match &step.of {
            Some(of) => {
                is_method
                    || [of, "Self"]
                        .iter()
                        .any(|of| before.ends_with(&format!("{of}::")))
            }
            None => !is_method && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'),
        }
    });
    let (at, _) = found.find(|(at, _)| {
        let after = &body[at + word.len()..];
        let is_call = after.starts_with('(') || after.starts_with("::<");
        let open = at + word.len() + after.find('(').unwrap_or_default();
        let line = body[..*at].rsplit('\n').next().unwrap_or_default();
        is_call && (closing(body, open) > told || line.contains('|'))
    })?;
    Some(at)
}

/// The hops of a walk, those into files that it had left, and its faults.
fn hops(steps: &[Step], sources: &[Source]) -> (usize, usize, Vec<String>) {
    let mut passed: Vec<Stop> = Vec::new();
    let (mut hops, mut again, mut broken) = (0, 0, Vec::new());
    let mut seen = BTreeSet::new();
    for step in steps {
        let place = format!("{}: {}", step.file, step.name);
        let Some(body) = definition(sources, &step.file, step.of.as_deref(), &step.name) else {
            broken.push(format!("{place} is not defined there"));
            continue;
        };
        let mut callers = passed.iter_mut().rev();
        let caller = callers.find_map(|stop| {
            let at = call(stop.body, stop.told, step)?;
            stop.told = at;
            Some(stop.step.file.clone())
        });
        let is_known = passed.is_empty() || FROM_TABLES.contains(&step.name.as_str());
        if caller.is_none() && !is_known {
            broken.push(format!(
                "{place}: no function before it calls it, or not in this order"
            ));
        }
        if !passed.is_empty() && caller.as_ref() != Some(&step.file) {
            hops += 1;
            again += usize::from(seen.contains(&step.file));
        }
        seen.insert(step.file.clone());
        passed.push(Stop {
            step: step.clone(),
            body,
            told: 0,
        });
    }
    (hops, again, broken)
}

/// The faults of all walks on a page.
fn faults(page: &str, sources: &[Source]) -> Vec<String> {
    let (walks, mut broken) = walks(page, sources);
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        Some(((*cells.first()?).to_owned(), (*cells.last()?).to_owned()))
    });
    let table: BTreeMap<String, String> = rows.collect();
    for (title, steps) in walks {
        let (hops, again, faults) = hops(&steps, sources);
        broken.extend(faults.into_iter().map(|fault| format!("{title}: {fault}")));
        let told = table.get(&title).map_or("nothing", String::as_str);
        let counted = format!("{hops} ({again})");
        if told != counted {
            broken.push(format!(
                "{title}: the table says {told}, the walk has {counted}"
            ));
        }
    }
    broken
}

#[test]
fn the_walks_through_the_code_name_its_functions_in_the_order_of_their_calls() {
    let page = text(PAGE);
    must_be_none(
        &faults(&page, products()),
        "walk through the code again, and correct .github/CONTRIBUTING.md",
    );
    let (walks, _) = walks(&page, products());
    let lengths: Vec<usize> = walks.iter().map(|(_, steps)| steps.len()).collect();
    assert_eq!(lengths.len(), 3);
    assert!(lengths.iter().all(|steps| *steps > 12), "{lengths:?}");
}

#[test]
fn planted_faults_of_walks_are_reported() {
    let files = [
        (
            "shared/x/src/a.rs",
            "fn first() {\n    second();\n    value.third(1);\n}\nfn second() {}\n",
        ),
        ("shared/x/src/b.rs", "impl B {\n    fn third(&self) {}\n}\n"),
    ];
    let sources = super::source::products_of(&super::source::of(&files));
    let (a, b) = (
        "[`a.rs`](../shared/x/src/a.rs)",
        "[`b.rs`](../shared/x/src/b.rs)",
    );
    let page = |steps: &str, hops: &str| {
        format!(
            "\n## Three walks\n| Walk | {hops} |\n\n### Walk\n\n`GET /a`.\n\n1. {steps}\n\nMore `x()`.\n\n## Next\n"
        )
    };
    let right = format!("{a} `first()`, `second()`.\n2. {b} `B::third()`.");
    assert_eq!(faults(&page(&right, "1 (0)"), &sources), [""; 0]);
    let there_and_back = format!("{a} `first()`, {b} `B::third()`");
    assert_eq!(faults(&page(&there_and_back, "1 (0)"), &sources), [""; 0]);
    for (steps, hops) in [
        // Another number of hops.
        (right.clone(), "2 (0)"),
        // No such function; one of another file; a method of another type.
        (right.replace("second()", "fourth()"), "1 (0)"),
        (format!("{a} `first()`, `B::third()`"), "0 (0)"),
        (right.replace("B::third()", "C::third()"), "0 (0)"),
        // The wrong order.
        (
            format!("{a} `first()`, {b} `B::third()`, {a} `second()`"),
            "2 (1)",
        ),
        // A name without parentheses, and a link to another file.
        (right.replace("`second()`", "`second`"), "1 (0)"),
        (right.replace("[`a.rs`]", "[`c.rs`]"), "1 (0)"),
    ] {
        let found = faults(&page(&steps, hops), &sources);
        assert_eq!(found.len(), 1, "{steps}: {found:?}");
    }
}
