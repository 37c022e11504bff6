//! Attributes that clients cannot write, or cannot read.

use serde_json::{Value, json};

use super::announced::{Attribute, is, subs, text};
use super::{Subject, Walk};
use crate::support::client::encode;

impl Walk<'_> {
    /// A read-only attribute is ignored in POST and PUT and rejected in PATCH.
    pub(super) async fn read_only(&self, attribute: &Attribute<'_>) {
        let given = self.values.legal(attribute.json, 1);
        let mut body = self.values.least(attribute.of);
        let plain = self.client.post(&attribute.of.endpoint, &body).await;
        let created = attribute.expect(plain, &[201], &body);
        let subject = Subject {
            id: created.id(),
            path: format!("{}/{}", attribute.of.endpoint, created.id()),
            body: body.clone(),
        };
        let own = attribute.of_resource(&created.json());
        attribute.put(&mut body, given.clone());
        let put = self.client.put(&subject.path, &body).await;
        let shown = attribute.expect(put, &[200], &body).json();
        assert_eq!(
            attribute.of_resource(&shown),
            own,
            "{}",
            attribute.qualified()
        );
        let mut other = self.values.least(attribute.of);
        attribute.put(&mut other, given.clone());
        let second = self.client.post(&attribute.of.endpoint, &other).await;
        let second = attribute.expect(second, &[201], &other);
        assert_ne!(
            attribute.of_resource(&second.json()),
            given,
            "{}",
            attribute.qualified()
        );
        for path in [attribute.path(), attribute.qualified().to_uppercase()] {
            for op in ["add", "replace", "remove"] {
                let operation = json!({ "op": op, "path": path, "value": given });
                let answer = self.patch(attribute, &subject, &operation).await;
                attribute.refused(&answer, &["mutability"], &operation);
            }
        }
        // Without a path it is rejected, or ignored where clients send it by themselves.
        for op in ["add", "replace"] {
            let operation = json!({ "op": op, "value": attribute.entry(given.clone()) });
            let answer = self.patch(attribute, &subject, &operation).await;
            if answer.status.is_client_error() {
                attribute.refused(&answer, &["mutability"], &operation);
            }
        }
        let now = self.read(&subject).await;
        assert_eq!(
            attribute.of_resource(&now),
            own,
            "{}",
            attribute.qualified()
        );
        let present = format!("{} pr", attribute.path());
        self.client
            .filter(&attribute.of.endpoint, &present)
            .await
            .expect(200);
        for id in [subject.id, second.id()] {
            let path = format!("{}/{id}", attribute.of.endpoint);
            self.client.delete(&path).await.expect(204);
        }
    }

    /// An attribute that is never returned cannot be learnt from any response, filter or order.
    pub(super) async fn secret(&self, attribute: &Attribute<'_>) {
        let subject = self.create(attribute, 1).await;
        let told = |text: &str| text.contains(&format!("\"{}\"", attribute.name()));
        let path = attribute.path();
        for named in [
            path.clone(),
            attribute.qualified(),
            attribute.name().to_uppercase(),
        ] {
            let shown = self
                .client
                .get(&format!("{}?attributes={named}", subject.path))
                .await;
            assert!(
                !told(&attribute.expect(shown, &[200], &json!(named)).text),
                "{path}"
            );
        }
        for operation in [
            json!({ "op": "replace", "path": path, "value": self.values.legal(attribute.json, 2) }),
            json!({ "op": "add", "value": attribute.entry(self.values.legal(attribute.json, 3)) }),
            json!({ "op": "remove", "path": attribute.qualified() }),
        ] {
            let answer = self.patch(attribute, &subject, &operation).await;
            let answer = attribute.expect(answer, &[200], &operation);
            assert!(!told(&answer.text), "{operation}");
            assert!(!told(&self.read(&subject).await.to_string()), "{operation}");
        }
        for wrong in super::values::wrong(attribute.json) {
            let operation = json!({ "op": "replace", "path": path, "value": wrong });
            let answer = self.patch(attribute, &subject, &operation).await;
            attribute.refused(&answer, &["invalidValue"], &operation);
        }
        let literal = self.values.legal(attribute.json, 1);
        for filter in [
            format!("{path} eq {literal}"),
            format!("{path} pr"),
            format!("not ({path} pr)"),
        ] {
            let answer = self.client.filter(&attribute.of.endpoint, &filter).await;
            attribute.refused(&answer, &["invalidFilter"], &json!(filter));
        }
        let sorted = format!("{}?sortBy={}", attribute.of.endpoint, encode(&path));
        let answer = self.client.get(&sorted).await;
        attribute.refused(&answer, &["invalidValue", "invalidPath"], &json!(sorted));
        self.client.delete(&subject.path).await.expect(204);
    }

    /// Asserts that POST stored the exact value, without the sub-attributes that clients cannot write.
    pub(super) async fn shown(&self, attribute: &Attribute<'_>, subject: &Subject) {
        let read = attribute.of_resource(&self.read(subject).await);
        let written = attribute.of_resource(&subject.body);
        if attribute.is("returned", "request") {
            assert_eq!(read, Value::Null, "{}", attribute.qualified());
            return self.shown_when_written(attribute, subject).await;
        }
        assert!(
            super::values::same(&read, &written),
            "{}: {read} is not {written}",
            attribute.qualified()
        );
        assert_eq!(
            read.is_array(),
            attribute.is_multi_valued(),
            "{}",
            attribute.qualified()
        );
        for sub in subs(attribute.json)
            .iter()
            .filter(|sub| is(sub, "mutability", "readOnly"))
        {
            self.read_only_part(attribute, sub, subject).await;
        }
    }

    /// An attribute that is returned on request is in the response to the request that writes it.
    async fn shown_when_written(&self, attribute: &Attribute<'_>, subject: &Subject) {
        let (client, body) = (self.client, &subject.body);
        let value = attribute.of_resource(body);
        let put = client.put(&subject.path, body).await;
        attribute.has(&attribute.expect(put, &[200], body), &value, body);
        let operation = json!({ "op": "replace", "path": attribute.path(), "value": value });
        let patched = client.patch(&subject.path, json!([operation])).await;
        let patched = attribute.expect(patched, &[200, 204], &operation);
        if patched.status == 200 {
            attribute.has(&patched, &value, &operation);
        }
    }

    async fn read_only_part(&self, attribute: &Attribute<'_>, sub: &Value, subject: &Subject) {
        let name = text(&sub["name"]);
        let before = attribute.of_resource(&self.read(subject).await);
        let given = self.values.legal(sub, 3);
        let mut body = subject.body.clone();
        let mut value = attribute.of_resource(&body);
        match value.as_array_mut() {
            Some(values) => values
                .iter_mut()
                .for_each(|value| value[name] = given.clone()),
            None => value[name] = given.clone(),
        }
        attribute.put(&mut body, value);
        let answer = self.client.put(&subject.path, &body).await;
        let shown = attribute.expect(answer, &[200], &body).json();
        assert_eq!(
            attribute.of_resource(&shown),
            before,
            "{}.{name}",
            attribute.qualified()
        );
        for op in ["add", "replace", "remove"] {
            let operation =
                json!({ "op": op, "path": format!("{}.{name}", attribute.path()), "value": given });
            let answer = self.patch(attribute, subject, &operation).await;
            attribute.refused(&answer, &["mutability"], &operation);
        }
    }
}
