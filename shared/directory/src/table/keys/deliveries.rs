//! The keys of destinations and of what is delivered to them. The tenant id `admin` is reserved.

use super::Key;

const PARTITION: &str = "admin#destination";

/// A destination: `admin#destination`, `<destination>`.
#[must_use]
pub fn destination(id: &str) -> Key {
    Key::new(PARTITION.to_owned(), id)
}

/// The partition of all destinations.
#[must_use]
pub fn destinations() -> String {
    PARTITION.to_owned()
}

/// The number of destinations: `admin#destination`, `-`. The key sorts before that of every destination.
#[must_use]
pub fn number_of_destinations() -> Key {
    Key::new(PARTITION.to_owned(), "-")
}
