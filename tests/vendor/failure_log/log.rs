//! The stored log: pages, searches, and erasure of people.

use directory::journal::{
    EntryFilter, EntryId, Journal, LoggedFailure, Person, Recorded, UserMatch,
};
use jiff::{SignedDuration, Timestamp};
use scim_core::ResourceId;

use super::log_of;
use crate::support::Target;

const KEPT: SignedDuration = SignedDuration::from_hours(24);
const ANN: &str = "2819c223-7f76-453a-919d-413861904646";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// An entry of this second, which is also its random part.
fn entry(second: u32, failure: LoggedFailure) -> Recorded<LoggedFailure> {
    let now = at(i64::from(second));
    Recorded {
        id: EntryId::new(now, second.to_be_bytes()),
        content: failure,
        count: 1,
        last: now,
        request_id: format!("r{second}"),
    }
}

fn about(name: &str) -> LoggedFailure {
    LoggedFailure {
        operation: "users.create".to_owned(),
        method: "POST".to_owned(),
        status: 409,
        cause: "taken".to_owned(),
        reason: "`userName` is taken".to_owned(),
        resource_type: Some("User".to_owned()),
        name: Some(name.to_owned()),
        ..LoggedFailure::default()
    }
}

/// All pages of `count` entries, and the number of pages.
async fn walk(
    log: &Journal,
    wanted: &EntryFilter,
    count: usize,
) -> (Vec<Recorded<LoggedFailure>>, usize) {
    let (mut all, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = log.failures(wanted, count, after.as_ref(), at(9_999)).await;
        let page = page.unwrap();
        assert!(page.entries.len() <= count);
        all.extend(page.entries);
        pages += 1;
        after = page.next;
        if after.is_none() {
            return (all, pages);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_come_newest_first_and_join_to_the_whole() {
    let target = Target::start().await;
    let log = log_of(&target, "acme");
    let entries: Vec<Recorded<LoggedFailure>> = (0..60)
        .map(|n| entry(n, about(&format!("user{n}"))))
        .collect();
    log.put(&entries, KEPT).await.unwrap();
    let newest_first: Vec<Recorded<LoggedFailure>> = entries.iter().rev().cloned().collect();
    for count in [1, 7, 60, 1_000] {
        assert_eq!(
            walk(&log, &EntryFilter::default(), count).await.0,
            newest_first
        );
    }
    let wanted = EntryFilter {
        from: Some(at(10)),
        until: Some(at(20)),
        ..EntryFilter::default()
    };
    let (found, _) = walk(&log, &wanted, 4).await;
    let expected: Vec<Recorded<LoggedFailure>> = entries[10..20].iter().rev().cloned().collect();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_looks_at_so_many_entries_for_a_page_and_goes_on() {
    let target = Target::start().await;
    let log = log_of(&target, "acme");
    let entries: Vec<Recorded<LoggedFailure>> = (0..2_500)
        .map(|n| entry(n, about(if n == 3 { "ann" } else { "bob" })))
        .collect();
    log.put(&entries, KEPT).await.unwrap();
    let wanted = EntryFilter {
        who: Some(UserMatch::Exactly("ann".to_owned())),
        ..EntryFilter::default()
    };
    let first = log.failures(&wanted, 10, None, at(9_999)).await.unwrap();
    assert!(first.entries.is_empty(), "the bound comes first");
    assert_eq!(first.next.map(|id| id.made()), Some(at(500)));
    let (found, pages) = walk(&log, &wanted, 10).await;
    assert_eq!((found, pages), (vec![entries[3].clone()], 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_happens_again_is_one_and_expires_after_its_last_time() {
    let target = Target::start().await;
    let log = log_of(&target, "acme");
    let mut once = entry(0, about("ann"));
    log.put(std::slice::from_ref(&once), KEPT).await.unwrap();
    (once.count, once.last) = (8, at(3_600));
    for _ in 0..2 {
        log.put(std::slice::from_ref(&once), KEPT).await.unwrap();
    }
    let end = 3_600 + 24 * 3_600;
    for (second, left) in [(end - 1, 1), (end, 0)] {
        let page = log
            .failures(&EntryFilter::default(), 10, None, at(second))
            .await;
        let entries = page.unwrap().entries;
        assert_eq!(entries.len(), left, "{second}");
        assert!(entries.iter().all(|entry| *entry == once));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_erased_by_name_and_by_id_and_nobody_else() {
    let target = Target::start().await;
    let (log, other) = (log_of(&target, "acme"), log_of(&target, "globex"));
    let by_id = LoggedFailure {
        name: None,
        resource: Some(ANN.to_owned()),
        ..about("")
    };
    let by_reason = LoggedFailure {
        resource_type: Some("Group".to_owned()),
        reason: format!("there is no user with the id `{ANN}`"),
        ..about("Sales")
    };
    let group_of_that_name = LoggedFailure {
        resource_type: Some("Group".to_owned()),
        ..about("ann")
    };
    let entries = [
        about("ANN"),
        by_id,
        by_reason,
        group_of_that_name,
        about("anna"),
    ];
    let entries: Vec<Recorded<LoggedFailure>> = (0..)
        .zip(entries)
        .map(|(n, failure)| entry(n, failure))
        .collect();
    log.put(&entries, KEPT).await.unwrap();
    other.put(&entries, KEPT).await.unwrap();
    let ann = Person {
        id: ResourceId::parse(ANN),
        names: vec!["ann".to_owned()],
    };
    assert_eq!(log.about(&ann, at(10)).await.unwrap().len(), 3);
    assert_eq!(log.erase(&ann).await.unwrap(), 3);
    assert_eq!(log.erase(&ann).await.unwrap(), 0);
    let left = walk(&log, &EntryFilter::default(), 10).await.0;
    assert_eq!(left, [entries[4].clone(), entries[3].clone()]);
    assert_eq!(walk(&other, &EntryFilter::default(), 10).await.0.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_put_for_a_tenant_that_there_is_not() {
    let target = Target::start().await;
    target.stack.tenant("acme", None).await.unwrap();
    let write = || service::clock::Ids::system().write();
    for (tenant, is_there) in [("acme", true), ("nobody", false)] {
        let log = log_of(&target, tenant);
        let put = log
            .put_if_there(&entry(0, about("ann")), KEPT, &write())
            .await;
        assert_eq!(put.unwrap(), is_there);
        let found = walk(&log, &EntryFilter::default(), 10).await.0;
        assert_eq!(found.len(), usize::from(is_there), "{tenant}");
    }
}
