//! The rules for the workspace's crates and their dependencies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::must_be_none;
use super::source::ROOT;

/// The output of `cargo metadata` for the workspace alone, which needs no network and no lock file.
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
    pub(crate) name: String,
    /// The folder relative to the root.
    pub(crate) folder: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    name: String,
    /// Whether it is a dev-dependency.
    is_dev: bool,
    /// Whether it is a member of the workspace.
    is_ours: bool,
    features: Vec<String>,
}

impl Member {
    /// The dependencies, other than dev-dependencies, whose names start like this, and `tokio/net` with that feature.
    pub(super) fn clients(&self, starts: &[&str]) -> Vec<String> {
        let built = self.dependencies.iter().filter(|one| !one.is_dev);
        let opens = |one: &&Dependency| {
            let mut features = one.features.iter();
            match one.name.as_str() {
                "tokio" => features.any(|feature| ["net", "full"].contains(&feature.as_str())),
                name => starts.iter().any(|start| name.starts_with(start)),
            }
        };
        let named = |one: &Dependency| match one.name.as_str() {
            "tokio" => "tokio/net".to_owned(),
            name => name.to_owned(),
        };
        built.filter(opens).map(named).collect()
    }
}

pub(crate) fn members() -> Vec<Member> {
    members_of(&metadata())
}

/// Parses the members from `cargo metadata`.
pub(super) fn members_of(metadata: &Value) -> Vec<Member> {
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
                features: dependency["features"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(text)
                    .collect(),
            })
            .collect(),
    };
    packages.iter().map(member).collect()
}

/// The folders of the members that this one may depend on.
fn inner(folder: &str) -> &'static [&'static str] {
    match folder {
        "shared/core" | "shared/delivery" => &[],
        "shared/keyring" => &["shared/core"],
        "shared/directory" => &["shared/core", "shared/keyring"],
        "shared/service" | "shared/events" => &[
            "shared/core",
            "shared/keyring",
            "shared/directory",
            "shared/delivery",
        ],
        "shared/vendor" => &[
            "shared/core",
            "shared/keyring",
            "shared/directory",
            "shared/delivery",
            "shared/service",
        ],
        "infra/local" => &["shared/"],
        "tests/fuzz" => &["shared/", "infra/local"],
        "tests" => &["shared/", "infra/local", "tests/fuzz"],
        "functions/admin" => &["shared/vendor"],
        _ => &["shared/service", "shared/events"],
    }
}

/// Forbidden dependencies on other members.
fn outward(members: &[Member]) -> Vec<String> {
    let folders: BTreeMap<&str, &str> = members
        .iter()
        .map(|member| (member.name.as_str(), member.folder.as_str()))
        .collect();
    let mut broken = Vec::new();
    for member in members {
        let allowed = inner(&member.folder);
        for dependency in member.dependencies.iter().filter(|one| one.is_ours) {
            let folder = folders
                .get(dependency.name.as_str())
                .copied()
                .unwrap_or("?");
            let is_inner = allowed.iter().any(|inner| match inner.ends_with('/') {
                true => folder.starts_with(inner),
                false => folder == *inner,
            });
            if !is_inner {
                broken.push(format!("{}/Cargo.toml: {}", member.folder, dependency.name));
            }
        }
    }
    broken
}

#[test]
fn dependencies_point_inwards() {
    must_be_none(
        &outward(&members()),
        "the order is functions → service, vendor, events → directory → keyring → core, with delivery beside directory; move the code to where it may be used",
    );
    // A dev-dependency counts, too.
    let planted = serde_json::json!({"workspace_root": "/w", "packages": [
        package("scim-core", "shared/core", &[("directory", "dev")]),
        package("directory", "shared/directory", &[("scim-core", ""), ("local", "dev")]),
        package("service", "shared/service", &[("scim-core", ""), ("directory", "")]),
        package("local", "infra/local", &[("service", ""), ("directory", "")]),
        package("scim", "functions/scim", &[("service", ""), ("scim-core", "")]),
    ]});
    assert_eq!(
        outward(&members_of(&planted)),
        [
            "shared/core/Cargo.toml: directory",
            "shared/directory/Cargo.toml: local",
            "functions/scim/Cargo.toml: scim-core",
        ]
    );
}

/// A package in the format of `cargo metadata`.
pub(super) fn package(name: &str, folder: &str, dependencies: &[(&str, &str)]) -> Value {
    let dependencies: Vec<Value> = dependencies
        .iter()
        .map(|(name, kind)| serde_json::json!({"name": name, "kind": kind, "path": "/w/a"}))
        .collect();
    serde_json::json!({
        "name": name,
        "manifest_path": format!("/w/{folder}/Cargo.toml"),
        "dependencies": dependencies,
    })
}

/// The dependencies of each package in Cargo.lock, over all its versions.
fn locked(text: &str) -> BTreeMap<String, BTreeSet<String>> {
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

/// Every package in a member's build, with the path to it.
fn built_with(member: &Member, lock: &str) -> BTreeMap<String, String> {
    let locked = locked(lock);
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

/// The packages in core's build that do I/O.
fn io_in_core(members: &[Member], lock: &str) -> Vec<String> {
    let is_io = |name: &str| {
        [
            "aws-", "aws_", "lambda_", "tokio", "hyper", "futures", "async-",
        ]
        .iter()
        .any(|start| name.starts_with(start))
            || ["http", "http-body", "mio", "reqwest", "getrandom"].contains(&name)
    };
    let core = members.iter().filter(|member| member.name == "scim-core");
    core.flat_map(|core| built_with(core, lock))
        .filter(|(name, _)| is_io(name))
        .map(|(_, way)| format!("shared/core/Cargo.toml: {way}"))
        .collect()
}

#[test]
fn core_is_built_without_async_http_and_aws() {
    let lock = fs::read_to_string(format!("{ROOT}/Cargo.lock")).expect("there is a Cargo.lock");
    let members = members();
    assert!(members.iter().any(|member| member.name == "scim-core"));
    must_be_none(
        &io_in_core(&members, &lock),
        "core is pure functions on values; what does I/O goes to directory or service",
    );
    let planted = serde_json::json!({"workspace_root": "/w", "packages": [
        package("scim-core", "shared/core", &[("a", ""), ("tokio", "dev")]),
    ]});
    let lock = "[[package]]\nname = \"a\"\ndependencies = [\n \"b 1.0\",\n]\n[[package]]\nname = \"b\"\ndependencies = [\n \"mio\",\n]\n";
    assert_eq!(
        io_in_core(&members_of(&planted), lock),
        ["shared/core/Cargo.toml: scim-core → a → b → mio"]
    );
}

/// Members that depend on Lambda but must not.
fn lambda(members: &[Member]) -> Vec<String> {
    let mut broken = Vec::new();
    for member in members {
        let may = [
            "shared/service",
            "shared/vendor",
            "shared/events",
            "infra/local",
            "tests",
        ]
        .contains(&member.folder.as_str())
            || member.folder.starts_with("functions/");
        for dependency in &member.dependencies {
            if dependency.name.starts_with("lambda_") && !may {
                broken.push(format!("{}/Cargo.toml: {}", member.folder, dependency.name));
            }
        }
    }
    broken
}

#[test]
fn lambda_is_known_to_the_edges_only() {
    must_be_none(
        &lambda(&members()),
        "speak `http` types; lambda.rs turns events into them",
    );
    let planted = serde_json::json!({"workspace_root": "/w", "packages": [
        package("directory", "shared/directory", &[("lambda_runtime", "")]),
        package("scim", "functions/scim", &[("lambda_runtime", "")]),
    ]});
    assert_eq!(
        lambda(&members_of(&planted)),
        ["shared/directory/Cargo.toml: lambda_runtime"]
    );
}
