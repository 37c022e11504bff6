//! A page shows typed values: the compiler knows each field of a view, of a SCIM document and of the query parameters.

use super::source::{self, Source, closing};
use super::{is_under, must_be_none, must_see};

/// The folders of the pages: here, and in trees from before 2026-11-28, which `MUSTER_TEST_TREE` may name.
const PAGES: [&str; 2] = ["shared/vendor/src/pages", "shared/service/src/console"];

/// Whether a look-up is by a name: a text, or a constant.
fn is_name(given: &str) -> bool {
    let given = given.trim_start();
    let end = given.find(|c: char| !c.is_ascii_uppercase() && c != '_');
    let constant = end.filter(|end| *end > 0).map(|end| &given[end..]);
    given.starts_with('"') || constant.is_some_and(|rest| rest.starts_with([']', ')']))
}

/// The look-ups of members and of parameters by name in pages.
pub(super) fn looked_up(sources: &[Source]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| is_under(source, &PAGES)) {
        for call in ["[", ".get(", ".get_mut(", ".pointer(", ".pointer_mut("] {
            let calls = source.bare.match_indices(call);
            for (at, _) in calls.filter(|(at, _)| is_name(&source.code[at + call.len()..])) {
                // `[` after a name or a bracket is an index; elsewhere it starts a list.
                let before = &source.code[..at];
                let is_index = before.ends_with(|c: char| c.is_alphanumeric() || "_])".contains(c));
                if call.starts_with('.') || is_index {
                    found.push(source.place(at));
                }
            }
        }
        for function in ["text(", "items(", "number("] {
            let named = source.words(function).filter(|at| {
                let open = at + function.len() - 1;
                let given = &source.code[open..closing(&source.bare, open)];
                given
                    .split_once(',')
                    .is_some_and(|(_, name)| name.trim().starts_with('"'))
            });
            found.extend(named.map(|at| source.place(at)));
        }
    }
    found
}

#[test]
fn pages_look_up_nothing_by_name() {
    must_be_none(
        &looked_up(source::products()),
        "read the value into a struct, and the parameters of the page with `parameters()`",
    );
}

#[test]
fn a_planted_look_up_in_a_page_is_reported() {
    let planted = |code: &str| format!("fn a() {{\n    {code};\n}}\n");
    let page = "shared/vendor/src/pages/a.rs";
    for code in [
        "value[\"a\"]",
        "value.get(\"a\")",
        "value.pointer(\"/a\")",
        "value[NAME]",
        "value.get(NAME_OF)",
        "value.get_mut(\"a\")",
        "value.pointer_mut(\n        \"/a\")",
        "text(value, \"a\")",
        "number(value, \"a\")",
    ] {
        let code = planted(code);
        let kept = [("shared/vendor/src/operations/a.rs", code.as_str())];
        must_see(looked_up, &[(page, &code)], &kept);
    }
    for code in [
        "f([\"a\"])",
        "text(\"a\", value)",
        "value.get(name)",
        "f([NAME])",
        "value.get(Name)",
        "rows[0]",
    ] {
        must_see(looked_up, &[], &[(page, &planted(code))]);
    }
}
