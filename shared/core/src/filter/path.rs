//! Paths with a value filter, RFC 7644 §3.5.2: in PATCH operations and in the terms of a filter.
//!
//! ```text
//! path = attr-path [ "[" filter "]" [ "." sub ] ]
//! ```

use std::fmt;

use super::{Logic, Term};
use crate::error::{ScimError, reason};
use crate::path::{AttrPath, NamedAttributes};
use crate::schema::{ResolvedAttribute, ResourceType};

/// A parsed path with an optional value filter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Path {
    /// The attribute.
    pub attribute: AttrPath,
    /// The value filter in brackets.
    pub values: Option<Box<Logic<Term>>>,
    /// The sub-attribute after the brackets.
    pub sub: Option<String>,
}

impl Path {
    /// Resolves the path. A value filter and a following sub-attribute belong to the attribute before the brackets.
    ///
    /// # Errors
    ///
    /// `invalidPath` that says what is unknown, or that the brackets stand in the wrong place.
    pub fn resolve<'s>(&self, of: &'s ResourceType) -> Result<NamedAttributes<'s>, ScimError> {
        let named = self.attribute.resolve(of)?;
        match (named, &self.values, &self.sub) {
            (named, None, None) => Ok(named),
            (NamedAttributes::Attribute(target), _, _) if target.sub.is_some() => {
                Err(reason::brackets_after_part(target.attribute))
            }
            (NamedAttributes::Attribute(_), _, None) => Ok(named),
            (NamedAttributes::Attribute(target), _, Some(sub)) => {
                target.part(sub).map(NamedAttributes::Attribute)
            }
            (NamedAttributes::Extension(_) | NamedAttributes::Base, _, _) => {
                Err(reason::brackets_after_schema(self.attribute.to_string()))
            }
        }
    }

    /// Resolves the path to an attribute; a URN alone is an error.
    ///
    /// # Errors
    ///
    /// As [`Path::resolve`].
    pub fn target<'s>(&self, of: &'s ResourceType) -> Result<ResolvedAttribute<'s>, ScimError> {
        match self.resolve(of)? {
            NamedAttributes::Attribute(target) => Ok(target),
            NamedAttributes::Extension(_) | NamedAttributes::Base => {
                Err(reason::schema_as_attribute(self.attribute.to_string()))
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.attribute)?;
        if let Some(values) = &self.values {
            write!(f, "[{values}]")?;
        }
        if let Some(sub) = &self.sub {
            write!(f, ".{sub}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn m07_malformed_paths_are_rejected() {
        for text in [
            "", ".", "a.", ".a", "a.b.c", "a b", "a:b", "a[", "a]", "1+1", "emails[0", "..",
        ] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_parsed_path_prints_as_written() {
        for text in [
            "userName",
            "name.givenName",
            "emails[type eq \"work\"]",
            "emails[type eq \"work\" and primary eq true].value",
            "urn:ietf:params:scim:schemas:core:2.0:User:emails[not (type pr)].value",
        ] {
            assert_eq!(Path::parse(text).unwrap().to_string(), text);
        }
    }
}
