//! Numbers that look random and are the same in each run, so that a failure can be repeated.

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
}
