//! The Events API: pages of a tenant's change feed.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use directory::journal::feed::{Feed, FeedEnds, StreamChange};
use directory::keys;
use directory::tenants::{Age, Closing, Tenant};
use directory::{Meter, Spent};
use jiff::{SignedDuration, Timestamp};
use keyring::TenantId;
use local::stack::TABLE;
use local::template::Mapping;
use scim_core::event::{Position, Subscription};
use serde_json::{Value, json};

use super::keys::{make, text};
use crate::support::moving::{self, Time};
use crate::support::stream::{mapping, records_by};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

/// A tenant and what fills its feed.
struct Fed {
    target: Target,
    time: Time,
    client: Client,
    tenant: Tenant,
    /// How many records of the stream were appended.
    appended: usize,
    /// How much later than the tenant the stream begins.
    streamed: SignedDuration,
}

impl Fed {
    async fn start() -> Self {
        let (target, time) = moving::start().await;
        let client = target.tenant().await;
        let id = TenantId::parse(tenant_of(&client)).expect("a tenant");
        let tenants = target.stack.service.tenants();
        let meter = Arc::new(Meter::default());
        let loaded = tenants.load(&id, Age::Current, Closing::Hide, &meter);
        let Ok(tenant) = loaded.await.map(Arc::unwrap_or_clone) else {
            panic!("no tenant")
        };
        Self {
            target,
            time,
            client,
            tenant,
            appended: 0,
            streamed: SignedDuration::ZERO,
        }
    }

    fn feed(&self) -> (Feed, Arc<Meter>) {
        let meter = Arc::new(Meter::default());
        let table = self.target.stack.service.table(&self.tenant.id, &meter);
        (Feed::new(table), meter)
    }

    /// Appends what is new in the stream, this number of records at once; `false` if the stream is not at hand.
    async fn append(&mut self, at_once: usize) -> bool {
        let every = Mapping {
            patterns: Vec::new(),
            batch_size: 1_000,
            ..mapping()
        };
        let Some(records) = records_by(&self.target, every).await else {
            return false;
        };
        let changes = records.iter().filter_map(StreamChange::read);
        let changes: Vec<_> = changes
            .map(|change| change.expect("a record can be read"))
            .filter(|change| change.tenant == self.tenant.id)
            .skip(self.appended)
            .collect();
        self.appended += changes.len();
        let began: Timestamp = self.tenant.created + self.streamed;
        for some in changes.chunks(at_once) {
            let records = some.iter().cloned().map(Ok).collect();
            let (feed, _) = self.feed();
            let appended = feed.append(records, &self.tenant, began, None, self.time.now());
            assert!(appended.await.expect("the table answers").left.is_empty());
        }
        true
    }

    fn path(&self) -> String {
        format!("/tenants/{}/events", self.tenant.id)
    }

    async fn page(&self, query: &str) -> Value {
        let path = format!("{}?{query}", self.path());
        self.target.admin().get(&path).await.expect(200).json()
    }

    async fn gone(&self, after: u64) -> (u64, u64) {
        let path = format!("{}?after={after}", self.path());
        let problem = self.target.admin().get(&path).await.expect(410).json();
        assert_eq!(problem["type"], "urn:muster:problem:gone");
        (number(&problem, "oldest"), number(&problem, "head"))
    }

    /// All events, in pages of this size.
    async fn all(&self, limit: usize) -> Vec<Value> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let page = self.page(&format!("after={after}&limit={limit}")).await;
            let some = page["events"].as_array().expect("events");
            assert!(some.len() <= limit);
            events.extend(some.iter().cloned());
            after = number(&page, "next");
            if after == number(&page, "head") {
                return events;
            }
            assert_eq!(some.len(), limit, "{page}");
        }
    }

    /// The cost of a page that a process reads which remembers `ends`.
    async fn cost(&self, after: u64, ends: &Arc<FeedEnds>) -> Spent {
        let (feed, meter) = self.feed();
        let all = Subscription::parse(["*"]).expect("a pattern");
        let after = Position::new(after).expect("a position");
        let feed = feed.remembered(ends, &self.tenant);
        let page = feed.page(after, 100, &all, self.time.now()).await;
        page.expect("a page");
        meter.spent()
    }
}

fn number(value: &Value, name: &str) -> u64 {
    value[name]
        .as_u64()
        .unwrap_or_else(|| panic!("no {name} in {value}"))
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| text(event, "type")).collect()
}

/// Changes of every kind: eight events.
async fn change(client: &Client) {
    let mut users = Vec::new();
    for name in ["ann", "bob", "cleo", "dan"] {
        users.push(client.create_user(name).await);
    }
    let group = client.create_group("Sales", &users[..2]).await;
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": users[2] }] }]);
    let path = format!("/Groups/{group}");
    client.patch(&path, join).await.expect_any(&[200, 204]);
    let path = format!("/Users/{}", users[3]);
    let off = json!([{ "op": "replace", "path": "active", "value": false }]);
    client.patch(&path, off).await.expect_any(&[200, 204]);
    client.delete(&path).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_every_size_join_to_the_whole_feed() {
    let mut fed = Fed::start().await;
    change(&fed.client).await;
    if !fed.append(3).await {
        return;
    }
    let whole = fed.all(1_000).await;
    let mut seen = types(&whole);
    assert_eq!(seen.last(), Some(&"user.deleted"));
    seen.sort_unstable();
    let created = ["user.created"; 4];
    let expected = ["group.created", "group.members_changed"].into_iter();
    let expected = expected.chain(created);
    let expected = expected.chain(["user.deactivated", "user.deleted"]);
    assert_eq!(seen, expected.collect::<Vec<_>>());
    for limit in 1..=9 {
        assert_eq!(fed.all(limit).await, whole, "{limit}");
    }
    let first = number(&whole[0], "position");
    for (event, position) in whole.iter().zip(first..) {
        assert_eq!(event["tenant"], fed.tenant.id.as_str());
        assert_eq!(number(event, "position"), position);
        let rest = fed.page(&format!("after={position}")).await;
        let rest = rest["events"].as_array().expect("events").clone();
        assert!(whole.ends_with(&rest), "{position}");
        let behind = whole.len() as u64 - (position - first) - 1;
        assert_eq!(rest.len() as u64, behind, "{position}");
    }
    let page = fed.page("limit=2").await;
    assert_eq!(number(&page, "oldest"), first);
    assert_eq!(number(&page, "next"), first + 1);
    assert_eq!(number(&page, "head"), first + 7);
    let end = fed.page(&format!("after={}", first + 7)).await;
    let nothing = json!({ "events": [], "next": first + 7, "head": first + 7, "oldest": first });
    assert_eq!(end, nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_moves_past_the_types_that_are_not_wanted() {
    let mut fed = Fed::start().await;
    change(&fed.client).await;
    if !fed.append(2).await {
        return;
    }
    for (query, expected) in [
        ("type=user.deleted", vec!["user.deleted"]),
        (
            "type=group.*",
            vec!["group.created", "group.members_changed"],
        ),
        (
            "type=group.created,user.deactivated",
            vec!["group.created", "user.deactivated"],
        ),
        (
            "type=user.deleted&type=group.created%2Cuser.deactivated",
            vec!["group.created", "user.deactivated", "user.deleted"],
        ),
        ("type=tenant.*", vec![]),
    ] {
        let page = fed.page(query).await;
        let events = page["events"].as_array().expect("events");
        assert_eq!(types(events), expected, "{query}");
        assert_eq!(page["next"], page["head"], "{query}");
        assert_eq!(number(&page, "head"), number(&page, "oldest") + 7);
    }
    assert_eq!(fed.all(100).await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_gone_and_says_where_the_feed_begins() {
    let mut fed = Fed::start().await;
    change(&fed.client).await;
    if !fed.append(4).await {
        return;
    }
    let first = number(&fed.all(100).await[0], "position");
    fed.time.pass(45 * 86_400);
    fed.client.create_user("eve").await;
    assert!(fed.append(4).await);
    let ends = (first + 8, first + 8);
    assert_eq!(fed.all(100).await.len(), 9);
    fed.time.pass(45 * 86_400 - 3_600);
    for after in [0, first - 1, first, first + 6] {
        assert_eq!(fed.gone(after).await, ends, "{after}");
    }
    let page = fed.page(&format!("after={}", first + 7)).await;
    assert_eq!(page["events"][0]["position"], first + 8);
    assert_eq!(number(&page, "oldest"), first + 8);
    assert_eq!(fed.gone(first + 9).await, ends);
    fed.time.pass(45 * 86_400);
    assert_eq!(fed.gone(first + 8).await, (0, 0));
    assert_eq!(fed.page("").await["events"], json!([]));
}

/// A batch that was the last one for months outlives those behind it.
#[tokio::test(flavor = "multi_thread")]
async fn a_feed_begins_behind_a_gap() {
    let mut fed = Fed::start().await;
    change(&fed.client).await;
    if !fed.append(2).await {
        return;
    }
    let first = number(&fed.all(100).await[0], "position");
    let lost = Position::new(first + 2).expect("a position");
    let key = keys::batch(&fed.tenant.id, lost);
    let delete = fed.target.stack.services.clients.dynamodb.delete_item();
    let delete = delete
        .table_name(TABLE)
        .key(keys::PARTITION_KEY, AttributeValue::S(key.pk))
        .key(keys::SORT_KEY, AttributeValue::S(key.sk));
    delete.send().await.expect("the batch is deleted");
    // The process forgets where the feed began.
    fed.time.pass(3_600);
    let ends = (first + 4, first + 7);
    for after in [0, first + 1, first + 2] {
        assert_eq!(fed.gone(after).await, ends, "{after}");
    }
    // What is before the gap can be read up to it.
    let page = fed.page(&format!("after={first}")).await;
    assert_eq!(number(&page, "next"), first + 1);
    assert_eq!(number(&page, "head"), first + 7);
    let page = fed.page(&format!("after={}", first + 3)).await;
    assert_eq!(page["events"].as_array().expect("events").len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_an_earlier_epoch_is_told_of_the_next_one() {
    let mut fed = Fed::start().await;
    change(&fed.client).await;
    if !fed.append(3).await {
        return;
    }
    let first = number(&fed.all(100).await[0], "position");
    fed.time.pass(600);
    fed.streamed = SignedDuration::from_secs(600);
    fed.client.create_user("eve").await;
    assert!(fed.append(3).await);
    for after in [first + 5, first + 7] {
        let page = fed.page(&format!("after={after}")).await;
        let events = page["events"].as_array().expect("events");
        let seen = types(events);
        assert!(seen.ends_with(&["directory.resync_required", "user.created"]));
        assert_eq!(seen.len() as u64, first + 9 - after, "{after}");
    }
    let whole = fed.all(1).await;
    assert_eq!(whole.len(), 10);
    let later = number(&whole[8], "position");
    assert!(later > first + 8, "another epoch");
    for after in [first + 8, later - 1, later + 2] {
        assert_eq!(fed.gone(after).await, (first, later + 1), "{after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_page_of_events_is_refused_with_what_to_change() {
    let fed = Fed::start().await;
    let admin = fed.target.admin();
    let path = fed.path();
    let afters =
        "after= after=x after=-1 after=1.5 after=1e3 after=9007199000000000 after=1&after=2";
    let others =
        "limit= limit=0 limit=1001 limit=x type= type=person.* type=user.created, type=user";
    for junk in afters.split(' ').chain(others.split(' ')) {
        let problem = admin
            .get(&format!("{path}?{junk}"))
            .await
            .expect(400)
            .json();
        let (name, _) = junk.split_once('=').expect("a parameter");
        assert!(
            text(&problem, "detail").contains(&format!("`{name}`")),
            "{junk}: {problem}"
        );
    }
    let nothing = json!({ "events": [], "next": 0, "head": 0, "oldest": 0 });
    for query in ["", "after=0", "after=0&limit=1000&type=*"] {
        assert_eq!(fed.page(query).await, nothing, "{query}");
    }
    assert_eq!(fed.gone(5).await, (0, 0));
    admin.get("/tenants/nobody-there/events").await.expect(404);
    for (scope, status) in [("events", 200), ("data", 403), ("read", 403)] {
        let key = json!({ "purpose": "x", "scopes": [scope] });
        let key = make(&admin, "/keys", key).await;
        let client = admin.with_token(text(&key, "token"));
        client.get(&path).await.expect(status);
    }
    let tenant = format!("/tenants/{}", fed.tenant.id);
    admin
        .post(&format!("{tenant}/off"), &json!({}))
        .await
        .expect(200);
    admin.get(&path).await.expect(200);
    admin.delete(&tenant).await.expect(202);
    admin.get(&path).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_finds_nothing_costs_one_call_and_one_unit() {
    let mut fed = Fed::start().await;
    for _ in 0..3 {
        change_many(&fed.client).await;
    }
    if !fed.append(100).await {
        return;
    }
    let head = number(&fed.page("limit=1").await, "head");
    let ends = Arc::default();
    // A new process reads the batch with the head, and the oldest ones.
    let first = fed.cost(head, &ends).await;
    assert_eq!(first.calls, 3, "{first:?}");
    for _ in 0..3 {
        let spent = fed.cost(head, &ends).await;
        assert_eq!((spent.calls, spent.round_trips), (1, 1), "{spent:?}");
        assert!(spent.reads <= 1.0, "{spent:?}");
    }
    fed.client.create_user("eve").await;
    assert!(fed.append(100).await);
    // What is new is one small batch.
    let spent = fed.cost(head, &ends).await;
    assert_eq!((spent.calls, spent.round_trips), (1, 1), "{spent:?}");
    assert!(spent.reads <= 1.0, "{spent:?}");
    let spent = fed.cost(head + 1, &ends).await;
    assert_eq!((spent.calls, spent.reads <= 1.0), (1, true), "{spent:?}");
    fed.time.pass(600);
    let spent = fed.cost(head + 1, &ends).await;
    assert!(spent.calls > 1, "the memory ends: {spent:?}");
}

/// Eighty events.
async fn change_many(client: &Client) {
    for _ in 0..40 {
        let number = client.create_group("Team", &[]).await;
        let rename = json!([{ "op": "replace", "path": "displayName", "value": number }]);
        let path = format!("/Groups/{number}");
        client.patch(&path, rename).await.expect_any(&[200, 204]);
    }
}
