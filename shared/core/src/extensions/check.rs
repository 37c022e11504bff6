//! The rules for extension schemas: names must be unambiguous in paths, and every published characteristic must be
//! enforced.

use super::{Declared, ExtensionFaults};
use crate::error::quote;
use crate::limits;
use crate::path::AttrPath;
use crate::schema::{
    Attribute, Catalogue, Mutability, ResourceKind, Returned, Schema, Type, Uniqueness,
};

/// URN prefixes of the IETF that tenants must not use. `urn:ietf:params:scim:schemas:extension:` is allowed, because Entra
/// ID's examples use it.
const RESERVED: [&str; 3] = [
    "urn:ietf:params:scim:api:",
    "urn:ietf:params:scim:schemas:core:",
    // The prefix before RFC 7643, which is still accepted.
    "urn:scim:schemas:",
];

/// Checks the URN of a schema.
pub(super) fn id(id: &str, at: &str, faults: &mut ExtensionFaults) {
    if id.len() > limits::SCHEMA_ID_BYTES {
        let most = limits::SCHEMA_ID_BYTES;
        return faults.add(at, format!("the `id` is longer than {most} bytes"));
    }
    if !is_urn(id) {
        return faults.add(
            at,
            format!(
                "the `id` {} is not a URN such as `urn:example:badges:1.0:User`; use letters, digits, `-`, `_`, `.` and `:`",
                quote(id)
            ),
        );
    }
    let is_reserved = RESERVED.iter().any(|reserved| {
        id.get(..reserved.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(reserved))
    });
    if is_reserved {
        return faults.add(
            at,
            format!(
                "the `id` {} is in a namespace that SCIM reserves; choose your own URN",
                quote(id)
            ),
        );
    }
    let first = format!("{id}:a");
    if AttrPath::parse(id).is_err() || AttrPath::parse(&first).is_err() {
        faults.add(
            at,
            format!(
                "the `id` {} may have at most one dot after its last colon, with characters on both sides; otherwise attribute paths with it cannot be parsed",
                quote(id)
            ),
        );
    }
}

/// A URN of RFC 8141 without characters that need encoding in a URL or end a name in a filter. Namespaces of one letter are
/// allowed, as in RFC 2141.
fn is_urn(text: &str) -> bool {
    let mut parts = text.split(':');
    let is_urn = parts
        .next()
        .is_some_and(|urn| urn.eq_ignore_ascii_case("urn"));
    let name_space = parts.next().unwrap_or_default();
    let is_name_space = (1..=32).contains(&name_space.len())
        && !name_space.starts_with('-')
        && !name_space.ends_with('-')
        && name_space
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let rest: Vec<&str> = parts.collect();
    is_urn
        && is_name_space
        && !rest.is_empty()
        && rest.iter().all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        })
}

/// Checks that sibling attributes have different names.
pub(super) fn names(attributes: &[Attribute], at: &str, faults: &mut ExtensionFaults) {
    for (index, attribute) in attributes.iter().enumerate() {
        let mut before = attributes.iter().take(index);
        if before.any(|other| other.name.eq_ignore_ascii_case(&attribute.name)) {
            faults.add(
                format!("{at}/{index}/name"),
                format!(
                    "{} is repeated; names are not case-sensitive",
                    quote(&attribute.name)
                ),
            );
        }
    }
}

/// Checks an attribute or, if `is_part`, a sub-attribute.
pub(super) fn attribute(
    attribute: &Attribute,
    is_part: bool,
    at: &str,
    faults: &mut ExtensionFaults,
) {
    let place = |name: &str| format!("{at}/{name}");
    if let Some(reason) = name_fault(&attribute.name, is_part) {
        faults.add(place("name"), reason);
    }
    shape(attribute, is_part, at, faults);
    if let Some(reason) = mutability_fault(attribute.mutability, is_part) {
        faults.add(place("mutability"), reason);
    }
    if let Some(reason) = returned_fault(attribute.returned, is_part) {
        faults.add(place("returned"), reason);
    }
    if attribute.uniqueness != Uniqueness::None {
        faults.add(
            place("uniqueness"),
            "`uniqueness` must be none: uniqueness is not supported for extension attributes",
        );
    }
    if attribute.kind == Type::Binary && !attribute.case_exact {
        faults.add(
            place("caseExact"),
            "`caseExact` must be true for binary values: base64 is case-sensitive",
        );
    }
    if is_part && let Some(reason) = default_part_fault(attribute) {
        faults.add(place("type"), reason);
    }
}

/// Checks the characteristics that only some types allow.
fn shape(attribute: &Attribute, is_part: bool, at: &str, faults: &mut ExtensionFaults) {
    let place = |name: &str| format!("{at}/{name}");
    let is_complex = attribute.kind == Type::Complex;
    if is_complex && is_part {
        faults.add(place("type"), "a sub-attribute cannot be complex");
    }
    if is_complex && !is_part && attribute.sub_attributes.is_empty() {
        faults.add(at, "a complex attribute must have `subAttributes`");
    }
    if !is_complex && !attribute.sub_attributes.is_empty() {
        faults.add(
            place("subAttributes"),
            "only complex attributes can have `subAttributes`",
        );
    }
    if is_part && attribute.multi_valued {
        faults.add(
            place("multiValued"),
            "a sub-attribute cannot be multi-valued; define a separate attribute, or make the parent attribute multi-valued",
        );
    }
    let is_text = matches!(attribute.kind, Type::String | Type::Reference);
    if !is_text && !attribute.canonical_values.is_empty() {
        faults.add(
            place("canonicalValues"),
            "only strings and references can have `canonicalValues`",
        );
    }
    reference_types(attribute, place("referenceTypes"), faults);
}

fn reference_types(attribute: &Attribute, at: String, faults: &mut ExtensionFaults) {
    if attribute.kind != Type::Reference && !attribute.reference_types.is_empty() {
        faults.add(at.as_str(), "only references can have `referenceTypes`");
    }
    let known = ["User", "Group", "external", "uri"];
    let odd = |given: &&String| !known.contains(&given.as_str());
    if let Some(odd) = attribute.reference_types.iter().find(odd) {
        faults.add(
            at,
            format!(
                "`referenceTypes` must be User, Group, external or uri, not {}",
                quote(odd)
            ),
        );
    }
}

/// Checks a name by RFC 7643 §2.1. Only a sub-attribute can be named `$ref`.
fn name_fault(name: &str, is_part: bool) -> Option<String> {
    if name.len() > limits::ATTRIBUTE_NAME_BYTES {
        let most = limits::ATTRIBUTE_NAME_BYTES;
        return Some(format!("the `name` is longer than {most} bytes"));
    }
    if is_part && name == "$ref" {
        return None;
    }
    let starts = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_".contains(&byte);
    if !starts || !name.bytes().all(is_legal) {
        return Some(format!(
            "the `name` {} must start with a letter and contain only letters, digits, `-`, `_` and `$`",
            quote(name)
        ));
    }
    if !is_part && name.eq_ignore_ascii_case("schemas") {
        return Some("the `name` `schemas` is reserved".to_owned());
    }
    None
}

fn mutability_fault(mutability: Mutability, is_part: bool) -> Option<&'static str> {
    match mutability {
        Mutability::ReadWrite => None,
        Mutability::Immutable if !is_part => None,
        Mutability::Immutable => {
            Some("a sub-attribute cannot be immutable; make the parent attribute immutable")
        }
        Mutability::ReadOnly => Some(
            "`mutability` cannot be readOnly: only clients set extension attributes, so it would never have a value",
        ),
        Mutability::WriteOnly => {
            Some("`mutability` cannot be writeOnly: extension attributes cannot be secret")
        }
    }
}

fn returned_fault(returned: Returned, is_part: bool) -> Option<&'static str> {
    match returned {
        Returned::Default => None,
        Returned::Always | Returned::Request if !is_part => None,
        Returned::Always | Returned::Request => {
            Some("`returned` of a sub-attribute must be default; set it for the parent attribute")
        }
        Returned::Never => Some(
            "`returned` cannot be never: extension attributes cannot be secret; with request, a value is returned only on request",
        ),
    }
}

/// Checks the types of the sub-attributes that RFC 7643 §2.4 defines.
fn default_part_fault(part: &Attribute) -> Option<&'static str> {
    match (part.name.as_str(), part.kind) {
        ("primary", Type::Boolean)
        | ("type" | "display", Type::String)
        | ("$ref", Type::Reference) => None,
        ("primary", _) => Some("the sub-attribute `primary` must be a boolean"),
        ("type" | "display", _) => Some("the sub-attributes `type` and `display` must be strings"),
        ("$ref", _) => Some("the sub-attribute `$ref` must be a reference"),
        _ => None,
    }
}

/// Checks the schemas against each other and the standard ones, and their size.
pub(super) fn together(declared: &[Declared], faults: &mut ExtensionFaults) {
    let standard = Catalogue::standard();
    for (index, one) in declared.iter().enumerate() {
        let at = format!("/{index}/schema/id");
        let id = &one.schema.id;
        let is_same = |other: &&Schema| other.id.eq_ignore_ascii_case(id);
        let built_in = standard.schemas().iter().map(AsRef::as_ref);
        let before = declared
            .iter()
            .take(index)
            .map(|other| other.schema.as_ref());
        if built_in.chain(before).any(|other| is_same(&other)) {
            faults.add(
                at,
                format!(
                    "another schema has the `id` {}; URNs are not case-sensitive",
                    quote(id)
                ),
            );
            continue;
        }
        let enterprise = standard
            .resource_type(ResourceKind::User)
            .extensions
            .iter()
            .map(|extension| extension.schema.as_ref());
        let others = declared.iter().map(|other| other.schema.as_ref());
        let mut others = enterprise.chain(others);
        if let Some(other) = others.clone().find(|other| is_path_in(id, other)) {
            faults.add(
                at,
                format!(
                    "the `id` {} is the path of an attribute of {}, so attribute paths with it are ambiguous",
                    quote(id),
                    quote(&other.id)
                ),
            );
        } else if let Some(other) = others.find(|other| flattens_into(id, other)) {
            faults.add(
                at,
                format!(
                    "the `id` {} is that of {} with a dot and the name of an attribute, so patterns on events cannot tell the two apart",
                    quote(id),
                    quote(&other.id)
                ),
            );
        }
    }
    size(declared, faults);
}

fn size(declared: &[Declared], faults: &mut ExtensionFaults) {
    let bytes = serde_json::to_string(declared).map_or(0, |json| json.len());
    if bytes > limits::EXTENSION_BYTES {
        let most = limits::EXTENSION_BYTES;
        faults.add(
            "",
            format!("the extension schemas have {bytes} bytes with all characteristics, but at most {most} are allowed; shorten the descriptions"),
        );
    }
}

/// Whether attributes of the schema with this URN and sub-attributes of another schema have the same path once names are joined
/// by full stops, as pattern matchers on events join them.
fn flattens_into(id: &str, schema: &Schema) -> bool {
    let Some((start, name)) = id.rsplit_once('.') else {
        return false;
    };
    let attribute = schema
        .attribute(name)
        .filter(|_| start.eq_ignore_ascii_case(&schema.id));
    attribute.is_some_and(|attribute| attribute.kind == Type::Complex)
}

/// Whether a URN can be read as the path of an attribute of a schema.
fn is_path_in(id: &str, schema: &Schema) -> bool {
    let Ok(path) = AttrPath::parse(id) else {
        return false;
    };
    let is_below = path
        .urn
        .is_some_and(|urn| urn.eq_ignore_ascii_case(&schema.id));
    let attribute = schema.attribute(&path.name).filter(|_| is_below);
    attribute.is_some_and(|attribute| path.sub.is_none_or(|sub| attribute.sub(&sub).is_some()))
}
