//! What it costs at list price: a million of each operation, and a month of a tenant under a provider's traffic.
//!
//! Prices of us-east-1 without free tiers and discounts. Not counted: storage of logs, backups, data transfer inside the region,
//! DNS, certificates, taxes.

use serde::Serialize;

use super::members::IMPORT;
use super::{Row, Sample, number};

/// Dollars for a million read request units.
pub const READ: f64 = 0.125;
/// Dollars for a million write request units.
pub const WRITE: f64 = 0.625;
/// Dollars for a million requests of an HTTP API, each of up to 512 KiB.
pub const API: f64 = 1.00;
/// Dollars for a million invocations of a function.
pub const INVOCATION: f64 = 0.20;
/// Dollars for a GB-second of a function on arm64.
pub const GB_SECOND: f64 = 0.000_013_333_4;
/// Dollars for a secret in a month.
pub const SECRET: f64 = 0.40;
/// Dollars for a GB that leaves.
pub const OUT: f64 = 0.09;
/// Dollars for a GB in the table in a month.
pub const STORED: f64 = 0.25;

/// The memory of a function in GB; a vCPU belongs to 1,769 MB.
const MEMORY: f64 = 0.25;
const SHARE: f64 = 256.0 / 1_769.0;
/// Seconds that a call of `DynamoDB` is taken to last.
const ROUND_TRIP: f64 = 0.005;
/// Bytes that an HTTP API counts as one request.
const INCREMENT: usize = 512 * 1024;
/// Bytes of headers of an answer.
const HEADERS: f64 = 400.0;
const GB: f64 = 1_000_000_000.0;
const MILLION: f64 = 1_000_000.0;
/// Users of the tenant whose month is added up.
const TENANT: f64 = 10_000.0;

/// Dollars of requests, by what they are paid for.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bill {
    /// Capacity units: counted.
    pub table: f64,
    /// Requests of the gateway and invocations: counted.
    pub requests: f64,
    /// Bytes that leave: counted.
    pub out: f64,
    /// GB-seconds: from the CPU time that was measured.
    pub compute: f64,
}

impl Bill {
    /// What a million such requests cost.
    fn of(sample: &Sample) -> Self {
        let calls = (sample.sent + sample.received).div_ceil(INCREMENT).max(1);
        let cpu = sample.cpu.unwrap_or_default() / MILLION / SHARE;
        let seconds = cpu + f64::from(sample.round_trips) * ROUND_TRIP;
        let billed = (seconds * 1_000.0).ceil() / 1_000.0;
        Self {
            table: capacity(sample),
            requests: API * number(calls) + INVOCATION,
            out: (number(sample.received) + HEADERS) * MILLION / GB * OUT,
            compute: billed * MEMORY * GB_SECOND * MILLION,
        }
    }

    fn plus(self, other: Self, times: f64) -> Self {
        Self {
            table: other.table.mul_add(times, self.table),
            requests: other.requests.mul_add(times, self.requests),
            out: other.out.mul_add(times, self.out),
            compute: other.compute.mul_add(times, self.compute),
        }
    }

    /// All of it.
    #[must_use]
    pub const fn total(&self) -> f64 {
        self.table + self.requests + self.out + self.compute
    }
}

/// Dollars for the capacity units of a million requests.
#[must_use]
pub fn capacity(sample: &Sample) -> f64 {
    sample.reads.mul_add(READ, sample.writes * WRITE)
}

/// A million of an operation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Million {
    /// The operation.
    pub operation: String,
    /// The number of users or members.
    pub size: usize,
    /// What it costs.
    #[serde(flatten)]
    pub bill: Bill,
}

/// So many of an operation, and why.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// How many.
    pub requests: f64,
    /// Of which operation.
    pub operation: &'static str,
    /// When they are made.
    pub why: &'static str,
}

/// What a provider's traffic costs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// The provider and what it is about.
    pub name: &'static str,
    /// The requests.
    pub lines: Vec<Line>,
    /// What they cost.
    #[serde(flatten)]
    pub bill: Bill,
}

/// What it costs.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dollars {
    /// A million of each operation at its largest size.
    pub million: Vec<Million>,
    /// A tenant of 10,000 users.
    pub traffic: Vec<Traffic>,
    /// What the tenant's users cost in a month by lying in the table.
    pub stored: f64,
    /// What the keyring costs in a month, for all tenants whose keys are in it.
    pub secret: f64,
}

const JOIN: &str = "add one member to a group";
const LEAVE: &str = "remove one member from a group";
const ABSENT: &str = "find a user by `userName`: no match";
const NO_GROUP: &str = "find a group by `displayName`: no match";
const READ_GROUP: &str = "read a group without members";
const RENAME: &str = "change a group (PATCH)";
const CREATE: &str = "create a user";
const READ_USER: &str = "read a user in one group";
const CHANGE: &str = "change a user (PATCH)";
const PUT: &str = "change a user (PUT)";
const GONE: &str = "delete a user in one group";

const fn line(requests: f64, operation: &'static str, why: &'static str) -> Line {
    Line {
        requests,
        operation,
        why,
    }
}

/// The traffic of the providers, for 10,000 users in 100 groups of which each user is in three. In a month 200 join, 200 leave, 1,000
/// change, and 1,000 memberships change.
fn traffic() -> [(&'static str, Vec<Line>); 3] {
    [
        ("all users and groups, once", first()),
        ("Entra ID, a month", entra()),
        ("Okta, a month", okta()),
    ]
}

fn first() -> Vec<Line> {
    vec![
        line(TENANT, ABSENT, "each user is looked for"),
        line(TENANT, CREATE, "and created"),
        line(100.0, NO_GROUP, "each group is looked for"),
        line(100.0, "create a group", "and created"),
        line(3.0 * TENANT, JOIN, "each membership, as if alone"),
    ]
}

fn entra() -> Vec<Line> {
    vec![
        line(1_095.0, ABSENT, "a probe a cycle of 40 minutes"),
        line(200.0, ABSENT, "joiners are looked for"),
        line(200.0, CREATE, "and created"),
        line(1_400.0, READ_USER, "who changes, leaves or goes is read"),
        line(1_000.0, CHANGE, "changes"),
        line(200.0, CHANGE, "leavers are switched off"),
        line(200.0, GONE, "and deleted after 30 days"),
        line(2_200.0, READ_GROUP, "before each change of a membership"),
        line(1_100.0, JOIN, "of joiners, and half of the changes"),
        line(1_100.0, LEAVE, "of leavers, and half of the changes"),
    ]
}

fn okta() -> Vec<Line> {
    vec![
        line(200.0, ABSENT, "joiners are looked for"),
        line(200.0, CREATE, "and created"),
        line(1_200.0, READ_USER, "before it is replaced"),
        line(1_200.0, PUT, "changes, and leavers switched off"),
        line(1_100.0, JOIN, "of joiners, and half of the changes"),
        line(1_100.0, LEAVE, "of leavers, and half of the changes"),
        line(2_200.0, RENAME, "the name sent with each of these"),
        line(3_000.0, IMPORT, "an import a day, in pages of 100"),
    ]
}

impl Dollars {
    /// The prices of what was measured, without the traffic that has requests of which none was; `stored` is the number of bytes
    /// that the table keeps of a user.
    #[must_use]
    pub fn of(rows: &[Row], stored: usize) -> Self {
        let last = |row: &&Row| {
            let later = |other: &Row| {
                other.operation == row.operation && other.of == row.of && other.size > row.size
            };
            !rows.iter().any(later)
        };
        let million = rows.iter().filter(last).map(|row| Million {
            operation: row.operation.clone(),
            size: row.size,
            bill: Bill::of(&row.sample),
        });
        let mut providers = Vec::new();
        'traffic: for (name, lines) in traffic() {
            let mut bill = Bill::default();
            for line in &lines {
                let Some(row) = like_the_tenant(rows, line.operation) else {
                    continue 'traffic;
                };
                bill = bill.plus(Bill::of(&row.sample), line.requests / MILLION);
            }
            providers.push(Traffic { name, lines, bill });
        }
        Self {
            million: million.collect(),
            traffic: providers,
            // Three memberships of each user are six items of 200 bytes.
            stored: (number(stored) + 1_200.0) * TENANT / GB * STORED,
            secret: SECRET,
        }
    }
}

/// The measurement of an operation at the size next to the tenant's.
fn like_the_tenant<'r>(rows: &'r [Row], operation: &str) -> Option<&'r Row> {
    let far = |row: &&Row| row.size.abs_diff(10_000);
    rows.iter()
        .filter(|row| row.operation == operation)
        .min_by_key(far)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(reads: f64, writes: f64, received: usize, cpu: Option<f64>) -> Sample {
        Sample {
            requests: 1,
            round_trips: 2,
            reads,
            writes,
            sent: 100,
            received,
            cpu,
            p50: 1.0,
            p99: 1.0,
        }
    }

    #[test]
    fn a_bill_is_the_sum_of_what_was_counted_at_list_price() {
        let bill = Bill::of(&sample(3.0, 8.0, 600, Some(256.0)));
        assert!((bill.table - 5.375).abs() < 1e-9);
        assert!((bill.requests - 1.20).abs() < 1e-9);
        assert!((bill.out - 0.09).abs() < 1e-9);
        // 1.769 ms of CPU at that share and two calls are billed as 12 ms.
        assert!(
            (bill.compute - 0.040_000_2).abs() < 1e-6,
            "{}",
            bill.compute
        );
        assert!((bill.total() - 6.705).abs() < 1e-3);
    }

    #[test]
    fn a_long_answer_counts_as_several_requests_of_the_gateway() {
        let bill = Bill::of(&sample(0.0, 0.0, INCREMENT, None));
        assert!((bill.requests - 2.20).abs() < 1e-9);
    }
}
