//! Random sequences of operations beside a model in memory: what the service answers, finds and counts is
//! what the model says, and the raw table is sound. A failure names the seed and the step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::client::{GROUP, USER};
use crate::support::listed::{found, ids, total, values};
use crate::support::table::sound;
use crate::support::{Client, Target};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn one_of<T>(&mut self, from: &BTreeMap<String, T>) -> Option<String> {
        (!from.is_empty()).then(|| from.keys().nth(self.below(from.len())).unwrap().clone())
    }
}

#[derive(Clone, PartialEq, Debug)]
struct User {
    version: u64,
    name: String,
    external: Option<&'static str>,
    email: Option<&'static str>,
    active: bool,
}

#[derive(Clone, PartialEq, Debug)]
struct Group {
    version: u64,
    name: String,
    members: BTreeSet<String>,
}

const NAMES: [&str; 20] = [
    "anna", "Anna", "berta", "BERTA", "clara", "dora", "emil", "ÉMIL", "émil", "fritz", "gerda",
    "hans", "ida", "jan", "karl", "lena", "max", "nora", "otto", "paul",
];
const EXTERNAL: [Option<&str>; 4] = [None, Some("e1"), Some("E1"), Some("e2")];
const EMAILS: [Option<&str>; 4] = [
    None,
    Some("a@example.com"),
    Some("A@example.com"),
    Some("b@example.com"),
];
const TEAMS: [&str; 10] = [
    "Sales",
    "SALES",
    "Support",
    "Board",
    "board",
    "Team",
    "Lab",
    "Press",
    "Legal",
    "Night Shift",
];

#[derive(Default)]
struct Model {
    users: BTreeMap<String, User>,
    groups: BTreeMap<String, Group>,
}

impl Model {
    fn user_named(&self, name: &str) -> Option<&String> {
        let same = |user: &&User| user.name.to_lowercase() == name.to_lowercase();
        self.users
            .iter()
            .find(|(_, user)| same(user))
            .map(|(id, _)| id)
    }

    fn group_named(&self, name: &str) -> Option<&String> {
        let same = |group: &&Group| group.name.to_lowercase() == name.to_lowercase();
        self.groups
            .iter()
            .find(|(_, group)| same(group))
            .map(|(id, _)| id)
    }

    /// Whether `top` is `id`, or contains it directly or through others.
    fn contains(&self, top: &str, id: &str) -> bool {
        let below = self
            .groups
            .get(top)
            .into_iter()
            .flat_map(|group| &group.members);
        top == id || below.into_iter().any(|member| self.contains(member, id))
    }

    fn groups_of(&self, id: &str) -> BTreeSet<String> {
        let with = self
            .groups
            .iter()
            .filter(|(_, group)| group.members.contains(id));
        with.map(|(id, _)| id.clone()).collect()
    }

    /// Takes someone who is deleted out of all groups.
    fn forget(&mut self, id: &str) {
        for group in self.groups.values_mut() {
            group.version += u64::from(group.members.remove(id));
        }
    }
}

/// A tenant, its model, and the dice.
struct Game {
    client: Client,
    model: Model,
    dice: Dice,
}

impl Game {
    fn some_user(&mut self) -> User {
        User {
            version: 1,
            name: (*self.dice.pick(&NAMES)).to_owned(),
            external: *self.dice.pick(&EXTERNAL),
            email: *self.dice.pick(&EMAILS),
            active: self.dice.below(3) > 0,
        }
    }

    /// Users and groups that there are, and sometimes somebody that there is not.
    fn some_members(&mut self, most: usize) -> BTreeSet<String> {
        let mut members = BTreeSet::new();
        for _ in 0..self.dice.below(most + 1) {
            members.extend(match self.dice.below(10) {
                0..8 => self.dice.one_of(&self.model.users),
                _ => self.dice.one_of(&self.model.groups),
            });
        }
        members
    }

    async fn step(&mut self) {
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

    async fn create_user(&mut self) {
        let user = self.some_user();
        let answer = self.client.post("/Users", &body(&user)).await;
        if self.model.user_named(&user.name).is_some() {
            answer.expect(409);
        } else {
            self.model.users.insert(answer.expect(201).id(), user);
        }
    }

    /// Whether the change of a user must be refused; if not, it is made in the model.
    fn change_user(&mut self, id: &str, to: User) -> u16 {
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

    async fn replace_user(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.users) else {
            return;
        };
        let user = self.some_user();
        let expected = self.change_user(&id, user.clone());
        self.client
            .put(&format!("/Users/{id}"), &body(&user))
            .await
            .expect(expected);
    }

    async fn patch_user(&mut self) {
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
        self.client
            .patch(&format!("/Users/{id}"), json!([operation]))
            .await
            .expect(expected);
    }

    async fn delete_user(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.users) else {
            return;
        };
        self.client
            .delete(&format!("/Users/{id}"))
            .await
            .expect(204);
        self.model.users.remove(&id);
        self.model.forget(&id);
    }

    async fn create_group(&mut self) {
        let name = *self.dice.pick(&TEAMS);
        let members = self.some_members(4);
        let answer = self
            .client
            .post("/Groups", &group_body(name, &members))
            .await;
        if self.model.group_named(name).is_some() {
            answer.expect(409);
        } else {
            let group = Group {
                version: 1,
                name: name.to_owned(),
                members,
            };
            self.model.groups.insert(answer.expect(201).id(), group);
        }
    }

    /// Whether a group may have these as its members.
    fn is_cyclic(&self, id: &str, joining: &BTreeSet<String>) -> bool {
        joining.iter().any(|member| self.model.contains(member, id))
    }

    fn change_group(&mut self, id: &str, name: &str, members: BTreeSet<String>, ok: u16) -> u16 {
        let group = &self.model.groups[id];
        let joining: BTreeSet<String> = members.difference(&group.members).cloned().collect();
        if self.is_cyclic(id, &joining) {
            return 400;
        }
        if self
            .model
            .group_named(name)
            .is_some_and(|other| other != id)
        {
            return 409;
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
        ok
    }

    async fn change_members(&mut self) {
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
        let operations = json!([{ "op": operation, "path": "members", "value": list }]);
        self.client.patch(&path, operations).await.expect(expected);
    }

    async fn patch_group(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.groups) else {
            return;
        };
        let path = format!("/Groups/{id}");
        let name = *self.dice.pick(&TEAMS);
        let mut members = self.model.groups[&id].members.clone();
        let mut operations = vec![json!({ "op": "replace", "path": "displayName", "value": name })];
        if let Some(leaving) = members.pop_first() {
            let path = format!("members[value eq \"{leaving}\"]");
            operations.push(json!({ "op": "remove", "path": path }));
        }
        let expected = self.change_group(&id, name, members, 204);
        self.client
            .patch(&path, json!(operations))
            .await
            .expect(expected);
    }

    async fn replace_group(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.groups) else {
            return;
        };
        let (name, members) = (*self.dice.pick(&TEAMS), self.some_members(6));
        let body = group_body(name, &members);
        let expected = self.change_group(&id, name, members, 200);
        self.client
            .put(&format!("/Groups/{id}"), &body)
            .await
            .expect(expected);
    }

    async fn delete_group(&mut self) {
        let Some(id) = self.dice.one_of(&self.model.groups) else {
            return;
        };
        self.client
            .delete(&format!("/Groups/{id}"))
            .await
            .expect(204);
        self.model.groups.remove(&id);
        self.model.forget(&id);
    }

    /// Demands that everything that can be read is what the model says.
    async fn compare(&self) {
        let (client, model) = (&self.client, &self.model);
        let users = client.get("/Users?count=1000").await;
        assert_eq!(total(&users), model.users.len() as u64);
        assert_eq!(ids(&users), model.users.keys().cloned().collect::<Vec<_>>());
        for json in users.json()["Resources"].as_array().unwrap() {
            let id = json["id"].as_str().unwrap();
            assert_eq!(read_user(json), model.users[id], "{id}");
            assert_eq!(values(json, "groups"), model.groups_of(id), "{id}");
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
    async fn find(&self) {
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
        for id in users.keys().take(5) {
            let filter = format!("members.value eq \"{id}\"");
            assert_eq!(
                found(client, "/Groups", &filter).await,
                self.model.groups_of(id)
            );
        }
        for (id, group) in &self.model.groups {
            let expected = group
                .members
                .iter()
                .filter(|id| users.contains_key(*id))
                .cloned()
                .collect();
            assert_eq!(
                found(client, "/Users", &format!("groups.value eq \"{id}\"")).await,
                expected
            );
            let filter = format!("displayName eq \"{}\"", group.name.to_uppercase());
            assert_eq!(found(client, "/Groups", &filter).await, [id.clone()].into());
        }
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

async fn play(seed: u64) {
    let target = Target::start().await;
    let mut game = Game {
        client: target.tenant().await,
        model: Model::default(),
        dice: Dice(seed),
    };
    for step in 0..300 {
        eprintln!("seed {seed}, step {step}");
        game.step().await;
        if step % 20 == 0 {
            game.compare().await;
        }
    }
    game.compare().await;
    game.find().await;
    sound(&target, &game.client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_300_random_operations_everything_is_as_the_model_says() {
    play(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_300_other_random_operations_everything_is_as_the_model_says() {
    play(20_260_730).await;
}
