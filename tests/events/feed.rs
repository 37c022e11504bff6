//! The function `feed`: every change of a user or group is in the change feed of its tenant once and in order, and the feed
//! alone gives the table.

use std::collections::{BTreeMap, BTreeSet};

use directory::journal::feed::Feed;
use directory::keys::attribute::batch;
use directory::{Meter, Spent};
use keyring::TenantId;
use local::poller::PollStep;
use scim_core::event::{FeedEntry, Position, Subscription, Sum};
use scim_core::{ResourceId, ResourceKind, Version};
use serde_json::{Value, json};
use service::{Function, Service};

use super::LONG;
use crate::support::listed::members;
use crate::support::stream::{ahead, mapping_of, poller, records_by};
use crate::support::table::{sound, tenant_of};
use crate::support::{Client, Target};

mod renewal;
mod shards;
mod troubles;
mod units;

/// Reads the stream from its beginning and lets the function append what the feeds lack. `None` if the tests run on another
/// DynamoDB, whose stream they do not read.
pub(super) async fn fill(target: &Target, service: &Service) -> Option<()> {
    let mapping = mapping_of(Function::Feed);
    let timeout = mapping.timeout;
    let mut poller = poller(target, mapping)?;
    let invoke = async |payload| {
        local::stack::events::invoke(service, Function::Feed.name(), timeout, payload).await
    };
    loop {
        match poller.turn(&invoke).await.expect("the stream can be read") {
            PollStep::Idle => return Some(()),
            PollStep::Done(_) => {}
            PollStep::Failed => tokio::time::sleep(LONG / 600).await,
        }
    }
}

/// The records of the function in the stream; `None` as for [`fill`].
async fn records(target: &Target) -> Option<Vec<Value>> {
    records_by(target, mapping_of(Function::Feed)).await
}

/// Appends records; the numbers of those that must arrive again, and the consumption.
async fn append(service: &Service, records: &[Value]) -> (BTreeSet<String>, Spent) {
    let done = service.handle_feed(records, LONG).await;
    let (answer, spent) = done.expect("the records name their stream");
    let failures = answer.batch_item_failures.into_iter();
    let left = failures.map(|failure| failure.item_identifier).collect();
    (left, spent)
}

fn feed_of(target: &Target, client: &Client) -> Feed {
    let tenant = TenantId::parse(tenant_of(client)).expect("the name of a tenant");
    let meter = Meter::default().into();
    Feed::new(target.stack.service.table(&tenant, &meter))
}

/// The whole feed of the client's tenant, by small pages.
async fn entries(target: &Target, client: &Client) -> Vec<(Position, FeedEntry)> {
    let everything = Subscription::parse(["*"]).expect("a pattern");
    let feed = feed_of(target, client);
    let (mut all, mut after) = (Vec::new(), Position::BEGINNING);
    loop {
        let now = target.stack.service.now();
        let page = feed.page(after, 7, &everything, now).await;
        let page = page.expect("the feed has this position");
        all.extend(page.entries);
        after = page.next;
        if page.next >= page.head {
            return all;
        }
    }
}

async fn names(target: &Target, client: &Client) -> Vec<String> {
    let entries = entries(target, client).await.into_iter();
    entries.map(|(_, entry)| entry.name().to_owned()).collect()
}

/// What follows from a feed alone.
#[derive(Default)]
struct Replica {
    live: BTreeMap<(bool, ResourceId), Version>,
    members: BTreeMap<ResourceId, BTreeSet<String>>,
    introduced: BTreeSet<ResourceId>,
    sum: Option<Sum>,
}

impl Replica {
    fn of(entries: &[(Position, FeedEntry)]) -> Self {
        let mut replica = Self {
            sum: Some(Sum::EMPTY),
            ..Self::default()
        };
        let mut keys = Vec::new();
        let mut last = None;
        for (position, entry) in entries {
            assert!(last < Some(*position), "positions ascend");
            if let Some(before) = last.replace(*position)
                && before.epoch() == position.epoch()
            {
                assert_eq!(before.next(), Some(*position), "without a gap");
            }
            keys.extend(entry.key());
            replica.apply(entry);
        }
        let number_of = keys.len();
        keys.sort_by_key(|key| format!("{key:?}"));
        keys.dedup();
        assert_eq!(keys.len(), number_of, "each event once");
        replica
    }

    fn apply(&mut self, entry: &FeedEntry) {
        self.introduced.extend(entry.introduces().map(|(_, id)| id));
        let lists = &entry.data().members;
        assert!(!lists.unknown, "{}: unknown members", entry.name());
        for member in &lists.added {
            let is_known = self.introduced.contains(&member.id);
            assert!(is_known || lists.early.contains(member), "a stranger joins");
        }
        if let Some((ResourceKind::Group, id)) = entry.subject() {
            let members = self.members.entry(id).or_default();
            members.extend(lists.added.iter().map(|member| member.id.to_string()));
            for member in &lists.removed {
                members.remove(member.id.as_str());
            }
        }
        let Some(effect) = entry.effect() else {
            return;
        };
        let key = (effect.kind == ResourceKind::User, effect.id);
        assert_eq!(self.live.remove(&key), effect.leaves, "{}", entry.name());
        match effect.enters {
            Some(version) => {
                self.live.insert(key, version);
            }
            None if effect.kind == ResourceKind::Group => {
                self.members.remove(&effect.id);
            }
            None => {}
        }
        self.sum = self.sum.map(|sum| sum.after(&effect));
    }
}

/// Compares what follows from the feed with the table: users, groups, versions, members and the sum.
async fn agrees(target: &Target, client: &Client) -> Vec<(Position, FeedEntry)> {
    let entries = entries(target, client).await;
    let replica = Replica::of(&entries);
    let table = sound(target, client).await;
    let mut live = BTreeMap::new();
    let mut sum = Sum::EMPTY;
    for kind in [ResourceKind::User, ResourceKind::Group] {
        for row in table.resources(kind) {
            sum = sum.with(kind, row.id, Version(row.version));
            live.insert((kind == ResourceKind::User, row.id), Version(row.version));
        }
    }
    assert_eq!(replica.live, live);
    for ((_, id), _) in live.iter().filter(|((is_user, _), _)| !is_user) {
        let own = replica.members.get(id).cloned().unwrap_or_default();
        assert_eq!(own, members(client, id.as_str()).await, "members of {id}");
    }
    let last = table.partitions(&["feed"]).last().expect("a batch");
    let stored = last[batch::SUM].as_b().expect("a sum").as_ref();
    assert_eq!(stored, sum.to_bytes());
    assert_eq!(replica.sum, Some(sum));
    entries
}

/// Everything that can happen to users and groups by SCIM, with new names.
async fn live(client: &Client, round: usize) {
    let (ann, bob) = (format!("ann{round}"), format!("bob{round}"));
    let (ann, bob) = (
        client.create_user(&ann).await,
        client.create_user(&bob).await,
    );
    let team = client
        .create_group(&format!("Team {round}"), std::slice::from_ref(&ann))
        .await;
    let (user, group) = (format!("/Users/{ann}"), format!("/Groups/{team}"));
    for operation in [
        json!({ "op": "replace", "path": "title", "value": "Boss" }),
        json!({ "op": "replace", "path": "active", "value": false }),
        json!({ "op": "replace", "path": "active", "value": true }),
    ] {
        client.patch(&user, json!([operation])).await.expect(200);
    }
    for operation in [
        json!({ "op": "add", "path": "members", "value": [{ "value": bob }] }),
        json!({ "op": "replace", "path": "displayName", "value": format!("Tribe {round}") }),
        json!({ "op": "remove", "path": format!("members[value eq \"{bob}\"]") }),
    ] {
        client.patch(&group, json!([operation])).await.expect(204);
    }
    client.delete(&user).await.expect(204);
    let other = client.create_group(&format!("Other {round}"), &[bob]).await;
    client.delete(&format!("/Groups/{other}")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_in_the_feed_once_and_in_order() {
    let target = Target::start().await;
    let (client, other) = (target.tenant().await, target.tenant().await);
    live(&client, 0).await;
    other.create_user("ann").await;
    let service = target.stack.of(Function::Feed);
    if fill(&target, &service).await.is_none() {
        return;
    }
    let entries = agrees(&target, &client).await;
    let of = |kind: ResourceKind| -> Vec<Vec<&str>> {
        let mut by_id: BTreeMap<ResourceId, Vec<&str>> = BTreeMap::new();
        for (_, entry) in &entries {
            if let Some((_, id)) = entry.subject().filter(|(subject, _)| *subject == kind) {
                by_id.entry(id).or_default().push(entry.name());
            }
        }
        let mut all: Vec<_> = by_id.into_values().collect();
        all.sort_unstable();
        all
    };
    let life = vec![
        "user.created",
        "user.updated",
        "user.deactivated",
        "user.reactivated",
        "user.deleted",
    ];
    assert_eq!(of(ResourceKind::User), [vec!["user.created"], life]);
    let short = vec!["group.created", "group.deleted"];
    let long = vec![
        "group.created",
        "group.members_changed",
        "group.updated",
        "group.members_changed",
        "group.members_changed",
    ];
    assert_eq!(of(ResourceKind::Group), [short, long]);
    assert_eq!(entries[0].0.number(), 1, "the first of its epoch");
    let by = entries.iter().all(|(_, entry)| entry.stamp().by.is_some());
    assert!(by, "each says who did it");
    assert_eq!(names(&target, &other).await, ["user.created"]);
    // The stream says everything at least once.
    for service in [service, ahead(&target, 0).into()] {
        fill(&target, &service).await;
        assert!(self::entries(&target, &client).await == entries);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_user_is_deactivated_and_comes_back() {
    let target = Target::start().await;
    let client = target.tenant().await;
    let keep = json!({ "delete": "deactivate" });
    target.settings(&client, &keep).await;
    let ann = client.create_user("ann").await;
    client.delete(&format!("/Users/{ann}")).await.expect(204);
    let service = target.stack.of(Function::Feed);
    if fill(&target, &service).await.is_none() {
        return;
    }
    agrees(&target, &client).await;
    assert_eq!(client.create_user("ann").await, ann);
    fill(&target, &service).await;
    let entries = agrees(&target, &client).await;
    let names: Vec<&str> = entries.iter().map(|(_, entry)| entry.name()).collect();
    assert_eq!(
        names,
        ["user.created", "user.deactivated", "user.reactivated"]
    );
    assert!(entries[1].1.data().deleted && entries[2].1.data().restored);
}
