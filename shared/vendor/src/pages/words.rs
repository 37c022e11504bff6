//! Instants and numbers in words.

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// An instant: `23 Nov 2026, 08:15 UTC`.
pub(crate) fn moment(instant: Timestamp) -> String {
    let time = Offset::UTC.to_datetime(instant);
    let month = usize::try_from(time.month() - 1).unwrap_or_default();
    let (day, month) = (time.day(), MONTHS.get(month).copied().unwrap_or_default());
    let (year, hour, minute) = (time.year(), time.hour(), time.minute());
    format!("{day} {month} {year}, {hour:02}:{minute:02} UTC")
}

/// The distance of an instant from now, with the exact time as its tooltip.
pub(crate) fn ago(instant: Timestamp, now: Timestamp) -> Markup {
    let (exact, words) = (moment(instant), distance(instant, now));
    html! { time datetime=(instant) title=(exact) { (words) } }
}

fn distance(instant: Timestamp, now: Timestamp) -> String {
    let gone = now.duration_since(instant);
    let words = length(gone.abs());
    match (gone.is_negative(), gone.abs() < HALF_A_MINUTE) {
        (true, _) => format!("in {words}"),
        (false, true) => "just now".to_owned(),
        (false, false) => format!("{words} ago"),
    }
}

const HALF_A_MINUTE: SignedDuration = SignedDuration::from_secs(30);

/// A duration in its largest unit, rounded to the nearest: `3 days`. A link of 24 hours has 24 hours left when it is
/// shown for the first time, although a moment has passed.
pub(crate) fn length(duration: SignedDuration) -> String {
    let nearest = |unit: i64| (duration.as_secs() + unit / 2) / unit;
    match (nearest(86_400), nearest(3_600), nearest(60)) {
        (days, 48.., _) => counted(days, "day"),
        (_, hours, 60..) => counted(hours, "hour"),
        (_, _, 0) => "less than a minute".to_owned(),
        (_, _, minutes) => counted(minutes, "minute"),
    }
}

/// A number of things: `1 user`, `2 users`.
pub(crate) fn counted(number: i64, thing: &str) -> String {
    match number {
        1 => format!("1 {thing}"),
        number => format!("{} {thing}s", grouped(number)),
    }
}

/// Capitalises the first letter.
pub(crate) fn capital(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// A number with its digits in groups of three: `12,345`.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    match number < 0 {
        true => format!("−{text}"),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    #[test]
    fn an_instant_is_shown_as_its_distance() {
        let now = at(0);
        for (second, words) in [
            (0, "just now"),
            (-29, "just now"),
            (-30, "1 minute ago"),
            (20, "in less than a minute"),
            (60 * 60 - 31, "in 59 minutes"),
            (60 * 60 - 30, "in 1 hour"),
            (24 * 3_600 - 1, "in 24 hours"),
            (90 * 60, "in 2 hours"),
            (48 * 3_600 - 1, "in 2 days"),
            (14 * 86_400 - 1, "in 14 days"),
            (-60, "1 minute ago"),
            (-3_600, "1 hour ago"),
            (-40 * 3_600, "40 hours ago"),
            (-48 * 3_600, "2 days ago"),
            (90 * 86_400, "in 90 days"),
        ] {
            assert_eq!(distance(at(second), now), words, "{second}");
        }
        assert_eq!(moment(now), "15 Jan 2027, 08:00 UTC");
        let shown = ago(now, now).into_string();
        assert!(
            shown.contains(r#"title="15 Jan 2027, 08:00 UTC""#),
            "{shown}"
        );
    }

    #[test]
    fn numbers_have_their_digits_in_groups() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(counted(1, "user"), "1 user");
        assert_eq!(counted(1_200, "user"), "1,200 users");
    }
}
