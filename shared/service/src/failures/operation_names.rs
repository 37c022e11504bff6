//! Operations in plain words.

/// The name of an operation in plain words.
#[must_use]
pub fn in_words(operation: &str) -> &'static str {
    const WORDS: [(&str, &str); 23] = [
        ("users.create", "create user"),
        ("users.replace", "update user"),
        ("users.modify", "update user"),
        ("users.delete", "delete user"),
        ("users.read", "read user"),
        ("users.list", "search users"),
        ("users.search", "search users"),
        ("groups.create", "create group"),
        ("groups.replace", "update group"),
        ("groups.modify", "update group"),
        ("groups.delete", "delete group"),
        ("groups.read", "read group"),
        ("groups.list", "search groups"),
        ("groups.search", "search groups"),
        ("all.list", "search users and groups"),
        ("all.search", "search users and groups"),
        ("bulk", "bulk request"),
        ("me", "read or change own user"),
        ("service_provider_config.read", "read supported features"),
        ("resource_types.list", "read supported features"),
        ("resource_types.read", "read supported features"),
        ("schemas.list", "read schemas"),
        ("schemas.read", "read schemas"),
    ];
    let found = WORDS.iter().find(|(name, _)| *name == operation);
    found.map_or("unknown request", |(_, words)| words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_words() {
        for route in crate::wire::routes::routes() {
            let operation = route.endpoint.operation();
            assert_ne!(in_words(operation), "unknown request", "{operation}");
        }
    }
}
