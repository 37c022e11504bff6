//! The actors of the vendor's side, and the one table of their permissions.

use std::sync::Arc;

use directory::Author;
use directory::tenant_keys::By;
use http::Method;
use keyring::KeyId;
use keyring::TenantId;
use keyring::{AdminKey, AdminScope};

use crate::problem::{Problem, reason};

/// An authenticated actor.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A program with an admin key, or a person who signed in with one.
    AdminKey(Arc<AdminKey>),
    /// A customer's administrator who opened a setup link.
    Customer {
        /// The tenant of the link.
        tenant: TenantId,
        /// The link's id.
        link: KeyId,
    },
}

impl Actor {
    /// Its name in the activity and in lists: that of the key or of the link.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::AdminKey(key) => key.name(),
            Self::Customer { link, .. } => link.as_str(),
        }
    }

    /// Its name in the function's log.
    #[must_use]
    pub fn logged(&self) -> String {
        match self {
            Self::AdminKey(key) => key.name().to_owned(),
            Self::Customer { link, .. } => format!("link:{link}"),
        }
    }

    /// The author that new versions of users and groups name.
    #[must_use]
    pub fn author(&self, request: &str) -> Author {
        match self {
            Self::AdminKey(key) => Author::admin(&key.id, request),
            Self::Customer { link, .. } => Author::setup_link(link, request),
        }
    }

    /// The purpose of its key.
    #[must_use]
    pub fn purpose(&self) -> &str {
        match self {
            Self::AdminKey(key) => &key.purpose,
            Self::Customer { .. } => "setup link",
        }
    }

    /// Which limits apply when it changes keys: the vendor's or the customer's.
    #[must_use]
    pub const fn by(&self) -> By {
        match self {
            Self::AdminKey(_) => By::Vendor,
            Self::Customer { .. } => By::Customer,
        }
    }

    /// Rejects an operation that the table does not allow, on this tenant if it concerns one.
    ///
    /// # Errors
    ///
    /// 403 for an admin key, naming the missing scope. 404 for a customer, so that the response does not reveal what
    /// exists.
    pub fn check(&self, operation: Operation, tenant: Option<&str>) -> Result<(), Problem> {
        match self {
            Self::AdminKey(key) => match operation.scope() {
                Some(scope) if !key.has(scope) => Err(reason::no_scope(scope.as_str())),
                _ => Ok(()),
            },
            Self::Customer { tenant: own, .. } => {
                match operation.is_of_customers() && tenant == Some(own.as_str()) {
                    true => Ok(()),
                    false => Err(reason::no_page()),
                }
            }
        }
    }
}

/// Generates the operations from the table. An admin key needs the scope in its column, or no key if it says
/// `Anybody`. A customer may do operations marked `own`, on the tenant of the link.
macro_rules! operations {
    (@scope Anybody) => { None };
    (@scope $scope:ident) => { Some(AdminScope::$scope) };
    (@customer own) => { true };
    (@customer no) => { false };
    ($($name:ident $word:literal $method:ident $path:literal $scope:ident $customer:ident;)*) => {
        /// An operation of the vendor's side.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Operation {
            $($name,)*
        }

        impl Operation {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its name in logs, in the activity and in the `OpenAPI` document.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Its method in the admin API.
            #[must_use]
            pub const fn method(self) -> Method {
                match self { $(Self::$name => Method::$method,)* }
            }

            /// Its path after `/admin/v1` with its variables in braces.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// The scope that an admin key needs; `None` means that no key is needed.
            #[must_use]
            pub const fn scope(self) -> Option<AdminScope> {
                match self { $(Self::$name => operations!(@scope $scope),)* }
            }

            /// Whether a customer may do it to the tenant of the link.
            #[must_use]
            pub const fn is_of_customers(self) -> bool {
                match self { $(Self::$name => operations!(@customer $customer),)* }
            }
        }
    };
}

operations! {
    //  operation     name                method path                                       key      customer
    DescribeApi      "describeApi"        GET    "/openapi.json"                            Anybody  no;
    DescribeCaller   "describeCaller"     GET    "/"                                        Read     no;
    ListActivity     "listActivity"       GET    "/tenants/{tenant}/activity"               Read     own;
    ListKeys         "listKeys"           GET    "/tenants/{tenant}/keys"                   Read     own;
    CreateKey        "createKey"          POST   "/tenants/{tenant}/keys"                   Keys     own;
    ReadKey          "readKey"            GET    "/tenants/{tenant}/keys/{key}"             Read     own;
    RevokeKey        "revokeKey"          DELETE "/tenants/{tenant}/keys/{key}"             Keys     own;
    RotateKey        "rotateKey"          POST   "/tenants/{tenant}/keys/{key}/rotate"      Keys     own;
    ListAdminKeys    "listAdminKeys"      GET    "/keys"                                    Keys     no;
    CreateAdminKey   "createAdminKey"     POST   "/keys"                                    Keys     no;
    RevokeAdminKey   "revokeAdminKey"     DELETE "/keys/{key}"                              Keys     no;
    ListLinks        "listLinks"          GET    "/tenants/{tenant}/links"                  Read     no;
    CreateLink       "createLink"         POST   "/tenants/{tenant}/links"                  Keys     no;
    RevokeLink       "revokeLink"         DELETE "/tenants/{tenant}/links/{link}"           Keys     no;
    VerifyPassword   "verifyPassword"     POST   "/tenants/{tenant}/verify-password"        Data     no;
    ListUsers        "listUsers"          GET    "/tenants/{tenant}/users"                  Data     own;
    ReadUser         "readUser"           GET    "/tenants/{tenant}/users/{user}"           Data     no;
    ListGroups       "listGroups"         GET    "/tenants/{tenant}/groups"                 Data     own;
    ReadGroup        "readGroup"          GET    "/tenants/{tenant}/groups/{group}"         Data     no;
    ListMembers      "listMembers"        GET    "/tenants/{tenant}/groups/{group}/members" Data     no;
    ExportUser       "exportUser"         GET    "/tenants/{tenant}/users/{user}/export"    Data     no;
    EraseUser        "eraseUser"          POST   "/tenants/{tenant}/users/{user}/erase"     Data     no;
    ListEvents       "listEvents"         GET    "/tenants/{tenant}/events"                 Events   no;
    ListDestinations "listDestinations"  GET    "/destinations"                            Events   no;
    CreateDestination "createDestination" POST  "/destinations"                            Keys     no;
    ReadDestination  "readDestination"    GET    "/destinations/{destination}"              Events   no;
    ChangeDestination "changeDestination" PATCH "/destinations/{destination}"              Keys     no;
    DeleteDestination "deleteDestination" DELETE "/destinations/{destination}"             Keys     no;
    RotateSecret     "rotateSecret"       POST   "/destinations/{destination}/secret"       Keys     no;
    TestDestination  "testDestination"    POST   "/destinations/{destination}/test"         Events   no;
    PauseDestination "pauseDestination"   POST   "/destinations/{destination}/pause"        Events   no;
    ResumeDestination "resumeDestination" POST  "/destinations/{destination}/resume"       Events   no;
    ListRequests     "listRequests"       GET    "/tenants/{tenant}/requests"               Read     own;
    DownloadRequests "downloadRequests"   GET    "/tenants/{tenant}/requests.csv"           Read     own;
    ListTenants      "listTenants"        GET    "/tenants"                                 Read     no;
    CreateTenant     "createTenant"       POST   "/tenants"                                 Tenants  no;
    ReadTenant       "readTenant"         GET    "/tenants/{tenant}"                        Read     own;
    ChangeTenant     "changeTenant"       PATCH  "/tenants/{tenant}"                        Tenants  no;
    DeleteTenant     "deleteTenant"       DELETE "/tenants/{tenant}"                        Tenants  no;
    TurnTenantOn   "turnTenantOn"     POST   "/tenants/{tenant}/on"                     Tenants  own;
    TurnTenantOff  "turnTenantOff"    POST   "/tenants/{tenant}/off"                    Tenants  own;
    PreloadUsers     "preloadUsers"       POST   "/tenants/{tenant}/preload"                Data     no;
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use keyring::Digest;

    use super::*;

    fn actors() -> Vec<(String, Actor)> {
        let link = KeyId::from_bytes([1; 6]);
        let customer = |tenant: &str| Actor::Customer {
            tenant: TenantId::parse(tenant).unwrap(),
            link,
        };
        let key = |scope: AdminScope| AdminKey {
            id: link,
            sha256: Digest::from_hex(&"ab".repeat(32)).unwrap(),
            purpose: String::new(),
            scopes: vec![scope],
            created: None,
            expires: None,
            sources: Vec::new(),
        };
        let keys = AdminScope::ALL.map(|scope| {
            let key = Actor::AdminKey(Arc::new(key(scope)));
            (scope.as_str().to_owned(), key)
        });
        let customers = [
            ("own".to_owned(), customer("acme")),
            ("other".to_owned(), customer("other")),
        ];
        keys.into_iter().chain(customers).collect()
    }

    /// The expected permissions for the tenant `acme`. A change of the table must also change this text.
    #[test]
    fn each_actor_may_do_what_the_table_says_and_nothing_else() {
        let mut table = String::new();
        for operation in Operation::ALL {
            let about = operation.path().contains("{tenant}").then_some("acme");
            let actors = actors();
            let may: Vec<&str> = actors
                .iter()
                .filter(|(_, actor)| actor.check(*operation, about).is_ok())
                .map(|(name, _)| name.as_str())
                .collect();
            writeln!(table, "{}: {}", operation.name(), may.join(" ")).unwrap();
        }
        assert_eq!(table, include_str!("actor/table.txt"));
    }

    #[test]
    fn a_customer_may_do_only_what_is_about_a_tenant() {
        for operation in Operation::ALL {
            let about_one = operation.path().contains("{tenant}");
            assert!(
                about_one || !operation.is_of_customers(),
                "{}",
                operation.name()
            );
        }
    }
}
