//! The rules about the crates of the workspace and what they depend on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::must_be_none;
use super::source::ROOT;

/// What `cargo metadata` says of the workspace itself; that needs no network and no lock.
pub(crate) fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--offline",
            "--manifest-path",
        ])
        .arg(format!("{ROOT}/Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo writes JSON")
}

/// A member of the workspace.
pub(crate) struct Member {
    /// Its package's name.
    pub(crate) name: String,
    /// Its folder below the root.
    pub(crate) folder: String,
    /// What it depends on.
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    /// Whether only its tests do.
    is_dev: bool,
    /// Whether it is a member itself.
    is_ours: bool,
}

/// The members of the workspace.
pub(crate) fn members() -> Vec<Member> {
    let metadata = metadata();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let root = text(&metadata["workspace_root"]);
    let packages = metadata["packages"].as_array().expect("there are packages");
    let member = |package: &Value| Member {
        name: text(&package["name"]),
        folder: text(&package["manifest_path"])
            .trim_start_matches(&root)
            .trim_end_matches("Cargo.toml")
            .trim_matches('/')
            .to_owned(),
        dependencies: package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|dependency| Dependency {
                name: text(&dependency["name"]),
                is_dev: dependency["kind"] == "dev",
                is_ours: dependency["path"].is_string(),
            })
            .collect(),
    };
    packages.iter().map(member).collect()
}

/// The members that one may depend on.
fn inner(member: &Member) -> &'static [&'static str] {
    match member.name.as_str() {
        "scim-core" => &[],
        "keyring" => &["scim-core"],
        "directory" => &["scim-core", "keyring"],
        "service" => &["scim-core", "keyring", "directory"],
        "vendor" => &["scim-core", "keyring", "directory", "service"],
        "local" => &["scim-core", "keyring", "directory", "service", "vendor"],
        "fuzz" => &["scim-core", "service", "local"],
        "e2e" => &[
            "scim-core",
            "keyring",
            "directory",
            "service",
            "vendor",
            "local",
            "fuzz",
        ],
        "admin" => &["vendor"],
        _ => &["service"],
    }
}

#[test]
fn dependencies_point_inwards() {
    let mut broken = Vec::new();
    for member in members() {
        for dependency in member
            .dependencies
            .iter()
            .filter(|dependency| dependency.is_ours)
        {
            if !inner(&member).contains(&dependency.name.as_str()) {
                broken.push(format!("{}/Cargo.toml: {}", member.folder, dependency.name));
            }
        }
    }
    must_be_none(
        &broken,
        "the order is functions → {service, vendor} → directory → keyring → core; move the code to where it may be used",
    );
}

/// The packages that each package of Cargo.lock depends on, of all its versions.
fn locked() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(format!("{ROOT}/Cargo.lock")).expect("there is a Cargo.lock");
    let mut packages: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for package in text.split("[[package]]").skip(1) {
        let name = package
            .lines()
            .find_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
            .expect("a package has a name");
        let needed = package
            .lines()
            .filter_map(|line| line.strip_prefix(" \"")?.strip_suffix("\","))
            .filter_map(|needed| needed.split(' ').next())
            .map(str::to_owned);
        packages.entry(name.to_owned()).or_default().extend(needed);
    }
    packages
}

/// Every package that a member is built with, and the way to it.
fn built_with(member: &Member) -> BTreeMap<String, String> {
    let locked = locked();
    let mut found = BTreeMap::new();
    let mut unseen: Vec<(String, String)> = member
        .dependencies
        .iter()
        .filter(|dependency| !dependency.is_dev)
        .map(|dependency| (dependency.name.clone(), member.name.clone()))
        .collect();
    while let Some((name, way)) = unseen.pop() {
        let way = format!("{way} → {name}");
        if found.contains_key(&name) {
            continue;
        }
        let needed = locked.get(&name).into_iter().flatten();
        unseen.extend(needed.map(|needed| (needed.clone(), way.clone())));
        found.insert(name, way);
    }
    found
}

#[test]
fn core_is_built_without_async_http_and_aws() {
    let members = members();
    let core = members
        .iter()
        .find(|member| member.name == "scim-core")
        .expect("there is scim-core");
    let is_io = |name: &str| {
        [
            "aws-", "aws_", "lambda_", "tokio", "hyper", "futures", "async-",
        ]
        .iter()
        .any(|start| name.starts_with(start))
            || ["http", "http-body", "mio", "reqwest", "getrandom"].contains(&name)
    };
    let broken: Vec<String> = built_with(core)
        .into_iter()
        .filter(|(name, _)| is_io(name))
        .map(|(_, way)| format!("shared/core/Cargo.toml: {way}"))
        .collect();
    must_be_none(
        &broken,
        "core is pure functions on values; what does I/O goes to directory or service",
    );
}

#[test]
fn lambda_is_known_to_service_functions_and_local_only() {
    let mut broken = Vec::new();
    for member in members() {
        let may = ["service", "local", "e2e"].contains(&member.name.as_str())
            || member.folder.starts_with("functions/");
        for dependency in &member.dependencies {
            if dependency.name.starts_with("lambda_") && !may {
                broken.push(format!("{}/Cargo.toml: {}", member.folder, dependency.name));
            }
        }
    }
    must_be_none(
        &broken,
        "speak `http` types; shared/service/src/lambda.rs turns events into them",
    );
}

#[test]
fn every_crate_takes_lints_and_versions_from_the_workspace() {
    let mut broken = Vec::new();
    for member in members() {
        let path = format!("{}/Cargo.toml", member.folder);
        let text = fs::read_to_string(format!("{ROOT}/{path}")).expect("a member has a manifest");
        let mut section = "";
        let mut has_lints = false;
        for (number, line) in text.lines().map(str::trim).enumerate() {
            if line.starts_with('[') {
                section = line;
            }
            has_lints |= section == "[lints]" && line == "workspace = true";
            let is_dependency =
                section.ends_with("dependencies]") && line.contains('=') && !line.starts_with('#');
            let is_shared = line.contains(".workspace = true")
                || line.contains("{ workspace = true")
                || line.contains("path = ");
            if (is_dependency && !is_shared) || section.contains("dependencies.") {
                broken.push(format!("{path}:{}: {line}", number + 1));
            }
        }
        if !has_lints {
            broken.push(format!("{path}:1: no `[lints] workspace = true`"));
        }
    }
    must_be_none(
        &broken,
        "every version and every lint stands in the workspace's Cargo.toml",
    );
}

#[test]
fn every_dependency_has_a_reason_beside_its_version() {
    let text = fs::read_to_string(format!("{ROOT}/Cargo.toml")).expect("there is a Cargo.toml");
    let mut broken = Vec::new();
    let mut section = "";
    let mut is_explained = false;
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if line.starts_with('[') {
            section = line;
        }
        // A comment speaks for the lines below it, up to the next empty one.
        is_explained = line.starts_with('#') || (is_explained && !line.is_empty());
        let is_theirs = section == "[workspace.dependencies]"
            && line.contains(" = ")
            && !line.contains("path = ");
        if is_theirs && !line.starts_with('#') && !is_explained && !line.contains(" # ") {
            broken.push(format!("Cargo.toml:{}: {line}", number + 1));
        }
    }
    must_be_none(
        &broken,
        "say in a comment beside it, or above its group, what it is needed for",
    );
}

#[test]
fn default_features_are_taken_with_a_reason_only() {
    let text = fs::read_to_string(format!("{ROOT}/Cargo.toml")).expect("there is a Cargo.toml");
    let broken: Vec<String> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("features = [") && line.contains("version = "))
        .filter(|(_, line)| !line.contains("default-features = false") && !line.contains(" # "))
        .map(|(number, line)| format!("Cargo.toml:{}: {line}", number + 1))
        .collect();
    must_be_none(
        &broken,
        "write `default-features = false` and name the features, or say beside it why not",
    );
}
