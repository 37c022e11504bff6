//! The failures of the service provider: status, `scimType` and JSON. RFC 7644 §3.12.
//!
//! A failure is a [`Reason`] with arguments. The reason determines the kind, which gives the status and `scimType`
//! ([`kind`]); the cause, which tells an administrator what to do ([`cause`]); and the sentence, a template in the table of
//! reasons ([`reason`]). The sentence is printed in full for the client and without values for the failure log
//! ([`detail`]). No code parses it.

use serde_json::{Value, json};

use crate::effort::EffortExceeded;
use crate::urn;

pub mod cause;
pub mod detail;
pub mod kind;
pub mod reason;

pub use cause::{Cause, Use};
pub use detail::{Context, Detail, quote};
pub use kind::ErrorKind;
pub use reason::Reason;

use detail::Argument;

/// A failure with the text that the administrator reads. [`reason`] has a constructor for each reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScimError {
    kind: ErrorKind,
    reason: Reason,
    detail: Detail,
}

impl ScimError {
    pub(self) fn new(
        reason: Reason,
        kind: ErrorKind,
        arguments: Vec<(&'static str, Argument)>,
    ) -> Self {
        Self {
            kind,
            reason,
            detail: Detail::new(reason.sentence(), arguments),
        }
    }

    /// The kind, which gives the status and `scimType`.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The reason of the failure.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The sentence that tells the client what to change.
    #[must_use]
    pub const fn detail(&self) -> &Detail {
        &self.detail
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.kind.code().0
    }

    /// The failure that led to this one.
    #[must_use]
    pub fn because(&self) -> Option<&Self> {
        self.detail.because()
    }

    /// The cause of the failure in a request with this use.
    #[must_use]
    pub fn cause(&self, use_: Use) -> Cause {
        match (self.reason.causes().of(use_), self.because()) {
            (Some(cause), _) => cause,
            (None, Some(other)) => other.cause(use_),
            (None, None) => Cause::Internal,
        }
    }

    /// Adds the place in the request where the failure happened.
    #[must_use]
    pub fn within(mut self, context: Context) -> Self {
        self.detail.put_within(context);
        self
    }

    /// Changes the kind to another one that the reason allows: an unknown attribute is an invalid path in a PATCH, but an
    /// invalid filter in a filter.
    #[must_use]
    pub(crate) fn of_kind(self, kind: ErrorKind) -> Self {
        debug_assert!(
            self.reason.kinds().contains(&kind),
            "{:?} is never {kind:?}",
            self.reason
        );
        Self { kind, ..self }
    }

    /// The error message of RFC 7644 §3.12.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (status, scim_type) = self.kind.code();
        let mut message = json!({ "schemas": [urn::ERROR], "status": status.to_string() });
        if let (Some(scim_type), Some(object)) = (scim_type, message.as_object_mut()) {
            object.insert("scimType".to_owned(), json!(scim_type));
        }
        if let Some(object) = message.as_object_mut() {
            object.insert("detail".to_owned(), json!(self.detail.to_string()));
        }
        message
    }
}

impl From<EffortExceeded> for ScimError {
    fn from(EffortExceeded: EffortExceeded) -> Self {
        reason::too_much_work()
    }
}

impl std::fmt::Display for ScimError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.detail.fmt(f)
    }
}

impl std::error::Error for ScimError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_carries_its_status_as_a_string() {
        let json = reason::taken("userName", "a").to_json();
        assert_eq!(
            json,
            json!({
                "schemas": [urn::ERROR],
                "status": "409",
                "scimType": "uniqueness",
                "detail": "`userName` `a` is taken by another resource of this tenant"
            })
        );
    }
}
