use super::*;

const STACK: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
  Users:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: rust-cargolambda
      BuildProperties:
        Binary: scim
    Properties:
      Handler: users
      Role: !GetAtt UsersRole.Arn
      Events:
        List:
          Type: HttpApi
          Properties: {ApiId: !Ref Api, Method: get, Path: "/{tenant}/scim/v2/Users"}
        Get:
          Type: HttpApi
          Properties:
            ApiId: !Ref Api
            Method: GET
            Path: /{tenant}/scim/v2/Users/{id}
        Nightly:
          Type: Schedule
          Properties: {Schedule: rate(1 day)}
  Discovery:
    Type: AWS::Serverless::Function
    Properties:
      Handler: discovery
      Events:
        Schemas:
          Type: HttpApi
          Properties: {Method: ANY, Path: "/{tenant}/scim/v2/Schemas/{proxy+}"}
        Rest:
          Type: HttpApi
          Properties: {ApiId: !Ref Api}
"#;

const TABLE: &str = r"
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
        - {AttributeName: sk, AttributeType: S}
      KeySchema:
        - {AttributeName: pk, KeyType: HASH}
        - {AttributeName: sk, KeyType: RANGE}
      TimeToLiveSpecification: {AttributeName: expires, Enabled: true}
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
";

fn path(method: RouteMethod, path: &str, function: &str) -> TemplateRoute {
    TemplateRoute::Path {
        method,
        path: path.to_owned(),
        function: function.to_owned(),
    }
}

fn reason(result: Result<impl fmt::Debug, TemplateError>) -> String {
    result.unwrap_err().to_string()
}

fn event(properties: &str) -> Value {
    parse(&format!(
        "Resources: {{F: {{Type: AWS::Serverless::Function, \
         Properties: {{Handler: f, Events: {{E: {{Type: HttpApi, Properties: {properties}}}}}}}}}}}"
    ))
    .unwrap()
}

#[test]
fn short_tags_become_the_long_form() {
    let text = r#"
a: !Ref AWS::NoValue
b: !GetAtt Storage.Outputs.Name
c: !GetAtt [Table, Arn]
d: !Sub "${AWS::StackName}/keyring/"
e: !If [HasKey, !Ref Key, !Ref AWS::NoValue]
f: !Not [!Equals [!Ref Url, ""]]
g: !Condition HasKey
h: !Join ["-", [x, !Select [0, !GetAZs ""]]]
"#;
    assert_eq!(
        parse(text).unwrap(),
        json!({
            "a": {"Ref": "AWS::NoValue"},
            "b": {"Fn::GetAtt": ["Storage", "Outputs.Name"]},
            "c": {"Fn::GetAtt": ["Table", "Arn"]},
            "d": {"Fn::Sub": "${AWS::StackName}/keyring/"},
            "e": {"Fn::If": ["HasKey", {"Ref": "Key"}, {"Ref": "AWS::NoValue"}]},
            "f": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Url"}, ""]}]},
            "g": {"Condition": "HasKey"},
            "h": {"Fn::Join": ["-", ["x", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}]]},
        })
    );
}

#[test]
fn scalars_anchors_and_block_text_keep_their_meaning() {
    let text = "days: 30\nshare: 0.5\non: true\nempty:\nquoted: \"2.0\"\ndate: 2012-10-17\n1: one\nx: &x {y: 1}\nz: *x\nt: >-\n  a\n  b\n";
    assert_eq!(
        parse(text).unwrap(),
        json!({
            "days": 30, "share": 0.5, "on": true, "empty": null, "quoted": "2.0", "date": "2012-10-17", "1": "one",
            "x": {"y": 1}, "z": {"y": 1}, "t": "a b",
        })
    );
}

#[test]
fn members_keep_their_order() {
    let parsed = parse("b: 1\na: 2\nc: 3").unwrap();
    assert_eq!(
        parsed.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["b", "a", "c"]
    );
}

#[test]
fn errors_say_what_is_wrong() {
    for (text, part) in [
        ("a: !Reff X", "`!Reff`"),
        ("a: !GetAtt Table", "`!GetAtt Table` names no attribute"),
        ("a: 1\n---\nb: 2", "2 YAML documents"),
        ("", "0 YAML documents"),
        ("a: 1\na: 2", "duplicate"),
        ("a: [1", "template: "),
    ] {
        let reason = reason(parse(text));
        assert!(reason.contains(part), "{text}: {reason}");
    }
}

#[test]
fn routes_come_from_the_functions_http_api_events() {
    let get = || RouteMethod::Only(http::Method::GET);
    assert_eq!(
        routes(&parse(STACK).unwrap()).unwrap(),
        [
            path(get(), "/{tenant}/scim/v2/Users", "users"),
            path(get(), "/{tenant}/scim/v2/Users/{id}", "users"),
            path(
                RouteMethod::Any,
                "/{tenant}/scim/v2/Schemas/{proxy+}",
                "discovery"
            ),
            TemplateRoute::Default {
                function: "discovery".to_owned()
            },
        ]
    );
}

#[test]
fn route_keys_match_api_gateways() {
    let keys: Vec<String> = routes(&parse(STACK).unwrap())
        .unwrap()
        .iter()
        .map(TemplateRoute::key)
        .collect();
    assert_eq!(
        keys,
        [
            "GET /{tenant}/scim/v2/Users",
            "GET /{tenant}/scim/v2/Users/{id}",
            "ANY /{tenant}/scim/v2/Schemas/{proxy+}",
            "$default"
        ]
    );
}

#[test]
fn the_path_default_means_the_default_route() {
    let found = routes(&event("{Method: ANY, Path: $default}")).unwrap();
    assert_eq!(
        found,
        [TemplateRoute::Default {
            function: "f".to_owned()
        }]
    );
}

#[test]
fn errors_name_malformed_events() {
    for (properties, part) in [
        ("{Method: GET}", "only one of Method and Path"),
        ("{Method: GET, Path: users}", "does not start with a slash"),
        (
            "{Method: GET, Path: '/a/{b+}/c'}",
            "greedy variable before its end",
        ),
        ("{Method: GET, Path: '/a{b}'}", "not a whole segment"),
        ("{Method: GET, Path: '/{}'}", "without a name"),
        ("{Method: 'G T', Path: /a}", "no HTTP method"),
    ] {
        let reason = reason(routes(&event(properties)));
        assert!(
            reason.contains(part) && reason.contains("Resources.F.Properties.Events.E"),
            "{reason}"
        );
    }
}

#[test]
fn a_duplicate_route_is_an_error() {
    let text = STACK.replace("Method: get", "Method: GET").replace(
        "/{tenant}/scim/v2/Users\"",
        "/{tenant}/scim/v2/Users/{id}\"",
    );
    assert!(reason(routes(&parse(&text).unwrap())).contains("a second route"));
}

#[test]
fn a_function_with_routes_must_have_a_handler() {
    let text = STACK.replace("Handler: discovery", "Timeout: 28");
    assert!(
        reason(routes(&parse(&text).unwrap())).contains("`Resources.Discovery` has events but no")
    );
}

#[test]
fn the_table_is_read_completely() {
    let table = table(&parse(TABLE).unwrap()).unwrap();
    assert_eq!(
        table.create_request("muster"),
        json!({
            "TableName": "muster",
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}
            ],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "BillingMode": "PAY_PER_REQUEST",
            "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        })
    );
    assert_eq!(table.ttl_attribute.as_deref(), Some("expires"));
}

#[test]
fn a_disabled_ttl_is_none() {
    let off = parse(&TABLE.replace("Enabled: true", "Enabled: false")).unwrap();
    assert_eq!(table(&off).unwrap().ttl_attribute, None);
}

#[test]
fn unsupported_tables_are_an_error() {
    let index = TABLE.replace("BillingMode: PAY_PER_REQUEST", "GlobalSecondaryIndexes: []");
    for (text, part) in [
        ("Resources: {}".to_owned(), "exactly one"),
        (index, "GlobalSecondaryIndexes"),
        (
            TABLE.replace("KeyType: HASH", "KeyTypo: HASH"),
            "KeySchema` is missing or incomplete",
        ),
    ] {
        let reason = reason(table(&parse(&text).unwrap()));
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn this_repositorys_templates_can_be_read() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let read =
        |path: &str| parse(&std::fs::read_to_string(format!("{root}/{path}")).unwrap()).unwrap();
    assert!(!routes(&read("template.yaml")).unwrap().is_empty());
    let table = table(&read("infra/table.yaml")).unwrap();
    assert_eq!(table.key_schema.len(), 2);
    assert!(table.stream_view_type.is_some() && table.ttl_attribute.is_some());
}
