//! Laws of attribute paths: in PATCH operations, `sortBy` and `attributes`.

use scim_core::filter::Path;
use scim_core::path::{AttrPath, NamedAttributes};
use scim_core::projection::Projection;
use scim_core::schema::ResolvedAttribute;
use scim_core::sort::Sort;
use scim_core::{ErrorKind, ResourceKind, ResourceType, limits};

use crate::is_told;
use crate::sample::{SAMPLES, of};

/// Text parses as a path or is rejected. A printed path parses to the same path and resolves to the same attribute.
pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    match Path::parse(text) {
        Ok(path) => {
            let printed = path.to_string();
            if printed.len() <= limits::FILTER_BYTES {
                assert_eq!(Path::parse(&printed).as_ref(), Ok(&path), "{printed}");
            }
            for kind in ResourceKind::ALL {
                if let Ok(NamedAttributes::Attribute(target)) = path.resolve(of(kind)) {
                    named(target, of(kind));
                }
            }
        }
        Err(error) => is_told(&error, &[ErrorKind::InvalidPath, ErrorKind::InvalidFilter]),
    }
    if let Ok(path) = AttrPath::parse(text) {
        assert_eq!(AttrPath::parse(&path.to_string()), Ok(path));
    }
    for kind in ResourceKind::ALL {
        if let Err(error) = Sort::parse(Some(text), None, of(kind)) {
            is_told(&error, &[ErrorKind::InvalidValue]);
        }
    }
    project(text);
}

/// Asserts that the printed name of a target resolves to that target.
fn named(target: ResolvedAttribute<'_>, of: &ResourceType) {
    let name = target.to_string();
    let again = AttrPath::parse(&name).expect("a name is a path");
    assert_eq!(again.target(of), Ok(target), "{name}");
}

/// A projection adds nothing, keeps `id`, and is idempotent.
fn project(text: &str) {
    let projections = [
        Projection::parse(text.split(','), []),
        Projection::parse([], text.split(',')),
    ];
    for projection in projections {
        let projection = match projection {
            Ok(projection) => projection,
            Err(error) => return is_told(&error, &[ErrorKind::InvalidValue]),
        };
        for (kind, sample) in SAMPLES.iter() {
            let mut whole = sample.clone();
            whole.insert("id".to_owned(), "1".into());
            let once = projection.apply(of(*kind), whole.clone());
            assert!(once.contains_key("id"));
            assert!(once.keys().all(|name| whole.contains_key(name)));
            assert_eq!(projection.apply(of(*kind), once.clone()), once);
        }
    }
}
