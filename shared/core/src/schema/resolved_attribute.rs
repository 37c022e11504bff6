//! An attribute together with its place in a resource.

use std::fmt;

use super::{Attribute, ResourceType, Schema, Type};
use crate::error::ScimError;
use crate::error::reason::{self, KnownName};

/// An attribute and its place: in the resource itself or in the object of an extension.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ResolvedAttribute<'s> {
    /// The extension's URN; `None` for the resource itself.
    pub container: Option<&'s str>,
    /// The attribute.
    pub attribute: &'s Attribute,
    /// The sub-attribute.
    pub sub: Option<&'s Attribute>,
}

impl<'s> ResolvedAttribute<'s> {
    /// The attribute without the sub-attribute.
    #[must_use]
    pub const fn whole(&self) -> Self {
        Self { sub: None, ..*self }
    }

    /// Whether it is the attribute `name` outside extensions, or one of its sub-attributes.
    #[must_use]
    pub fn is_own(&self, name: &str) -> bool {
        self.container.is_none() && self.attribute.name == name
    }

    /// The sub-attribute `name` of a complex attribute.
    ///
    /// # Errors
    ///
    /// `invalidPath` that says what is unknown.
    pub fn part(&self, name: &str) -> Result<Self, ScimError> {
        match self.attribute.sub(name) {
            Some(sub) => Ok(Self {
                sub: Some(sub),
                ..*self
            }),
            None => Err(reason::unknown_part(self.attribute, name)),
        }
    }

    /// The attribute that comparisons use: the sub-attribute, else `value` of a complex attribute (as in `emails co "x"` of
    /// RFC 7644 §3.4.2.2), else the attribute.
    #[must_use]
    pub fn compared(&self) -> Option<&'s Attribute> {
        match self.sub {
            Some(sub) => Some(sub),
            None if self.attribute.kind == Type::Complex => self.attribute.sub("value"),
            None => Some(self.attribute),
        }
    }
}

impl From<ResolvedAttribute<'_>> for KnownName {
    fn from(target: ResolvedAttribute<'_>) -> Self {
        Self::ours(target)
    }
}

impl fmt::Display for ResolvedAttribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = self.container {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.attribute.name)?;
        if let Some(sub) = self.sub {
            write!(f, ".{}", sub.name)?;
        }
        Ok(())
    }
}

impl Schema {
    /// The attributes of this extension as targets.
    pub fn targets(&self) -> impl Iterator<Item = ResolvedAttribute<'_>> {
        self.attributes
            .iter()
            .map(|attribute| self.place(attribute))
    }

    /// The attribute `name` of this extension, in any case, as a target.
    #[must_use]
    pub fn target(&self, name: &str) -> Option<ResolvedAttribute<'_>> {
        self.attribute(name).map(|attribute| self.place(attribute))
    }

    fn place<'s>(&'s self, attribute: &'s Attribute) -> ResolvedAttribute<'s> {
        ResolvedAttribute {
            container: Some(&self.id),
            attribute,
            sub: None,
        }
    }
}

impl ResourceType {
    /// The attribute `name` outside extensions, in any case, as a target.
    #[must_use]
    pub fn own(&self, name: &str) -> Option<ResolvedAttribute<'_>> {
        self.attribute(name).map(|attribute| ResolvedAttribute {
            container: None,
            attribute,
            sub: None,
        })
    }

    /// The attributes of the base schema and the extensions as targets, without the common ones.
    pub(crate) fn targets(&self) -> impl Iterator<Item = ResolvedAttribute<'_>> {
        let own = self
            .schema
            .attributes
            .iter()
            .map(|attribute| ResolvedAttribute {
                container: None,
                attribute,
                sub: None,
            });
        let extensions = self.extensions.iter().map(|extension| &extension.schema);
        own.chain(extensions.flat_map(|schema| schema.targets()))
    }
}
