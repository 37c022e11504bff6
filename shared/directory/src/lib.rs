//! Everything that is stored: the only crate that knows DynamoDB.
//!
//! # Items
//!
//! One table, keys `pk` and `sk`, no secondary index: a lookup must see the write before it. The tenant
//! (`<t>`) leads every partition key. [`keys`] has the templates.
//!
//! | item | `pk` | `sk` | carries |
//! |---|---|---|---|
//! | tenant | `tenants` | `<t>` | `d` settings, `name`, `status` and since when it is `switched`, `v` version, `c` created, `m` modified, `w` write id |
//! | user, group | `<t>#user`, `<t>#group` | id | `d` the resource as JSON, `v` version, `c` created, `m` modified, `w` write id, `f` fence; `p` password hash, `a` waiting to be adopted; `n` members, `o` open plan |
//! | count | `<t>#user#count`, `<t>#group#count` | first byte of the id, in hex | `a` … `d`, eight counts in each |
//! | marker | `<t>#user#userName`, `<t>#group#displayName` | comparable form | `id` |
//! | lookup | `<t>#user#externalId`, `<t>#user#email`, `<t>#group#externalId` | `<value>#<id>` | |
//! | claim | `<t>#user#emailClaim` | folded address | `id` |
//! | seats | `<t>#user#seats` | `-` | `n` active users, `l` how many there may be |
//! | kept user | `<t>#user#kept` | `<userName>#<id>` | `d` the deleted user, inactive, `v` version, `c` created, `m` modified |
//! | member | `<t>#member` | `<group>#<member>` | `k` user or group; `l` the write by which the member is being deleted |
//! | part of a plan | `<t>#member` | `<group>#!<plan>#<number>` | `u` and `g` who joins, `r` who leaves; `n` the balance, once done |
//! | anchors of walks | `<t>#anchor` | digest of key and query | `w…` a walk: when, pace, page size, how many, how far, and two starts with the last id before each; `n…` how many began alike; `expires` |
//! | rate | `<t>#rate` | number of a window of ten seconds | `n` requests, `expires` |
//! | setup link | `<t>#link` | id | `h` digest of its secret, `c` made, `x` ends, `k` admin key that asked for it; `u` used, `r` revoked, `w` write id of that; `expires` |
//! | session of the pages | `console#session` | digest of its secret | `d` whose it is, as JSON; `c` begun, `s` seen last, `x` ends, `expires` |
//! | attempts to sign in | `console#attempts` | who, and a window of five minutes | `n`, `expires` |
//! | requests log | `<t>#request` | milliseconds since 1970, random digits | `d` what was refused or failed, as JSON; `n` how often, `l` when last, `r` id of the last request, `expires` |
//! | where keys are | `<t>#keyring` | `rings` | `k` the keyrings that may hold keys of the tenant |
//! | last use | `<t>#lastUsed` | key id | `u` when the key was used, to the hour |
//! | attempts | `<t>#attempts` | digest of a userName, or `all`, `#` window | `n` failures to log in, `expires` |
//! | room | `admin#keyring` | `room` | `n` number of the keyring opened last, `r` others that may have room |
//! | member-of | `<t>#memberOf` | `<member>#<group>` | |
//! | intent of a plan | `<t>#memberOf` | `<member>#<group>#<plan>` | `k` user or group that joins, or `r` leaves |
//! | task | `<t>#task` | `<id>#<write>` | `k` a change, or the deletion of a user or group; `b` begun, `dead` given up |
//!
//! # Access patterns
//!
//! | pattern | how |
//! |---|---|
//! | resource by id | get |
//! | by userName, displayName | get the marker, get the resource |
//! | by externalId, e-mail address | query the lookup, get the resources |
//! | page at a rank | query the 256 counters, query the resources on both sides of the end of the rank's part |
//! | members of a group, groups of members | one query over a range of edges, with the plans that concern it |
//! | large writes under way | query the tasks |
//! | setup links of a tenant, newest first | query the links, sort |
//! | session of a cookie | get |
//! | refused and failed requests, newest first | query the requests log backwards, up to a bound |
//! | any other filter | query 16 ranges of ids side by side |
//!
//! # Counters
//!
//! 256 counters spread the writes of a tenant, and each says how its number is made up of 32 parts, so that a page
//! at any rank reads little more than the page: the module `counts` tells how. The read units of a page of 100 users
//! of 740 bytes at the worst of 20 ranks, at 1,000, 100,000 and 1,000,000 users; those in brackets are calculated:
//!
//! | counters | read | | | |
//! |---|---|---:|---:|---:|
//! | 16 parts, an attribute each | from the part's start | 22 | 32 | (70) |
//! | 16 parts, an attribute each | up to the part's end, and on from there | 22 | (27) | (40) |
//! | 32 parts, eight to a number | up to the part's end, and on from there | 22 | 26 | 28 |
//!
//! Parts in items of their own, read one by one, would keep it at 23 at any size, for another round trip and two
//! write units more with each user that comes or goes.
//!
//! # Large writes
//!
//! What is changed together is changed in one transaction, which holds 100 actions: 31 members. More is written
//! down first, committed by one transaction, and then carried out, by its owner or by whoever comes next. The
//! module `members::change` has the order of a plan, `write::depart` that of a deletion.
//!
//! Nothing tells a reader that a plan is open but what it reads anyway: the parts stand in the range of the
//! group's members, the intents in that of each member's groups. A list of open plans for the tenant would cost
//! each read of a user another query, and be the busiest key of the tenant. An intent costs one write unit for
//! each member that a plan changes, and one more to clear it, beside six for the change itself.
//!
//! # Invariants
//!
//! - A resource has exactly the marker, lookups and one count that follow from its attributes: they are
//!   written in one transaction with it.
//! - A member edge of a group that exists has its twin, and the group's `n` counts the edges, unless a plan is
//!   open: then it counts those before the plan.
//! - A plan holds as a whole while its group names it, and is carried out by then; one that no group names holds
//!   for nothing.
//! - A member-of edge whose group is gone counts for nothing; it is cleared behind the deletion. A marked edge
//!   counts while its member exists.
//! - Whatever is left of a large write whose owner died is found by its task.
//! - A tenant that limits its seats counts its active users; one that has unique e-mail addresses has claims on
//!   them by its active users, which hold while the owner is active and has the address.
//! - The version grows by one with each change and with nothing else.

mod credentials;
mod guards;
pub mod journal;
mod people;
mod table;
pub mod tenants;

pub use credentials::{Login, RevokedAdminKeys, last_used, password, tenant_keys};
pub use guards::{attempts, links, once, rate, sessions};
pub use people::{
    Directory, Found, GroupRef, Kept, MemberRef, NewResource, Origin, PasswordHash, Seats, Spread,
    Stored, Through, counts, search, task, walk,
};
pub use table::{
    Clients, Deadline, DirectoryError, Meter, Patience, Spent, Store, WriteId, backoff, connect,
    keys, to_millis, to_stand_ins, until_then,
};
