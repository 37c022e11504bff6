//! The answer of a receiver.

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use jiff::fmt::rfc2822;

/// Bytes of an answer's body that are kept.
const KEPT: usize = 200;

/// What a receiver answered, whatever the status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// How long the receiver asked to wait.
    pub retry_after: Option<Duration>,
    /// The first 200 bytes of the body, for people: one line without control characters.
    pub text: String,
}

impl Answer {
    pub(super) fn new<B>(head: &Response<B>, body: &[u8]) -> Self {
        Self {
            status: head.status(),
            retry_after: retry_after(head.headers()),
            text: line(body),
        }
    }

    /// Whether the receiver accepted the message. A redirect is not followed, so it is a failure.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }
}

/// `Retry-After` in either form. A time counts from the answer's own `Date`, so the clocks need not agree.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = text(RETRY_AFTER)?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = |text: &str| rfc2822::parse(text).ok().map(|time| time.timestamp());
    let wait = time(asked)?.as_second() - time(text(DATE)?)?.as_second();
    u64::try_from(wait).ok().map(Duration::from_secs)
}

/// The beginning of a body as one line.
fn line(body: &[u8]) -> String {
    let begin = body.get(..KEPT).unwrap_or(body);
    let mut line = String::new();
    for c in String::from_utf8_lossy(begin).chars() {
        let c = if c.is_control() { ' ' } else { c };
        if line.len() + c.len_utf8() > KEPT {
            break;
        }
        line.push(c);
    }
    line.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(asked: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, asked.parse().unwrap());
        if let Some(date) = date {
            headers.insert(DATE, date.parse().unwrap());
        }
        retry_after(&headers).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_is_seconds_or_a_time_after_the_answers_own() {
        let date = Some("Fri, 27 Nov 2026 10:00:00 GMT");
        assert_eq!(wait("120", None), Some(120));
        assert_eq!(wait(" 0 ", None), Some(0));
        assert_eq!(wait("Fri, 27 Nov 2026 10:05:00 GMT", date), Some(300));
        for (asked, date) in [
            ("Fri, 27 Nov 2026 10:05:00 GMT", None),
            ("Fri, 27 Nov 2026 09:00:00 GMT", date),
            ("-1", date),
            ("1.5", date),
            ("soon", date),
        ] {
            assert_eq!(wait(asked, date), None, "{asked}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn the_text_is_one_line_of_at_most_200_bytes() {
        assert_eq!(line(b"no\r\n\tsuch user\0 "), "no   such user");
        assert_eq!(line(&[b'a'; 300]), "a".repeat(200));
        assert_eq!(line("ü".repeat(150).as_bytes()), "ü".repeat(100));
        // A byte that is not UTF-8 becomes a character of three.
        assert_eq!(line(&[0xff; 300]).len(), 198);
        assert_eq!(line(b""), "");
    }

    #[test]
    fn only_2xx_is_a_success() {
        for (status, is_success) in [
            (200, true),
            (204, true),
            (299, true),
            (199, false),
            (302, false),
            (410, false),
        ] {
            let head = Response::builder().status(status).body(()).unwrap();
            assert_eq!(Answer::new(&head, b"").is_success(), is_success, "{status}");
        }
    }
}
