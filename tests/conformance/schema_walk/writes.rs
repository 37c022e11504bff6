//! Writes: types, uniqueness, and PUT.

use serde_json::{Value, json};

use super::announced::{Attribute, is, subs, text};
use super::values::{swapped, wrong};
use super::{Subject, Walk};

impl Walk<'_> {
    /// Values of wrong types are rejected everywhere, and no part of them is stored.
    pub(super) async fn wrong_types(&self, attribute: &Attribute<'_>, subject: &Subject) {
        let before = self.read(subject).await;
        for value in wrong(attribute.json) {
            self.refuses_body(attribute, value.clone()).await;
            let operation = json!({ "op": "replace", "path": attribute.path(), "value": value });
            let answer = self.patch(attribute, subject, &operation).await;
            attribute.refused(&answer, &["invalidValue"], &operation);
        }
        for sub in subs(attribute.json) {
            if is(sub, "mutability", "readOnly") {
                continue;
            }
            let name = text(&sub["name"]);
            let path = format!("{}.{name}", attribute.path());
            let kind = match is(sub, "mutability", "immutable") {
                true => "mutability",
                false => "invalidValue",
            };
            for value in wrong(sub) {
                let operation = json!({ "op": "replace", "path": path, "value": value });
                let answer = self.patch(attribute, subject, &operation).await;
                attribute.refused(&answer, &[kind], &operation);
            }
            let mut whole = self.values.legal(attribute.json, 3);
            let odd = wrong(sub).swap_remove(0);
            match whole.as_array_mut() {
                Some(values) => values[0][name] = odd,
                None => whole[name] = odd,
            }
            self.refuses_body(attribute, whole).await;
        }
        let now = self.read(subject).await;
        assert_eq!(now, before, "{}", attribute.qualified());
    }

    async fn refuses_body(&self, attribute: &Attribute<'_>, value: Value) {
        let body = self.values.with(attribute, value);
        let answer = self.client.post(&attribute.of.endpoint, &body).await;
        attribute.refused(&answer, &["invalidValue", "invalidSyntax"], &body);
    }

    /// A unique value cannot be used twice, even in another case unless case matters; other values can.
    pub(super) async fn uniqueness(&self, attribute: &Attribute<'_>, subject: &Subject) {
        let taken = attribute.of_resource(&subject.body);
        let mut spellings = vec![(taken.clone(), true)];
        if let Some(text) = taken.as_str() {
            let is_same = attribute.json["caseExact"] != true;
            if attribute.is("type", "string") {
                spellings.push((json!(swapped(text)), is_same));
            }
        }
        for (value, is_same) in spellings {
            let body = self.values.with(attribute, value);
            let answer = self.client.post(&attribute.of.endpoint, &body).await;
            if is_same && !attribute.is("uniqueness", "none") {
                attribute.refused(&answer, &["uniqueness"], &body);
            } else {
                let other = attribute.expect(answer, &[201], &body).id();
                let path = format!("{}/{other}", attribute.of.endpoint);
                self.client.delete(&path).await.expect(204);
            }
        }
    }

    /// PUT replaces or removes the attribute's value.
    pub(super) async fn replacements(
        &self,
        attribute: &Attribute<'_>,
        one: &Subject,
        two: &Subject,
    ) {
        let mut body = one.body.clone();
        let is_fixed = attribute.is("mutability", "immutable");
        if !attribute.is("uniqueness", "none") {
            attribute.put(&mut body, attribute.of_resource(&two.body));
            let answer = self.client.put(&one.path, &body).await;
            attribute.refused(&answer, &["uniqueness"], &body);
        }
        let other = self.values.legal(attribute.json, 3);
        attribute.put(&mut body, other.clone());
        let answer = self.client.put(&attribute.only(&one.path), &body).await;
        if is_fixed {
            attribute.refused(&answer, &["mutability"], &body);
        } else {
            attribute.has(&attribute.expect(answer, &[200], &body), &other, &body);
        }
        attribute.remove(&mut body);
        let answer = self.client.put(&one.path, &body).await;
        if attribute.is_required() {
            attribute.refused(&answer, &["invalidValue"], &body);
            let mut without = self.values.with(attribute, Value::Null);
            attribute.remove(&mut without);
            let answer = self.client.post(&attribute.of.endpoint, &without).await;
            attribute.refused(&answer, &["invalidValue"], &without);
        } else if is_fixed && answer.status.is_client_error() {
            attribute.refused(&answer, &["mutability"], &body);
        } else {
            attribute.expect(answer, &[200], &body);
            // An immutable value stays, unless leaving it out is an error.
            let expected = match is_fixed {
                true => attribute.of_resource(&one.body),
                false if attribute.always_has_a_value() => other,
                false => Value::Null,
            };
            let read = self
                .client
                .get(&attribute.only(&one.path))
                .await
                .expect(200);
            attribute.has(&read, &expected, &body);
        }
    }
}
