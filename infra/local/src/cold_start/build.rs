//! The binaries, built as they are deployed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::Program;
use crate::stack::StartError;

/// What is built: our function, and the one that does nothing. In one call, so that both are built with the same features.
const TARGETS: [&str; 8] = [
    "--package",
    "users",
    "--bin",
    "users",
    "--package",
    "service",
    "--example",
    "hello",
];

/// Builds the function `users` and the one that it is compared with, in the profile that is deployed. Cargo tells on
/// standard error how far it is.
///
/// # Errors
///
/// When cargo cannot be run, or what it builds is broken.
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
        return Err("the functions cannot be built; cargo says above why".into());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let program = |name: &str| {
        let path = executable(&messages, name);
        let path = path.ok_or_else(|| format!("cargo built no `{name}`"))?;
        Ok::<_, StartError>(Program {
            name: name.to_owned(),
            path,
            arguments: Vec::new(),
        })
    };
    Ok([program("users")?, program("hello")?])
}

/// Where cargo put a program, as its messages have it.
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
    fn a_program_is_where_cargo_says() {
        let messages = r#"   Compiling users
{"reason":"compiler-artifact","target":{"name":"users","kind":["lib"]},"executable":null}
{"reason":"compiler-artifact","target":{"name":"hello","kind":["example"]},"executable":"/t/release/examples/hello"}
{"reason":"compiler-artifact","target":{"name":"users","kind":["bin"]},"executable":"/t/release/users"}
{"reason":"build-finished","success":true}"#;
        assert_eq!(
            executable(messages, "users"),
            Some("/t/release/users".into())
        );
        assert_eq!(
            executable(messages, "hello"),
            Some("/t/release/examples/hello".into())
        );
        assert_eq!(executable(messages, "groups"), None);
    }
}
