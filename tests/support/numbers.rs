//! Pseudorandom numbers that repeat in each run, so that a failure is reproducible.

use std::collections::BTreeMap;

/// A linear congruential generator with its seed.
pub struct Numbers(pub u64);

impl Numbers {
    /// A number below `most`.
    pub fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    /// A random element.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A random key, or `None` if the map is empty.
    pub fn one_of<T>(&mut self, from: &BTreeMap<String, T>) -> Option<String> {
        (!from.is_empty()).then(|| from.keys().nth(self.below(from.len())).unwrap().clone())
    }
}
