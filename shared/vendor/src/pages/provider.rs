//! The identity providers that have steps and a test of their own.

/// An identity provider with steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Provider {
    Okta,
    Entra,
    OneLogin,
    JumpCloud,
    Other,
}

impl Provider {
    pub(super) const ALL: [Self; 5] = [
        Self::Okta,
        Self::Entra,
        Self::OneLogin,
        Self::JumpCloud,
        Self::Other,
    ];

    /// Its name in paths.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Okta => "okta",
            Self::Entra => "entra",
            Self::OneLogin => "onelogin",
            Self::JumpCloud => "jumpcloud",
            Self::Other => "other",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|provider| provider.word() == word)
    }

    /// Its name on pages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Okta => "Okta",
            Self::Entra => "Microsoft Entra ID",
            Self::OneLogin => "OneLogin",
            Self::JumpCloud => "JumpCloud",
            Self::Other => "Other provider",
        }
    }

    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::Okta => "Catalogue and custom apps",
            Self::Entra => "Formerly Azure AD",
            Self::OneLogin => "SCIM Provisioner",
            Self::JumpCloud => "Identity management",
            Self::Other => "Any SCIM 2.0 provider",
        }
    }
}
