//! Selects the route of a request by the rules of HTTP APIs.
//!
//! A route without a greedy variable wins over one with it; then, at the first segment that differs, text wins over a
//! variable; then a named method wins over `ANY`; `$default` comes last. Paths are compared decoded and case-sensitively. A
//! variable matches one non-empty segment, and a trailing slash is significant.

use http::Method;

use crate::template::{RouteMethod, TemplateRoute};

/// The routes in order of priority.
pub(super) struct Routing {
    entries: Vec<RouteEntry>,
    default: Option<TemplateRoute>,
}

/// The selected route with the values of its variables.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Matched<'a> {
    pub(super) route: &'a TemplateRoute,
    pub(super) parameters: Vec<(&'a str, String)>,
}

struct RouteEntry {
    route: TemplateRoute,
    method: RouteMethod,
    segments: Vec<Segment>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Text(String),
    Variable(String),
    Greedy(String),
}

impl Routing {
    pub(super) fn new(routes: Vec<TemplateRoute>) -> Self {
        let mut entries = Vec::new();
        let mut default = None;
        for route in routes {
            match &route {
                TemplateRoute::Default { .. } => default = Some(route),
                TemplateRoute::Path { method, path, .. } => {
                    let segments = path.split('/').skip(1).map(Segment::parse).collect();
                    entries.push(RouteEntry {
                        method: method.clone(),
                        segments,
                        route,
                    });
                }
            }
        }
        entries.sort_by_key(RouteEntry::rank);
        Self { entries, default }
    }

    pub(super) fn find(&self, method: &Method, path: &str) -> Option<Matched<'_>> {
        let found = self.entries.iter().find_map(|entry| {
            let parameters = entry.takes(method).then(|| entry.bind(path))??;
            Some(Matched {
                route: &entry.route,
                parameters,
            })
        });
        found.or_else(|| {
            Some(Matched {
                route: self.default.as_ref()?,
                parameters: Vec::new(),
            })
        })
    }
}

impl RouteEntry {
    fn rank(&self) -> (bool, Vec<u8>, bool) {
        let kinds = self.segments.iter().map(Segment::rank).collect();
        let greedy = matches!(self.segments.last(), Some(Segment::Greedy(_)));
        (greedy, kinds, self.method == RouteMethod::Any)
    }

    fn takes(&self, method: &Method) -> bool {
        match &self.method {
            RouteMethod::Any => true,
            RouteMethod::Only(own) => own == method,
        }
    }

    /// The values of the variables, or `None` if the path does not match.
    fn bind(&self, path: &str) -> Option<Vec<(&str, String)>> {
        let mut rest = Some(path.strip_prefix('/')?);
        let mut parameters = Vec::new();
        for segment in &self.segments {
            let here = rest?;
            let (first, after) = here
                .split_once('/')
                .map_or((here, None), |(first, after)| (first, Some(after)));
            match segment {
                Segment::Text(text) if text == first => rest = after,
                Segment::Variable(name) if !first.is_empty() => {
                    parameters.push((name.as_str(), first.to_owned()));
                    rest = after;
                }
                Segment::Greedy(name) if !here.is_empty() => {
                    parameters.push((name.as_str(), here.to_owned()));
                    rest = None;
                }
                _ => return None,
            }
        }
        rest.is_none().then_some(parameters)
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        let Some(name) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) else {
            return Self::Text(text.to_owned());
        };
        match name.strip_suffix('+') {
            Some(name) => Self::Greedy(name.to_owned()),
            None => Self::Variable(name.to_owned()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Text(_) => 0,
            Self::Variable(_) => 1,
            Self::Greedy(_) => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(key: &str) -> TemplateRoute {
        let function = "f".to_owned();
        match key.split_once(' ') {
            None => TemplateRoute::Default { function },
            Some((method, path)) => {
                let method = if method == "ANY" {
                    RouteMethod::Any
                } else {
                    RouteMethod::Only(method.parse().unwrap())
                };
                TemplateRoute::Path {
                    method,
                    path: path.to_owned(),
                    function,
                }
            }
        }
    }

    fn find(keys: &[&str], method: &str, path: &str) -> Option<String> {
        let routing = Routing::new(keys.iter().map(|key| route(key)).collect());
        routing
            .find(&method.parse().unwrap(), path)
            .map(|matched| matched.route.key())
    }

    /// The example from the AWS documentation of HTTP API routes.
    const PETS: [&str; 5] = [
        "$default",
        "ANY /{proxy+}",
        "GET /pets/{proxy+}",
        "GET /pets/dog/{id}",
        "GET /pets/dog/1",
    ];

    #[test]
    fn the_most_specific_route_wins() {
        for (method, path, key) in [
            ("GET", "/pets/dog/1", "GET /pets/dog/1"),
            ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
            ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
            ("GET", "/pets/dog/2/3", "GET /pets/{proxy+}"),
            ("POST", "/test/5", "ANY /{proxy+}"),
            ("POST", "/pets/dog/1", "ANY /{proxy+}"),
            ("GET", "/", "$default"),
        ] {
            assert_eq!(
                find(&PETS, method, path).as_deref(),
                Some(key),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn a_named_method_wins_over_any() {
        let keys = ["ANY /a/{b}", "GET /a/{b}"];
        assert_eq!(find(&keys, "GET", "/a/b").unwrap(), "GET /a/{b}");
        assert_eq!(find(&keys, "PUT", "/a/b").unwrap(), "ANY /a/{b}");
    }

    #[test]
    fn a_full_match_wins_over_a_greedy_one_with_more_text() {
        assert_eq!(
            find(&["GET /x/{c+}", "GET /{a}/b"], "GET", "/x/b").unwrap(),
            "GET /{a}/b"
        );
    }

    #[test]
    fn a_path_must_match_exactly() {
        let keys = [
            "GET /{tenant}/scim/v2/Users",
            "GET /{tenant}/scim/v2/Users/{id}",
        ];
        for path in [
            "/acme/scim/v2/Users/",
            "/acme/scim/v2/users",
            "//scim/v2/Users",
            "/acme/scim/v2/Users/1/2",
            "acme",
        ] {
            assert_eq!(find(&keys, "GET", path), None, "{path}");
        }
        assert_eq!(find(&keys, "DELETE", "/acme/scim/v2/Users"), None);
        assert_eq!(find(&["GET /a/{b+}"], "GET", "/a/"), None);
        assert_eq!(find(&["GET /"], "GET", "/").unwrap(), "GET /");
    }

    #[test]
    fn variables_get_their_values() {
        let routing = Routing::new(vec![route("GET /{tenant}/scim/v2/Schemas/{rest+}")]);
        let matched = routing
            .find(&Method::GET, "/acme/scim/v2/Schemas/urn:a/b")
            .unwrap();
        assert_eq!(
            matched.parameters,
            [
                ("tenant", "acme".to_owned()),
                ("rest", "urn:a/b".to_owned())
            ]
        );
    }
}
