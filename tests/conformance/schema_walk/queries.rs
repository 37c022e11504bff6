//! Filters, orders and projections of an attribute and of its sub-attributes.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::announced::{Attribute, is, subs, text};
use super::values::{at, names, swapped};
use super::{Subject, Walk};
use crate::support::client::encode;
use crate::support::listed::ids;

/// An operator, and whether it holds for values in this order.
type Operator = (&'static str, fn(Ordering) -> bool);

/// An attribute or sub-attribute to compare, and its values in two resources.
struct Compared<'c> {
    /// The path in a filter.
    path: String,
    /// The definition of the compared attribute.
    json: &'c Value,
    values: [Value; 2],
}

impl Compared<'_> {
    fn is_exact(&self) -> bool {
        self.json["caseExact"] == true
    }

    /// The order of two of its values.
    fn order(&self, one: &Value, other: &Value) -> Ordering {
        match (one, other) {
            (Value::String(one), Value::String(other)) if self.is_exact() => one.cmp(other),
            (Value::String(one), Value::String(other)) => {
                one.to_lowercase().cmp(&other.to_lowercase())
            }
            (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
            _ => {
                let (one, other) = (one.as_f64().expect("a number"), other.as_f64());
                one.total_cmp(&other.expect("a number"))
            }
        }
    }

    /// The operators that the type supports, with their results; and those that it does not support.
    fn operators(&self) -> (Vec<Operator>, Vec<&'static str>) {
        let equal: [Operator; 2] = [("eq", Ordering::is_eq), ("ne", Ordering::is_ne)];
        let ordered: [Operator; 4] = [
            ("gt", Ordering::is_gt),
            ("ge", Ordering::is_ge),
            ("lt", Ordering::is_lt),
            ("le", Ordering::is_le),
        ];
        // A text contains itself, and none of the other values here.
        let textual: [Operator; 3] = [
            ("co", Ordering::is_eq),
            ("sw", Ordering::is_eq),
            ("ew", Ordering::is_eq),
        ];
        match text(&self.json["type"]) {
            "boolean" => (equal.into(), vec!["gt", "le", "co"]),
            "binary" => (equal.into(), vec!["gt", "ge", "lt", "le"]),
            "integer" | "decimal" => ([&equal[..], &ordered].concat(), vec!["co", "sw"]),
            "dateTime" => ([&equal[..], &ordered].concat(), vec![]),
            _ => ([&equal[..], &ordered, &textual].concat(), vec![]),
        }
    }

    /// Filters, and whether each of the two resources matches.
    fn cases(&self) -> Vec<(String, [bool; 2])> {
        let path = &self.path;
        let mut cases = vec![
            (format!("{path} pr"), [true; 2]),
            (format!("{path} eq null"), [false; 2]),
        ];
        let literal = &self.values[0];
        for (operator, holds) in self.operators().0 {
            let expected = self
                .values
                .each_ref()
                .map(|value| holds(self.order(value, literal)));
            cases.push((format!("{path} {operator} {literal}"), expected));
        }
        if let Some(text) = literal
            .as_str()
            .filter(|_| !is(self.json, "type", "dateTime"))
        {
            let other = json!(swapped(text));
            assert_ne!(other, *literal, "case makes a difference");
            let found = |value: &Value| self.order(value, &other).is_eq();
            cases.push((
                format!("{path} eq {other}"),
                self.values.each_ref().map(found),
            ));
        }
        cases
    }
}

impl Walk<'_> {
    pub(super) async fn filters(&self, attribute: &Attribute<'_>, one: &Subject, two: &Subject) {
        let mut cases = Vec::new();
        for compared in compared(attribute, one, two) {
            cases.extend(compared.cases());
            let literal = &compared.values[0];
            for operator in compared.operators().1 {
                let filter = format!("{} {operator} {literal}", compared.path);
                let answer = self.client.filter(&attribute.of.endpoint, &filter).await;
                attribute.refused(&answer, &["invalidFilter"], &json!(filter));
            }
        }
        let present = format!("{} pr", attribute.qualified().to_uppercase());
        cases.push((present, [true; 2]));
        // All filters at once, because there are many; one by one only to find the failing one.
        for (at, subject) in [one, two].into_iter().enumerate() {
            let all: Vec<String> = cases
                .iter()
                .map(|(filter, expected)| match expected[at] {
                    true => format!("({filter})"),
                    false => format!("not ({filter})"),
                })
                .collect();
            if self.finds(attribute, subject, &all.join(" and ")).await {
                continue;
            }
            for (filter, expected) in &cases {
                let found = self.finds(attribute, subject, filter).await;
                assert_eq!(found, expected[at], "{filter}: {}", subject.body);
            }
            panic!(
                "{all:?} do not hold together, but one by one: {}",
                subject.body
            );
        }
        if attribute.is("type", "complex") && !has_value(attribute.json) {
            let filter = format!("{} eq \"x\"", attribute.path());
            let answer = self.client.filter(&attribute.of.endpoint, &filter).await;
            attribute.refused(&answer, &["invalidFilter"], &json!(filter));
        }
    }

    /// Whether a filter finds a resource.
    async fn finds(&self, attribute: &Attribute<'_>, subject: &Subject, filter: &str) -> bool {
        let filter = format!("id eq \"{}\" and {filter}", subject.id);
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
            "filter": filter, "attributes": ["id"]
        });
        let path = format!("{}/.search", attribute.of.endpoint);
        let answer = self.client.post(&path, &body).await;
        let answer = attribute.expect(answer, &[200], &json!(filter));
        ids(&answer) == [subject.id.clone()]
    }

    pub(super) async fn orders(&self, attribute: &Attribute<'_>, one: &Subject, two: &Subject) {
        let endpoint = &attribute.of.endpoint;
        let filter = encode(&among([one, two]));
        for compared in compared(attribute, one, two) {
            let mut expected = [one, two].map(|subject| subject.id.clone());
            if compared
                .order(&compared.values[0], &compared.values[1])
                .is_gt()
            {
                expected.reverse();
            }
            // Sub-attributes in one direction only, because there are many.
            let is_part = compared.path != attribute.path();
            for order in ["ascending", "descending"]
                .into_iter()
                .skip(usize::from(is_part))
            {
                if order == "descending" {
                    expected.reverse();
                }
                let by = encode(&compared.path);
                let path = format!("{endpoint}?filter={filter}&sortBy={by}&sortOrder={order}");
                let answer = self.client.get(&path).await;
                let found = ids(&attribute.expect(answer, &[200], &json!(compared.path)));
                assert_eq!(found, expected, "{} {order}", compared.path);
            }
        }
        if attribute.is("type", "complex") && !has_value(attribute.json) {
            let path = format!("{endpoint}?sortBy={}", encode(&attribute.path()));
            let answer = self.client.get(&path).await;
            attribute.refused(&answer, &["invalidValue", "invalidPath"], &json!(path));
        }
    }

    pub(super) async fn projections(&self, attribute: &Attribute<'_>, subject: &Subject) {
        let written =
            attribute.of_resource(&self.seen(subject, "attributes", &attribute.path()).await);
        assert_ne!(written, Value::Null, "{}", attribute.qualified());
        for named in [attribute.qualified(), attribute.path().to_uppercase()] {
            let only = self.seen(subject, "attributes", &named).await;
            assert_eq!(attribute.of_resource(&only), written, "attributes={named}");
            let others = names(&only).len();
            assert!(
                others <= 3 + always(attribute),
                "attributes={named}: {only}"
            );
        }
        let is_always = attribute.is("returned", "always");
        for (parameter, named) in [
            ("attributes", "id".to_owned()),
            ("excludedAttributes", attribute.path()),
            ("excludedAttributes", attribute.qualified().to_uppercase()),
        ] {
            let rest = self.seen(subject, parameter, &named).await;
            let expected = if is_always { &written } else { &Value::Null };
            assert_eq!(
                attribute.of_resource(&rest),
                *expected,
                "{parameter}={named}"
            );
        }
        for sub in subs(attribute.json) {
            self.part_projections(attribute, sub, subject, &written)
                .await;
        }
    }

    async fn part_projections(
        &self,
        attribute: &Attribute<'_>,
        sub: &Value,
        subject: &Subject,
        whole: &Value,
    ) {
        let name = text(&sub["name"]);
        if at(whole, Some(name)).is_empty() {
            return;
        }
        let path = format!("{}.{name}", attribute.path());
        let only = attribute.of_resource(&self.seen(subject, "attributes", &path).await);
        let is_kept = |one: &str| {
            let kept = subs(attribute.json).iter().find(|sub| is(sub, "name", one));
            one == name || kept.is_some_and(|sub| is(sub, "returned", "always"))
        };
        for value in at(&only, None) {
            assert!(
                names(value).into_iter().all(is_kept),
                "attributes={path}: {only}"
            );
        }
        assert_eq!(
            at(&only, Some(name)),
            at(whole, Some(name)),
            "attributes={path}"
        );
        if attribute.is("returned", "request") {
            return;
        }
        let rest = attribute.of_resource(&self.seen(subject, "excludedAttributes", &path).await);
        let stays = is(sub, "returned", "always") || attribute.is("returned", "always");
        assert_eq!(
            at(&rest, Some(name)).is_empty(),
            !stays,
            "excludedAttributes={path}"
        );
        for (value, whole) in at(&rest, None).into_iter().zip(at(whole, None)) {
            let mut expected = names(whole);
            if !stays {
                expected.remove(name);
            }
            assert_eq!(names(value), expected, "excludedAttributes={path}");
        }
    }

    /// A resource with a projection.
    async fn seen(&self, subject: &Subject, parameter: &str, named: &str) -> Value {
        let path = format!("{}?{parameter}={}", subject.path, encode(named));
        self.client.get(&path).await.expect(200).json()
    }
}

/// The number of attributes of the resource type in every response.
fn always(attribute: &Attribute<'_>) -> usize {
    let all = attribute.of.attributes();
    all.filter(|one| one.is("returned", "always")).count()
}

fn has_value(attribute: &Value) -> bool {
    subs(attribute).iter().any(|sub| is(sub, "name", "value"))
}

/// A filter for two resources.
fn among(subjects: [&Subject; 2]) -> String {
    let [one, two] = subjects.map(|subject| &subject.id);
    format!("(id eq \"{one}\" or id eq \"{two}\")")
}

/// The attribute or its sub-attributes that can be compared.
fn compared<'c>(attribute: &Attribute<'c>, one: &Subject, two: &Subject) -> Vec<Compared<'c>> {
    let written = [one, two].map(|subject| attribute.of_resource(&subject.body));
    let first = |sub: Option<&str>| {
        let values = written.each_ref().map(|value| at(value, sub));
        values.map(|values| values.first().map_or(Value::Null, |value| (*value).clone()))
    };
    let path = attribute.path();
    if subs(attribute.json).is_empty() {
        return vec![Compared {
            path,
            json: attribute.json,
            values: first(None),
        }];
    }
    let mut all = Vec::new();
    for sub in subs(attribute.json) {
        let name = text(&sub["name"]);
        let values = first(Some(name));
        if values.contains(&Value::Null) || values[0] == values[1] {
            continue;
        }
        let mut paths = vec![format!("{path}.{name}")];
        if name == "value" {
            paths.push(path.clone());
        }
        all.extend(paths.into_iter().map(|path| Compared {
            path,
            json: sub,
            values: values.clone(),
        }));
    }
    all
}
