//! Reads what invokes functions besides the API: event source mappings and schedules.

use std::time::Duration;

use serde_json::Value;

use super::pattern::Pattern;
use super::{TemplateError, fail, handler, resources, text};

/// An event source mapping: how records of a stream invoke a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// The name of the function to invoke.
    pub function: String,
    /// The function's timeout.
    pub timeout: Duration,
    /// A record invokes the function if it matches any of these; without patterns every record does.
    pub patterns: Vec<Pattern>,
    /// Largest number of records of an invocation.
    pub batch_size: usize,
    /// How long the mapping collects records before an invocation.
    pub window: Duration,
    /// Whether a failed batch is halved for the retry.
    pub bisects: bool,
    /// Whether the function reports which records failed.
    pub reports: bool,
    /// Retries of a record; `None` is unlimited.
    pub attempts: Option<u64>,
    /// Maximum age of a record; `None` is the stream's own retention.
    pub oldest: Option<Duration>,
}

/// A schedule that invokes a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The name of the function to invoke.
    pub function: String,
    /// The function's timeout.
    pub timeout: Duration,
    /// Time from one invocation to the next.
    pub every: Duration,
    /// The payload.
    pub input: Value,
}

/// The mappings of every function's `DynamoDB` events.
///
/// # Errors
/// When a mapping has an invalid number or an unsupported pattern.
pub fn mappings(template: &Value) -> Result<Vec<Mapping>, TemplateError> {
    of_type(template, "DynamoDB", |at, function, timeout, properties| {
        let number = |name: &str| match properties.get(name) {
            None => Ok(None),
            Some(value) => match value.as_i64() {
                Some(number) => Ok(Some(number)),
                None => fail(format!("{at}.{name} is not a whole number")),
            },
        };
        // Lambda's -1 means unlimited.
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
/// When a schedule is not a rate, or its input is not JSON.
pub fn schedules(template: &Value) -> Result<Vec<Schedule>, TemplateError> {
    of_type(template, "Schedule", |at, function, timeout, properties| {
        let rate = text(properties, "/Schedule").unwrap_or_default();
        let every = every(rate).ok_or_else(|| {
            TemplateError(format!("{at}: `{rate}` is not a rate like `rate(1 day)`"))
        })?;
        let input = text(properties, "/Input").unwrap_or("{}");
        let input = serde_json::from_str(input)
            .map_err(|error| TemplateError(format!("{at}: the input is not JSON: {error}")))?;
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
            found.push(read(&at, handler(logical, function)?, timeout, properties)?);
        }
    }
    Ok(found)
}

/// The function's own timeout, or that of all functions.
fn timeout(template: &Value, function: &Value) -> Option<Duration> {
    let own = function.pointer("/Properties/Timeout");
    let shared = template.pointer("/Globals/Function/Timeout");
    own.or(shared)?.as_u64().map(Duration::from_secs)
}

/// Parses a rate such as `rate(5 minutes)`.
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
    Properties: {{ Handler: events, Events: {{ One: {events} }} }}
"
        );
        parse(&text).unwrap()
    }

    #[test]
    fn a_mapping_has_lambdas_defaults() {
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
    fn a_schedule_must_be_a_rate() {
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
    fn an_invalid_number_or_pattern_is_an_error() {
        for properties in [
            "{ BatchSize: many }",
            "{ FilterCriteria: { Filters: [{ Pattern: x }] } }",
        ] {
            let text = format!("{{ Type: DynamoDB, Properties: {properties} }}");
            assert!(mappings(&template(&text)).is_err(), "{properties}");
        }
    }
}
