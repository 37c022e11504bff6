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
    members_of(&metadata())
}

/// The members that `cargo metadata` describes.
fn members_of(metadata: &Value) -> Vec<Member> {
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

/// The folders of the members that one may depend on.
fn inner(folder: &str) -> &'static [&'static str] {
    match folder {
        "shared/core" => &[],
        "shared/keyring" => &["shared/core"],
        "shared/directory" => &["shared/core", "shared/keyring"],
        "shared/service" | "shared/events" => {
            &["shared/core", "shared/keyring", "shared/directory"]
        }
        "shared/vendor" => &[
            "shared/core",
            "shared/keyring",
            "shared/directory",
            "shared/service",
        ],
        "infra/local" => &["shared/"],
        "tests/fuzz" => &["shared/", "infra/local"],
        "tests" => &["shared/", "infra/local", "tests/fuzz"],
        "functions/admin" => &["shared/vendor"],
        _ => &["shared/service", "shared/events"],
    }
}

/// Dependencies on members that a member may not have.
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
        "the order is functions → service, vendor, events → directory → keyring → core; move the code to where it may be used",
    );
    // What only the tests of a crate need counts too.
    let planted = serde_json::json!({"workspace_root": "/w", "packages": [
        package("scim-core", "shared/core", &[("directory", "dev")]),
        package("directory", "shared/directory", &[("scim-core", ""), ("local", "dev")]),
        package("service", "shared/service", &[("scim-core", ""), ("directory", "")]),
        package("local", "infra/local", &[("service", ""), ("directory", "")]),
        package("users", "functions/users", &[("service", ""), ("scim-core", "")]),
    ]});
    assert_eq!(
        outward(&members_of(&planted)),
        [
            "shared/core/Cargo.toml: directory",
            "shared/directory/Cargo.toml: local",
            "functions/users/Cargo.toml: scim-core",
        ]
    );
}

/// A package as `cargo metadata` describes it.
fn package(name: &str, folder: &str, dependencies: &[(&str, &str)]) -> Value {
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

/// The packages that each package of Cargo.lock depends on, of all its versions.
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

/// Every package that a member is built with, and the way to it.
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

/// What core is built with and must not be.
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

/// Who knows Lambda and should not.
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
        package("users", "functions/users", &[("lambda_runtime", "")]),
    ]});
    assert_eq!(
        lambda(&members_of(&planted)),
        ["shared/directory/Cargo.toml: lambda_runtime"]
    );
}
