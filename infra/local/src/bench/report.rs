//! The report as Markdown tables.

use std::io::{self, Write};

use super::dollars::Bill;
use super::{BenchReport, OperationCost, Scale};

/// The operation that response times are compared with.
const BASELINE: &str = "read a user without groups";

pub fn print(report: &BenchReport, out: &mut impl Write) -> io::Result<()> {
    operations(report, out)?;
    growth(report, out)?;
    throughput(report, out)?;
    feed(report, out)?;
    million(report, out)?;
    traffic(report, out)?;
    let exceeded = report.exceeded();
    if exceeded.is_empty() {
        return writeln!(out, "\nNo budget and no growth limit is exceeded.");
    }
    writeln!(out, "\nExceeded:\n")?;
    for line in exceeded {
        writeln!(out, "- {line}")?;
    }
    Ok(())
}

fn operations(report: &BenchReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "Each operation was sent {} times (pages at most 20 times). Round trips, units and bytes are maxima; the budget is round trips /
RRU / WRU. CPU is the median of the service's thread in microseconds, without the engine that replaces DynamoDB;
p50 and p99 are milliseconds on this machine, engine included; × is p50 relative to reading a user.

| operation | of | round trips | RRU | WRU | budget | bytes in | bytes out | CPU | p50 | p99 | × |
|---|---|---:|---:|---:|---|---:|---:|---:|---:|---:|---:|",
        report.repeat
    )?;
    let at = |size: usize| {
        report
            .rows
            .iter()
            .find(|row| row.operation == BASELINE && row.size == size)
    };
    let first = report.rows.iter().find(|row| row.operation == BASELINE);
    for row in &report.rows {
        let sample = &row.sample;
        let base = at(row.size)
            .or(first)
            .map_or(sample.p50, |row| row.sample.p50);
        writeln!(out, "{} {:.1} |", cells(row), sample.p50 / base)?;
    }
    Ok(())
}

/// The cells of an operation, without the last one.
fn cells(row: &OperationCost) -> String {
    let (sample, budget) = (&row.sample, &row.budget);
    let mark = if row.is_within() { "" } else { " **exceeded**" };
    format!(
        "| {} | {} | {} | {} | {} | {} / {} / {}{mark} | {} | {} | {} | {:.1} | {:.1} |",
        row.operation,
        of(row),
        sample.round_trips,
        sample.reads,
        sample.writes,
        budget.round_trips,
        budget.reads,
        budget.writes,
        sample.sent,
        sample.received,
        whole(sample.cpu),
        sample.p50 / 1_000.0,
        sample.p99 / 1_000.0,
    )
}

fn of(row: &OperationCost) -> String {
    match row.of {
        Scale::Users => format!("{} users", row.size),
        Scale::Members => format!("{} members", row.size),
    }
}

fn whole(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.0}"))
}

fn growth(report: &BenchReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "
Growth from the smallest size to the largest, as factors. The limit applies to round trips and units; for bytes it is 1.2.

| operation | from | to | round trips | units | bytes | CPU | p50 | limit |
|---|---:|---:|---:|---:|---:|---:|---:|---|"
    )?;
    for growth in &report.growth {
        let mark = if growth.is_within() {
            ""
        } else {
            " **exceeded**"
        };
        let cpu = growth.cpu.map_or("–".to_owned(), |cpu| format!("{cpu:.2}"));
        writeln!(
            out,
            "| {} | {} | {} | {:.2} | {:.2} | {:.2} | {cpu} | {:.2} | {}{mark} |",
            growth.operation,
            growth.from,
            growth.to,
            growth.round_trips,
            growth.capacity,
            growth.received,
            growth.p50,
            growth.limit,
        )?;
    }
    Ok(())
}

fn throughput(report: &BenchReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "
One process, the service on one thread, 16 concurrent requests, the engine on the same machine.

| operation | users | requests per second |
|---|---:|---:|"
    )?;
    for row in &report.throughput {
        writeln!(
            out,
            "| {} | {} | {:.0} |",
            row.operation, row.users, row.requests
        )?;
    }
    Ok(())
}

fn feed(report: &BenchReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "
The change feed: the mean of an event in a warm process, with refused writes. The limit is read and write units together. Dollars
are for a million events: units, the invocation of Lambda, and its GB-seconds.

| what happens | events | RRU | WRU | calls | limit | $ |
|---|---:|---:|---:|---:|---:|---:|"
    )?;
    let feed = &report.feed;
    for cost in &feed.costs {
        let mark = if cost.is_within() {
            ""
        } else {
            " **exceeded**"
        };
        writeln!(
            out,
            "| {} | {} | {:.2} | {:.2} | {:.2} | {}{mark} | {:.2} |",
            cost.case, cost.events, cost.reads, cost.writes, cost.calls, cost.limit, cost.million
        )?;
    }
    writeln!(
        out,
        "
One process appends {:.0} events a second to one feed, in batches of 100 (bar: 1,000). From the response of a change to the feed: p50
{:.0} ms (bar: 350), p99 {:.0} ms (bar: 1,000), of which a quarter of a second is the stream's polling. A month of events of the
tenant below, each event alone: ${:.4} (bar: 0.01).",
        feed.per_second, feed.p50, feed.p99, feed.month
    )
}

fn bill(bill: &Bill) -> String {
    let Bill {
        table,
        requests,
        out,
        compute,
    } = bill;
    format!(
        "{table:.2} | {requests:.2} | {out:.2} | {compute:.2} | {:.2}",
        bill.total()
    )
}

fn million(report: &BenchReport, out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "
Dollars for a million requests at list price: DynamoDB on demand ($0.625 and $0.125 a million units written and read), requests (HTTP
API $1.00 for each started 512 KB, Lambda $0.20), data out ($0.09 a GB), Lambda GB-seconds ($0.0000133334, arm64, 256 MB: the
measured CPU time at 256/1,769 of a vCPU plus 5 ms for each round trip). GB-seconds depend on a measured time, the rest on counts.

| operation | at | DynamoDB | requests | out | GB-s | all |
|---|---:|---:|---:|---:|---:|---:|"
    )?;
    for row in &report.dollars.million {
        writeln!(
            out,
            "| {} | {} | {} |",
            row.operation,
            row.size,
            bill(&row.bill)
        )?;
    }
    Ok(())
}

fn traffic(report: &BenchReport, out: &mut impl Write) -> io::Result<()> {
    let dollars = &report.dollars;
    writeln!(
        out,
        "
Dollars for a tenant with 10,000 users, each in three of 100 groups. In a month 200 users join, 200 leave, 1,000 change, and 1,000
memberships change. In addition: ${:.3} a month for its {:.0} MB in the table at $0.25 a GB, and ${:.2} for the keyring, which many tenants share.

| traffic | requests | DynamoDB | requests | out | GB-s | all |
|---|---:|---:|---:|---:|---:|---:|",
        dollars.stored,
        dollars.stored / super::dollars::STORED * 1_000.0,
        dollars.secret
    )?;
    for provider in &dollars.traffic {
        let requests: f64 = provider.lines.iter().map(|line| line.requests).sum();
        writeln!(
            out,
            "| {} | {requests} | {} |",
            provider.name,
            bill(&provider.bill)
        )?;
    }
    writeln!(
        out,
        "\nThe requests behind these figures:\n\n| traffic | requests | operation | why |\n|---|---:|---|---|"
    )?;
    for provider in &dollars.traffic {
        for line in &provider.lines {
            writeln!(
                out,
                "| {} | {} | {} | {} |",
                provider.name, line.requests, line.operation, line.why
            )?;
        }
    }
    Ok(())
}
