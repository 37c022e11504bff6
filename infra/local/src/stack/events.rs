//! Invokes functions for records of the table's stream, and by schedules.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;
use lambda_http::{Context, LambdaEvent};
use serde_json::Value;
use service::clock::Clock;
use service::{Binary, Function, Service, lambda};

use super::{Services, StartError, TABLE, TEMPLATE};
use crate::poller::Poller;
use crate::template::{self, Mapping, Schedule};

/// Longest interval of a schedule if there is no stream to read: the sweep of all tenants then replaces the stream.
const WITHOUT_STREAM: Duration = Duration::from_secs(10);

/// The event source mappings of `template.yaml`.
///
/// # Errors
///
/// When the template cannot be used.
pub fn mappings() -> Result<Vec<Mapping>, StartError> {
    Ok(template::mappings(&template::parse(TEMPLATE)?)?)
}

/// The schedules of `template.yaml`.
///
/// # Errors
///
/// When the template cannot be used.
pub fn schedules() -> Result<Vec<Schedule>, StartError> {
    Ok(template::schedules(&template::parse(TEMPLATE)?)?)
}

/// Invokes a function of this process as Lambda does, and returns its answer.
///
/// # Errors
///
/// When the function fails, or takes too long.
pub async fn invoke(
    service: &Service,
    function: &str,
    timeout: Duration,
    payload: Value,
) -> Result<Value, String> {
    let named = Function::named(function).filter(|named| named.binary() == Binary::Events);
    let named = named.ok_or_else(|| format!("the function {function} does not handle events"))?;
    let end =
        service.now().as_duration() + jiff::SignedDuration::try_from(timeout).unwrap_or_default();
    let mut context = Context::default();
    context.deadline = u64::try_from(end.as_millis()).unwrap_or_default();
    let event = LambdaEvent::new(payload, context);
    let answer = tokio::time::timeout(timeout, lambda::handle_event(service, named, event)).await;
    let answer = answer.map_err(|_| "the function takes too long".to_owned())?;
    let answer = answer.map_err(|error| error.to_string())?;
    serde_json::to_value(answer).map_err(|error| error.to_string())
}

impl Services {
    /// A poller of the table's stream for a mapping, or `None` if the table is in another DynamoDB than the embedded one.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub fn poller(&self, mapping: Mapping, clock: Clock) -> Result<Option<Poller>, StartError> {
        let Some(dynamo) = &self.dynamo else {
            return Ok(None);
        };
        let stream = dynamo.stream(TABLE, &mapping.function)?;
        Ok(Some(Poller::new(stream, mapping, clock)))
    }

    /// Invokes functions for stream records and by the template's schedules, without end. Every schedule fires once at the
    /// start, because it may have been due while the program was not running.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub async fn events(
        &self,
        clock: &Clock,
        invoke: &impl AsyncFn(&str, Duration, Value) -> Result<Value, String>,
    ) -> Result<Infallible, StartError> {
        let (mut streams, mut timers) = (Vec::new(), Vec::new());
        for mapping in mappings()? {
            let (function, timeout) = (mapping.function.clone(), mapping.timeout);
            if let Some(poller) = self.poller(mapping, clock.clone())? {
                streams.push(
                    poller.run(async move |payload| invoke(&function, timeout, payload).await),
                );
            }
        }
        for schedule in schedules()? {
            let every = match streams.is_empty() {
                true => WITHOUT_STREAM.min(schedule.every),
                false => schedule.every,
            };
            timers.push(async move {
                let mut clock = tokio::time::interval(every);
                loop {
                    clock.tick().await;
                    let Schedule {
                        function,
                        timeout,
                        input,
                        ..
                    } = &schedule;
                    if let Err(error) = invoke(function, *timeout, input.clone()).await {
                        tracing::error!(function, error, "function.failed");
                    }
                }
            });
        }
        let _: (Vec<Infallible>, Vec<Infallible>) =
            futures_util::future::join(join_all(streams), join_all(timers)).await;
        Err("the template has neither event source mappings nor schedules".into())
    }
}
