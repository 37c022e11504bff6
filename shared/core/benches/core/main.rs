//! Benchmark of the core: `cargo bench -p scim-core`.
//!
//! Times depend on the machine; instructions (counted by Valgrind's callgrind, if installed) and allocations hardly do. A
//! page of 100 users must take less than [`PAGE_TIME`].

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

mod cases;

use cases::{Case, PAGE_CASE, cases};

/// Time limit for a page of 100 users.
const PAGE_TIME: Duration = Duration::from_millis(2);
/// How long each case is repeated.
const TIME: Duration = Duration::from_millis(400);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, name, runs] = arguments.as_slice()
        && let Ok(runs) = runs.parse()
    {
        repeat(name, runs);
        return ExitCode::SUCCESS;
    }
    println!("| work | time | instructions | allocations | bytes allocated |");
    println!("|---|---:|---:|---:|---:|");
    let mut is_slow = false;
    for case in cases() {
        let time = time(&case);
        let counted = allocation_counter::measure(|| (case.run)());
        let instructions = instructions(case.name).map_or_else(|| "–".to_owned(), grouped);
        let micros = time.as_nanos() / 100;
        println!(
            "| {} | {}.{} µs | {instructions} | {} of {} | {} |",
            case.name,
            micros / 10,
            micros % 10,
            grouped(counted.count_total),
            grouped(case.allocations),
            grouped(counted.bytes_total),
        );
        is_slow |= case.name == PAGE_CASE && time > PAGE_TIME;
    }
    match is_slow {
        true => {
            println!("a page of 100 users takes longer than {PAGE_TIME:?}");
            ExitCode::FAILURE
        }
        false => ExitCode::SUCCESS,
    }
}

/// Runs one case only, `runs` times, for callgrind.
fn repeat(name: &str, runs: u32) {
    for case in cases().iter().filter(|case| case.name == name) {
        (0..runs).for_each(|_| (case.run)());
    }
}

/// The median time of a run.
fn time(case: &Case) -> Duration {
    let began = Instant::now();
    let mut times = Vec::new();
    while began.elapsed() < TIME || times.len() < 10 {
        let started = Instant::now();
        (case.run)();
        times.push(started.elapsed());
    }
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The instructions of one run: the difference between 11 runs and one, divided by ten.
fn instructions(name: &str) -> Option<u64> {
    let (few, many) = (collected(name, 1)?, collected(name, 11)?);
    Some(many.saturating_sub(few) / 10)
}

fn collected(name: &str, runs: u32) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().ok()?)
        .args([name, &runs.to_string()])
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let said = String::from_utf8(output.stderr).ok()?;
    let (_, count) = said.split_once("Collected : ")?;
    count.lines().next()?.trim().parse().ok()
}

/// Formats a number with spaces between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped
}
