//! The roles grant exactly what the functions call.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use service::Function;

use super::{conversation, functions, read, resources, templates};
use crate::house::source::ROOT;

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
fn for_each_role(check: impl Fn(&str, &Value, &Value)) {
    let template = read("template.yaml");
    for (name, function) in functions(&template) {
        check(name, function, role(&template, name, function));
    }
}

#[tokio::test]
async fn roles_grant_the_table_actions_that_functions_call() {
    let called = conversation::actions_called().await;
    let template = read("template.yaml");
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
}

#[test]
fn roles_name_services_that_functions_use_only() {
    for_each_role(|name, _, role| {
        let services: BTreeSet<String> = statements(role)
            .into_iter()
            .flat_map(|statement| actions(unconditional(statement)))
            .filter_map(|action| Some(action.split_once(':')?.0.to_owned()))
            .collect();
        let mut expected =
            BTreeSet::from(["dynamodb", "kms", "logs", "secretsmanager"].map(str::to_owned));
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
}

/// Whether a statement is about an output of the storage stack.
fn is_on(statement: &Value, output: &str) -> bool {
    statement["Resource"] == json!({"Fn::GetAtt": ["Storage", format!("Outputs.{output}")]})
}

#[test]
fn roles_reach_the_table_and_no_other() {
    for_each_role(|name, _, role| {
        for statement in granting(role, "dynamodb") {
            let is_stream = [Function::Events, Function::Feed]
                .map(Function::name)
                .contains(&name)
                && is_on(statement, "StreamArn");
            assert!(is_on(statement, "Arn") || is_stream, "{name}: {statement}");
        }
    });
}

/// Lambda reads the stream with the function's role, and creates no mapping without these permissions.
#[test]
fn the_role_of_what_the_stream_invokes_reads_the_stream() {
    let template = read("template.yaml");
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
}

#[test]
fn roles_read_keyrings_and_no_other_secret() {
    let template = read("template.yaml");
    let prefix =
        template.pointer("/Globals/Function/Environment/Variables/MUSTER_KEYRING_PREFIX/Fn::Sub");
    let prefix = prefix
        .and_then(Value::as_str)
        .expect("the keyring prefix is a !Sub");
    let secrets = |prefix: &str| {
        format!(
            "arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{prefix}*"
        )
    };
    let admin_prefix =
        template.pointer("/Globals/Function/Environment/Variables/MUSTER_ADMIN_PREFIX/Fn::Sub");
    let admin_prefix = admin_prefix
        .and_then(Value::as_str)
        .expect("the prefix of admin keys is a !Sub");
    for_each_role(|name, _, role| {
        let granted = granting(role, "secretsmanager");
        // No request reaches it, so it checks no token.
        if name == Function::Feed.name() {
            assert!(granted.is_empty(), "{granted:?}");
            return;
        }
        let [statement] = granted.as_slice() else {
            panic!("{name}: not exactly one statement for secretsmanager");
        };
        let secret = |prefix| json!({ "Fn::Sub": secrets(prefix) });
        let (words, resource) = match name == Function::Admin.name() {
            true => (
                &["Create", "Get", "Put", "Update"][..],
                json!([secret(prefix), secret(admin_prefix)]),
            ),
            false => (&["Get"][..], secret(prefix)),
        };
        let expected = words.iter().map(|word| match *word {
            "Create" => "secretsmanager:CreateSecret".to_owned(),
            "Update" => "secretsmanager:UpdateSecretVersionStage".to_owned(),
            word => format!("secretsmanager:{word}SecretValue"),
        });
        assert_eq!(actions(statement), expected.collect(), "{name}");
        assert_eq!(statement["Resource"], resource, "{name}");
    });
}

#[test]
fn roles_decrypt_with_a_customers_key_only_if_there_is_one() {
    for_each_role(|name, _, role| {
        for statement in granting(role, "kms") {
            let condition = statement.pointer("/Fn::If").and_then(Value::as_array);
            let condition =
                condition.unwrap_or_else(|| panic!("{name}: kms without a condition: {statement}"));
            assert_eq!(
                (&condition[0], &condition[2]),
                (&json!("HasCustomerKey"), &json!({"Ref": "AWS::NoValue"})),
                "{name}"
            );
            let granted = &condition[1];
            // A function that changes secrets needs a data key for each value.
            let words = match name == Function::Admin.name() {
                true => &["kms:Decrypt", "kms:GenerateDataKey"][..],
                false => &["kms:Decrypt"],
            };
            let words = words.iter().map(|word| (*word).to_owned());
            assert_eq!(actions(granted), words.collect(), "{name}");
            assert_eq!(granted["Resource"], json!({"Ref": "KmsKeyArn"}), "{name}");
            let through = granted.pointer("/Condition/StringEquals/kms:ViaService");
            assert!(
                through.is_some(),
                "{name}: kms:Decrypt is not bound to the services that store for us"
            );
        }
    });
}

#[test]
fn roles_write_to_the_log_of_their_function_only() {
    for_each_role(|name, function, role| {
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
}

#[test]
fn roles_are_for_lambda_and_each_for_one_function() {
    let template = read("template.yaml");
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
}

/// The values of `Action` and `Resource` anywhere in a value.
fn permissions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if ["Action", "NotAction", "Resource", "NotResource"].contains(&name.as_str()) {
                    texts(member, found);
                }
                permissions(member, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| permissions(item, found)),
        _ => {}
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

#[test]
fn nothing_is_granted_on_everything() {
    for path in templates() {
        let mut found = Vec::new();
        permissions(&read(&path), &mut found);
        let broken: Vec<_> = found
            .iter()
            .filter(|text| *text == "*" || (text.ends_with(":*") && !text.starts_with("arn:")))
            .collect();
        assert!(
            broken.is_empty(),
            "{path}: {broken:?} → name the actions and the resources"
        );
    }
}

#[test]
fn a_wildcard_in_a_permission_has_its_reason_beside_it() {
    for path in templates() {
        let text = fs::read_to_string(format!("{ROOT}/{path}")).expect("a template");
        let mut above = "";
        for (number, line) in text.lines().enumerate() {
            let code = line.split_once(" #").map_or(line, |(code, _)| code).trim();
            let is_comment = code.starts_with('#');
            let is_pattern = code.starts_with("AllowedPattern:");
            if code.contains('*') && !is_comment && !is_pattern {
                let has_reason = line.contains(" # ") || above.trim().starts_with('#');
                assert!(
                    has_reason,
                    "{path}:{}: `{code}` → say why `*` in a comment beside or above it",
                    number + 1
                );
            }
            above = line;
        }
    }
}
