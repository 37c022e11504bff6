//! The ids of users in a tenant that keeps deleted users.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::client::USER;
use crate::support::numbers::Numbers;
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target};

async fn keeping() -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    target
        .settings(&client, &json!({ "delete": "deactivate" }))
        .await;
    (target, client)
}

fn person(name: &str, external_id: Option<&str>) -> Value {
    json!({ "schemas": [USER], "userName": name, "externalId": external_id })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_user_comes_back_by_the_same_user_name_and_external_id_only() {
    let (target, client) = keeping().await;
    for (number, (kept, created, comes_back)) in [
        ((None, "N"), (None, "n"), true),
        ((Some("A"), "n"), (Some("A"), "N"), true),
        ((Some("A"), "n"), (Some("B"), "n"), false),
        ((Some("A"), "n"), (Some("a"), "n"), false),
        ((Some("A"), "n"), (None, "n"), false),
        ((None, "n"), (Some("A"), "n"), false),
        ((Some("A"), "n"), (Some("A"), "m"), false),
        ((Some(""), "n"), (None, "n"), true),
    ]
    .into_iter()
    .enumerate()
    {
        let name = |letter: &str| format!("{letter}{number}");
        let first = client.post("/Users", &person(&name(kept.1), kept.0)).await;
        let first = first.expect(201);
        let path = format!("/Users/{}", first.id());
        client.delete(&path).await.expect(204);
        let second = person(&name(created.1), created.0);
        let second = client.post("/Users", &second).await.expect(201);
        assert_eq!(
            second.id() == first.id(),
            comes_back,
            "{kept:?} {created:?}"
        );
        let made = |answer: &Value| answer["meta"]["created"].clone();
        if comes_back {
            assert_eq!(made(&first.json()), made(&second.json()));
        } else {
            assert_ne!(second.json()["meta"]["version"], "W/\"3\"");
            client.get(&path).await.expect(404);
        }
    }
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_renamed_onto_the_name_of_a_kept_one_keeps_its_id() {
    let (target, client) = keeping().await;
    for (number, is_put) in [true, false].into_iter().enumerate() {
        let name = format!("smith{number}");
        let old = client.post("/Users", &person(&name, Some("A"))).await;
        let old = old.expect(201).id();
        client.delete(&format!("/Users/{old}")).await.expect(204);
        let new = client
            .post("/Users", &person(&format!("x{number}"), Some("B")))
            .await;
        let new = new.expect(201).id();
        let path = format!("/Users/{new}");
        let renamed = if is_put {
            client.put(&path, &person(&name, Some("B"))).await
        } else {
            let rename = json!([{ "op": "replace", "path": "userName", "value": name }]);
            client.patch(&path, rename).await
        };
        assert_eq!(renamed.expect(200).id(), new);
        client
            .post("/Users", &person(&name, Some("A")))
            .await
            .expect(409);
        client.delete(&path).await.expect(204);
        // Two kept users had the name: each is restored with their own id.
        let back = client.post("/Users", &person(&name, Some("A"))).await;
        assert_eq!(back.expect(201).id(), old);
        client.delete(&format!("/Users/{old}")).await.expect(204);
        let back = client.post("/Users", &person(&name, Some("B"))).await;
        assert_eq!(back.expect(201).id(), new);
    }
    sound(&target, &client).await;
}

struct Someone {
    id: String,
    name: &'static str,
    external_id: Option<&'static str>,
}

/// The expected state: users, and kept users in the order of their deletion.
struct Model {
    client: Client,
    users: Vec<Someone>,
    kept: Vec<Someone>,
    seen: BTreeSet<String>,
}

impl Model {
    fn is_taken(&self, name: &str, but: Option<usize>) -> bool {
        let mut users = self.users.iter().enumerate();
        users.any(|(at, user)| user.name == name && Some(at) != but)
    }

    async fn create(&mut self, name: &'static str, external_id: Option<&'static str>, upper: bool) {
        let written = match upper {
            true => name.to_uppercase(),
            false => name.to_owned(),
        };
        let body = person(&written, external_id);
        let made = self.client.post("/Users", &body).await;
        if self.is_taken(name, None) {
            made.expect(409);
            return;
        }
        let id = made.expect(201).id();
        let fits = |one: &Someone| one.name == name && one.external_id == external_id;
        match self.kept.iter().rposition(fits) {
            Some(at) => assert_eq!(self.kept.remove(at).id, id, "{name} {external_id:?}"),
            None => assert!(self.seen.insert(id.clone()), "another person had {id}"),
        }
        self.users.push(Someone {
            id,
            name,
            external_id,
        });
    }

    async fn delete(&mut self, at: usize) {
        let user = self.users.remove(at);
        let path = format!("/Users/{}", user.id);
        self.client.delete(&path).await.expect(204);
        self.kept.push(user);
    }

    async fn rename(
        &mut self,
        at: usize,
        name: &'static str,
        ext: Option<&'static str>,
        put: bool,
    ) {
        let path = format!("/Users/{}", self.users[at].id);
        let changed = if put {
            self.client.put(&path, &person(name, ext)).await
        } else {
            let value = json!({ "userName": name, "externalId": ext });
            let operations = json!([{ "op": "replace", "value": value }]);
            self.client.patch(&path, operations).await
        };
        if self.is_taken(name, Some(at)) {
            changed.expect(409);
            return;
        }
        let user = &mut self.users[at];
        assert_eq!(changed.expect(200).id(), user.id);
        (user.name, user.external_id) = (name, ext);
    }
}

/// `MUSTER_TEST_SEED=N` selects another run.
#[tokio::test(flavor = "multi_thread")]
async fn every_user_keeps_a_unique_id_through_renames_and_deletions() {
    let seed = crate::support::target::number("MUSTER_TEST_SEED").unwrap_or(11);
    let (target, client) = keeping().await;
    let mut dice = Numbers(seed);
    let mut model = Model {
        client,
        users: Vec::new(),
        kept: Vec::new(),
        seen: BTreeSet::new(),
    };
    for _ in 0..400 {
        let name = *dice.pick(&["ann", "bob", "eve"]);
        let external_id = *dice.pick(&[None, Some("1"), Some("2")]);
        let flag = dice.below(2) == 0;
        let users = model.users.len();
        match dice.below(3) {
            1 if users > 0 => model.delete(dice.below(users)).await,
            2 if users > 0 => {
                let at = dice.below(users);
                model.rename(at, name, external_id, flag).await;
            }
            _ => model.create(name, external_id, flag).await,
        }
    }
    assert!(model.kept.len() > 3 && model.seen.len() > 10, "seed {seed}");
    let directory = crate::support::seed::directory(&target, &model.client);
    let kept = directory.kept_users(None).await.unwrap().users;
    let kept: BTreeSet<String> = kept.iter().map(|user| user.id.to_string()).collect();
    let expected = model.kept.iter().map(|user| user.id.clone());
    assert_eq!(kept, expected.collect(), "seed {seed}");
    sound(&target, &model.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_person_is_exported_and_erased_by_id() {
    let (target, client) = keeping().await;
    let admin = target.admin();
    let id = client.post("/Users", &person("quokka", Some("A"))).await;
    let id = id.expect(201).id();
    client.delete(&format!("/Users/{id}")).await.expect(204);
    let other = client.post("/Users", &person("quokka", Some("B"))).await;
    let other = other.expect(201).id();
    let at = |id: &str| format!("/tenants/{}/users/{id}", tenant_of(&client));
    let export = format!("{}/export", at(&id));
    let exported = admin.get(&export).await.expect(200).json();
    assert_eq!(exported["user"]["id"], id.as_str());
    assert_eq!(exported["user"]["externalId"], "A");
    assert_eq!(exported["user"]["active"], false);
    let erase = format!("{}/erase", at(&id));
    admin.post(&erase, &json!({})).await.expect(200);
    admin.get(&export).await.expect(404);
    admin
        .get(&format!("{}/export", at(&other)))
        .await
        .expect(200);
    client.get(&format!("/Users/{other}")).await.expect(200);
    client.delete(&format!("/Users/{other}")).await.expect(204);
    let anew = client.post("/Users", &person("quokka", Some("A"))).await;
    assert_ne!(
        anew.expect(201).id(),
        id,
        "nothing is left of an erased person"
    );
    sound(&target, &client).await;
}
