//! Causes of failures: reasons with the same remedy for an administrator share a cause.

/// Whether an administrator must start a retry in the identity provider after fixing the cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Retry {
    /// The administrator must start the retry.
    Manual,
    /// The identity provider retries by itself, or no retry is needed.
    None,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident $word:literal $outcome:ident $retry:ident $advice:literal;)*) => {
        /// Why a request was rejected or failed.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Cause {
            $($(#[$doc])* $name,)*
        }

        impl Cause {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word under which the cause is stored.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// The outcome of the request.
            #[must_use]
            pub const fn outcome(self) -> RequestOutcome {
                match self { $(Self::$name => RequestOutcome::$outcome,)* }
            }

            /// Whether an administrator must start a retry afterwards.
            #[must_use]
            pub const fn retry(self) -> Retry {
                match self { $(Self::$name => Retry::$retry,)* }
            }

            /// The remedy, in plain words.
            #[must_use]
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$name => $advice,)* }
            }
        }
    };
}

causes! {
    /// The name is taken.
    Taken "taken" Refused Manual
        "Another account in the application already has this name or e-mail address. If it belongs to the same person, let the identity provider match on it, so that it links the existing account. If not, rename one of the two.";
    /// The number of active users is at its limit.
    Seats "seats" Refused Manual
        "All licences are in use. Deactivate or remove users who no longer need an account, or ask the application's vendor for more licences.";
    /// The tenant is turned off.
    Disabled "off" Refused Manual
        "Provisioning is turned off. Use the setup page to turn it on.";
    /// The tenant does not accept groups.
    NoGroups "noGroups" Refused None
        "This application does not support groups. Turn off group push in the identity provider.";
    /// The user is from before provisioning.
    Unmanaged "own" Refused Manual
        "The application created this user before provisioning and manages it itself. Exclude the user from provisioning, or ask the application's vendor to let the identity provider adopt existing users.";
    /// A rule of the tenant forbids the request.
    Policy "policy" Refused Manual
        "The application restricts this value. Change the attribute mapping in the identity provider as the reason says.";
    /// The caller lacks another permission.
    Forbidden "forbidden" Refused None
        "The application does not allow this. If you need it, ask its vendor.";
    /// A required attribute is missing.
    Required "required" Refused Manual
        "A required attribute is empty. Fill it in for this person or group in the identity provider, or map it to an attribute that always has a value.";
    /// A value is invalid.
    Value "value" Refused Manual
        "A value is not valid. Correct it for this person or group in the identity provider, or correct the attribute mapping.";
    /// A member does not exist.
    Member "member" Refused Manual
        "The group has a member that was not provisioned. Assign that person to the application first, then push the group again.";
    /// A group would contain itself.
    Cycle "circle" Refused None
        "The groups contain each other. Remove one of them from the other in the identity provider.";
    /// The resource does not exist.
    NotFound "absent" Refused None
        "The user or group does not exist in the application, or was deleted. Most providers then create it again, and you need not do anything. If this repeats, unassign the person or group and assign it again.";
    /// The resource changed meanwhile.
    Version "version" Refused None
        "The user or group does not have the version that the request expects, usually because another request changed it at the same time. The identity provider reads it again and retries; you need not do anything.";
    /// A bulk operation refers to another that failed.
    Reference "reference" Refused Manual
        "This depends on another operation of the same request that failed. Fix that one first; its own entry says how.";
    /// The URL is not an endpoint.
    Address "address" Refused None
        "The identity provider called a URL that does not exist. Compare the base URL in its settings with the one on the setup page.";
    /// The message cannot be parsed.
    Message "message" Refused None
        "The request is not a valid SCIM message. In the identity provider, choose SCIM 2.0 as the type of integration. If it already is, give the request id below to the application's support.";
    /// The path of a PATCH operation names nothing.
    Path "path" Refused Manual
        "The change names an attribute or value that does not exist. Remove or correct that attribute mapping in the identity provider.";
    /// The attribute is in no schema.
    Unknown "unknownAttribute" Refused Manual
        "The application does not know this attribute. Remove or correct its mapping in the identity provider, or ask the application's vendor to ignore unknown attributes (its setting unknownAttributes).";
    /// The attribute cannot be changed.
    ReadOnly "readOnly" Refused None
        "This attribute cannot be changed in this way. Remove it from the attribute mapping in the identity provider.";
    /// The query cannot be answered.
    Query "query" Refused None
        "The identity provider sent a query that the service does not support. If the reason names a filter, choose userName, externalId or the work e-mail as the matching attribute in its settings.";
    /// A parameter of a list is invalid.
    Parameter "parameter" Refused None
        "The identity provider asked for a list in a way that the service does not accept; its attribute mapping is not the reason. Restart its provisioning. If this repeats, give the request id below to the application's support.";
    /// The feature is not supported.
    NotOffered "notOffered" Refused None
        "The identity provider requested a feature that this application does not support. Provisioning works without it; you need not do anything.";
    /// The request or the resource is too large.
    Large "large" Refused Manual
        "The request is too large. Send fewer members, addresses or attributes at a time, for example by splitting a very large group.";
    /// The token has expired.
    TokenExpired "tokenExpired" Token Manual
        "The token has expired. Create a new one on the setup page and enter it in the identity provider.";
    /// The token is restricted to other networks.
    TokenSource "tokenSource" Token Manual
        "The token is accepted only from certain networks, and the request did not come from one of them. Create a token for the networks of the identity provider, or without a restriction.";
    /// The token lacks the required scope.
    TokenScope "tokenScope" Token Manual
        "The token is not for provisioning. Create one on the setup page and enter it in the identity provider.";
    /// The token is missing or unknown.
    TokenUnknown "tokenUnknown" Token Manual
        "The token is missing or incomplete, or was revoked or replaced. Copy the whole token from where you saved it into the identity provider, or create a new one on the setup page, which shows a token only once.";
    /// Too many requests.
    Rate "rate" Rate None
        "The identity provider sends too many requests at once. It slows down and retries by itself. You only need to act if this continues for hours.";
    /// There are more failures than the log stores individually.
    LogOverflow "beyond" Refused None
        "Too many different requests failed in a short time to list each one, so this entry counts them. First fix what the entries around it describe.";
    /// A dependency does not answer.
    Unavailable "unavailable" Failed None
        "The service was briefly unavailable. The identity provider retries by itself; if it does not, restart its provisioning.";
    /// The request ran out of time.
    Timeout "late" Failed None
        "The request did not finish within half a minute. The identity provider retries by itself; if that fails too, make it send fewer members or operations per request.";
    /// A stored reference is not a URI.
    InvalidReference "unlike" Noted None
        "The user was provisioned. If the application shows this value as a link, correct it in the identity provider: it should start with https:// and contain no spaces.";
    /// A defect.
    Internal "internal" Failed Manual
        "The service failed. Give the request id to the application's support.";
}

/// The use of a request. The remedy for the same mistake is another mapping in a change, but another matching attribute in
/// a query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// The request creates or changes something, so it contains values.
    Change,
    /// The request reads, searches or deletes something, so it contains none.
    Query,
}

/// The cause or causes of a reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Causes {
    /// The same cause for every use.
    One(Cause),
    /// The cause of the failure that is an argument of the reason.
    OfAnother,
    /// Different causes in a change and in a query.
    ByUse {
        /// The cause in a change.
        change: Cause,
        /// The cause in a query.
        query: Cause,
    },
}

impl Causes {
    /// The cause in a request with this use; `None` if it is that of another failure.
    #[must_use]
    pub const fn of(self, use_: Use) -> Option<Cause> {
        match (self, use_) {
            (Self::OfAnother, _) => None,
            (Self::One(cause), _)
            | (Self::ByUse { change: cause, .. }, Use::Change)
            | (Self::ByUse { query: cause, .. }, Use::Query) => Some(cause),
        }
    }
}

impl Cause {
    /// Parses the stored word of a cause.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.word() == word)
    }

    /// The words of the causes with an outcome.
    #[must_use]
    pub fn words(outcome: RequestOutcome) -> Vec<String> {
        let causes = Self::ALL.iter().filter(|cause| cause.outcome() == outcome);
        causes.map(|cause| cause.word().to_owned()).collect()
    }
}

/// The outcome of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RequestOutcome {
    /// The service rejected the request because of its content.
    Refused,
    /// The request had no token that permits it.
    Token,
    /// The request exceeded a rate limit.
    Rate,
    /// The service failed.
    Failed,
    /// The request succeeded, but a value needs attention.
    Noted,
}

impl RequestOutcome {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Refused,
        Self::Token,
        Self::Rate,
        Self::Failed,
        Self::Noted,
    ];

    /// The name of the outcome.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Token => "token",
            Self::Rate => "rate",
            Self::Failed => "failed",
            Self::Noted => "noted",
        }
    }

    /// Parses the name of an outcome.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn causes_have_distinct_words_and_are_parsed_back() {
        let words: BTreeSet<&str> = Cause::ALL.iter().map(|cause| cause.word()).collect();
        assert_eq!(words.len(), Cause::ALL.len());
        for cause in Cause::ALL {
            assert_eq!(Cause::parse(cause.word()), Some(*cause));
        }
        let by_outcome = RequestOutcome::ALL
            .iter()
            .map(|outcome| Cause::words(*outcome).len());
        assert_eq!(by_outcome.sum::<usize>(), Cause::ALL.len());
    }
}
