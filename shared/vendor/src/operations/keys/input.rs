//! Checks the input for a new key.

use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;
use keyring::Scope;
use keyring::{ImportedToken, Token};
use scim_core::ResourceId;

use crate::body::{BodyReader, FromBody};
use crate::limits::{NETWORKS, PURPOSE_CHARACTERS};
use crate::problem::reason::OwnWords;
use crate::problem::{Problem, fault, reason, rejected};

/// The input for a new key.
#[derive(Default)]
pub(crate) struct KeyInput {
    pub(crate) purpose: String,
    pub(crate) scopes: Option<Vec<String>>,
    pub(crate) expires: Option<String>,
    pub(crate) sources: Option<Vec<String>>,
    pub(crate) subject: Option<String>,
    pub(crate) token: Option<String>,
}

/// The checked input.
pub(super) struct CheckedKey {
    pub(super) purpose: String,
    pub(super) scopes: Vec<Scope>,
    pub(super) expires: Option<Timestamp>,
    pub(super) sources: Vec<IpNet>,
    pub(super) subject: Option<ResourceId>,
    pub(super) token: Option<ImportedToken>,
}

impl FromBody for KeyInput {
    fn from_body(body: &mut BodyReader) -> Self {
        Self {
            purpose: body.text("purpose"),
            scopes: body.optional_texts("scopes"),
            expires: body.optional_text("expires"),
            sources: body.optional_texts("sources"),
            subject: body.optional_text("subject"),
            token: body.optional_text("token"),
        }
    }
}

impl KeyInput {
    /// Checks all members.
    pub(super) fn check(self, now: Timestamp) -> Result<CheckedKey, Problem> {
        let purpose = purpose(&self.purpose);
        let scopes = match &self.scopes {
            None => Ok(vec![Scope::Scim]),
            Some(names) => scopes(names, &Scope::ALL, Scope::as_str),
        };
        let subject = self.subject(scopes.as_deref().unwrap_or_default());
        let expires = self.expires.as_deref();
        let expires = expires.map(|text| end(text, now)).transpose();
        let sources = sources(self.sources.as_deref().unwrap_or_default());
        let token = self.token.as_deref().map(import).transpose();
        rejected([
            fault(&purpose),
            fault(&scopes),
            fault(&subject),
            fault(&expires),
            fault(&sources),
            fault(&token),
        ])?;
        Ok(CheckedKey {
            purpose: purpose?,
            scopes: scopes?,
            subject: subject?,
            expires: expires?,
            sources: sources?,
            token: token?,
        })
    }

    /// The user that the key stands for; the scope `me` requires one.
    fn subject(&self, scopes: &[Scope]) -> Result<Option<ResourceId>, Problem> {
        match self.subject.as_deref() {
            Some(id) => match ResourceId::parse(id) {
                Some(user) => Ok(Some(user)),
                None => Err(reason::odd_subject().at("/subject")),
            },
            None if scopes.contains(&Scope::Me) => Err(reason::subject_missing().at("/subject")),
            None => Ok(None),
        }
    }
}

fn import(text: &str) -> Result<ImportedToken, Problem> {
    Token::import(text).map_err(|unfit| reason::unfit_token(unfit).at("/token"))
}

/// Checks a key's purpose.
pub(in crate::operations) fn purpose(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let problem = match text.chars().count() {
        0 => reason::purpose_missing(),
        length if length > PURPOSE_CHARACTERS => {
            reason::purpose_too_long(length, PURPOSE_CHARACTERS)
        }
        _ if text.chars().any(char::is_control) => reason::purpose_unprintable(),
        _ => return Ok(text.to_owned()),
    };
    Err(problem.at("/purpose"))
}

/// Parses scopes and removes duplicates.
pub(in crate::operations) fn scopes<S: Copy + PartialEq>(
    names: &[String],
    all: &[S],
    name_of: impl Fn(S) -> &'static str,
) -> Result<Vec<S>, Problem> {
    let known = || {
        let names: Vec<String> = all
            .iter()
            .map(|scope| format!("`{}`", name_of(*scope)))
            .collect();
        OwnWords::ours(names.join(", "))
    };
    if names.is_empty() {
        return Err(reason::scopes_missing(known()).at("/scopes"));
    }
    let names_none = |name: &String| !all.iter().any(|scope| name_of(*scope) == name);
    let unknown = names.iter().enumerate();
    rejected(
        unknown
            .filter(|(_, name)| names_none(name))
            .map(|(index, name)| {
                let problem = reason::unknown_scope(name, known());
                problem.at(&format!("/scopes/{index}"))
            }),
    )?;
    let is_asked = |scope: &S| names.iter().any(|name| name == name_of(*scope));
    Ok(all.iter().copied().filter(is_asked).collect())
}

/// Parses the end of a key.
pub(in crate::operations) fn end(text: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    let problem = match text.parse::<Timestamp>() {
        Ok(end) if end > now => return Ok(end),
        Ok(_) => reason::end_past(),
        Err(_) => reason::end_not_a_time(),
    };
    Err(problem.at("/expires"))
}

/// Parses networks or single addresses that a key is accepted from.
pub(in crate::operations) fn sources(given: &[String]) -> Result<Vec<IpNet>, Problem> {
    if given.len() > NETWORKS {
        let problem = reason::too_many_networks(given.len(), NETWORKS);
        return Err(problem.at("/sources"));
    }
    let read = |(index, text): (usize, &String)| {
        let network = text.parse::<IpNet>().ok();
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        network
            .or_else(address)
            .map(|network| network.trunc())
            .ok_or_else(|| reason::not_a_network(text).at(&format!("/sources/{index}")))
    };
    let read: Vec<Result<IpNet, Problem>> = given.iter().enumerate().map(read).collect();
    rejected(read.iter().filter_map(fault))?;
    read.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn check(body: &serde_json::Value) -> Result<CheckedKey, String> {
        let given = body::read::<KeyInput>(body.clone());
        let checked = given.and_then(|given| given.check(at(0)));
        checked.map_err(|problem| problem.detail().to_owned())
    }

    #[test]
    fn absent_members_of_a_key_have_defaults() {
        let wanted = check(&serde_json::json!({ "purpose": "  Okta production " })).unwrap();
        assert_eq!(wanted.purpose, "Okta production");
        assert_eq!(wanted.scopes, [Scope::Scim]);
        assert!(wanted.expires.is_none() && wanted.sources.is_empty() && wanted.token.is_none());
    }

    #[test]
    fn networks_and_addresses_are_normalised() {
        let body = serde_json::json!({
            "purpose": "x", "sources": ["10.1.2.3/8", "192.0.2.7", "2001:db8::1/32"],
            "expires": "2030-01-31T13:00:00+01:00"
        });
        let wanted = check(&body).unwrap();
        let shown: Vec<String> = wanted.sources.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]);
        assert_eq!(wanted.expires.unwrap().to_string(), "2030-01-31T12:00:00Z");
    }

    #[test]
    fn a_fault_of_a_key_names_its_place() {
        let long = "x".repeat(101);
        let many: Vec<String> = (0..11).map(|n| format!("10.0.0.{n}")).collect();
        let cases = [
            (serde_json::json!({ "purpose": " " }), "/purpose: must say"),
            (serde_json::json!({ "purpose": long }), "/purpose: has 101"),
            (
                serde_json::json!({ "purpose": "a\nb" }),
                "/purpose: contains control",
            ),
            (
                serde_json::json!({ "purpose": "x", "scopes": [] }),
                "/scopes: must have",
            ),
            (
                serde_json::json!({ "purpose": "x", "scopes": ["scim", "all"] }),
                "/scopes/1: the scope `all` does not exist; the scopes are `scim`, `me`",
            ),
            (
                serde_json::json!({ "purpose": "x", "scopes": ["me"] }),
                "/subject: the scope `me` requires",
            ),
            (
                serde_json::json!({ "purpose": "x", "subject": "ann" }),
                "/subject: must be",
            ),
            (
                serde_json::json!({ "purpose": "x", "expires": "tomorrow" }),
                "/expires: must be",
            ),
            (
                serde_json::json!({ "purpose": "x", "expires": "2020-01-01T00:00:00Z" }),
                "/expires: is in the past",
            ),
            (
                serde_json::json!({ "purpose": "x", "sources": ["10.0.0.0/33"] }),
                "/sources/0: `10.0.0.0/33`",
            ),
            (
                serde_json::json!({ "purpose": "x", "sources": many }),
                "/sources: has 11",
            ),
            (
                serde_json::json!({ "purpose": "x", "token": "short" }),
                "/token: the token has fewer",
            ),
        ];
        for (body, expected) in cases {
            let detail = check(&body).err().unwrap();
            assert!(detail.starts_with(expected), "{body}: {detail}");
        }
    }
}
