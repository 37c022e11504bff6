//! The ids of writes.

use sha2::{Digest, Sha256};

/// The id of a write, which distinguishes a retry from a new write. 32 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WriteId(String);

impl WriteId {
    /// An id from 16 random bytes.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        Self(data_encoding::HEXLOWER.encode(&random))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of a secondary write for a purpose.
    pub(crate) fn derived(&self, purpose: &str) -> Self {
        let mut digest = Sha256::new();
        digest.update(self.0.as_bytes());
        digest.update(purpose);
        let digest = digest.finalize();
        Self(data_encoding::HEXLOWER.encode(digest.get(..16).unwrap_or_default()))
    }

    /// A number that differs for most writes, to distribute their work.
    pub(crate) fn number(&self) -> usize {
        let digits = self.0.get(..8).unwrap_or_default();
        usize::from_str_radix(digits, 16).unwrap_or_default()
    }

    /// The client token of this write's transaction number `round`.
    pub(crate) fn token(&self, round: u32) -> String {
        format!("{}{round:04}", self.0)
    }
}
