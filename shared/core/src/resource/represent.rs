//! Builds the representation of a resource, RFC 7643 §3.1.

use serde_json::{Map, Value, json};

use super::{Resource, timestamp};
use crate::Attributes;
use crate::schema::{ResourceType, Schema};
use crate::value;

impl Resource {
    /// The complete representation in the schema's order. The caller adds memberships to the attributes first, if they are
    /// wanted.
    #[must_use]
    pub fn represent(&self, of: &ResourceType, base: &str) -> Attributes {
        self.clone().into_representation(of, base)
    }

    /// Like [`Resource::represent`], without copying the attributes.
    #[must_use]
    pub fn into_representation(mut self, of: &ResourceType, base: &str) -> Attributes {
        for extension in &of.extensions {
            let id = &extension.schema.id;
            match self.extension(&extension.schema) {
                Some(current) => self.attributes.insert(id.clone(), Value::Object(current)),
                None => self.attributes.swap_remove(id),
            };
        }
        let meta = self.describe(base);
        let mut whole = Map::with_capacity(self.attributes.len() + 3);
        whole.insert("schemas".to_owned(), self.schemas(of));
        whole.insert("id".to_owned(), json!(self.id.as_str()));
        let names = std::iter::once("externalId")
            .chain(of.schema.attributes.iter().map(|a| a.name.as_str()))
            .chain(of.extensions.iter().map(|e| e.schema.id.as_str()));
        for name in names {
            if let Some((name, value)) = self.attributes.swap_remove_entry(name) {
                whole.insert(name, value);
            }
        }
        whole.insert("meta".to_owned(), meta);
        whole
    }

    /// Calls `look` with the complete representation in another order, without copying the attributes.
    pub fn seen<T>(
        &mut self,
        of: &ResourceType,
        base: &str,
        look: impl FnOnce(&Attributes) -> T,
    ) -> T {
        let mut stored = Vec::new();
        for extension in &of.extensions {
            let id = &extension.schema.id;
            let current = self.extension(&extension.schema);
            stored.extend(self.attributes.shift_remove_entry(id));
            if let Some(current) = current {
                self.attributes.insert(id.clone(), Value::Object(current));
            }
        }
        let added = [
            ("schemas", self.schemas(of)),
            ("id", json!(self.id.as_str())),
            ("meta", self.describe(base)),
        ];
        let names = added.each_ref().map(|(name, _)| *name);
        for (name, value) in added {
            self.attributes.insert(name.to_owned(), value);
        }
        let seen = look(&self.attributes);
        for name in names.iter().rev() {
            self.attributes.shift_remove(*name);
        }
        self.attributes.extend(stored);
        seen
    }

    /// The values of an extension that are valid under its current schema.
    fn extension(&self, schema: &Schema) -> Option<Attributes> {
        let stored = self.attributes.get(&schema.id)?.as_object()?;
        let values = schema.attributes.iter().filter_map(|attribute| {
            let value = value::read_stored(attribute, stored.get(&attribute.name)?)?;
            Some((attribute.name.clone(), value.into_owned()))
        });
        let values: Attributes = values.collect();
        (!values.is_empty()).then_some(values)
    }

    /// The value of `schemas`.
    fn schemas(&self, of: &ResourceType) -> Value {
        let extensions = of
            .extensions
            .iter()
            .map(|extension| &extension.schema.id)
            .filter(|id| self.attributes.contains_key(*id));
        let urns = std::iter::once(&of.schema.id).chain(extensions);
        Value::Array(urns.cloned().map(Value::String).collect())
    }

    /// The value of `meta`.
    fn describe(&self, base: &str) -> Value {
        json!({
            "resourceType": self.kind.name(),
            "created": timestamp(self.meta.created),
            "lastModified": timestamp(self.meta.last_modified),
            "location": self.location(base),
            "version": self.meta.version.to_string(),
        })
    }
}
