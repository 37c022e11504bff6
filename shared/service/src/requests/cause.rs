//! Why a request was refused or failed, or what to look at although it was not, and what its administrator can do
//! about it.

use directory::journal::Refusal;
use scim_core::{ErrorKind, ScimError};

use super::Barred;
use crate::routes::Endpoint;

mod outcome;

pub use outcome::Outcome;

/// Whether an identity provider has to be told to try again, once the cause is put right.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Then {
    TryAgain,
    Nothing,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident $word:literal $outcome:ident $then:ident $advice:literal;)*) => {
        /// Why a request was refused or failed.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Cause {
            $($(#[$doc])* $name,)*
        }

        impl Cause {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word by which it is stored.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// What became of the request.
            #[must_use]
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$name => Outcome::$outcome,)* }
            }

            const fn then(self) -> Then {
                match self { $(Self::$name => Then::$then,)* }
            }

            const fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

causes! {
    /// The name is taken.
    Taken "taken" Refused TryAgain
        "Somebody in the application has this name or e-mail address already. If it is the same person, let the identity provider match on it, so that it links the existing account instead of creating a second one; if not, give one of the two another name.";
    /// The number of users is at its limit.
    Seats "seats" Refused TryAgain
        "All licences are in use. Deactivate or remove users who no longer need an account, or ask the application's vendor for more licences.";
    /// The tenant is switched off.
    Off "off" Refused TryAgain
        "Provisioning is switched off. Switch it on, on the setup page.";
    /// The tenant takes no groups.
    NoGroups "noGroups" Refused Nothing
        "This application takes users and no groups. Switch group push off in the identity provider.";
    /// The user was there before provisioning.
    Own "own" Refused TryAgain
        "The application has this user from before provisioning and keeps it to itself. Leave the user out of provisioning, or ask the application's vendor to let the identity provider take over existing users.";
    /// A rule of the tenant.
    Policy "policy" Refused TryAgain
        "The application has a rule of its own for this. Change the attribute mapping in the identity provider as the reason says.";
    /// Another refusal of what the caller may do.
    Forbidden "forbidden" Refused Nothing
        "The application does not allow this. Ask its vendor, if you need it.";
    /// A required attribute is missing.
    Required "required" Refused TryAgain
        "A required attribute arrives empty. Fill it in for this person or group in the identity provider, or map it to an attribute that always has a value.";
    /// A value is not acceptable.
    Value "value" Refused TryAgain
        "A value has the wrong form. Correct it for this person or group in the identity provider, or correct the attribute mapping.";
    /// A member is not there.
    Member "member" Refused TryAgain
        "The group has a member that was not provisioned. Assign that person to the application first, then push the group again.";
    /// A group would contain itself.
    Circle "circle" Refused Nothing
        "The groups contain each other in a circle. Take one of them out of the other in the identity provider.";
    /// The resource is not there.
    Absent "absent" Refused Nothing
        "The identity provider asked for somebody who is not, or no longer, in the application. Most providers then create the user or group anew, and nothing is to be done. If it repeats, remove and assign the person or group again.";
    /// The resource changed meanwhile.
    Version "version" Refused Nothing
        "The user or group was changed by somebody else meanwhile. The identity provider reads it again and repeats its change.";
    /// A bulk operation refers to another that failed.
    Reference "reference" Refused TryAgain
        "This belongs to another operation of the same request, which failed. Put that one right first; its own entry says how.";
    /// The address is not one.
    Address "address" Refused Nothing
        "The identity provider called an address that there is not. Compare the Base URL in its settings with the one on the setup page.";
    /// The message cannot be read.
    Message "message" Refused Nothing
        "The request is not a SCIM message. Choose SCIM 2.0 as the integration's type in the identity provider; if it is, give the request id below to the application's support.";
    /// The path of a change names nothing.
    Path "path" Refused TryAgain
        "The change names an attribute or value that there is not. Remove or correct that attribute mapping in the identity provider.";
    /// No schema knows the attribute of a change.
    Unknown "unknownAttribute" Refused TryAgain
        "The change names an attribute that the application does not know. Remove or correct that attribute mapping in the identity provider; or ask the application's vendor to leave out what it does not know, by its setting unknownAttributes.";
    /// The attribute cannot be changed.
    ReadOnly "readOnly" Refused Nothing
        "The attribute cannot be changed like this. Take it out of the attribute mapping in the identity provider.";
    /// The query cannot be answered.
    Query "query" Refused Nothing
        "The identity provider asked a question that the service cannot answer. Choose userName, externalId or the work e-mail as the matching attribute in its settings.";
    /// A feature that there is not.
    NotOffered "notOffered" Refused Nothing
        "The identity provider asked for something that this application does not offer. It works without; nothing is to be done.";
    /// Something is too large.
    Large "large" Refused TryAgain
        "The request is too large. Send fewer members, addresses or attributes at a time, for instance by dividing a very large group.";
    /// The token is over.
    TokenExpired "tokenExpired" Token TryAgain
        "The token has expired. Make a new one on the setup page and enter it in the identity provider.";
    /// The token is bound to other networks.
    TokenSource "tokenSource" Token TryAgain
        "The token is accepted from certain networks only, and the request came from another one. Make a token with the networks of the identity provider, or without a restriction.";
    /// The token reaches less.
    TokenScope "tokenScope" Token TryAgain
        "The token was not made for provisioning. Make one on the setup page and enter it in the identity provider.";
    /// The token is missing or unknown.
    TokenUnknown "tokenUnknown" Token TryAgain
        "The token is missing, incomplete, or was revoked or replaced. Copy the whole token from the setup page into the identity provider; if it is not at hand any more, make a new one.";
    /// Too many requests.
    Rate "rate" Rate Nothing
        "The identity provider sends very many requests at once. It slows down and repeats them by itself; nothing is to be done unless this goes on for hours.";
    /// More failures than are written down.
    Beyond "beyond" Refused Nothing
        "So many different requests failed in a short time that they are counted here instead of being listed. Put right what the entries around this one name first.";
    /// A dependency does not answer.
    Unavailable "unavailable" Failed Nothing
        "The service had a short interruption. The identity provider repeats the request by itself; if not, start its provisioning again.";
    /// There was not enough time.
    Late "late" Failed Nothing
        "The request asks for more than can be done within half a minute. The identity provider repeats it by itself; if it fails again, have it send fewer members or operations in one request.";
    /// A reference that is no URI was stored.
    Unlike "unlike" Noted Nothing
        "The user was provisioned. If the application shows this value as a link, correct it in the identity provider, for instance with https:// in front and without blanks.";
    /// A defect.
    Internal "internal" Failed TryAgain
        "The service failed. Give the request id to the application's support.";
}

/// What is found in a detail, and the cause that it tells.
const TOLD: [(ErrorKind, &str, Cause); 17] = [
    (
        ErrorKind::Forbidden,
        "switched off for this tenant",
        Cause::Off,
    ),
    (ErrorKind::Forbidden, "/Me only", Cause::TokenScope),
    (ErrorKind::Forbidden, "takes no filter", Cause::Query),
    (ErrorKind::Forbidden, "licence", Cause::Seats),
    (ErrorKind::Forbidden, "roups", Cause::NoGroups),
    (ErrorKind::Forbidden, "from before provisioning", Cause::Own),
    (
        ErrorKind::InvalidValue,
        "there is no user or group",
        Cause::Member,
    ),
    (
        ErrorKind::InvalidValue,
        "cannot contain itself",
        Cause::Circle,
    ),
    (ErrorKind::InvalidValue, "work e-mail", Cause::Policy),
    (ErrorKind::InvalidValue, "type \"work\"", Cause::Policy),
    (ErrorKind::InvalidValue, "is required", Cause::Required),
    (
        ErrorKind::NotFound,
        "there is no such endpoint",
        Cause::Address,
    ),
    (ErrorKind::NotFound, " called ", Cause::Address),
    (ErrorKind::Unavailable, "than a request may", Cause::Late),
    (ErrorKind::Unavailable, "longer than it may", Cause::Late),
    (ErrorKind::Unavailable, "that a request has", Cause::Late),
    (ErrorKind::Unavailable, "no time left", Cause::Late),
];

impl Cause {
    /// The cause that is stored as a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.word() == word)
    }

    /// The words of the causes with an outcome.
    #[must_use]
    pub fn words(outcome: Outcome) -> Vec<String> {
        let causes = Self::ALL.iter().filter(|cause| cause.outcome() == outcome);
        causes.map(|cause| cause.word().to_owned()).collect()
    }

    /// The cause of an error at an endpoint.
    pub(super) fn of(error: &ScimError, endpoint: Option<Endpoint>) -> Self {
        let told = |(kind, text, _): &&(ErrorKind, &str, Self)| {
            *kind == error.kind && error.detail.contains(text)
        };
        if let Some((_, _, cause)) = TOLD.iter().find(told) {
            return *cause;
        }
        match error.kind {
            ErrorKind::Uniqueness => Self::Taken,
            ErrorKind::Conflict => Self::Reference,
            ErrorKind::Mutability => Self::ReadOnly,
            ErrorKind::InvalidSyntax | ErrorKind::UnsupportedMediaType => Self::Message,
            ErrorKind::InvalidPath | ErrorKind::InvalidFilter
                if is_change(endpoint) && names_unknown(&error.detail) =>
            {
                Self::Unknown
            }
            ErrorKind::InvalidPath | ErrorKind::NoTarget => Self::Path,
            ErrorKind::InvalidFilter if is_change(endpoint) => Self::Path,
            ErrorKind::InvalidValue if is_change(endpoint) => Self::Value,
            ErrorKind::InvalidFilter
            | ErrorKind::InvalidValue
            | ErrorKind::TooMany
            | ErrorKind::InvalidCursor
            | ErrorKind::ExpiredCursor
            | ErrorKind::InvalidCount => Self::Query,
            ErrorKind::InvalidVers | ErrorKind::MethodNotAllowed => Self::Address,
            ErrorKind::Unauthorized => Self::TokenUnknown,
            ErrorKind::Forbidden => Self::Forbidden,
            ErrorKind::NotFound => Self::Absent,
            ErrorKind::PreconditionFailed => Self::Version,
            ErrorKind::TooLarge => Self::Large,
            ErrorKind::TooManyRequests => Self::Rate,
            ErrorKind::NotImplemented => Self::NotOffered,
            ErrorKind::Unavailable => Self::Unavailable,
            ErrorKind::Internal => Self::Internal,
        }
    }

    /// Why a good key did not admit.
    pub(super) const fn barred(barred: &Barred) -> Self {
        match barred {
            Barred::Expired(_) => Self::TokenExpired,
            Barred::Elsewhere(_) => Self::TokenSource,
            Barred::Scopeless => Self::TokenScope,
        }
    }

    /// Whether it says nothing of the user or group at hand, so that failures with it are one.
    pub(super) const fn is_general(self) -> bool {
        matches!(self.outcome(), Outcome::Token | Outcome::Rate) || matches!(self, Self::Off)
    }
}

/// Whether an endpoint takes values.
const fn is_change(endpoint: Option<Endpoint>) -> bool {
    matches!(
        endpoint,
        Some(
            Endpoint::Create(_)
                | Endpoint::Replace(_)
                | Endpoint::Modify(_)
                | Endpoint::Me
                | Endpoint::Bulk
        )
    )
}

/// Whether a detail says that no schema knows a name.
fn names_unknown(detail: &str) -> bool {
    const SAID: [&str; 3] = [
        " is no attribute of ",
        " is no schema of ",
        " has no sub-attribute ",
    ];
    SAID.iter().any(|said| detail.contains(said))
}

/// What to do about a refusal, in plain words.
#[must_use]
pub fn advice(refusal: &Refusal) -> String {
    let Some(cause) = Cause::parse(&refusal.cause) else {
        return "Give the request id to the application's support.".to_owned();
    };
    let mut advice = cause.advice().to_owned();
    if cause.then() == Then::TryAgain {
        advice.push(' ');
        advice.push_str(try_again(refusal.provider.as_deref()));
    }
    advice
}

/// An operation in words.
#[must_use]
pub fn in_words(operation: &str) -> &'static str {
    const WORDS: [(&str, &str); 23] = [
        ("users.create", "create user"),
        ("users.replace", "update user"),
        ("users.modify", "update user"),
        ("users.delete", "delete user"),
        ("users.read", "read user"),
        ("users.list", "look for users"),
        ("users.search", "look for users"),
        ("groups.create", "push new group"),
        ("groups.replace", "update group"),
        ("groups.modify", "update group"),
        ("groups.delete", "delete group"),
        ("groups.read", "read group"),
        ("groups.list", "look for groups"),
        ("groups.search", "look for groups"),
        ("all.list", "look for users and groups"),
        ("all.search", "look for users and groups"),
        ("bulk", "many changes at once"),
        ("me", "read or change oneself"),
        ("service_provider_config.read", "read what is supported"),
        ("resource_types.list", "read what is supported"),
        ("resource_types.read", "read what is supported"),
        ("schemas.list", "read the attributes"),
        ("schemas.read", "read the attributes"),
    ];
    let found = WORDS.iter().find(|(name, _)| *name == operation);
    found.map_or("something else", |(_, words)| words)
}

/// How an identity provider is made to try again.
fn try_again(provider: Option<&str>) -> &'static str {
    match provider {
        Some("Okta") => "Then choose Retry for it in Okta, under Dashboard, Tasks.",
        Some("Entra ID") => {
            "Then use Provision on demand in Entra, or wait for its next cycle, about 40 minutes."
        }
        Some("OneLogin") => "Then retry it in OneLogin, under Users, Provisioning.",
        Some("JumpCloud") => "Then save the user or group in JumpCloud once more.",
        _ => "Then start the provisioning again in the identity provider.",
    }
}

/// The identity provider that calls itself so, in a User-Agent or in the purpose of a key.
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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn causes_have_words_of_their_own_and_are_read_back() {
        let words: BTreeSet<&str> = Cause::ALL.iter().map(|cause| cause.word()).collect();
        assert_eq!(words.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            assert_eq!(Cause::parse(cause.word()), Some(*cause));
        }
        let by_outcome = Outcome::ALL
            .iter()
            .map(|outcome| Cause::words(*outcome).len());
        assert_eq!(by_outcome.sum::<usize>(), Cause::ALL.len());
    }

    #[test]
    fn advice_is_plain_sentences_for_an_administrator() {
        for cause in Cause::ALL {
            let refusal = Refusal {
                cause: cause.word().to_owned(),
                ..Refusal::default()
            };
            let advice = advice(&refusal);
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
        for route in crate::routes::routes() {
            let operation = route.endpoint.operation();
            assert_ne!(in_words(operation), "something else", "{operation}");
        }
    }

    #[test]
    fn providers_are_known_by_what_they_call_themselves() {
        for (text, expected) in [
            ("Okta SCIM Client 1.0.0", Some("Okta")),
            ("OKTA SCIM Integration", Some("Okta")),
            ("Azure-AD production", Some("Entra ID")),
            ("Rokta/1", None),
            ("", None),
        ] {
            assert_eq!(provider(text), expected, "{text}");
        }
        let refusal = Refusal {
            cause: Cause::Seats.word().to_owned(),
            provider: Some("Okta".to_owned()),
            ..Refusal::default()
        };
        assert!(advice(&refusal).ends_with("under Dashboard, Tasks."));
    }
}
