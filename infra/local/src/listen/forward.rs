//! Events as signed webhooks, in the form in which a destination of the stack gets them.

use bytes::Bytes;
use delivery::outbound::{Receivers, Target};
use delivery::signature::{self, Secret};
use http::StatusCode;
use ring::hmac;
use scim_core::event::{BatchId, Position};
use serde_json::{Map, Value, json};
use service::clock::Clock;
use tokio::time::Instant;

use super::api::ApiError;
use super::line::printable;

/// Bytes of the body of a batch, unless one event is larger.
const LARGEST: usize = 256 * 1024;

/// Where events are forwarded to.
pub(super) struct Forwarder {
    receivers: Receivers,
    target: Target,
    secret: Secret,
    batch: usize,
    clock: Clock,
}

/// One attempt to deliver.
pub(super) struct ForwardAttempt {
    /// How many of the events it carried.
    pub(super) events: usize,
    /// The position of the last one.
    pub(super) through: Position,
    /// Whether the receiver accepted them. An error means that there is no use in trying again.
    pub(super) result: Result<(), Option<ApiError>>,
    /// The attempt in one line.
    pub(super) text: String,
}

/// The body of a request and its id.
struct Body {
    id: String,
    bytes: Bytes,
    events: usize,
    through: Position,
}

/// The secret that events are signed with. It follows from the admin key, so it is the same in each run, and nobody without
/// that key can sign.
#[must_use]
pub fn secret_of(admin_key: &str) -> Secret {
    let key = hmac::Key::new(hmac::HMAC_SHA256, admin_key.as_bytes());
    let tag = hmac::sign(&key, b"webhooks of listen");
    let mut bytes = [0; 24];
    for (byte, from) in bytes.iter_mut().zip(tag.as_ref()) {
        *byte = *from;
    }
    Secret::generate(bytes)
}

impl Forwarder {
    pub(super) fn new(
        target: Target,
        admin_key: &str,
        batch: usize,
        clock: Clock,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            receivers: Receivers::new().map_err(|error| ApiError::Machine(error.into()))?,
            target,
            secret: secret_of(admin_key),
            batch,
            clock,
        })
    }

    pub(super) fn url(&self) -> &str {
        self.target.url()
    }

    pub(super) fn secret(&self) -> String {
        self.secret.expose()
    }

    /// Sends the first of these events of a tenant, which must not be empty.
    pub(super) async fn send(
        &self,
        tenant: &str,
        events: &[Value],
        acknowledged: Position,
    ) -> ForwardAttempt {
        let body = match self.batch {
            1 => single(events, acknowledged),
            most => batch(tenant, events, acknowledged, most),
        };
        let (id, began) = (&body.id, Instant::now());
        let secrets = std::slice::from_ref(&self.secret);
        let headers = signature::headers(secrets, id, self.clock.now(), &body.bytes);
        let answer = match headers {
            Ok(headers) => {
                let posting = self.receivers.post(&self.target, &headers, body.bytes);
                posting.await.map_err(|error| error.to_string())
            }
            Err(signature::NotAnId) => Err("an event has an id that cannot be sent".to_owned()),
        };
        let millis = began.elapsed().as_millis();
        let (result, said) = match answer {
            Ok(answer) => {
                let result = match answer.status {
                    StatusCode::GONE => Err(Some(ApiError::Unwanted)),
                    _ if answer.is_success() => Ok(()),
                    _ => Err(None),
                };
                let text = match result {
                    Ok(()) => String::new(),
                    Err(_) => format!(" {}", printable(&answer.text)),
                };
                (result, format!("{}{text}", answer.status.as_u16()))
            }
            Err(error) => (Err(None), error),
        };
        ForwardAttempt {
            events: body.events,
            through: body.through,
            result,
            text: format!("  → {id} {} in {millis} ms", said.trim_end()),
        }
    }
}

/// The first event alone.
fn single(events: &[Value], acknowledged: Position) -> Body {
    let event = events.first().map(|event| following(event, acknowledged));
    let event = &event.unwrap_or_default();
    Body {
        id: event["id"].as_str().unwrap_or_default().to_owned(),
        through: position(event),
        bytes: Bytes::from(event.to_string()),
        events: 1,
    }
}

/// As many events as fit.
fn batch(tenant: &str, events: &[Value], acknowledged: Position, most: usize) -> Body {
    let (mut list, mut size, mut previous) = (Vec::new(), 0, acknowledged);
    for event in events.iter().take(most) {
        let event = following(event, previous);
        size += event.to_string().len() + 1;
        if !list.is_empty() && size > LARGEST {
            break;
        }
        previous = position(&event);
        list.push(event);
    }
    let first = list.first().map_or(previous, position);
    let time = list.last().map(|event| event["timestamp"].clone());
    let events = list.len();
    let body = json!({"type": "events", "timestamp": time, "data": {"events": list}});
    Body {
        id: BatchId::of(tenant, first, previous).to_string(),
        bytes: Bytes::from(body.to_string()),
        events,
        through: previous,
    }
}

/// The event with `previous` behind `position`.
fn following(event: &Value, previous: Position) -> Value {
    let mut with = Map::new();
    for (name, value) in event.as_object().into_iter().flatten() {
        with.insert(name.clone(), value.clone());
        if name == "position" {
            with.insert("previous".to_owned(), previous.value().into());
        }
    }
    Value::Object(with)
}

fn position(event: &Value) -> Position {
    let position = event["position"].as_u64().and_then(Position::new);
    position.unwrap_or(Position::BEGINNING)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(position: u64, size: usize) -> Value {
        json!({"id": format!("evt_{position}"), "timestamp": format!("at {position}"), "position": position,
            "data": {"a": "a".repeat(size)}})
    }

    fn at(position: u64) -> Position {
        Position::new(position).unwrap()
    }

    #[test]
    fn a_single_event_is_the_body_with_what_the_receiver_has() {
        let body = single(&[event(7, 0), event(8, 0)], at(4));
        assert_eq!(
            (body.id.as_str(), body.events, body.through),
            ("evt_7", 1, at(7))
        );
        let text = r#"{"id":"evt_7","timestamp":"at 7","position":7,"previous":4,"data":{"a":""}}"#;
        assert_eq!(body.bytes, text);
    }

    #[test]
    fn each_event_of_a_batch_names_the_one_before() {
        let body = batch("acme", &[event(7, 0), event(9, 0)], at(4), 100);
        let sent: Value = serde_json::from_slice(&body.bytes).unwrap();
        assert_eq!(
            (&sent["type"], &sent["timestamp"]),
            (&json!("events"), &json!("at 9"))
        );
        let previous = sent["data"]["events"].as_array().unwrap().iter();
        let previous: Vec<&Value> = previous.map(|event| &event["previous"]).collect();
        assert_eq!(previous, [4, 7]);
        assert_eq!(body.id, BatchId::of("acme", at(7), at(9)).to_string());
        assert_eq!((body.events, body.through), (2, at(9)));
    }

    #[test]
    fn a_batch_has_a_limit_of_events_and_of_bytes() {
        let many: Vec<Value> = (1..=9).map(|position| event(position, 100_000)).collect();
        assert_eq!(batch("acme", &many, at(0), 100).events, 2);
        let small: Vec<Value> = (1..=9).map(|position| event(position, 0)).collect();
        assert_eq!(batch("acme", &small, at(0), 4).events, 4);
        assert_eq!(
            batch("acme", &[event(1, 300_000), event(2, 0)], at(0), 4).events,
            1
        );
    }

    #[test]
    fn the_secret_is_stable_and_belongs_to_the_key() {
        let secret = |key| secret_of(key).expose();
        assert_eq!(secret("a"), secret("a"));
        assert_ne!(secret("a"), secret("b"));
    }
}
