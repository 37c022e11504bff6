//! Names of schemas and attributes, which errors may repeat because they are ours.

use super::{Attribute, Schema};
use crate::error::reason::KnownName;

impl From<&Attribute> for KnownName {
    fn from(attribute: &Attribute) -> Self {
        Self::ours(&attribute.name)
    }
}

impl From<&Schema> for KnownName {
    fn from(schema: &Schema) -> Self {
        Self::ours(&schema.id)
    }
}
