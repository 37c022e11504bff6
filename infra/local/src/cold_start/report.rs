//! The report as Markdown tables.

use std::io::{self, Write};

use super::share::Share;
use super::{ColdStartReport, Size, StartCost};

/// Writes the report.
///
/// # Errors
///
/// When it cannot be written.
pub fn print(report: &ColdStartReport, sizes: &[Size], out: &mut impl Write) -> io::Result<()> {
    times(report, out)?;
    ratios(report, out)?;
    counts(report, out)?;
    weights(sizes, out)
}

fn times(report: &ColdStartReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "Each program {} times at each share, by turns; milliseconds on this machine. init: from the start of the process until it asks for
an event. first: from the first event to its answer. p50 and p99: of {} events after it in each process, a moment apart. CPU: of the
process, until it asks for an event, then to the first answer, and for each event after it. All but p50 and p99 are medians. The {} is by {}. Lambda
gives full CPU to init, and the share of its memory to events.

| program | at | init | first | both | p50 | p99 | CPU of init | of first | of each |
|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
        report.repeat,
        report.warm,
        Share::Of(report.memory),
        report.means,
    )?;
    for row in &report.rows {
        writeln!(
            out,
            "| {} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.1} | {} | {} | {} |",
            row.program,
            row.share,
            row.init,
            row.first,
            row.init + row.first,
            row.p50,
            row.p99,
            optional(row.init_cpu),
            optional(row.first_cpu),
            optional(row.event_cpu),
        )?;
    }
    Ok(())
}

fn ratios(report: &ColdStartReport, out: &mut impl Write) -> io::Result<()> {
    let base = &report.base;
    writeln!(
        out,
        "
The same as multiples of `{base}`.

| program | at | init | first | both | p50 | p99 | CPU of init | memory |
|---|---|---:|---:|---:|---:|---:|---:|---:|"
    )?;
    for row in report.rows.iter().filter(|row| row.program != *base) {
        let same = |other: &&StartCost| other.program == *base && other.share == row.share;
        let Some(base) = report.rows.iter().find(same) else {
            continue;
        };
        let optional = |of: fn(&StartCost) -> Option<f64>| {
            let ratio = of(row).zip(of(base)).map(|(a, b)| a / b);
            ratio.map_or("–".to_owned(), |ratio| format!("{ratio:.2}"))
        };
        writeln!(
            out,
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {} | {} |",
            row.program,
            row.share,
            row.init / base.init,
            row.first / base.first,
            (row.init + row.first) / (base.init + base.first),
            row.p50 / base.p50,
            row.p99 / base.p99,
            optional(|row| row.init_cpu),
            optional(|row| row.memory),
        )?;
    }
    Ok(())
}

fn counts(report: &ColdStartReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "
TLS connections to DynamoDB and Secrets Manager, the maximum of all starts, and peak resident memory.

| program | during init | TLS handshakes | after init | TLS handshakes | memory, MB |
|---|---:|---:|---:|---:|---:|"
    )?;
    for row in report.rows.iter().filter(|row| row.share == Share::Full) {
        let (during, after) = (row.during_init, row.after_init);
        let memory = row.memory.map(|memory| memory / 1_024.0);
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            row.program,
            during.connections,
            during.handshakes,
            after.connections,
            after.handshakes,
            optional(memory),
        )?;
    }
    Ok(())
}

fn weights(sizes: &[Size], out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "
Size of the binary in bytes, plain and in a zip (deflate, level 9).

| program | binary | zip |
|---|---:|---:|"
    )?;
    for Size {
        program,
        binary,
        zip,
    } in sizes
    {
        writeln!(out, "| {program} | {binary} | {zip} |")?;
    }
    Ok(())
}

fn optional(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.1}"))
}
