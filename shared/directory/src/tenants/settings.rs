//! The settings of a tenant and their JSON form, which the admin API and the table share.
//!
//! An absent setting has its default. Unknown names are rejected, because a misspelt setting would silently have no effect.

use crate::limits::{LARGEST_NUMBER, SMALLEST_PAGE};
use std::sync::Arc;

use scim_core::extensions::ExtensionFault;
use scim_core::limits;
use scim_core::policy::{Accepted, EmailRules, Emails, Groups, MOST_NAMES, UnknownAttributes};
use scim_core::{Catalogue, Extensions};
use serde_json::{Map, Value, json};

/// The names of all settings.
/// The most unknown names to report.
const REPORTED_NAMES: usize = 100;

const NAMES: [&str; 12] = [
    "seats",
    "rate",
    "largestPage",
    "groups",
    "userNameIsEmail",
    "emails",
    "uniqueEmails",
    "attributes",
    "unknownAttributes",
    "delete",
    "adopt",
    "extensions",
];
/// What happens when the provisioning client deletes a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Delete {
    /// The user is deleted.
    #[default]
    Delete,
    /// The user is deactivated and hidden from the client, and restored when the client creates the same user again.
    Deactivate,
}

/// What happens when a client creates or changes a user that the application had before provisioning.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Adopt {
    /// The user stays with the application, and the client gets an error.
    #[default]
    Reject,
    /// The client adopts the user.
    Link,
}

/// The settings of a tenant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Settings {
    /// The most active users.
    pub seats: Option<u32>,
    /// The most requests per second, averaged over ten seconds; without it, only the service's own limit applies.
    pub rate: Option<u32>,
    /// The largest page of a list.
    pub largest_page: Option<usize>,
    /// Whether the tenant supports groups.
    pub groups: Groups,
    /// The rules for e-mail addresses.
    pub emails: EmailRules,
    /// Whether no two active users may have the same e-mail address.
    pub unique_emails: bool,
    /// The user attributes that the tenant accepts; `None` for all.
    pub attributes: Option<Vec<String>>,
    /// How a change of an attribute that is in no schema is treated.
    pub unknown_attributes: UnknownAttributes,
    /// What happens when a client deletes a user.
    pub delete: Delete,
    /// What happens to users from before provisioning.
    pub adopt: Adopt,
    /// The tenant's extension schemas.
    pub extensions: Extensions,
}

impl Settings {
    /// Parses settings.
    ///
    /// # Errors
    ///
    /// All faults in the settings.
    pub fn parse(given: &Value) -> Result<Self, Vec<ExtensionFault>> {
        let Some(given) = given.as_object() else {
            return Err(vec![fault("", "the settings must be a JSON object")]);
        };
        let mut reader = SettingsReader::of(given);
        reader.reject_unknown_names();
        let extensions = reader.extensions();
        let settings = Self {
            seats: reader.number("seats", 0, LARGEST_NUMBER),
            rate: reader.number("rate", 1, LARGEST_NUMBER),
            largest_page: reader.page(),
            groups: reader.groups(),
            emails: EmailRules {
                user_name_is_email: reader.flag("userNameIsEmail").unwrap_or_default(),
                emails: reader.word("emails", &[("any", Emails::Any), ("work", Emails::Work)]),
            },
            unique_emails: reader.flag("uniqueEmails").unwrap_or_default(),
            attributes: reader.attributes(&extensions),
            unknown_attributes: reader.word(
                "unknownAttributes",
                &[
                    ("reject", UnknownAttributes::Reject),
                    ("ignore", UnknownAttributes::Ignore),
                ],
            ),
            delete: reader.word(
                "delete",
                &[
                    ("delete", Delete::Delete),
                    ("deactivate", Delete::Deactivate),
                ],
            ),
            adopt: reader.word("adopt", &[("reject", Adopt::Reject), ("link", Adopt::Link)]),
            extensions,
        };
        if reader.faults.is_empty() {
            return Ok(settings);
        }
        Err(reader.faults)
    }

    /// The settings as JSON, without those that have their default value.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let entries = [
            ("seats", self.seats.map(|seats| json!(seats))),
            ("rate", self.rate.map(|rate| json!(rate))),
            ("largestPage", self.largest_page.map(|page| json!(page))),
            (
                "groups",
                (self.groups == Groups::Off).then_some(json!(false)),
            ),
            (
                "userNameIsEmail",
                self.emails.user_name_is_email.then_some(json!(true)),
            ),
            (
                "emails",
                (self.emails.emails == Emails::Work).then(|| json!("work")),
            ),
            ("uniqueEmails", self.unique_emails.then_some(json!(true))),
            (
                "attributes",
                self.attributes.as_ref().map(|names| json!(names)),
            ),
            (
                "unknownAttributes",
                (self.unknown_attributes == UnknownAttributes::Ignore).then(|| json!("ignore")),
            ),
            (
                "delete",
                (self.delete == Delete::Deactivate).then(|| json!("deactivate")),
            ),
            ("adopt", (self.adopt == Adopt::Link).then(|| json!("link"))),
            (
                "extensions",
                (!self.extensions.is_empty()).then(|| json!(self.extensions)),
            ),
        ];
        let given = entries
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(given.collect())
    }

    /// The schemas and resource types that these settings result in.
    #[must_use]
    pub(super) fn catalogue(&self) -> Arc<Catalogue> {
        let whole = self.extensions.catalogue();
        let names: Option<Vec<&str>> = self
            .attributes
            .as_ref()
            .map(|names| names.iter().map(String::as_str).collect());
        // `parse` validated the names against the same extensions.
        let accepted = names.and_then(|names| Accepted::parse(&names, whole).ok());
        match (&accepted, self.groups) {
            (None, Groups::Offered) => Arc::clone(whole),
            (accepted, groups) => Arc::new(whole.narrowed(accepted.as_ref(), groups)),
        }
    }
}

fn fault(at: &str, detail: impl Into<String>) -> ExtensionFault {
    ExtensionFault {
        at: at.to_owned(),
        detail: detail.into(),
    }
}

struct SettingsReader<'g> {
    given: &'g Map<String, Value>,
    faults: Vec<ExtensionFault>,
}

impl<'g> SettingsReader<'g> {
    const fn of(given: &'g Map<String, Value>) -> Self {
        Self {
            given,
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, name: &str, detail: impl Into<String>) {
        let name = name.replace('~', "~0").replace('/', "~1");
        self.faults.push(fault(&format!("/{name}"), detail));
    }

    fn reject_unknown_names(&mut self) {
        let given = self.given;
        let unknown = given.keys().filter(|name| !NAMES.contains(&name.as_str()));
        for name in unknown.take(REPORTED_NAMES) {
            let known = NAMES.map(|name| format!("`{name}`")).join(", ");
            self.fault(
                name,
                format!("this setting does not exist; the settings are {known}"),
            );
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.given.get(name).filter(|value| !value.is_null())
    }

    fn number(&mut self, name: &str, least: u32, most: u32) -> Option<u32> {
        let given = self.get(name)?;
        let number = given.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.fault(
                name,
                format!("must be a whole number from {least} to {most}"),
            );
        }
        number
    }

    fn page(&mut self) -> Option<usize> {
        let least = u32::try_from(SMALLEST_PAGE).unwrap_or_default();
        let most = u32::try_from(limits::PAGE).unwrap_or_default();
        let page = self.number("largestPage", least, most)?;
        usize::try_from(page).ok()
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        let given = self.get(name)?;
        let flag = given.as_bool();
        if flag.is_none() {
            self.fault(name, "must be true or false");
        }
        flag
    }

    fn groups(&mut self) -> Groups {
        match self.flag("groups") {
            Some(false) => Groups::Off,
            _ => Groups::Offered,
        }
    }

    fn word<T: Copy + Default>(&mut self, name: &str, words: &[(&str, T)]) -> T {
        let Some(given) = self.get(name) else {
            return T::default();
        };
        let found = words.iter().find(|(word, _)| given.as_str() == Some(word));
        if let Some((_, meaning)) = found {
            return *meaning;
        }
        let words: Vec<String> = words
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect();
        self.fault(name, format!("must be {}", words.join(" or ")));
        T::default()
    }

    fn attributes(&mut self, extensions: &Extensions) -> Option<Vec<String>> {
        let given = self.get("attributes")?.clone();
        let names = given.as_array().and_then(|names| {
            let names = names.iter().map(Value::as_str);
            names.collect::<Option<Vec<&str>>>()
        });
        let Some(names) = names.filter(|names| names.len() <= MOST_NAMES) else {
            self.fault(
                "attributes",
                format!("must be an array of at most {MOST_NAMES} attribute names"),
            );
            return None;
        };
        match Accepted::parse(&names, extensions.catalogue()) {
            Ok(_) => Some(names.into_iter().map(str::to_owned).collect()),
            Err(faults) => {
                for (index, reason) in faults {
                    self.faults
                        .push(fault(&format!("/attributes/{index}"), reason));
                }
                None
            }
        }
    }

    fn extensions(&mut self) -> Extensions {
        let Some(given) = self.get("extensions") else {
            return Extensions::default();
        };
        match Extensions::parse(given) {
            Ok(extensions) => extensions,
            Err(faults) => {
                for one in faults.list() {
                    let at = format!("/extensions{}", one.at);
                    self.faults.push(fault(&at, one.detail.as_str()));
                }
                Extensions::default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_survive_writing_and_reading() {
        let badges = json!([{ "resourceType": "User", "required": false, "schema": {
            "id": "urn:example:badges:1.0:User", "name": "Badges", "description": "",
            "attributes": [{ "name": "badge" }] } }]);
        let all = json!({ "seats": 5, "rate": 50, "largestPage": 200, "groups": false,
            "userNameIsEmail": true, "emails": "work", "uniqueEmails": true,
            "attributes": ["name", "emails", "urn:example:badges:1.0:User"],
            "unknownAttributes": "ignore", "delete": "deactivate", "adopt": "link",
            "extensions": badges });
        let settings = Settings::parse(&all).unwrap();
        let again = Settings::parse(&settings.to_json()).unwrap();
        assert_eq!(again, settings);
        assert_eq!(settings.to_json().as_object().unwrap().len(), NAMES.len());
        assert_eq!(Settings::default().to_json(), json!({}));
        assert_eq!(
            Settings::parse(&json!({ "seats": null })).unwrap(),
            Settings::default()
        );
    }

    #[test]
    fn each_invalid_setting_is_reported_with_its_path() {
        let wrong = json!({ "seats": -1, "rate": 0, "largestPage": 99, "groups": "no",
            "emails": "home", "attributes": ["title", "tilte"], "delete": true, "adpot": "link",
            "unknownAttributes": "drop",
            "extensions": [{}] });
        let faults = Settings::parse(&wrong).unwrap_err();
        let places: Vec<&str> = faults.iter().map(|fault| fault.at.as_str()).collect();
        for place in [
            "/adpot",
            "/seats",
            "/rate",
            "/largestPage",
            "/groups",
            "/emails",
            "/unknownAttributes",
        ] {
            assert!(places.contains(&place), "{place} is not in {places:?}");
        }
        assert!(places.contains(&"/attributes/1") && places.contains(&"/delete"));
        assert!(
            places
                .iter()
                .any(|place| place.starts_with("/extensions/0"))
        );
        assert_eq!(Settings::parse(&json!([])).unwrap_err()[0].at, "");
    }
}
