//! Limits of the admin API and the pages, each with its unit and its reason.
//!
//! What is stored is bounded by `directory::limits`, the keys by the crate `keyring`.

use std::time::Duration;

use jiff::SignedDuration;

// Lists

/// The default number of items on a page of a list of the API.
pub const USUAL_COUNT: usize = 50;
/// The largest `count`.
pub const LARGEST_COUNT: usize = 500;
/// The default number of events on a page of the change feed.
pub const USUAL_EVENTS: usize = 100;
/// The number of entries of a list on a page of the console.
pub const LISTED: u8 = 25;
/// The number of entries in the summary of a list on an overview page.
pub const LATEST: usize = 5;
/// The most members to show on the page of a group.
pub const SHOWN_MEMBERS: u8 = 100;
/// The most entries in the file of a failure log: a few megabytes.
pub const DOWNLOADED_FAILURES: usize = 5_000;
/// The most entries to read for the number of recent failures. If there are more, the page shows a plus sign.
pub const COUNTED_FAILURES: usize = 2_000;

// Tenants

/// The longest name of a tenant, in characters.
pub const NAME_CHARACTERS: usize = 100;
/// The most pairs of users with the same address to name in an error.
pub const NAMED_PAIRS: usize = 5;
/// How long the request that deletes a tenant deletes its data; background work deletes the rest.
pub const DELETION_TIME: Duration = Duration::from_secs(5);

// Tokens and admin keys

/// The longest purpose of a key, in characters.
pub const PURPOSE_CHARACTERS: usize = 100;
/// The most networks that a key is bound to. A keyring holds the keys of many tenants, so a key must stay small.
pub const NETWORKS: usize = 10;
/// How long a rotated key stays valid by default, in seconds.
pub const OVERLAP_SECONDS: i64 = 24 * 60 * 60;
/// The longest such time.
pub const LONGEST_OVERLAP_SECONDS: i64 = 30 * 24 * 60 * 60;

// Destinations

/// How long a replaced secret of a destination goes on signing by default, in seconds: time to give the new one to the
/// receiver.
pub const SECRET_OVERLAP_SECONDS: i64 = 24 * 60 * 60;
/// The longest such time.
pub const LONGEST_SECRET_OVERLAP_SECONDS: i64 = 30 * 24 * 60 * 60;
/// How many tenants that a destination names are looked up in parallel.
pub const TENANT_LOOKUPS: usize = 16;

// Setup links

/// The default lifetime of a link, in seconds.
pub const LINK_SECONDS: i64 = 24 * 60 * 60;
/// The shortest lifetime of a link, in seconds.
pub const SHORTEST_LINK_SECONDS: i64 = 5 * 60;
/// The longest lifetime of a link, in seconds.
pub const LONGEST_LINK_SECONDS: i64 = 30 * 24 * 60 * 60;

// Users

/// The most users in one preload request.
pub const PRELOADED: usize = 500;
/// The most users created in parallel.
pub const PRELOAD_CONCURRENCY: usize = 16;
/// The most attempts of an erasure while the user is changed concurrently.
pub const ERASE_ATTEMPTS: u32 = 8;
/// How long an attempt to log in waits while very many attempts fail in the tenant.
pub const SLOWED_LOG_IN: Duration = Duration::from_secs(2);

// Sessions and forms

/// How long a session of the vendor lasts.
pub const VENDOR_SESSION: SignedDuration = SignedDuration::from_hours(12);
/// How long a session of the vendor may be idle.
pub const VENDOR_IDLE: SignedDuration = SignedDuration::from_hours(1);
/// How long a customer's session lasts. A link can be opened once, so a pause must not require a new link.
pub const CUSTOMER_SESSION: SignedDuration = SignedDuration::from_hours(8);
/// The most failed sign-in attempts from one address in five minutes. The limit protects the first key, which may be
/// a text of the vendor's choice. Created keys have 256 random bits and a checksum, so attempts with them are always
/// checked. There is no limit for all addresses together, because an attacker could use it to lock everybody out.
pub const SIGN_IN_FAILURES: i64 = 10;
/// The largest form in bytes. Extension schemas are entered in one.
pub const FORM_BYTES: usize = 256 * 1024;

// Problems

/// The most invalid places to report of one body. A body of one megabyte can have 100,000.
pub const REPORTED_FAULTS: usize = 100;

// Retries

/// The longest `Idempotency-Key`, in bytes.
pub const IDEMPOTENCY_KEY_BYTES: usize = 255;
/// How long a client should wait while its first request is in progress, in seconds.
pub const IN_PROGRESS_SECONDS: i64 = 2;
/// How long a client should wait after 429 or 503, in seconds, if nothing else is known.
pub const RETRY_AFTER_SECONDS: i64 = 1;
/// How long a response waits for its note in the activity.
pub const NOTE_TIME: Duration = Duration::from_secs(1);
