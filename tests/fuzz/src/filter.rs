//! Laws of filters (RFC 7644, section 3.4.2.2).

use scim_core::effort::Effort;
use scim_core::filter::{Filter, Logic, Resolved};
use scim_core::{ErrorKind, ResourceKind, limits};

use crate::is_told;
use crate::sample::{SAMPLES, of};

const KINDS: [ErrorKind; 1] = [ErrorKind::InvalidFilter];

/// Text parses as a filter or is rejected with `invalidFilter`. A printed filter parses to the same filter, and `not`,
/// `and` and `or` follow Boolean logic on every sample.
pub fn check(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(error) => return is_told(&error, &KINDS),
    };
    assert!(filter.leaves().len() <= limits::FILTER_TERMS);
    let printed = filter.to_string();
    // The printed form can be longer than the input, and so exceed the limit.
    if printed.len() <= limits::FILTER_BYTES {
        assert_eq!(Filter::parse(&printed).as_ref(), Ok(&filter), "{printed}");
    }
    for kind in ResourceKind::ALL {
        evaluate(&filter, kind);
    }
}

fn evaluate(filter: &Filter, kind: ResourceKind) {
    let resolved = match filter.resolve(of(kind)) {
        Ok(resolved) => resolved,
        Err(error) => return is_told(&error, &KINDS),
    };
    let not = Logic::Not(Box::new(resolved.clone()));
    let both = Logic::And(vec![resolved.clone(), not.clone()]);
    let either = Logic::Or(vec![not.clone(), resolved.clone()]);
    for (_, sample) in SAMPLES.iter().filter(|(of, _)| *of == kind) {
        let holds = |filter: &Resolved<'_>| filter.matches(sample, &Effort::of_request());
        assert_eq!(holds(&not), holds(&resolved).map(|holds| !holds));
        assert_eq!((holds(&either), holds(&both)), (Ok(true), Ok(false)));
    }
}
