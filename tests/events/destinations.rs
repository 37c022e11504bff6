//! Destinations as they are stored: at most twenty, and no change of what somebody has not seen.

use std::sync::Arc;

use directory::journal::destinations::{
    DeliveryStart, Destination, DestinationId, DestinationSettings, DestinationState,
    DestinationTenants, Destinations,
};
use directory::limits::{DESTINATIONS, FAILURES_IN_A_ROW};
use directory::{DirectoryError, Meter};
use futures_util::future::join_all;
use keyring::TenantId;
use scim_core::event::Subscription;
use service::clock::Ids;

use crate::support::Target;
use crate::support::moving;

fn settings(name: &str) -> DestinationSettings {
    DestinationSettings {
        name: name.to_owned(),
        url: "https://app.example/hook".to_owned(),
        types: Subscription::parse(["user.*"]).expect("a pattern"),
        tenants: DestinationTenants::All,
        batch: 1,
        from: DeliveryStart::Now,
    }
}

fn destinations(target: &Target) -> Destinations {
    let store = Arc::clone(target.stack.service.store());
    Destinations::new(store, Arc::new(Meter::default()))
}

fn id(number: u8) -> DestinationId {
    DestinationId::new([number; 10])
}

async fn create(target: &Target, number: u8) -> Option<Destination> {
    let (now, write) = (target.stack.service.now(), Ids::system().write());
    let settings = settings(&format!("App {number}"));
    let created = destinations(target)
        .create(id(number), settings, now, &write)
        .await;
    created.expect("the table answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_at_most_twenty_destinations_however_many_are_made_at_once() {
    let target = Target::start().await;
    let (many, most) = (
        30_u8,
        usize::try_from(DESTINATIONS).expect("a small number"),
    );
    let made = join_all((0..many).map(|number| create(&target, number))).await;
    assert_eq!(made.iter().flatten().count(), most);
    let all = destinations(&target).list().await.expect("a list");
    assert_eq!(all.len(), most);
    let write = Ids::system().write();
    let deleted = destinations(&target).delete(&all[3], &write).await;
    deleted.expect("it is as it was seen");
    // The answer was lost: the same deletion again takes nothing else away.
    let again = destinations(&target).delete(&all[3], &write).await;
    again.expect("the same write");
    assert!(create(&target, 101).await.is_some());
    assert!(create(&target, 102).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destination_changes_only_as_it_was_seen() {
    let target = Target::start().await;
    let all = destinations(&target);
    let write = || Ids::system().write();
    let seen = create(&target, 1).await.expect("there is room");
    assert_eq!(
        all.load(&id(1)).await.expect("it can be read"),
        Some(seen.clone())
    );
    let (first, other) = (write(), write());
    let changed = all.change(&seen, settings("Other"), &first).await;
    let changed = changed.expect("it is as it was seen");
    assert_eq!(
        (changed.version, changed.settings.name.as_str()),
        (2, "Other")
    );
    let repeated = all.change(&seen, settings("Other"), &first).await;
    assert_eq!(repeated.expect("the same write"), changed);
    for stale in [
        all.change(&seen, settings("Lost"), &other).await,
        all.pause(&seen, &other).await,
        all.resume(&seen, &other).await,
    ] {
        assert!(matches!(stale, Err(DirectoryError::Stale)), "{stale:?}");
    }
    let stale = all.delete(&seen, &other).await;
    assert!(matches!(stale, Err(DirectoryError::Stale)), "{stale:?}");
    let paused = all.pause(&changed, &write()).await.expect("as seen");
    assert_eq!(paused.state, DestinationState::Paused);
    all.delete(&paused, &write()).await.expect("as seen");
    let gone = all.pause(&paused, &write()).await;
    assert!(matches!(gone, Err(DirectoryError::Gone)), "{gone:?}");
    let gone = all.delete(&paused, &write()).await;
    assert!(matches!(gone, Err(DirectoryError::Gone)), "{gone:?}");
    assert_eq!(all.load(&id(1)).await.expect("nothing there"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_begin_to_fail_are_counted_until_one_succeeds() {
    let (target, _) = moving::start().await;
    let all = destinations(&target);
    let seen = create(&target, 1).await.expect("there is room");
    let tenant = |n: u32| TenantId::parse(&format!("tenant-{n}")).expect("a name");
    let mut noted = seen.clone();
    for n in 0..FAILURES_IN_A_ROW {
        assert!(!noted.is_failing(), "{n}");
        let counted = all.note_failure(&id(1), &tenant(n)).await;
        noted = counted.expect("the table answers").expect("it is there");
    }
    assert!(noted.is_failing());
    assert_eq!(noted.probe, Some(tenant(FAILURES_IN_A_ROW - 1)));
    assert_eq!(noted.version, seen.version);
    all.note_success(&id(1)).await.expect("the table answers");
    assert_eq!(
        all.load(&id(1)).await.expect("it can be read"),
        Some(seen.clone())
    );
    all.disable(&id(1), "it answered 410")
        .await
        .expect("the table answers");
    let disabled = all.load(&id(1)).await.expect("it can be read");
    let disabled = disabled.expect("it is there");
    assert_eq!(disabled.state, DestinationState::Disabled);
    assert_eq!(disabled.error.as_deref(), Some("it answered 410"));
    let stale = all.resume(&seen, &Ids::system().write()).await;
    assert!(matches!(stale, Err(DirectoryError::Stale)), "{stale:?}");
    let resumed = all.resume(&disabled, &Ids::system().write()).await;
    let resumed = resumed.expect("as seen");
    assert_eq!((resumed.state, resumed.error), (DestinationState::On, None));
    let gone = all.note_failure(&id(9), &tenant(1)).await;
    assert_eq!(gone.expect("the table answers"), None);
    all.note_success(&id(9)).await.expect("the table answers");
    assert_eq!(
        all.load(&id(9)).await.expect("nothing there"),
        None,
        "no leftover"
    );
}
