//! Requests that run out of time: before the commit, after it, and while the resource is read for the response.

use std::time::Duration;

use bytes::Bytes;
use directory::TimeLimits;
use http::{Method, Request};
use local::stack::service;
use serde_json::{Value, json};
use service::clock::{Clock, Ids};
use service::{Function, Origin};

use super::crowd::{Crowd, operation, set};
use crate::support::client::{group, patch};
use crate::support::listed::{found, members};
use crate::support::table::sound;

const NONE: Duration = Duration::ZERO;

/// Time for everything.
const AMPLE: TimeLimits = TimeLimits::AMPLE;
/// No time before the commit.
const NOT_PREPARED: TimeLimits = TimeLimits {
    prepare: NONE,
    ..AMPLE
};
/// No time after the commit.
const NOT_CARRIED_OUT: TimeLimits = TimeLimits {
    carry_out: NONE,
    ..AMPLE
};
/// No time to read the changed resource.
const NOT_SHOWN: TimeLimits = TimeLimits {
    show: NONE,
    ..AMPLE
};
/// No time at all.
const NOT_ANSWERED: TimeLimits = TimeLimits {
    answer: NONE,
    ..AMPLE
};

const NOTHING_CHANGED: &str = "the change did not fit into the time limit of a request, so nothing was changed; try again in a moment, or split the members over several requests";

/// More members than one transaction changes.
const MANY: usize = 40;

impl Crowd {
    /// Sends a request with these time limits; returns the status, whether there is a `Retry-After`, and the detail.
    async fn hurried(
        &self,
        patience: TimeLimits,
        (method, path, body): (&str, &str, &Value),
    ) -> (u16, bool, String) {
        let request = Request::builder()
            .method(Method::from_bytes(method.as_bytes()).unwrap())
            .uri(format!("{}{path}", self.client.base))
            .header("authorization", format!("Bearer {}", self.client.token))
            .header("content-type", "application/scim+json");
        let body = (!body.is_null()).then(|| Bytes::from(body.to_string()));
        let request = request.body(body.unwrap_or_default()).unwrap();
        let clients = &self.target.stack.services.clients;
        let service =
            service(clients, None, Clock::system(), Ids::system()).with_patience(patience);
        let response = service
            .handle(Function::CATCH_ALL, request, Origin::default())
            .await;
        let says_when = response.headers().contains_key("retry-after");
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        let detail = body["detail"].as_str().unwrap_or_default().to_owned();
        (response.status().as_u16(), says_when, detail)
    }

    /// Finishes the work as the function `events` does, and asserts that no task remains.
    async fn leaves_nothing(&self) {
        self.finish().await;
        let table = sound(&self.target, &self.client).await;
        assert!(table.keys("task").is_empty());
    }
}

fn change(op: &str, ids: &[String]) -> Value {
    patch(json!([operation(op, ids)]))
}

#[tokio::test(flavor = "multi_thread")]
async fn r07_a_large_change_that_is_not_prepared_in_time_changes_nothing_and_says_so() {
    let story = Crowd::with(2 * MANY).await;
    let (client, users) = (&story.client, &story.users);
    let id = client.create_group("Team", &users[..MANY]).await;
    let path = format!("/Groups/{id}");
    let before = story.version(&id).await;
    for (what, method, body, after) in [
        (
            "PUT",
            "PUT",
            group("Team", &users[MANY..]),
            set(&users[MANY..]),
        ),
        ("add", "PATCH", change("add", &users[..MANY]), set(users)),
        ("remove", "PATCH", change("remove", users), set(&[])),
        ("replace", "PATCH", change("replace", users), set(users)),
    ] {
        let (members_before, version) = (members(client, &id).await, story.version(&id).await);
        let late = story.hurried(NOT_PREPARED, (method, &path, &body)).await;
        assert_eq!(late, (503, true, NOTHING_CHANGED.to_owned()), "{what}");
        assert_eq!(members(client, &id).await, members_before, "{what}");
        assert_eq!(story.version(&id).await, version, "{what}");
        // A retry with enough time succeeds.
        let again = story.hurried(AMPLE, (method, &path, &body)).await;
        assert!((200..300).contains(&again.0), "{what}: {again:?}");
        assert_eq!(members(client, &id).await, after, "{what}");
    }
    assert_ne!(story.version(&id).await, before);
    let new = group("New", users);
    let late = story.hurried(NOT_PREPARED, ("POST", "/Groups", &new)).await;
    assert_eq!(late, (503, true, NOTHING_CHANGED.to_owned()));
    assert_eq!(
        found(client, "/Groups", "displayName eq \"New\"").await,
        set(&[])
    );
    let again = story.hurried(AMPLE, ("POST", "/Groups", &new)).await;
    assert_eq!(again.0, 201);
    story.leaves_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_in_many_groups_whose_deletion_is_not_prepared_in_time_stays_in_all_of_them() {
    let story = Crowd::with(1).await;
    let (client, user) = (&story.client, &story.users[0]);
    for number in 0..MANY {
        client
            .create_group(&format!("Team {number}"), &story.users)
            .await;
    }
    let path = format!("/Users/{user}");
    let filter = format!("members.value eq \"{user}\"");
    let late = story
        .hurried(NOT_PREPARED, ("DELETE", &path, &Value::Null))
        .await;
    assert_eq!(late, (503, true, NOTHING_CHANGED.to_owned()));
    client.get(&path).await.expect(200);
    assert_eq!(found(client, "/Groups", &filter).await.len(), MANY);
    let done = story
        .hurried(NOT_CARRIED_OUT, ("DELETE", &path, &Value::Null))
        .await;
    assert_eq!(done.0, 204);
    client.get(&path).await.expect(404);
    assert_eq!(found(client, "/Groups", &filter).await, set(&[]));
    // A retry finds the user deleted, even if other data is not cleared yet.
    let again = story
        .hurried(NOT_CARRIED_OUT, ("DELETE", &path, &Value::Null))
        .await;
    assert_eq!(again.0, 404);
    story.leaves_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_change_that_is_committed_in_time_succeeds_and_others_carry_it_out() {
    let story = Crowd::with(2 * MANY).await;
    let (client, users) = (&story.client, &story.users);
    let id = client.create_group("Team", &users[..MANY]).await;
    let path = format!("/Groups/{id}");
    for (what, method, body, status, after) in [
        (
            "PUT",
            "PUT",
            group("Team", &users[MANY..]),
            200,
            set(&users[MANY..]),
        ),
        (
            "add",
            "PATCH",
            change("add", &users[..MANY]),
            204,
            set(users),
        ),
        ("remove", "PATCH", change("remove", users), 204, set(&[])),
    ] {
        let done = story.hurried(NOT_CARRIED_OUT, (method, &path, &body)).await;
        assert_eq!(done.0, status, "{what}: {done:?}");
        assert_eq!(members(client, &id).await, after, "{what}");
        let version = story.version(&id).await;
        // A change of the same group cannot finish the first one either: it says so and changes nothing.
        let one = change("add", &users[..1]);
        let late = story.hurried(NOT_CARRIED_OUT, ("PATCH", &path, &one)).await;
        assert_eq!(late, (503, true, NOTHING_CHANGED.to_owned()), "{what}");
        assert_eq!(story.version(&id).await, version, "{what}");
        // A retry of the first request finds it done.
        let again = story.hurried(AMPLE, (method, &path, &body)).await;
        assert_eq!(again.0, status, "{what}: {again:?}");
        assert_eq!(members(client, &id).await, after, "{what}");
        assert_eq!(story.version(&id).await, version, "{what}");
    }
    let new = group("New", users);
    let done = story
        .hurried(NOT_CARRIED_OUT, ("POST", "/Groups", &new))
        .await;
    assert_eq!(done.0, 201);
    let again = story
        .hurried(NOT_CARRIED_OUT, ("POST", "/Groups", &new))
        .await;
    assert_eq!(again.0, 409);
    let made = found(client, "/Groups", "displayName eq \"New\"").await;
    let made = made.first().unwrap();
    assert_eq!(members(client, made).await, set(users));
    let path = format!("/Groups/{made}");
    let gone = story
        .hurried(NOT_CARRIED_OUT, ("DELETE", &path, &Value::Null))
        .await;
    assert_eq!(gone.0, 204);
    client.get(&path).await.expect(404);
    story.leaves_nothing().await;
    assert_eq!(members(client, &id).await, set(&[]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_made_and_cannot_be_shown_in_time_says_that_it_is_made() {
    let story = Crowd::with(MANY).await;
    let (client, users) = (&story.client, &story.users);
    let made = "the change was made, but there was no time left to return the resource; read it, and a group with `excludedAttributes=members`";
    let body = group("Team", users);
    let late = story.hurried(NOT_SHOWN, ("POST", "/Groups", &body)).await;
    assert_eq!(late, (503, true, made.to_owned()));
    let id = found(client, "/Groups", "displayName eq \"Team\"").await;
    let id = id.first().unwrap();
    assert_eq!(members(client, id).await, set(users));
    let path = format!("/Groups/{id}");
    let fewer = group("Team", &users[..1]);
    let late = story.hurried(NOT_SHOWN, ("PUT", &path, &fewer)).await;
    assert_eq!(late, (503, true, made.to_owned()));
    assert_eq!(members(client, id).await, set(&users[..1]));
    // A response without a resource needs no time to read it.
    let all = change("add", users);
    assert_eq!(
        story.hurried(NOT_SHOWN, ("PATCH", &path, &all)).await.0,
        204
    );
    assert_eq!(members(client, id).await, set(users));
    story.leaves_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_not_done_in_time_is_503_before_the_gateway_gives_up() {
    let story = Crowd::with(1).await;
    let id = story.client.create_group("Team", &story.users).await;
    let path = format!("/Groups/{id}");
    let reads = "the request timed out; request less with `count` or `excludedAttributes`, or try again in a moment";
    let writes = "the request timed out, and the change may or may not have been made; read the resource, or send the request again: a change is never made twice";
    let add = change("add", &story.users);
    for (method, path, body, detail) in [
        ("GET", "/Users", Value::Null, reads),
        ("GET", &path, Value::Null, reads),
        ("PATCH", &path, add, writes),
        ("DELETE", &path, Value::Null, writes),
    ] {
        let late = story.hurried(NOT_ANSWERED, (method, path, &body)).await;
        assert_eq!(late, (503, true, detail.to_owned()), "{method} {path}");
    }
    // Less than the 28 seconds after which Lambda ends the function, and the gateway's 30 seconds.
    let usual = TimeLimits::USUAL;
    assert!(usual.prepare <= usual.carry_out && usual.carry_out <= usual.show);
    assert!(usual.show < usual.answer && usual.answer < Duration::from_secs(27));
    assert_eq!(members(&story.client, &id).await, set(&story.users));
}
