//! Numbers, names and links in documents are correct.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use directory::keys::Partition;
use service::Config;

use super::must_be_none;
use super::source::{ROOT, files};

pub(super) fn text(path: &str) -> String {
    std::fs::read_to_string(format!("{ROOT}/{path}"))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The cells of all table rows under a heading, up to the next heading.
pub(super) fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
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

/// Parses `1,000`, `64 KiB` or `1 MiB`, and times in milliseconds: `100 ms`, `20 s`, `1 min` or `8 h`.
fn number(cell: &str) -> u64 {
    let (digits, unit) = cell.split_once(' ').unwrap_or((cell, ""));
    let digits: u64 = digits
        .replace(',', "")
        .parse()
        .unwrap_or_else(|error| panic!("{cell}: {error}"));
    digits
        * match unit {
            "" | "ms" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "s" => 1_000,
            "min" => 60_000,
            "h" => 3_600_000,
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
                ("hours", number) => (number, 3_600_000),
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

/// The differences between the table of limits on a page and the constants of a `limits.rs`.
fn different_limits(page: &str, source: &str) -> Vec<String> {
    let told: BTreeMap<_, _> = rows(page, "## Limits")
        .iter()
        .map(|row| (name(&row[0]), number(&row[1])))
        .collect();
    let constants = constants(source);
    let names: BTreeSet<&String> = told.keys().chain(constants.keys()).collect();
    let differ = names
        .into_iter()
        .filter(|name| told.get(*name) != constants.get(*name));
    let mut found: Vec<String> = differ
        .map(|name| {
            let (told, constant) = (told.get(name), constants.get(name));
            format!("{name}: {told:?} in the README, {constant:?} in the code")
        })
        .collect();
    if constants.len() != source.matches("pub const ").count() {
        found.push("a constant is neither a number nor a time".to_owned());
    }
    found
}

#[track_caller]
fn limits_are_those_of_the_readme(folder: &str) {
    let page = text(&format!("{folder}/README.md"));
    let source = text(&format!("{folder}/src/limits.rs"));
    must_be_none(
        &different_limits(&page, &source),
        "correct the table of limits in the README",
    );
}

#[test]
fn the_limits_of_the_core_are_those_of_its_readme() {
    limits_are_those_of_the_readme("shared/core");
}

#[test]
fn the_limits_of_the_directory_are_those_of_its_readme() {
    limits_are_those_of_the_readme("shared/directory");
}

#[test]
fn the_limits_of_the_vendors_side_are_those_of_its_readme() {
    limits_are_those_of_the_readme("shared/vendor");
}

#[test]
fn the_limits_of_the_keyring_are_those_of_its_readme() {
    limits_are_those_of_the_readme("shared/keyring");
}

#[test]
fn the_limits_of_the_service_are_those_of_its_readme() {
    limits_are_those_of_the_readme("shared/service");
}

#[test]
fn planted_differences_of_limits_are_reported() {
    let page = "## Limits\n| `A` | 1,000 |\n| `B` | 2 KiB |\n| `C` | 2 s |\n";
    let source = |a: &str| {
        format!(
            "pub const A: u32 = {a};\npub const B: usize = 2 * 1_024;\npub const C: Duration = Duration::from_secs(2);\n"
        )
    };
    assert!(different_limits(page, &source("1_000")).is_empty());
    assert_eq!(different_limits(page, &source("1_001")).len(), 1);
    let more = format!("{}pub const D: u32 = 1;\n", source("1_000"));
    assert_eq!(different_limits(page, &more).len(), 1);
    let odd = format!("{}pub const D: &str = \"a\";\n", source("1_000"));
    assert_eq!(different_limits(page, &odd).len(), 1);
    let told = format!("{page}| `D` | 1 |\n");
    assert_eq!(different_limits(&told, &source("1_000")).len(), 1);
}

/// The parameters that are only in the template or only in the table on the page.
fn different_parameters(template: &str, page: &str) -> Vec<String> {
    let (_, from) = template
        .split_once("\nParameters:\n")
        .expect("there are parameters");
    let is_name =
        |line: &&str| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':');
    let section = from
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with(' '));
    let names: BTreeSet<String> = section
        .filter(is_name)
        .map(|line| line.trim().trim_end_matches(':').to_owned())
        .collect();
    let (_, from) = page.split_once("| Parameter |").expect("there is a table");
    let table = from
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("| `"));
    let told: BTreeSet<String> = table.map(name).collect();
    told.symmetric_difference(&names).cloned().collect()
}

#[test]
fn the_parameters_of_the_stack_are_those_of_its_readme() {
    must_be_none(
        &different_parameters(&text("template.yaml"), &text("infra/README.md")),
        "correct the table of parameters in infra/README.md",
    );
}

#[test]
fn planted_differences_of_parameters_are_reported() {
    let template =
        "\nParameters:\n  A:\n    Type: String\n\n  B:\n    Type: String\n\nResources:\n  C:\n";
    let page = |rows: &str| format!("| Parameter | |\n|---|---|\n{rows}\n\n| `C` | |\n");
    assert!(different_parameters(template, &page("| `A` | |\n| `B` | |")).is_empty());
    assert_eq!(different_parameters(template, &page("| `A` | |")), ["B"]);
    let more = page("| `A` | |\n| `B` | |\n| `C` | |");
    assert_eq!(different_parameters(template, &more), ["C"]);
}

/// The variables in the table on a page.
fn told_variables(page: &str) -> Vec<String> {
    let rows = rows(page, "## Environment");
    rows.iter().map(|row| name(&row[0])).collect()
}

#[test]
fn the_environment_of_a_function_is_that_of_its_readme() {
    assert_eq!(
        told_variables(&text("functions/README.md")),
        Config::VARIABLES
    );
}

#[test]
fn a_planted_variable_is_reported() {
    let row = |variable: &str| format!("| `{variable}` | |\n");
    let rows: String = Config::VARIABLES.map(row).concat();
    let page = |rows: &str| format!("## Environment\n{rows}\n## Next\n| `MUSTER_OTHER` | |\n");
    assert_eq!(told_variables(&page(&rows)), Config::VARIABLES);
    let more = format!("{rows}{}", row("MUSTER_MORE"));
    assert_ne!(told_variables(&page(&more)), Config::VARIABLES);
    let less = rows.replacen("| `", "| ", 1);
    assert_ne!(told_variables(&page(&less)), Config::VARIABLES);
}

/// The partitions of a tenant that a page does not describe.
fn missing_partitions(page: &str) -> Vec<String> {
    let missing = Partition::ALL
        .iter()
        .map(|partition| format!("`<t>#{}`", partition.word()));
    missing.filter(|key| !page.contains(key)).collect()
}

#[test]
fn the_partitions_of_a_tenant_are_in_the_chart_of_items() {
    must_be_none(
        &missing_partitions(&text("shared/directory/README.md")),
        "describe the item in shared/directory/README.md",
    );
}

#[test]
fn a_planted_gap_in_the_chart_of_items_is_reported() {
    let page = text("shared/directory/README.md");
    let key = format!("`<t>#{}`", Partition::ALL[0].word());
    assert_eq!(missing_partitions(&page.replace(&key, "`<t>#`")), [key]);
}

/// The number of lines of a page, if there are too many.
fn too_long(page: &str) -> Option<usize> {
    Some(page.lines().count()).filter(|lines| *lines > 160)
}

#[test]
fn the_readme_is_read_in_a_few_minutes() {
    assert_eq!(
        too_long(&text("README.md")),
        None,
        "what is about one folder goes to that folder's README"
    );
}

#[test]
fn a_planted_long_readme_is_reported() {
    assert_eq!(too_long(&"a\n".repeat(161)), Some(161));
    assert_eq!(too_long(&"a\n".repeat(160)), None);
}

/// The folders of the repository that the map on a page does not name.
fn unmapped(page: &str, files: &[(String, String)]) -> Vec<String> {
    let (_, map) = page.split_once("\n## The map\n").expect("there is a map");
    let map = map.split("\n## ").next().unwrap_or_default();
    let folders = files.iter().filter_map(|(path, _)| path.split_once('/'));
    let folders: BTreeSet<&str> = folders.map(|(folder, _)| folder).collect();
    let is_named = |folder: &str| {
        let starts = [
            format!("`{folder}`"),
            format!("`{folder}/"),
            format!("({folder}/"),
        ];
        starts.iter().any(|start| map.contains(start))
    };
    let missing = folders.into_iter().filter(|folder| !is_named(folder));
    missing.map(str::to_owned).collect()
}

#[test]
fn the_map_names_every_folder() {
    must_be_none(
        &unmapped(&text("README.md"), &files("")),
        "name the folder in the map of README.md",
    );
}

#[test]
fn a_planted_folder_outside_the_map_is_reported() {
    let file = |path: &str| (path.to_owned(), String::new());
    let files = [file("README.md"), file("a/b.rs"), file("c/d"), file(".e/f")];
    let page = "# X\n`.e`\n## The map\n| `a/b` | |\n| `c` | |\n## Next\n`.e`\n";
    assert_eq!(unmapped(page, &files), [".e"]);
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

/// The links between documents on a page, with their lines.
fn links(page: &str) -> impl Iterator<Item = (usize, &str)> {
    prose(page)
        .flat_map(|(number, line)| line.split("](").skip(1).map(move |rest| (number, rest)))
        .filter_map(|(number, rest)| Some((number + 1, rest.split_once(')')?.0)))
        .filter(|(_, link)| !link.contains("://"))
}

/// The faults of all links on a page.
fn broken_links(path: &str, page: &str) -> Vec<String> {
    let fault = |(number, link)| Some(format!("{path}:{number}: {}", broken(path, link)?));
    links(page).filter_map(fault).collect()
}

#[test]
fn links_between_documents_lead_somewhere() {
    let pages = files("md");
    let found: Vec<String> = pages
        .iter()
        .flat_map(|(path, page)| broken_links(path, page))
        .collect();
    must_be_none(&found, "name a file or a heading that is there");
    let links: usize = pages.iter().map(|(_, page)| links(page).count()).sum();
    assert!(links > 20, "{links} links were found only");
}

#[test]
fn planted_broken_links_are_reported() {
    let reported = |link: &str| broken_links("infra/README.md", &format!("\nSee [it]({link}).\n"));
    assert_eq!(
        reported("nothing.md"),
        ["infra/README.md:2: there is no nothing.md"]
    );
    assert_eq!(reported("../README.md#no-such-heading").len(), 1);
    assert_eq!(reported("#no-such-heading").len(), 1);
    for kept in [
        "../README.md",
        "../functions/README.md#environment",
        "https://example.com/x",
    ] {
        assert!(reported(kept).is_empty(), "{kept}");
    }
}
