//! Whole entries, as receivers get them.

use serde_json::{Value, json};

use super::*;
use crate::event::ResyncReason;

/// The whole entry, with what all of them have in common.
#[track_caller]
fn is(entry: &FeedEntry, name: &str, timestamp: &str, txn: &str, data: &Value) {
    let expected = json!({
        "id": "evt_g8lj7bc7o54a0001m606bom004",
        "type": name,
        "timestamp": timestamp,
        "tenant": "acme",
        "position": 476_640_000_000_001_u64,
        "txn": txn,
        "by": "key_7",
        "requestId": "req-1",
        "data": data,
    });
    // As text, because the order of members is part of it.
    assert_eq!(outward(entry).to_string(), expected.to_string());
}

fn shown(v: u64, title: Option<&str>, is_active: bool, modified: &str) -> Value {
    let mut shown = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": id(1),
        "userName": "ann@example.com",
        "title": title,
        "active": is_active,
        "emails": [{ "value": "Ann@Example.com", "type": "work", "primary": true }],
        "meta": {
            "resourceType": "User",
            "created": "2026-11-28T10:00:00.123Z",
            "lastModified": modified,
            "version": format!("W/\"{v}\""),
        },
    });
    if title.is_none() {
        shown.as_object_mut().unwrap().shift_remove("title");
    }
    shown
}

const AT: &str = "2026-11-28T11:30:00.500Z";
const DELETED: &str = "2026-11-28T12:00:00.000Z";

#[test]
fn user_created() {
    let found = entries(None, Some(&user(1, ann())), None);
    is(
        &found[0],
        "user.created",
        AT,
        "w1",
        &json!({
            "id": id(1),
            "version": 1,
            "resource": shown(1, None, true, AT),
            "emails": ["ann@example.com"],
        }),
    );
}

#[test]
fn user_updated() {
    let mut attributes = ann();
    attributes["title"] = json!("Dr");
    let mut after = user(2, attributes);
    after.password = PasswordMark::of(Some("hash"));
    let mut before = user(1, ann());
    before.waiting = true;
    let found = entries(Some(&before), Some(&after), None);
    is(
        &found[0],
        "user.updated",
        AT,
        "w1",
        &json!({
            "id": id(1),
            "version": 2,
            "previousVersion": 1,
            "resource": shown(2, Some("Dr"), true, AT),
            "emails": ["ann@example.com"],
            "changed": ["title", "password"],
            "adopted": true,
        }),
    );
}

#[test]
fn user_deactivated_and_reactivated() {
    let mut attributes = ann();
    attributes["active"] = json!(false);
    let (on, off) = (user(1, ann()), user(2, attributes.clone()));
    let found = entries(Some(&on), Some(&off), None);
    is(
        &found[0],
        "user.deactivated",
        AT,
        "w1",
        &json!({
            "id": id(1),
            "version": 2,
            "previousVersion": 1,
            "resource": shown(2, None, false, AT),
            "emails": ["ann@example.com"],
            "changed": ["active"],
            "before": { "active": true },
        }),
    );
    let found = entries(Some(&user(2, attributes)), Some(&user(3, ann())), None);
    is(
        &found[0],
        "user.reactivated",
        AT,
        "w1",
        &json!({
            "id": id(1),
            "version": 3,
            "previousVersion": 2,
            "resource": shown(3, None, true, AT),
            "emails": ["ann@example.com"],
            "changed": ["active"],
            "before": { "active": false },
        }),
    );
}

#[test]
fn user_deleted() {
    let found = entries(Some(&user(4, ann())), None, Some(&gone(false)));
    is(
        &found[0],
        "user.deleted",
        DELETED,
        "w9",
        &json!({
            "id": id(1),
            "version": 5,
            "previousVersion": 4,
            "emails": ["ann@example.com"],
            "before": shown(4, None, true, AT),
        }),
    );
}

#[test]
fn user_deleted_and_kept_and_restored() {
    let found = entries(Some(&user(4, ann())), None, Some(&gone(true)));
    is(
        &found[0],
        "user.deactivated",
        DELETED,
        "w9",
        &json!({
            "id": id(1),
            "version": 5,
            "previousVersion": 4,
            "resource": shown(5, None, false, DELETED),
            "emails": ["ann@example.com"],
            "changed": ["active"],
            "before": { "active": true },
            "deleted": true,
        }),
    );
    let found = entries(None, Some(&user(6, ann())), None);
    is(
        &found[0],
        "user.reactivated",
        AT,
        "w1",
        &json!({
            "id": id(1),
            "version": 6,
            "resource": shown(6, None, true, AT),
            "emails": ["ann@example.com"],
            "restored": true,
        }),
    );
}

fn shown_group(v: u64, name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": id(2),
        "displayName": name,
        "meta": {
            "resourceType": "Group",
            "created": "2026-11-28T10:00:00.123Z",
            "lastModified": AT,
            "version": format!("W/\"{v}\""),
        },
    })
}

fn named(v: u64, name: &str) -> StoredVersion {
    group(v, json!({ "displayName": name }))
}

#[test]
fn group_created() {
    let members = delta(&[(ResourceKind::User, 1), (ResourceKind::Group, 3)], &[]);
    let found = entries(None, Some(&with(named(1, "All"), members)), None);
    is(
        &found[0],
        "group.created",
        AT,
        "w1",
        &json!({
            "id": id(2),
            "version": 1,
            "resource": shown_group(1, "All"),
            "members": { "added": [
                { "type": "User", "value": id(1) },
                { "type": "Group", "value": id(3) },
            ] },
        }),
    );
}

#[test]
fn group_updated_and_its_members() {
    let members = || delta(&[(ResourceKind::User, 1)], &[(ResourceKind::User, 4)]);
    let lists = json!({
        "added": [{ "type": "User", "value": id(1) }],
        "removed": [{ "type": "User", "value": id(4) }],
    });
    let found = entries(
        Some(&named(1, "All")),
        Some(&with(named(2, "Some"), members())),
        None,
    );
    is(
        &found[0],
        "group.updated",
        AT,
        "w1",
        &json!({
            "id": id(2),
            "version": 2,
            "previousVersion": 1,
            "resource": shown_group(2, "Some"),
            "changed": ["displayName"],
            "before": { "displayName": "All" },
            "members": lists,
        }),
    );
    let found = entries(
        Some(&named(1, "All")),
        Some(&with(named(2, "All"), members())),
        None,
    );
    is(
        &found[0],
        "group.members_changed",
        AT,
        "w1",
        &json!({
            "id": id(2),
            "version": 2,
            "previousVersion": 1,
            "resource": shown_group(2, "All"),
            "members": lists,
        }),
    );
}

#[test]
fn group_deleted() {
    let found = entries(Some(&named(3, "All")), None, Some(&gone(false)));
    is(
        &found[0],
        "group.deleted",
        DELETED,
        "w9",
        &json!({
            "id": id(2),
            "version": 4,
            "previousVersion": 3,
            "before": shown_group(3, "All"),
        }),
    );
}

#[test]
fn directory_and_test_events() {
    let time = instant(RECORDED);
    let unreadable = FeedEntry::resync_required(ResyncReason::Unreadable, Some("4711"), time);
    for (entry, name, data) in [
        (
            unreadable,
            "directory.resync_required",
            json!({ "reason": "unreadable", "record": "4711" }),
        ),
        (
            FeedEntry::resync_required(ResyncReason::Restored, None, time),
            "directory.resync_required",
            json!({ "reason": "restored" }),
        ),
        (FeedEntry::baseline(time), "directory.baseline", json!({})),
        (
            FeedEntry::test(time, Stamp::default()),
            "test.event",
            json!({}),
        ),
    ] {
        let expected = json!({
            "id": "evt_g8lj7bc7o54a0001m606bom004",
            "type": name,
            "timestamp": DELETED,
            "tenant": "acme",
            "position": 476_640_000_000_001_u64,
            "data": data,
        });
        assert_eq!(outward(&entry).to_string(), expected.to_string());
    }
}

#[test]
fn a_delivery_names_the_position_before() {
    let entry = FeedEntry::baseline(instant(RECORDED));
    let position = |value| Position::new(value).unwrap();
    let sent = entry
        .outward("acme", position(9_000_000_007))
        .after(position(9_000_000_004));
    let sent = serde_json::to_value(sent).unwrap();
    assert_eq!(sent["position"], 9_000_000_007_u64);
    assert_eq!(sent["previous"], 9_000_000_004_u64);
}
