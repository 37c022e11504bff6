//! Generators of filters, paths, attributes and messages.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::{ResourceKind, normal};
use crate::filter::{Filter, Logic, Operator, Path, Term, Test};
use crate::path::AttrPath;
use crate::{Attributes, urn};

const E: &str = urn::ENTERPRISE_USER;

fn word() -> impl Strategy<Value = String> {
    // Keywords of the grammar are also valid names.
    prop_oneof![
        3 => "[a-zA-Z$][a-zA-Z0-9_$-]{0,6}",
        1 => select(&["and", "or", "not", "pr", "eq", "true", "null"][..]).prop_map(str::to_owned),
    ]
}

fn attr_path() -> impl Strategy<Value = AttrPath> {
    let urn = prop_oneof![
        Just(None),
        select(&[urn::USER, E, "urn:x:1.0:y"][..]).prop_map(|urn| Some(urn.to_owned())),
    ];
    (urn, word(), proptest::option::of(word())).prop_map(|(urn, name, sub)| AttrPath {
        urn,
        name,
        sub,
    })
}

fn literal() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-9_999..9_999_i32).prop_map(|n| json!(f64::from(n) / 8.0)),
        any::<String>().prop_map(Value::from),
    ]
}

fn operator() -> impl Strategy<Value = Operator> {
    use Operator::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    select(&[Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le][..])
}

fn test() -> impl Strategy<Value = Test> {
    prop_oneof![
        Just(Test::Present),
        (operator(), literal()).prop_map(|(operator, literal)| Test::Compare(operator, literal)),
    ]
}

fn logic(term: impl Strategy<Value = Term> + 'static) -> impl Strategy<Value = Filter> {
    term.prop_map(Logic::Leaf)
        .prop_recursive(4, 16, 4, |inner| {
            prop_oneof![
                inner.clone().prop_map(|inner| Logic::Not(Box::new(inner))),
                vec(inner.clone(), 2..4).prop_map(Logic::And),
                vec(inner, 2..4).prop_map(Logic::Or),
            ]
        })
}

fn values() -> impl Strategy<Value = Filter> {
    logic((attr_path(), test()).prop_map(|(attribute, test)| Term {
        path: Path {
            attribute,
            values: None,
            sub: None,
        },
        test,
    }))
}

/// Any valid path.
pub(super) fn path() -> impl Strategy<Value = Path> {
    let values = proptest::option::of((values(), proptest::option::of(word())));
    (attr_path(), values).prop_map(|(attribute, values)| {
        let (values, sub) = values.unzip();
        Path {
            attribute,
            values: values.map(Box::new),
            sub: sub.flatten(),
        }
    })
}

/// Any valid filter.
pub(super) fn filter() -> impl Strategy<Value = Filter> {
    logic((path(), test()).prop_map(|(path, test)| {
        let is_bare = path.values.is_some() && path.sub.is_none();
        let test = if is_bare { Test::Matches } else { test };
        Term { path, test }
    }))
}

/// A filter that resolves for users.
pub(super) fn known_filter() -> impl Strategy<Value = Filter> {
    let terms = [
        "userName eq \"a\"",
        "userName co \"B\"",
        "title pr",
        "title eq null",
        "title ne \"t\"",
        "active eq true",
        "emails pr",
        "emails eq \"a@b\"",
        "emails.type ne \"work\"",
        "emails[type eq \"work\" and not (primary eq true)]",
        "emails[value sw \"a\"].type eq \"home\"",
        "name pr",
        "name.givenName gt \"m\"",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq \"t\"",
    ];
    logic(
        select(terms.to_vec()).prop_filter_map("a term", |text| match Filter::parse(text) {
            Ok(Logic::Leaf(term)) => Some(term),
            _ => None,
        }),
    )
}

/// Scalar values, some of which mean unassigned.
fn scalar() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(""),
        json!("a"),
        json!("A"),
        json!("a@b"),
        json!("work"),
        json!("home"),
        json!("True"),
        json!(true),
        json!(false),
        json!(7),
        json!("[1]"),
        json!("{\"value\":\"a\",\"primary\":true}"),
        json!("QUI="),
    ])
}

/// Any JSON, often with attribute names.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    prop_oneof![4 => scalar(), 1 => any::<String>().prop_map(Value::from), 1 => any::<f64>().prop_map(Value::from)]
        .prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..4).prop_map(Value::Array),
                vec((any_name(), inner), 0..4).prop_map(|parts| Value::Object(parts.into_iter().collect())),
            ]
        })
}

/// The name of an attribute, sub-attribute or message member, or an unknown name.
pub(super) fn any_name() -> impl Strategy<Value = String> {
    let names = vec![
        "schemas",
        "Operations",
        "op",
        "path",
        "value",
        "VALUE",
        "type",
        "primary",
        "$ref",
        "display",
        "id",
        "meta",
        "meta.version",
        "externalId",
        "userName",
        "USERNAME",
        "displayName",
        "name",
        "name.givenName",
        "givenName",
        "formatted",
        "title",
        "active",
        "profileUrl",
        "password",
        "emails",
        "emails.value",
        "roles",
        "addresses",
        "x509Certificates",
        "groups",
        "members",
        "members.value",
        "department",
        "manager",
        "nothing",
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:ietf:params:scim:schemas:core:2.0:User:title",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
    ];
    prop_oneof![9 => select(names).prop_map(str::to_owned), 1 => word()]
}

/// A value of a multi-valued attribute, usually a valid one from a small set.
fn element() -> impl Strategy<Value = Value> {
    let name = select(&["value", "type", "primary", "display", "formatted"][..]);
    let odd = vec((name, scalar()), 0..4).prop_map(|parts| {
        let named = |(name, part): (&str, Value)| (name.to_owned(), part);
        Value::Object(parts.into_iter().map(named).collect())
    });
    let sound = (
        select(vec![json!("a"), json!("A"), json!("b"), json!(null)]),
        select(vec![json!("work"), json!("home"), json!(null)]),
        select(vec![json!(true), json!(false), json!(null)]),
        select(vec![json!("a"), json!(null)]),
    );
    let sound = sound.prop_map(|(value, kind, primary, display)| {
        let mut parts = Map::from_iter([
            ("value".to_owned(), value),
            ("type".to_owned(), kind),
            ("primary".to_owned(), primary),
            ("display".to_owned(), display),
        ]);
        parts.retain(|_, part| !part.is_null());
        Value::Object(parts)
    });
    prop_oneof![1 => odd, 4 => sound]
}

fn elements() -> impl Strategy<Value = Value> {
    prop_oneof![vec(element(), 0..4).prop_map(Value::Array), element()]
}

/// The attributes of a user in normal form.
pub(crate) fn user_attributes() -> impl Strategy<Value = Attributes> {
    let text = || select(vec![json!(null), json!("a"), json!("t"), json!("")]);
    (
        (text(), text(), any::<bool>()),
        (elements(), elements(), elements()),
        (text(), text()),
    )
        .prop_map(
            |((title, given, active), (emails, roles, addresses), (department, manager))| {
                let attributes = Map::from_iter([
                    ("userName".to_owned(), json!("Ab")),
                    ("title".to_owned(), title),
                    ("active".to_owned(), json!(active)),
                    ("name".to_owned(), json!({ "givenName": given })),
                    ("emails".to_owned(), emails),
                    ("roles".to_owned(), roles),
                    ("addresses".to_owned(), addresses),
                    (
                        E.to_owned(),
                        json!({ "department": department,
                    "manager": { "value": manager, "$ref": "../Users/x" } }),
                    ),
                ]);
                normal(ResourceKind::User, &attributes)
            },
        )
        .prop_filter_map("attributes with a normal form", Result::ok)
}

fn value_filter() -> impl Strategy<Value = String> {
    let term = select(vec![
        "type eq \"work\"",
        "type eq \"\"",
        "value eq \"a\"",
        "value eq \"\"",
        "value eq null",
        "value pr",
        "primary eq \"True\"",
        "primary eq false",
        "not (type pr)",
        "display sw \"a\"",
        "formatted eq \"a\"",
        "nothing pr",
    ]);
    vec(term, 1..3)
        .prop_flat_map(|terms| select(vec![" and ", " or "]).prop_map(move |word| terms.join(word)))
}

/// A path of a PATCH operation, often of a known attribute.
fn patch_path() -> impl Strategy<Value = String> {
    let name = select(vec![
        "emails",
        "roles",
        "addresses",
        "members",
        "name",
        "title",
    ]);
    let sub = select(vec![
        "",
        ".value",
        ".type",
        ".primary",
        ".display",
        ".formatted",
    ]);
    prop_oneof![
        any_name(),
        (name, value_filter(), sub)
            .prop_map(|(name, filter, sub)| format!("{name}[{filter}]{sub}")),
    ]
}

fn op() -> impl Strategy<Value = Value> {
    select(vec![json!("add"), json!("Remove"), json!("REPLACE")])
}

/// An operation that can often be applied.
pub(super) fn operation() -> impl Strategy<Value = Value> {
    let value = prop_oneof![scalar(), elements(), any_json()];
    let odd = (op(), proptest::option::of(patch_path()), value)
        .prop_map(|(op, path, value)| json!({ "op": op, "path": path, "value": value }));
    let whole = (
        op(),
        prop_oneof![Just(None), value_filter().prop_map(Some)],
        elements(),
    );
    let whole = whole.prop_map(|(op, filter, value)| {
        let filter = filter
            .map(|filter| format!("[{filter}]"))
            .unwrap_or_default();
        json!({ "op": op, "path": format!("emails{filter}"), "value": value })
    });
    let part = select(vec![
        (".value", json!("a")),
        (".value", json!("b")),
        (".type", json!("work")),
        (".primary", json!(true)),
    ]);
    let part = (op(), value_filter(), part).prop_map(|(op, filter, (sub, value))| {
        json!({ "op": op, "path": format!("emails[{filter}]{sub}"), "value": value })
    });
    prop_oneof![odd, whole, part]
}

/// An operation without a filter, so that it selects the same values when it is applied again.
pub(super) fn settled_operation() -> impl Strategy<Value = Value> {
    operation().prop_filter("an operation without a filter", |operation| {
        operation["path"]
            .as_str()
            .is_none_or(|path| !path.contains('['))
    })
}

/// The body of a PATCH.
pub(super) fn patch_message() -> impl Strategy<Value = Value> {
    vec(operation(), 1..4)
        .prop_map(|operations| json!({ "schemas": [urn::PATCH_OP], "Operations": operations }))
}
