//! A test of a destination: one signed event, and what the receiver made of it.

use bytes::Bytes;
use data_encoding::BASE32_DNSSEC;
use delivery::outbound::{Answer, PostError, Step};
use delivery::signature::{self, Secret};
use scim_core::event::EventType;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::Work;
use super::super::times::Instant;
use super::input::url_problem;
use super::secrets_problem;
use crate::actor::Operation;
use crate::problem::{Problem, defect, reason};

/// What became of a test event.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TestView {
    /// The `webhook-id` of the request.
    id: String,
    /// Whether the receiver accepted the event: it answered with a status from 200 to 299.
    succeeded: bool,
    duration_ms: u64,
    /// The status of the answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    /// The beginning of the answer's body, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// The step that failed, if there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// Why there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Sends a test event to a destination, whatever its state. The event belongs to no feed: it has no tenant and no
/// position.
pub(crate) async fn send_test_event(work: &Work<'_>, id: &str) -> Result<TestView, Problem> {
    work.check(Operation::TestDestination, None)?;
    let destination = work.destination(id).await?;
    let settings = &destination.settings;
    let target = (work.vendor.target)(&settings.url).map_err(url_problem)?;
    let began = work.now();
    let live = work.vendor.webhooks.live(id, began).await;
    let live = live.map_err(|error| secrets_problem(&error))?;
    let secrets = live.iter().map(|secret| Secret::parse(secret.reveal()));
    let secrets: Vec<Secret> = secrets
        .collect::<Result<_, _>>()
        .map_err(|_| defect("a secret of a destination has another form"))?;
    if secrets.is_empty() {
        return Err(reason::destination_without_secret());
    }
    let event = format!("test_{}", BASE32_DNSSEC.encode(&work.ids.bytes::<10>()));
    let body = json!({
        "id": event,
        "type": EventType::Test.name(),
        "timestamp": Instant(began),
        "data": { "destination": id, "name": settings.name },
    });
    let body = Bytes::from(body.to_string());
    let headers = signature::headers(&secrets, &event, began, &body)
        .map_err(|_| defect("a test event has an id that cannot be sent"))?;
    let receivers = work.vendor.receivers()?;
    let answer = receivers.post(&target, &headers, body).await;
    let took = work.now().duration_since(began);
    let took = u64::try_from(took.as_millis()).unwrap_or_default();
    Ok(TestView::of(event, answer, took))
}

impl TestView {
    fn of(id: String, answer: Result<Answer, PostError>, duration_ms: u64) -> Self {
        let mut view = Self {
            id,
            succeeded: false,
            duration_ms,
            status: None,
            text: None,
            step: None,
            error: None,
        };
        match answer {
            Ok(answer) => {
                view.succeeded = answer.is_success();
                view.status = Some(answer.status.as_u16());
                view.text = Some(answer.text).filter(|text| !text.is_empty());
            }
            Err(error) => {
                view.step = Some(step(error).to_owned());
                view.error = Some(error.to_string());
            }
        }
        view
    }
}

/// The step at which a request failed.
const fn step(error: PostError) -> &'static str {
    match error {
        PostError::Resolve | PostError::NotPublic(_) | PostError::Time(Step::Resolve) => "resolve",
        PostError::Connect | PostError::Time(Step::Connect) => "connect",
        PostError::Tls(_) | PostError::Time(Step::Tls) => "encrypt",
        PostError::Time(Step::Answer)
        | PostError::Lost
        | PostError::NotHttp
        | PostError::TooLarge => "answer",
    }
}

#[cfg(test)]
mod tests {
    use delivery::outbound::TlsFault;

    use super::*;

    #[test]
    fn a_request_without_an_answer_says_at_which_step_it_failed_and_why() {
        for (error, at) in [
            (PostError::Resolve, "resolve"),
            (PostError::NotPublic([10, 0, 0, 1].into()), "resolve"),
            (PostError::Time(Step::Resolve), "resolve"),
            (PostError::Connect, "connect"),
            (PostError::Time(Step::Connect), "connect"),
            (PostError::Tls(TlsFault::Expired), "encrypt"),
            (PostError::Time(Step::Tls), "encrypt"),
            (PostError::Time(Step::Answer), "answer"),
            (PostError::Lost, "answer"),
            (PostError::NotHttp, "answer"),
            (PostError::TooLarge, "answer"),
        ] {
            let view = TestView::of("test_1".to_owned(), Err(error), 7);
            let expected = json!({ "id": "test_1", "succeeded": false, "durationMs": 7,
                "step": at, "error": error.to_string() });
            assert_eq!(serde_json::to_value(view).unwrap(), expected);
        }
    }
}
