//! The partitions of a tenant.

use super::Key;
use keyring::TenantId;

macro_rules! partitions {
    ($($name:ident = $word:literal,)+) => {
        /// A partition of a tenant. All data of a tenant is in these partitions, because tenant keys can only be built from
        /// a partition; deleting a tenant clears all of them.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Partition {
            $(#[doc = concat!("`<t>#", $word, "`")] $name,)+
        }

        impl Partition {
            /// All partitions.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The part of the partition key after the tenant.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

partitions! {
    User = "user",
    UserCount = "user#count",
    UserName = "user#userName",
    UserExternalId = "user#externalId",
    UserEmail = "user#email",
    Group = "group",
    GroupCount = "group#count",
    GroupName = "group#displayName",
    GroupExternalId = "group#externalId",
    GroupEmail = "group#email",
    Member = "member",
    MemberOf = "memberOf",
    Task = "task",
    Anchor = "anchor",
    Rate = "rate",
    Request = "request",
    Link = "link",
    Keyring = "keyring",
    LastUsed = "lastUsed",
    Attempts = "attempts",
    EmailClaim = "user#emailClaim",
    Seats = "user#seats",
    Kept = "user#kept",
    Delta = "delta",
    Gone = "gone",
    Feed = "feed",
    Known = "known",
    Delivery = "delivery",
}

impl Partition {
    /// The partition key.
    #[must_use]
    pub fn of(self, tenant: &TenantId) -> String {
        format!("{tenant}#{}", self.word())
    }

    pub(super) fn key(self, tenant: &TenantId, sk: impl Into<String>) -> Key {
        Key::new(self.of(tenant), sk)
    }
}
