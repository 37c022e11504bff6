//! No permission is on everything.

use serde_json::Value;

use super::templates::holds;

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
    holds(
        |of| {
            for (path, _) in of.all() {
                let mut found = Vec::new();
                permissions(&of.read(path), &mut found);
                let broken: Vec<_> = found
                    .iter()
                    .filter(|text| {
                        *text == "*" || (text.ends_with(":*") && !text.starts_with("arn:"))
                    })
                    .collect();
                assert!(
                    broken.is_empty(),
                    "{path}: {broken:?} → name the actions and the resources"
                );
            }
        },
        &[
            ("template.yaml", "- dynamodb:GetItem", "- dynamodb:*"),
            (
                "template.yaml",
                "Resource: !GetAtt Storage.Outputs.Arn",
                r#"Resource: "*""#,
            ),
        ],
    );
}

#[test]
fn a_wildcard_in_a_permission_has_its_reason_beside_it() {
    holds(
        |of| {
            for (path, text) in of.all() {
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
        },
        &[
            (
                "template.yaml",
                "                # `*`: a secret's ARN ends in six random characters, and new keyrings are created without a deployment.\n",
                "",
            ),
            (
                "infra/table.yaml",
                "    Properties:\n",
                "    Properties:\n      Tags: \"*\"\n",
            ),
        ],
    );
}
