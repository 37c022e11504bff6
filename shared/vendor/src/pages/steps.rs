//! The steps in each identity provider, with the tenant's values filled in.

use maud::{Markup, html};

use super::desk::Desk;
use super::parts;
use super::reply::Reply;
use super::routes::{Page, Who};
use super::{check, tenant};
use crate::operations::tenants::TenantView;
use crate::problem::{Problem, reason};
use scim_core::policy::Groups;

mod providers;

pub(super) static PAGES: &[Page] = &[Page::get(
    "/steps/{provider}",
    "console.steps",
    Who::Either,
    |desk| Box::pin(show(desk)),
)];

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
            Self::Other => "Another provider",
        }
    }

    const fn about(self) -> &'static str {
        match self {
            Self::Okta => "Catalogue and custom apps",
            Self::Entra => "Formerly Azure AD",
            Self::OneLogin => "SCIM Provisioner",
            Self::JumpCloud => "Identity management",
            Self::Other => "Anything that speaks SCIM 2.0",
        }
    }
}

/// The values of the tenant in the steps.
pub(super) struct Facts<'f> {
    pub(super) base_url: &'f str,
    pub(super) has_groups: bool,
    pub(super) is_email: bool,
}

impl<'f> Facts<'f> {
    fn of(tenant: &'f TenantView) -> Self {
        let settings = &tenant.settings.0;
        Self {
            base_url: &tenant.base_url,
            has_groups: settings.groups == Groups::Offered,
            is_email: settings.emails.user_name_is_email,
        }
    }
}

/// The links to the steps of each provider.
pub(super) fn list(desk: &Desk<'_>) -> Markup {
    html! {
        section.card {
            header {
                h2 { "Connect your identity provider" }
                p { "Step by step, with your values filled in." }
            }
            ul.providers {
                @for provider in Provider::ALL {
                    li {
                        a href={ (desk.home()) "/steps/" (provider.word()) } {
                            (provider.name())
                            span { (provider.about()) }
                        }
                    }
                }
            }
        }
    }
}

async fn show(desk: &Desk<'_>) -> Result<Reply, Problem> {
    let word = desk.variable("provider");
    let provider = Provider::parse(word).ok_or_else(reason::no_steps)?;
    let tenant = tenant::read(desk).await?;
    let facts = Facts::of(&tenant.tenant);
    let content = html! {
        (tenant::head(desk, &tenant, "steps"))
        section.card {
            header {
                h2 { "Steps for " (provider.name()) }
                p { "You need two values: the base URL below, and the token that you got with the key." }
            }
            (parts::copied("base-url", "Base URL", facts.base_url))
            (providers::steps(provider, &facts))
        }
        (check::card(desk))
    };
    let title = format!("Steps for {}", provider.name());
    Ok(Reply::page(tenant::page(desk, &tenant, &title, &content)))
}
