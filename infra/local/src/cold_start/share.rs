//! Limits a process to a share of a CPU, as Lambda does.
//!
//! Lambda gives a function 1/1,769 of a vCPU for each MB by a quota: a process that has used its part of a period waits for
//! the next period. A control group enforces the same quota here. Without permission for control groups, signals stop and
//! continue the process; they also stop it while it waits for a response, so its times are longer.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// MB of memory at which Lambda gives a full vCPU.
const WHOLE: u32 = 1_769;
/// After this time a process gets its part again.
pub(super) const PERIOD: Duration = Duration::from_millis(20);

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Share {
    Full,
    /// The share that Lambda gives to this many MB.
    Of(u32),
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("full CPU"),
            Self::Of(memory) => write!(f, "{memory} MB share"),
        }
    }
}

/// How a share is enforced on this machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Enforcement {
    /// A control group below this one.
    Group(PathBuf),
    Signals,
}

impl fmt::Display for Enforcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(_) => f.write_str("a control group's quota"),
            Self::Signals => f.write_str("stopping and continuing the process"),
        }
    }
}

/// Limits a process until dropped. Drop it after the process has exited.
#[derive(Debug)]
pub struct Limit {
    _group: Option<ControlGroup>,
    _signals: Option<Signals>,
}

impl Enforcement {
    /// The first that works here: control groups version 2, version 1, or signals.
    #[must_use]
    pub fn found() -> Self {
        ["/sys/fs/cgroup", "/sys/fs/cgroup/cpu"]
            .iter()
            .map(PathBuf::from)
            .find(|root| ControlGroup::make(root, "probe", Some(PERIOD)).is_ok())
            .map_or(Self::Signals, Self::Group)
    }

    /// Limits a process to a share.
    ///
    /// # Errors
    ///
    /// When the control group or the process cannot be changed.
    pub fn limit(&self, process: u32, share: Share) -> io::Result<Limit> {
        let part = match share {
            Share::Full => None,
            Share::Of(memory) => Some(part(memory)),
        };
        let (group, signals) = match (self, part) {
            (Self::Group(root), part) => {
                let group = ControlGroup::make(root, &process.to_string(), part)?;
                fs::write(group.0.join("cgroup.procs"), process.to_string())?;
                (Some(group), None)
            }
            (Self::Signals, None) => (None, None),
            (Self::Signals, Some(part)) => (None, Some(Signals::start(process, part)?)),
        };
        Ok(Limit {
            _group: group,
            _signals: signals,
        })
    }
}

/// The CPU time in each period for this many MB.
fn part(memory: u32) -> Duration {
    PERIOD * memory / WHOLE
}

/// A control group. Dropping it removes it.
#[derive(Debug)]
struct ControlGroup(PathBuf);

impl ControlGroup {
    /// Makes a group below `root`, with `part` of CPU time in each period if limited.
    fn make(root: &Path, name: &str, part: Option<Duration>) -> io::Result<Self> {
        let path = root.join(format!("muster-{}-{name}", std::process::id()));
        fs::create_dir(&path)?;
        let group = Self(path);
        // The kernel provides these files if the controller is enabled here; opening must not create them.
        let set = |file: &str, text: String| {
            let mut file = File::options().write(true).open(group.0.join(file))?;
            file.write_all(text.as_bytes())
        };
        // Full weight, so that other processes on this machine disturb the measurement less.
        let _ = set("cpu.weight", "10000".to_owned())
            .or_else(|_| set("cpu.shares", "262144".to_owned()));
        if let Some(part) = part {
            let (part, period) = (part.as_micros(), PERIOD.as_micros());
            set("cpu.max", format!("{part} {period}")).or_else(|_| {
                set("cpu.cfs_period_us", period.to_string())?;
                set("cpu.cfs_quota_us", part.to_string())
            })?;
        }
        Ok(group)
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // A killed process stays in the group until the kernel has reaped it.
        for _ in 0..100 {
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// A thread that stops and continues a process until it is dropped.
#[derive(Debug)]
struct Signals {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Signals {
    #[cfg(unix)]
    fn start(process: u32, part: Duration) -> io::Result<Self> {
        use rustix::process::{Pid, Signal, kill_process};
        let process = i32::try_from(process).ok().and_then(Pid::from_raw);
        let process = process.ok_or(io::ErrorKind::NotFound)?;
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let turns = move || {
            // A sleep overruns, on some machines by as much as the whole part: the pause after a turn is
            // proportional to the time that the turn really took.
            let mut ran = part;
            while !told.load(Ordering::Relaxed) {
                let _ = kill_process(process, Signal::STOP);
                let waits = PERIOD.saturating_sub(part).div_duration_f64(part);
                std::thread::sleep(ran.mul_f64(waits));
                let _ = kill_process(process, Signal::CONT);
                let begun = Instant::now();
                std::thread::sleep(part);
                ran = begun.elapsed();
            }
        };
        Ok(Self {
            over,
            thread: Some(std::thread::spawn(turns)),
        })
    }

    #[cfg(not(unix))]
    fn start(_: u32, _: Duration) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    /// A process that spins until it is killed.
    fn busy() -> Child {
        let mut shell = Command::new("sh");
        shell.args(["-c", "while :; do :; done"]).spawn().unwrap()
    }

    /// The CPU time of a process in seconds; `None` where the system does not report it.
    fn cpu(process: &Child) -> Option<f64> {
        let file = format!("/proc/{}/schedstat", process.id());
        let text = fs::read_to_string(file).ok()?;
        Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
    }

    #[test]
    fn a_limited_process_gets_the_share_of_its_memory() {
        for means in [Enforcement::found(), Enforcement::Signals] {
            let mut process = busy();
            let limit = means.limit(process.id(), Share::Of(256));
            let (begun, before) = (Instant::now(), cpu(&process));
            std::thread::sleep(Duration::from_millis(600));
            let (took, after) = (begun.elapsed(), cpu(&process));
            process.kill().unwrap();
            process.wait().unwrap();
            let Some((before, after)) = before.zip(after) else {
                return;
            };
            drop(limit.unwrap());
            let share = (after - before) / took.as_secs_f64();
            assert!(share > 0.0 && share < 0.2, "{means}: {share}");
        }
        assert_eq!(part(1_769), PERIOD);
        assert_eq!(part(256).as_micros(), 2_894);
    }
}
