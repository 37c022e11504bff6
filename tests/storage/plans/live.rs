//! Large changes while other requests read and write.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::{join, join_all};
use serde_json::json;

use super::{Crowd, operation, set};
use crate::support::listed::members;
use crate::support::table::sound;

#[tokio::test(flavor = "multi_thread")]
async fn readers_see_all_of_a_large_change_or_nothing_of_it_while_it_is_made() {
    let story = Crowd::with(140).await;
    let (client, users) = (&story.client, &story.users);
    let id = client.create_group("Team", &users[..70]).await;
    let path = format!("/Groups/{id}");
    let states = [set(&users[..70]), set(&users[70..])];
    let is_over = AtomicBool::new(false);
    let writing = async {
        for round in 1..=6 {
            let (away, here) = users.split_at(70);
            let (away, here) = if round % 2 == 1 {
                (away, here)
            } else {
                (here, away)
            };
            let change = json!([operation("remove", away), operation("add", here)]);
            client.patch(&path, change).await.expect(204);
        }
        is_over.store(true, Ordering::SeqCst);
    };
    let reading = async {
        let mut seen = 0_u32;
        while !is_over.load(Ordering::SeqCst) {
            let json = client.get(&path).await.expect(200).json();
            let shown = json["members"].as_array().unwrap().iter();
            let shown = shown.map(|member| member["value"].as_str().unwrap().to_owned());
            let version = json["meta"]["version"].as_str().unwrap();
            let version = version.trim_matches(|c: char| !c.is_ascii_digit());
            let version: usize = version.parse().unwrap();
            assert_eq!(
                shown.collect::<std::collections::BTreeSet<_>>(),
                states[(version - 1) % 2]
            );
            seen += 1;
        }
        seen
    };
    let ((), seen) = join(writing, reading).await;
    assert!(seen > 6, "{seen} looks");
    story.finish().await;
    let row = sound(&story.target, client).await.group(&id);
    assert_eq!((row.version, row.members), (7, Some(70)));
}

#[tokio::test(flavor = "multi_thread")]
async fn large_and_small_changes_at_once_lose_nothing() {
    let story = Crowd::with(160).await;
    let (client, users) = (&story.client, &story.users);
    let id = client.create_group("Team", &[]).await;
    let path = &format!("/Groups/{id}");
    let large = users[..120].chunks(40).map(|some| {
        let change = json!([operation("add", some)]);
        async move { retried(client, path, &change).await }
    });
    let small = users[120..].chunks(10).map(|some| {
        let change = json!([operation("add", some)]);
        async move { retried(client, path, &change).await }
    });
    join(join_all(large), join_all(small)).await;
    assert_eq!(members(client, &id).await, set(users));
    story.finish().await;
    let row = sound(&story.target, client).await.group(&id);
    assert_eq!((row.version, row.members), (8, Some(160)));
}

/// Retries a change until it is not rejected temporarily, as providers do.
async fn retried(client: &crate::support::Client, path: &str, change: &serde_json::Value) {
    for _ in 0..20 {
        let answer = client.patch(path, change.clone()).await;
        if answer.status != 429 {
            answer.expect(204);
            return;
        }
    }
    panic!("told to come again 20 times");
}
