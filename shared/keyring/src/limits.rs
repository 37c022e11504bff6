//! Limits of tokens, of keyrings, and of the look-ups of one process, each with its unit and its reason.

use std::time::Duration;

// Tokens

/// Shortest imported token, in bytes: a shorter one could be guessed.
pub const SHORTEST_IMPORTED: usize = 32;
/// Longest imported token, in bytes: longer than any JWT that identity providers are configured with.
pub const LONGEST_IMPORTED: usize = 4096;
/// Fewest distinct characters of an imported token. A random text of 32 hexadecimal digits has fewer than ten in one of
/// 30,000 cases; a repeated word or a row of zeros always does.
pub const FEWEST_DISTINCT: usize = 10;
/// Longest token issued here, in bytes.
pub const LONGEST_ISSUED: usize = 87;

// A keyring

/// The largest value that Secrets Manager stores, in bytes.
pub const LARGEST: usize = 65_536;
/// Bytes reserved for each key: `,"expires":"…"` with nine fractional digits. Every key of a full keyring can still get an
/// expiry.
pub const EXPIRY_ROOM: usize = 48;
/// Bytes reserved for the counts of changes: 25 hours of six digits with numbers of three.
pub const CHANGES_ROOM: usize = 400;
/// From this number of changes in 24 hours on, new keys and rotations go to another keyring: Secrets Manager keeps each
/// version for a day and accepts about 100 ("Versions per secret"), and the rest is for revoking and expiring keys.
pub const ENOUGH: u64 = 60;
/// Expired keys that a keyring keeps for each owner: the latest ones.
pub const MOST_ENDED: usize = 10;
/// The most live keys of a tenant.
pub const TENANT_KEYS: usize = 20;
/// The most live admin keys.
pub const ADMIN_KEYS: usize = 50;

// Changes of a keyring

/// Attempts of a change against competing writers.
pub const CHANGE_ATTEMPTS: u32 = 8;
/// The shortest pause after the first attempt in milliseconds. It doubles with each attempt: about 3 to 6 seconds in total.
pub const CHANGE_PAUSE_MILLIS: u64 = 25;

// Look-ups

/// How long a look-up is used: the limit for a revocation to take effect.
pub const FRESH: Duration = Duration::from_mins(1);
/// The shortest time between two look-ups of one keyring.
pub const PAUSE: Duration = Duration::from_secs(1);
/// Waits for the end of a pause per [`WAITS_WITHIN`]: a waiting Lambda function costs money and serves no other request. At
/// most a sixth of its time.
pub const WAITS: usize = 10;
/// The period in which [`WAITS`] are counted.
pub const WAITS_WITHIN: Duration = Duration::from_mins(1);
/// The most requests of a process that wait for one keyring.
pub const MOST_WAITING: usize = 1_000;
/// Judged tokens to remember per keyring; beyond that all are dropped.
pub const MOST_JUDGED: usize = 256;
/// A look-up may be this far in the future and still start a pause: its request had waited, or the clock was set back
/// slightly.
pub const AHEAD: Duration = Duration::from_secs(5);
/// The shortest time between two look-ups while Secrets Manager is unavailable and the key is cached. Such a look-up can
/// take the full timeout, and requests wait for it.
pub const RETRY: Duration = Duration::from_secs(10);
/// How long a look-up is used while Secrets Manager is unavailable.
pub const STALE: Duration = Duration::from_mins(15);
/// Look-ups of keyrings that are not known to exist, per second and process.
pub const UNKNOWN_LOOKUPS: usize = 10;
/// Keyrings to cache per process: 50,000 keys, and at most about 32 MB.
pub const MOST_KEYRINGS: usize = 256;

// Webhooks

/// Secrets of a destination that sign its requests: the newest, and the one that it replaced, until its end.
pub const WEBHOOK_SECRETS: usize = 2;
