//! Large membership changes and deletions whose owner dies at any write: readers see either all of the change or
//! nothing of it, and a retry has the result of one request.

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::crowd::{Crowd, operation, set};
use crate::support::client::{group, patch};
use crate::support::listed::{found, groups, members};
use crate::support::mortal::{self, Death};
use crate::support::table::sound;

mod live;

/// More writes than any of these requests makes.
const MOST_WRITES: u32 = 200;

impl Crowd {
    async fn dies(&self, method: &str, path: &str, body: Option<&Value>, death: Death) -> bool {
        mortal::send(&self.target, &self.client, (method, path, body), death).await
    }

    /// The members of a group; asserts that every way of reading them agrees.
    async fn members(&self, id: &str) -> BTreeSet<String> {
        let members = members(&self.client, id).await;
        let filter = format!("groups.value eq \"{id}\"");
        assert_eq!(found(&self.client, "/Users", &filter).await, members);
        let list = self.client.get("/Groups?count=1000").await.json();
        let shown = list["Resources"].as_array().unwrap().iter();
        let shown = shown.filter(|shown| shown["id"] == id).map(|shown| {
            let members = shown["members"].as_array().into_iter().flatten();
            members.map(|member| member["value"].as_str().unwrap().to_owned())
        });
        assert_eq!(shown.flatten().collect::<BTreeSet<_>>(), members);
        for user in [0, 1, 2].map(|third| &self.users[third * (self.users.len() - 1) / 2]) {
            if self.client.get(&format!("/Users/{user}")).await.status == 404 {
                assert!(!members.contains(user));
                continue;
            }
            let is_member = members.contains(user);
            assert_eq!(groups(&self.client, user).await.contains(id), is_member);
            for filter in [
                format!("members.value eq \"{user}\""),
                format!("id eq \"{id}\" and members eq \"{user}\""),
                format!("displayName sw \"t\" and members[value eq \"{user}\"]"),
            ] {
                let found = found(&self.client, "/Groups", &filter).await;
                assert_eq!(found.contains(id), is_member, "{filter}");
            }
            let filter = format!("id eq \"{user}\" and groups eq \"{id}\"");
            let found = found(&self.client, "/Users", &filter).await;
            assert_eq!(found.contains(user), is_member, "{filter}");
        }
        let page = self.client.get("/Users?count=1000").await.json();
        for user in page["Resources"].as_array().unwrap() {
            let groups = user["groups"].as_array().into_iter().flatten();
            let is_member = groups.clone().any(|group| group["value"] == id);
            let user = user["id"].as_str().unwrap();
            assert_eq!(is_member, members.contains(user), "{user}");
        }
        members
    }
}

/// Runs a test with a death at each of these writes, until the request survives.
async fn every_death(deaths: impl Iterator<Item = Death>, tell: impl AsyncFn(Death) -> bool) {
    let mut died = 0;
    for death in deaths {
        if !Box::pin(tell(death)).await {
            assert!(died > 4, "{died} deaths");
            return;
        }
        died += 1;
    }
    panic!("the request outlived none of {died} deaths");
}

/// After each write.
fn after_each() -> impl Iterator<Item = Death> {
    (1..MOST_WRITES).map(Death::After)
}

/// A large PATCH whose owner dies at each of these writes, and which the client then repeats. Every way of reading is compared
/// after the death, while the plan is half carried out; after the repetition the table is checked instead, in which all of
/// them read the same edges.
async fn large_patches_die(deaths: impl Iterator<Item = Death>) {
    let story = Crowd::with(60).await;
    let (client, users) = (&story.client, &story.users);
    let (before, after) = (set(&users[..20]), set(&users[15..]));
    let change = json!([
        operation("remove", &users[..15]),
        operation("add", &users[10..]),
        operation("remove", &users[10..15]),
    ]);
    every_death(deaths, async |death| {
        let id = client.create_group("Team", &users[..20]).await;
        let path = format!("/Groups/{id}");
        let is_dead = story
            .dies("PATCH", &path, Some(&patch(change.clone())), death)
            .await;
        let (seen, version) = (story.members(&id).await, story.version(&id).await);
        match version {
            1 => assert_eq!(seen, before, "{death:?}"),
            _ => assert_eq!((&seen, version), (&after, 2), "{death:?}"),
        }
        client.patch(&path, change.clone()).await.expect(204);
        assert_eq!(members(client, &id).await, after, "{death:?}");
        assert_eq!(story.version(&id).await, 2, "{death:?}");
        story.finish().await;
        let table = sound(&story.target, client).await;
        assert_eq!(table.group(&id).members, Some(45), "{death:?}");
        assert_eq!(members(client, &id).await, after, "{death:?}");
        client.delete(&path).await.expect(204);
        is_dead
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_patch_interrupted_before_any_write_is_applied_once_by_a_retry() {
    large_patches_die((1..MOST_WRITES).map(Death::Before)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_patch_interrupted_after_any_write_is_applied_once_by_a_retry() {
    large_patches_die(after_each()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_change_after_a_dead_owner_comes_after_the_large_one_or_without_it() {
    let story = Crowd::with(60).await;
    let (client, users) = (&story.client, &story.users);
    every_death(after_each(), async |death| {
        let id = client.create_group("Team", &users[..20]).await;
        let path = format!("/Groups/{id}");
        let mut body = group("Tribe", &users[15..]);
        body["externalId"] = json!("tribe");
        let is_dead = story.dies("PUT", &path, Some(&body), death).await;
        let is_committed = story.version(&id).await == 2;
        let swap = json!([
            operation("remove", &users[59..]),
            operation("add", &users[..1])
        ]);
        client.patch(&path, swap).await.expect(204);
        let mut expected = match is_committed {
            true => set(&users[15..59]),
            false => set(&users[..20]),
        };
        expected.insert(users[0].clone());
        assert_eq!(story.members(&id).await, expected, "{death:?}");
        let name = if is_committed { "Tribe" } else { "Team" };
        assert_eq!(client.get(&path).await.json()["displayName"], name);
        assert_eq!(story.version(&id).await, if is_committed { 3 } else { 1 });
        story.finish().await;
        sound(&story.target, client).await;
        client.delete(&path).await.expect(204);
        is_dead
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_joins_by_a_plan_and_is_deleted_is_counted_in_no_group() {
    let story = Crowd::with(40).await;
    let client = &story.client;
    every_death(after_each(), async |death| {
        let goner = client.create_user("goner").await;
        let mut joining = story.users.clone();
        joining.insert(20, goner.clone());
        let id = client.create_group("Team", &[]).await;
        let path = format!("/Groups/{id}");
        let change = patch(json!([operation("add", &joining)]));
        let is_dead = story.dies("PATCH", &path, Some(&change), death).await;
        let is_committed = story.version(&id).await == 2;
        client.delete(&format!("/Users/{goner}")).await.expect(204);
        let expected = match is_committed {
            true => set(&story.users),
            false => BTreeSet::new(),
        };
        assert_eq!(story.members(&id).await, expected, "{death:?}");
        if is_committed {
            assert_eq!(story.version(&id).await, 3, "it came and went");
        }
        story.finish().await;
        sound(&story.target, client).await;
        client.delete(&path).await.expect(204);
        is_dead
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_group_whose_creation_is_interrupted_exists_whole_or_not_at_all() {
    let story = Crowd::with(40).await;
    let (client, users) = (&story.client, &story.users);
    every_death(after_each(), async |death| {
        let body = group("Team", users);
        let is_dead = story.dies("POST", "/Groups", Some(&body), death).await;
        let again = client.post("/Groups", &body).await;
        let list = client.get("/Groups").await.json();
        assert_eq!(list["totalResults"], 1, "{death:?}");
        let id = list["Resources"][0]["id"].as_str().unwrap();
        if again.status != 201 {
            assert_eq!(again.error().1, "uniqueness", "{death:?}");
        }
        assert_eq!(story.members(id).await, set(users), "{death:?}");
        story.finish().await;
        let row = sound(&story.target, client).await.group(id);
        assert_eq!((row.members, row.version), (Some(40), 1));
        client.delete(&format!("/Groups/{id}")).await.expect(204);
        is_dead
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_whose_deletion_is_interrupted_is_gone_or_whole_and_a_retry_leaves_nothing() {
    let story = Crowd::with(40).await;
    let (client, users) = (&story.client, &story.users);
    let above = client.create_group("Above", &[]).await;
    every_death(after_each(), async |death| {
        let id = client.create_group("Team", users).await;
        let nested = json!([operation("add", std::slice::from_ref(&id))]);
        client
            .patch(&format!("/Groups/{above}"), nested)
            .await
            .expect(204);
        let path = format!("/Groups/{id}");
        let is_dead = story.dies("DELETE", &path, None, death).await;
        let expected = match client.get(&path).await.status.as_u16() {
            404 => BTreeSet::new(),
            _ => set(users),
        };
        let filter = format!("groups.value eq \"{id}\"");
        assert_eq!(found(client, "/Users", &filter).await, expected);
        assert_eq!(
            groups(client, &users[7]).await.contains(&id),
            !expected.is_empty()
        );
        client.delete(&path).await.expect_any(&[204, 404]);
        client.get(&path).await.expect(404);
        let table = sound(&story.target, client).await;
        assert!(table.keys("member").is_empty() && table.keys("memberOf").is_empty());
        is_dead
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_whose_group_is_deleted_before_it_is_carried_out_leaves_nothing() {
    let story = Crowd::with(40).await;
    let (client, users) = (&story.client, &story.users);
    every_death(after_each(), async |death| {
        let id = client.create_group("Team", &users[..1]).await;
        let path = format!("/Groups/{id}");
        let change = patch(json!([operation("add", users)]));
        let is_dead = story.dies("PATCH", &path, Some(&change), death).await;
        client.delete(&path).await.expect(204);
        assert_eq!(groups(client, &users[7]).await, BTreeSet::new());
        let filter = format!("groups.value eq \"{id}\"");
        assert_eq!(found(client, "/Users", &filter).await, BTreeSet::new());
        story.finish().await;
        sound(&story.target, client).await;
        is_dead
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn x07_a_user_in_many_groups_whose_deletion_is_interrupted_is_in_all_of_them_or_in_none() {
    let story = Crowd::with(1).await;
    let client = &story.client;
    let mut teams = Vec::new();
    for number in 0..40 {
        teams.push(
            client
                .create_group(&format!("Team {number}"), &story.users)
                .await,
        );
    }
    let rounds = Cell::new(0);
    // The marks on the 40 edges are all alike.
    let deaths = [1, 2, 30].into_iter().chain(40..MOST_WRITES);
    every_death(deaths.map(Death::After), async |death| {
        let goner = client.create_user("goner").await;
        for id in &teams {
            let joins = json!([operation("add", std::slice::from_ref(&goner))]);
            client
                .patch(&format!("/Groups/{id}"), joins)
                .await
                .expect(204);
        }
        let path = format!("/Users/{goner}");
        let is_dead = story.dies("DELETE", &path, None, death).await;
        let is_there = client.get(&path).await.status == 200;
        for id in [&teams[0], &teams[20], &teams[39]] {
            assert_eq!(
                members(client, id).await.contains(&goner),
                is_there,
                "{death:?}"
            );
        }
        let filter = format!("members.value eq \"{goner}\"");
        let expected = if is_there {
            set(&teams)
        } else {
            BTreeSet::new()
        };
        assert_eq!(
            found(client, "/Groups", &filter).await,
            expected,
            "{death:?}"
        );
        client.delete(&path).await.expect_any(&[204, 404]);
        assert_eq!(found(client, "/Groups", &filter).await, BTreeSet::new());
        story.finish().await;
        rounds.set(rounds.get() + 1);
        let table = sound(&story.target, client).await;
        for id in &teams {
            let row = table.group(id);
            let expected = (Some(1), 1 + 2 * rounds.get());
            assert_eq!((row.members, row.version), expected, "{death:?}");
        }
        is_dead
    })
    .await;
}
