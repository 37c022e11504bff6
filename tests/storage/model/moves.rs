//! The moves: each is made in the model and requested from the service, whose response must equal the model's.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::truth::{EMAILS, EXTERNAL, Group, Model, NAMES, TEAMS, User};
use crate::support::client::{GROUP, USER, encode, patch};
use crate::support::numbers::Numbers;
use crate::support::{Answer, Client};

/// A tenant, the model of one client's data in it, and the client's random numbers.
pub(crate) struct Game {
    pub(crate) client: Client,
    /// The common prefix of the names of the client's resources.
    pub(crate) prefix: String,
    /// A group of all clients, which the client's users join and leave.
    pub(crate) shared: Option<String>,
    pub(crate) model: Model,
    pub(crate) dice: Numbers,
}

impl Game {
    /// Repeats a request until it is not rejected temporarily, as providers do. Also returns whether it was repeated:
    /// an earlier attempt may have succeeded.
    pub(super) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (Answer, bool) {
        let headers = [("content-type", "application/scim+json")];
        for turn in 0..100 {
            let body = body.map(|body| body.to_string().into());
            let answer = self.client.send(method, path, &headers, body).await;
            if !matches!(answer.status.as_u16(), 429 | 503) {
                return (answer, turn > 0);
            }
            assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
        }
        panic!("{method} {path} is refused for ever");
    }

    /// The id from a POST, which an earlier attempt may have created.
    async fn made(&self, path: &str, body: &Value, name: (&str, &str)) -> Option<String> {
        let (answer, is_repeated) = self.ask("POST", path, Some(body)).await;
        match answer.status.as_u16() {
            201 => Some(answer.id()),
            409 if is_repeated => {
                let filter = encode(&format!("{} eq \"{}\"", name.0, name.1));
                let (list, _) = self
                    .ask("GET", &format!("{path}?filter={filter}"), None)
                    .await;
                Some(list.json()["Resources"][0]["id"].as_str()?.to_owned())
            }
            _ => {
                answer.expect(409);
                None
            }
        }
    }

    async fn change(&self, method: &str, path: &str, body: &Value, expected: &[u16]) {
        let (answer, _) = self.ask(method, path, Some(body)).await;
        answer.expect_any(expected);
    }

    async fn delete(&self, path: &str) {
        let (answer, is_repeated) = self.ask("DELETE", path, None).await;
        let gone = if is_repeated { 404 } else { 204 };
        answer.expect_any(&[204, gone]);
    }

    pub(super) fn team(&mut self) -> String {
        format!("{}{}", self.prefix, self.dice.pick(&TEAMS))
    }

    pub(super) fn some_user(&mut self) -> User {
        User {
            version: 1,
            name: format!("{}{}", self.prefix, self.dice.pick(&NAMES)),
            external: *self.dice.pick(&EXTERNAL),
            email: *self.dice.pick(&EMAILS),
            active: self.dice.below(3) > 0,
        }
    }

    /// At most `most` existing users and groups.
    pub(super) fn some_members(&mut self, most: usize) -> BTreeSet<String> {
        let mut members = BTreeSet::new();
        for _ in 0..self.dice.below(most + 1) {
            members.extend(match self.dice.below(10) {
                0..8 => self.dice.one_of(&self.model.users),
                _ => self.dice.one_of(&self.model.groups),
            });
        }
        members
    }

    pub(crate) async fn step(&mut self) {
        if self.shared.is_some() && self.dice.below(4) == 0 {
            return self.join_or_leave().await;
        }
        match self.dice.below(20) {
            0..5 => self.create_user().await,
            5..8 => self.replace_user().await,
            8..11 => self.patch_user().await,
            11 => self.delete_user().await,
            12..14 => self.create_group().await,
            14..16 => self.change_members().await,
            16..18 => self.patch_group().await,
            18 => self.replace_group().await,
            _ => self.delete_group().await,
        }
    }

    /// Lets some users join or leave the shared group.
    async fn join_or_leave(&mut self) {
        let Some(shared) = self.shared.clone() else {
            return;
        };
        let users = self.some_members(3);
        let users = users
            .into_iter()
            .filter(|id| self.model.users.contains_key(id));
        let users: BTreeSet<String> = users.collect();
        if users.is_empty() {
            return;
        }
        let list: Vec<Value> = users.iter().map(|id| json!({ "value": id })).collect();
        let op = if self.dice.below(2) == 0 {
            self.model.joined.extend(users);
            "add"
        } else {
            self.model.joined.retain(|id| !users.contains(id));
            "remove"
        };
        let body = patch(json!([{ "op": op, "path": "members", "value": list }]));
        self.change("PATCH", &format!("/Groups/{shared}"), &body, &[204])
            .await;
    }

    pub(super) async fn create_user(&mut self) {
        let user = self.some_user();
        let is_taken = self.model.user_named(&user.name).is_some();
        if is_taken {
            let (answer, _) = self.ask("POST", "/Users", Some(&body(&user))).await;
            answer.expect(409);
            return;
        }
        let name = ("userName", &*user.name);
        let made = self.made("/Users", &body(&user), name).await;
        self.model.users.insert(made.expect("a free name"), user);
    }

    /// The expected status of a user's change; if it succeeds, the model is changed too.
    pub(super) fn change_user(&mut self, id: &str, to: User) -> u16 {
        if self
            .model
            .user_named(&to.name)
            .is_some_and(|other| other != id)
        {
            return 409;
        }
        let user = self.model.users.get_mut(id).unwrap();
        let version = user.version;
        let to = User { version, ..to };
        if *user != to {
            *user = User {
                version: version + 1,
                ..to
            };
        }
        200
    }

    pub(super) async fn replace_user(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.users) else {
            return;
        };
        let user = self.some_user();
        let expected = self.change_user(&id, user.clone());
        self.change("PUT", &format!("/Users/{id}"), &body(&user), &[expected])
            .await;
    }

    pub(super) async fn patch_user(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.users) else {
            return;
        };
        let mut user = self.model.users[&id].clone();
        let other = self.some_user();
        let operation = match self.dice.below(5) {
            0 => {
                user.name.clone_from(&other.name);
                json!({ "op": "replace", "path": "userName", "value": other.name })
            }
            1 => {
                user.external = other.external;
                json!({ "op": "replace", "path": "externalId", "value": other.external })
            }
            2 => {
                user.email = other.email;
                let value: Vec<Value> = other
                    .email
                    .iter()
                    .map(|email| json!({ "value": email }))
                    .collect();
                json!({ "op": "replace", "path": "emails", "value": value })
            }
            3 => {
                user.active = other.active;
                json!({ "op": "replace", "path": "active", "value": other.active })
            }
            _ => {
                user.name.clone_from(&other.name);
                user.active = other.active;
                user.external = None;
                let value =
                    json!({ "userName": other.name, "active": other.active, "externalId": null });
                json!({ "op": "replace", "value": value })
            }
        };
        let expected = self.change_user(&id, user);
        let body = patch(json!([operation]));
        self.change("PATCH", &format!("/Users/{id}"), &body, &[expected])
            .await;
    }

    pub(super) async fn delete_user(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.users) else {
            return;
        };
        self.delete(&format!("/Users/{id}")).await;
        self.model.users.remove(&id);
        self.model.forget(&id);
    }

    pub(super) async fn create_group(&mut self) {
        let name = self.team();
        let members = self.some_members(4);
        let body = group_body(&name, &members);
        if self.model.group_named(&name).is_some() {
            let (answer, _) = self.ask("POST", "/Groups", Some(&body)).await;
            answer.expect(409);
            return;
        }
        let made = self.made("/Groups", &body, ("displayName", &name)).await;
        let group = Group {
            version: 1,
            name,
            members,
        };
        self.model.groups.insert(made.expect("a free name"), group);
    }

    /// Whether these members would make the group contain itself.
    pub(super) fn is_cyclic(&self, id: &str, joining: &BTreeSet<String>) -> bool {
        joining.iter().any(|member| self.model.contains(member, id))
    }

    /// The possible statuses of a group's change; if it succeeds, the model is changed too. A request with two faults
    /// is rejected for one of them.
    pub(super) fn change_group(
        &mut self,
        id: &str,
        name: &str,
        members: BTreeSet<String>,
        ok: u16,
    ) -> Vec<u16> {
        let group = &self.model.groups[id];
        let joining: BTreeSet<String> = members.difference(&group.members).cloned().collect();
        let other = self.model.group_named(name);
        let faults = [
            (self.is_cyclic(id, &joining), 400),
            (other.is_some_and(|other| other != id), 409),
        ];
        if faults.iter().any(|(is_there, _)| *is_there) {
            let faults = faults.into_iter().filter(|(is_there, _)| *is_there);
            return faults.map(|(_, status)| status).collect();
        }
        let group = self.model.groups.get_mut(id).unwrap();
        let to = Group {
            version: group.version,
            name: name.to_owned(),
            members,
        };
        if *group != to {
            *group = Group {
                version: group.version + 1,
                ..to
            };
        }
        vec![ok]
    }

    pub(super) async fn change_members(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.groups) else {
            return;
        };
        let path = format!("/Groups/{id}");
        let group = self.model.groups[&id].clone();
        let some = self.some_members(5);
        let list: Vec<Value> = some.iter().map(|id| json!({ "value": id })).collect();
        let (operation, members) = match self.dice.below(2) {
            0 => ("add", group.members.union(&some).cloned().collect()),
            _ => ("remove", group.members.difference(&some).cloned().collect()),
        };
        if list.is_empty() {
            return;
        }
        let expected = self.change_group(&id, &group.name, members, 204);
        let body = patch(json!([{ "op": operation, "path": "members", "value": list }]));
        self.change("PATCH", &path, &body, &expected).await;
    }

    pub(super) async fn patch_group(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.groups) else {
            return;
        };
        let path = format!("/Groups/{id}");
        let name = self.team();
        let mut members = self.model.groups[&id].members.clone();
        let mut operations = vec![json!({ "op": "replace", "path": "displayName", "value": name })];
        if let Some(leaving) = members.pop_first() {
            let path = format!("members[value eq \"{leaving}\"]");
            operations.push(json!({ "op": "remove", "path": path }));
        }
        let expected = self.change_group(&id, &name, members, 204);
        self.change("PATCH", &path, &patch(json!(operations)), &expected)
            .await;
    }

    pub(super) async fn replace_group(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.groups) else {
            return;
        };
        let (name, members) = (self.team(), self.some_members(6));
        let body = group_body(&name, &members);
        let expected = self.change_group(&id, &name, members, 200);
        self.change("PUT", &format!("/Groups/{id}"), &body, &expected)
            .await;
    }

    pub(super) async fn delete_group(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.groups) else {
            return;
        };
        self.delete(&format!("/Groups/{id}")).await;
        self.model.groups.remove(&id);
        self.model.forget(&id);
    }
}

fn body(user: &User) -> Value {
    let mut body = json!({ "schemas": [USER], "userName": user.name, "active": user.active });
    if let Some(external) = user.external {
        body["externalId"] = json!(external);
    }
    if let Some(email) = user.email {
        body["emails"] = json!([{ "value": email }]);
    }
    body
}

fn group_body(name: &str, members: &BTreeSet<String>) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "schemas": [GROUP], "displayName": name, "members": members })
}
