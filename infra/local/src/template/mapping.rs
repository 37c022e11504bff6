//! What invokes functions beside the API: streams and schedules.

use std::time::Duration;

use serde_json::Value;

use super::{TemplateError, binary, fail, resources, text};
use crate::poller::Pattern;

/// How records of a stream invoke a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The binary that is invoked.
    pub function: String,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// A record that one of these takes invokes the function; without any, all do.
    pub patterns: Vec<Pattern>,
    /// How many records an invocation has at most.
    pub batch_size: usize,
    /// How long records are gathered for one invocation.
    pub window: Duration,
    /// Whether a batch that fails is halved.
    pub bisects: bool,
    /// Whether the function says which records failed.
    pub reports: bool,
    /// How often a record is tried again; `None` is without end.
    pub attempts: Option<u64>,
    /// How old a record may be; `None` is as old as the stream keeps it.
    pub oldest: Option<Duration>,
}

/// When a schedule invokes a function, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The binary that is invoked.
    pub function: String,
    /// How long an invocation may take.
    pub timeout: Duration,
    /// Time from one invocation to the next.
    pub every: Duration,
    /// The payload.
    pub input: Value,
}

/// The mappings of every function's `DynamoDB` events.
///
/// # Errors
/// When one has a figure that is none, or a pattern that is not understood.
pub fn mappings(template: &Value) -> Result<Vec<Mapping>, TemplateError> {
    of_type(template, "DynamoDB", |at, function, timeout, properties| {
        let number = |name: &str| match properties.get(name) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => fail(format!("{at}.{name} is no whole number")),
            },
        };
        // -1 is what Lambda calls no bound.
        let bound = |name: &str| Ok(number(name)?.and_then(|number| u64::try_from(number).ok()));
        let filters = properties.pointer("/FilterCriteria/Filters");
        let patterns = filters.and_then(Value::as_array).into_iter().flatten();
        let patterns = patterns.map(|filter| {
            Pattern::parse(text(filter, "/Pattern").unwrap_or_default())
                .map_err(|reason| TemplateError(format!("{at}: {reason}")))
        });
        let reports = properties.get("FunctionResponseTypes");
        let reports = reports.and_then(Value::as_array).into_iter().flatten();
        Ok(Mapping {
            function,
            timeout,
            patterns: patterns.collect::<Result<_, _>>()?,
            batch_size: number("BatchSize")?
                .and_then(|size| usize::try_from(size).ok())
                .unwrap_or(100),
            window: Duration::from_secs(
                bound("MaximumBatchingWindowInSeconds")?.unwrap_or_default(),
            ),
            bisects: properties.get("BisectBatchOnFunctionError") == Some(&Value::Bool(true)),
            reports: reports
                .clone()
                .any(|kind| kind == "ReportBatchItemFailures"),
            attempts: bound("MaximumRetryAttempts")?,
            oldest: bound("MaximumRecordAgeInSeconds")?.map(Duration::from_secs),
        })
    })
}

/// The schedules of every function.
///
/// # Errors
/// When one is no rate, or its input no JSON.
pub fn schedules(template: &Value) -> Result<Vec<Schedule>, TemplateError> {
    of_type(template, "Schedule", |at, function, timeout, properties| {
        let rate = text(properties, "/Schedule").unwrap_or_default();
        let every = every(rate).ok_or_else(|| {
            TemplateError(format!("{at}: `{rate}` is no rate like `rate(1 day)`"))
        })?;
        let input = text(properties, "/Input").unwrap_or("{}");
        let input = serde_json::from_str(input)
            .map_err(|error| TemplateError(format!("{at}: the input is no JSON: {error}")))?;
        Ok(Schedule {
            function,
            timeout,
            every,
            input,
        })
    })
}

fn of_type<T>(
    template: &Value,
    kind: &str,
    read: impl Fn(&str, String, Duration, &Value) -> Result<T, TemplateError>,
) -> Result<Vec<T>, TemplateError> {
    let mut found = Vec::new();
    for (logical, function) in resources(template, "AWS::Serverless::Function") {
        let events = function
            .pointer("/Properties/Events")
            .and_then(Value::as_object);
        for (event, definition) in events.into_iter().flatten() {
            if text(definition, "/Type") != Some(kind) {
                continue;
            }
            let at = format!("`Resources.{logical}.Properties.Events.{event}`");
            let Some(timeout) = timeout(template, function) else {
                return fail(format!("`Resources.{logical}` has no Timeout"));
            };
            let properties = definition.get("Properties").unwrap_or(&Value::Null);
            found.push(read(&at, binary(logical, function)?, timeout, properties)?);
        }
    }
    Ok(found)
}

/// The time that a function has: its own, or that of all functions.
fn timeout(template: &Value, function: &Value) -> Option<Duration> {
    let own = function.pointer("/Properties/Timeout");
    let shared = template.pointer("/Globals/Function/Timeout");
    own.or(shared)?.as_u64().map(Duration::from_secs)
}

/// The time of `rate(5 minutes)`.
fn every(rate: &str) -> Option<Duration> {
    let (number, unit) = rate
        .strip_prefix("rate(")?
        .strip_suffix(')')?
        .split_once(' ')?;
    let seconds = match unit.trim_end_matches('s') {
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        _ => return None,
    };
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::parse;

    fn template(events: &str) -> Value {
        let text = format!(
            r"
Globals: {{ Function: {{ Timeout: 28 }} }}
Resources:
  Events:
    Type: AWS::Serverless::Function
    Metadata: {{ BuildProperties: {{ Binary: events }} }}
    Properties: {{ Events: {{ One: {events} }} }}
"
        );
        parse(&text).unwrap()
    }

    #[test]
    fn what_lambda_takes_for_granted_is_taken_for_granted() {
        let bare = template("{ Type: DynamoDB, Properties: { Stream: x } }");
        let expected = Mapping {
            function: "events".to_owned(),
            timeout: Duration::from_secs(28),
            patterns: Vec::new(),
            batch_size: 100,
            window: Duration::ZERO,
            bisects: false,
            reports: false,
            attempts: None,
            oldest: None,
        };
        assert_eq!(mappings(&bare), Ok(vec![expected]));
        let endless = template(
            "{ Type: DynamoDB, Properties: { MaximumRetryAttempts: -1, MaximumRecordAgeInSeconds: 90 } }",
        );
        let [endless] = <[Mapping; 1]>::try_from(mappings(&endless).unwrap()).unwrap();
        assert_eq!(endless.attempts, None);
        assert_eq!(endless.oldest, Some(Duration::from_secs(90)));
    }

    #[test]
    fn a_rate_is_read_and_nothing_else() {
        let of = |rate: &str| {
            schedules(&template(&format!(
                "{{ Type: Schedule, Properties: {{ Schedule: {rate} }} }}"
            )))
        };
        for (rate, seconds) in [("rate(1 day)", 86_400), ("rate(5 minutes)", 300)] {
            let [schedule] = <[Schedule; 1]>::try_from(of(rate).unwrap()).unwrap();
            assert_eq!(schedule.every, Duration::from_secs(seconds));
        }
        for rate in [
            "rate(0 days)",
            "cron(0 3 * * ? *)",
            "rate(1 blink)",
            "1 day",
        ] {
            assert!(of(rate).is_err(), "{rate}");
        }
    }

    #[test]
    fn a_figure_or_pattern_that_is_none_is_refused() {
        for properties in [
            "{ BatchSize: many }",
            "{ FilterCriteria: { Filters: [{ Pattern: x }] } }",
        ] {
            let text = format!("{{ Type: DynamoDB, Properties: {properties} }}");
            assert!(mappings(&template(&text)).is_err(), "{properties}");
        }
    }
}
