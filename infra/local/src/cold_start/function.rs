//! A function's binary as a process, in an environment like Lambda's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::share::{Limit, Means, PERIOD, Share};
use crate::stack::StartError;

/// How long a function may take to its next sign of life.
const PATIENCE: Duration = Duration::from_mins(1);

/// A binary that is measured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Program {
    /// What it is called in the report.
    pub name: String,
    /// The binary.
    pub path: PathBuf,
    /// Its arguments; functions have none.
    pub arguments: Vec<String>,
}

/// A running function. Dropping it kills the process.
pub(super) struct Function {
    /// When it was told to start.
    pub(super) begun: Instant,
    process: Child,
    log: PathBuf,
    /// CPU time of the shell.
    shell: Duration,
    // Below the process: a control group is removed when it is empty.
    _limit: Limit,
}

/// What a process consumed so far, where the system tells.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Usage {
    /// CPU time of its threads.
    pub(super) cpu: Option<Duration>,
    /// The most memory that was ever resident, in KiB.
    pub(super) memory: Option<f64>,
}

impl Function {
    /// Starts a program with this environment and no other; what it writes goes into `folder`.
    ///
    /// A shell waits until the limit is in force, and becomes the program when it is told: joining a control group takes
    /// longer than a function starts, and there is no safe way to do it between a fork and what follows.
    pub(super) async fn start(
        program: &Program,
        environment: &[(&'static str, String)],
        (means, share): (&Means, Share),
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
        let id = process.id().ok_or("the shell has ended")?;
        let limit = means.limit(id, share)?;
        let mut go = process.stdin.take().ok_or("the shell does not listen")?;
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

    /// Waits for something that the function is to do.
    pub(super) async fn until<T, E: Into<StartError>>(
        &mut self,
        done: impl Future<Output = Result<T, E>>,
    ) -> Result<T, StartError> {
        let error: StartError = tokio::select! {
            done = done => match done {
                Ok(done) => return Ok(done),
                Err(error) => error.into(),
            },
            ended = self.process.wait() => format!("the process ended: {}", ended?).into(),
            () = tokio::time::sleep(PATIENCE) => "it takes too long".into(),
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let last: Vec<&str> = log.lines().rev().take(5).collect();
        let last: Vec<&str> = last.into_iter().rev().collect();
        Err(format!("{error}\n{}", last.join("\n")).into())
    }

    /// What it consumed so far.
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

    /// Ends it.
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
