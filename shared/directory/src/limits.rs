//! Limits of stored data and of the work of one call, each with its unit and its reason.
//!
//! What a client may send is bounded by `scim_core::limits`.

use std::time::Duration;

use jiff::SignedDuration;

// The table

/// The most attempts of a call in case of contention or unprocessed items: about three seconds in all.
pub const ATTEMPTS: u32 = 12;
/// The most concurrent calls for one request.
pub const SIDE_BY_SIDE: usize = 16;
/// The most keys in one `BatchGetItem` call.
pub const BATCH_GET: usize = 100;
/// The most requests in one `BatchWriteItem` call.
pub const BATCH_WRITE: usize = 25;
/// The longest text that a sort key contains unchanged, in bytes; DynamoDB's limit for a sort key is 1,024.
pub const KEY_TEXT_BYTES: usize = 800;

// Tenants

/// How long a tenant is cached.
pub const TENANT_AGE: SignedDuration = SignedDuration::from_secs(60);
/// The most tenants and extension schema attributes in the cache, which is about 10 MB; when the cache is full, it is
/// cleared.
pub const REMEMBERED_TENANTS: usize = 10_000;
/// How long after a change of settings a process may still serve a request with the old settings: it caches them for a
/// minute, and a request takes 30 seconds at most.
pub const SETTLED: SignedDuration = SignedDuration::from_secs(90);
/// How much the clocks of two functions may differ.
pub const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(15);
/// The most tenants that one call reads before it returns.
pub const TENANTS_LOOKED_AT: usize = 2_000;
/// The number of tenants per query.
pub const TENANTS_AT_ONCE: usize = 200;
/// The most ended keys in a tenant's item: more than the most live keys of a tenant, each with a few rotated predecessors.
pub const ENDED_KEYS: usize = 100;
/// The lowest value of `largestPage`: Okta advances by 100 whatever the page's size.
pub const SMALLEST_PAGE: usize = 100;
/// The highest value of `seats` and `rate`.
pub const LARGEST_NUMBER: u32 = 1_000_000_000;

// Users and groups

/// The largest resource in bytes of JSON. An item can have 400 KB with all attributes.
pub const RESOURCE_BYTES: usize = 380 * 1024;
/// The most actions in one transaction, by DynamoDB's limit.
pub const MOST_ACTIONS: usize = 100;
/// The most members that one request can change.
pub const MOST_MEMBERS: usize = 25_000;
/// The most rounds of a transaction that is adjusted after a rejection.
pub const MOST_ROUNDS: u32 = 9_999;
/// The most members in a group's item that joined or left with its version: as many as can leave in one transaction,
/// 800 bytes. More are in lists of their own.
pub const DELTA_INLINE: usize = 47;
/// The most members in one list of those that joined or left: 170 KB.
pub const DELTA_LIST: usize = 10_000;
/// How long lists of members and deletions are kept for the change feed. The stream forgets after one day.
pub const STREAM_NOTES: SignedDuration = SignedDuration::from_hours(48);
/// How long a batch of the change feed is kept.
pub const FEED_AGE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The last batch of a feed gets its whole life again when this much is left: it alone knows where the feed goes on.
pub const FEED_RENEWAL: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long before it expires a batch counts as gone: the table deletes expired items in any order.
pub const FEED_GRACE: SignedDuration = SignedDuration::from_hours(1);
/// The most entries in one batch.
pub const BATCH_ENTRIES: usize = 100;
/// The most bytes of a batch, deflated.
pub const BATCH_BYTES: usize = 256 * 1024;
/// The most bytes of an entry, deflated. A larger one loses its resource.
pub const ENTRY_BYTES: usize = 200 * 1024;
/// The most bytes of a batch as text: 100 resources of the largest size, before and after.
pub const BATCH_TEXT_BYTES: u64 = 96 * 1024 * 1024;
/// How many batches a writer of the feed reads at once when it looks further back than the end.
pub const BATCHES_AT_ONCE: usize = 20;
/// How much further back than its oldest record a writer of the feed looks, in seconds.
pub const LOOK_BACK: i64 = 60;
/// How long a member that joins may be waited for, in seconds after the record, until the entry names it as early.
pub const INTRODUCTION_WAIT: i64 = 10;
/// Whoever was created this long ago has been introduced: the stream forgets after 24 hours.
pub const INTRODUCED_BY_AGE: SignedDuration = SignedDuration::from_hours(25);
/// How long after a refused put a writer looks for batches of others before it puts.
pub const CONTESTED: SignedDuration = SignedDuration::from_secs(60);
/// How far back a warm process remembers the end of a feed.
pub const TAIL_AGE: SignedDuration = SignedDuration::from_mins(5);
/// An image that was written this long before its tenant was created belongs to an earlier tenant with the same id. The
/// clocks of two functions may differ by less.
pub const EARLIER_TENANT: SignedDuration = SignedDuration::from_secs(15);
/// The most entries that a page of the feed has.
pub const FEED_PAGE: usize = 1_000;
/// The most entries that one page of the feed looks at, whether its reader wants them or not: a few seconds.
pub const FEED_LOOKED_AT: usize = 10_000;
/// The most batches that a reader of the feed reads at once.
pub const FEED_BATCHES: usize = 100;
/// How long a process remembers where a feed begins. It must be less than [`FEED_GRACE`].
pub const FEED_ENDS_AGE: SignedDuration = SignedDuration::from_mins(10);
/// The most feeds whose ends a process remembers.
pub const REMEMBERED_FEED_ENDS: usize = 10_000;
/// The most bytes of text on a page of the feed; a page has at least one entry.
pub const FEED_PAGE_BYTES: usize = 5 * 1024 * 1024;
/// The most destinations.
pub const DESTINATIONS: u32 = 20;
/// The most tenants that a destination names; it can also have all of them.
pub const DESTINATION_TENANTS: usize = 100;
/// The most events in one request to a destination.
pub const DELIVERED_AT_ONCE: u8 = 100;
/// How many deliveries may begin to fail, without a success in between, until a destination counts as failing. Then one
/// tenant's delivery tries again, and the others wait.
pub const FAILURES_IN_A_ROW: u32 = 5;
/// The longest error of a delivery that is stored, in bytes.
pub const DELIVERY_ERROR_BYTES: usize = 200;
/// How long a run has a delivery to itself, unless it says that it goes on.
pub const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// The time that a run must have left to begin a request to a receiver: the request takes 15 s at most.
pub const POST_TIME: SignedDuration = SignedDuration::from_secs(20);
/// A request that failed for the first time is repeated after this pause.
pub const REPEATED_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// How long a run goes on without storing how far it came. That much may be sent twice.
pub const SAVED_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// After how many events a run stores how far it came.
pub const SAVED_ENTRIES: usize = 50;
/// The most bytes of a request with several events.
pub const MESSAGE_BYTES: usize = 256 * 1024;
/// How many events a run reads at once.
pub const DELIVERY_PAGE: usize = 100;
/// How far ahead a delivery is due at least: a schedule that was fired still exists for a while.
pub const DUE_AHEAD: SignedDuration = SignedDuration::from_mins(2);
/// How long a delivery is tried again. The last attempt comes 68 to 83 hours after the first one.
pub const FAILING_LIFE: SignedDuration = SignedDuration::from_hours(68);
/// The longest pause that a receiver can ask for.
pub const RETRY_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How many due deliveries are read at once.
pub const DUE_AT_ONCE: usize = 500;
/// The longest name of an author and id of a request in an item, in bytes. API Gateway's ids have 16.
pub const STAMP_BYTES: usize = 40;
/// The most kept users on one page.
pub const KEPT_PAGE: usize = 100;
/// The most members of a deleted group whose edges are cleared before the response.
pub const CLEARED_AT_ONCE: u64 = 1_000;
/// The most time that one request spends on removing a deleted resource from its groups.
pub const DEPARTURE_TIME: Duration = Duration::from_secs(10);
/// The most edges of a deleted group to read at once, which limits the memory of a process that clears many groups.
pub const EDGES_AT_ONCE: usize = 2_000;
/// The most time that one request spends applying a plan. The change is already committed and visible, and the next writer
/// continues the rest.
pub const CARRY_OUT_TIME: Duration = Duration::from_secs(15);
/// When a change must be prepared, from the start of its request: five seconds before Lambda would end a commit.
pub const PREPARED_BY: Duration = Duration::from_secs(18);
/// When a request stops carrying out a committed change.
pub const CARRIED_OUT_BY: Duration = Duration::from_secs(20);
/// When a request stops reading what the response to a change shows.
pub const SHOWN_BY: Duration = Duration::from_secs(23);
/// When a request must be answered: two seconds before Lambda ends the function.
pub const ANSWERED_BY: Duration = Duration::from_secs(26);
/// The most attempts to read a group whose version changes meanwhile.
pub const READ_ATTEMPTS: u32 = 8;
/// The target number of members for one query: half a megabyte. DynamoDB returns at most one megabyte per page.
pub const MEMBERS_PER_QUERY: u64 = 5_000;
/// The number of parallel queries for one large group; each holds a megabyte in memory.
pub const LARGE_SIDE_BY_SIDE: usize = 4;
/// The time limit for a scan of a tenant; then the query is rejected. API Gateway waits 30 seconds.
pub const SCAN_TIME: Duration = Duration::from_secs(20);
/// The most candidates from an index; above that, the query is scanned or rejected.
pub const MOST_CANDIDATES: usize = 10_000;
/// The most members to read for one filter; then the query is rejected.
pub const MOST_MEMBERS_READ: u64 = 100_000;
/// The longest sort key in a page position, in bytes. Results whose keys are equal up to this length are told apart by id.
pub const SORTED_KEY_BYTES: usize = 2_048;
/// The most users with one address to read.
pub const WAITING_LOOKED_AT: usize = 10;
/// The time limit for a scan of all users. API Gateway waits 30 seconds.
pub const COUNT_TIME: Duration = Duration::from_secs(20);
/// The most attempts to count users while users are created or deleted.
pub const COUNT_ATTEMPTS: u32 = 3;
/// The most attempts to write the walks while other requests write them.
pub const WALK_ATTEMPTS: usize = 4;
/// How long a walk is stored after its last request.
pub const WALK_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// The most walks in one item: it stays below four kilobytes, one read unit. Only several walks that collide page after
/// page exceed one kilobyte, one write unit.
pub const WALKS: usize = 40;
/// How long a walk may be idle beside another one before it counts as abandoned. Clients and gateways time out after 30 to
/// 60 seconds and then retry; an administrator who restarts an import is rarely faster.
pub const WALK_PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// How long a task may prepare its commit. API Gateway waits 30 seconds for a response.
pub const PREPARATION: SignedDuration = SignedDuration::from_mins(1);
/// How long the owner of a task may work on it. By then API Gateway has timed out and the function has ended.
pub const OWNED: SignedDuration = SignedDuration::from_secs(30);
/// The number of resources whose tasks are finished in parallel.
pub const TASKS_SIDE_BY_SIDE: usize = 4;

// Credentials

/// The most rounds of removing all keys while other keys are being added.
pub const REMOVAL_ROUNDS: u32 = 8;
/// The most keyrings to create for one key if all of them turn out to be full.
pub const KEYRINGS_OPENED: u32 = 8;
/// How long the reservation of a place lasts if its process died, in seconds: longer than the timeout of a function.
pub const PLACE_SECONDS: i64 = 60;
/// The most attempts to reserve a place while the tenant's other reservations change.
pub const PLACE_ATTEMPTS: u32 = 10;
/// The minimum pause after the first attempt, in milliseconds. It doubles with each attempt up to the fifth.
pub const PLACE_PAUSE_MILLIS: u64 = 20;
/// How long a tenant's list of keyrings is cached.
pub const KEYRING_LIST_AGE: SignedDuration = SignedDuration::from_secs(60);
/// The most tenants in the cache of keyrings; when it is full, it is cleared.
pub const REMEMBERED_KEYRING_LISTS: usize = 10_000;
/// The most keys in the cache of last uses; when it is full, it is cleared.
pub const REMEMBERED_USES: usize = 20_000;
/// How long the list of revoked admin keys is cached.
pub const REVOKED_AGE: SignedDuration = SignedDuration::from_secs(60);
/// The most revoked admin keys in the list: twice the number of live keys.
pub const REVOKED_ADMIN_KEYS: usize = 100;

// The journal

/// The most entries to read for one page.
pub const ENTRIES_LOOKED_AT: usize = 2_000;
/// The most entries that one query returns.
pub const ENTRIES_AT_ONCE: usize = 500;

// Guards

/// The longest wait for a chance while attempts in flight hold all of them.
pub const CHANCE_TIME: Duration = Duration::from_secs(20);
/// The window of log-ins, in seconds.
pub const LOG_IN_SECONDS: i64 = 15 * 60;
/// The most failures of one name in a window.
pub const FAILURES_OF_NAME: i64 = 10;
/// The number of a tenant's failures in a window from which on attempts are slowed down. It allows the typing errors
/// of ten thousand users in a morning, but few guesses per user.
pub const FAILURES_OF_TENANT: i64 = 1_000;
/// How long the response to a request with an `Idempotency-Key` is stored.
pub const IDEMPOTENCY_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long such a request may be in progress. After that its function has ended, and a retry continues the request.
pub const IDEMPOTENCY_UNDER_WAY: SignedDuration = SignedDuration::from_secs(60);
/// The minimum interval between two updates of a session's last use.
pub const SESSION_NOTED: SignedDuration = SignedDuration::from_mins(5);
/// How long the item of a link remains after the link expires.
pub const LINK_KNOWN: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The most open links a tenant can have at a time.
pub const OPEN_LINKS: usize = 20;
