//! Numbers for the things of a model, so that a world is small.

use std::collections::HashMap;
use std::collections::hash_map::{DefaultHasher, Entry};
use std::fmt::{self, Write as _};
use std::hash::Hasher;

/// Things with numbers; equal ones have the same.
pub(in crate::journal) struct Numbered<T> {
    things: Vec<T>,
    numbers: HashMap<u64, u32>,
}

impl<T: fmt::Debug> Numbered<T> {
    pub(in crate::journal) fn new() -> Self {
        Self {
            things: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// The number of a thing, and whether it is new.
    pub(in crate::journal) fn of(&mut self, thing: T) -> (u32, bool) {
        let mut digest = DebugDigest(DefaultHasher::new());
        write!(digest, "{thing:?}").unwrap();
        match self.numbers.entry(digest.0.finish()) {
            Entry::Occupied(there) => (*there.get(), false),
            Entry::Vacant(free) => {
                let number = u32::try_from(self.things.len()).unwrap();
                free.insert(number);
                self.things.push(thing);
                (number, true)
            }
        }
    }

    pub(in crate::journal) fn get(&self, number: u32) -> &T {
        &self.things[usize::try_from(number).unwrap()]
    }
}

struct DebugDigest(DefaultHasher);

impl fmt::Write for DebugDigest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.write(text.as_bytes());
        Ok(())
    }
}
