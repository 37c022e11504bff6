//! Runs a function's binary as a process in an environment like Lambda's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};
use tokio::time::Instant;

use super::share::{Enforcement, Limit, PERIOD, Share};
use crate::stack::StartError;

/// The longest wait for the function's next call.
const PATIENCE: Duration = Duration::from_mins(1);

/// A binary to measure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    /// Its name in the report.
    pub name: String,
    pub path: PathBuf,
    /// Functions take no arguments; test programs do.
    pub arguments: Vec<String>,
}

/// A running function. Dropping it kills the process.
pub(super) struct RunningFunction {
    /// When the shell was told to become the program.
    pub(super) begun: Instant,
    process: Child,
    log: PathBuf,
    /// CPU time that the shell used before, which is not the program's.
    shell: Duration,
    // Dropped after the process: only an empty control group can be removed.
    _limit: Limit,
}

/// What a process has used so far; `None` where the system does not report it.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Usage {
    pub(super) cpu: Option<Duration>,
    /// Peak resident memory in KiB.
    pub(super) memory: Option<f64>,
}

impl RunningFunction {
    /// Starts a program with exactly this environment; its output goes into a file in `folder`.
    ///
    /// A shell waits until the limit is in force and then becomes the program. Joining a control group takes longer than a
    /// function takes to start, and safe Rust cannot run code between fork and exec.
    pub(super) async fn start(
        program: &Program,
        environment: &[(&'static str, String)],
        (means, share): (&Enforcement, Share),
        folder: &Path,
    ) -> Result<Self, StartError> {
        let log = folder.join("log");
        let out = fs::File::create(&log)?;
        let mut process = Command::new("/bin/sh")
            .args(["-c", "read -r go && exec \"$0\" \"$@\""])
            .arg(&program.path)
            .args(&program.arguments)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stderr(out.try_clone()?)
            .stdout(out)
            .kill_on_drop(true)
            .spawn()?;
        let id = process.id().ok_or("the shell has exited")?;
        let limit = means.limit(id, share)?;
        let mut go = process
            .stdin
            .take()
            .ok_or("the shell has no standard input")?;
        tokio::time::sleep(2 * PERIOD).await;
        let shell = cpu(&folder_of(id)).unwrap_or_default();
        let begun = Instant::now();
        go.write_all(b"\n").await?;
        Ok(Self {
            begun,
            process,
            log,
            shell,
            _limit: limit,
        })
    }

    /// Waits for the function to complete `done`. An error carries the last lines of its log.
    pub(super) async fn until<T, E: Into<StartError>>(
        &mut self,
        done: impl Future<Output = Result<T, E>>,
    ) -> Result<T, StartError> {
        let error: StartError = tokio::select! {
            done = done => match done {
                Ok(done) => return Ok(done),
                Err(error) => error.into(),
            },
            ended = self.process.wait() => format!("the process exited: {}", ended?).into(),
            () = tokio::time::sleep(PATIENCE) => "the function takes too long".into(),
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Err(format!("{error}\n{}", last.join("\n")).into())
    }

    pub(super) fn usage(&self) -> Usage {
        let Some(id) = self.process.id() else {
            return Usage::default();
        };
        let folder = folder_of(id);
        Usage {
            cpu: cpu(&folder).map(|cpu| cpu.saturating_sub(self.shell)),
            memory: memory(&folder),
        }
    }

    pub(super) async fn end(mut self) -> io::Result<()> {
        self.process.kill().await
    }
}

fn folder_of(process: u32) -> PathBuf {
    PathBuf::from(format!("/proc/{process}"))
}

fn cpu(process: &Path) -> Option<Duration> {
    let mut sum = 0;
    for thread in fs::read_dir(process.join("task")).ok()?.flatten() {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        sum += text.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(sum))
}

fn memory(process: &Path) -> Option<f64> {
    let text = fs::read_to_string(process.join("status")).ok()?;
    let most = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    most.trim().trim_end_matches("kB").trim().parse().ok()
}
