//! The checks: all that can be read or found equals the model.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::moves::Game;
use super::truth::{EMAILS, EXTERNAL, Group, NAMES, User};
use crate::support::client::encode;
use crate::support::listed::{found, ids, total, values};

impl Game {
    /// Asserts that everything that can be read equals the model.
    pub(crate) async fn compare(&self) {
        let (client, model) = (&self.client, &self.model);
        let all = client.get("/Users?count=1000").await.expect(200).json();
        let users = self.own(&all, "userName");
        let ids: Vec<_> = users.keys().cloned().collect();
        assert_eq!(ids, model.users.keys().cloned().collect::<Vec<_>>());
        for (id, json) in &users {
            assert_eq!(read_user(json), model.users[id], "{id}");
            assert_eq!(values(json, "groups"), self.all_groups(id), "{id}");
        }
        let all = client.get("/Groups?count=1000").await.expect(200).json();
        let groups = self.own(&all, "displayName");
        let ids: Vec<_> = groups.keys().cloned().collect();
        assert_eq!(ids, model.groups.keys().cloned().collect::<Vec<_>>());
        for (id, json) in &groups {
            assert_eq!(read_group(json), model.groups[id]);
        }
    }

    /// Reads some users while other clients write, and asserts that they equal the model.
    pub(crate) async fn read_own(&mut self) {
        for _ in 0..5 {
            let Some(id) = self.dice.one_of(&self.model.users) else {
                return;
            };
            let (answer, _) = self.ask("GET", &format!("/Users/{id}"), None).await;
            let json = answer.expect(200).json();
            assert_eq!(read_user(&json), self.model.users[&id], "{id}");
            assert_eq!(values(&json, "groups"), self.all_groups(&id), "{id}");
        }
    }

    /// Walks over its own users between other moves, and asserts that every user who stays is seen: exactly once, if
    /// no other client walks and no request is repeated.
    pub(crate) async fn walk(&mut self) {
        let is_alone = self.prefix.is_empty();
        let filter = if is_alone {
            String::new()
        } else {
            let filter = encode(&format!("userName sw \"{}\"", self.prefix));
            format!("&filter={filter}")
        };
        let count = 2 + self.dice.below(4);
        let mut stable: BTreeSet<String> = self.model.users.keys().cloned().collect();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let mut start = 1;
        loop {
            let path = format!("/Users?startIndex={start}&count={count}&attributes=id{filter}");
            let (answer, _) = self.ask("GET", &path, None).await;
            let answer = answer.expect(200);
            let (page, total) = (ids(&answer), total(&answer));
            start += u64::try_from(page.len()).unwrap();
            for id in page {
                *seen.entry(id).or_default() += 1;
            }
            if start > total {
                break;
            }
            for _ in 0..self.dice.below(3) {
                self.step().await;
            }
            stable.retain(|id| self.model.users.contains_key(id));
        }
        for id in &stable {
            let times = seen.get(id).copied().unwrap_or_default();
            assert!(
                times > 0 && (times == 1 || !is_alone),
                "{id}: {times} times"
            );
        }
    }

    /// All groups of a user, including the shared one.
    fn all_groups(&self, id: &str) -> BTreeSet<String> {
        let mut groups = self.model.groups_above(id);
        let shared = self
            .shared
            .iter()
            .filter(|_| self.model.joined.contains(id));
        groups.extend(shared.cloned());
        groups
    }

    /// The client's own resources in a complete list.
    fn own(&self, list: &Value, name: &str) -> BTreeMap<String, Value> {
        assert_eq!(list["totalResults"], list["itemsPerPage"]);
        let all = list["Resources"].as_array().unwrap().iter();
        let own = all.filter(|one| one[name].as_str().unwrap().starts_with(&self.prefix));
        own.map(|one| (one["id"].as_str().unwrap().to_owned(), one.clone()))
            .collect()
    }

    /// Asserts that filters find what the model finds.
    pub(crate) async fn find(&self) {
        self.find_users().await;
        self.find_memberships().await;
    }

    /// The client's own users that match a filter.
    async fn own_found(&self, filter: &str) -> BTreeSet<String> {
        let mut found = found(&self.client, "/Users", filter).await;
        found.retain(|id| self.model.users.contains_key(id));
        found
    }

    async fn find_users(&self) {
        let users = &self.model.users;
        let those = |is: &dyn Fn(&User) -> bool| -> BTreeSet<String> {
            users
                .iter()
                .filter(|(_, user)| is(user))
                .map(|(id, _)| id.clone())
                .collect()
        };
        for name in NAMES {
            let name = format!("{}{name}", self.prefix);
            let expected = those(&|user| user.name.to_lowercase() == name.to_lowercase());
            assert_eq!(
                self.own_found(&format!("userName eq \"{name}\"")).await,
                expected,
                "{name}"
            );
        }
        for external in EXTERNAL.into_iter().flatten() {
            let expected = those(&|user| user.external == Some(external));
            assert_eq!(
                self.own_found(&format!("externalId eq \"{external}\""))
                    .await,
                expected
            );
        }
        for email in EMAILS.into_iter().flatten() {
            let expected = those(&|user| {
                user.email
                    .is_some_and(|own| own.eq_ignore_ascii_case(email))
            });
            assert_eq!(
                self.own_found(&format!("emails.value eq \"{email}\""))
                    .await,
                expected
            );
        }
        assert_eq!(
            self.own_found("active eq true").await,
            those(&|user| user.active)
        );
        assert_eq!(
            self.own_found("not (externalId pr)").await,
            those(&|user| user.external.is_none())
        );
    }

    async fn find_memberships(&self) {
        let (client, users) = (&self.client, &self.model.users);
        for id in users.keys().take(5) {
            let filter = format!("members.value eq \"{id}\"");
            let mut expected = self.model.groups_of(id);
            expected.extend(
                self.shared
                    .clone()
                    .filter(|_| self.model.joined.contains(id)),
            );
            assert_eq!(found(client, "/Groups", &filter).await, expected);
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
