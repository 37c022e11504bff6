//! What the failure log adds to a cause: how to make the identity provider retry, and names of operations in plain
//! words.

use directory::journal::LoggedFailure;
use scim_core::error::Use;
use scim_core::error::cause::{Cause, RequestOutcome, Retry};

use crate::gate::NotAdmitted;
use crate::wire::routes::Endpoint;

/// The cause of a key that was not admitted.
pub(super) const fn of_key(why: &NotAdmitted) -> Cause {
    match why {
        NotAdmitted::Expired(_) => Cause::TokenExpired,
        NotAdmitted::Elsewhere(_) => Cause::TokenSource,
        NotAdmitted::Scopeless => Cause::TokenScope,
    }
}

/// Whether a cause does not depend on the user or group, so that failures with it count as the same.
pub(super) const fn is_general(cause: Cause) -> bool {
    matches!(
        cause.outcome(),
        RequestOutcome::Token | RequestOutcome::Rate
    ) || matches!(cause, Cause::Disabled)
}

/// Whether requests of an endpoint change resources or query them.
pub(super) const fn use_of(endpoint: Option<Endpoint>) -> Use {
    match endpoint {
        Some(
            Endpoint::Create(_)
            | Endpoint::Replace(_)
            | Endpoint::Modify(_)
            | Endpoint::Me
            | Endpoint::Bulk,
        ) => Use::Change,
        _ => Use::Query,
    }
}

/// What an administrator should do about a rejection, in plain words.
#[must_use]
pub fn advice(failure: &LoggedFailure) -> String {
    let Some(cause) = Cause::parse(&failure.cause) else {
        return "Give the request id to the application's support.".to_owned();
    };
    let mut advice = cause.advice().to_owned();
    if cause.retry() == Retry::Manual {
        advice.push(' ');
        advice.push_str(try_again(failure.provider.as_deref()));
    }
    advice
}

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

/// How to make an identity provider retry.
fn try_again(provider: Option<&str>) -> &'static str {
    match provider {
        Some("Okta") => "Then retry the task in Okta under Dashboard, Tasks.",
        Some("Entra ID") => {
            "Then use Provision on demand in Entra, or wait for its next cycle, about 40 minutes."
        }
        Some("OneLogin") => "Then retry it in OneLogin under Users, Provisioning.",
        Some("JumpCloud") => "Then save the user or group in JumpCloud again.",
        _ => "Then restart provisioning in the identity provider.",
    }
}

/// The identity provider that a text names; the text is a User-Agent or the purpose of a key.
pub(super) fn provider(text: &str) -> Option<&'static str> {
    const PROVIDERS: [(&str, &str); 15] = [
        ("okta", "Okta"),
        ("entra", "Entra ID"),
        ("azure", "Entra ID"),
        ("onelogin", "OneLogin"),
        ("jumpcloud", "JumpCloud"),
        ("google", "Google Workspace"),
        ("pingfederate", "PingFederate"),
        ("pingone", "PingOne"),
        ("cyberark", "CyberArk"),
        ("sailpoint", "SailPoint"),
        ("rippling", "Rippling"),
        ("keycloak", "Keycloak"),
        ("authentik", "authentik"),
        ("workday", "Workday"),
        ("duo", "Duo"),
    ];
    let text = text.to_ascii_lowercase();
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| {
        let named = PROVIDERS.iter().find(|(name, _)| *name == word);
        named.map(|(_, provider)| *provider)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_is_plain_sentences_for_an_administrator() {
        for cause in Cause::ALL {
            let failure = LoggedFailure {
                cause: cause.word().to_owned(),
                ..LoggedFailure::default()
            };
            let advice = advice(&failure);
            assert!(
                advice.starts_with(char::is_uppercase) && advice.ends_with('.'),
                "{advice}"
            );
            assert!(advice.len() <= 330, "{} letters: {advice}", advice.len());
            for word in ["PATCH", "JSON", "HTTP", "null", "DynamoDB", "`", "tenant"] {
                assert!(!advice.contains(word), "says {word}: {advice}");
            }
        }
    }

    #[test]
    fn every_operation_has_words() {
        for route in crate::wire::routes::routes() {
            let operation = route.endpoint.operation();
            assert_ne!(in_words(operation), "unknown request", "{operation}");
        }
    }

    #[test]
    fn providers_are_recognised_by_their_user_agent() {
        for (text, expected) in [
            ("Okta SCIM Client 1.0.0", Some("Okta")),
            ("OKTA SCIM Integration", Some("Okta")),
            ("Azure-AD production", Some("Entra ID")),
            ("Rokta/1", None),
            ("", None),
        ] {
            assert_eq!(provider(text), expected, "{text}");
        }
        let failure = LoggedFailure {
            cause: Cause::Seats.word().to_owned(),
            provider: Some("Okta".to_owned()),
            ..LoggedFailure::default()
        };
        assert!(advice(&failure).ends_with("under Dashboard, Tasks."));
    }
}
