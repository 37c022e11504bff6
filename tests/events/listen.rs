//! `cargo run -- listen`: events are printed and forwarded once, in order and signed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use delivery::outbound::Loopback;
use delivery::signature;
use local::listen::{ApiError, ListenFrom, ListenPlan, Listener, Round, StackAccess, secret_of};
use scim_core::event::Position;
use serde_json::{Value, json};
use service::Function;
use service::clock::Clock;

use super::LONG;
use super::feed::fill;
use crate::support::receiver::{Received, Receiver};
use crate::support::table::tenant_of;
use crate::support::{Client, Target};

fn plan(client: &Client) -> ListenPlan {
    ListenPlan {
        tenant: Some(tenant_of(client).to_owned()),
        types: None,
        after: ListenFrom::Position(Position::BEGINNING),
        forward_to: None,
        batch: 1,
        json: true,
        coloured: false,
    }
}

fn access(target: &Target) -> StackAccess {
    StackAccess {
        url: format!("http://{}", target.stack.address),
        key: target.stack.admin_key.clone(),
    }
}

type Buffered = Listener<Vec<u8>, Vec<u8>>;

async fn start(target: &Target, plan: ListenPlan) -> Result<Buffered, ApiError> {
    let (clock, out, notes) = (Clock::system(), Vec::new(), Vec::new());
    Listener::start(plan, access(target), clock, out, notes).await
}

async fn listen_until_idle(listener: &mut Buffered) {
    while listener.turn().await.expect("the stack answers") == Round::Busy {}
}

fn forwarding_to(receiver: &Receiver, plan: ListenPlan) -> ListenPlan {
    let target = Loopback::of_the_local_stack().target(&receiver.url());
    ListenPlan {
        forward_to: Some(target.expect("an address of this machine")),
        ..plan
    }
}

/// The events in a request, whose signature must be good.
fn events_of(target: &Target, received: &Received) -> Vec<Value> {
    let secret = [secret_of(&target.stack.admin_key)];
    let (headers, now) = (&received.headers, Clock::system().now());
    let id = signature::verify(&secret, headers, &received.body, now).expect("signed");
    let body: Value = serde_json::from_slice(&received.body).expect("JSON");
    assert_eq!(body.to_string().as_bytes(), received.body);
    if body["type"] == "events" {
        assert!(id.starts_with("bat_"), "{id}");
        return body["data"]["events"].as_array().expect("a list").clone();
    }
    assert_eq!(body["id"], id);
    vec![body]
}

/// A user joins a group, is renamed and deleted. Five events.
async fn story(client: &Client) {
    let user = client.create_user("ann@example.com").await;
    let group = client
        .create_group("Sales", std::slice::from_ref(&user))
        .await;
    let renamed = json!([{"op": "replace", "path": "displayName", "value": "Ann"}]);
    client
        .patch(&format!("/Users/{user}"), renamed)
        .await
        .expect_any(&[200, 204]);
    let left = json!([{"op": "remove", "path": "members"}]);
    client
        .patch(&format!("/Groups/{group}"), left)
        .await
        .expect_any(&[200, 204]);
    client.delete(&format!("/Users/{user}")).await.expect(204);
}

const STORY: [&str; 5] = [
    "user.created",
    "group.created",
    "user.updated",
    "group.members_changed",
    "user.deleted",
];

fn types(events: &[Value]) -> Vec<&str> {
    let kinds = events.iter().map(|event| event["type"].as_str());
    kinds.map(Option::unwrap_or_default).collect()
}

#[tokio::test]
async fn events_are_printed_and_forwarded_signed_and_in_order() {
    let target = Target::start().await;
    let client = target.tenant().await;
    story(&client).await;
    let service = target.stack.of(Function::Feed);
    let Some(()) = fill(&target, &service).await else {
        return;
    };
    for batch in [1, 2, 100] {
        let receiver = Receiver::start(|_| 204).await;
        let plan = ListenPlan {
            batch,
            ..forwarding_to(&receiver, plan(&client))
        };
        let mut listener = start(&target, plan).await.expect("a tenant");
        listen_until_idle(&mut listener).await;
        listen_until_idle(&mut listener).await;
        let requests = receiver.received();
        assert_eq!(requests.len(), STORY.len().div_ceil(batch));
        let events: Vec<Value> = requests
            .iter()
            .flat_map(|received| events_of(&target, received))
            .collect();
        assert_eq!(types(&events), STORY);
        let mut last = 0;
        for event in &events {
            assert_eq!(event["previous"].as_u64(), Some(last), "{event}");
            last = event["position"].as_u64().expect("a position");
        }
        let printed = String::from_utf8(listener.into_output()).expect("text");
        let printed: Vec<Value> = printed
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        let without_previous: Vec<Value> = events
            .into_iter()
            .map(|mut event| {
                event.as_object_mut().expect("an event").remove("previous");
                event
            })
            .collect();
        assert_eq!(printed, without_previous);
    }
}

#[tokio::test]
async fn types_are_chosen_by_the_stack_and_leave_no_gap() {
    let target = Target::start().await;
    let client = target.tenant().await;
    story(&client).await;
    let service = target.stack.of(Function::Feed);
    let Some(()) = fill(&target, &service).await else {
        return;
    };
    let receiver = Receiver::start(|_| 200).await;
    let plan = ListenPlan {
        types: Some("group.*,user.deleted".to_owned()),
        ..forwarding_to(&receiver, plan(&client))
    };
    let mut listener = start(&target, plan).await.expect("a tenant");
    listen_until_idle(&mut listener).await;
    let requests = receiver.received();
    let events: Vec<Value> = requests
        .iter()
        .flat_map(|received| events_of(&target, received))
        .collect();
    assert_eq!(
        types(&events),
        ["group.created", "group.members_changed", "user.deleted"]
    );
    assert_eq!(events[1]["previous"], events[0]["position"]);
    assert_eq!(events[2]["previous"], events[1]["position"]);
}

#[tokio::test]
async fn a_failed_delivery_is_repeated_and_holds_up_its_own_tenant_only() {
    let target = Target::start().await;
    let (failing, other) = (target.tenant().await, target.tenant().await);
    for client in [&failing, &other] {
        client.create_user("ann@example.com").await;
        client.create_user("bob@example.com").await;
    }
    let service = target.stack.of(Function::Feed);
    let Some(()) = fill(&target, &service).await else {
        return;
    };
    let (name, failures) = (tenant_of(&failing).to_owned(), Arc::new(AtomicU32::new(0)));
    let count = Arc::clone(&failures);
    let receiver = Receiver::start(move |body| {
        let fails = body.contains(&name) && count.fetch_add(1, Ordering::SeqCst) == 0;
        if fails { 500 } else { 200 }
    })
    .await;
    let plan = ListenPlan {
        tenant: None,
        ..forwarding_to(&receiver, plan(&failing))
    };
    let mut listener = start(&target, plan).await.expect("tenants");
    listen_until_idle(&mut listener).await;
    let of = |client: &Client| {
        let requests = receiver.received();
        let bodies = requests.iter().flat_map(|one| events_of(&target, one));
        let own = bodies.filter(|event| event["tenant"] == tenant_of(client));
        own.map(|event| event["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((of(&failing).len(), of(&other).len()), (1, 2));
    while of(&failing).len() < 3 {
        listen_until_idle(&mut listener).await;
        tokio::time::sleep(LONG / 600).await;
    }
    // The same event again, then the next.
    let ids = of(&failing);
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
    assert_eq!(of(&other).len(), 2);
}

#[tokio::test]
async fn a_tenant_that_is_made_later_is_listened_to_from_its_beginning() {
    let target = Target::start().await;
    let first = target.tenant().await;
    let plan = ListenPlan {
        tenant: None,
        after: ListenFrom::Now,
        ..plan(&first)
    };
    let mut listener = start(&target, plan).await.expect("a tenant");
    let later = target.tenant().await;
    later.create_user("ann@example.com").await;
    let service = target.stack.of(Function::Feed);
    let Some(()) = fill(&target, &service).await else {
        return;
    };
    while listener.output().is_empty() {
        listen_until_idle(&mut listener).await;
        tokio::time::sleep(LONG / 600).await;
    }
    let printed = String::from_utf8(listener.into_output()).expect("text");
    let event: Value = serde_json::from_str(&printed).expect("one event");
    assert_eq!(
        (event["type"].as_str(), event["tenant"].as_str()),
        (Some("user.created"), Some(tenant_of(&later)))
    );
}

#[tokio::test]
async fn what_cannot_work_ends_with_a_reason() {
    let target = Target::start().await;
    let client = target.tenant().await;
    client.create_user("ann@example.com").await;
    let service = target.stack.of(Function::Feed);
    let Some(()) = fill(&target, &service).await else {
        return;
    };
    let absent = ListenPlan {
        tenant: Some("nobody".to_owned()),
        ..plan(&client)
    };
    let old = ListenPlan {
        after: ListenFrom::Position(Position::new(4711).expect("a position")),
        ..plan(&client)
    };
    let unknown = ListenPlan {
        types: Some("users.*".to_owned()),
        ..plan(&client)
    };
    for (plan, part) in [
        (absent, "there is no tenant nobody"),
        (old, "are gone: the feed begins at"),
        (unknown, "400: "),
    ] {
        let error = start(&target, plan).await.err().expect("an error");
        assert!(error.to_string().contains(part), "{error}");
    }
    let wrong = |access: StackAccess| {
        Listener::start(
            plan(&client),
            access,
            Clock::system(),
            Vec::new(),
            Vec::<u8>::new(),
        )
    };
    let keyless = StackAccess {
        key: "x".repeat(40),
        ..access(&target)
    };
    let error = wrong(keyless).await.err();
    assert!(matches!(error, Some(ApiError::Key)), "{error:?}");
    let nowhere = StackAccess {
        url: "http://127.0.0.1:1".to_owned(),
        ..access(&target)
    };
    let error = wrong(nowhere).await.err();
    assert!(matches!(error, Some(ApiError::NotThere(_))), "{error:?}");

    let receiver = Receiver::start(|_| 410).await;
    let plan = forwarding_to(&receiver, plan(&client));
    let mut listener = start(&target, plan).await.expect("a tenant");
    let ended = listener.turn().await;
    assert!(matches!(ended, Err(ApiError::Unwanted)), "{ended:?}");
}
