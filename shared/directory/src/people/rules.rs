//! The rules that a tenant's settings impose on its users; `rule_changes` enforces them.

use crate::tenants::{Delete, Settings};

/// A tenant's rules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// The most active users by this process's cached settings; the table has the exact number.
    pub seats: Option<u32>,
    /// Whether no two active users may have the same e-mail address.
    pub unique_emails: bool,
    /// What happens to deleted users.
    pub delete: Delete,
}

impl Rules {
    /// No rules.
    pub const NONE: Self = Self {
        seats: None,
        unique_emails: false,
        delete: Delete::Delete,
    };

    /// The same rules, but deleted users are not kept.
    #[must_use]
    pub const fn without_keeping(self) -> Self {
        Self {
            delete: Delete::Delete,
            ..self
        }
    }

    /// The most actions that the rules add to a transaction, besides claims.
    pub(crate) fn actions(self) -> usize {
        usize::from(self.seats.is_some()) + usize::from(self.delete == Delete::Deactivate)
    }
}

impl Settings {
    /// The rules that these settings impose on writes.
    #[must_use]
    pub const fn rules(&self) -> Rules {
        Rules {
            seats: self.seats,
            unique_emails: self.unique_emails,
            delete: self.delete,
        }
    }
}
