//! No circles: sibling modules, each with everything below it, depend on each other in one direction only. A module
//! and its own children may use each other. A use is a path, or a call of a method that another module defines.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{self, Source};

mod graph;
mod methods;

use graph::{Modules, modules};
pub(crate) use methods::blocks;

/// Sibling modules that use each other in a circle.
#[derive(PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Circle {
    /// The crate's folder, and the parent module.
    pub(crate) place: String,
    /// The modules' names.
    pub(crate) members: Vec<String>,
    /// One line for each use.
    pub(crate) uses: Vec<String>,
}

impl Circle {
    /// Its line in [`KNOWN`].
    fn named(&self) -> String {
        format!("{}: {}", self.place, self.members.join(" "))
    }
}

/// The remaining circles. The test fails on a new circle, on a larger one, and on a line whose circle is gone or
/// smaller: this list can only shrink.
const KNOWN: &[&str] = &[];

pub(crate) fn circles(sources: &[Source]) -> Vec<Circle> {
    let mut found = Vec::new();
    for (folder, modules) in modules(sources) {
        for (parent, uses) in beside(&modules) {
            let place = match parent.is_empty() {
                true => folder.clone(),
                false => format!("{folder} {parent}"),
            };
            found.extend(rings(&place, &uses));
        }
    }
    found.sort();
    found
}

/// Which child of a module uses which, with an example line.
type Uses = BTreeMap<(String, String), String>;

/// The uses between children of the same module, by the path of that module.
fn beside(modules: &Modules) -> BTreeMap<String, Uses> {
    let mut found: BTreeMap<String, Uses> = BTreeMap::new();
    for (from, to, line) in modules.uses() {
        let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
        // A use of an ancestor or descendant is between parent and child.
        let (Some(user), Some(target)) = (from.get(shared), to.get(shared)) else {
            continue;
        };
        found
            .entry(from[..shared].join("::"))
            .or_default()
            .entry((user.clone(), target.clone()))
            .or_insert(line);
    }
    found
}

/// All modules that one uses, directly or indirectly.
fn reached<'u>(uses: &'u Uses, from: &'u String) -> BTreeSet<&'u String> {
    let mut seen = BTreeSet::new();
    let mut unseen = vec![from];
    while let Some(at) = unseen.pop() {
        let next = uses.keys().filter(|(user, _)| user == at);
        unseen.extend(next.map(|(_, used)| used).filter(|used| seen.insert(*used)));
    }
    seen
}

/// The circles among the children of one module.
fn rings(place: &str, uses: &Uses) -> Vec<Circle> {
    let names: BTreeSet<&String> = uses.keys().flat_map(|(user, used)| [user, used]).collect();
    let reached: BTreeMap<&String, BTreeSet<&String>> = names
        .iter()
        .map(|name| (*name, reached(uses, name)))
        .collect();
    let mut rings: BTreeSet<Vec<String>> = BTreeSet::new();
    for name in &names {
        let ring = names
            .iter()
            .filter(|other| reached[*name].contains(*other) && reached[*other].contains(*name));
        let ring: Vec<String> = ring.map(|name| (*name).clone()).collect();
        if ring.len() > 1 {
            rings.insert(ring);
        }
    }
    let circle = |members: Vec<String>| Circle {
        place: place.to_owned(),
        uses: uses
            .iter()
            .filter(|((user, used), _)| members.contains(user) && members.contains(used))
            .map(|((user, used), line)| format!("  {user} uses {used}: {line}"))
            .collect(),
        members,
    };
    rings.into_iter().map(circle).collect()
}

#[test]
fn modules_beside_each_other_make_no_circle() {
    let found = circles(source::products());
    let named: Vec<String> = found.iter().map(Circle::named).collect();
    let mut broken = Vec::new();
    for circle in &found {
        if !KNOWN.contains(&circle.named().as_str()) {
            broken.push(format!("\"{}\",", circle.named()));
            broken.extend(circle.uses.clone());
        }
    }
    let gone = KNOWN
        .iter()
        .filter(|known| !named.iter().any(|name| name == *known));
    broken.extend(gone.map(|known| format!("gone, or not the same any more: \"{known}\",")));
    super::must_be_none(
        &broken,
        "move what both need into a third module, or what one needs to the other; KNOWN in this file may only get shorter",
    );
}

/// The uses of modules that stand below their users in an order.
fn upward(order: &[&str], uses: &Uses) -> Vec<String> {
    let place = |name: &str| order.iter().position(|known| *known == name);
    uses.iter()
        .filter(|((user, used), _)| place(user) <= place(used))
        .map(|((user, used), line)| format!("{user} uses {used}: {line}"))
        .collect()
}

#[test]
fn a_module_of_the_core_uses_only_modules_above_it_in_the_table_of_the_crate() {
    const CORE: &str = "shared/core";
    let text = std::fs::read_to_string(format!("{}/{CORE}/src/lib.rs", source::ROOT)).unwrap();
    let rows = text
        .lines()
        .filter_map(|line| line.strip_prefix("//! | [`"));
    let order: Vec<&str> = rows
        .filter_map(|row| Some(row.split_once('`')?.0))
        .collect();
    let of_core = modules(source::products()).remove(CORE).unwrap();
    let uses = beside(&of_core).remove("").unwrap();
    let named: BTreeSet<&String> = uses.keys().flat_map(|(user, used)| [user, used]).collect();
    let missing = named.iter().find(|name| !order.contains(&name.as_str()));
    assert_eq!(missing, None);
    assert_eq!(upward(&order, &uses), [""; 0]);
    // `resource` stands on `schema`.
    let turned: Vec<&str> = order.into_iter().rev().collect();
    assert!(upward(&turned, &uses).len() > 10);
}

fn planted(files: &[(&str, &str)]) -> Vec<String> {
    let found = circles(&source::products_of(&source::of(files)));
    found.iter().map(Circle::named).collect()
}

#[test]
fn a_planted_circle_is_reported() {
    let two = [
        ("shared/x/src/lib.rs", "mod a;\nmod b;\n"),
        ("shared/x/src/a.rs", "use crate::b::B;\npub struct A;\n"),
        (
            "shared/x/src/b.rs",
            "pub struct B;\nfn f() -> super::a::A {}\n",
        ),
    ];
    assert_eq!(planted(&two), ["shared/x: a b"]);
    let circle = &circles(&source::of(&two))[0];
    assert_eq!(
        circle.uses,
        [
            "  a uses b: shared/x/src/a.rs:1: crate::b::B",
            "  b uses a: shared/x/src/b.rs:2: super::a::A",
        ]
    );
    // Through a re-export, and deep in a folder; each with its own line of names.
    let handed_on = [
        (
            "shared/x/src/lib.rs",
            "mod a;\nmod b;\nmod c;\npub use b::{B, inner::Deep as D};\n",
        ),
        ("shared/x/src/a.rs", "use crate::{D, c};\n"),
        ("shared/x/src/b.rs", "pub mod inner;\npub struct B;\n"),
        (
            "shared/x/src/b/inner.rs",
            "use super::super::c::{self, C};\npub struct Deep;\n",
        ),
        ("shared/x/src/c.rs", "use crate::a as first;\n"),
    ];
    assert_eq!(planted(&handed_on), ["shared/x: a b c"]);
    let in_a_folder = [
        ("shared/x/src/lib.rs", "mod a;\n"),
        ("shared/x/src/a.rs", "mod p;\nmod q;\nuse p::P;\n"),
        ("shared/x/src/a/p.rs", "use super::q::Q;\n"),
        ("shared/x/src/a/q.rs", "use super::P;\n"),
    ];
    assert_eq!(planted(&in_a_folder), ["shared/x a: p q"]);
}

#[test]
fn a_planted_circle_of_method_calls_is_reported() {
    // A type with methods in two modules, which no path names.
    let methods = [
        ("shared/x/src/lib.rs", "mod a;\nmod b;\nmod x;\n"),
        ("shared/x/src/x.rs", "pub struct X;\n"),
        (
            "shared/x/src/a.rs",
            "use crate::x::X;\nimpl X {\n    fn first(&self) {\n        self.second();\n    }\n}\n",
        ),
        (
            "shared/x/src/b.rs",
            "use crate::x::X;\nimpl X {\n    fn second(&self) {\n        let x = self;\n        x.first();\n    }\n}\n",
        ),
    ];
    assert_eq!(planted(&methods), ["shared/x: a b"]);
    let circle = &circles(&source::of(&methods))[0];
    assert_eq!(
        circle.uses,
        [
            "  a uses b: shared/x/src/a.rs:4: X::second",
            "  b uses a: shared/x/src/b.rs:5: X::first",
        ]
    );
}

#[test]
fn a_planted_circle_through_a_re_export_is_reported() {
    // `b` uses `a` for an item of `c`.
    for handed_on in ["pub use crate::c::C;", "pub use crate::c::*;"] {
        let a = format!("{handed_on}\nuse crate::b::B;\n");
        let files = [
            ("shared/x/src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("shared/x/src/a.rs", a.as_str()),
            ("shared/x/src/b.rs", "use crate::a::C;\npub struct B;\n"),
            ("shared/x/src/c.rs", "pub struct C;\n"),
        ];
        assert_eq!(planted(&files), ["shared/x: a b"], "{handed_on}");
    }
    // What `a` hands on is in a circle with `a`.
    let files = [
        ("shared/x/src/lib.rs", "mod a;\nmod b;\nmod c;\n"),
        ("shared/x/src/a.rs", "pub use crate::c::*;\n"),
        ("shared/x/src/b.rs", "use crate::a::C;\npub struct B;\n"),
        ("shared/x/src/c.rs", "use crate::b::B;\npub struct C;\n"),
    ];
    assert_eq!(planted(&files), ["shared/x: a b c"]);
}

#[test]
fn what_is_no_circle_is_not_reported() {
    let files = [
        // A module and its children, and items that the children import.
        (
            "shared/x/src/lib.rs",
            "mod a;\nmod b;\npub struct X;\npub use a::A;\nuse serde::b as other;\n",
        ),
        (
            "shared/x/src/a.rs",
            "mod inner;\nuse crate::X;\nuse inner::I;\npub struct A;\n",
        ),
        (
            "shared/x/src/a/inner.rs",
            "use super::A;\nuse crate::X;\npub struct I;\n",
        ),
        // In one direction; in the other direction only tests, comments, and a name of another crate.
        (
            "shared/x/src/b.rs",
            "use crate::A;\n// crate::c::C\nuse serde::a::X as Y;\nfn f(x: other::a::Z) {}\n",
        ),
        (
            "shared/x/src/c.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::b::B;\n}\n",
        ),
        // Another crate has names of its own.
        ("shared/y/src/lib.rs", "mod a;\nmod b;\n"),
        ("shared/y/src/a.rs", "use crate::b::B;\n"),
        ("shared/y/src/b.rs", "use x::a::A;\n"),
    ];
    assert_eq!(planted(&files), [""; 0]);
}
