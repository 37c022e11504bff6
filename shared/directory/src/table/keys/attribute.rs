//! The names of the attributes of each kind of item. Most are one letter, because every item stores them and is
//! billed by its size.

/// When the item expires, in seconds since 1970. The table's TTL uses this name.
pub const EXPIRES: &str = "expires";

/// A tenant.
pub mod tenant {
    /// Its settings as JSON text.
    pub const SETTINGS: &str = "d";
    pub const NAME: &str = "name";
    pub const STATUS: &str = "status";
    /// When it got this status, in milliseconds since 1970.
    pub const STATUS_SINCE: &str = "switched";
    pub const VERSION: &str = "v";
    /// When it was created, in milliseconds since 1970.
    pub const CREATED: &str = "c";
    /// When it was last changed, in milliseconds since 1970.
    pub const MODIFIED: &str = "m";
    /// The id of the write that created the version.
    pub const WRITE: &str = "w";
    /// Keys that ended although their keyring does not say so: a set of `<key>` for revoked keys, and of `<key>
    /// <second>` for keys that end at that time.
    pub const ENDED: &str = "x";
    /// The write that deletes the data of the closing tenant.
    pub const SWEEPER: &str = "o";
    /// Until when it may, in milliseconds since 1970.
    pub const SWEPT_UNTIL: &str = "u";
    /// Present if the change feed has everything that ever happened to the tenant's users and groups.
    pub const FED: &str = "e";
}

/// A user or a group; a kept user has the first four attributes only.
pub mod resource {
    /// The resource as JSON text.
    pub const DATA: &str = "d";
    pub const VERSION: &str = "v";
    /// When it was created, in milliseconds since 1970.
    pub const CREATED: &str = "c";
    /// When it was last modified, in milliseconds since 1970.
    pub const MODIFIED: &str = "m";
    /// The id of the write that made the version.
    pub const WRITE: &str = "w";
    /// The hash of the password.
    pub const PASSWORD: &str = "p";
    /// The number of members of a group.
    pub const MEMBERS: &str = "n";
    /// How often the resource was added to a group. A deletion checks it to be sure that it has read all memberships.
    pub const FENCE: &str = "f";
    /// The open plan for the members of a group.
    pub const OPEN: &str = "o";
    /// Marks a user from before provisioning that no client has adopted yet.
    pub const WAITING: &str = "a";
    /// The members of a group that joined and left with the version.
    pub const DELTA: &str = "j";
    /// Who made the version.
    pub const AUTHOR: &str = "b";
    /// The id of the request that made the version; absent for background work.
    pub const REQUEST: &str = "q";
}

/// A deleted resource, with the author, the request, the write and the creation time of [`resource`].
pub mod gone {
    /// Present if the user is kept.
    pub const KEPT: &str = "k";
}

/// A batch of the change feed.
pub mod batch {
    pub const COUNT: &str = "n";
    /// The greatest time of a record up to here, in seconds since 1970.
    pub const GREATEST: &str = "a";
    /// When it was appended, in milliseconds since 1970.
    pub const APPENDED: &str = "t";
    /// The entries as JSON, deflated.
    pub const ENTRIES: &str = "d";
    /// The sum of the live versions; absent if it is not known.
    pub const SUM: &str = "x";
}

/// A destination.
pub mod destination {
    /// Its settings as JSON text.
    pub const SETTINGS: &str = "d";
    pub const STATE: &str = "s";
    pub const VERSION: &str = "v";
    /// The id of the write that created the version.
    pub const WRITE: &str = "w";
    /// When it was created, in milliseconds since 1970.
    pub const CREATED: &str = "c";
    /// How many tenants' deliveries began to fail since the last success; absent for none.
    pub const FAILURES: &str = "f";
    /// The tenant whose delivery began to fail last. While the destination fails, only this one is tried.
    pub const PROBE: &str = "t";
    /// Why it was disabled.
    pub const ERROR: &str = "e";
}

/// The delivery of a tenant's feed to a destination.
pub mod delivery {
    /// Up to where the feed was read.
    pub const THROUGH: &str = "p";
    /// The position that the receiver acknowledged last.
    pub const ACKNOWLEDGED: &str = "l";
    /// The run that has the lease.
    pub const OWNER: &str = "o";
    /// The invocation that has the lease.
    pub const INVOCATION: &str = "i";
    /// Until when the lease is held, in milliseconds since 1970.
    pub const LEASED_UNTIL: &str = "x";
    pub const STATE: &str = "s";
    /// How many attempts have failed.
    pub const ATTEMPTS: &str = "k";
    /// When it is tried again, in seconds since 1970.
    pub const DUE: &str = "d";
    /// Since when it fails, in milliseconds since 1970.
    pub const FAILING_SINCE: &str = "f";
    /// Why it fails.
    pub const ERROR: &str = "e";
}

/// The number of destinations.
pub mod number_of_destinations {
    pub const NUMBER: &str = "n";
}

/// A list of members that a plan adds and removes.
pub mod delta {
    pub const MEMBERS: &str = "j";
}

/// The counts of resources whose ids begin with one byte.
pub mod count {
    /// Eight counts of four digits each, in the order of ids.
    pub const NUMBERS: [&str; 4] = ["a", "b", "c", "d"];
}

/// The walks of one key over the pages of a query. Each walk has an attribute whose name begins like this.
pub mod anchor {
    /// A walk's position as text.
    pub const WALK: char = 'w';
    /// How many walks began alike, under the rest of the name of their walk.
    pub const ALIKE: char = 'n';
}

/// The marker of a unique name, and the claim on an e-mail address.
pub mod marker {
    /// The id of the resource that owns it.
    pub const ID: &str = "id";
}

/// The seats of a tenant.
pub mod seats {
    /// The number of active users.
    pub const TAKEN: &str = "n";
    /// The most active users; absent without a limit.
    pub const LIMIT: &str = "l";
}

/// A member of a group, and a plan's intent for one.
pub mod member {
    /// The member's resource type.
    pub const KIND: &str = "k";
    /// The write that is deleting the member.
    pub const DEPARTS: &str = "l";
}

/// A part of a plan.
pub mod part {
    /// The ids of the joining users.
    pub const USERS: &str = "u";
    /// The ids of the joining groups.
    pub const GROUPS: &str = "g";
    /// The ids of the leaving members.
    pub const LEAVING: &str = "r";
    /// The ids of joining members that had been deleted when the part was applied; absent for none.
    pub const GONE: &str = "x";
    /// The change in the number of members; present once the part is done.
    pub const DONE: &str = "n";
}

/// A large write in progress.
pub mod task {
    /// The kind of work.
    pub const WORK: &str = "k";
    /// When it began, in seconds since 1970.
    pub const BEGUN: &str = "b";
    /// Present once the task is abandoned.
    pub const DEAD: &str = "dead";
}

/// A window in which requests or changes of keys are counted.
pub mod window {
    pub const COUNT: &str = "n";
}

/// An entry of the failure log or the activity.
pub mod entry {
    /// What happened, as JSON text.
    pub const DATA: &str = "d";
    /// How often it happened.
    pub const COUNT: &str = "n";
    /// When it happened last, in milliseconds since 1970.
    pub const LAST: &str = "l";
    /// The id of the last request.
    pub const REQUEST: &str = "r";
}

/// A request with an idempotency key.
pub mod idempotency {
    /// The digest of the request.
    pub const REQUEST: &str = "f";
    /// The seed of its ids and tokens.
    pub const SEED: &str = "s";
    /// When it began, in seconds since 1970.
    pub const BEGUN: &str = "b";
    /// The id of the write that started it.
    pub const WRITE: &str = "w";
    /// Its sealed result.
    pub const RESULT: &str = "d";
}

/// A setup link.
pub mod link {
    /// The digest of its secret, in hex.
    pub const DIGEST: &str = "h";
    /// The admin key that created it.
    pub const KEY: &str = "k";
    /// When it was created, in milliseconds since 1970.
    pub const CREATED: &str = "c";
    /// When it expires, in seconds since 1970.
    pub const ENDS: &str = "x";
    /// When it was used, in seconds since 1970.
    pub const USED: &str = "u";
    /// When it was revoked, in seconds since 1970.
    pub const REVOKED: &str = "r";
    /// The id of the write that used or revoked it.
    pub const WRITE: &str = "w";
}

/// A session of the console or of a setup page.
pub mod session {
    /// Its holder as JSON text.
    pub const HOLDER: &str = "d";
    /// When it began, in seconds since 1970.
    pub const CREATED: &str = "c";
    /// When it was last used, in seconds since 1970.
    pub const SEEN: &str = "s";
    /// When it expires, in seconds since 1970.
    pub const ENDS: &str = "x";
}

/// The attempts of one name or address in a window.
pub mod attempts {
    /// The number of attempts in flight or failed.
    pub const TAKEN: &str = "n";
    /// The number of failed attempts.
    pub const FAILED: &str = "f";
}

/// The keyrings of a tenant.
pub mod keyrings {
    pub const RINGS: &str = "k";
    /// The places reserved for keys that are being created.
    pub const PLACES: &str = "p";
    /// The number of reservations and releases so far.
    pub const CHANGES: &str = "c";
}

/// Which keyrings may have room for a key.
pub mod room {
    /// The number of the keyring opened last.
    pub const OPENED: &str = "n";
    /// Other keyrings that may have room.
    pub const ROOMY: &str = "r";
}

/// The last use of a key.
pub mod last_used {
    /// When it was, in seconds since 1970.
    pub const USED: &str = "u";
}

/// Admin keys that were revoked while their keyring accepted no change.
pub mod revoked {
    pub const KEYS: &str = "x";
}
