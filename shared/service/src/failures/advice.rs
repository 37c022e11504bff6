//! What the failure log adds to a cause: how to make the identity provider retry.

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
    fn advice_says_how_to_retry_with_the_provider_of_the_failure() {
        let failure = LoggedFailure {
            cause: Cause::Seats.word().to_owned(),
            provider: Some("Okta".to_owned()),
            ..LoggedFailure::default()
        };
        assert!(advice(&failure).ends_with("under Dashboard, Tasks."));
    }
}
