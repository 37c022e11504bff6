//! The Lambda functions, and the binaries that contain them.

/// A Lambda function. Each has a role, routes and a log of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum Function {
    /// Users, and the user that a key stands for.
    Users,
    Groups,
    /// Bulk requests, queries over all resource types, and requests without a route.
    Bulk,
    /// Discovery.
    Discovery,
    /// The vendor's side: the admin API and the pages.
    Admin,
    /// Background work; it has no route.
    Events,
    /// The change feeds of the tenants; it has no route.
    Feed,
}

impl Function {
    pub const ALL: [Self; 7] = [
        Self::Users,
        Self::Groups,
        Self::Bulk,
        Self::Discovery,
        Self::Admin,
        Self::Events,
        Self::Feed,
    ];

    /// The function behind the gateway's `$default`. It serves every endpoint: HTTP APIs have no routes with an empty
    /// segment, and providers whose base address ends in a slash call `//Users` (fixtures/keycloak/slash). Its role
    /// has the permissions of all endpoints, which bulk requests need anyway.
    pub const CATCH_ALL: Self = Self::Bulk;

    /// The function's name: its `Handler` in `template.yaml`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Bulk => "bulk",
            Self::Discovery => "discovery",
            Self::Admin => "admin",
            Self::Events => "events",
            Self::Feed => "feed",
        }
    }

    #[must_use]
    pub const fn binary(self) -> Binary {
        match self {
            Self::Users | Self::Groups | Self::Bulk | Self::Discovery => Binary::Scim,
            Self::Admin => Binary::Admin,
            Self::Events | Self::Feed => Binary::Events,
        }
    }

    /// The function with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|function| function.name() == name)
    }
}

/// A program in `functions/`. Functions with nearly the same code are one program, because linking it is most of what a
/// release build costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum Binary {
    Scim,
    Admin,
    Events,
}

impl Binary {
    pub const ALL: [Self; 3] = [Self::Scim, Self::Admin, Self::Events];

    /// The name of the package and of its folder: the `Binary` in `template.yaml`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Scim => "scim",
            Self::Admin => "admin",
            Self::Events => "events",
        }
    }

    /// The function that serves everything that the binary can: `cargo lambda watch` runs one process for each binary.
    #[must_use]
    pub const fn catch_all(self) -> Function {
        match self {
            Self::Scim => Function::CATCH_ALL,
            Self::Admin => Function::Admin,
            Self::Events => Function::Events,
        }
    }

    /// The function whose `Handler` this is, or [`Binary::catch_all`] without one.
    ///
    /// # Errors
    ///
    /// When the binary contains no such function.
    pub fn function(self, handler: Option<&str>) -> Result<Function, String> {
        let Some(handler) = handler else {
            return Ok(self.catch_all());
        };
        Function::named(handler)
            .filter(|function| function.binary() == self)
            .ok_or_else(|| {
                let name = self.name();
                format!("the binary `{name}` contains no function `{handler}`: correct its Handler")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_names_a_function_of_its_binary() {
        for function in Function::ALL {
            let named = function.binary().function(Some(function.name()));
            assert_eq!(named, Ok(function));
        }
        for binary in Binary::ALL {
            assert_eq!(binary.function(None), Ok(binary.catch_all()));
            assert_eq!(binary.catch_all().binary(), binary);
        }
        for handler in ["admin", "bootstrap", "Users"] {
            let error = Binary::Scim.function(Some(handler)).unwrap_err();
            assert!(
                error.starts_with(&format!(
                    "the binary `scim` contains no function `{handler}`"
                )),
                "{error}"
            );
        }
    }
}
