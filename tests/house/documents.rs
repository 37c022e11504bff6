//! Numbers, names and links in documents are correct.

use std::collections::BTreeMap;
use std::path::Path;

use directory::keys::Partition;
use service::Config;

use super::must_be_none;
use super::source::{ROOT, files};

fn text(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}"))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The cells of all table rows under a heading, up to the next heading.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let from = page
        .split_once(heading)
        .unwrap_or_else(|| panic!("no {heading}"))
        .1;
    let is_row = |line: &&str| line.starts_with("| `");
    let section = from.lines().take_while(|line| !line.starts_with("## "));
    let cells = |line: &str| {
        line.trim_matches('|')
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    section.filter(is_row).map(cells).collect()
}

/// The text in the first backticks of a cell.
fn name(cell: &str) -> String {
    cell.split('`').nth(1).unwrap_or_default().to_owned()
}

/// Parses `1,000`, `64 KiB` or `1 MiB`, and times in milliseconds: `100 ms`, `20 s` or `1 min`.
fn number(cell: &str) -> u64 {
    let (digits, unit) = cell.split_once(' ').unwrap_or((cell, ""));
    let digits: u64 = digits
        .replace(',', "")
        .parse()
        .unwrap_or_else(|error| panic!("{cell}: {error}"));
    digits
        * match unit {
            "" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "ms" => 1,
            "s" => 1_000,
            "min" => 60_000,
            _ => panic!("{cell}: an unknown unit"),
        }
}

/// The constants in a Rust file whose values are numbers, products of numbers, or times.
fn constants(source: &str) -> BTreeMap<String, u64> {
    let constant = |line: &str| {
        let (name, rest) = line.strip_prefix("pub const ")?.split_once(": ")?;
        let (_, value) = rest.trim_end_matches(';').split_once(" = ")?;
        let (value, unit) = match value.split_once("Duration::from_") {
            None => (value, 1),
            Some((_, time)) => match time.trim_end_matches(')').split_once('(')? {
                ("millis", number) => (number, 1),
                ("secs", number) => (number, 1_000),
                ("mins", number) => (number, 60_000),
                _ => return None,
            },
        };
        let factors = value
            .split(" * ")
            .map(|factor| factor.replace('_', "").parse::<u64>());
        let product = factors.product::<Result<u64, _>>().ok()?;
        Some((name.to_owned(), product * unit))
    };
    source.lines().filter_map(constant).collect()
}

/// Asserts that the table of limits in a crate's README has each constant of its `limits.rs`, and nothing else.
fn limits_are_those_of_the_readme(folder: &str) {
    let rows = rows(&text(&format!("{folder}/README.md")), "## Limits");
    let told: BTreeMap<_, _> = rows
        .iter()
        .map(|row| (name(&row[0]), number(&row[1])))
        .collect();
    let source = text(&format!("{folder}/src/limits.rs"));
    assert_eq!(told, constants(&source));
    assert_eq!(told.len(), source.matches("pub const ").count());
}

#[test]
fn the_limits_of_the_core_are_those_of_its_readme() {
    limits_are_those_of_the_readme("shared/core");
}

#[test]
fn the_limits_of_the_service_are_those_of_its_readme() {
    limits_are_those_of_the_readme("shared/service");
}

#[test]
fn the_parameters_of_the_stack_are_those_of_its_readme() {
    let template = text("template.yaml");
    let (_, from) = template
        .split_once("\nParameters:\n")
        .expect("there are parameters");
    let is_name =
        |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    let section = from
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with(' '));
    let mut names: Vec<_> = section
        .filter(is_name)
        .map(|line| line.trim().trim_end_matches(':'))
        .collect();
    let page = text("infra/README.md");
    let (_, from) = page.split_once("| Parameter |").expect("there is a table");
    let table = from
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("| `"));
    let mut told: Vec<_> = table.map(name).collect();
    names.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, names);
}

#[test]
fn the_environment_of_a_function_is_that_of_its_readme() {
    let rows = rows(&text("functions/README.md"), "## Environment");
    let told: Vec<_> = rows.iter().map(|row| name(&row[0])).collect();
    assert_eq!(told, Config::VARIABLES);
}

#[test]
fn the_partitions_of_a_tenant_are_in_the_chart_of_items() {
    let page = text("shared/directory/README.md");
    let missing = Partition::ALL
        .iter()
        .map(|partition| format!("`<t>#{}`", partition.word()));
    let missing: Vec<String> = missing.filter(|key| !page.contains(key)).collect();
    must_be_none(&missing, "describe the item in shared/directory/README.md");
}

#[test]
fn the_readme_is_read_in_a_few_minutes() {
    let lines = text("README.md").lines().count();
    assert!(
        lines <= 160,
        "{lines} lines; what is about one folder goes to that folder's README"
    );
}

/// GitHub's anchor of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

/// The lines of a page outside its code blocks.
fn prose(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    page.lines().enumerate().filter(move |(_, line)| {
        let fence = line.trim_start().starts_with("```");
        is_code ^= fence;
        !is_code && !fence
    })
}

/// The fault of a link on the page `from`, if any.
fn broken(from: &str, link: &str) -> Option<String> {
    let (path, wanted) = link.split_once('#').unwrap_or((link, ""));
    let folder = Path::new(ROOT).join(from);
    let target = match path {
        "" => folder,
        path => folder.parent()?.join(path),
    };
    if !target.exists() {
        return Some(format!("there is no {path}"));
    }
    if wanted.is_empty() {
        return None;
    }
    let page = std::fs::read_to_string(&target).ok()?;
    let headings = prose(&page).filter_map(|(_, line)| line.strip_prefix('#'));
    let is_there = headings
        .map(|line| anchor(line.trim_start_matches('#')))
        .any(|one| one == wanted);
    (!is_there).then(|| format!("{path} has no heading #{wanted}"))
}

#[test]
fn links_between_documents_lead_somewhere() {
    let mut found = Vec::new();
    let mut links = 0;
    for (path, page) in files("md") {
        for (number, line) in prose(&page) {
            for rest in line.split("](").skip(1) {
                let Some((link, _)) = rest.split_once(')') else {
                    continue;
                };
                if link.contains("://") {
                    continue;
                }
                links += 1;
                let fault = broken(&path, link);
                found.extend(fault.map(|fault| format!("{path}:{}: {fault}", number + 1)));
            }
        }
    }
    must_be_none(&found, "name a file or a heading that is there");
    assert!(links > 20, "{links} links were found only");
}
