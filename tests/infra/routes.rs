//! The routes in the code, in the template and under `cargo lambda watch` are the same.

use std::collections::BTreeSet;

use local::template::{self, TemplateRoute};
use serde_json::{Value, json};
use service::wire::routes::{ADMIN, routes};
use service::{Binary, Function};

use super::functions;
use super::templates::holds;

/// The routes in the code, as `METHOD path → function`.
fn expected() -> BTreeSet<String> {
    let line = |route: &service::wire::routes::Route| {
        let method = route.method.as_ref().map_or("ANY", http::Method::as_str);
        format!("{method} {} → {}", route.path, route.function.name())
    };
    let admin = ADMIN.map(|path| format!("ANY {path} → {}", Function::Admin.name()));
    routes().map(line).chain(admin).collect()
}

#[test]
fn the_template_has_the_routes_of_the_code() {
    holds(
        |of| {
            let deployed =
                template::routes(&of.read("template.yaml")).expect("template.yaml has routes");
            let line = |route: &TemplateRoute| format!("{} → {}", route.key(), route.function());
            let mut expected = expected();
            expected.insert(format!("$default → {}", Function::CATCH_ALL.name()));
            assert_eq!(deployed.iter().map(line).collect::<BTreeSet<_>>(), expected);
        },
        &[
            (
                "template.yaml",
                "Path: /{tenant}/scim/v2/Users/{id}",
                "Path: /{tenant}/scim/v2/User/{id}",
            ),
            ("template.yaml", "Method: PATCH", "Method: POST"),
        ],
    );
}

#[test]
fn every_route_has_the_payload_that_functions_read() {
    holds(
        |of| {
            let template = of.read("template.yaml");
            let mut events = 0;
            for (name, function) in functions(&template) {
                for (event, definition) in function["Properties"]["Events"]
                    .as_object()
                    .into_iter()
                    .flatten()
                {
                    if [Function::Events, Function::Feed]
                        .map(Function::name)
                        .contains(&name)
                    {
                        assert_ne!(definition["Type"], "HttpApi", "{name}: {event}");
                        continue;
                    }
                    assert_eq!(definition["Type"], "HttpApi", "{name}: {event}");
                    assert_eq!(
                        definition["Properties"]["PayloadFormatVersion"], "2.0",
                        "{name}: {event}"
                    );
                    assert_eq!(
                        definition["Properties"]["ApiId"]["Ref"], "Api",
                        "{name}: {event}"
                    );
                    events += 1;
                }
            }
            assert_eq!(events, routes().count() + ADMIN.len() + 1);
        },
        &[
            (
                "template.yaml",
                r#"PayloadFormatVersion: "2.0""#,
                r#"PayloadFormatVersion: "1.0""#,
            ),
            ("template.yaml", "Type: Schedule", "Type: HttpApi"),
            ("template.yaml", "ApiId: !Ref Api", "ApiId: !Ref Storage"),
        ],
    );
}

/// A gateway that rejects a request responds with its own JSON, which providers do not understand.
#[test]
fn t09_callers_are_authenticated_by_the_functions_only() {
    holds(
        |of| {
            for (path, _) in of.all() {
                let template = of.read(path);
                for kind in ["AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Api"] {
                    assert!(
                        super::resources(&template, kind).is_empty(),
                        "{path}: {kind}"
                    );
                }
                for (name, api) in super::resources(&template, "AWS::Serverless::HttpApi") {
                    let properties = &api["Properties"];
                    for own in [
                        "Auth",
                        "CorsConfiguration",
                        "DefinitionBody",
                        "RouteSettings",
                    ] {
                        assert!(properties[own].is_null(), "{path}: {name} has {own}");
                    }
                }
                for (name, function) in functions(&template) {
                    let events = function["Properties"]["Events"].as_object();
                    for (event, definition) in events.into_iter().flatten() {
                        let auth = &definition["Properties"]["Auth"];
                        assert!(auth.is_null(), "{name}: {event} has Auth");
                    }
                }
            }
        },
        &[
            (
                "template.yaml",
                "      FailOnWarnings: true\n",
                "      Auth: A\n",
            ),
            (
                "template.yaml",
                "            Method: GET\n",
                "            Method: GET\n            Auth: A\n",
            ),
            (
                "template.yaml",
                "Type: AWS::Logs::LogGroup",
                "Type: AWS::ApiGatewayV2::Authorizer",
            ),
        ],
    );
}

/// The paths under `cargo lambda watch` that replace `$default`, which it does not have. They match every path that is
/// not one of [`ADMIN`].
const CATCH_ALLS: [&str; 4] = ["/", "/{tenant}", "/{tenant}/", "/{tenant}/{*rest}"];

#[test]
fn cargo_lambda_watch_serves_the_same_routes() {
    let metadata = crate::house::crates::metadata();
    let router = metadata
        .pointer("/metadata/lambda/watch/router")
        .and_then(Value::as_array)
        .expect("Cargo.toml has workspace.metadata.lambda.watch.router");
    let admin = ADMIN.map(|path| (path.replace("{path+}", "{*path}"), Binary::Admin));
    let rest = CATCH_ALLS.map(|path| (path.to_owned(), Binary::Scim));
    let expected = admin.into_iter().chain(rest);
    let expected: Vec<Value> = expected
        .map(|(path, binary)| json!({ "path": path, "function": binary.name() }))
        .collect();
    assert_eq!(router, &expected);
    for function in routes().map(|route| route.function) {
        assert_eq!(function.binary(), Binary::Scim, "{}", function.name());
    }
}
