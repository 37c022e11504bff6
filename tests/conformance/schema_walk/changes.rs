//! PATCH of an attribute and of its sub-attributes, with every kind of path.

use serde_json::{Value, json};

use super::announced::{Attribute, is, subs, text};
use super::values::at;
use super::{Subject, Walk};

impl Walk<'_> {
    /// The whole attribute: replaced, removed and added, with a path, a qualified path, and none.
    pub(super) async fn changes(&self, attribute: &Attribute<'_>, subject: &Subject) {
        let [first, third] = [1, 3].map(|n| self.values.legal(attribute.json, n));
        let (path, qualified) = (attribute.path(), attribute.qualified());
        if attribute.is("mutability", "immutable") {
            return self.fixed(attribute, subject).await;
        }
        for (operation, expected) in [
            (
                json!({ "op": "replace", "path": path, "value": third }),
                &third,
            ),
            (json!({ "op": "remove", "path": path }), &Value::Null),
            (
                json!({ "op": "add", "path": qualified.to_uppercase(), "value": first }),
                &first,
            ),
            (
                json!({ "op": "replace", "value": attribute.entry(third.clone()) }),
                &third,
            ),
            (
                json!({ "op": "remove", "path": qualified.to_uppercase() }),
                &Value::Null,
            ),
            (
                json!({ "op": "add", "value": { (&qualified): first } }),
                &first,
            ),
            (
                json!({ "op": "replace", "path": qualified, "value": null }),
                &Value::Null,
            ),
            (
                json!({ "op": "add", "value": attribute.entry(third.clone()) }),
                &third,
            ),
            (
                json!({ "op": "replace", "value": { (&path): first } }),
                &first,
            ),
        ] {
            let answer = self.patch(attribute, subject, &operation).await;
            if attribute.is_required() && expected.is_null() {
                let kind = if operation["op"] == "remove" {
                    "mutability"
                } else {
                    "invalidValue"
                };
                attribute.refused(&answer, &[kind], &operation);
                continue;
            }
            if attribute.always_has_a_value() && operation["op"] == "remove" {
                attribute.refused(&answer, &["mutability"], &operation);
                continue;
            }
            let expected = match expected {
                Value::Null if attribute.always_has_a_value() => &first,
                expected => expected,
            };
            attribute.has(
                &attribute.expect(answer, &[200], &operation),
                expected,
                &operation,
            );
        }
        let read = self
            .client
            .get(&attribute.only(&subject.path))
            .await
            .expect(200);
        attribute.has(&read, &first, &json!("all changes"));
    }

    /// An immutable attribute keeps its value.
    async fn fixed(&self, attribute: &Attribute<'_>, subject: &Subject) {
        let [first, third] = [1, 3].map(|n| self.values.legal(attribute.json, n));
        let path = attribute.path();
        let same = json!({ "op": "replace", "path": path, "value": first });
        let answer = self.patch(attribute, subject, &same).await;
        attribute.expect(answer, &[200], &same);
        for operation in [
            json!({ "op": "add", "path": path, "value": third }),
            json!({ "op": "replace", "path": path, "value": third }),
            json!({ "op": "replace", "value": attribute.entry(third.clone()) }),
            json!({ "op": "remove", "path": path }),
        ] {
            let answer = self.patch(attribute, subject, &operation).await;
            attribute.refused(&answer, &["mutability"], &operation);
        }
        let read = self
            .client
            .get(&attribute.only(&subject.path))
            .await
            .expect(200);
        attribute.has(&read, &first, &json!("refused changes"));
        if attribute.is_required() {
            return;
        }
        // It can be set if it has no value.
        let mut body = self.values.with(attribute, Value::Null);
        attribute.remove(&mut body);
        let created = self
            .client
            .post(&attribute.of.endpoint, &body)
            .await
            .expect(201);
        let unset = Subject {
            id: created.id(),
            path: format!("{}/{}", attribute.of.endpoint, created.id()),
            body,
        };
        let set = json!({ "op": "add", "path": path, "value": third });
        let answer = self.patch(attribute, &unset, &set).await;
        attribute.has(&attribute.expect(answer, &[200], &set), &third, &set);
        self.client.delete(&unset.path).await.expect(204);
    }

    /// Each sub-attribute: replaced, removed and added, while the others stay.
    pub(super) async fn parts(&self, attribute: &Attribute<'_>, subject: &Subject) {
        let read = self.client.get(&attribute.only(&subject.path)).await;
        let before = attribute.of_resource(&read.expect(200).json());
        for sub in subs(attribute.json) {
            match text(&sub["mutability"]) {
                "readOnly" => {}
                "immutable" => self.fixed_part(attribute, sub, subject).await,
                _ => self.part(attribute, sub, subject, &before).await,
            }
        }
        if !subs(attribute.json).is_empty() {
            let restore = json!(self.restored(attribute));
            self.patch(attribute, subject, &restore).await.expect(200);
        }
    }

    /// Operations that restore the attribute's first value.
    fn restored(&self, attribute: &Attribute<'_>) -> Vec<Value> {
        let path = attribute.path();
        let whole = self.values.legal(attribute.json, 1);
        let mut operations = vec![json!({ "op": "remove", "path": path })];
        operations.push(json!({ "op": "add", "path": path, "value": whole }));
        if attribute.is_required() {
            operations.remove(0);
        }
        operations
    }

    /// The paths of a sub-attribute.
    fn paths(&self, attribute: &Attribute<'_>, name: &str) -> Vec<String> {
        let mut paths = vec![
            format!("{}.{name}", attribute.path()),
            format!("{}.{name}", attribute.qualified().to_uppercase()),
        ];
        if let Some(selected) = self.selected(attribute, name) {
            paths.push(format!("{selected}.{name}"));
        }
        paths
    }

    async fn fixed_part(&self, attribute: &Attribute<'_>, sub: &Value, subject: &Subject) {
        let name = text(&sub["name"]);
        for path in self.paths(attribute, name) {
            for op in ["add", "replace", "remove"] {
                let third = self.values.legal(sub, 3);
                let operation = json!({ "op": op, "path": path, "value": third });
                let answer = self.patch(attribute, subject, &operation).await;
                attribute.refused(&answer, &["mutability"], &operation);
            }
        }
    }

    async fn part(
        &self,
        attribute: &Attribute<'_>,
        sub: &Value,
        subject: &Subject,
        before: &Value,
    ) {
        let name = text(&sub["name"]);
        let [first, third] = [1, 3].map(|n| self.values.legal(sub, n));
        let paths = self.paths(attribute, name);
        for path in &paths {
            let mut operations = self.restored(attribute);
            let operation = json!({ "op": "replace", "path": path, "value": third });
            operations.push(operation.clone());
            let read = self
                .part_is(attribute, subject, &json!(operations), name, &third)
                .await;
            others_stay(attribute, name, &read, before);
        }
        if sub["canonicalValues"].is_array() {
            // Canonical values are only suggestions.
            let own = json!("Something of its own");
            let operation = json!({ "op": "replace", "path": paths[0], "value": own });
            self.part_is(attribute, subject, &json!([operation]), name, &own)
                .await;
        }
        let remove = json!({ "op": "remove", "path": paths[0] });
        if sub["required"] == true {
            let answer = self.patch(attribute, subject, &remove).await;
            return attribute.refused(&answer, &["mutability", "invalidValue"], &remove);
        }
        self.part_is(attribute, subject, &json!([remove]), name, &Value::Null)
            .await;
        let add = json!({ "op": "add", "path": paths[1], "value": first });
        self.part_is(attribute, subject, &json!([add]), name, &first)
            .await;
    }

    /// A path that selects the value by another sub-attribute.
    fn selected(&self, attribute: &Attribute<'_>, name: &str) -> Option<String> {
        let by = subs(attribute.json)
            .iter()
            .find(|sub| is(sub, "type", "string") && !is(sub, "name", name))
            .filter(|_| attribute.is_multi_valued())?;
        let value = self.values.legal(attribute.json, 1);
        let by = text(&by["name"]);
        Some(format!("{}[{by} eq {}]", attribute.path(), value[0][by]))
    }

    /// Asserts the value of a sub-attribute after the operations, and returns the attribute.
    async fn part_is(
        &self,
        attribute: &Attribute<'_>,
        subject: &Subject,
        operations: &Value,
        name: &str,
        expected: &Value,
    ) -> Value {
        let answer = self.patch(attribute, subject, operations).await;
        let answer = attribute.expect(answer, &[200], operations).json();
        let read = attribute.of_resource(&answer);
        let parts = at(&read, Some(name));
        match expected {
            Value::Null => assert!(parts.is_empty(), "{operations}: {read}"),
            expected => assert_eq!(parts, [expected], "{operations}: {read}"),
        }
        read
    }
}

/// Asserts that all other sub-attributes are unchanged; `$ref` changes together with `value`.
fn others_stay(attribute: &Attribute<'_>, name: &str, read: &Value, before: &Value) {
    for sub in subs(attribute.json) {
        let other = text(&sub["name"]);
        if other != name && (name != "value" || other != "$ref") {
            let (now, then) = (at(read, Some(other)), at(before, Some(other)));
            assert_eq!(now, then, "{}.{name}: {other}", attribute.path());
        }
    }
}
