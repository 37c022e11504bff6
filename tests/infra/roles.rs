//! The roles grant exactly what the functions call.

mod secrets;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use service::Function;

use super::templates::{Templates, holds};
use super::{conversation, functions, resources};

/// The actions of a statement.
fn actions(statement: &Value) -> BTreeSet<String> {
    match &statement["Action"] {
        Value::Array(actions) => actions
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        one => one.as_str().map(str::to_owned).into_iter().collect(),
    }
}

/// The statement, even if a condition of the template decides whether it exists.
fn unconditional(statement: &Value) -> &Value {
    statement.pointer("/Fn::If/1").unwrap_or(statement)
}

/// The role of a function.
fn role<'t>(template: &'t Value, name: &str, function: &Value) -> &'t Value {
    let logical = function
        .pointer("/Properties/Role/Fn::GetAtt/0")
        .and_then(Value::as_str);
    let logical =
        logical.unwrap_or_else(|| panic!("{name} has no role of its own in the template"));
    assert!(
        function["Properties"]["Policies"].is_null(),
        "{name}: SAM ignores Policies beside a Role"
    );
    let role = &template["Resources"][logical];
    assert!(
        role["Properties"]["ManagedPolicyArns"].is_null(),
        "{logical}: a managed policy grants more than is called"
    );
    role
}

fn statements(role: &Value) -> Vec<&Value> {
    let policies = role["Properties"]["Policies"]
        .as_array()
        .into_iter()
        .flatten();
    policies
        .filter_map(|policy| policy.pointer("/PolicyDocument/Statement")?.as_array())
        .flatten()
        .collect()
}

/// The statements that grant actions of an AWS service.
fn granting<'t>(role: &'t Value, service: &str) -> Vec<&'t Value> {
    let is_granting = |statement: &&Value| {
        actions(unconditional(statement))
            .iter()
            .any(|action| action.split(':').next() == Some(service))
    };
    statements(role).into_iter().filter(is_granting).collect()
}

/// Calls `check` with each function's name, resource and role.
fn for_each_role(of: &Templates, check: impl Fn(&str, &Value, &Value)) {
    let template = of.read("template.yaml");
    for (name, function) in functions(&template) {
        check(name, function, role(&template, name, function));
    }
}

#[tokio::test]
async fn roles_grant_the_table_actions_that_functions_call() {
    let called = conversation::actions_called().await;
    holds(
        |of| {
            let template = of.read("template.yaml");
            let mut granted = BTreeMap::new();
            for (name, function) in functions(&template) {
                let statements = granting(role(&template, name, function), "dynamodb");
                let on_table = statements.into_iter().filter(|one| is_on(one, "Arn"));
                let all: BTreeSet<String> = on_table.flat_map(actions).collect();
                granted.insert(name.to_owned(), all);
            }
            let show = |set: Option<&BTreeSet<String>>| {
                set.into_iter()
                    .flatten()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let differences: Vec<String> = called
                .keys()
                .chain(granted.keys())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .filter(|name| called.get(*name) != granted.get(*name))
                .map(|name| {
                    format!(
                        "{name}:\n  called  {}\n  granted {}",
                        show(called.get(name)),
                        show(granted.get(name))
                    )
                })
                .collect();
            assert!(
                differences.is_empty(),
                "roles in template.yaml:\n{}",
                differences.join("\n")
            );
        },
        &[
            (
                "template.yaml",
                "                  - dynamodb:UpdateItem\n",
                "",
            ),
            ("template.yaml", "- dynamodb:Query", "- dynamodb:Scan"),
        ],
    );
}

#[test]
fn roles_name_services_that_functions_use_only() {
    holds(
        |of| {
            for_each_role(of, |name, _, role| {
                let services: BTreeSet<String> = statements(role)
                    .into_iter()
                    .flat_map(|statement| actions(unconditional(statement)))
                    .filter_map(|action| Some(action.split_once(':')?.0.to_owned()))
                    .collect();
                let mut expected = BTreeSet::from(
                    ["dynamodb", "kms", "logs", "secretsmanager"].map(str::to_owned),
                );
                if name == Function::Feed.name() {
                    expected.remove("secretsmanager");
                }
                assert_eq!(services, expected, "{name}");
                for statement in statements(role) {
                    let statement = unconditional(statement);
                    assert_eq!(statement["Effect"], "Allow", "{name}: {statement}");
                    assert!(
                        statement["NotAction"].is_null() && statement["NotResource"].is_null(),
                        "{name}: {statement}"
                    );
                }
            });
        },
        &[
            ("template.yaml", "- dynamodb:BatchGetItem", "- s3:GetObject"),
            (
                "template.yaml",
                "ReadAndWriteTable\n                Effect: Allow",
                "ReadAndWriteTable\n                Effect: Deny",
            ),
        ],
    );
}

/// Whether a statement is about an output of the storage stack.
fn is_on(statement: &Value, output: &str) -> bool {
    statement["Resource"] == json!({"Fn::GetAtt": ["Storage", format!("Outputs.{output}")]})
}

#[test]
fn roles_reach_the_table_and_no_other() {
    holds(
        |of| {
            for_each_role(of, |name, _, role| {
                for statement in granting(role, "dynamodb") {
                    let is_stream = [Function::Events, Function::Feed]
                        .map(Function::name)
                        .contains(&name)
                        && is_on(statement, "StreamArn");
                    assert!(is_on(statement, "Arn") || is_stream, "{name}: {statement}");
                }
            });
        },
        &[(
            "template.yaml",
            "Resource: !GetAtt Storage.Outputs.Arn",
            "Resource: !GetAtt Storage.Outputs.StreamArn",
        )],
    );
}

/// Lambda reads the stream with the function's role, and creates no mapping without these permissions.
#[test]
fn the_role_of_what_the_stream_invokes_reads_the_stream() {
    holds(
        |of| {
            let template = of.read("template.yaml");
            for (name, function) in functions(&template) {
                let events = function["Properties"]["Events"].as_object();
                let streams = events.into_iter().flatten();
                let streams = streams.filter(|(_, event)| event["Type"] == "DynamoDB");
                let expected = match streams.count() {
                    0 => BTreeSet::new(),
                    _ => BTreeSet::from(
                        [
                            "DescribeStream",
                            "GetRecords",
                            "GetShardIterator",
                            "ListStreams",
                        ]
                        .map(|action| format!("dynamodb:{action}")),
                    ),
                };
                let statements = granting(role(&template, name, function), "dynamodb");
                let on_stream = statements.into_iter().filter(|one| is_on(one, "StreamArn"));
                let granted: BTreeSet<String> = on_stream.flat_map(actions).collect();
                assert_eq!(granted, expected, "{name}");
            }
        },
        &[(
            "template.yaml",
            "                  - dynamodb:GetRecords\n",
            "",
        )],
    );
}

#[test]
fn roles_write_to_the_log_of_their_function_only() {
    holds(
        |of| {
            for_each_role(of, |name, function, role| {
                let own = function
                    .pointer("/Properties/LoggingConfig/LogGroup/Ref")
                    .expect("a log group");
                for statement in granting(role, "logs") {
                    assert_eq!(
                        statement["Resource"],
                        json!({"Fn::GetAtt": [own, "Arn"]}),
                        "{name}: {statement}"
                    );
                    let expected = ["logs:CreateLogStream", "logs:PutLogEvents"].map(str::to_owned);
                    assert_eq!(actions(statement), BTreeSet::from(expected), "{name}");
                }
            });
        },
        &[
            (
                "template.yaml",
                "Resource: !GetAtt UsersLog.Arn",
                "Resource: !GetAtt GroupsLog.Arn",
            ),
            (
                "template.yaml",
                "- logs:PutLogEvents",
                "- logs:CreateLogGroup",
            ),
        ],
    );
}

#[test]
fn roles_are_for_lambda_and_each_for_one_function() {
    holds(
        |of| {
            let template = of.read("template.yaml");
            let mut used = BTreeSet::new();
            for (name, function) in functions(&template) {
                let logical = function
                    .pointer("/Properties/Role/Fn::GetAtt/0")
                    .and_then(Value::as_str);
                assert!(
                    used.insert(logical.expect("a role")),
                    "{name} shares its role"
                );
                let trust = role(&template, name, function)
                    .pointer("/Properties/AssumeRolePolicyDocument/Statement");
                let principals: Vec<_> = trust
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .map(|one| &one["Principal"])
                    .collect();
                assert_eq!(
                    principals,
                    [&json!({"Service": "lambda.amazonaws.com"})],
                    "{name}"
                );
            }
            let all: BTreeSet<&str> = resources(&template, "AWS::IAM::Role")
                .into_iter()
                .map(|(logical, _)| logical)
                .collect();
            assert_eq!(
                all, used,
                "roles in template.yaml, and those that functions run as"
            );
        },
        &[
            (
                "template.yaml",
                "Role: !GetAtt GroupsRole.Arn",
                "Role: !GetAtt UsersRole.Arn",
            ),
            (
                "template.yaml",
                "Service: lambda.amazonaws.com",
                "Service: ec2.amazonaws.com",
            ),
        ],
    );
}
