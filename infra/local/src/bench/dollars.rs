//! Costs at list price: a million of each operation, and a month of provider traffic for one tenant.
//!
//! Prices of us-east-1 without free tiers and discounts. Log storage, backups, data transfer inside the region, DNS,
//! certificates and taxes are not included.

use serde::Serialize;

use super::members::IMPORT;
use super::{OperationCost, Sample, number};

/// Dollars for a million read request units.
pub const READ: f64 = 0.125;
/// Dollars for a million write request units.
pub const WRITE: f64 = 0.625;
/// Dollars for a million HTTP API requests, metered in steps of 512 KiB.
pub const API: f64 = 1.00;
/// Dollars for a million Lambda invocations.
pub const INVOCATION: f64 = 0.20;
/// Dollars for a Lambda GB-second on arm64.
pub const GB_SECOND: f64 = 0.000_013_333_4;
/// Dollars for one secret a month.
pub const SECRET: f64 = 0.40;
/// Dollars for a GB of data transfer out.
pub const OUT: f64 = 0.09;
/// Dollars for a GB of table storage a month.
pub const STORED: f64 = 0.25;

/// A function's memory in GB. Lambda gives a full vCPU at 1,769 MB.
const MEMORY: f64 = 0.25;
const SHARE: f64 = 256.0 / 1_769.0;
/// Assumed duration of a `DynamoDB` call in seconds.
const ROUND_TRIP: f64 = 0.005;
/// An HTTP API meters a request for each started 512 KiB.
const INCREMENT: usize = 512 * 1024;
/// Assumed bytes of response headers.
const HEADERS: f64 = 400.0;
const GB: f64 = 1_000_000_000.0;
pub(super) const MILLION: f64 = 1_000_000.0;
/// Users of the tenant whose month is calculated.
const TENANT: f64 = 10_000.0;

/// The cost of requests in dollars, by AWS service.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bill {
    /// Capacity units, from counts.
    pub table: f64,
    /// Gateway requests and invocations, from counts.
    pub requests: f64,
    /// Data transfer out, from counts.
    pub out: f64,
    /// GB-seconds, from measured CPU time.
    pub compute: f64,
}

impl Bill {
    /// The cost of a million such requests.
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

    /// The cost of a million such invocations that no client waits for.
    pub(super) fn of_background(sample: &Sample) -> Self {
        Self {
            requests: INVOCATION,
            out: 0.0,
            ..Self::of(sample)
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

/// The cost of a million requests of an operation.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Million {
    pub operation: String,
    /// Number of users or members.
    pub size: usize,
    #[serde(flatten)]
    pub bill: Bill,
}

/// Part of a provider's traffic: an operation, its number of requests, and why the provider sends them.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub requests: f64,
    pub operation: &'static str,
    pub why: &'static str,
}

/// A provider's traffic and its cost.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    pub name: &'static str,
    pub lines: Vec<Line>,
    #[serde(flatten)]
    pub bill: Bill,
}

/// All costs in dollars.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dollars {
    /// A million of each operation at its largest size.
    pub million: Vec<Million>,
    /// Provider traffic of a tenant with 10,000 users.
    pub traffic: Vec<Traffic>,
    /// Table storage of that tenant's users, a month.
    pub stored: f64,
    /// One keyring secret a month, shared by all tenants whose keys it holds.
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

/// Provider traffic for 10,000 users and 100 groups, each user in three of them. In a month 200 users join, 200 leave,
/// 1,000 change, and 1,000 memberships change.
fn traffic() -> [(&'static str, Vec<Line>); 3] {
    [
        ("all users and groups, once", first()),
        ("Entra ID, a month", entra()),
        ("Okta, a month", okta()),
    ]
}

fn first() -> Vec<Line> {
    vec![
        line(TENANT, ABSENT, "look up each user"),
        line(TENANT, CREATE, "create it"),
        line(100.0, NO_GROUP, "look up each group"),
        line(100.0, "create a group", "create it"),
        line(3.0 * TENANT, JOIN, "one request for each membership"),
    ]
}

fn entra() -> Vec<Line> {
    vec![
        line(1_095.0, ABSENT, "one probe for each cycle of 40 minutes"),
        line(200.0, ABSENT, "look up joiners"),
        line(200.0, CREATE, "create it"),
        line(
            1_400.0,
            READ_USER,
            "read each user that changes, leaves or is deleted",
        ),
        line(1_000.0, CHANGE, "update changed users"),
        line(200.0, CHANGE, "deactivate leavers"),
        line(200.0, GONE, "delete leavers after 30 days"),
        line(
            2_200.0,
            READ_GROUP,
            "read the group before each membership change",
        ),
        line(1_100.0, JOIN, "joiners, and half of the membership changes"),
        line(
            1_100.0,
            LEAVE,
            "leavers, and half of the membership changes",
        ),
    ]
}

fn okta() -> Vec<Line> {
    vec![
        line(200.0, ABSENT, "look up joiners"),
        line(200.0, CREATE, "create it"),
        line(1_200.0, READ_USER, "read before replacing"),
        line(1_200.0, PUT, "update changed users, deactivate leavers"),
        line(1_100.0, JOIN, "joiners, and half of the membership changes"),
        line(
            1_100.0,
            LEAVE,
            "leavers, and half of the membership changes",
        ),
        line(
            2_200.0,
            RENAME,
            "the group name, sent with each membership change",
        ),
        line(3_000.0, IMPORT, "daily import, in pages of 100"),
    ]
}

impl Dollars {
    /// Prices the measured operations. Traffic that needs an unmeasured operation is left out. `stored` is the table size
    /// of one user in bytes.
    #[must_use]
    pub fn of(rows: &[OperationCost], stored: usize) -> Self {
        let last = |row: &&OperationCost| {
            let later = |other: &OperationCost| {
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
            // A user's three memberships are six items of about 200 bytes.
            stored: (number(stored) + 1_200.0) * TENANT / GB * STORED,
            secret: SECRET,
        }
    }
}

/// The measurement of an operation at the size closest to the tenant's.
fn like_the_tenant<'r>(rows: &'r [OperationCost], operation: &str) -> Option<&'r OperationCost> {
    let far = |row: &&OperationCost| row.size.abs_diff(10_000);
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
    fn a_bill_multiplies_counts_by_list_prices() {
        let bill = Bill::of(&sample(3.0, 8.0, 600, Some(256.0)));
        assert!((bill.table - 5.375).abs() < 1e-9);
        assert!((bill.requests - 1.20).abs() < 1e-9);
        assert!((bill.out - 0.09).abs() < 1e-9);
        // 256 µs of CPU take 1.769 ms at that share; with two calls of 5 ms Lambda bills 12 ms.
        assert!(
            (bill.compute - 0.040_000_2).abs() < 1e-6,
            "{}",
            bill.compute
        );
        assert!((bill.total() - 6.705).abs() < 1e-3);
    }

    #[test]
    fn the_gateway_meters_a_long_response_as_several_requests() {
        let bill = Bill::of(&sample(0.0, 0.0, INCREMENT, None));
        assert!((bill.requests - 2.20).abs() < 1e-9);
    }
}
