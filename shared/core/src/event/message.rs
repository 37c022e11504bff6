//! Entries as the bodies of webhooks (Standard Webhooks).

use std::fmt;

use super::entry::FeedEntry;
use super::id::{BatchId, EventId};
use super::position::Position;
use crate::resource::timestamp;

/// How many events a request may carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Packing {
    /// One, which is the body itself.
    Single,
    /// Several. The body is a list even if it has one event only.
    Batches {
        /// The most events.
        events: usize,
        /// The most bytes of a body. An event that is larger goes alone.
        bytes: usize,
    },
}

/// The body of a request and what it carries. The same events always give the same body.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The value of `webhook-id`: letters, digits and `_`.
    pub id: String,
    /// The JSON, which is signed and sent byte for byte.
    pub body: Vec<u8>,
    /// The position of its first event.
    pub first: Position,
    /// The position of its last event.
    pub last: Position,
    /// How many events it carries.
    pub events: usize,
}

/// Shows no values of people.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} {} to {})", self.id, self.first, self.last)
    }
}

/// Makes messages of a tenant's events, which must be in the order of their positions. `previous` is the position that the
/// receiver acknowledged last; each further event names the one before it.
pub fn pack<'e>(
    tenant: &str,
    events: impl IntoIterator<Item = (Position, &'e FeedEntry)>,
    previous: Position,
    packing: Packing,
) -> Vec<Message> {
    let mut messages = Vec::new();
    let mut batch: Option<BatchBody<'_>> = None;
    let mut previous = previous;
    for (position, entry) in events {
        let outward = entry.outward(tenant, position).after(previous);
        // Entries are JSON objects with text keys, which always can be printed.
        let json = serde_json::to_vec(&outward).unwrap_or_default();
        previous = position;
        let Packing::Batches { events, bytes } = packing else {
            messages.push(Message {
                id: EventId::of(tenant, position).to_string(),
                body: json,
                first: position,
                last: position,
                events: 1,
            });
            continue;
        };
        let full = batch.take_if(|batch| batch.events >= events || batch.size_with(&json) > bytes);
        messages.extend(full.map(|full| full.closed(tenant)));
        match &mut batch {
            Some(batch) => batch.add(position, entry, &json),
            None => batch = Some(BatchBody::of(position, entry, json)),
        }
    }
    messages.extend(batch.map(|rest| rest.closed(tenant)));
    messages
}

const START: &str = r#"{"type":"events","timestamp":""#;
const MIDDLE: &str = r#"","data":{"events":["#;
const END: &str = "]}}";
/// The length of a timestamp with milliseconds.
const TIMESTAMP: usize = 24;

/// A message that is being filled.
struct BatchBody<'e> {
    first: Position,
    last: Position,
    newest: &'e FeedEntry,
    events: usize,
    list: Vec<u8>,
}

impl<'e> BatchBody<'e> {
    const fn of(position: Position, entry: &'e FeedEntry, json: Vec<u8>) -> Self {
        Self {
            first: position,
            last: position,
            newest: entry,
            events: 1,
            list: json,
        }
    }

    /// The size of the body with one more event.
    fn size_with(&self, json: &[u8]) -> usize {
        const FRAME: usize = START.len() + TIMESTAMP + MIDDLE.len() + END.len() + 1;
        FRAME
            .saturating_add(self.list.len())
            .saturating_add(json.len())
    }

    fn add(&mut self, position: Position, entry: &'e FeedEntry, json: &[u8]) {
        self.list.push(b',');
        self.list.extend_from_slice(json);
        self.last = position;
        self.newest = entry;
        self.events = self.events.saturating_add(1);
    }

    /// The time of the message is that of its newest event, so that a repeat has the same bytes.
    fn closed(self, tenant: &str) -> Message {
        let mut body =
            format!("{START}{}{MIDDLE}", timestamp(self.newest.timestamp())).into_bytes();
        body.extend(self.list);
        body.extend_from_slice(END.as_bytes());
        Message {
            id: BatchId::of(tenant, self.first, self.last).to_string(),
            body,
            first: self.first,
            last: self.last,
            events: self.events,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::event::{EntryData, EventType, Stamp};

    fn entry(n: u64, changed: &str) -> FeedEntry {
        let data = EntryData {
            changed: vec![changed.to_owned()],
            ..EntryData::default()
        };
        let time = format!("2026-11-28T12:00:{n:02}Z").parse().unwrap();
        FeedEntry::new(EventType::UserUpdated, time, Stamp::default(), data)
    }

    fn at(n: u64) -> Position {
        Position::new(9_000_000_000 + n).unwrap()
    }

    /// The messages of entries at the positions 2, 4, 6 and so on.
    fn packed(sizes: &[usize], packing: Packing) -> Vec<Message> {
        let entries: Vec<_> = (1..)
            .zip(sizes)
            .map(|(n, size)| (at(2 * n), entry(n, &"x".repeat(*size))))
            .collect();
        let entries = entries.iter().map(|(position, entry)| (*position, entry));
        pack("acme", entries, at(0), packing)
    }

    fn parsed(message: &Message) -> Value {
        serde_json::from_slice(&message.body).unwrap()
    }

    /// The events in a message, each with its position and the one before.
    fn positions(message: &Message) -> Vec<(u64, u64)> {
        let body = parsed(message);
        let events = match body.pointer("/data/events") {
            Some(events) => events.as_array().unwrap().clone(),
            None => vec![body],
        };
        let number = |event: &Value, name: &str| event[name].as_u64().unwrap() - at(0).value();
        let both = |event| (number(event, "position"), number(event, "previous"));
        events.iter().map(both).collect()
    }

    #[test]
    fn a_single_event_is_the_body() {
        let messages = packed(&[1, 1], Packing::Single);
        assert_eq!(
            messages.iter().map(positions).collect::<Vec<_>>(),
            [[(2, 0)], [(4, 2)]]
        );
        for message in &messages {
            assert_eq!(parsed(message)["id"], message.id);
            assert_eq!(parsed(message)["type"], "user.updated");
            assert_eq!((message.first, message.events), (message.last, 1));
        }
    }

    #[test]
    fn a_batch_is_a_list_with_the_time_of_its_newest_event() {
        let packing = Packing::Batches {
            events: 2,
            bytes: 10_000,
        };
        let messages = packed(&[1, 1, 1], packing);
        assert_eq!(
            messages.iter().map(positions).collect::<Vec<_>>(),
            [vec![(2, 0), (4, 2)], vec![(6, 4)]]
        );
        let first = parsed(&messages[0]);
        assert_eq!(first["type"], "events");
        assert_eq!(first["timestamp"], "2026-11-28T12:00:02.000Z");
        let members: Vec<_> = first.as_object().unwrap().keys().collect();
        assert_eq!(members, ["type", "timestamp", "data"]);
        assert_eq!(
            json!(
                first["data"]
                    .as_object()
                    .unwrap()
                    .keys()
                    .collect::<Vec<_>>()
            ),
            json!(["events"])
        );
        assert_eq!(
            (messages[0].first, messages[0].last, messages[0].events),
            (at(2), at(4), 2)
        );
        assert_eq!(messages[1].events, 1);
        assert!(packed(&[1, 1, 1], packing) == messages);
    }

    #[test]
    fn a_body_has_at_most_the_allowed_bytes_unless_one_event_has_more() {
        let sizes = [100, 200, 300, 3_000, 100, 100, 900, 5, 5, 5];
        let singles = packed(&sizes, Packing::Single);
        for bytes in (400..2_500).step_by(41) {
            let packing = Packing::Batches { events: 4, bytes };
            let messages = packed(&sizes, packing);
            let all: Vec<_> = messages.iter().flat_map(positions).collect();
            let expected: Vec<_> = (1..=10).map(|n| (2 * n, 2 * n - 2)).collect();
            assert_eq!(all, expected, "{bytes}");
            for message in &messages {
                assert!(message.events <= 4);
                assert!(
                    message.body.len() <= bytes || message.events == 1,
                    "{bytes}"
                );
            }
            // No two neighbours would have fitted into one.
            for pair in messages.windows(2) {
                let [left, right] = pair else { continue };
                let next = singles.iter().find(|one| one.first == right.first).unwrap();
                let joined = left.body.len() + 1 + next.body.len();
                assert!(left.events == 4 || joined > bytes, "{bytes}");
            }
        }
    }

    #[test]
    fn ids_of_batches_differ_by_tenant_and_range() {
        let packing = |events| Packing::Batches {
            events,
            bytes: 10_000,
        };
        let ids = |tenant: &str, events| -> Vec<String> {
            let entries = [(at(2), entry(1, "x")), (at(4), entry(2, "x"))];
            let entries = entries.iter().map(|(position, entry)| (*position, entry));
            let messages = pack(tenant, entries, at(0), packing(events));
            messages.into_iter().map(|message| message.id).collect()
        };
        let mut all = [ids("acme", 2), ids("acme", 1), ids("other", 2)].concat();
        let is_plain = |id: &String| id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        assert!(all.iter().all(|id| id.starts_with("bat_") && is_plain(id)));
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4);
        assert!(pack("acme", [], at(0), packing(2)).is_empty());
    }
}
