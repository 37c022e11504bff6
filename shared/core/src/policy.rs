//! A tenant's rules beyond the schemas: which attributes and which e-mail addresses it accepts.
//!
//! Attributes that are not accepted count as unknown: they are not published, ignored in requests (RFC 7644 §3.3) and not
//! returned. The e-mail rules are checked on the user after all operations of a request, so that userName and address can
//! change together in any order. They are checked only if one of the two changes or the user becomes active, and never if
//! the user is inactive afterwards: a leaver can always be deactivated, whatever else the request changes (Entra ID renames
//! users that it deletes).

use std::sync::Arc;

use serde_json::Value;

use crate::Attributes;
use crate::active::is_active;
use crate::error::{Context, ScimError, reason};
use crate::path::{AttrPath, NamedAttributes};
use crate::schema::{Attribute, Catalogue, Extension, ResourceKind, ResourceType, Schema};
use crate::text;

/// The most names in a list of accepted attributes.
pub const MOST_NAMES: usize = 300;

/// Which e-mail addresses a user may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Emails {
    /// Any addresses.
    #[default]
    Any,
    /// One address, of the type `work` or primary.
    Work,
}

/// The rules for the e-mail addresses of users.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EmailRules {
    /// Whether `userName` must be the work or primary address, for users that have addresses.
    pub user_name_is_email: bool,
    /// The allowed addresses.
    pub emails: Emails,
}

impl EmailRules {
    /// Checks the rules for a new user, or a user that was `before`.
    ///
    /// # Errors
    ///
    /// `invalidValue` with the attribute to map.
    pub fn check(&self, before: Option<&Attributes>, after: &Attributes) -> Result<(), ScimError> {
        let was_active = before.is_none_or(is_active);
        let is_same = |name: &str| before.is_some_and(|before| before.get(name) == after.get(name));
        let is_checked = was_active && is_same("userName") && is_same("emails");
        if *self == Self::default() || !is_active(after) || is_checked {
            return Ok(());
        }
        let checked = self.check_active(after);
        match was_active {
            true => checked,
            false => checked.map_err(|error| error.within(Context::Activation)),
        }
    }

    fn check_active(self, after: &Attributes) -> Result<(), ScimError> {
        let emails = after.get("emails").and_then(Value::as_array);
        let emails = emails.map(Vec::as_slice).unwrap_or_default();
        if emails.is_empty() {
            return Ok(());
        }
        if self.emails == Emails::Work {
            check_one(emails)?;
        }
        match self.user_name_is_email {
            true => check_user_name(after, emails),
            false => Ok(()),
        }
    }
}

fn check_one(emails: &[Value]) -> Result<(), ScimError> {
    match emails {
        [one] if is_main(one) => Ok(()),
        [_] => Err(reason::address_not_work()),
        more => Err(reason::several_addresses(more.len())),
    }
}

fn check_user_name(user: &Attributes, emails: &[Value]) -> Result<(), ScimError> {
    let user_name = user.get("userName").and_then(Value::as_str);
    let user_name = user_name.unwrap_or_default();
    let mut main = emails.iter().filter(|email| is_main(email)).peekable();
    if main.peek().is_none() {
        return Err(reason::no_work_address());
    }
    let address = |email: &Value| {
        email
            .get("value")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let folded = text::fold(user_name);
    let addresses: Vec<String> = main.filter_map(address).collect();
    if addresses.iter().any(|email| text::fold(email) == folded) {
        return Ok(());
    }
    Err(reason::user_name_not_address(user_name))
}

/// Whether an address is a work address or primary.
fn is_main(email: &Value) -> bool {
    let kind = email.get("type").and_then(Value::as_str);
    let is_primary = email.get("primary").and_then(Value::as_bool);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case("work")) || is_primary == Some(true)
}

/// A list of accepted attributes of users.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    names: Vec<AcceptedName>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct AcceptedName {
    /// The URN of the extension.
    urn: Option<String>,
    /// The attribute; `None` accepts the whole extension.
    attribute: Option<String>,
    sub: Option<String>,
}

impl Accepted {
    /// Parses a list of attribute paths and extension URNs.
    ///
    /// # Errors
    ///
    /// The positions of invalid names, with reasons.
    pub fn parse(given: &[&str], catalogue: &Catalogue) -> Result<Self, Vec<(usize, String)>> {
        let of = catalogue.resource_type(ResourceKind::User);
        let mut names = Vec::new();
        let mut faults = Vec::new();
        for (index, text) in given.iter().enumerate() {
            match AcceptedName::parse(text, of) {
                Ok(name) => names.push(name),
                Err(reason) => faults.push((index, reason)),
            }
        }
        match faults.is_empty() {
            true => Ok(Self { names }),
            false => Err(faults),
        }
    }

    /// The accepted part of a schema: the base schema, or an extension.
    fn narrow(&self, schema: &Schema, urn: Option<&str>) -> Schema {
        let attributes = schema.attributes.iter();
        Schema {
            attributes: attributes
                .filter_map(|attribute| self.narrow_attribute(attribute, urn))
                .collect(),
            ..schema.clone()
        }
    }

    fn narrow_attribute(&self, attribute: &Attribute, urn: Option<&str>) -> Option<Attribute> {
        let is_kept = urn.is_none() && ["userName", "active"].contains(&attribute.name.as_str());
        if is_kept || attribute.required || attribute.is_read_only() {
            return Some(attribute.clone());
        }
        let names: Vec<&AcceptedName> = self
            .names
            .iter()
            .filter(|name| name.urn.as_deref() == urn)
            .filter(|name| {
                let given = name.attribute.as_ref();
                given.is_none_or(|given| *given == attribute.name)
            })
            .collect();
        if names.is_empty() {
            return None;
        }
        let mut narrowed = attribute.clone();
        if names.iter().all(|name| name.sub.is_some()) {
            narrowed.sub_attributes.retain(|sub| {
                names
                    .iter()
                    .any(|name| name.sub.as_ref() == Some(&sub.name))
            });
        }
        Some(narrowed)
    }
}

impl AcceptedName {
    fn parse(text: &str, of: &ResourceType) -> Result<Self, String> {
        let path = AttrPath::parse(text).map_err(|error| error.to_string())?;
        match path.resolve(of).map_err(|error| error.to_string())? {
            NamedAttributes::Base => {
                Err("name the attributes of the base schema one by one".to_owned())
            }
            NamedAttributes::Extension(schema) => Ok(Self {
                urn: Some(schema.id.clone()),
                attribute: None,
                sub: None,
            }),
            NamedAttributes::Attribute(target)
                if target.sub.is_some() && target.attribute.multi_valued =>
            {
                Err(format!(
                    "`{}` has several values; name it as a whole",
                    target.attribute.name
                ))
            }
            NamedAttributes::Attribute(target) => Ok(Self {
                urn: target.container.map(str::to_owned),
                attribute: Some(target.attribute.name.clone()),
                sub: target.sub.map(|sub| sub.name.clone()),
            }),
        }
    }
}

/// The effect of unknown attributes in a PATCH. A POST or PUT ignores them (RFC 7644 §3.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UnknownAttributes {
    /// The PATCH is rejected with `invalidPath` (RFC 7644 §3.12).
    #[default]
    Reject,
    /// The operation is ignored.
    Ignore,
}

/// Whether a tenant has groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Groups {
    /// The tenant has groups.
    #[default]
    Offered,
    /// The tenant has neither the resource type Group nor the attribute `groups` of users.
    Off,
}

impl Catalogue {
    /// The schemas and resource types with the accepted attributes only.
    #[must_use]
    pub fn narrowed(&self, accepted: Option<&Accepted>, groups: Groups) -> Self {
        let mut narrowed = self.clone();
        if let Some(accepted) = accepted {
            let user = &mut narrowed.user;
            user.schema = Arc::new(accepted.narrow(&user.schema, None));
            let extensions = user.extensions.iter().map(|extension| Extension {
                schema: Arc::new(accepted.narrow(&extension.schema, Some(&extension.schema.id))),
                required: extension.required,
            });
            user.extensions = extensions
                .filter(|extension| extension.required || !extension.schema.attributes.is_empty())
                .collect();
        }
        if groups == Groups::Off {
            let mut schema = Schema::clone(&narrowed.user.schema);
            schema
                .attributes
                .retain(|attribute| attribute.name != "groups");
            narrowed.user.schema = Arc::new(schema);
            narrowed.kinds = &[ResourceKind::User];
        }
        narrowed.publish(&self.user);
        narrowed
    }

    /// Updates the published schemas to the narrowed resource types; `before` is the resource type User before narrowing.
    fn publish(&mut self, before: &ResourceType) {
        let user = &self.user;
        let is_gone = |id: &str| {
            let of_group = id == self.group.schema.id
                || self.group.extensions.iter().any(|one| one.schema.id == id);
            let of_user = before.extensions.iter().any(|one| one.schema.id == id);
            let is_kept = user.extensions.iter().any(|one| one.schema.id == id);
            (of_user && !is_kept) || (of_group && !self.kinds.contains(&ResourceKind::Group))
        };
        let own = std::iter::once(&user.schema)
            .chain(user.extensions.iter().map(|extension| &extension.schema));
        let own: Vec<&Arc<Schema>> = own.collect();
        let published = self
            .schemas
            .iter()
            .filter(|schema| !is_gone(&schema.id))
            .map(|schema| {
                let narrowed = own.iter().find(|own| own.id == schema.id);
                Arc::clone(narrowed.copied().unwrap_or(schema))
            });
        self.schemas = published.collect();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn attributes(value: Value) -> Attributes {
        serde_json::from_value(value).unwrap()
    }

    const BOTH: EmailRules = EmailRules {
        user_name_is_email: true,
        emails: Emails::Work,
    };

    #[test]
    fn the_user_name_is_the_work_or_primary_address_in_any_case() {
        let work = |name: &str, value: &str| {
            attributes(json!({ "userName": name, "emails": [{ "value": value, "type": "work" }] }))
        };
        assert!(
            BOTH.check(None, &work("Ann@Acme.com", "ann@acme.COM"))
                .is_ok()
        );
        assert!(BOTH.check(None, &work("ann", "ann@acme.com")).is_err());
        let names_only = attributes(json!({ "userName": "ann" }));
        assert!(BOTH.check(None, &names_only).is_ok());
        let primary = attributes(
            json!({ "userName": "a@b", "emails": [{ "value": "a@b", "primary": true }] }),
        );
        assert!(BOTH.check(None, &primary).is_ok());
        let home = json!({ "userName": "a@b", "emails": [{ "value": "a@b", "type": "home" }] });
        assert!(BOTH.check(None, &attributes(home.clone())).is_err());
        let any_address = EmailRules {
            emails: Emails::Any,
            ..BOTH
        };
        assert!(any_address.check(None, &attributes(home)).is_err());
    }

    #[test]
    fn addresses_besides_the_work_address_are_rejected() {
        let two = attributes(json!({ "userName": "a@b", "emails": [
            { "value": "a@b", "type": "work" }, { "value": "c@d", "type": "home" }] }));
        assert!(BOTH.check(None, &two).is_err());
        let any = EmailRules {
            emails: Emails::Any,
            ..BOTH
        };
        assert!(any.check(None, &two).is_ok());
    }

    #[test]
    fn a_user_older_than_the_rules_can_change_other_attributes() {
        let before = attributes(json!({ "userName": "ann",
            "emails": [{ "value": "a@b", "type": "home" }], "active": true }));
        let mut after = before.clone();
        after.insert("active".to_owned(), json!(false));
        assert!(BOTH.check(Some(&before), &after).is_ok());
        after.insert("userName".to_owned(), json!("bob"));
        assert!(BOTH.check(Some(&before), &after).is_ok());
        let mut title = before.clone();
        title.insert("title".to_owned(), json!("x"));
        assert!(BOTH.check(Some(&before), &title).is_ok());
        title.insert("userName".to_owned(), json!("bob"));
        assert!(BOTH.check(Some(&before), &title).is_err());
    }

    #[test]
    fn w05_rules_apply_to_users_who_are_or_become_active() {
        let user = |active: bool, home: bool| {
            let kind = if home { "home" } else { "work" };
            attributes(json!({ "userName": "a@b", "active": active,
                "emails": [{ "value": "a@b", "type": kind }] }))
        };
        for (before, after, is_allowed) in [
            (None, user(false, true), true),
            (None, user(true, true), false),
            (Some(user(true, false)), user(false, true), true),
            (Some(user(false, false)), user(false, true), true),
            (Some(user(false, true)), user(true, false), true),
            (Some(user(false, true)), user(true, true), false),
        ] {
            let checked = BOTH.check(before.as_ref(), &after);
            assert_eq!(checked.is_ok(), is_allowed, "{before:?} {after:?}");
        }
        let back = BOTH.check(Some(&user(false, true)), &user(true, true));
        assert_eq!(
            back.unwrap_err().detail().to_string(),
            "the user cannot become active: `emails`: the address must have the type \"work\" or be primary; map only the work e-mail"
        );
    }

    #[test]
    fn attributes_that_are_not_accepted_are_in_no_schema() {
        let standard = Catalogue::standard();
        let accepted = Accepted::parse(&["name.givenName", "Name.familyName", "emails"], standard);
        let narrowed = standard.narrowed(Some(&accepted.unwrap()), Groups::Off);
        let user = narrowed.resource_type(ResourceKind::User);
        let names: Vec<_> = user
            .schema
            .attributes
            .iter()
            .map(|one| one.name.as_str())
            .collect();
        assert_eq!(names, ["userName", "name", "active", "emails"]);
        let subs = &user.attribute("name").unwrap().sub_attributes;
        let subs: Vec<_> = subs.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(subs, ["familyName", "givenName"]);
        let ids: Vec<_> = narrowed
            .schemas()
            .iter()
            .map(|schema| schema.name.as_str())
            .collect();
        assert!(
            !ids.contains(&"Group") && !ids.contains(&"Enterprise User"),
            "{ids:?}"
        );
        assert_eq!(narrowed.schemas()[0].attributes.len(), 4);
        assert_eq!(narrowed.kinds(), [ResourceKind::User]);
    }

    #[test]
    fn errors_name_the_position_of_unknown_names() {
        let faults = Accepted::parse(&["title", "tittle", "emails.value"], Catalogue::standard());
        let places: Vec<_> = faults.unwrap_err().into_iter().map(|(at, _)| at).collect();
        assert_eq!(places, [1, 2]);
    }
}
