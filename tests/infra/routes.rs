//! The routes in the code, in the template and under `cargo lambda watch` are the same.

use std::collections::{BTreeMap, BTreeSet};

use local::template::TemplateRoute;
use serde_json::Value;
use service::Function;
use service::wire::routes::{ADMIN, routes};

use super::{functions, read};

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
    let deployed = local::stack::routes().expect("template.yaml has routes");
    let line = |route: &TemplateRoute| format!("{} → {}", route.key(), route.function());
    let mut expected = expected();
    expected.insert(format!("$default → {}", Function::CATCH_ALL.name()));
    assert_eq!(deployed.iter().map(line).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn every_route_has_the_payload_that_functions_read() {
    let template = read("template.yaml");
    let mut events = 0;
    for (name, function) in functions(&template) {
        for (event, definition) in function["Properties"]["Events"]
            .as_object()
            .into_iter()
            .flatten()
        {
            if name == Function::Events.name() {
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
}

/// A gateway that rejects a request responds with its own JSON, which providers do not understand.
#[test]
fn t09_callers_are_authenticated_by_the_functions_only() {
    for path in super::templates() {
        let template = read(&path);
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
}

/// The methods of provisioning clients and browsers.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// A substitute for `$default`, which cargo-lambda does not have: all other paths.
const CATCH_ALLS: [&str; 4] = ["/", "/{tenant}", "/{tenant}/", "/{tenant}/{*rest}"];

/// The function for each path and method under `cargo lambda watch`.
fn watched() -> BTreeMap<(String, &'static str), Vec<String>> {
    let metadata = crate::house::crates::metadata();
    let router = metadata
        .pointer("/metadata/lambda/watch/router")
        .and_then(Value::as_array);
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    for entry in router.expect("Cargo.toml has workspace.metadata.lambda.watch.router") {
        let text = |name: &str| {
            entry[name]
                .as_str()
                .unwrap_or_else(|| panic!("no {name} in {entry}"))
                .to_owned()
        };
        let methods = entry["methods"].as_array();
        let takes =
            |method: &str| methods.is_none_or(|methods| methods.iter().any(|one| one == method));
        for method in METHODS.into_iter().filter(|method| takes(method)) {
            found
                .entry((text("path"), method))
                .or_default()
                .push(text("function"));
        }
    }
    found
}

#[test]
fn cargo_lambda_watch_serves_the_same_routes() {
    let mut expected = BTreeMap::new();
    let paths: BTreeSet<&str> = routes().map(|route| route.path).chain(CATCH_ALLS).collect();
    for path in paths {
        for method in METHODS {
            let takes = |own: &Option<http::Method>| own.as_ref().is_none_or(|own| own == method);
            let route = routes().find(|route| route.path == path && takes(&route.method));
            let function = route.map_or(Function::CATCH_ALL, |route| route.function);
            expected.insert((path.to_owned(), method), vec![function.name().to_owned()]);
        }
    }
    for path in ADMIN {
        let path = path.replace("{path+}", "{*path}");
        let function = Function::Admin.name().to_owned();
        let served = METHODS.map(|method| ((path.clone(), method), vec![function.clone()]));
        expected.extend(served);
    }
    let watched = watched();
    let differences: Vec<String> = expected
        .keys()
        .chain(watched.keys())
        .collect::<BTreeSet<_>>()
        .into_iter()
        .filter(|key| expected.get(key) != watched.get(key))
        .map(|key| {
            format!(
                "{} {}: expected {:?}, is {:?}",
                key.1,
                key.0,
                expected.get(key),
                watched.get(key)
            )
        })
        .collect();
    assert!(
        differences.is_empty(),
        "[workspace.metadata.lambda.watch] in Cargo.toml:\n{}",
        differences.join("\n")
    );
}
