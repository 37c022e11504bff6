//! The permissions for secrets and for a customer's own key.

use serde_json::{Value, json};
use service::Function;

use super::{actions, for_each_role, granting};
use crate::infra::templates::holds;

#[test]
fn roles_read_keyrings_and_no_other_secret() {
    holds(
        |of| {
            let template = of.read("template.yaml");
            let prefix_of = |kind: &str| {
                let variable = format!("MUSTER_{kind}_PREFIX");
                let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
                let prefix = variables[&variable]["Fn::Sub"].as_str();
                let prefix = prefix.unwrap_or_else(|| panic!("{variable} is no !Sub"));
                prefix.to_owned()
            };
            let secrets = |prefix: &str| {
                format!(
                    "arn:${{AWS::Partition}}:secretsmanager:${{AWS::Region}}:${{AWS::AccountId}}:secret:{prefix}*"
                )
            };
            for_each_role(of, |name, _, role| {
                let granted = granting(role, "secretsmanager");
                // No request reaches it, so it checks no token.
                if name == Function::Feed.name() {
                    assert!(granted.is_empty(), "{granted:?}");
                    return;
                }
                let [statement] = granted.as_slice() else {
                    panic!("{name}: not exactly one statement for secretsmanager");
                };
                let secret = |kind| json!({ "Fn::Sub": secrets(&prefix_of(kind)) });
                let (words, resource) = match name == Function::Admin.name() {
                    true => (
                        &["Create", "Get", "Put", "Update"][..],
                        json!(["KEYRING", "ADMIN", "WEBHOOK"].map(secret)),
                    ),
                    false => (&["Get"][..], secret("KEYRING")),
                };
                let expected = words.iter().map(|word| match *word {
                    "Create" => "secretsmanager:CreateSecret".to_owned(),
                    "Update" => "secretsmanager:UpdateSecretVersionStage".to_owned(),
                    word => format!("secretsmanager:{word}SecretValue"),
                });
                assert_eq!(actions(statement), expected.collect(), "{name}");
                assert_eq!(statement["Resource"], resource, "{name}");
            });
        },
        &[
            (
                "template.yaml",
                "secret:${AWS::StackName}/keyring/*",
                "secret:${AWS::StackName}/*",
            ),
            (
                "template.yaml",
                "- secretsmanager:GetSecretValue",
                "- secretsmanager:PutSecretValue",
            ),
        ],
    );
}

#[test]
fn roles_decrypt_with_a_customers_key_only_if_there_is_one() {
    holds(
        |of| {
            for_each_role(of, |name, _, role| {
                for statement in granting(role, "kms") {
                    let condition = statement.pointer("/Fn::If").and_then(Value::as_array);
                    let condition = condition
                        .unwrap_or_else(|| panic!("{name}: kms without a condition: {statement}"));
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
        },
        &[
            (
                "template.yaml",
                "                - HasCustomerKey\n",
                "                - HasPublicUrl\n",
            ),
            ("template.yaml", "- kms:Decrypt", "- kms:Encrypt"),
            (
                "template.yaml",
                "Resource: !Ref KmsKeyArn",
                "Resource: !Ref Api",
            ),
            ("template.yaml", "kms:ViaService", "kms:CallerAccount"),
        ],
    );
}
