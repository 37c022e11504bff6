//! A tenant's rules apply to users who are or become active: a leaver can always be deactivated.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::client::{BULK, USER, user};
use crate::support::listed::{ids, total};
use crate::support::numbers::Numbers;
use crate::support::table::sound;
use crate::support::{Answer, Client, Target};

async fn started(settings: Value) -> (Target, Client) {
    let target = Target::start().await;
    let client = target.tenant().await;
    target.settings(&client, &settings).await;
    (target, client)
}

const ALL: [&str; 3] = ["userNameIsEmail", "emails", "uniqueEmails"];

fn rules(of: &[&str]) -> Value {
    let rules = of.iter().map(|name| match *name {
        "emails" => ((*name).to_owned(), json!("work")),
        name => (name.to_owned(), json!(true)),
    });
    Value::Object(rules.collect())
}

/// Entra ID's soft delete (provider fixtures): the rename releases the name for a new user.
#[tokio::test(flavor = "multi_thread")]
async fn entras_soft_delete_deactivates_and_renames_whatever_the_rules() {
    let (target, client) = started(rules(&ALL)).await;
    let id = client.create_user("ann@example.com").await;
    let path = format!("/Users/{id}");
    let gone = "1fa0c94d2b5e4e6f8a7b@example.com";
    let soft = json!([
        { "op": "Replace", "path": "active", "value": "False" },
        { "op": "Replace", "path": "userName", "value": gone }
    ]);
    let after = client.patch(&path, soft).await.expect(200).json();
    assert_eq!(
        (&after["active"], &after["userName"]),
        (&json!(false), &json!(gone))
    );
    // Another user has the name and the address until that user leaves.
    let new = client.create_user("ann@example.com").await;
    let back = json!([
        { "op": "Replace", "path": "active", "value": "True" },
        { "op": "Replace", "path": "userName", "value": "ann2@example.com" },
        { "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "ann2@example.com" }
    ]);
    let only = json!([{ "op": "Replace", "path": "active", "value": "True" }]);
    let (status, scim_type, detail) = client.patch(&path, only).await.error();
    assert_eq!((status, scim_type.as_str()), (400, "invalidValue"));
    assert_eq!(
        detail,
        format!(
            "the user cannot become active: `userName` `{gone}` must be equal to the work e-mail; map both from the same attribute"
        )
    );
    client.patch(&path, back).await.expect(200);
    client.delete(&format!("/Users/{new}")).await.expect(204);
    let table = sound(&target, &client).await;
    assert_eq!(table.keys("user#emailClaim"), ["ann2@example.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_blocks_reactivation_and_no_deactivation() {
    let (target, client) = started(json!({ "uniqueEmails": true })).await;
    client.create_user("ann@example.com").await;
    let bob = client.create_user("bob@example.com").await;
    let path = format!("/Users/{bob}");
    let mut leaving = user("ann@example.com");
    leaving["userName"] = json!("bob@example.com");
    client.put(&path, &leaving).await.expect(409);
    leaving["active"] = json!(false);
    client.put(&path, &leaving).await.expect(200);
    let back = json!([{ "op": "replace", "value": { "active": true } }]);
    let (status, scim_type, detail) = client.patch(&path, back).await.error();
    assert_eq!((status, scim_type.as_str()), (409, "uniqueness"));
    assert_eq!(
        detail,
        "`emails` `ann@example.com` is taken by another resource of this tenant"
    );
    // The addresses of deactivated users are free.
    let eve = client.create_user("bob@example.org").await;
    let take =
        json!([{ "op": "replace", "path": "emails", "value": [{ "value": "bob@example.com" }] }]);
    client
        .patch(&format!("/Users/{eve}"), take)
        .await
        .expect(200);
    let table = sound(&target, &client).await;
    assert_eq!(
        table.keys("user#emailClaim"),
        ["ann@example.com", "bob@example.com"]
    );
}

/// A required attribute of an extension is a rule of the tenant.
#[tokio::test(flavor = "multi_thread")]
async fn w05_a_put_that_lacks_what_an_extension_requires_may_deactivate() {
    let badges = "urn:example:badges:1.0:User";
    let (target, client) = started(json!({})).await;
    let id = client.create_user("ann").await;
    let path = format!("/Users/{id}");
    let extension = json!([{ "resourceType": "User", "required": true, "schema": {
        "id": badges, "name": "Badges", "description": "",
        "attributes": [{ "name": "badge", "required": true }] } }]);
    target.extend(&client, &extension).await;
    let mut body = user("ann");
    client.put(&path, &body).await.expect(400);
    body["active"] = json!(false);
    client.put(&path, &body).await.expect(200);
    body.as_object_mut().unwrap().remove("active");
    body["title"] = json!("x");
    client.put(&path, &body).await.expect(200);
    let back = json!([{ "op": "replace", "value": { "active": true } }]);
    let (status, scim_type, detail) = client.patch(&path, back).await.error();
    assert_eq!((status, scim_type.as_str()), (400, "invalidValue"));
    assert_eq!(
        detail,
        format!(
            "the user cannot become active: the extension `{badges}` is required; send its attributes in an object with this name"
        )
    );
    let whole = json!([{ "op": "replace", "value": { "active": true, badges: { "badge": "b" } } }]);
    client.patch(&path, whole).await.expect(200);
}

/// A user who got more addresses before a rule than it allows can still be deactivated and deleted.
#[tokio::test(flavor = "multi_thread")]
async fn a_user_with_many_addresses_from_before_a_rule_can_be_deactivated_and_deleted() {
    let (target, client) = started(json!({})).await;
    let many: Vec<Value> = (0..94)
        .map(|n| json!({ "value": format!("{n}@b") }))
        .collect();
    let body = json!({ "schemas": [USER], "userName": "ann", "emails": many });
    let id = client.post("/Users", &body).await.expect(201).id();
    let path = format!("/Users/{id}");
    let settings = json!({ "uniqueEmails": true, "seats": 5, "delete": "deactivate" });
    target.settings(&client, &settings).await;
    let title = json!([{ "op": "replace", "path": "title", "value": "x" }]);
    client.patch(&path, title).await.expect(200);
    let off = json!([{ "op": "replace", "value": { "active": false } }]);
    client.patch(&path, off).await.expect(200);
    client.delete(&path).await.expect(204);
    let id = client.post("/Users", &user("bob")).await.expect(201).id();
    client.delete(&format!("/Users/{id}")).await.expect(204);
    sound(&target, &client).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn n18_a_duplicate_is_told_that_its_user_name_is_taken_before_its_address() {
    let (_target, client) = started(json!({ "uniqueEmails": true })).await;
    client.create_user("ann@example.com").await;
    let bob = client.create_user("bob@example.com").await;
    let path = format!("/Users/{bob}");
    let both = user("ANN@example.com");
    let value = json!({ "userName": "ANN@example.com", "emails": both["emails"] });
    let operations = json!([{ "op": "replace", "value": value }]);
    let expected = (
        409,
        "uniqueness".to_owned(),
        "`userName` `ANN@example.com` is taken by another resource of this tenant".to_owned(),
    );
    assert_eq!(client.post("/Users", &both).await.error(), expected);
    assert_eq!(client.put(&path, &both).await.error(), expected);
    assert_eq!(client.patch(&path, operations).await.error(), expected);
    for (method, path) in [("POST", "/Users"), ("PUT", &path)] {
        let operation = json!({ "method": method, "path": path, "bulkId": "b", "data": both });
        let bulk = json!({ "schemas": [BULK], "Operations": [operation] });
        let answer = client.post("/Bulk", &bulk).await.expect(200).json();
        let failure = &answer["Operations"][0]["response"];
        let detail = format!("operation 1: {}", expected.2);
        assert_eq!(failure["detail"], detail.as_str(), "{answer}");
    }
    let mut address = both;
    address["userName"] = json!("eve");
    let (_, _, detail) = client.post("/Users", &address).await.error();
    assert_eq!(
        detail,
        "`emails` `ann@example.com` is taken by another resource of this tenant"
    );
}

const NAMES: [&str; 4] = ["a@x", "b@x", "c@x", "1fa@x"];

#[derive(Clone)]
struct State {
    name: &'static str,
    emails: Vec<(&'static str, &'static str)>,
    active: bool,
}

struct Someone {
    id: String,
    state: State,
}

impl State {
    fn any(dice: &mut Numbers) -> Self {
        let mut emails: Vec<(&str, &str)> = Vec::new();
        for _ in 0..dice.below(3) {
            let address = *dice.pick(&NAMES);
            if emails.iter().all(|(other, _)| *other != address) {
                emails.push((address, *dice.pick(&["work", "work", "home"])));
            }
        }
        Self {
            name: *dice.pick(&NAMES),
            emails,
            active: dice.below(2) == 0,
        }
    }

    /// Whether the user satisfies the e-mail rules.
    fn is_proper(&self, rules: &[&str]) -> bool {
        let one = |(_, kind): &(&str, &str)| *kind == "work";
        let is_one = self.emails.len() <= 1 && self.emails.iter().all(one);
        let is_name = self.emails.is_empty() || self.emails.contains(&(self.name, "work"));
        (is_one || !rules.contains(&"emails")) && (is_name || !rules.contains(&"userNameIsEmail"))
    }

    fn emails(&self) -> Value {
        let emails = self.emails.iter();
        emails
            .map(|(value, kind)| json!({ "value": value, "type": kind }))
            .collect()
    }

    fn body(&self, with_active: bool) -> Value {
        let mut body = json!({ "schemas": [USER], "userName": self.name, "emails": self.emails() });
        if with_active {
            body["active"] = json!(self.active);
        }
        body
    }
}

struct Model<'r> {
    client: Client,
    rules: &'r [&'r str],
    users: Vec<Someone>,
}

impl Model<'_> {
    /// The expected status of a request that leaves a user in this state, and the attribute that conflicts.
    fn expected(&self, after: &State, at: Option<usize>) -> (u16, &'static str) {
        let others = || {
            let others = self.users.iter().enumerate();
            others.filter(move |(other, _)| Some(*other) != at)
        };
        if after.active && !after.is_proper(self.rules) {
            return (400, "");
        }
        if others().any(|(_, other)| other.state.name == after.name) {
            return (409, "`userName`");
        }
        let has = |other: &State| {
            let mut emails = other.emails.iter();
            other.active && emails.any(|(one, _)| after.emails.iter().any(|(own, _)| own == one))
        };
        let is_unique = self.rules.contains(&"uniqueEmails");
        match is_unique && after.active && others().any(|(_, other)| has(&other.state)) {
            true => (409, "`emails`"),
            false => (200, ""),
        }
    }

    fn check(answer: Answer, expected: (u16, &str)) -> Option<Answer> {
        if expected.0 == 200 {
            return Some(answer.expect_any(&[200, 201]));
        }
        let (status, _, detail) = answer.error();
        assert_eq!(status, expected.0, "{detail}");
        assert!(detail.starts_with(expected.1), "{detail} for {expected:?}");
        None
    }

    async fn create(&mut self, state: State) {
        let answer = self.client.post("/Users", &state.body(true)).await;
        let expected = self.expected(&state, None);
        if let Some(answer) = Self::check(answer, expected) {
            let id = answer.id();
            self.users.push(Someone { id, state });
        }
    }

    async fn change(&mut self, at: usize, given: State, dice: &mut Numbers) {
        let path = format!("/Users/{}", self.users[at].id);
        let mut after = self.users[at].state.clone();
        let answer = if dice.below(3) == 0 {
            let with_active = dice.below(2) == 0;
            let was_active = after.active;
            after = given;
            let body = after.body(with_active);
            if !with_active {
                after.active = was_active;
            }
            self.client.put(&path, &body).await
        } else {
            let mut operations = Vec::new();
            let mut add = |path: &str, value: Value| {
                operations.push(json!({ "op": "Replace", "path": path, "value": value }));
            };
            if dice.below(3) > 0 {
                after.active = given.active;
                let word = if given.active { "True" } else { "False" };
                add("active", json!(word));
            }
            if dice.below(2) == 0 {
                after.name = given.name;
                add("userName", json!(given.name));
            }
            if dice.below(2) == 0 {
                add("emails", given.emails());
                after.emails = given.emails;
            }
            if operations.is_empty() {
                return;
            }
            self.client.patch(&path, json!(operations)).await
        };
        let expected = self.expected(&after, Some(at));
        if Self::check(answer, expected).is_some() {
            self.users[at].state = after;
        }
    }
}

async fn play(chosen: &[&str], seed: u64) {
    let (target, client) = started(rules(chosen)).await;
    let mut dice = Numbers(seed);
    let mut model = Model {
        client,
        rules: chosen,
        users: Vec::new(),
    };
    for _ in 0..250 {
        let given = State::any(&mut dice);
        let users = model.users.len();
        match dice.below(8) {
            0 if users > 0 => {
                let user = model.users.remove(dice.below(users));
                let path = format!("/Users/{}", user.id);
                model.client.delete(&path).await.expect(204);
            }
            1..=6 if users > 0 => model.change(dice.below(users), given, &mut dice).await,
            _ => model.create(given).await,
        }
    }
    let active = model.users.iter().filter(|user| user.state.active);
    let expected: BTreeSet<String> = active.clone().map(|user| user.id.clone()).collect();
    let found = model.client.filter("/Users", "active eq true").await;
    assert_eq!(BTreeSet::from_iter(ids(&found.expect(200))), expected);
    let all = model.client.get("/Users").await.expect(200);
    assert_eq!(total(&all), model.users.len() as u64);
    let table = sound(&target, &model.client).await;
    if chosen.contains(&"uniqueEmails") {
        let addresses = active.flat_map(|user| user.state.emails.iter().map(|(one, _)| *one));
        let addresses: BTreeSet<&str> = addresses.collect();
        let claims = table.keys("user#emailClaim").into_iter().collect();
        assert_eq!(
            addresses, claims,
            "who is active holds claims, and nobody else"
        );
    }
}

/// `MUSTER_TEST_SEED=N` selects another run.
#[tokio::test(flavor = "multi_thread")]
async fn rules_reject_only_users_who_are_or_become_active() {
    let seed = crate::support::target::number("MUSTER_TEST_SEED").unwrap_or(5);
    for chosen in [
        &["userNameIsEmail"][..],
        &["emails"],
        &["uniqueEmails"],
        &ALL,
    ] {
        play(chosen, seed).await;
    }
}
