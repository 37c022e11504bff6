//! Records that two processes append at once, and groups that are larger than an entry.

use super::{Replica, agrees, entries, fill, live};
use crate::support::Target;
use crate::support::listed::members;
use crate::support::seed;
use crate::support::stream::ahead;
use crate::support::table::sound;

#[tokio::test(flavor = "multi_thread")]
async fn two_pollers_at_once_give_each_event_once() {
    let target = Target::start().await;
    let client = target.tenant().await;
    for round in 0..12 {
        live(&client, round).await;
    }
    let services = [ahead(&target, 0), ahead(&target, 0)];
    let (one, _) = tokio::join!(fill(&target, &services[0]), fill(&target, &services[1]));
    if one.is_none() {
        return;
    }
    let entries = agrees(&target, &client).await;
    assert!(entries.len() > 12 * 10, "{} entries", entries.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_of_3_000_members_comes_in_parts() {
    let target = Target::start().await;
    let client = target.tenant().await;
    // Past the stream, so the feed never introduces them.
    let users = seed::copies(&target, &client, "crowd", 3_000).await;
    let crowd = client.create_group("Crowd", &users).await;
    seed::finish(&target, &client).await;
    let service = ahead(&target, 30);
    if fill(&target, &service).await.is_none() {
        return;
    }
    sound(&target, &client).await;
    let entries = entries(&target, &client).await;
    let own: Vec<_> = entries
        .iter()
        .filter(|(_, entry)| !entry.data().members.added.is_empty())
        .collect();
    let parts: Vec<_> = own.iter().map(|(_, entry)| entry.data().part).collect();
    assert_eq!(parts, [Some(1), Some(2), Some(3)]);
    let lists = own.iter().map(|(_, entry)| &entry.data().members);
    assert!(lists.clone().all(|lists| lists.early == lists.added));
    let replica = Replica::of(&entries);
    let folded = replica.members.values().max_by_key(|members| members.len());
    assert_eq!(folded, Some(&members(&client, &crowd).await));
    assert_eq!(folded.map(|members| members.len()), Some(3_000));
    client.delete(&format!("/Groups/{crowd}")).await.expect(204);
    fill(&target, &service).await;
    let last = self::entries(&target, &client).await;
    assert_eq!(
        last.last().map(|(_, entry)| entry.name()),
        Some("group.deleted")
    );
}
