//! Runs the test binary itself as another process, and provides a folder for its output.

use std::path::{Path, PathBuf};

use local::cold_start::Program;

/// This binary as a program to measure; `argument` names the test that it runs.
pub fn test(name: &str, argument: &str) -> Program {
    Program {
        name: name.to_owned(),
        path: std::env::current_exe().unwrap(),
        arguments: [argument, "--exact", "--nocapture"]
            .map(str::to_owned)
            .to_vec(),
    }
}

/// Whether this process was started as a function.
pub fn is_function() -> bool {
    std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some()
}

/// A new temporary folder, removed on drop.
pub struct Folder(PathBuf);

impl Folder {
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("muster-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
