//! Numbers that look random and are the same in each run, so that a failure can be repeated.

use std::collections::BTreeMap;

/// A number generator of which each test run gets the same numbers.
pub struct Numbers(pub u64);

impl Numbers {
    /// One of the numbers below `most`.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// The key of one of these, if there are any.
    pub fn one_of<T>(&mut self, from: &BTreeMap<String, T>) -> Option<String> {
        (!from.is_empty()).then(|| from.keys().nth(self.below(from.len())).unwrap().clone())
    }
}
