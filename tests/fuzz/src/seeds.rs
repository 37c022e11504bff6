//! Seeds of the fuzzer from the requests in `tests/fixtures`, and the inputs of past findings.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Inputs, each with the name of its target.
pub type Seeds = Vec<(&'static str, Vec<u8>)>;

#[must_use]
pub fn all() -> Seeds {
    let mut seeds = Seeds::new();
    for file in files(Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../fixtures"
    ))) {
        if file.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = fs::read_to_string(file).expect("a fixture can be read");
        let fixture: Value = serde_json::from_str(&text).expect("a fixture is JSON");
        of(&fixture["request"], &mut seeds);
    }
    seeds.sort();
    seeds.dedup();
    seeds
}

/// Inputs that have broken a law, or nearly.
#[must_use]
pub fn findings() -> Seeds {
    ["filter", "path", "patch", "request"]
        .into_iter()
        .flat_map(|target| {
            let folder = format!("{}/findings/{target}", env!("CARGO_MANIFEST_DIR"));
            let read = move |file| (target, fs::read(file).expect("a finding can be read"));
            files(Path::new(&folder)).into_iter().map(read)
        })
        .collect()
}

/// All files in a folder and its subfolders.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flat_map(|entry| {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => files(&path),
                false => vec![path],
            }
        })
        .collect()
}

fn of(request: &Value, seeds: &mut Seeds) {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let path = placed(text("path"));
    let body = match (request.get("body"), request.get("body_text")) {
        (Some(body), _) => placed(&body.to_string()),
        (None, Some(text)) => text.as_str().map(placed).unwrap_or_default(),
        (None, None) => String::new(),
    };
    let mut head = format!("{} {path}\n", text("method"));
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        let value = placed(value.as_str().unwrap_or_default());
        head = format!("{head}{name}: {value}\n");
    }
    seeds.push(("request", format!("{head}\n{body}").into_bytes()));
    if let Some((_, filter)) = path.split_once("filter=") {
        let filter = filter.split('&').next().unwrap_or_default();
        let filter = crate::request::decoded(&filter.replace('+', " "));
        seeds.push(("path", path_of(&filter).into_bytes()));
        seeds.push(("filter", filter.into_bytes()));
    }
    for operation in request["body"]["Operations"]
        .as_array()
        .into_iter()
        .flatten()
    {
        if let Some(path) = operation["path"].as_str() {
            seeds.push(("path", placed(path).into_bytes()));
        }
    }
    if !body.is_empty() {
        seeds.push(("patch", body.into_bytes()));
    }
}

/// The first path of a filter.
fn path_of(filter: &str) -> String {
    filter.split(' ').next().unwrap_or_default().to_owned()
}

/// Replaces a fixture's variables by the request target's: `{{user}}` becomes `$0`.
fn placed(text: &str) -> String {
    let mut parts = text.split("{{");
    let mut placed = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        placed += "$0";
        placed += part.split_once("}}").map_or("", |(_, rest)| rest);
    }
    placed
}
