//! Keeps the data folder private, because it holds tokens and personal data: the folder has mode 0700 and its files 0600,
//! whatever the umask is. Existing files that others can read are corrected.
//!
//! Only Unix has modes; elsewhere a folder in the user's profile is private by default.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Prefixes of the names of our files: the engine adds a log and an index beside its file, and `secrets.json` is written to
/// a new file first.
const OURS: [&str; 5] = [
    ".gitignore",
    "dynamodb.sqlite",
    "secrets.json",
    "stack.json",
    "stream.position",
];

/// Creates the folder and its parents. Git ignores it, so that a file watcher on the workspace does not react to it. An
/// existing folder is made private unless it also holds other files, as a home directory does.
pub(crate) fn folder(folder: &Path) -> io::Result<()> {
    if !folder.is_dir() {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
        io::Write::write_all(&mut file(&folder.join(".gitignore"))?, b"*\n")?;
    }
    let mut is_only_ours = true;
    for entry in fs::read_dir(folder)? {
        let (name, entry) = entry.map(|entry| (entry.file_name(), entry.path()))?;
        let is_named = |ours: &&str| name.to_string_lossy().starts_with(*ours);
        match entry.is_file() && OURS.iter().any(is_named) {
            true => close(&entry, 0o600),
            false => is_only_ours = false,
        }
    }
    if is_only_ours {
        close(folder, 0o700);
    }
    Ok(())
}

/// Opens a file for writing and creates it if missing.
pub(crate) fn file(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).write(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    close(path, 0o600);
    Ok(file)
}

/// Replaces the content of a file.
pub(crate) fn write(path: &Path, content: &[u8]) -> io::Result<File> {
    let mut file = file(path)?;
    file.set_len(0)?;
    io::Write::write_all(&mut file, content)?;
    Ok(file)
}

/// Sets the mode of a path. If that fails, as on a file system without modes, it is logged and the data is used anyway.
#[cfg(unix)]
fn close(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(now) = fs::metadata(path).map(|found| found.permissions().mode() & 0o7777) else {
        // The engine or another process has removed the file in the meantime.
        return;
    };
    if now != mode
        && let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(mode))
    {
        let file = path.display();
        tracing::warn!(%file, %error, "data.readable_by_others");
    }
}

#[cfg(not(unix))]
const fn close(_: &Path, _: u32) {}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::dynamo::Dynamo;
    use crate::dynamo::tests::Folder;
    use crate::secrets::Secrets;
    use crate::stack::{TABLE, table};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The names and modes of the folder's files.
    fn modes(folder: &Path) -> Vec<(String, u32)> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let mut all: Vec<_> = entries
            .map(|entry| {
                let name = entry.file_name().to_string_lossy().into_owned();
                (name, mode(&entry.path()))
            })
            .collect();
        all.sort();
        all
    }

    /// Starts everything that keeps files under `cargo run`.
    async fn run(folder: &Folder) -> (Dynamo, Secrets) {
        let dynamo = Dynamo::start(&folder.storage(), 0).await.unwrap();
        dynamo.create_table(TABLE, &table().unwrap()).unwrap();
        for function in ["events", "feed"] {
            dynamo.stream(TABLE, function).unwrap().keep("1");
        }
        let secrets = Secrets::start(&folder.storage(), 0).await.unwrap();
        (dynamo, secrets)
    }

    #[tokio::test]
    async fn the_folder_is_private_from_the_start_and_existing_files_are_corrected() {
        let folder = Folder::new();
        let (dynamo, secrets) = run(&folder).await;
        let first = modes(&folder.0);
        let names: Vec<&str> = first.iter().map(|(name, _)| name.as_str()).collect();
        for name in [
            "dynamodb.sqlite",
            "dynamodb.sqlite-shm",
            "dynamodb.sqlite-wal",
            "stream.position",
            "stream.position.feed",
        ] {
            assert!(names.contains(&name), "{names:?}");
        }
        assert_eq!(mode(&folder.0), 0o700);
        assert!(first.iter().all(|(_, mode)| *mode == 0o600), "{first:?}");
        dynamo.shutdown().await;
        secrets.shutdown().await;
        set(&folder.0, 0o755);
        for (name, _) in &first {
            // The engine removes some of its files at shutdown and creates them again.
            let path = folder.0.join(name);
            if path.exists() {
                set(&path, 0o644);
            }
        }
        fs::write(folder.0.join("secrets.json"), "{\"secrets\":{}}").unwrap();
        set(&folder.0.join("secrets.json"), 0o644);
        let _running = run(&folder).await;
        let second = modes(&folder.0);
        assert_eq!(mode(&folder.0), 0o700);
        assert!(second.iter().all(|(_, mode)| *mode == 0o600), "{second:?}");
    }

    #[tokio::test]
    async fn a_folder_with_other_files_keeps_its_mode_and_our_files_in_it_are_private() {
        let folder = Folder::new();
        fs::create_dir(&folder.0).unwrap();
        fs::write(folder.0.join("notes.txt"), "mine").unwrap();
        set(&folder.0.join("notes.txt"), 0o644);
        set(&folder.0, 0o755);
        let _running = run(&folder).await;
        assert_eq!(mode(&folder.0), 0o755);
        for (name, mode) in modes(&folder.0) {
            let expected = if name == "notes.txt" { 0o644 } else { 0o600 };
            assert_eq!(mode, expected, "{name}");
        }
    }
}
