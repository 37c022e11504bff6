//! Which entries follow from which change.

use serde_json::{Value, json};

use super::*;
use crate::event::{
    BrokenHistory, Effect, EntryKey, PART_MEMBERS, ResyncReason, arranged, print, read,
};

fn names(entries: &[FeedEntry]) -> Vec<&str> {
    entries.iter().map(FeedEntry::name).collect()
}

fn active(v: u64, is_active: bool) -> StoredVersion {
    user(v, json!({ "userName": "ann", "active": is_active }))
}

fn waiting(mut version: StoredVersion) -> StoredVersion {
    version.waiting = true;
    version
}

fn hashed(mut version: StoredVersion, hash: &str) -> StoredVersion {
    version.password = PasswordMark::of(Some(hash));
    version
}

/// The only entry of a change of users: its name and the members of `data` that are not in every entry.
fn told(before: Option<&StoredVersion>, after: Option<&StoredVersion>, kept: bool) -> Value {
    let found = entries(before, after, Some(&gone(kept)));
    let [entry] = found.as_slice() else {
        panic!("{found:?}");
    };
    let mut data = object(outward(entry)["data"].clone());
    for common in ["id", "resource", "emails", "members"] {
        data.shift_remove(common);
    }
    json!([entry.name(), data])
}

#[test]
fn every_new_user_has_its_entry() {
    let old = |v| Some(active(v, true));
    let off = |v| Some(active(v, false));
    for (before, after, entry) in [
        (None, old(1), json!(["user.created", { "version": 1 }])),
        (None, off(1), json!(["user.created", { "version": 1 }])),
        (
            None,
            Some(waiting(active(1, true))),
            json!(["user.created", { "version": 1, "imported": true }]),
        ),
        (
            None,
            old(7),
            json!(["user.reactivated", { "version": 7, "restored": true }]),
        ),
        (
            None,
            off(7),
            json!(["user.updated", { "version": 7, "restored": true }]),
        ),
    ] {
        assert_eq!(told(before.as_ref(), after.as_ref(), true), entry);
    }
}

#[test]
fn every_change_of_a_user_has_its_entry() {
    let old = |v| Some(active(v, true));
    let off = |v| Some(active(v, false));
    for (before, after, entry) in [
        (
            old(3),
            off(4),
            json!(["user.deactivated", { "version": 4, "previousVersion": 3,
                "changed": ["active"], "before": { "active": true } }]),
        ),
        (
            off(3),
            old(4),
            json!(["user.reactivated", { "version": 4, "previousVersion": 3,
                "changed": ["active"], "before": { "active": false } }]),
        ),
        (
            old(3),
            Some(user(
                4,
                json!({ "userName": "ann", "active": true, "title": "Dr" }),
            )),
            json!(["user.updated", { "version": 4, "previousVersion": 3, "changed": ["title"] }]),
        ),
        (
            Some(user(
                3,
                json!({ "userName": "ann", "active": true, "title": "Dr" }),
            )),
            old(4),
            json!(["user.updated", { "version": 4, "previousVersion": 3,
                "changed": ["title"], "before": { "title": "Dr" } }]),
        ),
        (
            Some(hashed(active(3, true), "a")),
            Some(hashed(active(4, true), "b")),
            json!(["user.updated", { "version": 4, "previousVersion": 3, "changed": ["password"] }]),
        ),
        (
            Some(waiting(active(3, true))),
            old(4),
            json!(["user.updated", { "version": 4, "previousVersion": 3, "adopted": true }]),
        ),
        (
            Some(waiting(active(3, true))),
            off(4),
            json!(["user.deactivated", { "version": 4, "previousVersion": 3,
                "changed": ["active"], "before": { "active": true }, "adopted": true }]),
        ),
    ] {
        assert_eq!(told(before.as_ref(), after.as_ref(), true), entry);
    }
}

#[test]
fn a_deletion_has_the_version_after_the_last() {
    let deleted = told(Some(&active(4, true)), None, false);
    assert_eq!(deleted[0], "user.deleted");
    assert_eq!(deleted[1]["version"], 5);
    assert_eq!(deleted[1]["previousVersion"], 4);
    assert_eq!(deleted[1]["before"]["userName"], "ann");
    let kept = told(Some(&active(4, true)), None, true);
    assert_eq!(
        kept,
        json!(["user.deactivated", { "version": 5, "previousVersion": 4, "deleted": true,
            "changed": ["active"], "before": { "active": true } }])
    );
    let kept = told(Some(&active(4, false)), None, true);
    assert_eq!(
        kept,
        json!(["user.deactivated", { "version": 5, "previousVersion": 4, "deleted": true }])
    );
    // The deletion left nothing that is found.
    let found = entries(Some(&active(4, true)), None, None);
    assert_eq!(names(&found), ["user.deleted"]);
    assert_eq!(found[0].stamp(), &Stamp::default());
    assert_eq!(found[0].timestamp(), instant(RECORDED));
}

#[test]
fn every_change_of_a_group_has_its_entry() {
    let named = |v, name: &str| group(v, json!({ "displayName": name }));
    let joins = || delta(&[(ResourceKind::User, 1)], &[]);
    for (before, after, name, members) in [
        (None, Some(named(1, "a")), "group.created", json!(null)),
        (
            None,
            Some(with(named(1, "a"), joins())),
            "group.created",
            json!({ "added": [{ "type": "User", "value": id(1) }] }),
        ),
        (
            Some(named(1, "a")),
            Some(with(named(2, "b"), joins())),
            "group.updated",
            json!({ "added": [{ "type": "User", "value": id(1) }] }),
        ),
        (
            Some(named(1, "a")),
            Some(named(2, "b")),
            "group.updated",
            json!(null),
        ),
        (
            Some(named(1, "a")),
            Some(with(named(2, "a"), delta(&[], &[(ResourceKind::Group, 3)]))),
            "group.members_changed",
            json!({ "removed": [{ "type": "Group", "value": id(3) }] }),
        ),
        (
            Some(with(named(1, "a"), joins())),
            Some(with(named(2, "a"), MemberChange::Unknown)),
            "group.members_changed",
            json!({ "unknown": true }),
        ),
        (
            Some(named(1, "a")),
            Some(with(named(2, "a"), MemberChange::Listed(3))),
            "group.members_changed",
            json!({ "unknown": true }),
        ),
        (
            Some(with(named(2, "a"), joins())),
            None,
            "group.deleted",
            json!(null),
        ),
    ] {
        let found = entries(before.as_ref(), after.as_ref(), Some(&gone(false)));
        assert_eq!(names(&found), [name]);
        assert_eq!(outward(&found[0])["data"]["members"], members, "{name}");
    }
}

#[test]
fn without_a_new_version_there_is_no_entry() {
    let mut touched = active(3, true);
    touched.stamp = stamp("w2");
    assert!(entries(Some(&active(3, true)), Some(&touched), None).is_empty());
    let head = group(3, json!({ "displayName": "a" }));
    let closed = with(head.clone(), MemberChange::Unknown);
    assert!(entries(Some(&head), Some(&closed), None).is_empty());
    assert!(VersionChange::between(None, None, Some(&gone(true))).is_none());
}

#[test]
fn versions_that_cannot_follow_each_other_are_an_error() {
    let other = version(ResourceKind::User, 8, 4, json!({ "userName": "bob" }));
    let of_group = version(ResourceKind::Group, 1, 4, json!({ "displayName": "a" }));
    for after in [active(2, true), other, of_group] {
        let before = active(3, true);
        let change = VersionChange::between(Some(&before), Some(&after), None).unwrap();
        let derived = derive(change, instant(RECORDED), Catalogue::standard());
        assert_eq!(derived, Err(BrokenHistory));
    }
}

#[test]
fn changed_names_attributes_and_before_has_their_former_values() {
    const E: &str = crate::urn::ENTERPRISE_USER;
    let before = user(
        1,
        json!({
            "userName": "ann", "active": true, "title": "Dr", "externalId": "7",
            "name": { "givenName": "Ann", "familyName": "Berg" },
            "emails": [{ "value": "a@x.com" }, { "value": "b@x.com" }],
            E: { "department": "A", "costCenter": "1" },
        }),
    );
    let after = user(
        2,
        json!({
            "userName": "ann", "active": true, "externalId": "8", "nickName": "A",
            "name": { "givenName": "Ann", "familyName": "Borg" },
            "emails": [{ "value": "a@x.com" }, { "value": "b@x.com" }],
            E: { "department": "B", "costCenter": "1", "division": "D" },
        }),
    );
    let found = entries(Some(&before), Some(&after), None);
    let data = &outward(&found[0])["data"];
    assert_eq!(
        data["changed"],
        json!([
            "externalId",
            "name",
            "nickName",
            "title",
            format!("{E}:division"),
            format!("{E}:department"),
        ])
    );
    assert_eq!(
        data["before"],
        json!({
            "externalId": "7",
            "name": { "givenName": "Ann", "familyName": "Berg" },
            "title": "Dr",
            E: { "department": "A" },
        })
    );
}

#[test]
fn the_order_of_stored_members_is_no_change() {
    let before = group(1, json!({ "externalId": "7", "displayName": "a" }));
    let after = group(2, json!({ "displayName": "a", "externalId": "7" }));
    assert_eq!(
        names(&entries(Some(&before), Some(&after), None)),
        ["group.members_changed"]
    );
}

#[test]
fn a_password_and_its_hash_are_in_no_entry() {
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
    let before = hashed(user(1, ann()), "$argon2id$other");
    let after = hashed(user(2, ann()), hash);
    for (before, after) in [
        (None, Some(&before)),
        (Some(&before), Some(&after)),
        (Some(&after), None),
    ] {
        let found = entries(before, after, Some(&gone(true)));
        let text = outward(&found[0]).to_string();
        assert!(!text.contains("argon2"), "{text}");
        assert!(!format!("{found:?}").contains("ann"), "{found:?}");
    }
}

#[test]
fn addresses_are_given_in_small_letters_each_once() {
    let emails = json!([
        { "value": "Ann@Example.com", "type": "work" },
        { "value": "ann@example.com", "type": "home" },
        { "type": "other" },
        { "value": "ÅSA@EXAMPLE.COM" },
    ]);
    let version = user(
        1,
        json!({ "userName": "ann", "active": true, "emails": emails }),
    );
    let created = outward(&entries(None, Some(&version), None)[0]);
    assert_eq!(
        created["data"]["emails"],
        json!(["ann@example.com", "åsa@example.com"])
    );
    let deleted = outward(&entries(Some(&version), None, None)[0]);
    assert_eq!(deleted["data"]["emails"], created["data"]["emails"]);
}

fn crowd(joined: u32, left: u32) -> StoredVersion {
    let members = |from: u32, count: u32| {
        let ids = from..from + count;
        ids.map(|n| (ResourceKind::User, n)).collect::<Vec<_>>()
    };
    let change = delta(&members(10, joined), &members(100_000, left));
    with(group(5, json!({ "displayName": "a" })), change)
}

#[test]
fn more_than_a_thousand_members_come_in_parts() {
    let before = group(4, json!({ "displayName": "a" }));
    for (joined, left, sizes) in [
        (0, 0, vec![0]),
        (1_000, 0, vec![1_000]),
        (400, 600, vec![1_000]),
        (1_001, 0, vec![1_000, 1]),
        (1_500, 1_499, vec![1_000, 1_000, 999]),
        (25_000, 0, vec![1_000; 25]),
    ] {
        let after = crowd(joined, left);
        let found = entries(Some(&before), Some(&after), None);
        let lists = found.iter().map(|entry| &entry.data().members);
        let counted: Vec<usize> = lists
            .map(|list| list.added.len() + list.removed.len())
            .collect();
        assert_eq!(counted, sizes);
        let parts = u32::try_from(sizes.len()).unwrap();
        for (number, entry) in (1..).zip(&found) {
            let part = (parts > 1).then_some((number, parts));
            assert_eq!(entry.data().part.zip(entry.data().parts), part);
            assert_eq!(entry.data().version, Some(Version(5)));
            assert!(entry.data().resource.is_some());
            // The version counts with the last part.
            assert_eq!(entry.effect().is_some(), number == parts);
        }
        assert_eq!(entries(Some(&before), Some(&after), None), found);
    }
    assert_eq!(PART_MEMBERS, 1_000);
}

#[test]
fn a_key_names_version_and_part() {
    let found = entries(
        Some(&group(4, json!({ "displayName": "a" }))),
        Some(&crowd(1_001, 0)),
        None,
    );
    let key = |part| EntryKey::Version {
        kind: ResourceKind::Group,
        id: id(2),
        version: Version(5),
        part,
    };
    assert_eq!(found[0].key(), Some(key(1)));
    assert_eq!(found[1].key(), Some(key(2)));
    // A deletion has another key than the version that it deletes.
    let last = active(4, true);
    let changed = entries(Some(&active(3, true)), Some(&last), None);
    let deleted = entries(Some(&last), None, None);
    assert_ne!(changed[0].key(), deleted[0].key());
    let time = instant(RECORDED);
    let unreadable = FeedEntry::resync_required(ResyncReason::Unreadable, Some("4711"), time);
    assert_eq!(unreadable.key(), Some(EntryKey::Record("4711".to_owned())));
    assert_eq!(FeedEntry::baseline(time).key(), None);
    assert_eq!(FeedEntry::test(time, stamp("w1")).key(), None);
}

#[test]
fn an_effect_says_which_versions_are_live() {
    let effect = |before: Option<StoredVersion>, after: Option<StoredVersion>, kept| {
        let found = entries(before.as_ref(), after.as_ref(), Some(&gone(kept)));
        let Effect { leaves, enters, .. } = found[0].effect().unwrap();
        (leaves.map(|v| v.0), enters.map(|v| v.0))
    };
    let on = |v| Some(active(v, true));
    assert_eq!(effect(None, on(1), false), (None, Some(1)));
    assert_eq!(effect(on(1), on(2), false), (Some(1), Some(2)));
    assert_eq!(effect(on(2), None, false), (Some(2), None));
    assert_eq!(effect(on(2), None, true), (Some(2), None));
    assert_eq!(effect(None, on(4), false), (None, Some(4)));
    assert_eq!(FeedEntry::baseline(instant(RECORDED)).effect(), None);
}

#[test]
fn first_versions_go_first_and_nested_groups_before_those_they_join() {
    let nested = |n, members: &[u32]| {
        let members: Vec<_> = members.iter().map(|n| (ResourceKind::Group, *n)).collect();
        with(
            version(
                ResourceKind::Group,
                n,
                1,
                json!({ "displayName": n.to_string() }),
            ),
            delta(&members, &[]),
        )
    };
    let changed = entries(Some(&active(3, true)), Some(&active(4, true)), None);
    let returned = entries(None, Some(&version(ResourceKind::User, 9, 5, ann())), None);
    let created = entries(None, Some(&version(ResourceKind::User, 7, 1, ann())), None);
    let groups = [
        nested(21, &[22]),
        nested(22, &[23, 99]),
        nested(23, &[]),
        nested(24, &[24]),
    ];
    let groups = groups.map(|one| entries(None, Some(&one), None));
    let mut delivered = changed;
    delivered.extend(returned);
    delivered.extend(groups.into_iter().flatten());
    delivered.extend(created);
    let order = arranged(delivered, |entry| entry);
    let subjects: Vec<String> = order.iter().map(|entry| format!("{entry:?}")).collect();
    let expected = [
        ("user.created", 7, 1),
        ("group.created", 23, 1),
        ("group.created", 24, 1),
        ("group.created", 22, 1),
        ("group.created", 21, 1),
        ("user.updated", 1, 4),
        ("user.reactivated", 9, 5),
    ];
    let expected = expected.map(|(name, n, v)| format!("{name} {} {v}", id(n)));
    assert_eq!(subjects, expected);
}

#[test]
fn parts_of_a_new_group_stay_in_order() {
    let crowd = |n: u32, first: u32| {
        let members: Vec<_> = (first..first + 2_500)
            .map(|n| (ResourceKind::User, n))
            .collect();
        let group = version(ResourceKind::Group, n, 1, json!({ "displayName": "a" }));
        let found = entries(None, Some(&with(group, delta(&members, &[]))), None);
        assert_eq!(found.len(), 3);
        found
    };
    let order = arranged([crowd(9, 100), crowd(8, 5_000)].concat(), |entry| entry);
    let parts: Vec<_> = order
        .iter()
        .map(|entry| (entry.subject().unwrap().1, entry.data().part))
        .collect();
    let expected = [8, 9].map(|n| [1, 2, 3].map(|part| (id(n), Some(part))));
    assert_eq!(parts, expected.concat());
    let introduced: Vec<_> = order.iter().filter_map(FeedEntry::introduces).collect();
    assert_eq!(introduced, [8, 9].map(|n| (ResourceKind::Group, id(n))));
}

#[test]
fn a_batch_is_read_as_it_was_printed() {
    let mut written = entries(None, Some(&user(1, ann())), None);
    written.extend(entries(
        Some(&group(4, json!({ "displayName": "a" }))),
        Some(&crowd(1_001, 5)),
        None,
    ));
    written.extend(entries(Some(&user(3, ann())), None, Some(&gone(true))));
    written.push(FeedEntry::baseline(instant(RECORDED)));
    let text = print(&written);
    assert_eq!(read(&text).unwrap(), written);
    assert!(!text.contains(&b' '));
    for odd in ["", "{}", "[{}]", r#"[{"type":"user.created"}]"#] {
        assert!(read(odd.as_bytes()).is_err(), "{odd}");
    }
}

#[test]
fn what_newer_code_wrote_is_kept() {
    let newer = json!([{
        "type": "user.renamed",
        "timestamp": "2030-01-01T00:00:00.000Z",
        "txn": "w",
        "data": { "id": id(1), "version": 3, "previousVersion": 2, "colour": { "a": [1] } },
    }]);
    let mut read = read(newer.to_string().as_bytes()).unwrap();
    assert_eq!(read[0].event_type(), None);
    assert_eq!(read[0].subject(), Some((ResourceKind::User, id(1))));
    assert_eq!(read[0].effect().unwrap().enters, Some(Version(3)));
    let printed: Value = serde_json::from_slice(&print(&read)).unwrap();
    assert_eq!(printed, newer);
    read[0].erase();
    let erased = outward(&read[0]);
    assert_eq!(erased["data"]["colour"], json!({ "a": [1] }));
    assert_eq!(erased["data"]["erased"], true);
}

#[test]
fn a_cut_entry_keeps_what_order_and_sum_need() {
    let before = user(1, ann());
    let mut changed = ann();
    changed["title"] = json!("Dr");
    changed["active"] = json!(false);
    let [whole] =
        <[FeedEntry; 1]>::try_from(entries(Some(&before), Some(&user(2, changed)), None)).unwrap();
    let (mut truncated, mut erased) = (whole.clone(), whole.clone());
    truncated.truncate();
    erased.erase();
    for (cut, flag) in [(&truncated, "truncated"), (&erased, "erased")] {
        assert_eq!(cut.key(), whole.key());
        assert_eq!(cut.effect(), whole.effect());
        assert_eq!(
            outward(cut)["data"],
            json!({ "id": id(1), "version": 2, "previousVersion": 1,
                "changed": ["title", "active"], flag: true })
        );
        assert!(!outward(cut).to_string().to_lowercase().contains("ann"));
    }
}

#[test]
fn members_are_named_early_once() {
    let after = with(
        group(2, json!({ "displayName": "a" })),
        delta(
            &[(ResourceKind::User, 5), (ResourceKind::Group, 6)],
            &[(ResourceKind::User, 7)],
        ),
    );
    let mut found = entries(
        Some(&group(1, json!({ "displayName": "a" }))),
        Some(&after),
        None,
    );
    for _ in 0..2 {
        found[0].name_early(|member| member == id(6) || member == id(7));
        assert_eq!(
            outward(&found[0])["data"]["members"]["early"],
            json!([{ "type": "Group", "value": id(6) }])
        );
    }
    found[0].name_early(|_| false);
    assert_eq!(outward(&found[0])["data"]["members"].get("early"), None);
}

#[test]
fn a_member_is_in_one_of_two_sets_and_may_leave_without_a_type() {
    let mut sets = MemberSets::default();
    sets.leave(id(5), None);
    sets.join(id(6), ResourceKind::User);
    sets.leave(id(6), Some(ResourceKind::User));
    sets.leave(id(7), None);
    sets.join(id(7), ResourceKind::Group);
    let head = |v| group(v, json!({ "displayName": "a" }));
    let after = with(head(2), MemberChange::Known(sets));
    let found = entries(Some(&head(1)), Some(&after), None);
    assert_eq!(
        outward(&found[0])["data"]["members"],
        json!({
            "added": [{ "type": "Group", "value": id(7) }],
            "removed": [{ "value": id(5) }, { "type": "User", "value": id(6) }],
        })
    );
    assert_eq!(read(&print(&found)).unwrap(), found);
}

#[test]
fn deprovisioning_takes_access_away() {
    let takes = |before: Option<StoredVersion>, after: Option<StoredVersion>, kept| {
        entries(before.as_ref(), after.as_ref(), Some(&gone(kept)))[0].is_deprovisioning()
    };
    let on = |v| Some(active(v, true));
    assert!(takes(on(1), Some(active(2, false)), false));
    assert!(takes(on(1), None, false));
    assert!(takes(on(1), None, true));
    assert!(!takes(None, Some(active(1, false)), false));
    assert!(!takes(on(1), on(2), false));
    assert!(!takes(
        Some(group(1, json!({ "displayName": "a" }))),
        None,
        false
    ));
}
