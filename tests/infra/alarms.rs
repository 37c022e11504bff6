//! The alarms: failures that no client notices reach an operator.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::templates::holds;
use super::{functions, resources};
use crate::house::logs::log_events;
use crate::house::source::products;
use crate::support::stream;

fn alarms(template: &Value) -> Vec<(&str, &Value)> {
    let alarms = resources(template, "AWS::CloudWatch::Alarm").into_iter();
    alarms
        .map(|(name, alarm)| (name, &alarm["Properties"]))
        .collect()
}

#[test]
fn alarms_exist_only_with_a_topic() {
    holds(
        |of| {
            let template = of.read("template.yaml");
            let stacks = resources(&template, "AWS::CloudFormation::Stack");
            let stack = stacks.iter().find(|(name, _)| *name == "Alarms");
            let (_, stack) = stack.expect("template.yaml nests infra/alarms.yaml");
            assert_eq!(stack["Condition"], "HasAlarmTopic");
            let alarms_yaml = of.read("infra/alarms.yaml");
            let given = stack["Properties"]["Parameters"].as_object();
            let given: BTreeSet<&String> = given.expect("parameters").keys().collect();
            let wanted = alarms_yaml["Parameters"].as_object().expect("parameters");
            assert_eq!(given, wanted.keys().collect());
            for (name, alarm) in alarms(&alarms_yaml) {
                let topic = json!([{ "Ref": "TopicArn" }]);
                assert_eq!(alarm["AlarmActions"], topic, "{name}");
                assert_eq!(alarm["OKActions"], topic, "{name}");
                assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}");
                let says = alarm["AlarmDescription"].as_str().unwrap_or_default();
                assert!(says.contains("log"), "{name} does not say where to look");
            }
        },
        &[
            ("template.yaml", "    Condition: HasAlarmTopic\n", ""),
            ("template.yaml", "        FeedName: !Ref Feed\n", ""),
            (
                "infra/alarms.yaml",
                "TreatMissingData: notBreaching",
                "TreatMissingData: breaching",
            ),
            (
                "infra/alarms.yaml",
                "      AlarmActions:\n        - !Ref TopicArn\n",
                "",
            ),
        ],
    );
}

#[test]
fn the_function_of_the_stream_has_alarms_for_delay_failure_and_skipped_work() {
    holds(
        |of| {
            let alarms_yaml = of.read("infra/alarms.yaml");
            let alarms = alarms(&alarms_yaml);
            let alarm = |metric: &str| {
                let found = alarms
                    .iter()
                    .find(|(_, alarm)| alarm["MetricName"] == metric);
                found.unwrap_or_else(|| panic!("no alarm on {metric}")).1
            };
            let by_function = json!([{ "Name": "FunctionName", "Value": { "Ref": "EventsName" } }]);
            for metric in ["IteratorAge", "Errors"] {
                assert_eq!(alarm(metric)["Dimensions"], by_function, "{metric}");
            }
            let oldest = stream::mapping().oldest.expect("records become too old");
            let late = alarm("IteratorAge")["Threshold"]
                .as_u64()
                .expect("milliseconds");
            assert!(
                u128::from(late) * 4 < oldest.as_millis(),
                "when the alarm sounds there is no time left to do something"
            );
            let filters = resources(&alarms_yaml, "AWS::Logs::MetricFilter");
            let filter = filters
                .iter()
                .find(|(name, _)| name.starts_with("EventsAbandoned"));
            let (_, filter) = filter.expect("a metric of abandoned work");
            let metric = &filter["Properties"]["MetricTransformations"][0];
            let alarm = alarm(metric["MetricName"].as_str().expect("a name"));
            assert_eq!(alarm["Namespace"], metric["MetricNamespace"]);
            // A test of the function's log checks its lines.
            assert_eq!(
                filter["Properties"]["FilterPattern"],
                r#"{ $.level = "ERROR" }"#
            );
            let template = of.read("template.yaml");
            let parameters = &template["Resources"]["Alarms"]["Properties"]["Parameters"];
            let function = functions(&template)
                .into_iter()
                .find(|(name, _)| *name == "events");
            let log = &function.expect("events").1["Properties"]["LoggingConfig"]["LogGroup"];
            assert_eq!(&parameters["EventsLogName"], log);
            assert_eq!(parameters["EventsName"], json!({ "Ref": "Events" }));
        },
        &[
            (
                "infra/alarms.yaml",
                "Threshold: 1800000",
                "Threshold: 18000000",
            ),
            (
                "infra/alarms.yaml",
                "MetricName: Errors",
                "MetricName: Throttles",
            ),
            ("infra/alarms.yaml", r#""ERROR""#, r#""WARN""#),
            (
                "template.yaml",
                "EventsLogName: !Ref EventsLog",
                "EventsLogName: !Ref FeedLog",
            ),
        ],
    );
}

/// The alarms of the change feeds: what waits, and what is missing.
#[test]
fn the_function_of_the_feeds_has_alarms_for_delay_and_gaps() {
    holds(
        |of| {
            let alarms_yaml = of.read("infra/alarms.yaml");
            let alarms = alarms(&alarms_yaml);
            let alarm = |name: &str| {
                let found = alarms.iter().find(|(logical, _)| *logical == name);
                found.unwrap_or_else(|| panic!("no alarm {name}")).1
            };
            let late = alarm("FeedLate");
            assert_eq!(late["MetricName"], "IteratorAge");
            let by_function = json!([{ "Name": "FunctionName", "Value": { "Ref": "FeedName" } }]);
            assert_eq!(late["Dimensions"], by_function);
            assert_eq!(late["Threshold"], 5 * 60 * 1_000);
            let mapping = stream::mapping_of(service::Function::Feed);
            assert_eq!((mapping.attempts, mapping.oldest), (None, None), "no gap");
            let filters = resources(&alarms_yaml, "AWS::Logs::MetricFilter");
            let filter = filters
                .iter()
                .find(|(name, _)| *name == "FeedIncompleteFilter");
            let properties = &filter.expect("a metric of gaps").1["Properties"];
            assert_eq!(properties["LogGroupName"], json!({ "Ref": "FeedLogName" }));
            assert_eq!(properties["FilterPattern"], r#"{ $.level = "ERROR" }"#);
            let metric = &properties["MetricTransformations"][0];
            let incomplete = alarm("FeedIncomplete");
            assert_eq!(incomplete["MetricName"], metric["MetricName"]);
            assert_eq!(incomplete["Namespace"], metric["MetricNamespace"]);
            let template = of.read("template.yaml");
            let parameters = &template["Resources"]["Alarms"]["Properties"]["Parameters"];
            let (_, function) = functions(&template)
                .into_iter()
                .find(|(name, _)| *name == service::Function::Feed.name())
                .expect("the function feed");
            let log = &function["Properties"]["LoggingConfig"]["LogGroup"];
            assert_eq!(&parameters["FeedLogName"], log);
            assert_eq!(parameters["FeedName"], json!({ "Ref": "Feed" }));
        },
        &[
            (
                "infra/alarms.yaml",
                "Threshold: 300000",
                "Threshold: 3000000",
            ),
            (
                "infra/alarms.yaml",
                "LogGroupName: !Ref FeedLogName",
                "LogGroupName: !Ref EventsLogName",
            ),
            (
                "template.yaml",
                "FeedName: !Ref Feed\n",
                "FeedName: !Ref Events\n",
            ),
        ],
    );
}

/// The log, the filter and the metric use the same words.
#[test]
fn an_expiring_key_raises_an_alarm() {
    holds(
        |of| {
            const KEY_EXPIRING: &str = "key.expiring";
            assert!(log_events(products(), "shared/").contains(KEY_EXPIRING));
            let alarms_yaml = of.read("infra/alarms.yaml");
            let filters = resources(&alarms_yaml, "AWS::Logs::MetricFilter").into_iter();
            let mut patterns = filters.map(|(_, filter)| &filter["Properties"]);
            let pattern = format!(r#"{{ $.message = "{KEY_EXPIRING}" }}"#);
            let filter = patterns.find(|filter| filter["FilterPattern"] == pattern.as_str());
            let metric = &filter.expect("a filter for the log's line")["MetricTransformations"][0];
            assert_eq!(metric["MetricName"], "KeysExpiring");
            let sounds = |(_, alarm): &(&str, &Value)| alarm["MetricName"] == metric["MetricName"];
            assert!(alarms(&alarms_yaml).iter().any(sounds));
            let template = of.read("template.yaml");
            let (_, function) = functions(&template)
                .into_iter()
                .find(|(name, _)| *name == service::Function::Events.name())
                .expect("the function events");
            let events = function["Properties"]["Events"].as_object();
            let daily = events.into_iter().flatten().any(|(_, event)| {
                let properties = &event["Properties"];
                properties["Schedule"] == "rate(1 day)"
                    && properties["Input"] == r#"{"sweep":"keys"}"#
            });
            assert!(daily, "no daily sweep reads the keys");
        },
        &[
            (
                "infra/alarms.yaml",
                r#"key.expiring" }"#,
                r#"key.expired" }"#,
            ),
            (
                "infra/alarms.yaml",
                "MetricName: KeysExpiring\n      Statistic",
                "MetricName: KeyExpiring\n      Statistic",
            ),
            (
                "template.yaml",
                r#"{"sweep":"keys"}"#,
                r#"{"sweep":"tasks"}"#,
            ),
        ],
    );
}
