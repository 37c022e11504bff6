//! Resolves names without a schema URN, in the same way in every path, filter, parameter and body.

use super::{Catalogue, Extension, ResolvedAttribute, ResourceType};
use crate::error::{ScimError, reason};

impl ResourceType {
    /// The attribute with this name, in any case: outside extensions first, then in the enterprise extension, then in the
    /// tenant's extensions. The name of a standard attribute never means another one, even if the tenant does not accept
    /// the standard attribute.
    ///
    /// # Errors
    ///
    /// When several extensions of the tenant have an attribute with this name.
    pub fn unqualified(&self, name: &str) -> Result<Option<ResolvedAttribute<'_>>, ScimError> {
        if let Some(own) = self.own(name) {
            return Ok(Some(own));
        }
        let standard = Catalogue::standard().resource_type(self.kind);
        if standard.attribute(name).is_some() {
            return Ok(None);
        }
        let has_name = |extension: &&Extension| extension.schema.attribute(name).is_some();
        if let Some(standard) = standard.extensions.iter().find(has_name) {
            let accepted = self.extension(&standard.schema.id);
            return Ok(accepted.and_then(|schema| schema.target(name)));
        }
        let mut found = self
            .extensions
            .iter()
            .filter_map(|extension| extension.schema.target(name));
        match (found.next(), found.next()) {
            (Some(one), Some(_)) => Err(reason::ambiguous_attribute(name, one)),
            (found, _) => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::extensions::Extensions;
    use crate::policy::{Accepted, Groups};
    use crate::{ResourceKind, urn};

    fn found(name: &str, catalogue: &Catalogue) -> Option<String> {
        let of = catalogue.resource_type(ResourceKind::User);
        match of.unqualified(name) {
            Ok(target) => target.map(|target| target.to_string()),
            Err(unknown) => Some(unknown.to_string()),
        }
    }

    #[test]
    fn a_standard_name_has_no_other_meaning_even_if_it_is_not_accepted() {
        let extension = |id: &str, names: [&str; 3]| {
            let attributes = names.map(|name| json!({ "name": name }));
            json!({ "resourceType": "User", "schema": { "id": id, "name": "x", "attributes": attributes } })
        };
        let given = json!([
            extension("urn:x:1.0:A", ["title", "department", "badge"]),
            extension("urn:x:1.0:B", ["desk", "seat", "Badge"]),
        ]);
        let extensions = Extensions::parse(&given).unwrap();
        let whole = extensions.catalogue();
        let department = format!("{}:department", urn::ENTERPRISE_USER);
        let several = "several schemas have an attribute `badge`; add the URN of one of them, such as `urn:x:1.0:A:badge`";
        let accepted = Accepted::parse(&["urn:x:1.0:A", "urn:x:1.0:B"], whole).unwrap();
        let narrowed = whole.narrowed(Some(&accepted), Groups::Offered);
        for (name, by_whole, by_narrowed) in [
            ("userName", Some("userName"), Some("userName")),
            ("TITLE", Some("title"), None),
            ("Department", Some(&*department), None),
            ("DESK", Some("urn:x:1.0:B:desk"), Some("urn:x:1.0:B:desk")),
            ("badge", Some(several), Some(several)),
            ("nothing", None, None),
        ] {
            assert_eq!(found(name, whole).as_deref(), by_whole, "{name}");
            assert_eq!(found(name, &narrowed).as_deref(), by_narrowed, "{name}");
        }
    }
}
