//! The templates as the rules read them, and the same with a planted violation.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use local::template;
use serde_json::Value;

use crate::house::source::files;

/// The texts of the templates by their paths relative to the root.
#[derive(Clone)]
pub(super) struct Templates(BTreeMap<String, String>);

impl Templates {
    fn of_the_repository() -> Self {
        let is_template = |path: &str| path == "template.yaml" || path.starts_with("infra/");
        let files = files("yaml").into_iter();
        Self(files.filter(|(path, _)| is_template(path)).collect())
    }

    /// The same with a change in one of them.
    fn with(&self, (path, from, to): (&str, &str, &str)) -> Self {
        let mut changed = self.clone();
        let text = changed.0.get_mut(path).expect(path);
        assert!(text.contains(from), "{path} does not contain `{from}`");
        *text = text.replacen(from, to, 1);
        changed
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let texts = self.0.iter();
        texts.map(|(path, text)| (path.as_str(), text.as_str()))
    }

    pub(super) fn read(&self, path: &str) -> Value {
        template::parse(&self.0[path]).unwrap_or_else(|error| panic!("{path}: {error}"))
    }
}

/// Asserts that a rule holds for the templates, and that it fails for each planted violation: in a template, the first
/// text replaced by the second.
#[track_caller]
pub(super) fn holds(rule: impl Fn(&Templates), planted: &[(&str, &str, &str)]) {
    let templates = Templates::of_the_repository();
    rule(&templates);
    assert!(!planted.is_empty(), "no violation is planted");
    for violation in planted {
        let broken = templates.with(*violation);
        let result = catch_unwind(AssertUnwindSafe(|| rule(&broken)));
        assert!(result.is_err(), "not seen: {violation:?}");
    }
}
