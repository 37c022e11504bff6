//! What became of a request that there is something to tell of.

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It asks for what the service does not take.
    Refused,
    /// It came without a token that admits it.
    Token,
    /// It came too soon after others.
    Rate,
    /// The service could not do it.
    Failed,
    /// It was done, with a value to look at.
    Noted,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Refused,
        Self::Token,
        Self::Rate,
        Self::Failed,
        Self::Noted,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Token => "token",
            Self::Rate => "rate",
            Self::Failed => "failed",
            Self::Noted => "noted",
        }
    }

    /// The outcome called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}
