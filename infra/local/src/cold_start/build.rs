//! Builds the binaries in the profile that is deployed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Program;
use crate::stack::StartError;

/// The binary of the SCIM functions and the example that does nothing, in one call of cargo, so that both get the same dependency
/// features.
const TARGETS: [&str; 8] = [
    "--package",
    "scim",
    "--bin",
    "scim",
    "--package",
    "service",
    "--example",
    "hello",
];

/// Builds the binary of the SCIM functions and the program that it is compared with. Cargo reports its progress on standard error.
///
/// # Errors
///
/// When cargo cannot be run, or the build fails.
pub fn build() -> Result<[Program; 2], StartError> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--locked"])
        .args(TARGETS)
        .arg("--message-format=json-render-diagnostics")
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be run: {error}"))?;
    if !output.status.success() {
        return Err("the functions cannot be built; see cargo's messages above".into());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let program = |name: &str| {
        let path = executable(&messages, name);
        let path = path.ok_or_else(|| format!("cargo did not build `{name}`"))?;
        Ok::<_, StartError>(Program {
            name: name.to_owned(),
            path,
            arguments: Vec::new(),
        })
    };
    Ok([program("scim")?, program("hello")?])
}

/// The path of a program in cargo's messages.
fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| {
            message
                .pointer("/target/name")
                .is_some_and(|found| found == name)
        })
        .find_map(|message| message.get("executable")?.as_str().map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_comes_from_the_message_with_an_executable() {
        let messages = r#"   Compiling scim
{"reason":"compiler-artifact","target":{"name":"scim","kind":["lib"]},"executable":null}
{"reason":"compiler-artifact","target":{"name":"hello","kind":["example"]},"executable":"/t/release/examples/hello"}
{"reason":"compiler-artifact","target":{"name":"scim","kind":["bin"]},"executable":"/t/release/scim"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(executable(messages, "scim"), Some("/t/release/scim".into()));
        assert_eq!(
            executable(messages, "hello"),
            Some("/t/release/examples/hello".into())
        );
        assert_eq!(executable(messages, "admin"), None);
    }
}
