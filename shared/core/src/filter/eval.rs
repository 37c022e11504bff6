//! Resolves filters against a resource type. [`matching`] evaluates them on resources in normal form.
//!
//! A comparison with an unassigned attribute is false, also with `ne`; use `not (a eq …)` to include these resources. `eq
//! null` and `ne null` select unassigned and assigned attributes (RFC 7643 §2.5). Resolving rejects comparisons that the
//! attribute's type does not support.

use jiff::Timestamp;
use serde_json::Value;

use super::{Filter, Logic, Operator, Path, Term, Test};
use crate::error::reason::{self, KnownName};
use crate::error::{ErrorKind, Reason, ScimError};
use crate::schema::{Attribute, Profile, ResolvedAttribute, ResourceType, Type};
use crate::text;
use crate::value;

mod matching;

pub use matching::selects;

/// A filter with known attributes and literals of the right types.
pub type Resolved<'s> = Logic<Leaf<'s>>;

/// A term of a resolved filter.
#[derive(Clone, PartialEq, Debug)]
pub struct Leaf<'s> {
    /// The attribute.
    pub target: ResolvedAttribute<'s>,
    /// The value filter that a single value must match.
    pub values: Option<Box<Logic<Condition<'s>>>>,
    /// What the values must fulfil.
    pub predicate: Predicate,
}

/// A condition on one value of a multi-valued attribute.
#[derive(Clone, PartialEq, Debug)]
pub struct Condition<'s> {
    /// The sub-attribute, or the attribute itself if it is not complex.
    pub sub: Option<&'s Attribute>,
    /// What it must fulfil.
    pub predicate: Predicate,
}

/// A predicate on values.
#[derive(Clone, PartialEq, Debug)]
pub enum Predicate {
    /// Some value exists.
    Exists,
    /// Some value is not empty.
    Present,
    /// No value exists.
    Unassigned,
    /// Some value compares like this.
    Compare(Operator, Comparand),
}

/// The prepared right-hand side of a comparison.
#[derive(Clone, PartialEq, Debug)]
pub enum Comparand {
    /// Text in its comparable form.
    Text(String),
    /// A boolean.
    Boolean(bool),
    /// A number.
    Number(f64),
    /// An instant.
    Instant(Timestamp),
}

impl Filter {
    /// Resolves the filter's attributes in a resource type and prepares its literals.
    ///
    /// # Errors
    ///
    /// `invalidFilter` for unknown attributes and unsupported comparisons.
    pub fn resolve<'s>(&self, of: &'s ResourceType) -> Result<Resolved<'s>, ScimError> {
        self.try_map(&mut |term| Leaf::resolve(term, of))
    }

    /// Resolves a filter for one of several queried resource types: an attribute that this type does not have counts as
    /// unassigned (RFC 7644 §3.4.2.1).
    ///
    /// # Errors
    ///
    /// `invalidFilter` for unsupported comparisons with attributes that the type has.
    pub fn resolve_among<'s>(&self, of: &'s ResourceType) -> Result<Resolved<'s>, ScimError> {
        let each = |all: &[Self]| -> Result<_, ScimError> {
            all.iter().map(|one| one.resolve_among(of)).collect()
        };
        Ok(match self {
            Self::Leaf(term) if is_lacking(&term.path, of) => match &term.test {
                // An empty conjunction is true, an empty disjunction false.
                Test::Compare(Operator::Eq, Value::Null) => Logic::And(Vec::new()),
                _ => Logic::Or(Vec::new()),
            },
            Self::Leaf(term) => Logic::Leaf(Leaf::resolve(term, of)?),
            Self::Not(inner) => Logic::Not(Box::new(inner.resolve_among(of)?)),
            Self::And(all) => Logic::And(each(all)?),
            Self::Or(all) => Logic::Or(each(all)?),
        })
    }
}

/// Whether a resource type does not have the attribute of a path.
fn is_lacking(path: &Path, of: &ResourceType) -> bool {
    path.target(of)
        .is_err_and(|error| error.reason() != Reason::AmbiguousAttribute)
}

impl<'s> Leaf<'s> {
    fn resolve(term: &Term, of: &'s ResourceType) -> Result<Self, ScimError> {
        let target = term
            .path
            .target(of)
            .map_err(|error| error.of_kind(ErrorKind::InvalidFilter))?;
        let values = match &term.path.values {
            None => None,
            Some(_) if !target.attribute.multi_valued => {
                return Err(reason::brackets_after_single(target.whole()));
            }
            Some(values) => Some(Box::new(conditions(values, target)?)),
        };
        let predicate = match &term.test {
            Test::Matches => Predicate::Exists,
            test => predicate(test, target.sub, target.attribute)?,
        };
        Ok(Self {
            target,
            values,
            predicate,
        })
    }

    /// The text that the attribute must equal, if the leaf is an `eq` comparison with text: an index can answer it.
    #[must_use]
    pub fn equal_text(&self) -> Option<&str> {
        match &self.predicate {
            Predicate::Compare(Operator::Eq, Comparand::Text(text)) => Some(text),
            _ => None,
        }
    }
}

/// Resolves a value filter on the values of `target`.
///
/// # Errors
///
/// `invalidFilter` for unknown sub-attributes, unsupported comparisons, and attributes without sub-attributes.
pub fn conditions<'s>(
    values: &Logic<Term>,
    target: ResolvedAttribute<'s>,
) -> Result<Logic<Condition<'s>>, ScimError> {
    let attribute = target.attribute;
    values.try_map(&mut |term: &Term| {
        let path = &term.path.attribute;
        let name = path.to_string();
        let sub = match attribute.sub(&name) {
            Some(sub) => Some(sub),
            None if attribute.kind != Type::Complex && name.eq_ignore_ascii_case("value") => {
                Some(attribute)
            }
            None => {
                let unknown = reason::unknown_part(target.whole(), name);
                return Err(unknown.of_kind(ErrorKind::InvalidFilter));
            }
        };
        Ok(Condition {
            sub,
            predicate: predicate(&term.test, sub, attribute)?,
        })
    })
}

fn predicate(
    test: &Test,
    sub: Option<&Attribute>,
    attribute: &Attribute,
) -> Result<Predicate, ScimError> {
    if attribute.is_secret() {
        return Err(reason::secret_in_filter(attribute));
    }
    let (operator, literal) = match test {
        Test::Matches => return Ok(Predicate::Exists),
        Test::Present | Test::Compare(Operator::Ne, Value::Null) => return Ok(Predicate::Present),
        Test::Compare(Operator::Eq, Value::Null) => return Ok(Predicate::Unassigned),
        Test::Compare(operator, literal) => (*operator, literal),
    };
    let compared = match sub {
        Some(sub) => sub,
        None if attribute.kind == Type::Complex => attribute.sub("value").ok_or_else(|| {
            let part = attribute.sub_attributes.first();
            let part = part.map_or("", |part| &part.name);
            let part = KnownName::ours(format_args!("{}.{part}", attribute.name));
            reason::whole_compared(attribute, part)
        })?,
        None => attribute,
    };
    match operator {
        // For a type that is not text, blank text means unassigned.
        Operator::Eq if value::is_blank(compared, literal) => return Ok(Predicate::Unassigned),
        Operator::Ne if value::is_blank(compared, literal) => return Ok(Predicate::Present),
        _ => {}
    }
    comparand(compared, operator, literal).map(|comparand| Predicate::Compare(operator, comparand))
}

fn comparand(
    attribute: &Attribute,
    operator: Operator,
    literal: &Value,
) -> Result<Comparand, ScimError> {
    use Operator::{Co, Eq, Ew, Ne, Sw};
    let senseless = |is: &'static str| {
        reason::senseless_test(attribute, is, format!("{} {literal}", operator.word()))
    };
    let order_only = matches!(operator, Eq | Ne);
    let textual = matches!(operator, Co | Sw | Ew);
    match attribute.kind {
        Type::Boolean => match value::boolean(literal) {
            Some(truth) if order_only => Ok(Comparand::Boolean(truth)),
            _ => Err(senseless("is a boolean")),
        },
        Type::Integer | Type::Decimal => match value::number(literal).and_then(|n| n.as_f64()) {
            Some(number) if !textual => Ok(Comparand::Number(number)),
            _ => Err(senseless("is a number")),
        },
        Type::DateTime if !textual => literal
            .as_str()
            .and_then(value::instant)
            .map(Comparand::Instant)
            .ok_or_else(|| senseless("is a dateTime such as \"2011-05-13T04:42:34Z\"")),
        Type::Binary if !order_only && !textual => Err(senseless("is binary")),
        Type::Complex => Err(senseless("is complex")),
        Type::String if is_impossible(attribute, literal) => {
            Err(reason::control_characters_compared(attribute))
        }
        Type::String | Type::Reference | Type::Binary | Type::DateTime => literal
            .as_str()
            .map(|text| {
                // Clients that send a value as a JSON document in text also search for that document.
                let inner = match attribute.name == "value" && order_only {
                    true => value::value_in(text),
                    false => None,
                };
                let text = inner.as_deref().unwrap_or(text);
                Comparand::Text(text::comparable(attribute, text).into_owned())
            })
            .ok_or_else(|| senseless("is text and needs double quotes")),
    }
}

/// Whether no value can contain the text: user names cannot contain control characters (RFC 8264 §9.9).
fn is_impossible(attribute: &Attribute, literal: &Value) -> bool {
    let text = literal.as_str().unwrap_or_default();
    attribute.profile == Profile::UserName && text.contains(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Attributes;
    use crate::effort::{Effort, EffortExceeded};
    use crate::schema::{Catalogue, ResourceKind};
    use serde_json::json;

    fn resource() -> Attributes {
        let json = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
            "id": "2819c223-7f76-453a-919d-413861904646",
            "externalId": "Ext1",
            "userName": "BJensen@example.com",
            "name": { "familyName": "Jensen", "givenName": "Bär" },
            "title": "",
            "active": true,
            "emails": [
                { "value": "bjensen@example.com", "type": "work", "primary": true },
                { "value": "babs@home.example.com", "type": "home" }
            ],
            "roles": [{ "value": "admin", "primary": true }],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                "department": "Sales", "manager": { "value": "M1" }
            },
            "meta": { "resourceType": "User", "lastModified": "2011-05-13T04:42:34.000Z" }
        });
        json.as_object().unwrap().clone()
    }

    fn holds(text: &str) -> bool {
        let user = Catalogue::standard().resource_type(ResourceKind::User);
        Filter::parse(text)
            .unwrap()
            .resolve(user)
            .unwrap()
            .matches(&resource(), &Effort::of_request())
            .unwrap()
    }

    #[test]
    fn f03_f05_f06_f10_f14_to_f21_filters_that_match() {
        for text in [
            r#"userName eq "bjensen@EXAMPLE.com""#,
            r#"userName sw "BJEN""#,
            r#"externalId eq "Ext1""#,
            r#"name.familyName co "ens""#,
            r#"name.givenName eq "BÄR""#,
            r#"name pr"#,
            r#"emails co "example.com""#,
            r#"emails.value ew "home.example.com""#,
            r#"emails[type eq "work" and value co "bjensen"]"#,
            r#"emails[type eq "WORK"].value eq "bjensen@example.com""#,
            r#"emails[not (type eq "work")]"#,
            r#"emails.type ne "work""#,
            r#"active eq true"#,
            r#"active eq "True""#,
            r#"roles[primary eq "True"].value eq "admin""#,
            r#"emails[primary eq false].value ew "home.example.com""#,
            r#"emails[primary ne true and type eq "home"]"#,
            r#"schemas[value eq "URN:ietf:params:scim:schemas:core:2.0:user"]"#,
            r#"not (nickName pr)"#,
            r#"nickName eq null"#,
            r#"title eq null"#,
            r#"userName ne null"#,
            r#"meta.lastModified gt "2011-05-13T04:42:33Z""#,
            r#"meta.lastModified eq "2011-05-13T06:42:34+02:00""#,
            r#"meta.resourceType eq "User""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "sales""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "M1""#,
            r#"manager eq "M1""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value eq "M1""#,
            r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#,
            r#"userName eq "x" or title pr or active eq true"#,
            r#"name.familyName gt "jen""#,
        ] {
            assert!(holds(text), "{text}");
        }
    }

    #[test]
    fn f03_f06_f15_f20_filters_that_do_not_match() {
        for text in [
            r#"externalId eq "ext1""#,
            r#"title pr"#,
            r#"nickName ne "x""#,
            r#"nickName eq "x""#,
            r#"emails[type eq "work" and value co "babs"]"#,
            r#"emails[type eq "other"].value eq "bjensen@example.com""#,
            r#"active eq false"#,
            r#"meta.resourceType eq "user""#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager eq "m1""#,
            r#"userName ne "bjensen@example.com""#,
            r#"meta.lastModified lt "2011-05-13T04:42:34Z""#,
            r#"addresses pr"#,
            r#"addresses.primary eq false"#,
            r#"emails[primary eq false and type eq "work"]"#,
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn h03_evaluation_stops_when_the_effort_is_spent() {
        let user = Catalogue::standard().resource_type(ResourceKind::User);
        let emails: Value = (0..1_000)
            .map(|n| json!({ "value": format!("{n}@example.com") }))
            .collect();
        let mut resource = resource();
        resource.insert("emails".to_owned(), emails);
        for (filter, steps) in [
            ("userName pr".to_owned(), 2),
            (vec!["emails co \"-\""; 256].join(" or "), 513_000),
            (
                format!("emails[{}]", vec!["value co \"-\""; 255].join(" or ")),
                511_000,
            ),
            (vec!["title co \"-\""; 256].join(" or "), 800),
        ] {
            let resolved = Filter::parse(&filter).unwrap().resolve(user).unwrap();
            let holds = |steps| resolved.matches(&resource, &Effort::new(steps));
            assert_eq!(holds(steps), Ok(filter == "userName pr"), "{filter}");
            assert_eq!(
                holds(steps - steps / 10 - 1),
                Err(EffortExceeded),
                "{filter}"
            );
        }
    }

    #[test]
    fn f08_f23_f24_unsupported_comparisons_are_rejected() {
        let user = Catalogue::standard().resource_type(ResourceKind::User);
        for text in [
            r#"shoeSize eq "44""#,
            r#"name eq "x""#,
            r#"addresses eq "x""#,
            r#"active gt true"#,
            r#"active eq "maybe""#,
            r#"active co "t""#,
            r#"userName eq 5"#,
            r#"userName eq true"#,
            r#"meta.created gt "yesterday""#,
            r#"meta.created gt "2011-05-13""#,
            r#"x509Certificates.value gt "a""#,
            r#"name[familyName eq "x"]"#,
            r#"emails[shoeSize eq "x"]"#,
            r#"password eq "secret""#,
            r#"password pr"#,
            r#"urn:x:y:department eq "a""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:User:department eq "a""#,
            r#"emails.type[value eq "x"]"#,
            r#"emails.value[type eq "work"].value eq "x""#,
            r#"urn:ietf:params:scim:schemas:core:2.0:User[userName eq "a"]"#,
            r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr"#,
        ] {
            let error = Filter::parse(text).unwrap().resolve(user).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidFilter, "{text}");
        }
    }

    #[test]
    fn l06_among_several_types_a_missing_attribute_is_unassigned() {
        let group = Catalogue::standard().resource_type(ResourceKind::Group);
        let resource = serde_json::from_str(r#"{"displayName":"Sales"}"#).unwrap();
        for (filter, is_met) in [
            ("userName eq \"x\"", false),
            ("userName ne \"x\"", false),
            ("userName pr", false),
            ("userName eq null", true),
            ("userName ne null", false),
            ("not (userName eq \"x\")", true),
            ("userName eq \"x\" or displayName eq \"sales\"", true),
            ("userName eq null and displayName sw \"S\"", true),
            ("emails[type eq \"work\"]", false),
            ("members.nothing pr", false),
            ("urn:example:none:attribute pr", false),
        ] {
            let parsed = Filter::parse(filter).unwrap();
            assert_eq!(
                parsed
                    .resolve_among(group)
                    .unwrap()
                    .matches(&resource, &Effort::of_request()),
                Ok(is_met),
                "{filter}"
            );
        }
        let senseless = Filter::parse("displayName eq 5").unwrap();
        assert!(senseless.resolve_among(group).is_err());
    }
}
