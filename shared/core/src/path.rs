//! Attribute paths, RFC 7644 §3.5.2 and §3.10: parsed, printed, resolved against a resource type. Paths with
//! a value filter are [`crate::filter::Path`]s.
//!
//! ```text
//! attr-path = [ urn ":" ] name [ "." sub ]
//! ```
//!
//! A URN contains colons and dots itself, so the name starts after the last colon. A name without a URN has the same
//! meaning everywhere ([`ResourceType::unqualified`]).

use std::fmt;

use crate::error::{ScimError, reason};
use crate::limits;
use crate::schema::{Catalogue, ResolvedAttribute, ResourceKind, ResourceType, Schema};

/// A parsed attribute path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttrPath {
    /// The schema's URN, if one was given.
    pub urn: Option<String>,
    /// The attribute.
    pub name: String,
    /// The sub-attribute after a dot.
    pub sub: Option<String>,
}

impl AttrPath {
    /// Parses an attribute path.
    ///
    /// # Errors
    ///
    /// `invalidPath` if it is not one; the caller knows whether another kind fits better.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        if text.len() > limits::PATH_BYTES {
            return Err(reason::attribute_path_too_long(limits::PATH_BYTES));
        }
        let (urn, rest) = match text.rsplit_once(':') {
            Some((urn, rest)) if is_urn(urn) => (Some(urn.to_owned()), rest),
            Some(_) => return Err(reason::no_attribute_name(text)),
            None => (None, text),
        };
        let (name, sub) = match rest.split_once('.') {
            Some((name, sub)) => (name, Some(sub)),
            None => (rest, None),
        };
        if let Some(odd) = [Some(name), sub]
            .into_iter()
            .flatten()
            .find(|name| !is_name(name))
        {
            return Err(match odd.is_empty() {
                true => reason::attribute_name_missing(),
                false => reason::no_attribute_name(odd),
            });
        }
        Ok(Self {
            urn,
            name: name.to_owned(),
            sub: sub.map(str::to_owned),
        })
    }
}

/// Whether a text can be the URN before an attribute name.
fn is_urn(text: &str) -> bool {
    text.get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("urn:"))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":.-_$/+~%@=".contains(&byte))
}

/// Whether a text is a name by RFC 7643 §2.1. Also allows the leading `$` of `$ref`, and the leading digit of the last part
/// of a URN.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"$-_".contains(&byte))
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

impl From<ResolvedAttribute<'_>> for AttrPath {
    fn from(target: ResolvedAttribute<'_>) -> Self {
        Self {
            urn: target.container.map(str::to_owned),
            name: target.attribute.name.clone(),
            sub: target.sub.map(|sub| sub.name.clone()),
        }
    }
}

/// What an attribute path names.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum NamedAttributes<'s> {
    /// An attribute or sub-attribute.
    Attribute(ResolvedAttribute<'s>),
    /// All attributes of an extension: the path is its URN.
    Extension(&'s Schema),
    /// All attributes of the base schema: the path is its URN.
    Base,
}

impl AttrPath {
    /// Resolves the path.
    ///
    /// # Errors
    ///
    /// `invalidPath` that says what is unknown.
    pub fn resolve<'s>(&self, of: &'s ResourceType) -> Result<NamedAttributes<'s>, ScimError> {
        let found = match &self.urn {
            None => of.unqualified(&self.name)?,
            Some(urn) if of.is_base(urn) => of.own(&self.name),
            Some(urn) => of
                .extension(urn)
                .and_then(|schema| schema.target(&self.name)),
        };
        let Some(target) = found else {
            return self.whole(of);
        };
        match &self.sub {
            None => Ok(NamedAttributes::Attribute(target)),
            Some(name) => match target.part(name) {
                Ok(part) => Ok(NamedAttributes::Attribute(part)),
                Err(_) => self.whole(of),
            },
        }
    }

    /// Resolves a name inside the object of an extension.
    ///
    /// # Errors
    ///
    /// `invalidPath` that says what is unknown.
    pub fn within<'s>(&self, schema: &'s Schema) -> Result<ResolvedAttribute<'s>, ScimError> {
        let target = match self.urn {
            None => schema.target(&self.name),
            Some(_) => None,
        };
        match (target, &self.sub) {
            (Some(target), None) => Ok(target),
            (Some(target), Some(sub)) => target.part(sub),
            (None, _) => Err(reason::unknown_in_schema(self.to_string(), &schema.id)),
        }
    }

    /// Resolves the whole text as the URN of a schema, because a URN can look like an attribute path.
    fn whole<'s>(&self, of: &'s ResourceType) -> Result<NamedAttributes<'s>, ScimError> {
        let whole = self.to_string();
        if let Some(extension) = of.extension(&whole) {
            return Ok(NamedAttributes::Extension(extension));
        }
        if of.is_base(&whole) {
            return Ok(NamedAttributes::Base);
        }
        let kind = of.kind.name();
        Err(match &self.urn {
            None => reason::unknown_attribute(whole, kind),
            Some(urn) if of.is_base(urn) || of.extension(urn).is_some() => {
                reason::unknown_in_schema(whole.get(urn.len() + 1..).unwrap_or_default(), urn)
            }
            Some(urn) => reason::unknown_schema(urn, kind),
        })
    }

    /// Resolves the path to an attribute; a URN alone is an error.
    ///
    /// # Errors
    ///
    /// `invalidPath` that says what is unknown.
    pub fn target<'s>(&self, of: &'s ResourceType) -> Result<ResolvedAttribute<'s>, ScimError> {
        match self.resolve(of)? {
            NamedAttributes::Attribute(target) => Ok(target),
            NamedAttributes::Extension(_) | NamedAttributes::Base => {
                Err(reason::schema_as_attribute(self.to_string()))
            }
        }
    }
}

impl Catalogue {
    /// Whether a text is the path of an attribute, or the name of a sub-attribute.
    #[must_use]
    pub fn names_attribute(&self, text: &str) -> bool {
        let path = AttrPath::parse(text);
        ResourceKind::ALL.into_iter().any(|kind| {
            let of = self.resource_type(kind);
            let is_path = path.as_ref().is_ok_and(|path| path.resolve(of).is_ok());
            is_path || of.targets().any(|target| target.part(text).is_ok())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Catalogue, ResourceKind};
    use crate::urn;

    fn user() -> &'static ResourceType {
        Catalogue::standard().resource_type(ResourceKind::User)
    }

    #[test]
    fn m06_paths_resolve_in_any_case_and_with_a_urn() {
        for (text, printed) in [
            ("userName", "userName"),
            ("USERNAME", "userName"),
            ("name.givenname", "name.givenName"),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:name.familyName",
                "name.familyName",
            ),
            (
                "URN:IETF:params:scim:schemas:core:2.0:USER:emails",
                "emails",
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            ),
            ("meta.lastModified", "meta.lastModified"),
            (
                "Department",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            ),
            (
                "manager.VALUE",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            ),
            ("manager.nothing", ""),
            ("urn:ietf:params:scim:schemas:core:2.0:User:department", ""),
            ("emails.$REF", ""),
        ] {
            let resolved = AttrPath::parse(text).unwrap().target(user());
            assert_eq!(
                resolved
                    .map(|target| target.to_string())
                    .unwrap_or_default(),
                printed,
                "{text}"
            );
        }
    }

    #[test]
    fn a_urn_alone_names_the_whole_extension() {
        let path = AttrPath::parse(urn::ENTERPRISE_USER).unwrap();
        assert!(matches!(
            path.resolve(user()),
            Ok(NamedAttributes::Extension(_))
        ));
        let base = AttrPath::parse(urn::USER).unwrap();
        assert_eq!(base.resolve(user()), Ok(NamedAttributes::Base));
    }
}
