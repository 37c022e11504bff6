//! Where the stack of a data folder answers.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::api::StackAccess;
use crate::permissions;

const FILE: &str = "stack.json";

/// The file that a running stack writes into its data folder. It stays there after the end of the stack, whose address is
/// usually the same the next time.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunningStack {
    url: String,
    admin_key: String,
}

impl RunningStack {
    #[must_use]
    pub fn new(url: String, admin_key: String) -> Self {
        Self { url, admin_key }
    }

    /// Writes the file. Only the owner can read it.
    ///
    /// # Errors
    ///
    /// When the folder is not usable.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        permissions::write(&folder.join(FILE), &serde_json::to_vec(self)?)?;
        Ok(())
    }

    /// Reads the file; `None` if no stack has run with this folder.
    #[must_use]
    pub fn read(folder: &Path) -> Option<StackAccess> {
        let bytes = fs::read(folder.join(FILE)).ok()?;
        let Self { url, admin_key } = serde_json::from_slice(&bytes).ok()?;
        Some(StackAccess {
            url,
            key: admin_key,
        })
    }
}
