//! Limits of requests, of responses and of background work, each with its unit and its reason.
//!
//! What a client may send is bounded by `scim_core::limits`, what is stored by `directory::limits`.

use std::time::Duration;

use jiff::SignedDuration;

// Responses

/// The smallest body to compress, in bytes. A smaller body fits one packet anyway.
pub const COMPRESSED_BYTES: usize = 1024;
/// The largest body as sent, in bytes. Lambda's limit is 6 MB of JSON in which each quote of the body is escaped.
pub const RESPONSE_BYTES: usize = 5 * 1024 * 1024;
/// The largest compressed body, in bytes. Lambda's limit of 6 MB applies to its base64.
pub const GZIP_RESPONSE_BYTES: usize = 4_700_000;
/// The most members of one group in a response, and of all groups on a page. A member takes about 190 bytes.
pub const MEMBERS: u64 = 25_000;
/// The most members of one group in a compressed response: a member takes about 27 bytes. Half of each id is random, so a
/// higher compression level would not help.
pub const GZIP_MEMBERS: u64 = 180_000;
/// The same without `$ref`, where a member takes about 22 bytes.
pub const GZIP_MEMBERS_WITHOUT_REF: u64 = 220_000;
/// The most members of all groups on a compressed page. All of them are in memory before they are written, at about one
/// kilobyte each.
pub const GZIP_LISTED_MEMBERS: u64 = 100_000;
/// How many members of a large group are represented at a time.
pub const REPRESENTED_AT_ONCE: usize = 1_000;
/// Groups with more members are compressed while they are written.
pub const WRITTEN_AT_ONCE: usize = 10_000;
/// How long a client should wait after 429 or 503, in seconds, if nothing else is known.
pub const RETRY_AFTER_SECONDS: i64 = 1;

// Requests

/// The most attempts of a change, if the resource changes meanwhile.
pub const CHANGE_ATTEMPTS: u32 = 10;
/// The most steps of a bulk request in parallel.
pub const BULK_CONCURRENCY: usize = 16;
/// The latest start of a step of a bulk request, counted from the start of the request.
pub const BULK_START: Duration = Duration::from_secs(20);
/// When the response to a bulk request is sent at the latest, even if steps are still running.
pub const BULK_ANSWER: Duration = Duration::from_secs(24);

// Rates

/// The number of requests that a process serves before it adds them to the shared count of the tenant.
pub const RATE_STEP: u32 = 8;
/// The most tenants whose requests a process counts; above that all are forgotten.
pub const REMEMBERED_RATES: usize = 10_000;

// What is recorded

/// How long a response waits for the record of a key's use.
pub const USE_TIME: Duration = Duration::from_millis(100);
/// How long a response waits for its entry in the failure log.
pub const ENTRY_TIME: Duration = Duration::from_secs(1);
/// After how many days an entry of the failure log expires by default.
pub const ENTRY_DAYS: u32 = 30;
/// The longest stored name, in characters.
pub const NAME_CHARACTERS: usize = 120;
/// The longest stored reason, in characters.
pub const REASON_CHARACTERS: usize = 400;
/// The largest body to search for a name, in bytes.
pub const SEARCHED_BYTES: usize = 256 * 1024;
/// How long repeats of a failure are counted in one entry.
pub const GROUPED_FOR: SignedDuration = SignedDuration::from_mins(10);
/// The minimum interval between two writes of an entry whose count has not doubled.
pub const GROUP_SILENCE: SignedDuration = SignedDuration::from_mins(1);
/// The most different failures of a tenant to write in a burst: an import of many users may fail for each user, and
/// the administrator wants to see them all.
pub const FAILURE_BURST: i64 = 5_000;
/// The minimum interval between further ones, in milliseconds.
pub const FAILURE_PAUSE_MILLIS: i64 = 1_000;
/// The most writes per minute that callers without a valid token can cause in one tenant's log.
pub const STRANGERS_ENTRIES: i64 = 10;
/// The most failures in memory. Above that the expired ones are forgotten, or all if none has expired.
pub const REMEMBERED_FAILURES: usize = 20_000;

// Background work

/// How long before the end of an invocation its work stops, to leave time for the response.
pub const INVOCATION_MARGIN: Duration = Duration::from_secs(3);
/// The most subjects of stream records in parallel.
pub const SUBJECTS_AT_ONCE: usize = 8;
/// The most tenants whose change feeds are appended to in parallel.
pub const FED_AT_ONCE: usize = 8;
/// The most invocations of deliveries that are due in parallel.
pub const INVOKED_AT_ONCE: usize = 16;
/// The most feeds whose end a process remembers; above that all are forgotten. Each takes about 10 KB per 100 entries of the
/// last five minutes.
pub const REMEMBERED_TAILS: usize = 1_000;
/// How long the function `feed` uses a tenant that it has read. A deletion waits 90 s after the tenant is closed: for this, an
/// invocation of a minute, and clocks that differ.
pub const FED_TENANT_AGE: SignedDuration = SignedDuration::from_secs(15);
/// The most tenants to sweep in parallel. Most have nothing to do.
pub const SWEPT_AT_ONCE: usize = 8;
/// How long to wait before checking again whether an owner has finished its task, or the table is less busy.
pub const TASK_PAUSE: Duration = Duration::from_secs(2);
/// The time limit of one round of clearing a tenant.
pub const CLEARING_TIME: Duration = Duration::from_mins(1);
