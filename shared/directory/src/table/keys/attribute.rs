//! The names of the attributes of each kind of item, beside their keys. Most are a letter: every item stores them, and
//! is billed by its size.

/// When the item expires, in seconds since 1970. It is the name that the table's TTL is set to.
pub const EXPIRES: &str = "expires";

/// A tenant.
pub mod tenant {
    /// Its settings as JSON text.
    pub const SETTINGS: &str = "d";
    /// Its name, for people.
    pub const NAME: &str = "name";
    /// The word for its status.
    pub const STATUS: &str = "status";
    /// Since when it has this status, in milliseconds since 1970.
    pub const SWITCHED: &str = "switched";
    /// The version.
    pub const VERSION: &str = "v";
    /// Time of creation, in milliseconds since 1970.
    pub const CREATED: &str = "c";
    /// Time of the last change, in milliseconds since 1970.
    pub const MODIFIED: &str = "m";
    /// The id of the write that created the version.
    pub const WRITE: &str = "w";
    /// Keys that ended though their keyring does not say so: a set of `<key>` for those that were revoked, and of
    /// `<key> <second>` for those that end then.
    pub const ENDED: &str = "x";
}

/// A user or a group; of a kept user the first four.
pub mod resource {
    /// The resource as JSON text.
    pub const DATA: &str = "d";
    /// The version.
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
}

/// The marker of a unique name, and the claim on an e-mail address.
pub mod marker {
    /// The id of the resource that has it.
    pub const ID: &str = "id";
}

/// The seats of a tenant.
pub mod seats {
    /// How many users are active.
    pub const TAKEN: &str = "n";
    /// How many may be; absent when that is not limited.
    pub const LIMIT: &str = "l";
}

/// A member of a group, and what a plan intends with one.
pub mod member {
    /// What the member is.
    pub const KIND: &str = "k";
    /// The write by which the member is being deleted.
    pub const DEPARTS: &str = "l";
}

/// A part of a plan.
pub mod part {
    /// The ids of the users that join.
    pub const USERS: &str = "u";
    /// The groups that join.
    pub const GROUPS: &str = "g";
    /// Who leaves.
    pub const LEAVING: &str = "r";
    /// The change in the number of members; present once the part is done.
    pub const DONE: &str = "n";
}

/// A large write under way.
pub mod task {
    /// What it is.
    pub const WORK: &str = "k";
    /// When it was begun, in seconds since 1970.
    pub const BEGUN: &str = "b";
    /// That it was given up.
    pub const DEAD: &str = "dead";
}

/// A window in which requests, or changes of keys, are counted.
pub mod window {
    /// How many there were.
    pub const COUNT: &str = "n";
}

/// An entry of the requests log.
pub mod entry {
    /// What happened, as JSON text.
    pub const DATA: &str = "d";
    /// How often.
    pub const COUNT: &str = "n";
    /// When last, in milliseconds since 1970.
    pub const LAST: &str = "l";
    /// The id of the last request.
    pub const REQUEST: &str = "r";
}

/// A request that is carried out once.
pub mod once {
    /// The digest of what is asked for.
    pub const REQUEST: &str = "f";
    /// What its ids and tokens are derived from.
    pub const SEED: &str = "s";
    /// When it was begun, in seconds since 1970.
    pub const BEGUN: &str = "b";
    /// The id of the write that began it.
    pub const WRITE: &str = "w";
    /// What it came to.
    pub const RESULT: &str = "d";
}

/// A setup link.
pub mod link {
    /// The digest of its secret, in hex.
    pub const DIGEST: &str = "h";
    /// The admin key that asked for it.
    pub const KEY: &str = "k";
    /// When it was made, in milliseconds since 1970.
    pub const CREATED: &str = "c";
    /// When it ends, in seconds since 1970.
    pub const ENDS: &str = "x";
    /// When it was used, in seconds since 1970.
    pub const USED: &str = "u";
    /// When it was revoked, in seconds since 1970.
    pub const REVOKED: &str = "r";
    /// The id of the write that used or revoked it.
    pub const WRITE: &str = "w";
}

/// A session of the pages.
pub mod session {
    /// Whose it is, as JSON text.
    pub const HOLDER: &str = "d";
    /// When it was begun, in seconds since 1970.
    pub const CREATED: &str = "c";
    /// When somebody was last seen in it, in seconds since 1970.
    pub const SEEN: &str = "s";
    /// When it ends, in seconds since 1970.
    pub const ENDS: &str = "x";
}

/// The attempts of one name or address in a window.
pub mod attempts {
    /// How many run or failed.
    pub const TAKEN: &str = "n";
    /// How many failed.
    pub const FAILED: &str = "f";
}

/// Where the keys of a tenant are.
pub mod keyrings {
    /// The keyrings.
    pub const RINGS: &str = "k";
    /// The places that are reserved for keys in the making.
    pub const PLACES: &str = "p";
    /// How often places were reserved or given back.
    pub const CHANGES: &str = "c";
}

/// Which keyrings may have room for a key.
pub mod room {
    /// The number of the keyring opened last.
    pub const OPENED: &str = "n";
    /// Others that may have room.
    pub const ROOMY: &str = "r";
}

/// The last use of a key.
pub mod last_used {
    /// When that was, in seconds since 1970.
    pub const USED: &str = "u";
}

/// Admin keys that were revoked while their keyring took no change.
pub mod revoked {
    /// Their ids.
    pub const KEYS: &str = "x";
}
