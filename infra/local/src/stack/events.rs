//! What invokes functions behind the API: the table's stream, and schedules.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::future::join_all;
use lambda_http::{Context, LambdaEvent};
use serde_json::Value;
use service::clock::Clock;
use service::{Function, Service, lambda};

use super::{Services, StartError, TABLE, TEMPLATE};
use crate::poller::Poller;
use crate::template::{self, Mapping, Schedule};

/// How often all tenants are looked through when there is no stream to read.
const WITHOUT_STREAM: Duration = Duration::from_secs(10);

/// The mappings of the template.
///
/// # Errors
///
/// What is wrong with the template.
pub fn mappings() -> Result<Vec<Mapping>, StartError> {
    Ok(template::mappings(&template::parse(TEMPLATE)?)?)
}

/// The schedules of the template.
///
/// # Errors
///
/// What is wrong with the template.
pub fn schedules() -> Result<Vec<Schedule>, StartError> {
    Ok(template::schedules(&template::parse(TEMPLATE)?)?)
}

/// Invokes a function of this process as Lambda does; its answer.
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
    if Function::named(function) != Some(Function::Events) {
        return Err(format!("the function {function} takes no events"));
    }
    let end =
        service.now().as_duration() + jiff::SignedDuration::try_from(timeout).unwrap_or_default();
    let mut context = Context::default();
    context.deadline = u64::try_from(end.as_millis()).unwrap_or_default();
    let event = LambdaEvent::new(payload, context);
    let answer = tokio::time::timeout(timeout, lambda::look_after(service, event)).await;
    let answer = answer.map_err(|_| "it takes too long".to_owned())?;
    let answer = answer.map_err(|error| error.to_string())?;
    serde_json::to_value(answer).map_err(|error| error.to_string())
}

impl Services {
    /// A poller of the table's stream, as the mapping of the template says; `None` when the table is in a DynamoDB
    /// that is not ours.
    ///
    /// # Errors
    ///
    /// When the stream cannot be read.
    pub fn poller(&self, mapping: Mapping, clock: Clock) -> Result<Option<Poller>, StartError> {
        let Some(dynamo) = &self.dynamo else {
            return Ok(None);
        };
        Ok(Some(Poller::new(dynamo.stream(TABLE)?, mapping, clock)))
    }

    /// Has the table's stream and the schedules of the template invoke their functions for ever. A schedule begins at
    /// once: the time may have come while nothing ran.
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
        Err("nothing in the template waits for events".into())
    }
}
