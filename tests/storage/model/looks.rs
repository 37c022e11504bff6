//! The looks: everything that can be read or found is what the model says.

use std::collections::BTreeSet;

use serde_json::Value;

use super::moves::Game;
use super::truth::{EMAILS, EXTERNAL, Group, NAMES, User};
use crate::support::listed::{found, ids, total, values};

impl Game {
    /// Demands that everything that can be read is what the model says.
    pub(super) async fn compare(&self) {
        let (client, model) = (&self.client, &self.model);
        let users = client.get("/Users?count=1000").await;
        assert_eq!(total(&users), model.users.len() as u64);
        assert_eq!(ids(&users), model.users.keys().cloned().collect::<Vec<_>>());
        for json in users.json()["Resources"].as_array().unwrap() {
            let id = json["id"].as_str().unwrap();
            assert_eq!(read_user(json), model.users[id], "{id}");
            assert_eq!(values(json, "groups"), model.groups_above(id), "{id}");
        }
        let groups = client.get("/Groups?count=1000").await;
        assert_eq!(
            ids(&groups),
            model.groups.keys().cloned().collect::<Vec<_>>()
        );
        for json in groups.json()["Resources"].as_array().unwrap() {
            assert_eq!(read_group(json), model.groups[json["id"].as_str().unwrap()]);
        }
    }

    /// Demands that filters find what the model finds.
    pub(super) async fn find(&self) {
        self.find_users().await;
        self.find_memberships().await;
    }

    async fn find_users(&self) {
        let (client, users) = (&self.client, &self.model.users);
        let those = |is: &dyn Fn(&User) -> bool| -> BTreeSet<String> {
            users
                .iter()
                .filter(|(_, user)| is(user))
                .map(|(id, _)| id.clone())
                .collect()
        };
        for name in NAMES {
            let expected = those(&|user| user.name.to_lowercase() == name.to_lowercase());
            assert_eq!(
                found(client, "/Users", &format!("userName eq \"{name}\"")).await,
                expected,
                "{name}"
            );
        }
        for external in EXTERNAL.into_iter().flatten() {
            let expected = those(&|user| user.external == Some(external));
            assert_eq!(
                found(client, "/Users", &format!("externalId eq \"{external}\"")).await,
                expected
            );
        }
        for email in EMAILS.into_iter().flatten() {
            let expected = those(&|user| {
                user.email
                    .is_some_and(|own| own.eq_ignore_ascii_case(email))
            });
            assert_eq!(
                found(client, "/Users", &format!("emails.value eq \"{email}\"")).await,
                expected
            );
        }
        assert_eq!(
            found(client, "/Users", "active eq true").await,
            those(&|user| user.active)
        );
        assert_eq!(
            found(client, "/Users", "not (externalId pr)").await,
            those(&|user| user.external.is_none())
        );
    }

    async fn find_memberships(&self) {
        let (client, users) = (&self.client, &self.model.users);
        for id in users.keys().take(5) {
            let filter = format!("members.value eq \"{id}\"");
            assert_eq!(
                found(client, "/Groups", &filter).await,
                self.model.groups_of(id)
            );
        }
        for (id, group) in &self.model.groups {
            let within = |user: &&String| self.model.contains(id, user);
            let expected = users.keys().filter(within).cloned().collect();
            assert_eq!(
                found(client, "/Users", &format!("groups.value eq \"{id}\"")).await,
                expected
            );
            let filter = format!("displayName eq \"{}\"", group.name.to_uppercase());
            assert_eq!(found(client, "/Groups", &filter).await, [id.clone()].into());
        }
    }
}

fn read_user(json: &Value) -> User {
    let known = |all: &[Option<&'static str>], value: &Value| {
        all.iter().copied().flatten().find(|one| value == one)
    };
    User {
        version: version(json),
        name: json["userName"].as_str().unwrap().to_owned(),
        external: known(&EXTERNAL, &json["externalId"]),
        email: known(&EMAILS, &json["emails"][0]["value"]),
        active: json["active"].as_bool().unwrap(),
    }
}

fn read_group(json: &Value) -> Group {
    Group {
        version: version(json),
        name: json["displayName"].as_str().unwrap().to_owned(),
        members: values(json, "members"),
    }
}

fn version(json: &Value) -> u64 {
    let tag = json["meta"]["version"].as_str().unwrap();
    tag.trim_matches(|c: char| !c.is_ascii_digit())
        .parse()
        .unwrap()
}
