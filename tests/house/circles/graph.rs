//! The modules of each crate, and the modules of each path: `use` lines and qualified paths are followed through `pub
//! use` to the module with the item. The modules that re-export the item are used, too.

use std::collections::{BTreeMap, BTreeSet};

use super::methods;
use crate::house::source::Source;

pub(super) type Path = Vec<String>;

/// The modules of a crate.
pub(crate) struct Modules {
    modules: BTreeMap<Path, Module>,
    /// Which module calls a method of which other module, with the line.
    calls: Vec<(Path, Path, String)>,
}

#[derive(Default)]
struct Module {
    /// The paths of imported names.
    imports: BTreeMap<String, Path>,
    /// The paths of modules from which all names are imported.
    globs: Vec<Path>,
    /// The names of the module's own items.
    items: BTreeSet<String>,
    /// The paths in the code, with their lines.
    named: Vec<(Path, String)>,
}

/// The modules of each crate by the crate's folder.
pub(crate) fn modules(sources: &[Source]) -> BTreeMap<String, Modules> {
    let mut crates: BTreeMap<String, Vec<(Path, &Source)>> = BTreeMap::new();
    for source in sources {
        let Some((folder, file)) = source.path.split_once("/src/") else {
            continue;
        };
        let path: Path = match file.trim_end_matches(".rs") {
            "lib" => Vec::new(),
            // The binary beside a library is another crate.
            "main" => continue,
            file => file.split('/').map(str::to_owned).collect(),
        };
        let modules = crates.entry(folder.to_owned()).or_default();
        modules.push((path, source));
    }
    let read = |modules: Vec<(Path, &Source)>| Modules {
        calls: methods::calls(&modules),
        modules: modules
            .into_iter()
            .map(|(path, source)| (path, Module::read(source)))
            .collect(),
    };
    crates
        .into_iter()
        .map(|(folder, modules)| (folder, read(modules)))
        .collect()
}

impl Module {
    fn read(source: &Source) -> Self {
        let mut module = Self::default();
        for import in source.imports() {
            let mut path = import.path;
            if path.pop_if(|last| last == "*").is_some() {
                module.globs.push(path.clone());
            }
            let line = format!("{}: {}", source.place(import.at), path.join("::"));
            module.named.push((path.clone(), line));
            module.imports.insert(import.name, path);
        }
        for word in [
            "struct ", "enum ", "trait ", "type ", "const ", "static ", "fn ",
        ] {
            for at in source.words(word) {
                let rest = source.bare[at + word.len()..]
                    .split(|c: char| !c.is_alphanumeric() && c != '_');
                module.items.extend(rest.take(1).map(str::to_owned));
            }
        }
        for start in ["crate::", "super::", "self::"] {
            for at in source.words(start) {
                let end =
                    source.bare[at..].find(|c: char| !c.is_alphanumeric() && !"_:".contains(c));
                let text = &source.bare[at..end.map_or(source.bare.len(), |end| at + end)];
                let path: Path = text.split("::").map(str::to_owned).collect();
                let is_whole = path.iter().all(|part| !part.is_empty());
                if is_whole && !source.bare[..at].ends_with("::") {
                    module
                        .named
                        .push((path, format!("{}: {text}", source.place(at))));
                }
            }
        }
        module
    }
}

impl Modules {
    /// Which module uses an item of which other module, with the line.
    pub(crate) fn uses(&self) -> Vec<(Path, Path, String)> {
        let mut found = Vec::new();
        for (from, module) in &self.modules {
            for (path, line) in &module.named {
                let used = self.used(from, path).into_iter();
                found.extend(used.map(|to| (from.clone(), to, line.clone())));
            }
        }
        found.extend(self.calls.iter().cloned());
        found
    }

    fn child(&self, of: &[String], name: &str) -> Option<Path> {
        let child: Path = of.iter().cloned().chain([name.to_owned()]).collect();
        self.modules.contains_key(&child).then_some(child)
    }

    fn imported(&self, by: &[String], name: &str) -> Option<&Path> {
        self.modules.get(by)?.imports.get(name)
    }

    /// The module among the glob imports of a module that has an item.
    fn glob(&self, by: &[String], name: &str) -> Option<Path> {
        let globs = self.modules.get(by)?.globs.iter();
        let homes = globs.filter_map(|glob| self.home(by, glob, &mut Vec::new()));
        let mut homes = homes.filter(|home| home != by);
        homes.find(|home| {
            let module = self.modules.get(home);
            module.is_some_and(|module| module.items.contains(name))
        })
    }

    /// The modules that a path names: the one with its item, and those that re-export it on the way.
    fn used(&self, from: &[String], path: &[String]) -> Vec<Path> {
        let mut used = Vec::new();
        let home = self.home(from, path, &mut used);
        used.extend(home);
        used
    }

    /// The module with the item of a path, if it is in this crate, and the modules that re-export it on the way.
    fn home(&self, from: &[String], path: &[String], through: &mut Vec<Path>) -> Option<Path> {
        // `use` lines may refer to each other endlessly.
        if through.len() > 16 {
            return None;
        }
        let mut at = from.to_vec();
        let mut rest = path;
        let mut is_here = false;
        while let Some((first, more)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()?),
                "self" => {}
                _ => break,
            }
            is_here = true;
            rest = more;
        }
        while let Some((name, more)) = rest.split_first() {
            if let Some(child) = self.child(&at, name) {
                at = child;
            } else if let Some(target) = self.imported(&at, name).filter(|target| *target != path) {
                let path: Path = target.iter().chain(more).cloned().collect();
                through.push(at.clone());
                return self.home(&at, &path, through);
            } else if let Some(home) = self.glob(&at, name) {
                through.push(at);
                return Some(home);
            } else {
                return is_here.then_some(at);
            }
            is_here = true;
            rest = more;
        }
        Some(at)
    }
}
